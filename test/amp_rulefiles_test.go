package test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/jsii-runtime-go"
	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

// TestRuleFiles: the end-to-end tests ask Prometheus' own parser about the same cases.
func TestRuleFiles(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("test", "testdata", "rulefiles.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct{ Name, Text, Refused, Warned string }
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			stack := newStack(t)
			build := func() *amp.RuleGroupsNamespace {
				return amp.NewRuleGroupsNamespace(stack, jsii.String("Rules"), &amp.RuleGroupsNamespaceProps{Workspace: importedWorkspace(stack), Yaml: &c.Text})
			}
			if c.Refused != "" {
				assertRefused(t, func() { build() }, c.Refused)
				return
			}
			if got := warnings(build()); (got == "") != (c.Warned == "") || !strings.Contains(got, c.Warned) {
				t.Errorf("the warnings are %q, want %q", got, c.Warned)
			}
		})
	}
}
