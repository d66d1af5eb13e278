package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/rules"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/amp"
)

// TestObservabilityRulesReadWhatTheSidecarSends runs a sidecar with everything that rules are made for. Every series that a rule
// selects must be there under the default labels, and the alerts on scrapes must tell a job that is over a limit from one
// that does not answer.
func TestObservabilityRulesReadWhatTheSidecarSends(t *testing.T) {
	t.Parallel()
	e := serveEndpoints(t)
	metrics := append(collector.DefaultTaskMetrics(), collector.DefaultContainerMetrics()...)
	metrics = append(metrics, "ecs.task.ephemeral_storage.utilized", "ecs.task.ephemeral_storage.reserved")
	jobs := []collector.ScrapeJob{
		{Name: "good", Targets: []string{e.plain}},
		{Name: "gone", Targets: []string{freeAddress(t)}},
		{Name: "unauthorized", Targets: []string{e.basic}},
		{Name: "samples", Targets: []string{e.plain}, SampleLimit: "3"},
		{Name: "labels", Targets: []string{e.plain}, LabelValueLengthLimit: "2"},
		{Name: "body", Targets: []string{e.plain}, BodySizeLimit: "10B"},
	}
	for i := range jobs {
		jobs[i].Interval = shortly()
	}
	otlp, _ := freeOTLP(t)
	s := runSidecar(t, collector.Config{
		TaskMetrics:      &collector.TaskMetrics{Interval: shortly(), Metrics: metrics, Containers: true},
		CollectorMetrics: &collector.CollectorMetrics{Port: collector.Number(freePort(t)), Interval: shortly()},
		Scrape:           jobs, OTLP: otlp,
	}, sidecarOptions{})
	var refusals atomic.Int32
	s.AMP.SetFault(func(*http.Request) *amp.Failure { // one batch, so that there is a series of failed ones
		if refusals.Add(1) == 3 {
			return &amp.Failure{Status: http.StatusBadRequest}
		}
		return nil
	})

	groups, err := rules.Config{
		Service: rules.Service{TaskFamily: typedFamily, Cluster: clusterName}, TaskMetrics: metrics,
		Tasks: true, Containers: true, Scrape: true, Collector: true, Absence: true,
	}.Groups()
	if err != nil {
		t.Fatal(err)
	}
	expr := map[string]string{}
	selected := map[string]bool{}
	for _, g := range groups {
		for _, r := range g.Rules {
			expr[r.Record+r.Alert] = r.Expr
			for _, selector := range selectors(t, r.Expr) {
				selected[selector] = true
			}
		}
	}
	const unborn = "otelcol_exporter_enqueue_failed_metric_points_total" // needs a queue that is full
	eventually(t, s.Task, 30*time.Second, func() string {
		for _, selector := range slices.Sorted(maps.Keys(selected)) {
			if !strings.HasPrefix(selector, unborn) && len(s.vector(t, selector)) == 0 {
				return "no series " + selector
			}
		}
		return ""
	})
	for alert, want := range map[string][]string{
		"EcsScrapeDown": {"body", "gone", "unauthorized"}, "EcsScrapeRejected": {"labels", "samples"},
		"EcsServiceAbsent": nil, "EcsTaskMemoryHigh": nil, "EcsCollectorDrops": nil, "EcsCollectorRestarts": nil,
	} {
		eventually(t, s.Task, 20*time.Second, func() string {
			var got []string
			for _, sample := range s.vector(t, expr[alert]) {
				got = append(got, sample.Metric.Get("job"))
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				return fmt.Sprintf("%s holds for %v, expected %v", alert, got, want)
			}
			return ""
		})
	}
	// One task, and the shares that its metadata has.
	load := s.Metadata.Totals(0)
	want := map[string]float64{
		"ecs_service:tasks:count":         1,
		"ecs_service:cpu_utilization:max": load["ecs_task_cpu_utilized"] / load["ecs_task_cpu_reserved"],
	}
	for record, value := range want {
		if complaint := s.mismatch(t, expr[record], value); complaint != "" {
			t.Errorf("%s: %s", record, complaint)
		}
	}
}

// selectors are those in an expression, without their ranges and offsets.
func selectors(t *testing.T, expr string) (found []string) {
	t.Helper()
	for _, selector := range vectorSelectors(t, expr) {
		now := parser.VectorSelector{Name: selector.Name, LabelMatchers: selector.LabelMatchers}
		found = append(found, now.String())
	}
	return found
}
