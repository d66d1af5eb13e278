package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/adot"
)

// components are the names that a configuration may use; those in brackets are old spellings that draw a warning.
var components = map[string]string{
	"receivers": "awsecscontainermetrics file_log [filelog] jaeger otlp prometheus statsd",
	"processors": "attributes batch cumulativetodelta deltatorate filter groupbytrace k8s_attributes [k8sattributes] memory_limiter " +
		"metrics_transform [metricstransform] metricsgeneration probabilistic_sampler resource resource_detection [resourcedetection] span tail_sampling",
	"exporters":  "awsxray debug file otlp_grpc [otlp] otlp_http [otlphttp] prometheus prometheus_remote_write [prometheusremotewrite]",
	"extensions": "ecs_observer file_storage health_check pprof sigv4auth zpages",
}

func TestComponentSet(t *testing.T) {
	factories, err := adot.Components()
	if err != nil {
		t.Fatal(err)
	}
	check(t, "receivers", factories.Receivers)
	check(t, "processors", factories.Processors)
	check(t, "exporters", factories.Exporters)
	check(t, "extensions", factories.Extensions)
	if len(factories.Connectors) > 0 {
		t.Error("ADOT has no connectors")
	}
}

// check compares the names of a kind of component, and that each one's default configuration can be read from YAML.
func check[F component.Factory](t *testing.T, kind string, factories map[component.Type]F) {
	t.Helper()
	var got []string
	for name, factory := range factories {
		if name == factory.Type() {
			got = append(got, name.String())
			if err := componenttest.CheckConfigStruct(factory.CreateDefaultConfig()); err != nil {
				t.Errorf("%s %s: %v", kind, name, err)
			}
		} else {
			got = append(got, fmt.Sprintf("[%s]", name))
		}
	}
	want := strings.Fields(components[kind])
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s are %v, expected %v", kind, got, want)
	}
}
