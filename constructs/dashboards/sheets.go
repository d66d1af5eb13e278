package dashboards

import (
	"errors"
	"os"
	"path/filepath"
)

// Ends of the UIDs.
const (
	serviceDashboard   = "service"
	taskDashboard      = "task"
	collectorDashboard = "collector"
	sloDashboard       = "slo"
)

// What empty panels say.
const (
	needsTaskMetrics      = "no data; needs TelemetryProps.TaskMetrics"
	needsContainers       = "no data; needs TaskMetrics.Containers"
	needsScrape           = "no data; needs a scrape job"
	needsCollectorMetrics = "no data; needs TelemetryProps.CollectorMetrics"
)

// Service is the overview of services: how many tasks run, what they use, and the application's own metrics.
func Service(o Options) (Dashboard, error) { return one(o, Options.service) }

// Task shows every task of a service on its own.
func Task(o Options) (Dashboard, error) { return one(o, Options.task) }

// Collector shows whether metrics arrive: freshness, queues, losses, scrapes, and what the collectors use. Most of it needs
// the collectors' own metrics.
func Collector(o Options) (Dashboard, error) { return one(o, Options.collector) }

// Objectives shows the SLOs of the options: how much of the error budget is left, and how fast it burns.
func Objectives(o Options) (Dashboard, error) {
	if len(o.SLOs) == 0 {
		return Dashboard{}, errors.Join(errors.New("no SLO is given; list at least one in Options.SLOs"), o.Validate())
	}
	return one(o, Options.objectives)
}

// All gives every dashboard, that of the SLOs only where there are some.
func All(o Options) ([]Dashboard, error) {
	makers := []func(Options) (Dashboard, error){Service, Task, Collector}
	if len(o.SLOs) > 0 {
		makers = append(makers, Objectives)
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	var all []Dashboard
	for _, make := range makers {
		d, err := make(o)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// Write writes every dashboard into a folder, which it makes, a file each.
func Write(folder string, o Options) error {
	all, err := All(o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, d := range all {
		if err := os.WriteFile(filepath.Join(folder, d.FileName()), d.JSON, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func one(o Options, describe func(Options) sheet) (Dashboard, error) {
	if err := o.Validate(); err != nil {
		return Dashboard{}, err
	}
	o = o.resolve()
	return o.render(describe(o))
}

// Labels to group by.
const (
	byService      = labelCluster + "," + labelService
	serviceLegend  = "{{" + labelCluster + "}}/{{" + labelService + "}}"
	taskLegend     = "{{" + labelTask + "}}"
	rateOverWindow = "[$__rate_interval]"
)

// Thresholds of what is used of what is reserved.
var usageSteps = []step{{0.75, "orange"}, {0.9, "red"}}

func graphPanel(title, description, unit string, queries ...query) panel {
	return panel{kind: graph, title: title, description: description, unit: unit, queries: queries,
		width: graphWidth, height: graphHeight, min: new(0.0)}
}

func numberPanel(title, description, unit, expr string, steps ...step) panel {
	return panel{kind: number, title: title, description: description, unit: unit, queries: []query{{expr, ""}},
		width: numberWidth, height: numberHeight, steps: steps}
}

func (p panel) wide(columns uint32) panel   { p.width = columns; return p }
func (p panel) stack() panel                { p.stacked = true; return p }
func (p panel) linked() panel               { p.linkToTasks = true; return p }
func (p panel) upTo(limit float64) panel    { p.max = &limit; return p }
func (p panel) places(n float64) panel      { p.decimals = &n; return p }
func (p panel) orSay(text string) panel     { p.whenEmpty = text; return p }
func (p panel) lines(steps ...step) panel   { p.steps, p.thresholdsAsLines = steps, true; return p }
func rate(selector string) string           { return "rate(" + selector + rateOverWindow + ")" }
func sumBy(labels, expr string) string      { return "sum by (" + labels + ") (" + expr + ")" }
func aggBy(agg, labels, expr string) string { return agg + " by (" + labels + ") (" + expr + ")" }
func quantile(q string, buckets string) string {
	return "histogram_quantile(" + q + ", " + buckets + ")"
}

// usage is what is used of what is reserved. Without a reservation, as EC2 allows it, there is no answer.
func usage(s scope, resource string) (used, reserved string) {
	return s.of("ecs_task_"+resource+"_utilized", ""), "(" + s.of("ecs_task_"+resource+"_reserved", "") + " > 0)"
}

// application makes a panel of each metric of the application.
func (o Options) application(queries func(Metric) []query) []panel {
	var panels []panel
	for _, m := range o.Application {
		p := graphPanel(m.Title, m.Description, m.Unit, queries(m)...)
		if m.Kind == Gauge {
			p.min = nil // it may be negative
		}
		panels = append(panels, p)
	}
	return panels
}

func (s sheet) withoutEmptyRows() sheet {
	var rows []row
	for _, r := range s.rows {
		if len(r.panels) > 0 {
			rows = append(rows, r)
		}
	}
	s.rows = rows
	return s
}
