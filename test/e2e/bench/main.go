// Command bench measures what a sample costs: ours under each label policy, ADOT's own file, and Prometheus in agent mode, in one
// run. The machine should have nothing else to do.
//
//	go run ./bench
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/load"
)

// shape is one load.
type shape struct {
	series   int
	interval time.Duration
	length   time.Duration
	rounds   int
	together bool // the contenders run at once, because the load is small and waiting is most of it
}

var shapes = []shape{
	// ADOT's file may hold samples back for a minute.
	{500, 2 * time.Second, 80 * time.Second, 1, true},
	// What most tasks have.
	{1_000, 15 * time.Second, 150 * time.Second, 1, true},
	{10_000, 2 * time.Second, 40 * time.Second, 2, false},
	{50_000, 10 * time.Second, 60 * time.Second, 1, false},
}

// warmUp is left out of the figures.
const warmUp = 6 * time.Second

func main() {
	only := flag.String("series", "", "measure only these loads, such as 500,10000")
	flag.Parse()
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		fail(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	sidecar, agent := filepath.Join(dir, "awscollector"), filepath.Join(dir, "prometheus")
	for program, pkg := range map[string]string{sidecar: "./cmd/awscollector", agent: "github.com/prometheus/prometheus/cmd/prometheus"} {
		if err := harness.Build(context.Background(), ".", pkg, program); err != nil {
			fail(err)
		}
	}

	contenders := []load.Contender{
		load.ADOT(),
		load.Ours("ours, LabelsTask (default)", nil),
		load.Ours("ours, LabelsIdentity", load.Labels(collector.LabelsIdentity)),
		load.Ours("ours, LabelsAll", load.Labels(collector.LabelsAll)),
		load.Ours("ours, LabelsIdentity, one hop", func(c *collector.Config, _ load.Target) error {
			c.Labels.Policy, c.Delivery = collector.LabelsIdentity, collector.Delivery{OneHop: true}
			return nil
		}),
		load.Ours("ours, LabelsIdentity, queue on disk", func(c *collector.Config, t load.Target) error {
			c.Labels.Policy = collector.LabelsIdentity
			return load.OnDisk(c, t)
		}),
		load.Agent(agent),
	}
	for i := range contenders[:len(contenders)-1] {
		contenders[i].Program = sidecar
	}
	for _, s := range shapes {
		if *only == "" || slices.Contains(strings.Split(*only, ","), strconv.Itoa(s.series)) {
			s.print(contenders)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func (s shape) print(contenders []load.Contender) {
	costs := make([][]load.Cost, len(contenders))
	for range s.rounds {
		done := make(chan int)
		for i, c := range contenders {
			measure := func() {
				cost, err := load.Measure(c, load.Options{Series: s.series, Interval: s.interval}, warmUp, s.length)
				if err != nil {
					fail(err)
				}
				costs[i] = append(costs[i], cost)
				done <- i
			}
			go measure()
			if !s.together {
				<-done
			}
		}
		if s.together {
			for range contenders {
				<-done
			}
		}
	}
	fmt.Printf("\n%d series every %s\n\n", s.series, s.interval)
	fmt.Println("| sidecar | CPU µs/sample | ratio | bytes/sample | ratio | peak MiB | ratio | private | ratio | labels | lag median | worst |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	base := best(costs[0])
	for i, c := range contenders {
		b := best(costs[i])
		fmt.Printf("| %s | %s | %.2f | %.1f | %.2f | %.0f | %.2f | %.0f | %.2f | %d | %s | %s |\n", c.Name, spread(costs[i]), b.CPU/base.CPU, b.Bytes, b.Bytes/base.Bytes,
			b.PeakMiB, b.PeakMiB/base.PeakMiB, b.PrivateMiB, b.PrivateMiB/base.PrivateMiB, b.Labels, b.Lag, b.WorstLag)
	}
}

// best is the round with the least CPU time: what else the machine does only adds to it.
func best(rounds []load.Cost) load.Cost {
	return slices.MinFunc(rounds, func(a, b load.Cost) int { return cmp.Compare(a.CPU, b.CPU) })
}

// spread shows all rounds.
func spread(rounds []load.Cost) string {
	var all []string
	for _, r := range rounds {
		all = append(all, fmt.Sprintf("%.1f", r.CPU))
	}
	return strings.Join(all, " · ")
}
