package observability

import (
	"fmt"
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
		Service:     rules.Service{TaskFamily: input.StringOr(p.TaskFamily, ""), Cluster: input.StringOr(p.Cluster, ""), Matchers: input.Map(p.Matchers)},
		TaskMetrics: input.Strings(p.TaskMetrics), Labels: input.Map(p.Labels),
		Tasks: p.Tasks, Containers: p.Containers, Scrape: p.Scrape, Collector: p.Collector,
		PageSeverity: input.StringOr(p.PageSeverity, ""), TicketSeverity: input.StringOr(p.TicketSeverity, ""), RunbookURL: input.StringOr(p.RunbookUrl, ""), CheckExpr: p.CheckExpr,
	}
	if a := p.Absence; a != nil {
		c.Absence = &rules.Absence{Enabled: a.Enabled, Metrics: input.Strings(a.Metrics)}
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
				f.Add("Alerts: %s is nil; remove it or say what changes", name)
				continue
			}
			c.Alerts[name] = rules.Alert{
				Disabled: a.Enabled != nil && !*a.Enabled, Expr: input.StringOr(a.Expr, ""), Labels: input.Map(a.Labels), Annotations: input.Map(a.Annotations),
				For: f.Duration("Alerts: For of "+name, a.For), KeepFiringFor: f.Duration("Alerts: KeepFiringFor of "+name, a.KeepFiringFor),
			}
		}
	}
	return c
}

func (s *SLO) plain(where string, f *input.Faults) *rules.SLO {
	if s == nil {
		return nil
	}
	plain := &rules.SLO{
		Name: input.StringOr(s.Name, ""), Objective: numberOr(s.Objective), Threshold: numberOr(s.Threshold),
		Requests: s.Requests.plain(), Errors: s.Errors.plain(), Histogram: s.Histogram.plain(),
	}
	if s.BurnRates == nil {
		return plain
	}
	plain.BurnRates = []rules.BurnRate{}
	for i, r := range *s.BurnRates {
		where := fmt.Sprintf("%s.BurnRates[%d]", where, i)
		if r == nil {
			f.Add("%s is nil; remove it or describe a burn rate", where)
			plain.BurnRates = append(plain.BurnRates, rules.DefaultBurnRates()[0]) // keeps the place of those after it
			continue
		}
		rate := rules.BurnRate{Factor: numberOr(r.Factor), Page: r.Page != nil && *r.Page}
		for _, d := range []struct {
			what string
			from awscdk.Duration
			to   *time.Duration
		}{{where + ".Long", r.Long, &rate.Long}, {where + ".Short", r.Short, &rate.Short}} {
			if known := f.Duration(d.what, d.from); known != nil {
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
	return &rules.Series{Metric: input.StringOr(s.Metric, ""), Matchers: input.Strings(s.Matchers)}
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

func numberOr(n *float64) float64 {
	if n == nil {
		return 0
	}
	return *n
}

func stringMap(m map[string]string) *map[string]*string {
	pointers := map[string]*string{}
	for name, value := range m {
		pointers[name] = jsii.String(value)
	}
	return &pointers
}
