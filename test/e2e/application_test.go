package e2e

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// exposition is what the scraped application answers: a metric of each type of the text format.
const exposition = `# TYPE web_requests_total counter
web_requests_total{code="200"} 17
# TYPE web_sessions gauge
web_sessions 4
# TYPE web_request_seconds histogram
web_request_seconds_bucket{le="0.1"} 2
web_request_seconds_bucket{le="+Inf"} 5
web_request_seconds_sum 3.5
web_request_seconds_count 5
# TYPE web_wait_seconds summary
web_wait_seconds{quantile="0.5"} 0.25
web_wait_seconds_sum 8
web_wait_seconds_count 6
`

// storedOfScrape are the series that come of it, as PromQL, with their values. In the same way below: every metric that an
// application sends, under the name, with the labels and of the type that it is to have in AMP.
var storedOfScrape = map[string]float64{
	`web_requests_total{code="200"}`: 17, `web_sessions`: 4,
	`web_request_seconds_bucket{le="0.1"}`: 2, `web_request_seconds_bucket{le="+Inf"}`: 5,
	`web_request_seconds_sum`: 3.5, `web_request_seconds_count`: 5,
	`web_wait_seconds{quantile="0.5"}`: 0.25, `web_wait_seconds_sum`: 8, `web_wait_seconds_count`: 6,
	`up`: 1, `scrape_samples_scraped`: 9, `scrape_samples_post_metric_relabeling`: 9, `scrape_duration_seconds >= bool 0`: 1,
	`scrape_series_added >= bool 0`: 1,
}

// serveMetrics is the scraped application; the address is host:port.
func serveMetrics(t *testing.T) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = fmt.Fprint(w, exposition)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// orders are metrics of each type of OTLP, with cumulative temporality, from an application that describes itself as SDKs do.
func orders(at time.Time) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	resource := metrics.ResourceMetrics().AppendEmpty()
	for key, value := range map[string]string{
		"service.name": "cart", "service.namespace": "shop", "service.instance.id": "cart-1", "service.version": "1.2",
		"telemetry.sdk.language": "go", "host.name": "cart.internal",
	} {
		resource.Resource().Attributes().PutStr(key, value)
	}
	scope := resource.ScopeMetrics().AppendEmpty()
	scope.Scope().SetName("shop/orders")
	start, now := pcommon.NewTimestampFromTime(at.Add(-time.Minute)), pcommon.NewTimestampFromTime(at)

	point := addSum(scope, "orders", pmetric.AggregationTemporalityCumulative, true).AppendEmpty()
	point.SetIntValue(5)
	point.Attributes().PutStr("item", "tea")
	point.SetStartTimestamp(start)
	point.SetTimestamp(now)

	point = addSum(scope, "queue.depth", pmetric.AggregationTemporalityCumulative, false).AppendEmpty()
	point.SetIntValue(7)
	point.SetStartTimestamp(start)
	point.SetTimestamp(now)

	gauge := scope.Metrics().AppendEmpty()
	gauge.SetName("room.temperature")
	gauge.SetUnit("Cel")
	point = gauge.SetEmptyGauge().DataPoints().AppendEmpty()
	point.SetDoubleValue(21.5)
	point.SetTimestamp(now)

	histogram := scope.Metrics().AppendEmpty()
	histogram.SetName("order.duration")
	histogram.SetUnit("s")
	histogram.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	bars := histogram.Histogram().DataPoints().AppendEmpty()
	bars.ExplicitBounds().FromRaw([]float64{0.5})
	bars.BucketCounts().FromRaw([]uint64{2, 1})
	bars.SetCount(3)
	bars.SetSum(1.5)
	bars.SetStartTimestamp(start)
	bars.SetTimestamp(now)

	exponential := scope.Metrics().AppendEmpty()
	exponential.SetName("payload.size")
	exponential.SetUnit("By")
	exponential.SetEmptyExponentialHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	fine := exponential.ExponentialHistogram().DataPoints().AppendEmpty()
	fine.Positive().BucketCounts().FromRaw([]uint64{1, 3})
	fine.SetCount(4)
	fine.SetSum(6)
	fine.SetStartTimestamp(start)
	fine.SetTimestamp(now)

	// A second application that says nothing of itself.
	bare := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	bare.SetName("bare.gauge")
	point = bare.SetEmptyGauge().DataPoints().AppendEmpty()
	point.SetIntValue(1)
	point.SetTimestamp(now)
	return metrics
}

var storedOfOTLP = map[string]float64{
	`orders_total{item="tea"}`: 5, `queue_depth`: 7, `room_temperature_celsius`: 21.5,
	`order_duration_seconds_bucket{le="0.5"}`: 2, `order_duration_seconds_bucket{le="+Inf"}`: 3,
	`order_duration_seconds_count`: 3, `order_duration_seconds_sum`: 1.5,
	`histogram_count(payload_size_bytes)`: 4, `histogram_sum(payload_size_bytes)`: 6, // a native histogram
	`bare_gauge`: 1,
}

func addSum(scope pmetric.ScopeMetrics, name string, temporality pmetric.AggregationTemporality, monotonic bool) pmetric.NumberDataPointSlice {
	metric := scope.Metrics().AppendEmpty()
	metric.SetName(name)
	sum := metric.SetEmptySum()
	sum.SetAggregationTemporality(temporality)
	sum.SetIsMonotonic(monotonic)
	return sum.DataPoints()
}

// push sends metrics over OTLP/HTTP and says how that went; "" if it went well.
func push(address string, metrics pmetric.Metrics) string {
	body, err := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
	if err != nil {
		return err.Error()
	}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+address+"/v1/metrics", bytes.NewReader(body))
	if err != nil {
		return err.Error()
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	request.Header.Set(collector.HeaderContainerName, "app")
	resp, err := client.Do(request)
	if err != nil {
		return err.Error()
	}
	_ = resp.Body.Close()
	return unless(resp.StatusCode == http.StatusOK, "OTLP: "+resp.Status)
}

// statsd sends messages over UDP.
func statsd(address string, messages ...string) error {
	conn, err := net.Dial("udp", address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	for _, message := range messages {
		_, _ = conn.Write([]byte(message)) // nobody may listen yet
	}
	return nil
}

// The counter is stored as a rate over the interval of one second, in which it comes twice.
var (
	messages       = []string{"shop.visitors:7|g|#door:east", "shop.views:3|c", "shop.views:2|c", "shop.render:120|ms"}
	storedOfStatsD = map[string]float64{
		`shop_visitors{door="east"}`: 7, `shop_views > bool 0`: 1,
		`shop_render{quantile="0.5"}`: 120, `shop_render_count > bool 0`: 1, `shop_render_sum > bool 0`: 1,
	}
)

// sendUntil sends messages now and then until the test has seen enough, because StatsD says nothing twice by itself.
func sendUntil(t *testing.T, address string, messages ...string) (stop func()) {
	t.Helper()
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if err := statsd(address, messages...); err != nil {
				t.Error(err)
				return
			}
			select {
			case <-done:
				return
			case <-time.After(300 * time.Millisecond):
			}
		}
	}()
	return func() { close(done); <-ended }
}

// all lists every series of the store.
func (d deployment) all(t *testing.T) []labels.Labels {
	t.Helper()
	series, err := d.Store.Series(context.Background(), `{__name__=~".+"}`, time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return series
}

// stored compares the values of many expressions.
func (d deployment) stored(t *testing.T, want map[string]float64) string {
	t.Helper()
	var complaints []string
	for _, expr := range slices.Sorted(maps.Keys(want)) {
		if complaint := d.mismatch(t, expr, want[expr]); complaint != "" {
			complaints = append(complaints, complaint)
		}
	}
	return strings.Join(complaints, "\n")
}
