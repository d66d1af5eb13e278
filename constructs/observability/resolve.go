package observability

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/rules"
)

// config copies the props into plain values.
func (p *ServiceRulesProps) config(f *input.Faults) rules.Config {
	c := rules.Config{
		Tasks:      p.Tasks == nil || input.BoolOr(p.Tasks.Enabled, true),
		Containers: p.Containers != nil, Scrape: p.Scrape != nil, Collector: p.Collector != nil,
		Targets: p.Targets != nil, Discovery: p.Discovery != nil,
		Absence:    p.Absence == nil || input.BoolOr(p.Absence.Enabled, true),
		Thresholds: map[string]float64{}, Alerts: map[string]rules.Alert{},
	}
	input.Copy(f, "", &c, p, "Workspace", "Name", "Service", "TaskDefinition", "Tasks", "Containers", "Scrape", "Collector", "Targets", "Discovery", "WorkspaceAlarms", "Absence", "SLOs", "Alerts")
	c.RunbookUrl = cmp.Or(c.RunbookUrl, DefaultRunbookUrl)
	for prop, group := range map[string]any{"Tasks": p.Tasks, "Containers": p.Containers, "Scrape": p.Scrape, "Collector": p.Collector, "Targets": p.Targets, "Discovery": p.Discovery} {
		addThresholds(c.Thresholds, prop, group)
	}
	if p.Absence != nil {
		c.AbsentMetrics = input.Strings(p.Absence.Metrics)
	}
	if p.SLOs != nil {
		c.SLOs = *p.SLOs
	}
	if p.Alerts == nil {
		return c
	}
	for _, name := range slices.Sorted(maps.Keys(*p.Alerts)) {
		where, change := "Alerts["+name+"]", (*p.Alerts)[name]
		if change == nil {
			f.Add("%s is nil; remove it or say what changes", where)
			continue
		}
		var plain rules.Alert
		input.Copy(f, where, &plain, change)
		c.Alerts[name] = plain
	}
	return c
}

// addThresholds adds the numbers that a group of alerts has, by the prop and the field.
func addThresholds(thresholds map[string]float64, prop string, group any) {
	props := reflect.ValueOf(group)
	if props.IsNil() {
		return
	}
	for i := range props.Elem().NumField() {
		if n, isNumber := props.Elem().Field(i).Interface().(*float64); isNumber && n != nil {
			thresholds[prop+"."+props.Elem().Type().Field(i).Name] = *n
		}
	}
}

// ampGroups are the same groups for package amp.
func ampGroups(groups []rules.Group) *[]*amp.RuleGroup {
	var all []*amp.RuleGroup
	for _, g := range groups {
		var list []amp.Rule
		for _, r := range g.Rules {
			if r.Record != "" {
				list = append(list, &amp.RecordingRule{Record: jsii.String(r.Record), Expr: jsii.String(r.Expr), Labels: stringMap(r.Labels)})
				continue
			}
			list = append(list, &amp.AlertingRule{
				Alert: jsii.String(r.Alert), Expr: jsii.String(r.Expr), Labels: stringMap(r.Labels), Annotations: stringMap(r.Annotations),
				For: durationOf(r.For), KeepFiringFor: durationOf(r.KeepFiringFor),
			})
		}
		all = append(all, &amp.RuleGroup{Name: jsii.String(g.Name), Rules: &list})
	}
	return &all
}

// durationOf is nil for 0, which is the default everywhere.
func durationOf(d time.Duration) awscdk.Duration {
	if d == 0 {
		return nil
	}
	return awscdk.Duration_Millis(jsii.Number(d.Milliseconds()))
}

func stringMap(m map[string]string) *map[string]*string {
	pointers := map[string]*string{}
	for name, value := range m {
		pointers[name] = jsii.String(value)
	}
	return &pointers
}
