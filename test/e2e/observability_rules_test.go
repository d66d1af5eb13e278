package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/promslog"
	promlabels "github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/promqltest"
	promrules "github.com/prometheus/prometheus/rules"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
	"github.com/seed86154836/cdk-otel-prometheus/internal/rules"
)

// observabilityRules is what a synthesized template has, with everything turned on.
const observabilityRules = "../testdata/rules/observability.yaml"

// ruleCase is a series of samples and what it does to an alert. Series are one a minute; in them, S stands for the labels of
// the service with those of a task.
type ruleCase struct {
	group  string
	series []string
	at     time.Duration
	fires  []string // exactly these of the group; none: it is silent
}

const (
	serviceLabels = `aws_ecs_task_family="orders",aws_ecs_cluster_name="shop"`
	taskLabels    = serviceLabels + `,aws_ecs_task_revision="7",aws_ecs_task_id="t1",instance="t1",job="app"`
)

// firingAfter evaluates a group of rules as Prometheus does, and gives back the alerts that fire at the end.
func firingAfter(t *testing.T, group string, series []string, at, step time.Duration) (firing []*promrules.Alert, names []string) {
	t.Helper()
	load := "load 1m\n"
	for _, s := range series {
		load += "  " + strings.NewReplacer("{S", "{"+taskLabels, "{F", "{"+serviceLabels).Replace(s) + "\n"
	}
	loader, err := promqltest.NewLazyLoader(load, promqltest.LazyLoaderOpts{EnableAtModifier: true, EnableNegativeOffset: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = loader.Close() }()
	manager := promrules.NewManager(&promrules.ManagerOptions{
		QueryFunc: promrules.EngineQueryFunc(loader.QueryEngine(), loader.Storage()), Appendable: loader.Storage(), Context: context.Background(),
		NotifyFunc: func(context.Context, string, ...*promrules.Alert) {}, Logger: promslog.NewNopLogger(), Parser: promqlParser(),
	})
	groups, errs := manager.LoadGroups(step, promlabels.EmptyLabels(), "", nil, false, observabilityRules)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	g := groups[promrules.GroupKey(observabilityRules, group)]
	if g == nil {
		t.Fatalf("no group %s", group)
	}
	start := time.Unix(0, 0).UTC()
	for now := start; !now.After(start.Add(at)); now = now.Add(step) {
		loader.WithSamplesTill(now, func(err error) {
			if err != nil {
				t.Fatal(err)
			}
			g.Eval(loader.Context(), now)
		})
	}
	for _, r := range g.Rules() {
		if err := r.LastError(); err != nil {
			t.Fatalf("%s: %v", r.Name(), err)
		}
		if alert, ok := r.(*promrules.AlertingRule); ok {
			for _, a := range alert.ActiveAlerts() {
				if a.State == promrules.StateFiring {
					firing, names = append(firing, a), append(names, r.Name())
				}
			}
		}
	}
	return firing, names
}

// TestObservabilityAlertsFireAndStaySilent: each alert fires on its condition, and on nothing else of its group.
func TestObservabilityAlertsFireAndStaySilent(t *testing.T) {
	fired, silent := map[string]bool{}, map[string]bool{}
	for name, tc := range alertCases() {
		t.Run(name, func(t *testing.T) {
			step := time.Minute
			if tc.at > 12*time.Hour {
				step = 5 * time.Minute
			}
			alerts, names := firingAfter(t, tc.group, tc.series, tc.at, step)
			if !slices.Equal(names, tc.fires) {
				t.Fatalf("firing are %v, expected %v", names, tc.fires)
			}
			alert, _, _ := strings.Cut(name, ": ")
			if len(tc.fires) == 0 {
				silent[alert] = true
			}
			for _, a := range alerts {
				fired[a.Labels.Get("alertname")] = true
				checkAlert(t, a)
			}
		})
	}
	for _, alert := range rules.Names() {
		if !fired[alert] || !silent[alert] {
			t.Errorf("%s: seen to fire: %t, seen to be silent: %t", alert, fired[alert], silent[alert])
		}
	}
}

// checkAlert: what people read is complete, and what routes are made of is there.
func checkAlert(t *testing.T, a *promrules.Alert) {
	t.Helper()
	for _, label := range []string{"aws_ecs_task_family", "aws_ecs_cluster_name", "severity", "team"} {
		if a.Labels.Get(label) == "" {
			t.Errorf("the alert %s has no label %s", a.Labels, label)
		}
	}
	for _, annotation := range []string{"summary", "description", "runbook_url"} {
		text := a.Annotations.Get(annotation)
		if text == "" || strings.Contains(text, "<") || strings.Contains(text, "  ") || strings.Contains(text, "NaN") {
			t.Errorf("%s of %s is %q", annotation, a.Labels, text)
		}
	}
	if want := "docs/alerts.md#" + strings.ToLower(a.Labels.Get("alertname")); !strings.HasSuffix(a.Annotations.Get("runbook_url"), want) {
		t.Errorf("the runbook is at %s, expected …%s", a.Annotations.Get("runbook_url"), want)
	}
}

// TestObservabilityBurnAlertsEndWithTheErrors: a fast burn fires while requests fail, and no more 7 minutes later.
func TestObservabilityBurnAlertsEndWithTheErrors(t *testing.T) {
	series := availabilitySeries("0+10x360 3600+9.8x60 4200+10x30", "0x360 0+0.2x60 12x30")
	if _, names := firingAfter(t, "slo-availability", series, 420*time.Minute, time.Minute); !slices.Contains(names, "EcsSloFastBurn") {
		t.Errorf("firing are %v while requests fail", names)
	}
	if _, names := firingAfter(t, "slo-availability", series, 427*time.Minute, time.Minute); slices.Contains(names, "EcsSloFastBurn") {
		t.Error("EcsSloFastBurn fires 7 minutes after the last failed request")
	}
}

var promqlBlock = regexp.MustCompile("(?s)```promql\n(.*?)```")

// TestObservabilityDocsHaveQueriesThatParse: the queries of the runbooks are meant to be pasted.
func TestObservabilityDocsHaveQueriesThatParse(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(repository, "docs", "alerts.md"))
	if err != nil {
		t.Fatal(err)
	}
	queries := 0
	for _, block := range promqlBlock.FindAllStringSubmatch(string(data), -1) {
		for query := range strings.SplitSeq(strings.TrimSpace(block[1]), "\n") {
			queries++
			if _, err := promqlParser().ParseExpr(query); err != nil {
				t.Errorf("%s: %v", query, err)
			}
		}
	}
	if queries < len(rules.Names()) {
		t.Errorf("%d queries for %d alerts", queries, len(rules.Names()))
	}
}

// TestObservabilityOptionsGiveRulesThatParse tries options that change the form of expressions.
func TestObservabilityOptionsGiveRulesThatParse(t *testing.T) {
	a := rules.Service{TaskFamily: "a"}
	for i, c := range []rules.Config{
		{Service: a, Tasks: true, Absence: true},
		{Service: rules.Service{Matchers: map[string]string{"service": "a\"b\\c\nd{é}"}}, Tasks: true, Absence: true},
		{Service: rules.Service{TaskFamily: "a-b_c", Cluster: "d"}, TaskMetrics: []string{"ecs.task.storage.read_bytes"}, Tasks: true, Absence: true},
		{Service: a, Containers: true, Scrape: true, Thresholds: map[string]float64{
			"Containers.MemoryUtilization": 0.001, "Containers.StorageBytesPerSecond": 1e12, "Scrape.DurationSeconds": 0.001,
		}},
		{Service: a, SLOs: []*slo.SLO{
			{Name: "a", Objective: 0.99999, Histogram: `h{a!~"b.*"}`, Threshold: 1e-7},
			{Name: "b", Objective: 0.5, Requests: "a:b", Errors: `c { d = "e" , f!='"' }`, Window: 7 * 24 * time.Hour,
				BurnRates: []slo.BurnRate{{Factor: 1.9999, Long: 7 * 24 * time.Hour, Short: 61 * time.Minute, Page: true}}},
		}},
	} {
		groups, err := c.Groups()
		if err != nil || len(groups) == 0 {
			t.Fatalf("%d: %d groups, %v", i, len(groups), err)
		}
		for _, g := range groups {
			for _, r := range g.Rules {
				if _, err := promqlParser().ParseExpr(r.Expr); err != nil {
					t.Errorf("%d: %s%s: %s: %v", i, r.Record, r.Alert, r.Expr, err)
				}
			}
		}
	}
}

// availabilitySeries are requests with code 200 and with code 503.
func availabilitySeries(good, bad string) []string {
	return []string{fmt.Sprintf(`http_requests_total{S,code="200"} %s`, good), fmt.Sprintf(`http_requests_total{S,code="503"} %s`, bad)}
}
