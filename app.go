// Command cdk-otel-prometheus synthesizes the sample stacks. The CDK CLI runs it without flags; by hand,
//
//	go run . -list              names the samples
//	go run . -stack Ec2Bridge   synthesizes only that sample
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/stacks"
)

func main() {
	list := flag.Bool("list", false, "name the samples and what each shows, and synthesize nothing")
	name := flag.String("stack", "", "synthesize only the sample of this `name`")
	flag.Parse()
	if flag.NArg() > 0 {
		fail("unexpected argument %q, expected flags only", flag.Arg(0))
	}
	if *list {
		printSamples(os.Stdout)
		return
	}
	build := stacks.Build
	if *name != "" {
		build = only(*name)
	}

	defer jsii.Close()
	app := awscdk.NewApp(appProps())
	build(app)
	app.Synth(nil)
}

// only builds one sample, whose stacks are called as they are when all are built.
func only(name string) func(awscdk.App) {
	var names []string
	for _, s := range stacks.All {
		if s.Name == name {
			return func(app awscdk.App) { s.New(app, s.Name) }
		}
		names = append(names, s.Name)
	}
	fail("no sample is called %q, expected one of %s", name, strings.Join(names, ", "))
	return nil
}

// appProps gives the app what the CDK CLI would, when it is run by hand: without the feature flags of cdk.json it would write
// templates that no deployment has.
func appProps() *awscdk.AppProps {
	if os.Getenv("CDK_OUTDIR") != "" {
		return nil
	}
	data, err := os.ReadFile("cdk.json")
	if err != nil {
		fail("%v, expected to run in the repository's root", err)
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(data, &file); err != nil {
		fail("cdk.json: %v", err)
	}
	return &awscdk.AppProps{Context: &file.Context, Outdir: jsii.String("cdk.out")}
}

func printSamples(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range stacks.All {
		fmt.Fprintf(table, "%s\t%s\n", s.Name, s.Description)
	}
	table.Flush()
}

// fail ends the program before anything is started that would have to be closed.
func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(2)
}
