package dashboards

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/units"

	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

func (o Options) objectives() sheet {
	sh := sheet{
		name: sloDashboard, title: "objectives", from: "now-24h", variables: []string{varDataSource, varCluster, varService},
		description: "Service level objectives: what is left of the error budget, and how fast it burns.",
	}
	for _, objective := range o.SLOs {
		sh.rows = append(sh.rows, row{objective.Name, objective.panels(ofServices)})
	}
	return sh
}

func (s SLO) panels(at scope) []panel {
	const noTraffic = "no requests"
	budget := trimmed(1 - s.Objective)
	bad := func(window string) string { return s.badShare(at, window) }
	window := prom.Duration(s.Window)
	burn := func(w string) string { return bad(w) + " / " + budget }
	about := or(s.Description, s.describe())
	return []panel{
		numberPanel(s.Name, about+" The share of good requests in the window.", units.PercentUnit,
			"1 - "+bad(window), step{lowest, "red"}, step{s.Objective, "green"}).wide(6).places(3).orSay(noTraffic),
		numberPanel("Error budget left", "What is left of the errors that the objective allows in its window; below 0 it is missed.", units.PercentUnit,
			"1 - "+burn(window), step{lowest, "red"}, step{0, "orange"}, step{0.25, "green"}).wide(6).places(1).orSay(noTraffic),
		numberPanel("Burn rate, 1 hour", "How many times faster than allowed the budget was spent in the last hour. At 14.4, 2 % of a budget of 30 days is gone in that hour.", units.Short,
			burn("1h"), step{1, "orange"}, step{14.4, "red"}).wide(6).places(2).orSay(noTraffic),
		numberPanel("Burn rate, 6 hours", "The same for the last 6 hours. At 6, 5 % of a budget of 30 days is gone in that time.", units.Short,
			burn("6h"), step{1, "orange"}, step{6, "red"}).wide(6).places(2).orSay(noTraffic),
		graphPanel("Burn rate", "How many times faster than allowed the budget is spent. 1 spends it exactly in the window; the line is 14.4.", units.Short,
			query{burn("5m"), "5 minutes"}, query{burn("1h"), "1 hour"}, query{burn("6h"), "6 hours"}).lines(step{14.4, "red"}).orSay(noTraffic),
		graphPanel("Requests", "Requests per second, all and bad ones.", units.RequestsPerSecond,
			query{s.total(at, "$__rate_interval"), "all"}, query{s.bad(at, "$__rate_interval"), "bad"}).orSay(noTraffic),
	}
}

func (s SLO) describe() string {
	if s.Histogram != "" {
		return fmt.Sprintf("%s %% of requests take no longer than %s, over %s.", trimmed(s.Objective*100), trimmed(s.Threshold), prom.Duration(s.Window))
	}
	return fmt.Sprintf("%s %% of requests succeed, over %s.", trimmed(s.Objective*100), prom.Duration(s.Window))
}

// total is the rate of all requests.
func (s SLO) total(at scope, window string) string {
	selector := at.of(s.Requests, "")
	if s.Histogram != "" {
		selector = at.of(s.Histogram, "_count")
	}
	return "sum(rate(" + selector + "[" + window + "]))"
}

// bad is the rate of bad requests. A counter of errors may not be there before the first error.
func (s SLO) bad(at scope, window string) string {
	if s.Histogram == "" {
		return "(sum(rate(" + at.of(s.Errors, "") + "[" + window + "])) or 0 * " + s.total(at, window) + ")"
	}
	return "(" + s.total(at, window) + " - sum(rate(" + at.of(s.Histogram, "_bucket", s.bucket()) + "[" + window + "])))"
}

// badShare has no answer where there are no requests.
func (s SLO) badShare(at scope, window string) string {
	return s.bad(at, window) + " / (" + s.total(at, window) + " > 0)"
}

// bucket matches the upper bound of a bucket, however whoever wrote it writes numbers: 1, 1.0 or 1e+00.
func (s SLO) bucket() string {
	plain, short := strconv.FormatFloat(s.Threshold, 'f', -1, 64), strconv.FormatFloat(s.Threshold, 'g', -1, 64)
	bounds := []string{plain}
	if !strings.Contains(plain, ".") {
		bounds = append(bounds, plain+".0")
	}
	if short != plain {
		bounds = append(bounds, short)
	}
	if len(bounds) == 1 {
		return `le="` + plain + `"`
	}
	return `le=~"` + strings.NewReplacer(".", "[.]", "+", "[+]").Replace(strings.Join(bounds, "|")) + `"`
}

// trimmed writes a number without the noise of floating point: 1 - 0.999 is 0.001.
func trimmed(f float64) string { return strconv.FormatFloat(f, 'g', 12, 64) }
