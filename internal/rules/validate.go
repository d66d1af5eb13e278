package rules

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

var ecsName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}$`)

func (b *builder) validate() {
	s := b.Service
	for _, n := range []struct{ what, name string }{{"TaskFamily", s.TaskFamily}, {"Cluster", s.Cluster}} {
		if n.name != "" && !token.In(n.name) && !ecsName.MatchString(n.name) {
			way := ""
			if strings.HasPrefix(n.name, "arn:") {
				way = "; an ARN is not what metrics have, so give the name in it"
			}
			b.errorf("%s is %q; it must have 1 to 255 letters, digits, dashes and underscores%s", n.what, n.name, way)
		}
	}
	if s.ServiceName == "" && s.TaskFamily == "" && len(s.Matchers) == 0 {
		b.errorf("nothing says which service it is; set Service, TaskDefinition, ServiceName or TaskFamily")
	}
	for _, name := range slices.Sorted(maps.Keys(s.Matchers)) {
		switch problem := prom.CheckLabelName(name); {
		case problem != "":
			b.errorf("Matchers: %s", problem)
		case slices.Contains([]string{prom.LabelService, prom.LabelFamily, prom.LabelCluster}, name):
			b.errorf("Matchers has %s; set ServiceName, TaskFamily and Cluster instead", name)
		case s.Matchers[name] == "":
			b.errorf("Matchers: %s has no value; every series of the service must have one", name)
		}
	}
	known := collector.KnownTaskMetrics()
	for i, m := range b.TaskMetrics {
		if !slices.Contains(known, m) {
			b.errorf("TaskMetrics[%d] is %q, which ECS does not have; it has %s", i, m, strings.Join(known, ", "))
		}
	}
	b.validateThresholds()
	b.errorsIn("Labels", prom.CheckLabels(b.Labels, true)...)
	if u := b.RunbookUrl; u != "" && !token.In(u) {
		if parsed, err := url.Parse(u); err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host == "" || strings.Contains(u, "#") {
			b.errorf("RunbookUrl is %q; it must be an http or https URL without a fragment, to which #alert is added", u)
		}
	}
}

// validateAlerts runs when it is known which alerts there are.
func (b *builder) validateAlerts() {
	for _, name := range slices.Sorted(maps.Keys(b.Alerts)) {
		change, where := b.Alerts[name], "Alerts["+name+"]"
		_, known := define(name)
		switch {
		case !known:
			b.errorf("%s: there is no such alert; there are %s", where, strings.Join(Names(), ", "))
		case b.made[name] == 0:
			b.errorf("%s is not among the alerts of this service; turn on its group, or leave it out", where)
		case change.Expr != "" && strings.HasPrefix(name, "EcsSlo"):
			b.errorf("%s.Expr is set, but would be the same for every objective; change the objective or its BurnRates", where)
		case change.Expr != "" && b.made[name] > 1:
			b.errorf("%s.Expr is set, but there are %d such alerts; name one metric in Absence.Metrics", where, b.made[name])
		}
		b.errorsIn(where+".Labels", prom.CheckLabels(change.Labels, true)...)
		b.errorsIn(where+".Annotations", prom.CheckAnnotations(change.Annotations)...)
		if change.Expr != "" {
			b.errorsIn(where, prom.CheckExpr(change.Expr, b.CheckExpr))
		}
		for _, d := range []struct {
			prop string
			d    *time.Duration
		}{{"For", change.For}, {"KeepFiringFor", change.KeepFiringFor}} {
			if d.d != nil && *d.d < 0 {
				b.errorf("%s.%s is %s; it must be at least 0", where, d.prop, *d.d)
			}
		}
	}
}

// metric reports what is not the name of series that can exist.
func (b *builder) metric(where, name string) {
	if name == "" {
		b.errorf("%s is empty; give the name that the series have in AMP", where)
	} else if problem := prom.CheckMetricName(name); problem != "" {
		b.errorf("%s: %s", where, problem)
	}
	b.sent(where, name)
}

// sent reports an ECS metric that the sidecar does not keep.
func (b *builder) sent(where, name string) {
	if strings.HasPrefix(name, "ecs_task_") && !slices.ContainsFunc(b.TaskMetrics, func(m string) bool { return prometheusName(m) == name }) {
		b.errorf("%s is %q, which is not among the ECS metrics that the sidecar keeps; name it in TaskMetrics if ECS has it", where, name)
	}
}
