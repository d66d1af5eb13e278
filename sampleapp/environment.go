package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	instrumentationPrometheus    = "prometheus"
	instrumentationOpenTelemetry = "opentelemetry"

	protocolGRPC = "grpc"
	protocolHTTP = "http/protobuf"
)

// environment is what the service reads from its environment variables, defaults resolved.
type environment struct {
	instrumentation string
	port            uint16
	runFor          time.Duration // 0: until SIGTERM
	protocol        string        // of OTLP
}

// variable is one environment variable. An empty one counts as unset, as the OpenTelemetry specification has it.
type variable struct {
	name     string
	expected string
	read     func(value string) bool // false: not what is expected
}

// readEnvironment returns one error that names every bad variable. It checks the OTEL_ variables too, because the
// SDK falls back to a default on a bad one. Without OpenTelemetry nothing reads them, so nothing refuses them.
func readEnvironment() (environment, error) {
	env := environment{instrumentation: instrumentationPrometheus, port: 8080, protocol: protocolGRPC}
	faults := read(
		oneOf("INSTRUMENTATION", &env.instrumentation, instrumentationPrometheus, instrumentationOpenTelemetry),
		variable{"PORT", "a port number from 1 to 65535", func(value string) bool {
			port, err := strconv.ParseUint(value, 10, 16)
			env.port = uint16(port)
			return err == nil && port > 0
		}},
		variable{"RUN_FOR", "a Go duration above 0 such as 90s", func(value string) (ok bool) {
			var err error
			env.runFor, err = time.ParseDuration(value)
			return err == nil && env.runFor > 0
		}},
	)
	if env.instrumentation != instrumentationPrometheus {
		faults = append(faults, read(openTelemetryVariables(&env)...)...)
	}
	if len(faults) > 0 {
		return environment{}, errors.New("bad environment: " + strings.Join(faults, "; "))
	}
	return env, nil
}

func read(variables ...variable) (faults []string) {
	for _, v := range variables {
		if value := os.Getenv(v.name); value != "" && !v.read(value) {
			faults = append(faults, fmt.Sprintf("%s is %q, expected %s", v.name, value, v.expected))
		}
	}
	return faults
}

// openTelemetryVariables leaves out OTEL_SERVICE_NAME, which takes any value, and OTEL_EXPORTER_OTLP_HEADERS and the
// certificates, whose values do not belong in a log.
func openTelemetryVariables(env *environment) []variable {
	var unused string
	variables := []variable{
		oneOf("OTEL_METRICS_EXPORTER", &unused, "otlp"),
		oneOf("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", &unused, "cumulative", "delta", "lowmemory"),
		oneOf("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", &unused,
			"explicit_bucket_histogram", "base2_exponential_bucket_histogram"),
		milliseconds("OTEL_METRIC_EXPORT_INTERVAL"),
		milliseconds("OTEL_METRIC_EXPORT_TIMEOUT"),
		{"OTEL_RESOURCE_ATTRIBUTES", "key=value pairs, percent-encoded and separated by commas", isKeyValues},
	}
	// The form for metrics overrides the general one, so it comes second.
	for _, prefix := range []string{"OTEL_EXPORTER_OTLP_", "OTEL_EXPORTER_OTLP_METRICS_"} {
		variables = append(variables,
			oneOf(prefix+"PROTOCOL", &env.protocol, protocolGRPC, protocolHTTP),
			variable{prefix + "ENDPOINT", "a URL such as http://127.0.0.1:4317", isEndpoint},
			oneOf(prefix+"INSECURE", &unused, "true", "false"),
			oneOf(prefix+"COMPRESSION", &unused, "gzip", "none"),
			milliseconds(prefix+"TIMEOUT"),
		)
	}
	return variables
}

func oneOf(name string, target *string, values ...string) variable {
	return variable{name, strings.Join(values, " or "), func(value string) bool {
		*target = value
		return slices.Contains(values, value)
	}}
}

func milliseconds(name string) variable {
	return variable{name, "a whole number of milliseconds above 0", func(value string) bool {
		n, err := strconv.ParseInt(value, 10, 32)
		return err == nil && n > 0
	}}
}

func isEndpoint(value string) bool {
	u, err := url.Parse(value)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func isKeyValues(value string) bool {
	for pair := range strings.SplitSeq(value, ",") {
		key, val, found := strings.Cut(pair, "=")
		if _, err := url.PathUnescape(val); !found || strings.TrimSpace(key) == "" || err != nil {
			return false
		}
	}
	return true
}
