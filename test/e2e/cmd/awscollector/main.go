// Command awscollector is the collector alone, without the harness, so that its memory can be measured.
package main

import (
	"os"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/adot"
)

func main() { os.Exit(adot.Main(os.Args[1:])) }
