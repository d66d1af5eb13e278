package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// TestStatsDLines sends each form of line that the guide on StatsD names: what is taken must be stored, and what is not must be counted.
func TestStatsDLines(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	address := "127.0.0.1:" + port
	s := runSidecar(t, collector.Config{
		Statsd:           &collector.Statsd{Port: collector.Number(port), AggregationInterval: shortly(), Rates: []string{"page.views"}},
		CollectorMetrics: &collector.CollectorMetrics{Port: collector.Number(freePort(t)), Interval: shortly()},
	}, sidecarOptions{})
	stop := sendUntil(t, address,
		"page.views:1|c|#env:prod,beta", "queue.depth:4|g|#mytag", "queue.depth:+1|g|#other:x", "req.time:320|ms|@0.1|#route:/x|c:in-123abc",
		"req.size:2|h", "req.wait:3|d", "jobs__total:5|g",
	)
	eventually(t, s.Task, 20*time.Second, func() string {
		return s.stored(t, map[string]float64{
			`page_views{env="prod",beta=""} > bool 0`: 1, `queue_depth{other=""}`: 4, `queue_depth{other="x"} > bool 0`: 1,
			`req_time{quantile="0.5",route="/x",container_id="in-123abc"}`: 320, `req_size{quantile="0.5"}`: 2, `req_wait{quantile="0.5"}`: 3,
			`jobs__total`: 5,
		})
	})
	stop()
	refused := []string{
		"users:ann|s", "multi:1:2:3|d", "_e{5,4}:title|text", "_sc|redis|0", "no.type:1", "queue.lost:NaN|g",
	}
	for range 50 {
		if err := statsd(address, refused...); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	eventually(t, s.Task, 20*time.Second, func() string { // the receiver counts each hundredth
		return s.stored(t, map[string]float64{`otelcol_receiver_received_statsd_metrics_total{parse_success="false"}`: float64(50 * len(refused) / 100)})
	})
	for _, metric := range []string{"users", "multi", "no_type", "queue_lost"} {
		if n := len(s.vector(t, fmt.Sprintf(`{__name__=~"%s.*"}`, metric))); n != 0 {
			t.Errorf("%s is stored", metric)
		}
	}
	s.finish(t)
}
