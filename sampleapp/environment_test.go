package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

// setEnvironment gives the test these variables and no others that the service or the SDK reads.
func setEnvironment(t *testing.T, variables map[string]string) {
	t.Helper()
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "OTEL_") || name == "INSTRUMENTATION" || name == "PORT" || name == "RUN_FOR" {
			t.Setenv(name, "")
		}
	}
	for name, value := range variables {
		t.Setenv(name, value)
	}
}

func TestEnvironmentIsRead(t *testing.T) {
	tests := map[string]struct {
		variables map[string]string
		want      environment
	}{
		"defaults": {
			nil,
			environment{instrumentation: "prometheus", port: 8080, protocol: "grpc"},
		},
		"empty counts as unset": {
			map[string]string{"INSTRUMENTATION": "", "PORT": "", "RUN_FOR": "", "OTEL_EXPORTER_OTLP_PROTOCOL": ""},
			environment{instrumentation: "prometheus", port: 8080, protocol: "grpc"},
		},
		"all set": {
			map[string]string{
				"INSTRUMENTATION": "opentelemetry", "PORT": "65535", "RUN_FOR": "1m30s",
				"OTEL_METRICS_EXPORTER":                                    "otlp",
				"OTEL_EXPORTER_OTLP_PROTOCOL":                              "http/protobuf",
				"OTEL_EXPORTER_OTLP_ENDPOINT":                              "http://127.0.0.1:4318",
				"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT":                      "https://collector:4318/v1/metrics",
				"OTEL_EXPORTER_OTLP_INSECURE":                              "true",
				"OTEL_EXPORTER_OTLP_COMPRESSION":                           "gzip",
				"OTEL_EXPORTER_OTLP_TIMEOUT":                               "5000",
				"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE":        "cumulative",
				"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": "explicit_bucket_histogram",
				"OTEL_METRIC_EXPORT_INTERVAL":                              "15000",
				"OTEL_METRIC_EXPORT_TIMEOUT":                               "5000",
				"OTEL_SERVICE_NAME":                                        "shop",
				"OTEL_RESOURCE_ATTRIBUTES":                                 "team=tea%20room, empty=",
			},
			environment{instrumentation: "opentelemetry", port: 65535, runFor: 90 * time.Second, protocol: "http/protobuf"},
		},
		"protocol for metrics overrides the general one": {
			map[string]string{
				"INSTRUMENTATION":                     "opentelemetry",
				"OTEL_EXPORTER_OTLP_PROTOCOL":         "http/protobuf",
				"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "grpc",
			},
			environment{instrumentation: "opentelemetry", port: 8080, protocol: "grpc"},
		},
		"bad OTEL_ variables do not matter to Prometheus": {
			map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"},
			environment{instrumentation: "prometheus", port: 8080, protocol: "grpc"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			setEnvironment(t, test.variables)
			got, err := readEnvironment()
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestBadEnvironmentIsRefused(t *testing.T) {
	const (
		port         = "expected a port number from 1 to 65535"
		duration     = "expected a Go duration above 0 such as 90s"
		milliseconds = "expected a whole number of milliseconds above 0"
		endpoint     = "expected a URL such as http://127.0.0.1:4317"
		protocol     = "expected grpc or http/protobuf"
		attributes   = "expected key=value pairs, percent-encoded and separated by commas"
	)
	tests := []struct{ name, value, expected string }{
		{"INSTRUMENTATION", "otel", "expected prometheus or opentelemetry"},
		{"PORT", "http", port},
		{"PORT", "0", port},
		{"PORT", "65536", port},
		{"PORT", "-1", port},
		{"PORT", " ", port},
		{"RUN_FOR", "10", duration},
		{"RUN_FOR", "0s", duration},
		{"RUN_FOR", "-1s", duration},
		{"OTEL_METRICS_EXPORTER", "console", "expected otlp"},
		{"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", protocol},
		{"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http", protocol},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4317", endpoint},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317", endpoint},
		{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "grpc://localhost:4317", endpoint},
		{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://", endpoint},
		{"OTEL_EXPORTER_OTLP_INSECURE", "yes", "expected true or false"},
		{"OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", "expected gzip or none"},
		{"OTEL_EXPORTER_OTLP_TIMEOUT", "10s", milliseconds},
		{"OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "0", milliseconds},
		{"OTEL_METRIC_EXPORT_INTERVAL", "1e3", milliseconds},
		{"OTEL_METRIC_EXPORT_TIMEOUT", "-5", milliseconds},
		{"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "gauge", "expected cumulative or delta or lowmemory"},
		{"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "native",
			"expected explicit_bucket_histogram or base2_exponential_bucket_histogram"},
		{"OTEL_RESOURCE_ATTRIBUTES", "team", attributes},
		{"OTEL_RESOURCE_ATTRIBUTES", "team=tea,=room", attributes},
		{"OTEL_RESOURCE_ATTRIBUTES", "team=100%", attributes},
	}
	for _, test := range tests {
		t.Run(test.name+"="+test.value, func(t *testing.T) {
			setEnvironment(t, map[string]string{"INSTRUMENTATION": "opentelemetry", test.name: test.value})
			_, err := readEnvironment()
			if err == nil {
				t.Fatal("accepted")
			}
			if want := "bad environment: " + test.name + ` is "` + test.value + `", ` + test.expected; err.Error() != want {
				t.Errorf("got %q, want %q", err, want)
			}
		})
	}
}

func TestAllBadVariablesAreNamedAtOnce(t *testing.T) {
	// With INSTRUMENTATION itself bad, the OTEL_ variables may be meant, so they are checked.
	setEnvironment(t, map[string]string{
		"INSTRUMENTATION": "otel", "PORT": "http", "RUN_FOR": "soon",
		"OTEL_METRIC_EXPORT_INTERVAL": "15s", "OTEL_EXPORTER_OTLP_ENDPOINT": "collector",
	})
	_, err := readEnvironment()
	if err == nil {
		t.Fatal("accepted")
	}
	const want = `bad environment: INSTRUMENTATION is "otel", expected prometheus or opentelemetry; ` +
		`PORT is "http", expected a port number from 1 to 65535; ` +
		`RUN_FOR is "soon", expected a Go duration above 0 such as 90s; ` +
		`OTEL_METRIC_EXPORT_INTERVAL is "15s", expected a whole number of milliseconds above 0; ` +
		`OTEL_EXPORTER_OTLP_ENDPOINT is "collector", expected a URL such as http://127.0.0.1:4317`
	if err.Error() != want {
		t.Errorf("got  %q\nwant %q", err, want)
	}
}
