package main

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// otlpReceiver keeps the exports it receives on loopback.
type otlpReceiver struct {
	collectorpb.UnimplementedMetricsServiceServer
	protocol, endpoint string

	mu      sync.Mutex
	exports []*collectorpb.ExportMetricsServiceRequest
}

func newOTLPReceiver(t *testing.T, protocol string) *otlpReceiver {
	r := &otlpReceiver{protocol: protocol}
	if protocol == protocolHTTP {
		server := httptest.NewServer(r)
		t.Cleanup(server.Close)
		r.endpoint = server.URL
		return r
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	collectorpb.RegisterMetricsServiceServer(server, r)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	r.endpoint = "http://" + listener.Addr().String()
	return r
}

// variables make the service export to the receiver, and nothing before it shuts down.
func (r *otlpReceiver) variables() map[string]string {
	return map[string]string{
		"INSTRUMENTATION":             "opentelemetry",
		"OTEL_EXPORTER_OTLP_ENDPOINT": r.endpoint,
		"OTEL_EXPORTER_OTLP_PROTOCOL": r.protocol,
		"OTEL_METRIC_EXPORT_INTERVAL": "3600000",
	}
}

// newExported are metrics that are exported to a receiver, with further variables.
func newExported(t *testing.T, protocol string, extra map[string]string) (*openTelemetryMetrics, *otlpReceiver) {
	t.Helper()
	receiver := newOTLPReceiver(t, protocol)
	variables := receiver.variables()
	maps.Copy(variables, extra)
	setEnvironment(t, variables)
	m, err := newOpenTelemetryMetrics(t.Context(), protocol)
	if err != nil {
		t.Fatal(err)
	}
	return m, receiver
}

func (r *otlpReceiver) Export(_ context.Context, request *collectorpb.ExportMetricsServiceRequest) (*collectorpb.ExportMetricsServiceResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exports = append(r.exports, request)
	return &collectorpb.ExportMetricsServiceResponse{}, nil
}

func (r *otlpReceiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	var export collectorpb.ExportMetricsServiceRequest
	body, err := io.ReadAll(request.Body)
	if err != nil || request.URL.Path != "/v1/metrics" || request.Header.Get("Content-Type") != "application/x-protobuf" ||
		proto.Unmarshal(body, &export) != nil {
		http.Error(w, "not an export", http.StatusBadRequest)
		return
	}
	r.Export(request.Context(), &export)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// export is one export, decoded.
type export struct {
	resource map[string]string
	metrics  map[string]*metricspb.Metric
}

func (r *otlpReceiver) last(t *testing.T) export {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.exports) == 0 {
		t.Fatal("nothing was exported")
	}
	request := r.exports[len(r.exports)-1]
	if len(request.ResourceMetrics) != 1 || len(request.ResourceMetrics[0].ScopeMetrics) != 1 {
		t.Fatalf("want one resource and one scope, got %v", request)
	}
	e := export{map[string]string{}, map[string]*metricspb.Metric{}}
	for _, attribute := range request.ResourceMetrics[0].Resource.Attributes {
		e.resource[attribute.Key] = attribute.Value.GetStringValue()
	}
	for _, metric := range request.ResourceMetrics[0].ScopeMetrics[0].Metrics {
		e.metrics[metric.Name] = metric
	}
	return e
}

// orders are the running counts by item.
func (e export) orders(t *testing.T) map[string]int64 {
	t.Helper()
	counts := map[string]int64{}
	for _, point := range e.metrics["sampleapp.orders"].GetSum().GetDataPoints() {
		if len(point.Attributes) != 1 || point.Attributes[0].Key != "item" {
			t.Errorf("want the attribute item alone, got %v", point.Attributes)
			continue
		}
		counts[point.Attributes[0].Value.GetStringValue()] = point.GetAsInt()
	}
	return counts
}

func TestOpenTelemetryMetricsAreExported(t *testing.T) {
	for _, protocol := range []string{protocolGRPC, protocolHTTP} {
		t.Run(protocol, func(t *testing.T) {
			m, receiver := newExported(t, protocol, nil)
			h := newHandler(m)
			if status, _ := answer(h, "GET", "/metrics"); status != 404 {
				t.Errorf("GET /metrics: status %d, want 404", status)
			}
			answer(h, "POST", "/orders?item=tea")
			answer(h, "POST", "/orders?item=tea")
			answer(h, "POST", "/orders?item=juice")
			answer(h, "POST", "/queue?depth=7")
			answer(h, "POST", "/queue?depth=many")
			if err := m.provider.ForceFlush(t.Context()); err != nil {
				t.Fatal(err)
			}
			answer(h, "POST", "/orders?item=tea")
			if err := m.shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}

			got := receiver.last(t)
			if names, want := slices.Sorted(maps.Keys(got.metrics)), []string{
				"sampleapp.order.duration", "sampleapp.orders", "sampleapp.queue.depth",
			}; !slices.Equal(names, want) {
				t.Fatalf("names are %v, want %v", names, want)
			}
			orders, queue, duration := got.metrics["sampleapp.orders"], got.metrics["sampleapp.queue.depth"], got.metrics["sampleapp.order.duration"]
			if units, want := []string{orders.Unit, queue.Unit, duration.Unit}, []string{"{order}", "{order}", "s"}; !slices.Equal(units, want) {
				t.Errorf("units are %v, want %v", units, want)
			}
			const cumulative = metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE
			if sum := orders.GetSum(); !sum.GetIsMonotonic() || sum.GetAggregationTemporality() != cumulative {
				t.Errorf("want a cumulative counter, got %v", orders)
			}
			// 3, not 1: cumulative over both exports.
			if counts, want := got.orders(t), map[string]int64{"tea": 3, "coffee": 0, "cake": 0}; !maps.Equal(counts, want) {
				t.Errorf("orders are %v, want %v", counts, want)
			}
			if points := queue.GetGauge().GetDataPoints(); len(points) != 1 || points[0].GetAsInt() != 7 || len(points[0].Attributes) != 0 {
				t.Errorf("want a gauge of 7, got %v", queue)
			}
			points := duration.GetHistogram().GetDataPoints()
			if len(points) != 1 || duration.GetHistogram().GetAggregationTemporality() != cumulative {
				t.Fatalf("want one cumulative histogram, got %v", duration)
			}
			if points[0].Count != 3 || len(points[0].Attributes) != 0 || !slices.Equal(points[0].ExplicitBounds, orderDurationBuckets) {
				t.Errorf("want 3 observations in the shared buckets, got %v", points[0])
			}
		})
	}
}

func TestTemporalityIsTakenFromEnvironment(t *testing.T) {
	m, receiver := newExported(t, protocolHTTP, map[string]string{"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta"})
	if err := m.shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := receiver.last(t).metrics["sampleapp.orders"].GetSum().GetAggregationTemporality(); got != metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA {
		t.Errorf("got %v", got)
	}
}

func TestResourceIsTakenFromEnvironment(t *testing.T) {
	tests := map[string]struct{ serviceName, attributes, wantName, wantTeam string }{
		"default":                       {"", "", "sampleapp", ""},
		"name":                          {"shop", "", "shop", ""},
		"attributes":                    {"", "service.name=kiosk,team=tea%20room", "kiosk", "tea room"},
		"both: the name has precedence": {"shop", "service.name=kiosk,team=tea", "shop", "tea"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m, receiver := newExported(t, protocolHTTP, map[string]string{"OTEL_SERVICE_NAME": test.serviceName, "OTEL_RESOURCE_ATTRIBUTES": test.attributes})
			if err := m.shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			resource := receiver.last(t).resource
			if resource["service.name"] != test.wantName || resource["team"] != test.wantTeam || resource["telemetry.sdk.language"] != "go" {
				t.Errorf("got %v", resource)
			}
		})
	}
}

func TestShutdownDoesNotOutliveItsDeadline(t *testing.T) {
	for _, protocol := range []string{protocolGRPC, protocolHTTP} {
		t.Run(protocol, func(t *testing.T) {
			// Nobody accepts: connections open, requests hang.
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			setEnvironment(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + listener.Addr().String()})
			m, err := newOpenTelemetryMetrics(t.Context(), protocol)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			start := time.Now()
			if err := m.shutdown(ctx); err == nil {
				t.Error("want an error: nothing was exported")
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}
