package slo

import (
	"cmp"
	"time"
)

// SLO is a service level objective: which share of the requests must be good over a window. A request is good if it has no
// error (Requests and Errors), or if it is fast enough (Histogram and Threshold). Set one pair.
//
// Selectors are the name of a metric in AMP, with matchers or without, such as http_requests_total{code=~"5.."}. Matchers have
// the form label="value", with =, !=, =~ or !~. Rules and dashboards add the matchers of the service: leave out
// aws_ecs_cluster_name, aws_ecs_task_family and aws_ecs_task_id.
type SLO struct {
	// Name becomes the label slo: 1 to 40 lower-case letters, digits and dashes, the first a letter. Unique. Required.
	Name string

	// Description is the title of the objective on the dashboard, such as "Orders succeed".
	//
	// Default: Name.
	Description string

	// Objective is the share of requests that must be good, from 0.5 to 0.99999, such as 0.999. It must leave each burn rate an
	// error ratio below 1: with [DefaultBurnRates] it is at least 0.931. Required.
	Objective float64

	// Requests selects a counter of all requests. Required with Errors.
	Requests string

	// Errors selects a counter of the requests that failed, often that of Requests with one more matcher. Required with
	// Requests.
	Errors string

	// Histogram selects a classic histogram, by its name without suffix, such as http_request_duration_seconds. Required with
	// Threshold.
	Histogram string

	// Threshold is the upper bound of one of the histogram's buckets, in its unit: a request up to it is good. More than 0 and
	// at most 1e9. If there is no such bucket, the dashboard has no data and the alert EcsSloNoData fires. Required with Histogram.
	Threshold float64

	// Window is the time that the objective is for, in whole minutes; at least as long as the longest of BurnRates. The dashboard
	// shows the budget of this time. A burn rate of 1 uses up the budget in exactly this time, so the thresholds of the alerts do
	// not depend on the window, but what is used up before they fire does: Factor × Long / Window of the budget.
	//
	// Default: 30 days.
	Window time.Duration

	// BurnRates are how fast the error budget may be used up before an alert. The dashboard shows each. At least one.
	//
	// Default: nil, [DefaultBurnRates].
	BurnRates []BurnRate
}

// BurnRate is an alert on an error budget. It fires while, over both times, the error ratio is more than Factor times the one
// that would use up the budget in exactly the window of the objective.
type BurnRate struct {
	// Factor is more than 0 and at most 1000. Required.
	Factor float64

	// Long is the time that must show a significant loss: whole minutes, more than Short and at most the window of the
	// objective. Required.
	Long time.Duration

	// Short is the time that must show that the loss goes on: whole minutes, at least 5. Required.
	Short time.Duration

	// Page makes it an alert that someone must look at now, EcsSloFastBurn.
	//
	// Default: false, a ticket: EcsSloSlowBurn.
	Page bool
}

// DefaultBurnRates use up 2 % of a budget of 30 days in 1 hour, 5 % in 6 hours, and 10 % in 1 day and in 3 days. For another
// window these shares differ; give BurnRates to keep them.
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

// WithDefaults is a copy with every default filled in, as rules and dashboards use it.
func (s SLO) WithDefaults() SLO {
	s.Description = cmp.Or(s.Description, s.Name)
	s.Window = cmp.Or(s.Window, 30*24*time.Hour)
	if s.BurnRates == nil {
		s.BurnRates = DefaultBurnRates()
	}
	return s
}
