package load

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// Each histogram has these many bounds, as those of an SDK have by default, and becomes a sample for each bucket, one for the sum and one
// for the count.
const (
	bounds              = 14
	samplesPerHistogram = bounds + 1 + 2
)

// PushEvery pushes histograms over OTLP/HTTP until the application is closed. What is not accepted does not count as produced.
func (a *App) PushEvery(interval time.Duration, address string) {
	client := http.Client{Timeout: interval}
	for ticker := time.NewTicker(interval); ; {
		select {
		case <-a.closed:
			return
		case <-ticker.C:
		}
		number, paused := a.begin()
		if paused {
			continue
		}
		var trouble Trouble
		if a.Trouble != nil {
			trouble = a.Trouble(number)
		}
		body, err := pmetricotlp.NewExportRequestFromMetrics(a.histograms(number, trouble)).MarshalProto()
		if err != nil {
			panic(err)
		}
		resp, err := client.Post("http://"+address+"/v1/metrics", "application/x-protobuf", bytes.NewReader(body))
		if err != nil {
			continue // it is not there yet
		}
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			a.mu.Lock()
			a.served++
			a.mu.Unlock()
		}
	}
}

// histograms have the number of the push as the value of every sample: all that they counted is in their first bucket.
func (a *App) histograms(number int, trouble Trouble) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	resource := metrics.ResourceMetrics().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "load")
	scope, now := resource.ScopeMetrics().AppendEmpty(), pcommon.NewTimestampFromTime(time.Now())
	var points pmetric.HistogramDataPointSlice
	for i := range a.Series / samplesPerHistogram {
		if i%seriesPerMetric == 0 {
			metric := scope.Metrics().AppendEmpty()
			metric.SetName(fmt.Sprintf("load_%03d", i/seriesPerMetric))
			histogram := metric.SetEmptyHistogram()
			histogram.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			points = histogram.DataPoints()
		}
		point := points.AppendEmpty()
		point.Attributes().PutStr("route", fmt.Sprintf("/api/v1/%d", i%seriesPerMetric))
		point.SetTimestamp(now)
		point.SetCount(uint64(number))
		point.SetSum(float64(number))
		point.BucketCounts().Append(uint64(number))
		for b := range bounds {
			point.ExplicitBounds().Append(float64(b + 1))
			point.BucketCounts().Append(0)
		}
	}
	if trouble.LongLabel {
		metric := scope.Metrics().AppendEmpty()
		metric.SetName("long")
		point := metric.SetEmptyGauge().DataPoints().AppendEmpty()
		point.Attributes().PutStr("url", strings.Repeat("u", 3<<10))
		point.SetTimestamp(now)
		point.SetDoubleValue(1)
	}
	return metrics
}
