package dashboards

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/grafana/grafana-foundation-sdk/go/units"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

func (o Options) objectives() sheet {
	sh := sheet{
		name: sloDashboard, title: "objectives", from: "now-24h", variables: []string{varDataSource, varCluster, varService},
		description: "Service level objectives: what is left of the error budget, and how fast it burns.",
	}
	for _, s := range o.SLOs {
		resolved := objective(s.WithDefaults())
		sh.rows = append(sh.rows, row{resolved.Description, resolved.panels(o.ofServices())})
	}
	return sh
}

// objective is an SLO with its defaults.
type objective slo.SLO

func (s objective) panels(at scope) []panel {
	const noTraffic = "no requests"
	budget := prom.Number(1 - s.Objective)
	bad := func(window time.Duration) string { return s.badShare(at, prom.Duration(window)) }
	burn := func(window time.Duration) string { return bad(window) + " / " + budget }
	stat := func(title, description, unit, expr string, steps ...step) panel {
		return numberPanel(title, description, unit, expr, steps...).wide(max(numberWidth, gridWidth/uint32(2+len(s.BurnRates)))).orSay(noTraffic)
	}
	panels := []panel{
		stat(s.Description, s.describe()+" The share of good requests in the window.", units.PercentUnit,
			"1 - "+bad(s.Window), step{lowest, "red"}, step{s.Objective, "green"}).places(3),
		stat("Error budget left", "What is left of the errors that the objective allows in its window; below 0 it is missed.", units.PercentUnit,
			"1 - "+burn(s.Window), step{lowest, "red"}, step{0, "orange"}, step{0.25, "green"}).places(1),
	}
	highest := slices.MaxFunc(s.BurnRates, func(a, b slo.BurnRate) int { return cmp.Compare(a.Factor, b.Factor) }).Factor
	for _, r := range s.BurnRates {
		steps := []step{{r.Factor, "orange"}}
		if r.Page {
			steps = []step{{min(1, r.Factor), "orange"}, {r.Factor, "red"}}
		}
		share := 100 * r.Factor * r.Long.Hours() / s.Window.Hours()
		panels = append(panels, stat("Burn rate, "+prom.Words(r.Long),
			fmt.Sprintf("How many times faster than allowed the budget was spent over the last %s. At %s, %.3g %% of a budget of %s is gone in that time.",
				prom.Words(r.Long), prom.Number(r.Factor), share, prom.Words(s.Window)),
			units.Short, burn(r.Long), steps...).places(2))
	}
	var lines []query
	for _, window := range s.drawn() {
		lines = append(lines, query{burn(window), prom.Words(window)})
	}
	return append(panels,
		graphPanel("Burn rate", "How many times faster than allowed the budget is spent. 1 spends it exactly in the window; the line is "+prom.Number(highest)+".", units.Short,
			lines...).lines(step{highest, "red"}).orSay(noTraffic),
		graphPanel("Requests", "Requests per second, all and bad ones.", units.RequestsPerSecond,
			query{s.total(at, "$__rate_interval"), "all"}, query{s.bad(at, "$__rate_interval"), "bad"}).orSay(noTraffic),
	)
}

// drawn are the times over which burn rates are drawn: the shortest, and the long ones of pages. Long windows that only make
// tickets cost much to draw, and change little in a day.
func (s objective) drawn() []time.Duration {
	pages := slices.DeleteFunc(slices.Clone(s.BurnRates), func(r slo.BurnRate) bool { return !r.Page })
	if len(pages) == 0 {
		pages = s.BurnRates
	}
	var drawn []time.Duration
	shortest := pages[0].Short
	for _, r := range pages {
		shortest = min(shortest, r.Short)
		drawn = append(drawn, r.Long)
	}
	drawn = append(drawn, shortest)
	slices.Sort(drawn)
	return slices.Compact(drawn)
}

func (s objective) describe() string {
	if s.Histogram != "" {
		return fmt.Sprintf("%s %% of requests take no longer than %s, over %s.", prom.Number(s.Objective*100), prom.Number(s.Threshold), prom.Duration(s.Window))
	}
	return fmt.Sprintf("%s %% of requests succeed, over %s.", prom.Number(s.Objective*100), prom.Duration(s.Window))
}

// total is the rate of all requests.
func (s objective) total(at scope, window string) string {
	selector, suffix := s.Requests, ""
	if s.Histogram != "" {
		selector, suffix = s.Histogram, "_count"
	}
	return "sum(rate(" + at.of(selector, suffix) + "[" + window + "]))"
}

// bad is the rate of bad requests. A counter of errors may not be there before the first error.
func (s objective) bad(at scope, window string) string {
	if s.Histogram == "" {
		return "(sum(rate(" + at.of(s.Errors, "") + "[" + window + "])) or 0 * " + s.total(at, window) + ")"
	}
	return "(" + s.total(at, window) + " - sum(rate(" + at.of(s.Histogram, "_bucket", prom.BucketMatcher(s.Threshold)) + "[" + window + "])))"
}

// badShare has no answer where there are no requests.
func (s objective) badShare(at scope, window string) string {
	return s.bad(at, window) + " / (" + s.total(at, window) + " > 0)"
}
