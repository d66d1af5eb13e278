package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/logs"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

const copyGroup = "/shop/metrics"

// copyWait is how long the queue for CloudWatch waits for more, and copyTimeout for an answer, and copyRetry before it tries again; the
// tests do not.
var (
	copyWait    = regexp.MustCompile(`flush_timeout: 10s`)
	copyTimeout = regexp.MustCompile(`(otlp_http/cloudwatch:\n(?:.*\n){2}\s+timeout:) 8s`)
	copyRetry   = regexp.MustCompile(`initial_interval: 5s`)
)

// worker is a scraped application, whose page a test changes.
type worker struct {
	mu   sync.Mutex
	page string
}

func (w *worker) says(page string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.page = fmt.Sprintf(page, args...)
}

func (w *worker) ServeHTTP(rw http.ResponseWriter, _ *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.page == "" {
		http.Error(rw, "busy", http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "text/plain; version=0.0.4")
	_, _ = fmt.Fprint(rw, w.page)
}

// runCopying runs a sidecar that copies metrics to CloudWatch every second.
func runCopying(t *testing.T, config collector.Config) sidecar {
	t.Helper()
	config.Delivery.Port = collector.Number(freePort(t))
	text, err := config.YAML()
	if err != nil {
		t.Fatal(err)
	}
	text = copyWait.ReplaceAllString(text, "flush_timeout: 200ms")
	text = copyTimeout.ReplaceAllString(text, "$1 2s")
	text = copyRetry.ReplaceAllString(text, "initial_interval: 1s")
	text = strings.ReplaceAll(text, "scrape_interval: 60s", "scrape_interval: 1s")
	text = strings.ReplaceAll(text, "scrape_timeout: 10s", "scrape_timeout: 1s")
	env := config.Environment(collector.Deployment{
		Endpoint: workspaceURL, Region: values.Region, TaskRegion: values.Region, AccountID: values.Account, Family: typedFamily, LogGroup: copyGroup,
	})
	return runConfiguration(t, text, config.Args("env:"+configVariable), sidecarOptions{Env: env, LogGroup: copyGroup})
}

// copied are the values of a metric, in the order of their arrival.
func (s sidecar) copied(name string) (all []float64) {
	want := logs.MetricID("ECS/Application", name, map[string]string{"ClusterName": clusterName, "TaskDefinitionFamily": typedFamily})
	for _, d := range s.Logs.Data() {
		if d.Metric() == want {
			all = append(all, d.Value)
		}
	}
	return all
}

func sumOf(all []float64) (sum float64) {
	for _, v := range all {
		sum += v
	}
	return sum
}

// expectCopied waits for so many more values of a metric, and expects each to be want.
func (s sidecar) expectCopied(t *testing.T, name string, more int, want float64) {
	t.Helper()
	before := len(s.copied(name))
	eventually(t, s.Task, 20*time.Second, func() string {
		if n := len(s.copied(name)) - before; n < more {
			return fmt.Sprintf("%d values of %s in CloudWatch, expected %d: %v", n, name, more, s.Logs.Calls())
		}
		return ""
	})
	if all := s.copied(name); all[len(all)-1] != want {
		t.Errorf("%s in CloudWatch is %v, expected that it ends in %v", name, all, want)
	}
}

const (
	work = `# TYPE jobs_waiting gauge
jobs_waiting{queue="a"} %[1]d
jobs_waiting{queue="b"} 4
# TYPE jobs_done_total counter
jobs_done_total{queue="a"} %[2]d
jobs_done_total{queue="b"} %[3]d
# TYPE worker_busy_ratio gauge
worker_busy_ratio{worker="1"} 0.25
worker_busy_ratio{worker="2"} 0.75
# TYPE jobs_failed gauge
jobs_failed 1
# TYPE job_seconds histogram
job_seconds_bucket{le="+Inf"} 3
job_seconds_sum 1.5
job_seconds_count 3
`
	// lessWork is of a process that has started again, without its second queue.
	lessWork = `# TYPE jobs_waiting gauge
jobs_waiting{queue="a"} 5
# TYPE jobs_done_total counter
jobs_done_total{queue="a"} %d
# TYPE worker_busy_ratio gauge
worker_busy_ratio{worker="2"} 0.75
`
)

// TestCopiedMetricsEqualThoseOfAMP copies metrics of every source, and compares their values in CloudWatch with those that AMP's side
// stored. A counter becomes increments, whose sum is what was counted; neither a series that ends nor a process that starts again makes a
// false one, and where a scrape fails there is no value, instead of 0.
func TestCopiedMetricsEqualThoseOfAMP(t *testing.T) {
	t.Parallel()
	app := &worker{}
	app.says(work, 3, 100, 200)
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	receiver, otlp := freeOTLP(t)
	s := runCopying(t, collector.Config{
		OTLP:        receiver,
		Scrape:      []collector.ScrapeJob{{Name: "worker", Targets: []string{server.Listener.Addr().String()}, Interval: shortly()}},
		TaskMetrics: &collector.TaskMetrics{Interval: shortly()},
		CloudWatch: &collector.CloudWatch{Metrics: []collector.CopiedMetric{
			{Name: "jobs_waiting"}, {Name: "jobs_done_total"}, {Name: "worker_busy_ratio", Aggregation: collector.AggregateMean},
			{Name: "jobs_failed", Counter: new(true)}, {Name: "job_seconds_count", Counter: new(true)},
			{Name: "queue.depth"}, {Name: "orders", Counter: new(true)}, {Name: "old.counter", Counter: new(true)}, {Name: "room.temperature"},
			{Name: "ecs.task.memory.utilized"}, {Name: "ecs.task.network.rate.rx"},
		}},
	})
	s.expectCopied(t, "jobs_waiting", 2, 7)
	s.expectCopied(t, "worker_busy_ratio", 1, 0.5)
	for name, expr := range map[string]string{
		"jobs_waiting": `sum(jobs_waiting)`, "worker_busy_ratio": `avg(worker_busy_ratio)`,
		"ecs.task.memory.utilized": `ecs_task_memory_utilized`, "ecs.task.network.rate.rx": `ecs_task_network_rate_rx`,
	} {
		eventually(t, s.Task, 20*time.Second, func() string {
			all := s.copied(name)
			if len(all) == 0 {
				return name + " is not in CloudWatch"
			}
			return s.mismatch(t, expr, all[len(all)-1])
		})
	}

	app.says(work, 3, 105, 202)
	s.expectSum(t, "jobs_done_total", 7)
	if complaint := s.mismatch(t, `sum(jobs_done_total) - 300`, sumOf(s.copied("jobs_done_total"))); complaint != "" {
		t.Error(complaint)
	}
	app.says(lessWork, 1)
	s.expectCopied(t, "jobs_waiting", 3, 5)
	app.says(lessWork, 3)
	s.expectSum(t, "jobs_done_total", 9)
	app.says("")
	eventually(t, s.Task, 20*time.Second, func() string { return s.mismatch(t, `up{job="worker"}`, 0) })
	time.Sleep(2 * soon) // for a value that must not come
	for name, possible := range map[string][]float64{"jobs_waiting": {7, 5}, "worker_busy_ratio": {0.5, 0.75}} {
		for _, v := range s.copied(name) {
			if !slices.Contains(possible, v) {
				t.Errorf("%s was %v", name, v)
			}
		}
	}

	// The applications push: a counter, one in increments already, a sum that goes up and down, and a gauge.
	for i := range 3 {
		eventually(t, s.Task, 20*time.Second, func() string { return push(otlp, pushedCopies(time.Now(), 5+2*i, 7-i)) })
		time.Sleep(20 * time.Millisecond) // another millisecond is another value
	}
	s.expectSum(t, "orders", 4)
	s.expectSum(t, "old.counter", 3)
	s.expectCopied(t, "room.temperature", 0, 21.5)
	s.expectCopied(t, "queue.depth", 0, 5)
	if all := s.copied("queue.depth"); len(all) != 3 || sumOf(all) != 7+6+5 {
		t.Errorf("queue.depth in CloudWatch is %v, expected 7, 6 and 5", all)
	}
	eventually(t, s.Task, 20*time.Second, func() string {
		return s.stored(t, map[string]float64{"orders_total": 9, "queue_depth": 5, "room_temperature": 21.5})
	})

	log := s.Collector.Log()
	for _, name := range []string{"jobs_failed", "job_seconds"} {
		if !strings.Contains(log, name) || !strings.Contains(log, "debug/not_copied") {
			t.Errorf("the log does not say that %s is of another kind", name)
		}
	}
	for _, d := range s.Logs.Data() {
		if len(s.copied(d.Name)) == 0 || d.Unit != "None" || d.Name == "jobs_failed" || strings.Contains(d.Name, "job_seconds") {
			t.Errorf("in CloudWatch is %s, in %s", d.Metric(), d.Unit)
		}
	}
	for _, call := range s.Logs.Calls() {
		if call.Status != http.StatusOK && !strings.Contains(call.Message, "stream does not exist") {
			t.Errorf("CloudWatch Logs refused %s: %s", call.Action, call.Message)
		}
	}
	t.Logf("one of %d values: %s", len(s.Logs.Data()), s.Logs.Data()[0].Event)
	s.finish(t, "awsemfexporter", "Failed to scrape")
}

// expectSum waits until the values of a metric add up.
func (s sidecar) expectSum(t *testing.T, name string, want float64) {
	t.Helper()
	eventually(t, s.Task, 20*time.Second, func() string {
		if sum := sumOf(s.copied(name)); sum != want {
			return fmt.Sprintf("%s adds up to %v in CloudWatch, expected %v", name, sum, want)
		}
		return ""
	})
}

// pushingSince is when the application started that pushes: before the collector.
var pushingSince = time.Now()

func pushedCopies(at time.Time, counted, depth int) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	resource := metrics.ResourceMetrics().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "cart")
	scope := resource.ScopeMetrics().AppendEmpty()
	for _, sum := range []struct {
		name        string
		temporality pmetric.AggregationTemporality
		monotonic   bool
		value       int
	}{
		{"orders", pmetric.AggregationTemporalityCumulative, true, counted}, {"old.counter", pmetric.AggregationTemporalityDelta, true, 1},
		{"queue.depth", pmetric.AggregationTemporalityCumulative, false, depth},
	} {
		point := addSum(scope, sum.name, sum.temporality, sum.monotonic).AppendEmpty()
		point.SetIntValue(int64(sum.value))
		point.SetStartTimestamp(pcommon.NewTimestampFromTime(pushingSince))
		point.SetTimestamp(pcommon.NewTimestampFromTime(at))
	}
	gauge := scope.Metrics().AppendEmpty()
	gauge.SetName("room.temperature")
	point := gauge.SetEmptyGauge().DataPoints().AppendEmpty()
	point.SetDoubleValue(21.5)
	point.SetTimestamp(pcommon.NewTimestampFromTime(at))
	return metrics
}

// TestFaultsOfCloudWatchAreNotFelt has CloudWatch Logs fail in every way while an application pushes: each push is taken and stored by
// AMP's side at once. What fails for a moment is copied later, once, and CloudWatch has new values when it is well again.
func TestFaultsOfCloudWatchAreNotFelt(t *testing.T) {
	t.Parallel()
	receiver, otlp := freeOTLP(t)
	s := runCopying(t, collector.Config{
		OTLP: receiver, CloudWatch: &collector.CloudWatch{Metrics: []collector.CopiedMetric{{Name: "orders", Counter: new(true)}, {Name: "room.temperature"}}},
	})
	pushes := 0
	pushOne := func() string {
		time.Sleep(100 * time.Millisecond) // another millisecond is another sample
		complaint := push(otlp, pushedCopies(time.Now(), pushes, 0))
		if complaint == "" {
			pushes++
		}
		return complaint
	}
	eventually(t, s.Task, 20*time.Second, pushOne)
	eventually(t, s.Task, 20*time.Second, func() string {
		return unless(len(s.copied("room.temperature")) > 0, "nothing in CloudWatch")
	})
	for _, fault := range []struct {
		name string
		logs.Failure
		repeated bool // nothing is missing in CloudWatch afterwards either
	}{
		{"503", logs.Failure{Status: 503, Type: "ServiceUnavailableException"}, true},
		{"hang", logs.Failure{Hang: time.Minute}, true},
		{"500", logs.Failure{Status: 500, Type: "InternalFailure"}, false},
		{"throttled", logs.Failure{Status: 400, Type: "ThrottlingException"}, false},
	} {
		s.Logs.SetFault(func() *logs.Failure { return &fault.Failure })
		faulted, slowest := len(s.Logs.Calls()), time.Duration(0)
		for end := time.Now().Add(2500 * time.Millisecond); time.Now().Before(end); {
			at := time.Now()
			if complaint := pushOne(); complaint != "" {
				t.Fatalf("%s: a push is refused: %s", fault.name, complaint)
			}
			eventually(t, s.Task, 5*time.Second, func() string {
				return s.mismatch(t, "count_over_time(orders_total[10m])", float64(pushes))
			})
			slowest = max(slowest, time.Since(at))
		}
		s.Logs.SetFault(nil)
		if slowest > 2*time.Second {
			t.Errorf("%s: a push took %s to reach AMP", fault.name, slowest)
		}
		before := len(s.copied("room.temperature"))
		if complaint := pushOne(); complaint != "" {
			t.Fatal(complaint)
		}
		eventually(t, s.Task, 20*time.Second, func() string {
			switch got := s.copied("room.temperature"); {
			case fault.repeated && len(got) < pushes, len(got) == before:
				return fmt.Sprintf("%s: %d values in CloudWatch of %d pushed", fault.name, len(got), pushes)
			case fault.repeated && sumOf(s.copied("orders")) != float64(pushes-1):
				return fmt.Sprintf("%s: increments add up to %v, expected %d", fault.name, sumOf(s.copied("orders")), pushes-1)
			}
			return ""
		})
		if got := len(s.copied("room.temperature")); got > pushes {
			t.Errorf("%s: %d values in CloudWatch of %d pushed", fault.name, got, pushes)
		}
		if len(s.Logs.Calls()) == faulted {
			t.Errorf("%s: nobody asked CloudWatch Logs", fault.name)
		}
		t.Logf("%s: %d pushes so far, all stored by AMP's side, the slowest after %s; %d values in CloudWatch",
			fault.name, pushes, slowest.Round(time.Millisecond), len(s.copied("room.temperature")))
	}
	s.finish(t, "awsemfexporter", "cwlog", "Exporting failed", "otlp_http")
}

// policyMetric is a metric as a scaling policy names it.
type policyMetric struct {
	Namespace, MetricName string
	Dimensions            []struct{ Name, Value string }
}

func (m policyMetric) id() string {
	dimensions := map[string]string{}
	for _, d := range m.Dimensions {
		dimensions[d.Name] = d.Value
	}
	return logs.MetricID(m.Namespace, m.MetricName, dimensions)
}

// TestScaleOnQueueFeedsItsPolicies runs the sample's template, and looks up the metrics of its scaling policies in what arrives.
func TestScaleOnQueueFeedsItsPolicies(t *testing.T) {
	dir, err := synthesize()
	if err != nil {
		t.Fatal(err)
	}
	stack, err := template.Load(filepath.Join(dir, "ScaleOnQueue.template.json"), values)
	if err != nil {
		t.Fatal(err)
	}
	d := deploy(t, "ScaleOnQueue", values)
	own, err := d.task.Container(collectorName)
	if err != nil {
		t.Fatal(err)
	}
	var group string
	for _, variable := range own.Environment {
		if variable.Name == collector.EnvLogGroup {
			group = variable.Value
		}
	}
	if err := d.AddLogs(group); err != nil {
		t.Fatal(err)
	}
	cluster, err := stack.Resolve(map[string]any{"Ref": stack.LogicalIDs("AWS::ECS::Cluster")[0]})
	if err != nil {
		t.Fatal(err)
	}
	task := d.start(t, harness.TaskOptions{ID: ecs.NewID("scale"), LaunchType: ecs.Fargate, Cluster: cluster.(string), Edit: func(c *template.Container) {
		hurry(c)
		replaceEnv(c, copyWait, "flush_timeout: 200ms")
	}})
	app := newShopper(t, task)
	app.queue(t, 7)
	app.order(t, "tea", 1)
	byMetric := map[string][]logs.Datum{}
	read := func() {
		clear(byMetric)
		for _, datum := range d.Logs.Data() {
			byMetric[datum.Metric()] = append(byMetric[datum.Metric()], datum)
		}
	}
	seen := func(name string) []logs.Datum {
		read()
		for _, data := range byMetric {
			if data[0].Name == name {
				return data
			}
		}
		return nil
	}
	eventually(t, task, 20*time.Second, func() string {
		return unless(len(seen("sampleapp_queue_depth")) > 0 && len(d.vector(t, "sampleapp_orders_total")) > 0, "no values in CloudWatch yet")
	})
	app.order(t, "tea", 4)
	app.queue(t, 9)
	eventually(t, task, 20*time.Second, func() string {
		depth, orders := seen("sampleapp_queue_depth"), 0.0
		for _, o := range seen("sampleapp_orders_total") {
			orders += o.Value
		}
		if depth[len(depth)-1].Value != 9 || orders < 4 || orders > 5 { // the first may have been counted before the first scrape
			return fmt.Sprintf("the depth is %v, orders add up to %v", depth[len(depth)-1].Value, orders)
		}
		return d.mismatch(t, "sampleapp_queue_depth", depth[len(depth)-1].Value)
	})
	ids := stack.LogicalIDs("AWS::ApplicationAutoScaling::ScalingPolicy")
	if len(ids) != 2 {
		t.Fatalf("policies %v", ids)
	}
	for _, id := range ids {
		resolved, err := stack.Resolve(stack.Resources[id].Properties)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(resolved)
		if err != nil {
			t.Fatal(err)
		}
		var policy struct {
			TargetTrackingScalingPolicyConfiguration struct {
				CustomizedMetricSpecification struct {
					policyMetric
					Metrics []struct {
						Expression string
						MetricStat struct{ Metric policyMetric }
					}
				}
			}
		}
		if err := json.Unmarshal(raw, &policy); err != nil {
			t.Fatal(err)
		}
		specification := policy.TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification
		metrics := []policyMetric{specification.policyMetric}
		if specification.Metrics != nil {
			metrics = nil
		}
		for _, m := range specification.Metrics {
			if m.Expression == "" {
				metrics = append(metrics, m.MetricStat.Metric)
			}
		}
		for _, m := range metrics {
			data := byMetric[m.id()]
			if len(data) == 0 {
				t.Errorf("policy %s reads %s, and in CloudWatch there is none of it", id, m.id())
				continue
			}
			t.Logf("policy %s reads %s\n%s", id, m.id(), data[len(data)-1].Event)
		}
	}
	for _, call := range d.Logs.Calls() {
		if call.Status != http.StatusOK && !strings.Contains(call.Message, "stream does not exist") {
			t.Errorf("CloudWatch Logs refused %s: %s", call.Action, call.Message)
		}
	}
	d.stopWell(t, task, "awsemfexporter")
}
