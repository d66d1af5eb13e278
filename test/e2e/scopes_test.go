package e2e

import (
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// scoped is a counter jobs of one instrumentation scope.
func scoped(metrics pmetric.Metrics, scope string, value int64, attributes map[string]string) {
	resource := metrics.ResourceMetrics().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "batch")
	s := resource.ScopeMetrics().AppendEmpty()
	s.Scope().SetName(scope)
	point := addSum(s, "jobs", pmetric.AggregationTemporalityCumulative, true).AppendEmpty()
	point.SetIntValue(value)
	point.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	for name, value := range attributes {
		point.Attributes().PutStr(name, value)
	}
}

// TestScopesWithOneMetricNameAreToldApart pushes one metric name from two meters, in one push and in two.
func TestScopesWithOneMetricNameAreToldApart(t *testing.T) {
	t.Parallel()
	for name, delivery := range map[string]collector.Delivery{"two hops": {}, "one hop": {OneHop: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			receiver, otlp := freeOTLP(t)
			s := runSidecar(t, collector.Config{OTLP: receiver, Delivery: delivery}, sidecarOptions{})
			eventually(t, s.Task, 20*time.Second, func() string {
				together := pmetric.NewMetrics()
				scoped(together, "shop/orders", 3, nil)
				scoped(together, "shop/mail", 5, nil)
				return push(otlp, together)
			})
			for scope, value := range map[string]int64{"shop/stock": 7, "shop/tax": 9} {
				alone := pmetric.NewMetrics()
				scoped(alone, scope, value, nil)
				if complaint := push(otlp, alone); complaint != "" {
					t.Fatal(complaint)
				}
			}
			eventually(t, s.Task, 20*time.Second, func() string {
				return s.stored(t, map[string]float64{
					`jobs_total{otel_scope_name="shop/orders"}`: 3, `jobs_total{otel_scope_name="shop/mail"}`: 5,
					`jobs_total{otel_scope_name="shop/stock"}`: 7, `jobs_total{otel_scope_name="shop/tax"}`: 9,
					`count(jobs_total)`: 4,
				})
			})
			s.finish(t)
		})
	}
}

// TestAttributesThatClashAreExported pushes attributes with the names of labels that every series has.
func TestAttributesThatClashAreExported(t *testing.T) {
	t.Parallel()
	receiver, otlp := freeOTLP(t)
	s := runSidecar(t, collector.Config{OTLP: receiver}, sidecarOptions{})
	eventually(t, s.Task, 20*time.Second, func() string {
		metrics := pmetric.NewMetrics()
		scoped(metrics, "shop/batch", 1, map[string]string{"job": "export", "instance": "a"})
		scoped(metrics, "shop/batch", 2, map[string]string{"job": "import", "instance": "a"})
		scoped(metrics, "shop/batch", 3, map[string]string{"otel_scope_name": "mine", "_x": "y"})
		scoped(metrics, "shop/batch", 4, map[string]string{"aws_ecs_task_id": "t", "aws.ecs.launchtype": "l", "cloud.availability_zone": "z"})
		return push(otlp, metrics)
	})
	eventually(t, s.Task, 20*time.Second, func() string {
		return s.stored(t, map[string]float64{
			`jobs_total{exported_aws_ecs_task_id="t",exported_aws_ecs_launchtype="l",exported_cloud_availability_zone="z",aws_ecs_launchtype!="l"}`: 4,
			`jobs_total{job="batch",exported_job="export",exported_instance="a"}`:                                                                   1,
			`jobs_total{job="batch",exported_job="import",exported_instance="a"}`:                                                                   2,
			`jobs_total{otel_scope_name="shop/batch",exported_otel_scope_name="mine",_x="y"}`:                                                       3,
			`count(jobs_total{job="batch",instance!="a",aws_ecs_task_id!~"t|;"})`:                                                                   4,
		})
	})
	s.finish(t)
}
