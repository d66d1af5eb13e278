package main

import (
	"context"
	"net/http"
	"time"
)

// metrics is what the service measures. Both implementations end up as the same series in Prometheus:
// sampleapp_orders_total{item}, sampleapp_queue_depth and the histogram sampleapp_order_duration_seconds.
// Both start the counters and the gauge at 0, so that rate() sees the first order.
type metrics interface {
	orderHandled(ctx context.Context, item string, took time.Duration)
	queueDepth(ctx context.Context, depth uint32)
	// handler serves GET /metrics. It is nil when metrics are pushed.
	handler() http.Handler
	// shutdown exports what is left.
	shutdown(ctx context.Context) error
}

const (
	ordersHelp        = "Orders handled since the start."
	queueDepthHelp    = "Orders that wait."
	orderDurationHelp = "Time it took to handle an order."
)

// orderDurationBuckets are upper bounds in seconds.
var orderDurationBuckets = []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

func newMetrics(ctx context.Context, env environment) (metrics, error) {
	if env.instrumentation == instrumentationOpenTelemetry {
		return newOpenTelemetryMetrics(ctx, env.protocol)
	}
	return newPrometheusMetrics(), nil
}
