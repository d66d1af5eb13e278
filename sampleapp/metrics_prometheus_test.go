package main

import (
	"slices"
	"strings"
	"testing"
)

func TestPrometheusMetricsAreRead(t *testing.T) {
	h := newHandler(newPrometheusMetrics())
	answer(h, "POST", "/orders?item=tea")
	answer(h, "POST", "/orders?item=tea")
	answer(h, "POST", "/orders?item=juice")
	answer(h, "POST", "/queue?depth=7")
	answer(h, "POST", "/queue?depth=many")
	status, text := answer(h, "GET", "/metrics")
	if status != 200 {
		t.Fatalf("status %d", status)
	}
	var own []string
	for line := range strings.Lines(text) {
		// What depends on the speed of the machine has a test of its own.
		if strings.Contains(line, "sampleapp_") && !strings.Contains(line, "duration_seconds_sum") && !strings.Contains(line, "duration_seconds_bucket") {
			own = append(own, line)
		}
	}
	const want = `# HELP sampleapp_order_duration_seconds Time it took to handle an order.
# TYPE sampleapp_order_duration_seconds histogram
sampleapp_order_duration_seconds_count 2
# HELP sampleapp_orders_total Orders handled since the start.
# TYPE sampleapp_orders_total counter
sampleapp_orders_total{item="cake"} 0
sampleapp_orders_total{item="coffee"} 0
sampleapp_orders_total{item="tea"} 2
# HELP sampleapp_queue_depth Orders that wait.
# TYPE sampleapp_queue_depth gauge
sampleapp_queue_depth 7
`
	if got := strings.Join(own, ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, runtime := range []string{"\ngo_goroutines ", "\nprocess_resident_memory_bytes "} {
		if !strings.Contains(text, runtime) {
			t.Errorf("no %q", runtime)
		}
	}
}

func TestPrometheusBucketsAreTheSharedOnes(t *testing.T) {
	families, err := newPrometheusMetrics().registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []float64
	for _, family := range families {
		if family.GetName() == "sampleapp_order_duration_seconds" {
			for _, bucket := range family.Metric[0].GetHistogram().GetBucket() {
				got = append(got, bucket.GetUpperBound())
			}
		}
	}
	if !slices.Equal(got, orderDurationBuckets) {
		t.Errorf("got %v, want %v", got, orderDurationBuckets)
	}
}
