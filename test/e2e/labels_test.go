package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const labelTableMarker = "<!-- The rest is written by the end-to-end tests, with UPDATE_GOLDEN=1; do not edit it. -->\n"

// compareLabelTable compares docs/labels.md with a run, or rewrites it.
func compareLabelTable(t *testing.T, sections []labelSection) {
	t.Helper()
	file := filepath.Join(repository, "docs/labels.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	introduction, table, ok := strings.Cut(string(text), labelTableMarker)
	if !ok {
		t.Fatalf("%s has no line %s", file, labelTableMarker)
	}
	want := labelTable(sections)
	if table == want {
		return
	}
	if os.Getenv("UPDATE_GOLDEN") == "" {
		t.Fatalf("%s is not what the collector does; if it should, rewrite it with UPDATE_GOLDEN=1 and read the difference:\n%s", file, want)
	}
	if os.Getenv("CI") != "" {
		t.Fatal("golden files are not updated in CI")
	}
	if err := os.WriteFile(file, []byte(introduction+labelTableMarker+want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// labelSection is a policy with the labels of each source.
type labelSection struct {
	title  string
	labels map[string][]string
}

// labelTable has one section for each policy, with one line for the sources that agree.
func labelTable(sections []labelSection) string {
	var b strings.Builder
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n\n| metrics from | labels |\n| --- | --- |\n", s.title)
		written := map[string]bool{}
		for _, source := range sources {
			agreeing := slices.DeleteFunc(slices.Clone(sources), func(other string) bool {
				return written[other] || !slices.Equal(s.labels[other], s.labels[source])
			})
			if written[source] {
				continue
			}
			for _, other := range agreeing {
				written[other] = true
			}
			fmt.Fprintf(&b, "| %s | `%s` |\n", strings.Join(agreeing, ", "), strings.Join(s.labels[source], "` `"))
		}
	}
	return b.String()
}
