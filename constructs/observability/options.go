package observability

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/seed86154836/cdk-otel-prometheus/internal/rules"
)

// Groups of alerts whose options are numbers.
type (
	// Tasks sets the thresholds of the alerts on tasks.
	Tasks = rules.Tasks

	// Containers sets the thresholds of the alerts on containers.
	Containers = rules.Containers

	// Scrape sets the thresholds of the alerts on scraped endpoints.
	Scrape = rules.Scrape

	// Collector sets the thresholds of the alerts on the sidecar.
	Collector = rules.Collector
)

// Absence says which data must be there.
type Absence struct {
	// Enabled turns the group on or off.
	//
	// Default: true.
	Enabled *bool

	// Metrics are names of series of which the service must have at least one each, such as up or http_requests_total.
	//
	// Default: none, only the ECS metrics of its tasks.
	Metrics *[]*string
}

// Alert changes an alert.
type Alert struct {
	// Enabled turns the alert on or off.
	//
	// Default: true.
	Enabled *bool

	// Expr is the PromQL expression in place of the one that is made from thresholds. Refused where there are several such
	// alerts, one for each objective or metric.
	//
	// Default: made from thresholds.
	Expr *string

	// For is how long the condition must hold; at least 0.
	//
	// Default: as docs/alerts.md has it.
	For awscdk.Duration

	// KeepFiringFor is how long the alert goes on after its condition; at least 0. Whether AMP heeds it is unverified.
	//
	// Default: 0, not at all.
	KeepFiringFor awscdk.Duration

	// Labels are added to the alert's, and win over them; among them severity.
	//
	// Default: none.
	Labels *map[string]*string

	// Annotations are added to the alert's, and win over them: summary, description and runbook_url.
	//
	// Default: none.
	Annotations *map[string]*string
}

// SLO is a service level objective: which share of the requests must be good over 30 days. Good means without an error
// (Requests and Errors) or fast enough (Histogram and Threshold).
type SLO struct {
	// Name becomes the label slo: 1 to 40 lower-case letters, digits and dashes, the first a letter. Unique. Required.
	Name *string

	// Objective is the share of requests that must be good, 0.5 to 0.99999. It must leave each burn rate an error ratio
	// below 1: with the default ones it is at least 0.931. Required.
	Objective *float64

	// Requests is a counter of all requests. Required with Errors.
	Requests *Series

	// Errors is a counter of the requests that failed, often that of Requests with another matcher. Required with Requests.
	Errors *Series

	// Histogram is a classic histogram, by its name without _bucket. Required with Threshold.
	Histogram *Series

	// Threshold is the upper bound of one of the histogram's buckets, in its unit: a request up to it is good. More than 0.
	// Where there is no such bucket, EcsSloNoData fires. Required with Histogram.
	Threshold *float64

	// BurnRates are how fast the error budget may be used up before an alert.
	//
	// Default: rules.DefaultBurnRates, those of The Site Reliability Workbook.
	BurnRates *[]*BurnRate
}

// Series are those of a metric that have certain labels.
type Series struct {
	// Metric is the name that the series have in AMP. Required.
	Metric *string

	// Matchers choose among them, each in the form label="value" with =, !=, =~ or !~, such as code=~"5..". The service's
	// own are added.
	//
	// Default: all of the service.
	Matchers *[]*string
}

// BurnRate is an alert on an error budget. It fires when, over both windows, the error ratio is more than Factor times the one
// that would use up the budget in exactly 30 days.
type BurnRate struct {
	// Factor is more than 0 and at most 1000. Required.
	Factor *float64

	// Long is the window that must show a significant loss: whole minutes, more than Short and at most 30 days. Required.
	Long awscdk.Duration

	// Short is the window that must show that the loss goes on: whole minutes, at least 5. Required.
	Short awscdk.Duration

	// Page makes it an alert that someone must look at now.
	//
	// Default: false, a ticket.
	Page *bool
}
