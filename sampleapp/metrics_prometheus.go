package main

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

type prometheusMetrics struct {
	registry *prometheus.Registry
	orders   *prometheus.CounterVec
	queue    prometheus.Gauge
	duration prometheus.Histogram
}

func newPrometheusMetrics() *prometheusMetrics {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	auto := promauto.With(registry)
	m := &prometheusMetrics{
		registry: registry,
		orders:   auto.NewCounterVec(prometheus.CounterOpts{Name: "sampleapp_orders_total", Help: ordersHelp}, []string{"item"}),
		queue:    auto.NewGauge(prometheus.GaugeOpts{Name: "sampleapp_queue_depth", Help: queueDepthHelp}),
		duration: auto.NewHistogram(prometheus.HistogramOpts{
			Name: "sampleapp_order_duration_seconds", Help: orderDurationHelp, Buckets: orderDurationBuckets,
		}),
	}
	for _, item := range menu {
		m.orders.WithLabelValues(item)
	}
	return m
}

func (m *prometheusMetrics) orderHandled(_ context.Context, item string, took time.Duration) {
	m.orders.WithLabelValues(item).Inc()
	m.duration.Observe(took.Seconds())
}

func (m *prometheusMetrics) queueDepth(_ context.Context, depth uint32) { m.queue.Set(float64(depth)) }

func (m *prometheusMetrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *prometheusMetrics) shutdown(context.Context) error { return nil }
