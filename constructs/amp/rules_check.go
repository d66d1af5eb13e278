package amp

import (
	"fmt"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

// Limits of AMP. The second is a quota that AWS can raise.
// Source: Amazon Managed Service for Prometheus User Guide, Service quotas.
const (
	minInterval   = 30 * time.Second
	rulesPerGroup = 20
)

// ruleWarning is a likely mistake.
type ruleWarning struct{ id, text string }

// validate reports what Prometheus would refuse, as far as that needs no parser, and gives back likely mistakes.
// Source: Prometheus v0.313.2, model/rulefmt.
func (file *ruleFile) validate(checkExpr func(string) error, f *input.Faults) (warnings []ruleWarning) {
	if len(file.Groups) == 0 {
		f.Add("there are no groups; give Groups, or Yaml with groups in it")
	}
	groups := map[string]bool{}
	seen := map[string]string{}
	for _, g := range file.Groups {
		where := fmt.Sprintf("group %q", g.Name)
		switch {
		case g.Name == "":
			f.Add("a group has no name; give each group one")
		case groups[g.Name]:
			f.Add("two groups are named %q; give each group in a namespace its own name", g.Name)
		}
		groups[g.Name] = true
		if len(g.Rules) == 0 {
			f.Add("%s has no rules", where)
		}
		durationText(f, where+": interval", g.Interval)
		if d, known := prom.ParseDuration(g.Interval); known && d < minInterval && d != 0 {
			f.Add("%s: interval is %s; AMP evaluates every 30 seconds at most, so set 30s or more", where, g.Interval)
		}
		if len(g.Rules) > rulesPerGroup {
			warnings = append(warnings, ruleWarning{"rulesPerGroup", fmt.Sprintf("%s has %d rules; AMP takes %d in a group, unless AWS has raised this quota for the workspace; "+
				"make two groups of it", where, len(g.Rules), rulesPerGroup)})
		}
		durationText(f, where+": query_offset", g.QueryOffset)
		f.AddAll(where, prom.CheckLabels(g.Labels, false)...)
		for i, r := range g.Rules {
			where := fmt.Sprintf("%s, rule %d (%s)", where, i+1, r.Record+r.Alert)
			r.validate(where, checkExpr, f)
			key := fmt.Sprintf("%s\x00%s\x00%v", r.Record, r.Alert, r.Labels) // fmt sorts the keys
			if first, twice := seen[key]; twice {
				what := "where both give the same series, one is dropped"
				if r.Alert != "" {
					what = "the alert manager takes their alerts for one; give one of them another label"
				}
				warnings = append(warnings, ruleWarning{"duplicateRule", fmt.Sprintf("%s has the name and the labels of %s; %s", where, first, what)})
			}
			seen[key] = where
		}
	}
	return warnings
}

func (r *ruleNode) validate(where string, checkExpr func(string) error, f *input.Faults) {
	switch {
	case r.Record == "" && r.Alert == "":
		f.Add("%s: neither record nor alert is set; name the series or the alert", where)
	case r.Record != "" && r.Alert != "":
		f.Add("%s: both record and alert are set; make two rules of it", where)
	case r.Record != "":
		f.AddAll(where+": record", prom.CheckMetricName(r.Record))
	}
	if r.Record != "" && (isSet(r.For) || isSet(r.KeepFiringFor) || len(r.Annotations) > 0) {
		f.Add("%s: for, keep_firing_for and annotations belong to alerts; a recording rule has none", where)
	}
	durationText(f, where+": for", r.For)
	durationText(f, where+": keep_firing_for", r.KeepFiringFor)
	f.AddAll(where, prom.CheckLabels(r.Labels, r.Alert != "")...)
	f.AddAll(where, prom.CheckAnnotations(r.Annotations)...)
	f.AddAll(where, prom.CheckExpr(r.Expr, checkExpr))
}

// isSet tells a duration from none and from 0.
func isSet(duration string) bool {
	d, known := prom.ParseDuration(duration)
	return duration != "" && (!known || d != 0)
}

func durationText(f *input.Faults, where, text string) {
	if problem := prom.CheckDuration(text); problem != "" {
		f.Add("%s %s", where, problem)
	}
}
