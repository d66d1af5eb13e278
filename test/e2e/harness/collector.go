package harness

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/adot"
)

// entryPointName is the argv[0] under which this program is the collector: the entry point of ADOT's image.
const entryPointName = "awscollector"

// RunIfCollector must be the first call of a program that runs tasks (TestMain, main). The collector is a child process, so
// that environment, signals and memory are its own, but of the same binary, because linking it twice would cost a minute. The
// child is told by its name alone, which in network mode bridge has a directory (network.entryPoint): neither its arguments
// nor its environment differ from those of the container.
func RunIfCollector() {
	if filepath.Base(os.Args[0]) != entryPointName {
		return
	}
	if err := useLinks(os.Args[0]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(adot.Main(os.Args[1:]))
}
