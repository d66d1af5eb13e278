package e2e

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// TestCollectorReportsItsOwnLosses sends what Prometheus has no place for, delta sums, beside what it has. The log must name
// what is lost, the collector's own metrics must count it, and everything else must be stored.
func TestCollectorReportsItsOwnLosses(t *testing.T) {
	t.Parallel()
	receiver, otlp := freeOTLP(t)
	s := runSidecar(t, collector.Config{
		OTLP:             receiver,
		CollectorMetrics: &collector.CollectorMetrics{Port: collector.Number(freePort(t)), Interval: shortly()},
	}, sidecarOptions{})
	eventually(t, s.Task, 20*time.Second, func() string { return push(otlp, orders(time.Now())) })
	const times = 3
	for range times {
		if complaint := push(otlp, deltas(time.Now())); complaint != "" {
			t.Fatal(complaint)
		}
	}
	eventually(t, s.Task, 20*time.Second, func() string { return s.stored(t, storedOfOTLP) })
	eventually(t, s.Task, 20*time.Second, func() string { return s.reportsDrop("old.counter", "old.histogram") })
	eventually(t, s.Task, 20*time.Second, func() string {
		return s.stored(t, map[string]float64{
			// A counter and a histogram, three times.
			`otelcol_exporter_sent_metric_points_total{exporter="debug/dropped_delta",job="otelcol"}`: 2 * times,
			`otelcol_receiver_accepted_metric_points_total{receiver="otlp"} > bool 0`:                 1,
			`otelcol_exporter_queue_size{exporter="otlp_http/delivery"} >= bool 0`:                    1,
		})
	})
	for _, series := range s.all(t) {
		if strings.HasPrefix(series.Get("__name__"), "old_") {
			t.Errorf("a delta is stored as it is: %s", series)
		}
	}
	for _, line := range strings.Split(s.Collector.Log(), "\n") {
		if strings.Contains(line, "queue.depth") {
			t.Errorf("the log reports what is not lost: %s", line)
		}
	}
	s.finish(t)
}

// deltas are a sum and a histogram with delta temporality.
func deltas(at time.Time) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	resource := metrics.ResourceMetrics().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "legacy")
	scope := resource.ScopeMetrics().AppendEmpty()
	start, now := pcommon.NewTimestampFromTime(at.Add(-time.Second)), pcommon.NewTimestampFromTime(at)
	point := addSum(scope, "old.counter", pmetric.AggregationTemporalityDelta, true).AppendEmpty()
	point.SetIntValue(2)
	point.SetStartTimestamp(start)
	point.SetTimestamp(now)
	histogram := scope.Metrics().AppendEmpty()
	histogram.SetName("old.histogram")
	histogram.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	bars := histogram.Histogram().DataPoints().AppendEmpty()
	bars.BucketCounts().FromRaw([]uint64{1})
	bars.SetCount(1)
	bars.SetStartTimestamp(start)
	bars.SetTimestamp(now)
	return metrics
}

// reportsDrop looks for metrics in what the exporter of dropped data wrote to the log.
func (s sidecar) reportsDrop(metrics ...string) string {
	log := s.Collector.Log()
	for _, metric := range metrics {
		if !strings.Contains(log, metric) || !strings.Contains(log, "debug/dropped_delta") {
			return fmt.Sprintf("the log does not name %s", metric)
		}
	}
	return ""
}

// TestStatsDCountersBecomeRates counts in bursts over several intervals. What Rates names is stored so that the sum over the
// samples times the interval is what was counted; any other counter is named in the log.
func TestStatsDCountersBecomeRates(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	address := "127.0.0.1:" + port
	s := runSidecar(t, collector.Config{
		Statsd: &collector.Statsd{Port: collector.Number(port), AggregationInterval: shortly(), Rates: []string{"shop.views"}},
	}, sidecarOptions{})
	eventually(t, s.Task, 20*time.Second, func() string { // until the receiver listens
		if err := statsd(address, "shop.visitors:7|g"); err != nil {
			return err.Error()
		}
		return s.stored(t, map[string]float64{"shop_visitors": 7})
	})
	counted := 0.0
	for n := range 6 {
		if err := statsd(address, fmt.Sprintf("shop.views:%d|c", n+1), "shop.clicks:1|c", "shop.render:120|ms"); err != nil {
			t.Fatal(err)
		}
		counted += float64(n + 1)
		time.Sleep(soon / 2)
	}
	eventually(t, s.Task, 20*time.Second, func() string {
		sum := s.vector(t, "sum_over_time(shop_views[5m])")
		if len(sum) != 1 || math.Abs(sum[0].F*soon.Seconds()-counted) > 0.3*counted {
			return fmt.Sprintf("the rates add up to %v, counted were %v", sum, counted)
		}
		return ""
	})
	t.Logf("counted %v, the rates add up to %v", counted, s.vector(t, "sum_over_time(shop_views[5m])")[0].F)
	eventually(t, s.Task, 20*time.Second, func() string {
		return s.stored(t, map[string]float64{
			`shop_render{quantile="0.5"}`: 120, `shop_render_sum > bool 0`: 1,
			// Each interval is a summary of its own.
			`sum_over_time(shop_render_count[5m])`: 6,
		})
	})
	eventually(t, s.Task, 20*time.Second, func() string { return s.reportsDrop("shop.clicks") })
	log := s.Collector.Log()
	if strings.Contains(log, "shop.views") {
		t.Error("the log reports a counter that is stored as a rate")
	}
	if n := len(s.vector(t, `{__name__=~"shop_clicks.*"}`)); n != 0 {
		t.Errorf("%d series of a counter that is no rate", n)
	}
	s.finish(t)
}
