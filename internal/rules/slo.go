package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

// baseWindow is that of the recorded rates, of which the ratios of all windows are made: reading 3 days of every counter each
// minute would cost far more.
const baseWindow = 5 * time.Minute

// slos makes a group of each objective: AMP evaluates groups in no order, and these rules build on one another.
func (b *builder) slos() {
	if err := slo.Validate(b.SLOs); err != nil {
		b.errs = append(b.errs, err)
		for _, alert := range []string{"EcsSloFastBurn", "EcsSloSlowBurn", "EcsSloNoData"} {
			b.made[alert]++ // so that nobody is told that they do not exist
		}
		return
	}
	for i, s := range b.SLOs {
		for _, of := range []struct{ prop, selector string }{{"Requests", s.Requests}, {"Errors", s.Errors}, {"Histogram", s.Histogram}} {
			b.sent(fmt.Sprintf("SLOs[%d].%s", i, of.prop), parsed(of.selector).Name)
		}
		b.slo(s.WithDefaults())
	}
}

func (b *builder) slo(s slo.SLO) {
	own := map[string]string{"slo": s.Name}
	of := func(metric string) string {
		return metric + "{" + strings.Join(equalities(merged(own, b.Service.labels())), ",") + "}"
	}
	requests, errors := b.allAndBad(s)
	recorded := []Rule{
		b.record("ecs_slo:requests:rate5m", requests, own),
		b.record("ecs_slo:errors:rate5m", errors, own),
	}
	for _, w := range windows(s.BurnRates) {
		failed, all := of("ecs_slo:errors:rate5m"), of("ecs_slo:requests:rate5m")
		if w != baseWindow {
			failed, all = fmt.Sprintf("sum_over_time(%s[%s])", failed, prom.Duration(w)), fmt.Sprintf("sum_over_time(%s[%s])", all, prom.Duration(w))
		}
		recorded = append(recorded, b.record(ratioName(w), fmt.Sprintf("%s / (%s > 0)", failed, all), own))
	}
	var pages, tickets []string
	for _, r := range s.BurnRates {
		limit := fmt.Sprintf("> %s * %s", prom.Number(r.Factor), prom.Number(1-s.Objective))
		condition := fmt.Sprintf("(%s %s and %s %s)", of(ratioName(r.Long)), limit, of(ratioName(r.Short)), limit)
		if r.Page {
			pages = append(pages, condition)
		} else {
			tickets = append(tickets, condition)
		}
	}
	objective := detail{label: "slo", value: s.Name, words: []string{"%w", prom.Words(s.Window)}}
	var alerts []Rule
	if len(pages) > 0 {
		alerts = append(alerts, b.alert("EcsSloFastBurn", strings.Join(pages, " or "), objective)...)
	}
	if len(tickets) > 0 {
		alerts = append(alerts, b.alert("EcsSloSlowBurn", strings.Join(tickets, " or "), objective)...)
	}
	alerts = append(alerts, b.alert("EcsSloNoData", "absent("+of("ecs_slo:errors:rate5m")+")", objective)...)
	b.group("slo-"+s.Name, recorded, alerts)
}

// allAndBad are the rates of all requests and of those that miss the objective.
func (b *builder) allAndBad(s slo.SLO) (all, bad string) {
	rate := func(selector, suffix string, matchers ...string) string {
		p := parsed(selector)
		return "sum(rate(" + b.selector(p.Name+suffix, slices.Concat(p.Texts(), matchers)...) + "[" + prom.Duration(baseWindow) + "]))"
	}
	if s.Histogram != "" {
		all = rate(s.Histogram, "_count")
		return all, "clamp_min(" + all + " - " + rate(s.Histogram, "_bucket", prom.BucketMatcher(s.Threshold)) + ", 0)"
	}
	all = rate(s.Requests, "")
	// Before the first error there may be no series of errors.
	return all, rate(s.Errors, "") + " or 0 * " + all
}

// parsed is a selector that slo.Validate has checked, or none.
func parsed(selector string) prom.Selector {
	s, _ := prom.ParseSelector(selector)
	return s
}

// windows are all windows, the shortest first.
func windows(rates []slo.BurnRate) []time.Duration {
	all := []time.Duration{baseWindow}
	for _, r := range rates {
		all = append(all, r.Long, r.Short)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func ratioName(window time.Duration) string {
	return "ecs_slo:error_ratio:rate" + prom.Duration(window)
}
