// Command bench prints what the library costs at synthesis, against the same resources written by hand.
//
//	go run ./test/bench
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

var (
	one    = flag.String("one", "", "measure one variant in this process: library or hand")
	counts = []int{1, 10, 100, 500}
	count  = flag.Int("n", 1, "with -one: how many task definitions")
	asked  = flag.Bool("calls", false, "only count the requests to Node, and the callbacks from it")
)

func main() {
	flag.Parse()
	if *one != "" {
		measure(*one, *count)
		return
	}
	if !*asked {
		fmt.Println("| task definitions | by hand: time, CPU | library: time, CPU | ratio of time | of CPU |")
		fmt.Println("| --- | --- | --- | --- | --- |")
		for _, n := range counts {
			hand, library := run("hand", n), run("library", n)
			fmt.Printf("| %d | %.2f s, %.2f s | %.2f s, %.2f s | %.2f | %.2f |\n", n, hand.seconds, hand.cpu, library.seconds, library.cpu,
				library.seconds/hand.seconds, library.cpu/hand.cpu)
		}
		fmt.Println()
	}
	for _, variant := range []string{"hand", "library"} {
		requests, callbacks := calls(variant)
		fmt.Printf("%s: %g jsii calls and %g callbacks for each task definition\n", variant, requests, callbacks)
	}
	if !*asked {
		printBuilds()
	}
}

// cost is what a variant took: seconds from the first construct to the end of the synthesis, and seconds of CPU of the whole process
// and its Node beyond those of an app without task definitions.
type cost struct{ seconds, cpu float64 }

// run measures a variant three times in a process of its own, which brings a Node of its own, and takes the best.
func run(variant string, n int) (best cost) {
	one := func(n int) cost {
		cmd := child(variant, n)
		out, err := cmd.Output()
		if err != nil {
			fail(err)
		}
		seconds, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
		if err != nil {
			fail(err)
		}
		return cost{seconds, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()}
	}
	least := func(n int) cost {
		best := one(n)
		for range 2 {
			c := one(n)
			best = cost{min(best.seconds, c.seconds), min(best.cpu, c.cpu)}
		}
		return best
	}
	best = least(n)
	best.cpu -= least(0).cpu
	return best
}

// calls are the requests to Node and the callbacks from it that one more task definition of a stack takes: the difference between 11 and one.
func calls(variant string) (requests, callbacks float64) {
	r11, c11 := traffic(variant, 11)
	r1, c1 := traffic(variant, 1)
	return float64(r11-r1) / 10, float64(c11-c1) / 10
}

func traffic(variant string, n int) (requests, callbacks int) {
	cmd := child(variant, n)
	cmd.Env = append(cmd.Env, "JSII_DEBUG=1")
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Run(); err != nil {
		fail(err)
	}
	lines := bufio.NewScanner(&log)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if text := lines.Text(); strings.HasPrefix(text, `> {"api":`) {
			requests++
		} else if strings.HasPrefix(text, `< {"callback":`) {
			callbacks++
		}
	}
	return requests, callbacks
}

func child(variant string, n int) *exec.Cmd {
	program, err := os.Executable()
	if err != nil {
		fail(err)
	}
	cmd := exec.Command(program, "-one", variant, "-n", strconv.Itoa(n))
	cmd.Env = append(os.Environ(), "CDK_VALIDATION=false", "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20", "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION=1")
	return cmd
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// perStack task definitions are in a stack, because CloudFormation takes 500 resources at most.
const perStack = 50

// measure builds and synthesizes stacks with n task definitions, those of a stack with one workspace, and prints the seconds that
// took. Node has been started and has loaded awscdk before.
func measure(variant string, n int) {
	defer jsii.Close()
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		fail(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: &dir})
	var text *string
	if variant == "hand" { // the configuration that the library writes, as someone would keep it in a file
		text = configuration()
	}
	began := time.Now()
	var stack awscdk.Stack
	var workspace amp.IWorkspace
	var known *tokens
	for i := range n {
		if i%perStack == 0 {
			stack = awscdk.NewStack(app, jsii.String(fmt.Sprint("Stack", i/perStack)), nil)
			workspace = amp.NewWorkspace(stack, jsii.String("Workspace"), nil)
			known = tokensOf(stack, workspace)
		}
		id := fmt.Sprint("Task", i)
		if variant == "library" {
			byLibrary(stack, id, workspace)
		} else {
			byHand(stack, id, workspace, known, text)
		}
	}
	app.Synth(nil)
	fmt.Printf("%.3f\n", time.Since(began).Seconds())
}

func size() awsecs.FargateTaskDefinitionProps {
	return awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)}
}

func appContainer() *awsecs.ContainerDefinitionOptions {
	return &awsecs.ContainerDefinitionOptions{Image: awsecs.ContainerImage_FromRegistry(jsii.String("app"), nil)}
}

func byLibrary(stack awscdk.Stack, id string, workspace amp.IWorkspace) {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, &id,
		new(size()),
		&otelprometheus.TelemetryProps{Workspace: workspace})
	td.AddContainer(jsii.String("app"), appContainer())
}
