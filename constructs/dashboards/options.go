package dashboards

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-foundation-sdk/go/units"

	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

// Options of all dashboards. The zero value is good.
type Options struct {
	// TitlePrefix is what every title starts with.
	//
	// Default: "ECS".
	TitlePrefix string

	// UIDPrefix is what every UID, and so the address of every dashboard, starts with. Give each set of dashboards in one
	// Grafana its own. At most 30 letters, digits, dashes and underscores.
	//
	// Default: "ecs".
	// Source: Grafana HTTP API, Dashboard: a UID has at most 40 of these characters.
	UIDPrefix string

	// Tags are added to the tag UIDPrefix, by which the dashboards link to each other.
	//
	// Default: none.
	Tags []string

	// DataSource is the UID of the Prometheus data source that is selected first. Others can be selected in the dashboard.
	//
	// Default: the default data source of Grafana, if it is a Prometheus, or the first one.
	DataSource string

	// CollectionInterval is the longest time between two samples of a series. Rates are computed over four times as much,
	// whatever the data source is set to. Whole seconds, at least 1.
	//
	// Default: 1 minute, the longest of this library's defaults: that of the collector's own metrics.
	CollectionInterval time.Duration

	// Application lists metrics of the application to show.
	//
	// Default: none.
	Application []Metric

	// SLOs are the objectives of the SLO dashboard.
	//
	// Default: none, and no SLO dashboard.
	SLOs []SLO
}

// MetricKind says how a metric is to be read.
type MetricKind string

const (
	// Counter is shown as its rate per second.
	Counter MetricKind = "counter"

	// Gauge is shown as it is.
	Gauge MetricKind = "gauge"

	// Histogram, with classic buckets, is shown as quantiles.
	Histogram MetricKind = "histogram"
)

// Metric is a metric of the application.
type Metric struct {
	// Title of the panel, such as "Orders". Required.
	Title string

	// Description of the panel.
	//
	// Default: made from the selector.
	Description string

	// Kind of the metric. Required.
	Kind MetricKind

	// Selector chooses the series: a name, with matchers or without, such as sampleapp_orders_total{job="sampleapp"}. That
	// of a histogram has no suffix. The dashboard adds matchers of cluster, service and task. Required.
	Selector string

	// By is a label that splits the metric.
	//
	// Default: not split. Not for histograms.
	By string

	// Aggregate says how the gauges of several tasks become one: sum, avg, max or min.
	//
	// Default: sum. Only for gauges.
	Aggregate string

	// Unit is the id of a Grafana unit. That of a counter is that of its rate.
	//
	// Default: operations per second for counters; for others seconds or bytes, where the name ends so, or a plain number.
	Unit string
}

// SLO is a service level objective: a share of good requests over a window. It needs either Requests and Errors, for
// requests without error, or Histogram and Threshold, for requests that are fast.
type SLO struct {
	// Name of the objective, such as "Orders succeed". Required, and unique.
	Name string

	// Description of the objective.
	//
	// Default: made from the rest.
	Description string

	// Objective is the share of requests that must be good, such as 0.999: at least 0.5, less than 1. Required.
	Objective float64

	// Window that the objective is for; whole minutes.
	//
	// Default: 30 days.
	Window time.Duration

	// Requests selects the counter of all requests, such as http_requests_total{job="shop"}. Required with Errors.
	Requests string

	// Errors selects the counter of failed requests, such as http_requests_total{job="shop",code=~"5.."}. Required with
	// Requests.
	Errors string

	// Histogram selects a histogram with classic buckets, without suffix, such as
	// http_request_duration_seconds{job="shop"}. Required with Threshold.
	Histogram string

	// Threshold up to which a request is good, in the unit of the histogram. It must be the upper bound of a bucket: without
	// such a bucket the panels have no data. Required with Histogram.
	Threshold float64
}

const (
	maxUIDPrefix      = 30
	defaultInterval   = time.Minute
	defaultSLOWindow  = 30 * 24 * time.Hour
	rateIntervalTimes = 4 // as Grafana computes $__rate_interval
)

var (
	uidText = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

// resolve fills in the defaults. It changes no slice of the caller.
func (o Options) resolve() Options {
	o.TitlePrefix = or(o.TitlePrefix, "ECS")
	o.UIDPrefix = or(o.UIDPrefix, "ecs")
	if o.CollectionInterval == 0 {
		o.CollectionInterval = defaultInterval
	}
	o.Application = slices.Clone(o.Application)
	for i := range o.Application {
		o.Application[i] = o.Application[i].resolve()
	}
	o.SLOs = slices.Clone(o.SLOs)
	for i := range o.SLOs {
		if o.SLOs[i].Window == 0 {
			o.SLOs[i].Window = defaultSLOWindow
		}
	}
	return o
}

func (m Metric) resolve() Metric {
	name, _, _ := strings.Cut(m.Selector, "{")
	m.Description = or(m.Description, "Metric of the application: "+m.Selector+".")
	m.Aggregate = or(m.Aggregate, "sum")
	if m.Unit == "" {
		switch {
		case m.Kind == Counter:
			m.Unit = units.OpsPerSecond
		case strings.HasSuffix(name, "_seconds"):
			m.Unit = units.Seconds
		case strings.HasSuffix(name, "_bytes"):
			m.Unit = units.BytesIEC
		default:
			m.Unit = units.Short
		}
	}
	return m
}

// Validate reports everything that is wrong with the options.
func (o Options) Validate() error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	if p := o.UIDPrefix; p != "" && (!uidText.MatchString(p) || len(p) > maxUIDPrefix) {
		fault("UIDPrefix %q is not 1 to %d letters, digits, dashes and underscores", p, maxUIDPrefix)
	}
	for i, tag := range o.Tags {
		if strings.TrimSpace(tag) == "" {
			fault("Tags[%d] is empty; remove it or write a word", i)
		}
	}
	if d := o.CollectionInterval; d < 0 || d%time.Second != 0 {
		fault("CollectionInterval is %s; it must be a whole number of seconds, at least 1", d)
	}
	for i, m := range o.Application {
		for _, err := range m.faults() {
			fault("Application[%d]: %w", i, err)
		}
	}
	names := map[string]int{}
	for i, s := range o.SLOs {
		for _, err := range s.faults() {
			fault("SLOs[%d]: %w", i, err)
		}
		if first, twice := names[s.Name]; twice && s.Name != "" {
			fault("SLOs[%d]: Name %q is that of SLOs[%d]; give each objective its own", i, s.Name, first)
		}
		names[s.Name] = i
	}
	return errors.Join(errs...)
}

func (m Metric) faults() (errs []error) {
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if m.Title == "" {
		fault("Title is empty; say what the metric %q shows", m.Selector)
	}
	name := checkSelector("Selector", m.Selector, fault)
	switch m.Kind {
	case Histogram:
		checkHistogramName("Selector", name, fault)
		if m.By != "" {
			fault("By is %q, but a histogram is not split; leave it out", m.By)
		}
	case Counter, Gauge:
		if problem := prom.CheckLabelName(m.By); m.By != "" && problem != "" {
			fault("By: %s", problem)
		}
	default:
		fault("Kind is %q; it must be %s, %s or %s", m.Kind, Counter, Gauge, Histogram)
	}
	if m.Aggregate != "" {
		switch {
		case m.Kind != Gauge:
			fault("Aggregate is %q, but it is for gauges only; leave it out", m.Aggregate)
		case !slices.Contains([]string{"sum", "avg", "max", "min"}, m.Aggregate):
			fault("Aggregate is %q; it must be sum, avg, max or min", m.Aggregate)
		}
	}
	return errs
}

func (s SLO) faults() (errs []error) {
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if s.Name == "" {
		fault("Name is empty; say what is promised, such as \"orders succeed\"")
	}
	switch o := s.Objective; {
	case o >= 50 && o < 100:
		fault("Objective is %v; it is a share, so write %s", o, trimmed(o/100))
	case !(o >= 0.5 && o < 1):
		fault("Objective is %v; it must be a share of at least 0.5 and less than 1, such as 0.999", o)
	}
	if s.Window < 0 || s.Window%time.Minute != 0 {
		fault("Window is %s; it must be a whole number of minutes, such as 720 hours", s.Window)
	}
	requests := s.Requests != "" || s.Errors != ""
	latency := s.Histogram != "" || s.Threshold != 0
	switch {
	case requests && latency:
		fault("it has Requests or Errors, and Histogram or Threshold; choose one pair")
	case !requests && !latency:
		fault("it has no metric; give Requests and Errors, or Histogram and Threshold")
	case requests:
		checkSelector("Requests", s.Requests, fault)
		checkSelector("Errors", s.Errors, fault)
	default:
		checkHistogramName("Histogram", checkSelector("Histogram", s.Histogram, fault), fault)
		if !(s.Threshold > 0) {
			fault("Threshold is %v; it must be the upper bound of a bucket, more than 0", s.Threshold)
		}
	}
	return errs
}

func checkHistogramName(field, name string, fault func(string, ...any)) {
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		if base, ok := strings.CutSuffix(name, suffix); ok {
			fault("%s names %s; name the histogram without suffix, %s", field, name, base)
		}
	}
}

func or(s, d string) string {
	if s == "" {
		return d
	}
	return s
}
