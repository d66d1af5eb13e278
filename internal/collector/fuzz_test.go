package collector_test

import (
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/test/randomconfig"
)

// FuzzConfig checks that whatever Validate accepts renders to YAML that parses, names only what it defines, and comes
// out the same twice. test/e2e checks the same with the real factories.
func FuzzConfig(f *testing.F) {
	for _, seed := range randomconfig.Seeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		config := randomconfig.FromBytes(data)
		if config.Validate() != nil {
			return
		}
		first, err := config.YAML()
		if err != nil {
			t.Fatalf("accepted, but does not render: %v", err)
		}
		if second, _ := config.YAML(); second != first {
			t.Errorf("rendered in two ways:\n%s\n%s", first, second)
		}
		if err := collector.Check(first, collector.CheckOptions{}); err != nil {
			t.Errorf("%v\n%s", err, first)
		}
	})
}

// FuzzCheck checks that no text of a user's makes Check or Merge panic, and that what Check accepts parses.
func FuzzCheck(f *testing.F) {
	f.Add("receivers: {otlp: }\nexporters: {debug: }\nservice: {pipelines: {metrics: {receivers: [otlp], exporters: [debug]}}}")
	f.Add("a: &x [1]\nb: *x\n")
	f.Add("service: ${env:A}\n? [a]\n: b")
	f.Fuzz(func(t *testing.T, text string) {
		if err := collector.Check(text, collector.CheckOptions{AllowUnknownComponents: true}); err == nil {
			var parsed map[string]any
			if err := yaml.Unmarshal([]byte(text), &parsed); err != nil {
				t.Errorf("accepted, but does not parse: %v", err)
			}
		}
		merged, err := collector.Merge("receivers: {otlp: {protocols: {grpc: {endpoint: a}}}}", text)
		if err == nil {
			if _, err := collector.Merge(merged, "{}"); err != nil {
				t.Errorf("the merged text does not parse: %v\n%s", err, merged)
			}
		}
	})
}
