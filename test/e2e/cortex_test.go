package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/panels"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/amp"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/cortex"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

// The tests of this file run twice: with the emulation, and with a real Cortex, if there is one. make cortex has one.

// workspace takes what a sidecar sends.
type workspace struct {
	http.Handler
	cortex *cortex.Cortex // nil: the emulation
	store  *amp.Store
}

const tenant = "111122223333_" + workspaceID

// behindBoth runs a test with a workspace of each kind.
func behindBoth(t *testing.T, limits func(*amp.Limits), test func(*testing.T, workspace)) {
	t.Parallel()
	own := amp.DefaultLimits()
	if limits != nil {
		limits(&own)
	}
	t.Run("emulation", func(t *testing.T) {
		t.Parallel()
		store, err := amp.OpenStore(t.TempDir(), own)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		test(t, workspace{Handler: store, store: store})
	})
	t.Run("Cortex", func(t *testing.T) {
		t.Parallel()
		c := startCortex(t, own)
		test(t, workspace{Handler: c.Backend(tenant), cortex: c})
	})
}

// startCortex starts one, with a tenant of given limits, or skips the test.
func startCortex(t *testing.T, limits amp.Limits) *cortex.Cortex {
	t.Helper()
	if os.Getenv(cortex.Program) == "" {
		t.Skip("NOT RUN: needs a Cortex; make cortex has one")
	}
	return cortex.ForTest(t, map[string]amp.Limits{tenant: limits})
}

// sum adds up the values of an expression; 0 if it has none.
func (w workspace) sum(t *testing.T, expr string) (sum float64) {
	t.Helper()
	if w.cortex != nil {
		var vector model.Vector
		if err := w.cortex.Query(t.Context(), tenant, expr, time.Now(), &vector); err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		for _, sample := range vector {
			sum += float64(sample.Value)
		}
		return sum
	}
	value, err := w.store.Query(t.Context(), expr, time.Now())
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	for _, sample := range value.(promql.Vector) {
		sum += sample.F
	}
	return sum
}

// samples counts those of a selector.
func (w workspace) samples(t *testing.T, selector string) int {
	t.Helper()
	return int(w.sum(t, "count_over_time("+selector+"[1h])"))
}

// becomes waits until so many samples of a selector are stored, and complains if that never is, or more are.
func (w workspace) becomes(t *testing.T, s sidecar, selector string, want int) {
	t.Helper()
	eventually(t, s.Task, 40*time.Second, func() string {
		got := w.samples(t, selector)
		return unless(got == want, fmt.Sprintf("%d samples of %s are stored, expected %d", got, selector, want))
	})
}

// answered counts the answers of a status.
func (s sidecar) answered(status int) (n int) {
	for _, record := range s.AMP.Records() {
		if record.Status == status {
			n++
		}
	}
	return n
}

// batch is what one push sends.
type batch struct {
	metrics pmetric.Metrics
	scope   pmetric.ScopeMetrics
	now     pcommon.Timestamp
}

func newBatch() batch {
	metrics := pmetric.NewMetrics()
	resource := metrics.ResourceMetrics().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "app")
	resource.Resource().Attributes().PutStr("service.instance.id", "one")
	return batch{metrics, resource.ScopeMetrics().AppendEmpty(), pcommon.NewTimestampFromTime(time.Now())}
}

// gauge adds points of one metric, each of another series.
func (b batch) gauge(name string, series int, change func(pmetric.NumberDataPoint)) {
	metric := b.scope.Metrics().AppendEmpty()
	metric.SetName(name)
	points := metric.SetEmptyGauge().DataPoints()
	for i := range series {
		point := points.AppendEmpty()
		point.SetTimestamp(b.now)
		point.SetDoubleValue(1)
		point.Attributes().PutInt("i", int64(i))
		if change != nil {
			change(point)
		}
	}
}

// counter adds one point of a counter.
func (b batch) counter(name string, value float64) {
	point := addSum(b.scope, name, pmetric.AggregationTemporalityCumulative, true).AppendEmpty()
	point.SetDoubleValue(value)
	point.SetStartTimestamp(b.now - 1e9)
	point.SetTimestamp(b.now)
}

// receiving runs a sidecar with nothing but OTLP, and the collector's own metrics, and waits until it takes a push.
func (w workspace) receiving(t *testing.T) (s sidecar, push func(batch)) {
	t.Helper()
	receiver, address := freeOTLP(t)
	s = runSidecar(t, collector.Config{
		OTLP:             receiver,
		CollectorMetrics: &collector.CollectorMetrics{Port: collector.Number(freePort(t)), Interval: shortly()},
	}, sidecarOptions{Backend: w})
	eventually(t, s.Task, 20*time.Second, func() string { return pushed(address, newBatch()) })
	return s, func(b batch) {
		t.Helper()
		if complaint := pushed(address, b); complaint != "" {
			t.Fatal(complaint)
		}
	}
}

func pushed(address string, b batch) string { return push(address, b.metrics) }

const failedPoints = "otelcol_exporter_send_failed_metric_points_total"

// TestCortexBehindASidecarOneLongLabel: one series with a label of 3 KB is lost, and nothing else; but the collector counts the whole
// request as failed. Type, help and unit are never sent.
func TestCortexBehindASidecarOneLongLabel(t *testing.T) {
	behindBoth(t, nil, func(t *testing.T, w workspace) {
		s, push := w.receiving(t)
		const pushes, series = 20, 200
		for i := range pushes {
			b := newBatch()
			b.gauge("good", series, nil)
			if i%2 == 0 {
				b.gauge("long", 1, func(p pmetric.NumberDataPoint) { p.Attributes().PutStr("url", strings.Repeat("u", 3<<10)) })
			}
			push(b)
			time.Sleep(50 * time.Millisecond)
		}
		w.becomes(t, s, "good", pushes*series)
		if n := w.samples(t, "long"); n != 0 {
			t.Errorf("%d samples with a long label are stored", n)
		}
		refused := s.answered(http.StatusBadRequest)
		if refused == 0 {
			t.Error("nothing was refused")
		}
		eventually(t, s.Task, 20*time.Second, func() string { return unless(w.sum(t, failedPoints) > 0, "the collector does not count") })
		time.Sleep(2 * soon)
		failed := w.sum(t, failedPoints)
		if failed <= 10*pushes/2 {
			t.Errorf("the collector counts %v failed points, expected many more than were lost", failed)
		}
		for _, record := range s.AMP.Refused() {
			if !strings.Contains(record.Message, "label value too long for metric (actual: 3072, limit: 2048)") {
				t.Errorf("%d %s", record.Status, record.Message)
			}
		}
		t.Logf("sent %d good samples and %d with a label of 3 KB; lost 0 good; %d answers of 400; the collector counts %v failed points",
			pushes*series, pushes/2, refused, failed)
		if w.cortex != nil {
			if status, text, err := w.cortex.Do(t.Context(), http.MethodGet, tenant, "/prometheus/api/v1/metadata", nil, nil); err != nil || status != http.StatusOK || !strings.Contains(text, `"data":{}`) {
				t.Errorf("metadata: %d %s %v, expected none", status, text, err)
			}
		}
	})
}

// TestCortexBehindASidecarSeriesLimit: at the limit new series are refused with a 400, which is not retried, and those that exist go on.
// The collector's own counter of failed points is a new series too.
func TestCortexBehindASidecarSeriesLimit(t *testing.T) {
	behindBoth(t, func(l *amp.Limits) { l.Series = 400 }, func(t *testing.T, w workspace) {
		s, push := w.receiving(t)
		const pushes, series, more = 20, 100, 10
		b := newBatch()
		b.gauge("good", series, nil)
		push(b)
		w.becomes(t, s, "good", series)
		eventually(t, s.Task, 20*time.Second, func() string {
			return unless(w.sum(t, "otelcol_receiver_accepted_metric_points_total") > 0, "no metrics of the collector")
		})
		b = newBatch()
		b.gauge("filler", 500, nil)
		push(b)
		eventually(t, s.Task, 20*time.Second, func() string { return unless(s.answered(http.StatusBadRequest) > 0, "the limit is not reached") })
		for i := range pushes {
			b := newBatch()
			b.gauge("good", series, nil)
			b.gauge(fmt.Sprintf("new_%d", i), more, nil)
			push(b)
			time.Sleep(50 * time.Millisecond)
		}
		w.becomes(t, s, "good", (pushes+1)*series)
		if n := w.samples(t, `{__name__=~"new_.*"}`); n != 0 {
			t.Errorf("%d samples of new series are stored", n)
		}
		time.Sleep(2 * soon)
		if n := w.samples(t, failedPoints); n != 0 {
			t.Errorf("%d samples of %s are stored, where no new series can be", n, failedPoints)
		}
		if n := s.answered(http.StatusTooManyRequests); n != 0 {
			t.Errorf("%d answers of 429", n)
		}
		t.Logf("sent %d samples of existing series and %d of new ones; lost 0 and all; %d answers of 400, of %d requests; %s has no sample",
			(pushes+1)*series, pushes*more, s.answered(http.StatusBadRequest), len(s.AMP.Records()), failedPoints)
	})
}

// TestCortexBehindASidecarRateLimit: what comes too fast is answered 429, retried, and stored.
func TestCortexBehindASidecarRateLimit(t *testing.T) {
	behindBoth(t, func(l *amp.Limits) { l.Rate, l.Burst = 500, 1000 }, func(t *testing.T, w workspace) {
		s, push := w.receiving(t)
		const pushes, series = 20, 200
		for range pushes {
			b := newBatch()
			b.gauge("good", series, nil)
			push(b)
			time.Sleep(50 * time.Millisecond)
		}
		w.becomes(t, s, "good", pushes*series)
		throttled := s.answered(http.StatusTooManyRequests)
		if throttled == 0 || s.answered(http.StatusBadRequest) != 0 {
			t.Errorf("%d answers of 429 and %d of 400", throttled, s.answered(http.StatusBadRequest))
		}
		t.Logf("sent %d samples at four times the rate; lost 0; %d answers of 429, of %d requests", pushes*series, throttled, len(s.AMP.Records()))
	})
}

// TestCortexBehindASidecarTwoWriters: two tasks that write one series are refused nothing; the counter resets each time the other writes.
func TestCortexBehindASidecarTwoWriters(t *testing.T) {
	behindBoth(t, nil, func(t *testing.T, w workspace) {
		first, push := w.receiving(t)
		second, pushOther := w.receiving(t)
		const rounds = 10
		for i := range rounds {
			b := newBatch()
			b.counter("shared", 1000+float64(i))
			push(b)
			time.Sleep(150 * time.Millisecond)
			b = newBatch()
			b.counter("shared", float64(i))
			pushOther(b)
			time.Sleep(150 * time.Millisecond)
		}
		w.becomes(t, first, "shared_total", 2*rounds)
		if n := w.sum(t, "count(shared_total)"); n != 1 {
			t.Fatalf("there are %v series, expected one that both write", n)
		}
		for _, s := range []sidecar{first, second} {
			for _, record := range s.AMP.Refused() {
				if strings.Contains(record.Message, "shared") {
					t.Errorf("%d %s", record.Status, record.Message)
				}
			}
		}
		resets := w.sum(t, "resets(shared_total[1h])")
		if resets != rounds {
			t.Errorf("%v resets, expected %d", resets, rounds)
		}
		t.Logf("two writers, %d samples in %d s: no error, %v resets, an increase of %.0f where both counted %d",
			2*rounds, rounds*300/1000, resets, w.sum(t, "increase(shared_total[1h])"), 2*(rounds-1))
	})
}

// TestCortexBehindASidecarOddPoints: OTLP has no guards on counts and lengths, where scrapes have. Such a series is lost, and its
// neighbours are not.
func TestCortexBehindASidecarOddPoints(t *testing.T) {
	behindBoth(t, nil, func(t *testing.T, w workspace) {
		s, push := w.receiving(t)
		for name, c := range map[string]struct {
			change func(pmetric.NumberDataPoint)
			stored int
			words  string
		}{
			"attribute_of_3_KB":  {func(p pmetric.NumberDataPoint) { p.Attributes().PutStr("a", strings.Repeat("v", 3<<10)) }, 0, "label value too long"},
			"attribute_of_2_KB":  {func(p pmetric.NumberDataPoint) { p.Attributes().PutStr("a", strings.Repeat("v", 2<<10)) }, 1, ""},
			"name_of_1100_bytes": {func(p pmetric.NumberDataPoint) { p.Attributes().PutStr(strings.Repeat("a", 1100), "v") }, 0, "label name too long"},
			"attributes_160": {func(p pmetric.NumberDataPoint) {
				for i := range 160 {
					p.Attributes().PutStr(fmt.Sprintf("a%d", i), "v")
				}
			}, 0, "series has too many labels"},
			"labels_of_8_KB": {func(p pmetric.NumberDataPoint) {
				for i := range 4 {
					p.Attributes().PutStr(fmt.Sprintf("a%d", i), strings.Repeat("v", 2000))
				}
			}, 0, "labels size bytes exceeded"},
			"exemplar_without_labels": {func(p pmetric.NumberDataPoint) {
				exemplar := p.Exemplars().AppendEmpty()
				exemplar.SetDoubleValue(1)
				exemplar.SetTimestamp(p.Timestamp())
			}, -1, "exemplar missing labels"},
			"exemplar_without_a_time": {func(p pmetric.NumberDataPoint) {
				exemplar := p.Exemplars().AppendEmpty()
				exemplar.SetDoubleValue(1)
				exemplar.FilteredAttributes().PutStr("user", "one")
			}, -1, "exemplar missing timestamp"},
			"two_hours_old": {func(p pmetric.NumberDataPoint) {
				p.SetTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(-2 * time.Hour)))
			}, 0, "timestamp too old"},
		} {
			refused := s.answered(http.StatusBadRequest)
			b := newBatch()
			b.gauge("before_"+name, 1, nil)
			if c.stored < 0 { // gauges have no exemplars in Prometheus
				point := addSum(b.scope, "odd_"+name, pmetric.AggregationTemporalityCumulative, true).AppendEmpty()
				point.SetDoubleValue(1)
				point.SetTimestamp(b.now)
				c.change(point)
				c.stored = 0
			} else {
				b.gauge("odd_"+name, 1, c.change)
			}
			b.gauge("after_"+name, 1, nil)
			push(b)
			w.becomes(t, s, "before_"+name, 1)
			w.becomes(t, s, "after_"+name, 1)
			if n := w.samples(t, fmt.Sprintf(`{__name__=~"odd_%s.*"}`, name)); n != c.stored {
				t.Errorf("%s: %d samples are stored, expected %d", name, n, c.stored)
			}
			answers := s.AMP.Refused()
			if (len(answers) > 0 && s.answered(http.StatusBadRequest) > refused) != (c.words != "") {
				t.Errorf("%s: %d answers of 400", name, s.answered(http.StatusBadRequest)-refused)
			} else if c.words != "" && !strings.Contains(answers[len(answers)-1].Message, c.words) {
				t.Errorf("%s: %s", name, answers[len(answers)-1].Message)
			}
		}
	})
}

// TestCortexRunsWhatTheObservabilitySampleDeploys runs the sample's task before a real Cortex, and gives Cortex what its template and its
// folder hold: the rules, the alert manager definition, and the queries of the dashboards. Those of the golden files, which have every
// option, go with them. Only the intervals are shorter.
func TestCortexRunsWhatTheObservabilitySampleDeploys(t *testing.T) {
	c := startCortex(t, amp.DefaultLimits())
	dir, err := synthesize()
	if err != nil {
		t.Fatal(err)
	}
	sample, err := template.Load(filepath.Join(dir, "Observability.template.json"), values)
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := sample.Resolve(map[string]any{"Ref": sample.LogicalIDs("AWS::ECS::Cluster")[0]}) // which the rules ask for
	if err != nil {
		t.Fatal(err)
	}
	d := deploy(t, "Observability", values)
	d.AMP.Backend = c.Backend(tenant)
	task := d.start(t, harness.TaskOptions{
		ID: ecs.NewID(t.Name()), Cluster: fmt.Sprint(cluster), LaunchType: ecs.Fargate, Edit: hurry,
		Programs: map[string]string{"app": sampleApp(t), "drain": "/bin/sh"}, AppEnv: []string{"PATH=" + os.Getenv("PATH")},
	})
	newShopper(t, task).order(t, "tea", 3)

	w := workspace{cortex: c}
	files := map[string]string{}
	for _, id := range sample.LogicalIDs("AWS::APS::RuleGroupsNamespace") {
		files[id] = resolved(t, sample, id, "Data")
	}
	for _, file := range globbed(t, "../testdata/rules/*.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(file)] = string(text)
	}
	rules := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		rules += w.load(t, name, files[name])
	}
	for _, file := range globbed(t, "../testdata/alertmanager/*.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		w.do(t, http.MethodPost, "/api/v1/alerts", string(text))
	}
	definition := ""
	for _, id := range sample.LogicalIDs("AWS::APS::Workspace") {
		definition = resolved(t, sample, id, "AlertManagerDefinition")
	}
	w.configure(t, definition)

	eventually(t, task, 30*time.Second, func() string {
		return unless(w.sum(t, `count(sampleapp_orders_total)`) > 0 && w.sum(t, "count(ecs_task_memory_utilized)") > 0, "nothing has arrived")
	})
	eventually(t, task, 60*time.Second, func() string { return w.unhealthy(t, rules) })
	queries := 0
	for _, file := range globbed(t, filepath.Join(dir, "Observability-dashboards", "*.json")) {
		queries += w.draw(t, file)
	}
	if queries == 0 || rules == 0 || definition == "" {
		t.Errorf("%d rules, %d queries, alert manager definition %q", rules, queries, definition)
	}
	eventually(t, task, 30*time.Second, func() string {
		return unless(w.sum(t, "ecs_service:tasks:count") == 1, "a recording rule has not counted the task")
	})
	d.checkRequests(t)
	t.Logf("%d rules of %d files are healthy, the alert manager definition is in use, and %d queries of dashboards were answered", rules, len(files), queries)
}

// resolved is a text in a template.
func resolved(t *testing.T, from *template.Template, id, property string) string {
	t.Helper()
	value, err := from.Resolve(from.Resources[id].Properties[property])
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	return fmt.Sprint(value)
}

// do sends a request that must succeed.
func (w workspace) do(t *testing.T, method, path, body string) string {
	t.Helper()
	status, text, err := w.cortex.Do(t.Context(), method, tenant, path, nil, []byte(body))
	if err != nil || status/100 != 2 {
		t.Fatalf("%s %s: %d %s %v\n%s", method, path, status, text, err, body)
	}
	return text
}

// load gives the ruler a file of rules, and says how many they are. Groups are evaluated every second.
func (w workspace) load(t *testing.T, name, text string) (rules int) {
	t.Helper()
	var file struct{ Groups []map[string]any }
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Groups {
		group["interval"] = "1s"
		rules += len(group["rules"].([]any))
		body, err := yaml.Marshal(group)
		if err != nil {
			t.Fatal(err)
		}
		w.do(t, http.MethodPost, "/api/v1/rules/"+name, string(body))
	}
	return rules
}

// unhealthy says what keeps rules from being all there, evaluated, and without an error.
func (w workspace) unhealthy(t *testing.T, want int) string {
	t.Helper()
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError string }
			}
		}
	}
	if err := json.Unmarshal([]byte(w.do(t, http.MethodGet, "/prometheus/api/v1/rules", "")), &answer); err != nil {
		t.Fatal(err)
	}
	healthy := 0
	for _, group := range answer.Data.Groups {
		for _, rule := range group.Rules {
			switch rule.Health {
			case "ok":
				healthy++
			case "err":
				t.Fatalf("rule %s: %s", rule.Name, rule.LastError)
			}
		}
	}
	return unless(healthy == want, fmt.Sprintf("%d of %d rules are healthy", healthy, want))
}

// configure gives the alert manager its definition, and waits until it is in use. Nothing is sent to it: it would call SNS.
func (w workspace) configure(t *testing.T, definition string) {
	t.Helper()
	w.do(t, http.MethodPost, "/api/v1/alerts", definition)
	var wrapped struct {
		Config string `yaml:"alertmanager_config"`
	}
	if err := yaml.Unmarshal([]byte(definition), &wrapped); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		status, text, err := w.cortex.Do(t.Context(), http.MethodGet, tenant, "/alertmanager/api/v2/receivers", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if status == http.StatusOK && strings.Contains(wrapped.Config, "name: team") && strings.Contains(text, `"team"`) {
			return
		}
		if time.Since(began) > 20*time.Second {
			t.Fatalf("the alert manager does not use its definition: %d %s", status, text)
		}
	}
}

// draw asks what the panels of a dashboard ask, and says how many queries they are.
func (w workspace) draw(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	queries, err := panels.Queries(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, q := range queries {
		var result any
		if q.Instant {
			err = w.cortex.Query(t.Context(), tenant, q.Expr, now, &result)
		} else {
			err = w.cortex.QueryRange(t.Context(), tenant, q.Expr, now.Add(-time.Hour), now, 15*time.Second, &result)
		}
		if err != nil {
			t.Errorf("%s, %s: %s: %v", filepath.Base(file), q.Panel, q.Expr, err)
		}
	}
	return len(queries)
}
