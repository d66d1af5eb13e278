package observability

import (
	"fmt"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/observability/rules"
)

// config copies the props into plain values.
func (p *ServiceRulesProps) config(f *faults) rules.Config {
	c := rules.Config{
		Service:     rules.Service{TaskFamily: stringOr(p.TaskFamily), Cluster: stringOr(p.Cluster), Matchers: plainMap(p.Matchers)},
		TaskMetrics: plainStrings(p.TaskMetrics), Labels: plainMap(p.Labels),
		Tasks: p.Tasks, Containers: p.Containers, Scrape: p.Scrape, Collector: p.Collector,
		PageSeverity: stringOr(p.PageSeverity), TicketSeverity: stringOr(p.TicketSeverity), RunbookURL: stringOr(p.RunbookUrl),
	}
	if a := p.Absence; a != nil {
		c.Absence = &rules.Absence{Enabled: a.Enabled, Metrics: plainStrings(a.Metrics)}
	}
	if p.SLOs != nil {
		for i, s := range *p.SLOs {
			c.SLOs = append(c.SLOs, s.plain(fmt.Sprintf("SLOs[%d]", i), f))
		}
	}
	if p.Alerts != nil {
		c.Alerts = map[string]rules.Alert{}
		for name, a := range *p.Alerts {
			if a == nil {
				f.add("Alerts: %s is nil; remove it or say what changes", name)
				continue
			}
			c.Alerts[name] = rules.Alert{
				Disabled: a.Enabled != nil && !*a.Enabled, Expr: stringOr(a.Expr), Labels: plainMap(a.Labels), Annotations: plainMap(a.Annotations),
				For: f.duration("Alerts: For of "+name, a.For), KeepFiringFor: f.duration("Alerts: KeepFiringFor of "+name, a.KeepFiringFor),
			}
		}
	}
	return c
}

func (s *SLO) plain(where string, f *faults) *rules.SLO {
	if s == nil {
		return nil
	}
	plain := &rules.SLO{
		Name: stringOr(s.Name), Objective: numberOr(s.Objective), Threshold: numberOr(s.Threshold),
		Requests: s.Requests.plain(), Errors: s.Errors.plain(), Histogram: s.Histogram.plain(),
	}
	if s.BurnRates == nil {
		return plain
	}
	plain.BurnRates = []rules.BurnRate{}
	for i, r := range *s.BurnRates {
		where := fmt.Sprintf("%s.BurnRates[%d]", where, i)
		if r == nil {
			f.add("%s is nil; remove it or describe a burn rate", where)
			plain.BurnRates = append(plain.BurnRates, rules.DefaultBurnRates()[0]) // keeps the place of those after it
			continue
		}
		rate := rules.BurnRate{Factor: numberOr(r.Factor), Page: r.Page != nil && *r.Page}
		for _, d := range []struct {
			what string
			from awscdk.Duration
			to   *time.Duration
		}{{where + ".Long", r.Long, &rate.Long}, {where + ".Short", r.Short, &rate.Short}} {
			if known := f.duration(d.what, d.from); known != nil {
				*d.to = *known
			}
		}
		plain.BurnRates = append(plain.BurnRates, rate)
	}
	return plain
}

func (s *Series) plain() *rules.Series {
	if s == nil {
		return nil
	}
	return &rules.Series{Metric: stringOr(s.Metric), Matchers: plainStrings(s.Matchers)}
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

func stringOr(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func numberOr(n *float64) float64 {
	if n == nil {
		return 0
	}
	return *n
}

// plainStrings copies a list; nil stays nil, and a nil element becomes empty.
func plainStrings(list *[]*string) []string {
	if list == nil {
		return nil
	}
	plain := make([]string, len(*list))
	for i, s := range *list {
		plain[i] = stringOr(s)
	}
	return plain
}

func plainMap(m *map[string]*string) map[string]string {
	plain := map[string]string{}
	if m != nil {
		for name, value := range *m {
			plain[name] = stringOr(value)
		}
	}
	return plain
}

func stringMap(m map[string]string) *map[string]*string {
	pointers := map[string]*string{}
	for name, value := range m {
		pointers[name] = jsii.String(value)
	}
	return &pointers
}
