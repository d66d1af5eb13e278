package e2e

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/amp"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/load"
)

var fullFaults = flag.Bool("faults", false, "run the whole fault matrix, which takes 20 minutes, and print it")

const (
	shortFault  = 15 * time.Second
	normalFault = 30 * time.Second
	longFault   = 10 * time.Minute
)

// TestNothingIsLostWhileTheEndpointFails is the bounded form of the fault matrix: what the library promises for the default
// options, with short faults, a thousand samples a second.
func TestNothingIsLostWhileTheEndpointFails(t *testing.T) {
	t.Parallel()
	if *fullFaults {
		t.Skip("the whole matrix runs instead")
	}
	for name, run := range map[string]struct {
		contender load.Contender
		scenarios []string
	}{
		"queue in memory": {load.Ours("ours", nil), []string{
			"503", "429", "hang", "refused", "no such name", "reset mid-body", refusedSeries, "/metrics malformed", "SIGTERM, nothing queued",
			"all there within 20 s of a 503", "2s an answer", "2s an answer, histograms over OTLP", throttledAndRefused,
		}},
		"timestamps honored": {load.Ours(honoring, honorTimestamps), []string{refusedSeries}},
		"queue on disk":      {load.Ours("ours, queue on disk", load.OnDisk), []string{"SIGKILL in a 503"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, o := range runFaults(t, load.Named(append(load.Matrix(shortFault), load.Struggling(shortFault)...), run.scenarios...), run.contender) {
				judge(t, o)
			}
		})
	}
}

// refusedSeries is the scenario in which AMP refuses a sample of each scrape, where timestamps are honored: the others are stored.
const refusedSeries = "400 for one of 10,000 series"

// throttledAndRefused is the scenario in which AMP throttles, and refuses one series of each push for good.
const throttledAndRefused = "400 beside 429"

const honoring = "ours, HonorTimestamps"

func honorTimestamps(c *collector.Config, _ load.Target) error {
	c.Scrape[0].HonorTimestamps = true
	return nil
}

func runFaults(t *testing.T, scenarios []load.Scenario, contenders ...load.Contender) []load.Outcome {
	t.Helper()
	outcomes, err := load.RunAll(t.Context(), 12, scenarios, contenders...)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", load.Table(outcomes))
	return outcomes
}

func oneHop(c *collector.Config, _ load.Target) error {
	c.Delivery = collector.Delivery{OneHop: true}
	return nil
}

// judge compares an outcome with the promises.
func judge(t *testing.T, o load.Outcome) {
	t.Helper()
	if o.Produced == 0 {
		t.Errorf("%s: nothing was produced", o.Scenario)
	}
	if refuses := o.Scenario == refusedSeries && o.Contender == honoring || o.Scenario == throttledAndRefused; refuses != (o.Refused > 0) {
		t.Errorf("%s: AMP refused %d requests", o.Scenario, o.Refused)
	}
	// After a crash the queue on disk puts what was on its way behind the rest.
	if o.Lost != 0 || o.OutOfOrder != 0 && o.Scenario != "SIGKILL in a 503" {
		t.Errorf("%s: %d of %d samples were lost, %d out of order", o.Scenario, o.Lost, o.Produced, o.OutOfOrder)
	}
	if o.Duplicates != 0 && (strings.Contains(o.Scenario, "an answer") || o.Scenario == throttledAndRefused) {
		t.Errorf("%s: %d samples were sent again that were stored already", o.Scenario, o.Duplicates)
	}
	switch o.Scenario {
	case "503", "429", "hang", "refused", "no such name":
		if o.RequestsPerSecond > 1 || o.RequestsPerSecond == 0 && o.Scenario != "hang" { // what hangs is counted when it has ended
			t.Errorf("%s: %.1f requests per second during the fault, expected some, and at most one", o.Scenario, o.RequestsPerSecond)
		}
	}
	if o.PrivateMiB > 512 {
		t.Errorf("%s: %d MiB, more than the container has", o.Scenario, o.PrivateMiB)
	}
	if o.StopError != nil {
		t.Errorf("%s: %v", o.Scenario, o.StopError)
	}
}

// TestWhatWaitsTooLongIsLost: what the queue keeps for longer than AMP takes samples is refused, and the rest is stored. Here AMP takes
// samples of the last 10 s, not of the last hour, and is away for 20.
func TestWhatWaitsTooLongIsLost(t *testing.T) {
	t.Parallel()
	const age, away, perSecond = 10, 20, 1000
	scenario := load.Named(load.Endpoint(away*time.Second), "503")[0]
	scenario.Limits = func(l *amp.Limits) { l.MaxAge = age * time.Second }
	o := runFaults(t, []load.Scenario{scenario}, load.Ours("ours", nil))[0]
	const old, nextTry = (away - age) * perSecond, 5 * perSecond
	if o.Lost < old-2*perSecond || o.Lost > old+nextTry+2*perSecond || o.Refused == 0 {
		t.Errorf("%d of %d samples were lost in %d refused requests, expected those of some 10 to 15 s", o.Lost, o.Produced, o.Refused)
	}
}

// TestACrashInALongOutageLosesTwoBatchesAtMost: the queue on disk sends what was on its way at the crash after all others, and by then it is older than
// AMP's window for samples out of order, if the outage was longer than that. Here the window is 5 s, not 60.
func TestACrashInALongOutageLosesTwoBatchesAtMost(t *testing.T) {
	t.Parallel()
	scenario := load.Named(load.Matrix(shortFault), "SIGKILL in a 503")[0]
	scenario.Limits = func(l *amp.Limits) { l.OutOfOrderWindow = 5 * time.Second }
	o := runFaults(t, []load.Scenario{scenario}, load.Ours("ours, queue on disk", load.OnDisk))[0]
	const batch = 2000                                     // a scrape
	if o.Lost == 0 || o.Lost > 2*batch || o.Refused == 0 { // the one that was being sent, and one that was taken out of the queue after it
		t.Errorf("%d of %d samples were lost in %d refused requests, expected one or two batches of %d", o.Lost, o.Produced, o.Refused, batch)
	}
}

// TestFaultMatrix is the whole of it, ours and ADOT's file side by side. The long faults run all at once: each takes a few
// hundredths of a core.
func TestFaultMatrix(t *testing.T) {
	if !*fullFaults {
		t.Skip("NOT RUN: the whole matrix takes 20 minutes; make faults runs it")
	}
	// The collector alone, because the memory of a child that is this test counts the files of this test.
	program := filepath.Join(t.TempDir(), "awscollector")
	if err := harness.Build(t.Context(), ".", "./cmd/awscollector", program); err != nil {
		t.Fatal(err)
	}
	alone := func(c load.Contender) load.Contender {
		c.Program = program
		return c
	}
	ours, adot := alone(load.Ours("ours", nil)), alone(load.ADOT())
	for _, o := range runFaults(t, load.Endpoint(longFault), ours, adot) {
		if o.Contender == ours.Name {
			judge(t, o)
		}
	}
	runFaults(t, append(load.Named(load.Endpoint(2*time.Minute), "503", "hang"), load.Struggling(2*time.Minute)...), ours, adot)
	runFaults(t, load.Matrix(normalFault), ours, adot)
	runFaults(t, load.Named(load.Matrix(normalFault), refusedSeries), alone(load.Ours(honoring, honorTimestamps)))
	runFaults(t, append(load.Named(load.Matrix(normalFault), "SIGTERM after a 503", "SIGKILL in a 503"), load.Endpoint(normalFault)...),
		alone(load.Ours("ours, queue on disk", load.OnDisk)), alone(load.Ours("ours, one hop", oneHop)))
	if os.Getuid() == 0 {
		runFaults(t, load.Named(load.Endpoint(2*time.Minute), "503"), alone(load.Ours("ours, queue on a full disk", load.OnSmallDisk)))
	} else {
		t.Log("NOT RUN: the full disk, because only root can mount a small one")
	}
}
