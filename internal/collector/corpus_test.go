package collector_test

import (
	"strings"
	"testing"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/test/corpus"
)

// TestCorpus checks the verdict on each configuration of the corpus, and the messages; test/e2e asks a collector for the truth.
func TestCorpus(t *testing.T) {
	for _, kind := range []string{"good", "bad"} {
		cases, err := corpus.Read("testdata/corpus/" + kind)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			err := collector.Check(c.Text, collector.CheckOptions{})
			if (err == nil) != (kind == "good") {
				t.Errorf("%s/%s: got %v", kind, c.Name, err)
				continue
			}
			for _, want := range c.Want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s/%s: %q is missing in\n%v", kind, c.Name, want, err)
				}
			}
		}
	}
}
