package e2e

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

// shopper drives the sample app of a task and remembers what the app says it has counted.
type shopper struct {
	url    string
	orders map[string]float64
	depth  float64
}

func newShopper(t *testing.T, task *harness.Task) *shopper {
	t.Helper()
	return newShopperIn(t, task, "app")
}

// newShopperIn drives the sample app of the named container.
func newShopperIn(t *testing.T, task *harness.Task, container string) *shopper {
	t.Helper()
	app, err := task.Container(container)
	if err != nil {
		t.Fatal(err)
	}
	process, err := task.Process(container)
	if err != nil {
		t.Fatal(err)
	}
	s := &shopper{url: "http://127.0.0.1:" + appPort(app), orders: map[string]float64{}}
	if err := task.WaitHTTP(context.Background(), process, s.url+"/healthz", 10*time.Second); err != nil {
		t.Fatal(err)
	}
	return s
}

// appPort is where the sample app of a container listens.
func appPort(c *template.Container) string {
	if port, ok := c.Lookup("PORT"); ok {
		return port
	}
	return "8080"
}

func (s *shopper) post(t *testing.T, path string) string {
	t.Helper()
	resp, err := client.Post(s.url+path, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode/100 != 2 {
		t.Fatalf("POST %s: %s, %v", path, resp.Status, err)
	}
	return strings.TrimSpace(string(body))
}

func (s *shopper) order(t *testing.T, item string, times int) {
	t.Helper()
	for range times {
		count, err := strconv.ParseFloat(s.post(t, "/orders?item="+item), 64)
		if err != nil {
			t.Fatal(err)
		}
		s.orders[item] = count
	}
}

func (s *shopper) queue(t *testing.T, depth int) {
	t.Helper()
	s.post(t, fmt.Sprintf("/queue?depth=%d", depth))
	s.depth = float64(depth)
}

func (s *shopper) total() (sum float64) {
	for _, n := range s.orders {
		sum += n
	}
	return sum
}

// vector evaluates a PromQL expression now.
func (d deployment) vector(t *testing.T, expr string) promql.Vector {
	t.Helper()
	value, err := d.Store.Query(context.Background(), expr, time.Now())
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	vector, ok := value.(promql.Vector)
	if !ok {
		t.Fatalf("%s gives a %s, expected a vector", expr, value.Type())
	}
	return vector
}

// mismatch says how the one value of an expression differs from what is expected; "" if it does not.
func (d deployment) mismatch(t *testing.T, expr string, want float64) string {
	t.Helper()
	vector := d.vector(t, expr)
	if len(vector) != 1 || vector[0].F != want {
		return fmt.Sprintf("%s is %v, expected one value %v", expr, vector, want)
	}
	return ""
}

// eventually waits until check has nothing to say. It stops waiting when the collector has ended.
func eventually(t *testing.T, task *harness.Task, timeout time.Duration, check func() string) {
	t.Helper()
	deadline := time.After(timeout)
	for {
		complaint := check()
		if complaint == "" {
			return
		}
		select {
		case <-task.Collector.Done():
			t.Fatalf("the collector has ended; %s", complaint)
		case <-deadline:
			t.Fatalf("after %s: %s", timeout, complaint)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// appArrived compares the app's metrics in the store with what the app has counted.
func (d deployment) appArrived(t *testing.T, task *harness.Task, app source, s *shopper) string {
	t.Helper()
	of := fmt.Sprintf(`{instance=%q}`, task.Metadata.ID)
	for item, n := range s.orders {
		if complaint := d.mismatch(t, fmt.Sprintf(`sampleapp_orders_total{instance=%q,item=%q}`, task.Metadata.ID, item), n); complaint != "" {
			return complaint
		}
	}
	expected := map[string]float64{
		"sampleapp_queue_depth" + of:                                                                    s.depth,
		"sampleapp_order_duration_seconds_count" + of:                                                   s.total(),
		"sampleapp_order_duration_seconds_sum" + of + " > bool 0":                                       1,
		"count(sampleapp_order_duration_seconds_bucket" + of + ") > bool 2":                             1,
		fmt.Sprintf(`sampleapp_order_duration_seconds_bucket{instance=%q,le="+Inf"}`, task.Metadata.ID): s.total(),
	}
	if slices.Contains(app.metrics, "up") {
		expected[fmt.Sprintf(`up{instance=%q,job!="otelcol"}`, task.Metadata.ID)] = 1 // the collector's own may be there or not
	}
	for expr, want := range expected {
		if complaint := d.mismatch(t, expr, want); complaint != "" {
			return complaint
		}
	}
	return ""
}

// newest is the last sample of a selector's only series.
func (d deployment) newest(t *testing.T, selector string) (at time.Time, value float64, series labels.Labels, ok bool) {
	t.Helper()
	result, err := d.Store.Query(context.Background(), selector+"[5m]", time.Now())
	if err != nil {
		t.Fatalf("%s: %v", selector, err)
	}
	matrix, _ := result.(promql.Matrix)
	if len(matrix) != 1 || len(matrix[0].Floats) == 0 {
		return at, value, series, false
	}
	last := matrix[0].Floats[len(matrix[0].Floats)-1]
	return time.UnixMilli(last.T), last.F, matrix[0].Metric, true
}

// usedBy says whether a value was used after n seconds. A sample is stamped after its numbers were read, perhaps a second or two.
func usedBy(n uint64, value float64, used func(uint64) float64) bool {
	for late := range min(n, 2) + 1 {
		if used(n-late) == value {
			return true
		}
	}
	return false
}

// ecsArrived compares the ECS metrics in the store with what the emulated task used at the time of each sample.
func (d deployment) ecsArrived(t *testing.T, task *harness.Task) string {
	t.Helper()
	for _, name := range ecsMetrics.metrics {
		if slices.Contains(task.Metadata.Unknown(), name) {
			continue
		}
		selector := fmt.Sprintf(`%s{instance=%q}`, name, task.Metadata.ID)
		at, value, _, ok := d.newest(t, selector)
		if !ok {
			return selector + " does not have one series"
		}
		used := func(n uint64) float64 { return task.Metadata.Totals(n)[name] }
		if n := task.Metadata.Seconds(at); !usedBy(n, value, used) {
			t.Fatalf("%s is %v after %d s, expected %v or a little before", selector, value, n, used(n))
		}
	}
	return ""
}

// series lists what a task has written.
func (d deployment) series(t *testing.T, task *ecs.Task) []labels.Labels {
	t.Helper()
	series, err := d.Store.Series(context.Background(), fmt.Sprintf(`{aws_ecs_task_id=%q}`, task.ID), task.Started.Add(-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return series
}

// labelFaults compares every series of a task with the promises, and that each source wrote its metrics.
func (d deployment) labelFaults(t *testing.T, task *ecs.Task, sources ...source) (faults []string) {
	t.Helper()
	names := map[string]bool{}
	for _, series := range d.series(t, task) {
		names[series.Get("job")+"/"+series.Get("__name__")] = true
		for _, source := range sources {
			if source.job == series.Get("job") {
				for _, violation := range violations(series, promisedLabels(task, source)) {
					faults = append(faults, series.String()+": "+violation)
				}
			}
		}
	}
	for _, source := range sources {
		for _, metric := range source.metrics {
			if known := !slices.Contains(task.Unknown(), metric); names[source.job+"/"+metric] != known {
				faults = append(faults, fmt.Sprintf("series of %s with job %s: %t, expected %t", metric, source.job, !known, known))
			}
		}
	}
	return faults
}

// checkWorld asserts what holds after any good run: every series belongs to a known task and source, and no request went wrong.
func (d deployment) checkWorld(t *testing.T, sources []source, tasks ...*harness.Task) {
	t.Helper()
	owned := map[string]bool{}
	for _, task := range tasks {
		for _, series := range d.series(t, task.Metadata) {
			owned[series.String()] = true
		}
	}
	jobs := map[string]bool{}
	for _, source := range sources {
		jobs[source.job] = true
	}
	for _, series := range d.all(t) {
		if !owned[series.String()] || !jobs[series.Get("job")] {
			t.Errorf("%s belongs to no known task and source", series)
		}
	}
	d.checkRequests(t)
}

// checkRequests asserts that no request was refused, and nobody tried to reach anything but AMP.
func (d deployment) checkRequests(t *testing.T) {
	t.Helper()
	for _, record := range d.AMP.Refused() {
		t.Errorf("AMP refused a request: %d %s", record.Status, record.Message)
	}
	for _, host := range d.Outsiders() {
		t.Errorf("something tried to reach %s", host)
	}
}

// scrapeFailed is what the collector complains of while an application does not answer.
const scrapeFailed = "Failed to scrape Prometheus endpoint"

// cutShort is what it says of a request between its two hops that the stop has cut: docs/delivery.md has that limit.
const cutShort = "interrupted due to shutdown"

// stopWell stops a task, and asserts that it ends in order, and that its collector complains of all that is allowed, and of nothing
// else. When the application has stopped, which it does first, its last scrape may fail; and a scrape may be on its way.
func (d deployment) stopWell(t *testing.T, task *harness.Task, allowed ...string) {
	t.Helper()
	running := complaints(task, allowed)
	if err := task.Stop(); err != nil {
		t.Error(err)
	}
	all := append(running, complaints(task, append(slices.Clone(allowed), scrapeFailed, cutShort))...)
	slices.Sort(all)
	for _, line := range slices.Compact(all) {
		t.Errorf("the collector complains: %s", line)
	}
	for _, text := range allowed {
		if !slices.ContainsFunc(complaints(task, nil), func(line string) bool { return strings.Contains(line, text) }) {
			t.Errorf("the collector does not complain: %s", text)
		}
	}
}

// complaints are the warnings and errors in the collector's log, but for those allowed.
func complaints(task *harness.Task, allowed []string) []string {
	lines := append(task.Collector.LogLines("warn"), task.Collector.LogLines("error")...)
	return slices.DeleteFunc(lines, func(line string) bool {
		return slices.ContainsFunc(allowed, func(text string) bool { return strings.Contains(line, text) })
	})
}

// checkDisjoint asserts that the two tasks have no series in common.
func (d deployment) checkDisjoint(t *testing.T, one, other *harness.Task) {
	t.Helper()
	first := map[string]bool{}
	for _, series := range d.series(t, one.Metadata) {
		first[identity(series)] = true
	}
	for _, series := range d.series(t, other.Metadata) {
		if first[identity(series)] {
			t.Errorf("both tasks write %s", series)
		}
	}
}

// identity is a series without what the tests themselves make different: the rest must tell the tasks apart.
func identity(series labels.Labels) string {
	return labels.NewBuilder(series).Del("aws_ecs_task_id", "aws_ecs_service_name").Labels().String()
}
