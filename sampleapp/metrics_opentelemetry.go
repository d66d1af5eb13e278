package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
)

type openTelemetryMetrics struct {
	provider *sdkmetric.MeterProvider
	orders   metric.Int64Counter
	queue    metric.Int64Gauge
	duration metric.Float64Histogram
}

// newOpenTelemetryMetrics chooses only the protocol and the default service name: the SDK reads the other OTEL_ variables itself.
func newOpenTelemetryMetrics(ctx context.Context, protocol string) (*openTelemetryMetrics, error) {
	var exporter sdkmetric.Exporter
	var err error
	if protocol == protocolHTTP {
		exporter, err = otlpmetrichttp.New(ctx)
	} else {
		exporter, err = otlpmetricgrpc.New(ctx)
	}
	if err != nil {
		return nil, err
	}
	res, err := resource.New(ctx, // what comes later wins
		resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "sampleapp")),
		resource.WithFromEnv(),
	)
	if err != nil {
		return nil, err
	}
	m := &openTelemetryMetrics{provider: sdkmetric.NewMeterProvider(
		sdkmetric.WithResource(res), sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter)),
	)}
	meter := m.provider.Meter("github.com/seed86154836/cdk-otel-prometheus/sampleapp")
	var errs [3]error
	m.orders, errs[0] = meter.Int64Counter("sampleapp.orders", metric.WithUnit("{order}"), metric.WithDescription(ordersHelp))
	m.queue, errs[1] = meter.Int64Gauge("sampleapp.queue.depth", metric.WithUnit("{order}"), metric.WithDescription(queueDepthHelp))
	m.duration, errs[2] = meter.Float64Histogram("sampleapp.order.duration", metric.WithUnit("s"),
		metric.WithDescription(orderDurationHelp), metric.WithExplicitBucketBoundaries(orderDurationBuckets...))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	for _, item := range menu {
		m.orders.Add(ctx, 0, withItem(item))
	}
	m.queue.Record(ctx, 0)
	return m, nil
}

func withItem(item string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("item", item))
}

func (m *openTelemetryMetrics) orderHandled(ctx context.Context, item string, took time.Duration) {
	m.orders.Add(ctx, 1, withItem(item))
	m.duration.Record(ctx, took.Seconds())
}

func (m *openTelemetryMetrics) queueDepth(ctx context.Context, depth uint32) {
	m.queue.Record(ctx, int64(depth))
}

func (m *openTelemetryMetrics) handler() http.Handler { return nil }

func (m *openTelemetryMetrics) shutdown(ctx context.Context) error { return m.provider.Shutdown(ctx) }
