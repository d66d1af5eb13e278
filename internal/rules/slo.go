package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

// SLO is a service level objective: which share of the requests must be good over 30 days. Good means without an error
// (Requests and Errors) or fast enough (Histogram and Threshold).
type SLO struct {
	// Name becomes the label slo: 1 to 40 lower-case letters, digits and dashes, the first a letter. Unique. Required.
	Name string

	// Objective is the share of requests that must be good, 0.5 to 0.99999. It must leave each burn rate an error ratio
	// below 1: with those of [DefaultBurnRates] it is at least 0.931. Required.
	Objective float64

	// Requests is a counter of all requests, and Errors of those that failed: often the same one with another matcher.
	// Both or none.
	Requests, Errors *Series

	// Histogram is a classic histogram, by its name without _bucket, and Threshold the upper bound of one of its buckets, in
	// its unit: a request up to it is good. Both or none.
	Histogram *Series
	Threshold float64

	// BurnRates are how fast the error budget may be used up before an alert.
	//
	// Default: nil, [DefaultBurnRates].
	BurnRates []BurnRate
}

// Series are those of a metric that have certain labels.
type Series struct {
	// Metric is the name that the series have in AMP. Required.
	Metric string

	// Matchers choose among them, each in the form label="value" with =, !=, =~ or !~, such as code=~"5..". The service's
	// own are added.
	//
	// Default: all of the service.
	Matchers []string
}

// BurnRate is an alert on an error budget. It fires when, over both windows, the error ratio is more than Factor times the one
// that would use up the budget in exactly 30 days.
type BurnRate struct {
	// Factor is more than 0 and at most 1000.
	Factor float64

	// Long is the window that must show a significant loss, and Short the one that must show that it goes on. Whole
	// minutes, Short at least 5 minutes, Long more than Short and at most 30 days.
	Long, Short time.Duration

	// Page makes it an alert that someone must look at now.
	//
	// Default: false, a ticket.
	Page bool
}

// DefaultBurnRates use up 2 % of a 30-day budget in 1 hour, 5 % in 6 hours, and 10 % in 1 day and in 3 days.
//
// Source: Google, The Site Reliability Workbook, chapter 5, Multiwindow, Multi-Burn-Rate Alerts.
func DefaultBurnRates() []BurnRate {
	return []BurnRate{
		{Factor: 14.4, Long: time.Hour, Short: 5 * time.Minute, Page: true},
		{Factor: 6, Long: 6 * time.Hour, Short: 30 * time.Minute, Page: true},
		{Factor: 3, Long: 24 * time.Hour, Short: 2 * time.Hour},
		{Factor: 1, Long: 72 * time.Hour, Short: 6 * time.Hour},
	}
}

// baseWindow is that of the recorded rates, of which the ratios of all windows are made: reading 3 days of every counter each
// minute would cost far more.
const baseWindow = 5 * time.Minute

func (b *builder) slos() {
	named := map[string]bool{}
	for i, given := range b.SLOs {
		where := fmt.Sprintf("SLOs[%d]", i)
		if given == nil {
			b.fault("%s is nil; remove it or describe an objective", where)
			continue
		}
		s := *given
		if s.BurnRates == nil {
			s.BurnRates = DefaultBurnRates()
		}
		b.validateSLO(where, s, named)
		b.slo(s)
	}
}

// slo makes one group: AMP evaluates groups in no order, and these rules build on one another.
func (b *builder) slo(s SLO) {
	own := map[string]string{"slo": s.Name}
	of := func(metric string) string {
		return metric + "{" + strings.Join(equalities(merged(own, b.Service.labels())), ",") + "}"
	}
	requests, errors := b.goodAndBad(s)
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
		limit := fmt.Sprintf("> %s * %s", number(r.Factor), number(1-s.Objective))
		condition := fmt.Sprintf("(%s %s and %s %s)", of(ratioName(r.Long)), limit, of(ratioName(r.Short)), limit)
		if r.Page {
			pages = append(pages, condition)
		} else {
			tickets = append(tickets, condition)
		}
	}
	var alerts []Rule
	if len(pages) > 0 {
		alerts = append(alerts, b.alert(SLOFastBurn, strings.Join(pages, " or "), own)...)
	}
	if len(tickets) > 0 {
		alerts = append(alerts, b.alert(SLOSlowBurn, strings.Join(tickets, " or "), own)...)
	}
	alerts = append(alerts, b.alert(SLONoData, "absent("+of("ecs_slo:errors:rate5m")+")", own)...)
	b.group("slo-"+s.Name, recorded, alerts)
}

// goodAndBad are the rates of all requests and of those that miss the objective.
func (b *builder) goodAndBad(s SLO) (requests, errors string) {
	rate := func(series *Series, suffix string, matchers ...string) string {
		if series == nil { // reported by validateSLO
			series = &Series{}
		}
		return "sum(rate(" + b.selector(series.Metric+suffix, slices.Concat(series.Matchers, matchers)...) + "[" + prom.Duration(baseWindow) + "]))"
	}
	if s.Histogram != nil {
		// As the exporter writes bounds: without an exponent.
		bound := `le="` + strconv.FormatFloat(s.Threshold, 'f', -1, 64) + `"`
		requests = rate(s.Histogram, "_count")
		return requests, "clamp_min(" + requests + " - " + rate(s.Histogram, "_bucket", bound) + ", 0)"
	}
	requests = rate(s.Requests, "")
	// Before the first error there may be no series of errors.
	return requests, rate(s.Errors, "") + " or 0 * " + requests
}

// windows are all windows, the shortest first.
func windows(rates []BurnRate) []time.Duration {
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
