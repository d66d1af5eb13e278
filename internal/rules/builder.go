package rules

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// builder makes groups and collects what is wrong on the way.
type builder struct {
	Config
	faults []error
	groups []Group
	seen   map[string]int // how many rules each alert has
}

func (b *builder) fault(format string, args ...any) {
	b.faults = append(b.faults, fmt.Errorf(format, args...))
}

// faultsIn adds what package prom finds in a part that the user has written.
func (b *builder) faultsIn(where string, texts ...string) {
	for _, text := range texts {
		if text != "" {
			b.fault("%s: %s", where, text)
		}
	}
}

// group adds a group, unless it is empty.
func (b *builder) group(name string, rules ...[]Rule) {
	if all := slices.Concat(rules...); len(all) > 0 {
		b.groups = append(b.groups, Group{Name: name, Rules: all})
	}
}

// selector selects the service's series of a metric, with further matchers.
func (b *builder) selector(metric string, matchers ...string) string {
	return metric + "{" + strings.Join(append(equalities(b.Service.labels()), matchers...), ",") + "}"
}

// task is the selector of an ECS metric, by its name in ECS.
func (b *builder) task(metric string) string { return b.selector(prometheusName(metric)) }

// prometheusName is the name under which the sidecar stores a metric.
func prometheusName(metric string) string { return strings.ReplaceAll(metric, ".", "_") }

// equalities are matchers in a fixed order.
func equalities(labels map[string]string) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, name+"="+strconv.Quote(labels[name]))
	}
	return all
}

// record is a recording rule. Its series carry the labels of the service, whatever the label policy.
func (b *builder) record(name, expr string, labels ...map[string]string) Rule {
	return Rule{Record: name, Expr: expr, Labels: merged(append(labels, b.Service.labels())...)}
}

// definition is what an alert says, whatever its expression.
type definition struct {
	page                 bool
	holds                time.Duration // how long its condition must hold
	summary, description string        // %s is the service, %m the metric
}

// alert is the rule of a known alert, changed as Alerts has it; none where it is left out.
func (b *builder) alert(name, expr string, labels ...map[string]string) []Rule {
	d := definitions[name]
	b.seen[name]++
	change := b.Alerts[name]
	if change.Disabled {
		return nil
	}
	severity := stringOr(b.TicketSeverity, DefaultTicketSeverity)
	if d.page {
		severity = stringOr(b.PageSeverity, DefaultPageSeverity)
	}
	own := merged(labels...)
	// What is set on the alert is not among the $labels of its texts: those are the expression's.
	text := strings.NewReplacer("%s", b.Service.title(), "%m", own["metric"])
	rule := Rule{
		Alert: name, Expr: stringOr(change.Expr, expr), For: d.holds,
		Labels: merged(own, b.Service.labels(), map[string]string{"severity": severity}, b.Labels, change.Labels),
		Annotations: merged(map[string]string{
			"summary":     text.Replace(d.summary),
			"description": text.Replace(d.description),
			"runbook_url": stringOr(b.RunbookURL, DefaultRunbookURL) + "#" + strings.ToLower(name),
		}, change.Annotations),
	}
	if change.For != nil {
		rule.For = *change.For
	}
	if change.KeepFiringFor != nil {
		rule.KeepFiringFor = *change.KeepFiringFor
	}
	return []Rule{rule}
}

// threshold is a number from low to high, or its default.
func (b *builder) threshold(what string, n *float64, byDefault, low, high float64) string {
	switch {
	case n == nil:
		return number(byDefault)
	case b.token(what, *n):
		return number(byDefault)
	case !(*n >= low && *n <= high): // nor is NaN
		b.fault("%s is %s; it must be from %s to %s", what, number(*n), number(low), number(high))
		return number(byDefault)
	}
	return number(*n)
}

// token reports a number that is known only at deployment.
func (b *builder) token(what string, n float64) bool {
	if !token.Is(n) {
		return false
	}
	b.fault("%s is a token; it must be known at synthesis", what)
	return true
}

// ratio is a threshold for a share of a whole.
func (b *builder) ratio(what string, n *float64, byDefault float64) string {
	return b.threshold(what, n, byDefault, 0.001, 1)
}

// whole is a threshold that is a whole number.
func (b *builder) whole(what string, n *float64, byDefault, low, high float64) string {
	if n != nil && *n >= low && *n <= high && *n != float64(int64(*n)) {
		b.fault("%s is %s; it must be a whole number", what, number(*n))
		return number(byDefault)
	}
	return b.threshold(what, n, byDefault, low, high)
}

// kept says whether an alert on these ECS metrics can work, and reports it where a threshold was set all the same.
func (b *builder) kept(what string, threshold *float64, metrics ...string) bool {
	if b.has(metrics...) {
		return true
	}
	if threshold != nil {
		b.fault("%s is set, but the sidecar does not keep all of %s; name them in TaskMetrics, here and in the task definition's telemetry",
			what, strings.Join(metrics, ", "))
	}
	return false
}

func number(n float64) string { return strconv.FormatFloat(n, 'g', 10, 64) }

// merged is one map of several, the later ones winning.
func merged(all ...map[string]string) map[string]string {
	one := map[string]string{}
	for _, m := range all {
		maps.Copy(one, m)
	}
	return one
}

func stringOr(s, byDefault string) string {
	if s == "" {
		return byDefault
	}
	return s
}
