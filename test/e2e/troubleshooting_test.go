package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// insightsFilter holds what one looks for in the log first, logLine a line that the page quotes.
	insightsFilter = regexp.MustCompile(`(?m)^\| filter @message like /(.*)/$`)
	logLine        = regexp.MustCompile(`(?m)^(?:info|warn|error) +([^{#]*?)(?:  .*| #.*)?$`)
)

// TestTroubleshootingQuotesTheCollector looks for each log line that docs/troubleshooting.md quotes in the sources of the collector: after
// an upgrade that words it differently nobody would find it in their log.
func TestTroubleshootingQuotesTheCollector(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(repository, "docs/troubleshooting.md"))
	if err != nil {
		t.Fatal(err)
	}
	filter := insightsFilter.FindSubmatch(page)
	if filter == nil {
		t.Fatal("the page has no filter for CloudWatch Logs Insights")
	}
	quotes := strings.Split(string(filter[1]), "|")
	for _, line := range logLine.FindAllSubmatch(page, -1) {
		quotes = append(quotes, string(line[1]))
	}
	if len(quotes) < 12 {
		t.Errorf("only %d quotes were found: %q", len(quotes), quotes)
	}
	sources := collectorSources(t)
	for _, quote := range quotes {
		if !bytes.Contains(sources, []byte(quote)) {
			t.Errorf("the collector does not say %q any more", quote)
		}
	}
}

// collectorSources are those of the modules that the collector is made of, and of ADOT's own main program as it stands in adot.
func collectorSources(t *testing.T) []byte {
	t.Helper()
	list, err := exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}} {{.Dir}}", "./adot").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for line := range strings.Lines(string(list)) {
		path, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.Contains(path, "opentelemetry") && !strings.Contains(path, "prometheus") {
			continue
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	return all.Bytes()
}
