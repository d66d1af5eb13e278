package dashboards

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-foundation-sdk/go/units"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// Options of all dashboards. The zero value is valid.
type Options struct {
	// TitlePrefix is what every title starts with.
	//
	// Default: "ECS".
	TitlePrefix string

	// UIDPrefix is what every UID, and so the address of every dashboard, starts with. Give each set of dashboards in one
	// Grafana its own. 1 to 30 letters, digits, dashes and underscores.
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

	// ServiceLabel is the label that tells services apart: aws_ecs_task_family, or service_name, which is there where the task
	// definitions have LabelsProps.Service; or another one that all series have.
	//
	// Default: aws_ecs_task_family.
	ServiceLabel string

	// Services are those that the dashboards offer, by the values of ServiceLabel.
	//
	// Default: all that the workspace has.
	Services []string

	// CollectionInterval is the longest time between two samples of a series. Rates are computed over four times as much,
	// whatever the data source is set to. Whole seconds, at least 1.
	//
	// Default: 1 minute, the longest of this library's defaults: that of the collector's own metrics.
	CollectionInterval time.Duration

	// Application lists metrics of the application to show.
	//
	// Default: none.
	Application []Metric

	// SLOs are the objectives of the SLO dashboard. The same slice can go to observability.ServiceRulesProps.SLOs. What they say
	// must be known when the files are written: tokens are refused.
	//
	// Default: none, and no SLO dashboard.
	SLOs []*slo.SLO
}

// MetricKind says how a metric is to be read.
type MetricKind string

const (
	// Counter is shown as its rate per second.
	Counter MetricKind = "counter"

	// Gauge is shown unchanged.
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

const defaultInterval = time.Minute

var uidText = regexp.MustCompile(`^[A-Za-z0-9_-]{1,30}$`)

// resolve fills in the defaults. It changes no slice of the caller.
func (o Options) resolve() Options {
	o.TitlePrefix = cmp.Or(o.TitlePrefix, "ECS")
	o.UIDPrefix = cmp.Or(o.UIDPrefix, "ecs")
	o.ServiceLabel = cmp.Or(o.ServiceLabel, prom.LabelFamily)
	o.CollectionInterval = cmp.Or(o.CollectionInterval, defaultInterval)
	o.Application = slices.Clone(o.Application)
	for i := range o.Application {
		o.Application[i] = o.Application[i].resolve()
	}
	return o
}

func (m Metric) resolve() Metric {
	name, _, _ := strings.Cut(m.Selector, "{")
	m.Description = cmp.Or(m.Description, "Metric of the application: "+m.Selector+".")
	m.Aggregate = cmp.Or(m.Aggregate, "sum")
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
	errorf := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	if p := o.UIDPrefix; p != "" && !uidText.MatchString(p) {
		errorf("UIDPrefix is %q; it must be 1 to 30 letters, digits, dashes and underscores", p)
	}
	for i, tag := range o.Tags {
		if strings.TrimSpace(tag) == "" {
			errorf("Tags[%d] is empty; remove it or write a word", i)
		}
	}
	if l := o.ServiceLabel; l != "" {
		if problem := prom.CheckLabelName(l); problem != "" {
			errorf("ServiceLabel: %s", problem)
		} else if l == labelCluster || l == labelTask {
			errorf("ServiceLabel is %q, which tells clusters or tasks apart; write aws_ecs_task_family or service_name", l)
		}
	}
	for i, service := range o.Services {
		if strings.TrimSpace(service) == "" {
			errorf("Services[%d] is empty; remove it or name a service", i)
		} else if token.In(service) {
			errorf("Services[%d] is a token; a dashboard is written at synthesis, so write the value", i)
		}
	}
	if d := o.CollectionInterval; d < 0 || d%time.Second != 0 {
		errorf("CollectionInterval is %s; it must be a whole number of seconds, at least 1", d)
	}
	for i, m := range o.Application {
		m.validate(func(format string, args ...any) { errorf("Application[%d]."+format, append([]any{i}, args...)...) })
	}
	if err := slo.Validate(o.SLOs); err != nil {
		errs = append(errs, err)
	}
	for i, s := range o.SLOs {
		if s != nil && token.In(s.Name+s.Description+s.Requests+s.Errors+s.Histogram) {
			errorf("SLOs[%d] has a token; a dashboard is written at synthesis, so write the value", i)
		}
	}
	return errors.Join(errs...)
}

func (m Metric) validate(errorf func(format string, args ...any)) {
	if m.Title == "" {
		errorf("Title is empty; say what the metric %q shows", m.Selector)
	}
	parse := prom.ParseScopedSelector
	if m.Kind == Histogram {
		parse = prom.ParseHistogram
	}
	if _, err := parse(m.Selector); err != nil {
		errorf("Selector %w", err)
	}
	switch m.Kind {
	case Histogram:
		if m.By != "" {
			errorf("By is %q, but a histogram is not split; leave it out", m.By)
		}
	case Counter, Gauge:
		if problem := prom.CheckLabelName(m.By); m.By != "" && problem != "" {
			errorf("By: %s", problem)
		}
	default:
		errorf("Kind is %q; it must be %s, %s or %s", m.Kind, Counter, Gauge, Histogram)
	}
	if m.Aggregate != "" {
		switch {
		case m.Kind != Gauge:
			errorf("Aggregate is %q, but it is for gauges only; leave it out", m.Aggregate)
		case !slices.Contains([]string{"sum", "avg", "max", "min"}, m.Aggregate):
			errorf("Aggregate is %q; it must be sum, avg, max or min", m.Aggregate)
		}
	}
}
