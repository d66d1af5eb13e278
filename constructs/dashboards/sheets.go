package dashboards

import (
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

// presence is a metric that every task reports, wherever it runs.
const presence = "ecs_task_cpu_utilized"

// What empty panels say.
const (
	needsTaskMetrics      = "no data; needs TelemetryProps.TaskMetrics"
	needsContainers       = "no data; needs TaskMetrics.Containers"
	needsUnits            = "no data; needs TaskMetrics, and CPU units of the task or of all its containers"
	needsCgroupV1         = "no data; needs TaskMetrics, and is not known on hosts with control groups version 2, such as Amazon Linux 2023"
	needsContainersV1     = "no data; needs TaskMetrics.Containers, and is not known on hosts with control groups version 2"
	needsOwnNetwork       = "no data; needs TaskMetrics.Containers, and is known with network mode bridge only"
	needsTaskNetwork      = "no data; needs TaskMetrics, and is not known with network mode host"
	needsScrape           = "no data; needs a scrape job"
	needsScrapeService    = "no data; needs a scrape service of package central"
	needsCollectorMetrics = "no data; needs TelemetryProps.CollectorMetrics"
)

// All gives every dashboard: of services, of their tasks, of the collectors, and of the SLOs where there are some.
func All(o Options) ([]Dashboard, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.resolve()
	sheets := []sheet{o.service(), o.task(), o.collector()}
	if len(o.SLOs) > 0 {
		sheets = append(sheets, o.objectives())
	}
	var all []Dashboard
	for _, s := range sheets {
		d, err := o.render(s)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// Write writes every dashboard into a folder, which it makes: a file each, named after the UID.
func Write(folder string, o Options) error {
	all, err := All(o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, d := range all {
		if err := os.WriteFile(filepath.Join(folder, d.UID+".json"), d.JSON, 0o644); err != nil {
			return err
		}
	}
	return nil
}

const (
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

// usage is what is used of what is reserved. Without a reservation, as EC2 allows it, there is no answer, nor where ECS does not know
// what is used: docs/ecs-metrics.md has where that is.
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
