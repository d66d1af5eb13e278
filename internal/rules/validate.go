package rules

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

var (
	ecsName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}$`)
	sloName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	matcher = regexp.MustCompile(`^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\\n]|\\.)*")\s*$`)
)

func (b *builder) validate() {
	s := b.Service
	for _, n := range []struct{ what, name string }{{"TaskFamily", s.TaskFamily}, {"Cluster", s.Cluster}} {
		if n.name != "" && !token.In(n.name) && !ecsName.MatchString(n.name) {
			b.fault("%s is %q; it must have 1 to 255 letters, digits, dashes and underscores", n.what, n.name)
		}
	}
	if s.TaskFamily == "" && len(s.Matchers) == 0 {
		b.fault("TaskFamily is not set; name the family of the service's task definition")
	}
	for _, name := range slices.Sorted(maps.Keys(s.Matchers)) {
		switch {
		case prom.CheckLabelName(name) != "":
			b.fault("Matchers: %s", prom.CheckLabelName(name))
		case name == familyLabel || name == clusterLabel:
			b.fault("Matchers has %s; set TaskFamily and Cluster instead", name)
		case s.Matchers[name] == "":
			b.fault("Matchers: %s has no value; every series of the service must have one", name)
		}
	}
	known := collector.KnownTaskMetrics()
	for _, m := range b.TaskMetrics {
		if !slices.Contains(known, m) {
			b.fault("TaskMetrics: unknown metric %q; collector.KnownTaskMetrics lists those that ECS has", m)
		}
	}
	b.faultsIn("Labels", prom.CheckLabels(b.Labels, true)...)
	if u := b.RunbookURL; u != "" && !token.In(u) {
		if parsed, err := url.Parse(u); err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host == "" || strings.Contains(u, "#") {
			b.fault("RunbookUrl is %q; it must be an http or https URL without a fragment, to which #alert is added", u)
		}
	}
}

// validateAlerts runs when it is known which alerts there are.
func (b *builder) validateAlerts() {
	for _, name := range slices.Sorted(maps.Keys(b.Alerts)) {
		change := b.Alerts[name]
		switch {
		case definitions[name].summary == "":
			b.fault("Alerts: there is no alert %q; there are %s", name, strings.Join(Names(), ", "))
		case b.seen[name] == 0:
			b.fault("Alerts: %s is not among the alerts of this service; turn on its group, or leave it out", name)
		case change.Expr != "" && strings.HasPrefix(name, "EcsSlo"):
			b.fault("Alerts: %s has an Expr, which would be the same for every objective; change the objective or its BurnRates", name)
		case change.Expr != "" && b.seen[name] > 1:
			b.fault("Alerts: %s has an Expr, but there are %d such alerts; name one metric in Absence.Metrics", name, b.seen[name])
		}
		where := "Alerts: " + name
		b.faultsIn(where, prom.CheckLabels(change.Labels, true)...)
		b.faultsIn(where, prom.CheckAnnotations(change.Annotations)...)
		if change.Expr != "" {
			b.faultsIn(where, prom.CheckExpr(change.Expr, b.CheckExpr))
		}
		for _, d := range []struct {
			what string
			d    *time.Duration
		}{{"For", change.For}, {"KeepFiringFor", change.KeepFiringFor}} {
			if d.d != nil && *d.d < 0 {
				b.fault("Alerts: %s of %s is %s; it must be at least 0", d.what, name, *d.d)
			}
		}
	}
}

// metric reports what is not the name of series that can exist.
func (b *builder) metric(what, name string) {
	switch {
	case name == "":
		b.fault("%s has no metric; give the name that its series have in AMP", what)
	case prom.CheckMetricName(name) != "":
		b.fault("%s: %s", what, prom.CheckMetricName(name))
	case strings.HasPrefix(name, "ecs_task_") && !slices.ContainsFunc(b.TaskMetrics, func(m string) bool { return prometheusName(m) == name }):
		b.fault("%s is %q, which is not among the ECS metrics that the sidecar keeps; name it in TaskMetrics if collector.KnownTaskMetrics has it", what, name)
	}
}

func (b *builder) validateSLO(where string, s SLO, named map[string]bool) {
	if !sloName.MatchString(s.Name) {
		b.fault("%s.Name is %q; it must have 1 to 40 lower-case letters, digits and dashes, the first a letter", where, s.Name)
	} else {
		where = where + " (" + s.Name + ")"
	}
	if named[s.Name] {
		b.fault("%s: two objectives are named %q; give each its own name", where, s.Name)
	}
	named[s.Name] = true
	objective := s.Objective >= 0.5 && s.Objective <= 0.99999
	if !b.token(where+".Objective", s.Objective) && !objective {
		b.fault("%s.Objective is %s; it must be from 0.5 to 0.99999, such as 0.999", where, number(s.Objective))
	}
	ofErrors, ofLatency := s.Requests != nil || s.Errors != nil, s.Histogram != nil || s.Threshold != 0
	switch {
	case ofErrors == ofLatency:
		b.fault("%s measures nothing or two things; set Requests and Errors, or Histogram and Threshold", where)
	case ofErrors && (s.Requests == nil || s.Errors == nil):
		b.fault("%s has only one of Requests and Errors; set both", where)
	case ofLatency && s.Histogram == nil:
		b.fault("%s has a Threshold without a Histogram; set both", where)
	case ofLatency && b.token(where+".Threshold", s.Threshold):
	case ofLatency && !(s.Threshold > 0 && s.Threshold <= 1e9):
		b.fault("%s.Threshold is %s; it must be more than 0 and at most 1e+09, the upper bound of a bucket", where, number(s.Threshold))
	}
	b.series(where+".Requests", s.Requests)
	b.series(where+".Errors", s.Errors)
	b.series(where+".Histogram", s.Histogram)
	if h := s.Histogram; h != nil {
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			if base, cut := strings.CutSuffix(h.Metric, suffix); cut {
				b.fault("%s.Histogram.Metric is %q; give the name of the whole histogram, %s", where, h.Metric, base)
			}
		}
	}
	if len(s.BurnRates) == 0 {
		b.fault("%s.BurnRates is empty; leave it out for the default, or give at least one", where)
	}
	for i, r := range s.BurnRates {
		b.burnRate(where+".BurnRates["+strconv.Itoa(i)+"]", r, s.Objective, objective)
	}
}

func (b *builder) burnRate(where string, r BurnRate, objective float64, valid bool) {
	switch {
	case b.token(where+".Factor", r.Factor):
	case !(r.Factor > 0 && r.Factor <= 1000):
		b.fault("%s.Factor is %s; it must be more than 0 and at most 1000", where, number(r.Factor))
	case valid && r.Factor*(1-objective) >= 1:
		b.fault("%s.Factor is %s, which with an objective of %s is an error ratio of %s and never reached; give BurnRates with a factor below %s",
			where, number(r.Factor), number(objective), number(r.Factor*(1-objective)), number(1/(1-objective)))
	}
	if r.Short < baseWindow || r.Short%time.Minute != 0 || r.Long%time.Minute != 0 || r.Long <= r.Short || r.Long > 30*24*time.Hour {
		b.fault("%s has the windows %s and %s; they must be whole minutes, Short at least 5 minutes, Long more than Short and at most 30 days", where, r.Long, r.Short)
	}
}

func (b *builder) series(where string, s *Series) {
	if s == nil {
		return
	}
	b.metric(where+".Metric", s.Metric)
	for _, m := range s.Matchers {
		if token.In(m) {
			continue
		}
		parts := matcher.FindStringSubmatch(m)
		if parts == nil {
			b.fault(`%s.Matchers: %q is not a matcher; write label="value", with =, !=, =~ or !~`, where, m)
			continue
		}
		value, err := strconv.Unquote(parts[3])
		if err != nil {
			b.fault("%s.Matchers: the value of %q is not a string: %v", where, m, err)
		} else if _, err := regexp.Compile("^(?:" + value + ")$"); err != nil && strings.Contains(parts[2], "~") {
			b.fault("%s.Matchers: %q has a regular expression that does not parse: %v", where, m, err)
		}
	}
}
