package collector_test

import (
	"testing"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// TestMergeKeepsEmptyValuesEmpty: components take a mapping or nothing, and the encoder would write "" in {batch: }.
func TestMergeKeepsEmptyValuesEmpty(t *testing.T) {
	got, err := collector.Merge("receivers: {otlp: {}}", "processors: {batch: , filter: {}}\nextensions:\n")
	if want := "receivers: {otlp: {}}\nprocessors: {batch: null, filter: {}}\nextensions: null\n"; err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
}
