package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	otellog "go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// Where a signal of an SDK goes.
const (
	toCollector = "collector"
	toElsewhere = "elsewhere"
	toConsole   = "console"
	turnedOff   = "off"
	turnedNone  = "none" // how an SDK is told so
	toNobody    = "refused"
)

// sdkRow is a row of the table that the tests of templates have read, too.
type sdkRow struct {
	Name                  string
	WithTraces            bool
	Secrets               map[string]string
	Metrics, Traces, Logs string // where each goes
}

func (r sdkRow) want() map[string]string {
	return map[string]string{"metrics": r.Metrics, "traces": r.Traces, "logs": r.Logs}
}

// elsewhere is the host in the table that stands for another collector.
const elsewhere = "elsewhere.example"

// TestSDKsFindTheCollector runs the Go SDK with the variables of each row's container, beside the collector of its task, and sees where
// each signal arrives.
func TestSDKsFindTheCollector(t *testing.T) {
	var rows []sdkRow
	readJSON(t, "sdk.json", &rows)
	var variables map[string]map[string]string
	readJSON(t, "sdk_variables.json", &variables)
	var other recorder
	server := httptest.NewServer(&other)
	defer server.Close()
	for _, traces := range []bool{false, true} {
		config := collector.Config{OTLP: &collector.OTLP{}}
		if traces { // to the log instead of X-Ray
			config.Extra = "exporters: {debug/traces: {}}\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [debug/traces]}}}"
		}
		s := runSidecar(t, config, sidecarOptions{})
		eventually(t, s.Task, 20*time.Second, func() string { return push("127.0.0.1:4318", orders(time.Now())) })
		for _, row := range rows {
			if row.WithTraces != traces {
				continue
			}
			t.Run(row.Name, func(t *testing.T) {
				env := maps.Clone(variables[row.Name])
				if env == nil {
					t.Fatal("the tests of templates wrote no variables")
				}
				maps.Copy(env, row.Secrets)
				for name, value := range env {
					env[name] = strings.Replace(value, "http://"+elsewhere, server.URL, 1)
				}
				other.clear()
				got := runSDK(t, row.Name, env)
				for signal, result := range got {
					if result == toCollector && other.got("/v1/"+signal) {
						got[signal] = toElsewhere
					}
				}
				for signal, want := range row.want() {
					if !(got[signal] == want || want == toNobody && strings.HasPrefix(got[signal], toNobody) || want == toConsole && got[signal] == toCollector) {
						t.Errorf("%s: %s, want %s", signal, got[signal], want)
					}
				}
				if row.Metrics == toCollector {
					eventually(t, s.Task, 20*time.Second, func() string { return s.stored(t, map[string]float64{`sdk_calls_total{job="` + row.Name + `"}`: 1}) })
				}
			})
		}
		s.finish(t)
	}
}

// TestContainersOfOneTaskAreToldApart: two apps that say the same of themselves, by either protocol, and two processes of a third.
func TestContainersOfOneTaskAreToldApart(t *testing.T) {
	t.Parallel()
	otlp, address := freeOTLP(t)
	s := runSidecar(t, collector.Config{OTLP: otlp, Labels: collector.Labels{Policy: collector.LabelsIdentity}}, sidecarOptions{})
	eventually(t, s.Task, 20*time.Second, func() string { return push(address, orders(time.Now())) })
	send := func(container string, more map[string]string) {
		t.Helper()
		env := map[string]string{
			"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://" + address + "/v1/metrics", "OTEL_TRACES_EXPORTER": turnedNone, "OTEL_LOGS_EXPORTER": turnedNone,
			"OTEL_EXPORTER_OTLP_METRICS_HEADERS": collector.HeaderContainerName + "=" + container,
		}
		maps.Copy(env, more)
		if got := runSDK(t, "shop", env)["metrics"]; got != toCollector {
			t.Fatalf("container %s: %s", container, got)
		}
	}
	send("a", nil)
	send("b", map[string]string{"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:" + string(otlp.GrpcPort)})
	send("c", map[string]string{"OTEL_RESOURCE_ATTRIBUTES": "process.pid=7"})
	send("c", map[string]string{"OTEL_RESOURCE_ATTRIBUTES": "process.pid=8"})
	send("d", map[string]string{"OTEL_RESOURCE_ATTRIBUTES": "service.instance.id=one"})
	send("d", map[string]string{"OTEL_RESOURCE_ATTRIBUTES": "service.instance.id=two"})
	eventually(t, s.Task, 20*time.Second, func() string {
		return s.stored(t, map[string]float64{
			`sdk_calls_total{job="shop",container_name="a",process_pid=""}`: 1,
			`sdk_calls_total{job="shop",container_name="b"}`:                1,
			`sdk_calls_total{container_name="c",process_pid="7"}`:           1,
			`sdk_calls_total{container_name="c",process_pid="8"}`:           1,
			`sdk_calls_total{container_name="d",instance="one"}`:            1,
			`sdk_calls_total{container_name="d",instance="two"}`:            1,
			`count(sdk_calls_total)`:                                        6,
		})
	})
	s.finish(t)
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repository, "test", "testdata", file))
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// recorder is another collector, which notes what it gets.
type recorder struct {
	mu    sync.Mutex
	paths map[string]bool
}

func (r *recorder) ServeHTTP(_ http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paths[request.URL.Path] = true
}

func (r *recorder) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paths = map[string]bool{}
}

func (r *recorder) got(path string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.paths[path]
}

// sdkVariable makes this program an app with an SDK.
const sdkVariable = "E2E_SDK"

// runSDK runs an app with exactly these variables, and gives what its SDK says about each signal.
func runSDK(t *testing.T, service string, variables map[string]string) map[string]string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = []string{sdkVariable + "=1", "OTEL_SERVICE_NAME=" + service, "OTEL_EXPORTER_OTLP_TIMEOUT=3000"}
	for name, value := range variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n")) // The console exporters write there, too.
	result := map[string]string{}
	if err := json.Unmarshal(lines[len(lines)-1], &result); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return result
}

// runIfSDK is the app. The SDK gets all its settings from the environment.
func runIfSDK() {
	if os.Getenv(sdkVariable) == "" {
		return
	}
	ctx := context.Background()
	result := map[string]string{"metrics": sendMetric(ctx), "traces": sendTrace(ctx), "logs": sendLog(ctx)}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		panic(err)
	}
	os.Exit(0)
}

// resultOf is what the SDK says of a signal that it has sent.
func resultOf(err error) string {
	if err != nil {
		return toNobody + ": " + err.Error()
	}
	return toCollector
}

func sendMetric(ctx context.Context) string {
	reader, err := autoexport.NewMetricReader(ctx)
	if err != nil || autoexport.IsNoneMetricReader(reader) {
		return resultOrOff(err)
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	counter, err := provider.Meter("sdk").Int64Counter("sdk.calls")
	if err != nil {
		return resultOf(err)
	}
	counter.Add(ctx, 1)
	return resultOf(provider.Shutdown(ctx))
}

func sendTrace(ctx context.Context) string {
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil || autoexport.IsNoneSpanExporter(exporter) {
		return resultOrOff(err)
	}
	var kept keepErrors
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(&spanExporter{exporter, &kept}))
	_, span := provider.Tracer("sdk").Start(ctx, "call")
	span.End()
	return resultOf(errors.Join(kept.err, provider.Shutdown(ctx)))
}

func sendLog(ctx context.Context) string {
	exporter, err := autoexport.NewLogExporter(ctx)
	if err != nil || autoexport.IsNoneLogExporter(exporter) {
		return resultOrOff(err)
	}
	var kept keepErrors
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewSimpleProcessor(&logExporter{exporter, &kept})))
	var record otellog.Record
	record.SetBody(otellog.StringValue("called"))
	provider.Logger("sdk").Emit(ctx, record)
	return resultOf(errors.Join(kept.err, provider.Shutdown(ctx)))
}

func resultOrOff(err error) string {
	if err != nil {
		return resultOf(err)
	}
	return turnedOff
}

// keepErrors has what the SDK would only log.
type keepErrors struct{ err error }

func (k *keepErrors) keep(err error) error {
	k.err = errors.Join(k.err, err)
	return err
}

type spanExporter struct {
	sdktrace.SpanExporter
	*keepErrors
}

func (e *spanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	return e.keep(e.SpanExporter.ExportSpans(ctx, spans))
}

type logExporter struct {
	sdklog.Exporter
	*keepErrors
}

func (e *logExporter) Export(ctx context.Context, records []sdklog.Record) error {
	return e.keep(e.Exporter.Export(ctx, records))
}
