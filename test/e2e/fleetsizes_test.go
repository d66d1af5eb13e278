package e2e

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/amp"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

var fleetSizes = flag.Bool("sizes", false, "measure what a scrape service needs for fleets of several sizes, which takes 15 minutes, and print it")

// TestScrapeServiceSizes measures the collector of the sample, with its intervals, in front of tasks of 200 series each. What it sends is
// counted and not stored.
func TestScrapeServiceSizes(t *testing.T) {
	if !*fleetSizes {
		t.Skipf("NOT RUN: it measures for 15 minutes; go test . -run %s -timeout 40m -args -sizes", t.Name())
	}
	program := filepath.Join(scratch, "awscollector")
	if err := withTimeout(func(ctx context.Context) error { return harness.Build(ctx, ".", "./cmd/awscollector", program) }); err != nil {
		t.Fatal(err)
	}
	table := []string{"| tasks | series | vCPU | peak MiB | private | µs/sample | bytes/sample sent | bytes/sample queued | calls a minute |", "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"}
	for _, tasks := range []int{500, 2500, 5000} {
		table = append(table, measureFleet(t, program, tasks))
	}
	t.Logf("\n%s", strings.Join(table, "\n"))
}

const seriesOfTask = 200

func measureFleet(t *testing.T, program string, tasks int) string {
	t.Helper()
	f := deployFleet(t)
	f.program, f.interval, f.refresh, f.poll, f.samples = program, 30*time.Second, 30*time.Second, 10*time.Second, seriesOfTask
	var page strings.Builder
	for i := range seriesOfTask {
		fmt.Fprintf(&page, "fleet_%03d_total{route=\"/api/v1/%d\",code=\"200\"} %%[1]d\n", i/20, i%20)
	}
	f.page = page.String()
	f.AMP.Backend = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for i := range tasks {
		f.run(t, onFargate[i%len(onFargate)])
	}
	memory := map[bool]int{true: 1024, false: 2048}[tasks*seriesOfTask <= 100_000]
	if tasks*seriesOfTask > 500_000 {
		memory = 4096
	}
	task := f.collect(t, func(c *template.Container) { sized(c, memory) })
	f.scraped(t, task, 2, 3*time.Minute)
	samples := func() (n int) {
		for _, m := range f.members {
			n += len(m.scrapes()) * seriesOfTask
		}
		return n
	}
	began, cpu, before, calls := time.Now(), task.Collector.CPU(), samples(), total(f.cluster.Calls())
	time.Sleep(2 * time.Minute)
	elapsed, used, made, called := time.Since(began), task.Collector.CPU()-cpu, samples()-before, total(f.cluster.Calls())-calls
	var bytes, sent int
	for _, r := range f.AMP.Records() {
		if r.At.After(began) {
			bytes, sent = bytes+r.Bytes, sent+r.Samples
		}
	}
	peak, private := task.Collector.Peak()

	// What waits in the queue, after a minute of an outage.
	f.AMP.SetFault(func(*http.Request) *amp.Failure { return &amp.Failure{Status: http.StatusServiceUnavailable} })
	waiting := samples()
	time.Sleep(time.Minute)
	queued := f.ownMetric(t, task, "otelcol_exporter_queue_size")
	waiting = samples() - waiting
	f.AMP.SetFault(nil)
	if err := task.Stop(); err != nil {
		t.Error(err)
	}
	return fmt.Sprintf("| %d | %d | %.2f | %d | %d | %.1f | %.1f | %.0f | %.0f |", tasks, tasks*seriesOfTask, used.Seconds()/elapsed.Seconds(), peak>>20, private>>20,
		float64(used.Microseconds())/float64(made), float64(bytes)/float64(max(sent, 1)), queued/float64(max(waiting, 1)), float64(called)/elapsed.Minutes())
}

func total(calls map[string]int) (n int) {
	for _, c := range calls {
		n += c
	}
	return n
}

// sized gives the collector the memory that the construct gives it for so many series.
func sized(c *template.Container, memoryMiB int) {
	for i := range c.Environment {
		if c.Environment[i].Name == "GOMEMLIMIT" {
			c.Environment[i].Value = fmt.Sprintf("%dMiB", memoryMiB*8/10)
		}
		value := &c.Environment[i].Value
		*value = strings.ReplaceAll(*value, "limit_mib: 921\n", fmt.Sprintf("limit_mib: %d\n", memoryMiB*9/10))
		*value = strings.ReplaceAll(*value, "limit_mib: 51\n", fmt.Sprintf("limit_mib: %d\n", memoryMiB/20))
		*value = strings.ReplaceAll(*value, "queue_size: 536870912", "queue_size: 6442450944")
	}
}

// ownMetric reads one of the collector's own metrics where it serves them.
func (f *fleet) ownMetric(t *testing.T, task *harness.Task, name string) (value float64) {
	t.Helper()
	c, err := task.Container(collectorName)
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range harness.Ports(c) {
		resp, err := client.Get("http://127.0.0.1:" + port + "/metrics")
		if err != nil {
			continue
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(body)) {
			if strings.HasPrefix(line, name) {
				_, _ = fmt.Sscan(line[strings.LastIndex(line, " ")+1:], &value)
				return value
			}
		}
	}
	t.Errorf("the collector has no metric %s", name)
	return 0
}
