package rules

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// builder makes groups and collects what is wrong on the way.
type builder struct {
	Config
	errs   []error
	groups []Group
	made   map[string]int // how many rules each alert has
}

func (b *builder) errorf(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf(format, args...))
}

// errorsIn adds what package prom finds in a part that the user has written.
func (b *builder) errorsIn(where string, texts ...string) {
	for _, text := range texts {
		if text != "" {
			b.errorf("%s: %s", where, text)
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

// detail is what one of several rules of an alert has of its own.
type detail struct {
	label, value string
	words        []string // what stands in the place of what in the texts, as strings.NewReplacer takes it
}

// alert is the rule of a known alert, changed as Alerts has it; none where it is left out.
func (b *builder) alert(name, expr string, of ...detail) []Rule {
	d, known := define(name)
	if !known {
		panic("no alert is defined as " + name)
	}
	b.made[name]++
	change := b.Alerts[name]
	if change.Enabled != nil && !*change.Enabled {
		return nil
	}
	severity := cmp.Or(b.TicketSeverity, "ticket")
	if d.page {
		severity = cmp.Or(b.PageSeverity, "page")
	}
	// What is set on the alert is not among the $labels of its texts: those are the expression's.
	words := []string{"%s", b.Service.title()}
	own := map[string]string{}
	for _, o := range of {
		own[o.label] = o.value
		words = append(words, o.words...)
	}
	text := strings.NewReplacer(words...)
	annotations := map[string]string{"summary": text.Replace(d.summary), "description": text.Replace(d.description)}
	if b.RunbookUrl != "" {
		annotations["runbook_url"] = b.RunbookUrl + "#" + strings.ToLower(name)
	}
	rule := Rule{
		Alert: name, Expr: cmp.Or(change.Expr, expr), For: d.holds,
		Labels:      merged(own, b.Service.labels(), map[string]string{"severity": severity}, b.Labels, change.Labels),
		Annotations: merged(annotations, change.Annotations),
	}
	if change.For != nil {
		rule.For = *change.For
	}
	if change.KeepFiringFor != nil {
		rule.KeepFiringFor = *change.KeepFiringFor
	}
	return []Rule{rule}
}

// kept says whether an alert on these ECS metrics can work, and reports it if its threshold is set all the same.
func (b *builder) kept(threshold string, metrics ...string) bool {
	if b.has(metrics...) {
		return true
	}
	if _, set := b.Thresholds[threshold]; set {
		b.errorf("%s is set, but the sidecar does not keep all of %s; name them in TaskMetrics, here and in the task definition's telemetry",
			threshold, strings.Join(metrics, ", "))
	}
	return false
}

// merged is one map of several, the later ones winning.
func merged(all ...map[string]string) map[string]string {
	one := map[string]string{}
	for _, m := range all {
		maps.Copy(one, m)
	}
	return one
}
