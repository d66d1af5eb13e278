package e2e

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	alertmanager "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	promrules "github.com/prometheus/prometheus/rules"
	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

// The rule files and alert manager definitions that constructs/amp renders, read by Prometheus and Alertmanager themselves. The
// parser is no dependency of the library: it would cost those who import it more than it tells them.

func promqlParser() parser.Parser { return parser.NewParser(parser.Options{}) }

// vectorSelectors are those in an expression.
func vectorSelectors(t *testing.T, expr string) (found []*parser.VectorSelector) {
	t.Helper()
	parsed, err := promqlParser().ParseExpr(expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			found = append(found, selector)
		}
		return nil
	})
	return found
}

// TestRenderedRulesPassPromtoolChecks does what promtool check rules does: it parses strictly, and lints duplicates.
func TestRenderedRulesPassPromtoolChecks(t *testing.T) {
	for _, file := range globbed(t, "../testdata/rules/*.yaml") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		groups, errs := rulefmt.Parse(data, false, model.LegacyValidation, promqlParser(), slog.Default())
		if len(errs) > 0 {
			t.Fatalf("%s: %v", file, errs)
		}
		if found := duplicates(groups); len(found) > 0 {
			t.Errorf("%s: duplicate rules: %v", file, found)
		}
	}
	broken, errs := rulefmt.Parse([]byte("groups: [{name: g, rules: [{alert: A, expr: up}, {alert: A, expr: up > 1}]}]"), false, model.LegacyValidation, promqlParser(), slog.Default())
	if len(errs) > 0 || len(duplicates(broken)) != 1 {
		t.Errorf("the lint misses a duplicate: %v", errs)
	}
}

// duplicates are rules of one name with the same labels.
func duplicates(groups *rulefmt.RuleGroups) (found []string) {
	seen := map[string]bool{}
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			key := r.Record + r.Alert + promrules.FromMaps(g.Labels, r.Labels).String()
			if seen[key] {
				found = append(found, key)
			}
			seen[key] = true
		}
	}
	return found
}

// TestPromQLCheckAgreesWithPrometheus: the check at synthesis refuses nothing that Prometheus takes.
func TestPromQLCheckAgreesWithPrometheus(t *testing.T) {
	var cases struct {
		Accepted []string
		Refused  []struct{ Expr, Because string }
	}
	data, err := os.ReadFile("../testdata/promql.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases.Accepted) == 0 || len(cases.Refused) == 0 {
		t.Fatal("no cases")
	}
	for _, expr := range cases.Accepted {
		if _, err := promqlParser().ParseExpr(expr); err != nil {
			t.Errorf("the check takes %s, Prometheus does not: %v", expr, err)
		}
	}
	for _, c := range cases.Refused {
		if _, err := promqlParser().ParseExpr(c.Expr); err == nil {
			t.Errorf("the check refuses %s, Prometheus takes it", c.Expr)
		}
	}
}

func TestRenderedAlertManagerDefinitionsLoadInAlertmanager(t *testing.T) {
	for _, file := range globbed(t, "../testdata/alertmanager/*.yaml") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// AMP wraps the file that Alertmanager reads.
		var wrapped struct {
			Config string `yaml:"alertmanager_config"`
		}
		if err := yaml.Unmarshal(data, &wrapped); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		config, err := alertmanager.Load(wrapped.Config)
		if err != nil {
			t.Errorf("%s: %v\n%s", file, err, wrapped.Config)
			continue
		}
		for _, receiver := range config.Receivers {
			for _, sns := range receiver.SNSConfigs {
				if !strings.HasPrefix(sns.TopicARN, "arn:") || sns.Sigv4.Region == "" {
					t.Errorf("%s: receiver %s has topic %q and region %q", file, receiver.Name, sns.TopicARN, sns.Sigv4.Region)
				}
			}
		}
	}
}

// TestAlertManagerCheckAgreesWithAlertmanager: the check at synthesis refuses nothing that Alertmanager's own parser takes, and takes
// nothing that it refuses, but for what AMP documents.
func TestAlertManagerCheckAgreesWithAlertmanager(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(repository, "internal", "alertmanager", "testdata", "cases.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct{ Name, Text, Refused, Alertmanager string }
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range file.Cases {
		if c.Alertmanager == "none" { // there is nothing that it could read
			continue
		}
		var wrapped struct {
			Config string `yaml:"alertmanager_config"`
		}
		if err := yaml.Unmarshal([]byte(c.Text), &wrapped); err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		want := "takes"
		if c.Refused != "" {
			want = "refuses"
		}
		if c.Alertmanager != "" {
			want = c.Alertmanager
		}
		if _, err := alertmanager.Load(wrapped.Config); (err == nil) != (want == "takes") {
			t.Errorf("%s: Alertmanager says %v; want that it %s it", c.Name, err, want)
		}
	}
}

// TestFunctionsAreThoseOfPrometheus: what the check at synthesis knows.
func TestFunctionsAreThoseOfPrometheus(t *testing.T) {
	if want := slices.Sorted(maps.Keys(parser.Functions)); !slices.Equal(prom.Functions, want) {
		t.Errorf("got %q, want %q", prom.Functions, want)
	}
}

// TestRuleFilesAreTakenAsPrometheusTakesThem compares the cases of the check at synthesis with Prometheus' own parser.
func TestRuleFilesAreTakenAsPrometheusTakesThem(t *testing.T) {
	data, err := os.ReadFile("../testdata/rulefiles.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct{ Name, Text, Refused, Prometheus string }
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range file.Cases {
		want := "takes"
		if c.Refused != "" {
			want = "refuses"
		}
		if c.Prometheus != "" {
			want = c.Prometheus
		}
		_, errs := rulefmt.Parse([]byte(c.Text), false, model.LegacyValidation, promqlParser(), slog.New(slog.DiscardHandler))
		if (len(errs) == 0) != (want == "takes") {
			t.Errorf("%s: Prometheus says %v; want that it %s it", c.Name, errs, want)
		}
	}
}

func globbed(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	return files
}
