package e2e

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	alertmanager "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// The rule files and alert manager definitions that constructs/amp renders, read by Prometheus and Alertmanager themselves. The
// parser is no dependency of the library: it would cost those who import it more than it tells them.

func promqlParser() parser.Parser { return parser.NewParser(parser.Options{}) }

func TestRenderedRulesLoadInPrometheus(t *testing.T) {
	for _, file := range globbed(t, "../testdata/rules/*.yaml") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, errs := rulefmt.Parse(data, false, model.LegacyValidation, promqlParser(), slog.Default()); len(errs) > 0 {
			t.Errorf("%s: %v", file, errs)
		}
	}
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

func globbed(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	return files
}
