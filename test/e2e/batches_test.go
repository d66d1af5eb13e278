package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/amp"
)

// histograms are series of one histogram with these many bounds, as an SDK pushes them.
func histograms(series, bounds int) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	scope := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty()
	metric := scope.Metrics().AppendEmpty()
	metric.SetName("d")
	histogram := metric.SetEmptyHistogram()
	histogram.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	now := pcommon.NewTimestampFromTime(time.Now())
	for i := range series {
		point := histogram.DataPoints().AppendEmpty()
		point.Attributes().PutStr("i", fmt.Sprint(i))
		point.SetTimestamp(now)
		point.SetStartTimestamp(now)
		for b := range bounds {
			point.ExplicitBounds().Append(float64(b))
			point.BucketCounts().Append(1)
		}
		point.BucketCounts().Append(1)
		point.SetCount(uint64(bounds) + 1)
		point.SetSum(1)
	}
	return metrics
}

// TestABatchIsOneRequest: while AMP fails, each try is a single request, and the next comes after a pause, whatever the batch holds. A batch
// of several requests would be sent again as a whole for one that fails.
func TestABatchIsOneRequest(t *testing.T) {
	t.Parallel()
	var exposition strings.Builder
	exposition.WriteString("# TYPE m gauge\n")
	for i := range 19_000 {
		fmt.Fprintf(&exposition, "m{i=\"%d\"} 1\n", i)
	}
	for name, c := range map[string]struct {
		push    func() pmetric.Metrics
		query   string
		samples float64
	}{
		"histograms of an SDK":   {func() pmetric.Metrics { return histograms(1000, 14) }, `count({__name__=~"d_.*"})`, 17_000},
		"histograms of 200":      {func() pmetric.Metrics { return histograms(100, 200) }, `count({__name__=~"d_.*"})`, 20_300},
		"gauges with few labels": {nil, "count(m)", 19_000},
	} {
		for _, policy := range []string{collector.LabelsTask, collector.LabelsIdentity, collector.LabelsAll} {
			t.Run(name+" and "+policy, func(t *testing.T) {
				t.Parallel()
				config := collector.Config{Labels: collector.Labels{Policy: policy}}
				receiver, otlp := freeOTLP(t)
				if c.push != nil {
					config.OTLP = receiver
				} else {
					config.Scrape = []collector.ScrapeJob{{Name: "job", Targets: []string{serveText(t, textFormat, exposition.String())}, Interval: new(collector.Duration(5 * time.Second))}}
				}
				s := runSidecar(t, config, sidecarOptions{})
				s.AMP.SetFault(func(*http.Request) *amp.Failure { return &amp.Failure{Status: http.StatusServiceUnavailable} })
				if c.push != nil {
					eventually(t, s.Task, 20*time.Second, func() string { return push(otlp, c.push()) })
				}
				eventually(t, s.Task, 60*time.Second, func() string { return unless(len(s.AMP.Records()) >= 3, "AMP has not had three requests") })
				for i, record := range s.AMP.Records()[1:] {
					if pause := record.At.Sub(s.AMP.Records()[i].At); pause < time.Second {
						t.Errorf("request %d came %s after the one before", i+1, pause)
					}
				}
				s.AMP.SetFault(nil)
				eventually(t, s.Task, 20*time.Second, func() string { return s.stored(t, map[string]float64{c.query: c.samples}) })
				largest := 0
				for _, record := range s.AMP.Records() {
					largest = max(largest, record.Samples)
				}
				t.Logf("%d requests, the largest of %d samples", len(s.AMP.Records())-3, largest)
				s.finish(t, "failed to send", "Exporting failed")
			})
		}
	}
}

// TestSlowAnswersLoseNothing: 17,000 samples of histograms, and an endpoint that takes its time for each request.
func TestSlowAnswersLoseNothing(t *testing.T) {
	t.Parallel()
	for _, wait := range []time.Duration{300 * time.Millisecond, 600 * time.Millisecond, 2 * time.Second} {
		t.Run(wait.String(), func(t *testing.T) {
			t.Parallel()
			receiver, otlp := freeOTLP(t)
			s := runSidecar(t, collector.Config{OTLP: receiver}, sidecarOptions{})
			s.AMP.SetFault(func(*http.Request) *amp.Failure { return &amp.Failure{Hang: wait} })
			eventually(t, s.Task, 20*time.Second, func() string { return push(otlp, histograms(1000, 14)) })
			eventually(t, s.Task, 30*time.Second, func() string {
				return s.stored(t, map[string]float64{`count({__name__=~"d_.*"})`: 17_000})
			})
			sent := 0
			for _, record := range s.AMP.Records() {
				sent += record.Samples
			}
			if sent != 17_000 {
				t.Errorf("%d samples were sent for 17,000", sent)
			}
			s.finish(t)
		})
	}
}
