package rules

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

// everything is a configuration with every alert.
func everything() Config {
	return Config{
		Service:     Service{TaskFamily: "orders", Cluster: "shop"},
		TaskMetrics: collector.KnownTaskMetrics(),
		Tasks:       true, Containers: true, Scrape: true, Collector: true, Absence: true, AbsentMetrics: []string{"up"}, Targets: true, Discovery: true,
		SLOs:       []*slo.SLO{{Name: "latency", Objective: 0.99, Histogram: "h", Threshold: 1}},
		RunbookUrl: "https://example.com/alerts.md",
	}
}

func alertsOf(t *testing.T, c Config) map[string]Rule {
	t.Helper()
	groups, err := c.Groups()
	if err != nil {
		t.Fatal(err)
	}
	alerts := map[string]Rule{}
	for _, g := range groups {
		for _, r := range g.Rules {
			if r.Alert != "" {
				alerts[r.Alert] = r
			}
		}
	}
	return alerts
}

// TestEveryAlertHasItsRunbook, in the table and as a section, and there is no runbook without an alert.
func TestEveryAlertHasItsRunbook(t *testing.T) {
	data, err := os.ReadFile("../../docs/alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| \[(\w+)\]\(#(\w+)\) \| (\w+) \| (\w+) \|`).FindAllStringSubmatch(string(data), -1) {
		rows[row[1]] = row[2:]
	}
	_, runbooks, found := strings.Cut(string(data), "\n# Runbooks\n")
	if !found {
		t.Fatal("there are no runbooks")
	}
	sections := map[string]string{}
	for _, section := range strings.Split(runbooks, "\n## ")[1:] {
		name, text, _ := strings.Cut(section, "\n")
		sections[name] = text
	}
	alerts := alertsOf(t, everything())
	for _, name := range Names() {
		alert, row := alerts[name], rows[name]
		if alert.Alert == "" {
			t.Errorf("%s is not made", name)
			continue
		}
		duration := "0"
		if alert.For > 0 {
			duration = prom.Duration(alert.For)
		}
		if want := []string{strings.ToLower(name), alert.Labels["severity"], duration}; !slices.Equal(row, want) {
			t.Errorf("the table has %v for %s, expected %v", row, name, want)
		}
		for _, part := range []string{"**Means.** ", "**Likely causes.** ", "**First checks.** ", "```promql\n", "**Fix.** "} {
			if strings.Count(sections[name], part) != 1 {
				t.Errorf("the section of %s has %q %d times", name, part, strings.Count(sections[name], part))
			}
		}
		if want := "https://example.com/alerts.md#" + strings.ToLower(name); alert.Annotations["runbook_url"] != want {
			t.Errorf("the runbook of %s is at %s, expected %s", name, alert.Annotations["runbook_url"], want)
		}
	}
	if len(sections) != len(Names()) || len(rows) != len(Names()) || len(definitions) != len(Names()) {
		t.Errorf("%d sections, %d rows and %d definitions for %d alerts", len(sections), len(rows), len(definitions), len(Names()))
	}
}

// TestDefaultThresholdsAreThoseOfTheSidecar keeps copies of the sidecar's defaults in step.
func TestDefaultThresholdsAreThoseOfTheSidecar(t *testing.T) {
	if got := prom.Number(thresholds["Scrape.SampleLimit"].byDefault); got != collector.DefaultSampleLimit {
		t.Errorf("the sample limit is %s, that of scrape jobs %s", got, collector.DefaultSampleLimit)
	}
	if want, got := 0.8*collector.DefaultScrapeTimeout.Seconds(), thresholds["Scrape.DurationSeconds"].byDefault; got != want {
		t.Errorf("the scrape duration is %g, four fifths of the timeout %g", got, want)
	}
}

func TestGroupsAreTheSameEachTime(t *testing.T) {
	first, _ := everything().Groups()
	for range 10 {
		if again, _ := everything().Groups(); !reflect.DeepEqual(first, again) {
			t.Fatal("the groups differ")
		}
	}
	broken := Config{Alerts: map[string]Alert{"A": {}, "B": {}, "C": {}}, Service: Service{Matchers: map[string]string{"a-": "", "b-": "", "c-": ""}}}
	_, err := broken.Groups()
	for range 10 {
		if _, again := broken.Groups(); again.Error() != err.Error() {
			t.Fatalf("the errors differ:\n%v\n%v", err, again)
		}
	}
}

// TestGroupsStaySmall: a group is evaluated one rule after the other, and rulers limit its size.
func TestGroupsStaySmall(t *testing.T) {
	groups, _ := everything().Groups()
	for _, g := range groups {
		if len(g.Rules) > 20 {
			t.Errorf("group %s has %d rules", g.Name, len(g.Rules))
		}
	}
}

// TestNoExporterIsCalledByName: the delivery of the sidecar decides how they are called.
func TestNoExporterIsCalledByName(t *testing.T) {
	for name, alert := range alertsOf(t, everything()) {
		for _, label := range []string{"exporter", "receiver", "processor"} {
			if strings.Contains(alert.Expr, label+"=") {
				t.Errorf("%s: %s", name, alert.Expr)
			}
		}
	}
}

func ExampleConfig_Groups() {
	groups, err := Config{Service: Service{TaskFamily: "orders"}, TaskMetrics: []string{"ecs.task.memory.utilized"}, Absence: true}.Groups()
	fmt.Println(err)
	for _, g := range groups {
		for _, r := range g.Rules {
			if r.Alert == "EcsServiceAbsent" {
				fmt.Println(g.Name, r.For, r.Expr)
			}
		}
	}
	// Output:
	// <nil>
	// absence 10m0s absent(ecs_task_memory_utilized{aws_ecs_task_family="orders"})
}

// TestWindowOfAnObjectiveIsInItsTexts: the thresholds do not depend on it.
func TestWindowOfAnObjectiveIsInItsTexts(t *testing.T) {
	week := everything()
	objective := *week.SLOs[0]
	objective.Window = 7 * 24 * time.Hour
	week.SLOs = []*slo.SLO{&objective}
	month := alertsOf(t, everything())
	for name, alert := range alertsOf(t, week) {
		if alert.Expr != month[name].Expr {
			t.Errorf("%s is %s, was %s", name, alert.Expr, month[name].Expr)
		}
		if want := strings.ReplaceAll(month[name].Annotations["description"], "30 days", "7 days"); strings.Contains(name, "Burn") && alert.Annotations["description"] != want {
			t.Errorf("%s says %q, want %q", name, alert.Annotations["description"], want)
		}
	}
}

func TestThresholdsThatNothingAsksForAreReported(t *testing.T) {
	_, err := Config{Service: Service{TaskFamily: "a"}, Thresholds: map[string]float64{"Tasks.Cpu": 1}}.Groups()
	if err == nil || !strings.Contains(err.Error(), "there is no threshold Tasks.Cpu") {
		t.Error(err)
	}
}
