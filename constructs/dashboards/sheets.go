package dashboards

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/units"
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

func (o Options) service() sheet {
	s := ofServices
	cpu, cpuReserved := usage(s, "cpu")
	memory, memoryReserved := usage(s, "memory")
	tasks := s.of("ecs_task_memory_utilized", "")
	share := func(title, what, used, reserved string) panel {
		return graphPanel(title, what+" The average of a service's tasks, and the busiest one.", units.PercentUnit,
			query{aggBy("avg", byService, used+" / "+reserved), serviceLegend + " average"},
			query{aggBy("max", byService, used+" / "+reserved), serviceLegend + " busiest"},
		).linked().orSay(needsTaskMetrics)
	}
	flow := func(title, description, in, inName, out, outName string) panel {
		return graphPanel(title, description, units.BytesPerSecondIEC,
			query{sumBy(byService, in), serviceLegend + " " + inName},
			query{sumBy(byService, out), serviceLegend + " " + outName},
		).linked().orSay(needsTaskMetrics)
	}
	return sheet{
		name: serviceDashboard, title: "services", from: "now-6h", variables: []string{varDataSource, varCluster, varService},
		description: "What ECS services do: tasks, resources, and the application's own metrics.",
		rows: []row{
			{"Overview", []panel{
				numberPanel("Running tasks", "Tasks that reported in the last minutes.", units.Short,
					"count("+tasks+")").orSay(needsTaskMetrics),
				numberPanel("Services", "Families of task definitions with running tasks.", units.Short,
					"count(count by ("+byService+") ("+tasks+"))").orSay(needsTaskMetrics),
				numberPanel("Revisions", "Revisions of task definitions that run. More than one for a service: a deployment is under way, or is stuck.", units.Short,
					"count(count by ("+byService+","+labelRevision+") ("+tasks+"))").orSay(needsTaskMetrics),
				numberPanel("CPU", "CPU used, of what a task has, as the average of all tasks.", units.PercentUnit,
					"avg("+cpu+" / "+cpuReserved+")", usageSteps...).orSay(needsTaskMetrics),
				numberPanel("Memory", "Memory used without caches, of what a task has, as the average of all tasks.", units.PercentUnit,
					"avg("+memory+" / "+memoryReserved+")", usageSteps...).orSay(needsTaskMetrics),
				numberPanel("Scrapes that succeed", "Endpoints whose last scrape succeeded, of all that the collectors scrape.", units.PercentUnit,
					"avg("+s.of("up", "")+")", step{lowest, "red"}, step{1, "green"}).orSay(needsScrape),
			}},
			{"Tasks and resources", []panel{
				graphPanel("Tasks by revision", "Running tasks of each revision. A deployment moves them from one to the next.", units.Short,
					query{"count by (" + byService + "," + labelRevision + ") (" + tasks + ")", serviceLegend + ":{{" + labelRevision + "}}"}).stack().linked().orSay(needsTaskMetrics),
				graphPanel("Tasks by availability zone", "Running tasks in each zone.", units.Short,
					query{"count by (" + labelZone + ") (" + tasks + ")", "{{" + labelZone + "}}"}).stack().orSay(needsTaskMetrics),
				share("CPU", "CPU used, of what a task has.", cpu, cpuReserved),
				share("Memory", "Memory used without caches, of what a task has.", memory, memoryReserved),
				flow("Network", "Bytes received and sent per second.",
					s.of("ecs_task_network_rate_rx", ""), "received", s.of("ecs_task_network_rate_tx", ""), "sent"),
				flow("Storage", "Bytes read and written per second.",
					rate(s.of("ecs_task_storage_read_bytes", "")), "read", rate(s.of("ecs_task_storage_write_bytes", "")), "written"),
			}},
			{"Application", o.application(func(m Metric) []query {
				switch m.Kind {
				case Counter:
					return split(m, "sum", rate(s.of(m.Selector, "")))
				case Gauge:
					return split(m, m.Aggregate, s.of(m.Selector, ""))
				default:
					buckets := sumBy("le", rate(s.of(m.Selector, "_bucket")))
					return []query{{quantile("0.5", buckets), "median"}, {quantile("0.95", buckets), "95 %"}, {quantile("0.99", buckets), "99 %"}}
				}
			})},
		},
	}.withoutEmptyRows()
}

// split aggregates over the label that the metric is split by, if there is one.
func split(m Metric, agg, expr string) []query {
	if m.By == "" {
		return []query{{agg + "(" + expr + ")", m.Title}}
	}
	return []query{{aggBy(agg, m.By, expr), "{{" + m.By + "}}"}}
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

func (o Options) task() sheet {
	s := ofTasks
	cpu, cpuReserved := usage(s, "cpu")
	memory, memoryReserved := usage(s, "memory")
	const container = "{{" + labelTask + "}} {{container_name}}"
	byTask := func(title, description, unit string, queries ...query) panel {
		return graphPanel(title, description, unit, queries...).orSay(needsTaskMetrics)
	}
	byContainer := func(title, description, unit string, queries ...query) panel {
		return graphPanel(title, description, unit, queries...).orSay(needsContainers)
	}
	tasks := panel{
		kind: list, title: "Running tasks", unit: units.PercentUnit, width: gridWidth, height: graphHeight, whenEmpty: needsTaskMetrics,
		description: "Tasks that reported in the last minutes, with the CPU that they use of what they have.",
		queries: []query{{"max by (" + labelTask + "," + byService + "," + labelRevision + "," + labelZone + ",aws_ecs_launchtype) (" +
			cpu + " / " + cpuReserved + ")", ""}},
		columns: map[string]string{
			labelTask: "Task", labelCluster: "Cluster", labelService: "Service", labelRevision: "Revision", labelZone: "Zone",
			"aws_ecs_launchtype": "Launch type", "Value": "CPU",
		},
	}
	return sheet{
		name: taskDashboard, title: "tasks", from: "now-3h", variables: []string{varDataSource, varCluster, varService, varTask},
		description: "Every task of a service on its own.",
		rows: []row{
			{"Tasks", []panel{
				tasks,
				byTask("CPU", "CPU used, of what the task has.", units.PercentUnit, query{cpu + " / " + cpuReserved, taskLegend}),
				byTask("CPU in vCPUs", "vCPUs that the task uses. ECS counts 1,024 CPU units for a vCPU.", units.Short, query{cpu + " / 1024", taskLegend}),
				byTask("Memory", "Memory used without caches, of what the task has. At 100 % ECS kills a container.", units.PercentUnit,
					query{memory + " / " + memoryReserved, taskLegend}).lines(step{1, "red"}),
				byTask("Memory in MiB", "Memory used without caches.", units.Mebibytes, query{memory, taskLegend}),
				byTask("Network", "Bytes received and sent per second.", units.BytesPerSecondIEC,
					query{s.of("ecs_task_network_rate_rx", ""), taskLegend + " received"}, query{s.of("ecs_task_network_rate_tx", ""), taskLegend + " sent"}),
				byTask("Storage", "Bytes read and written per second.", units.BytesPerSecondIEC,
					query{rate(s.of("ecs_task_storage_read_bytes", "")), taskLegend + " read"}, query{rate(s.of("ecs_task_storage_write_bytes", "")), taskLegend + " written"}),
			}},
			{"Containers", []panel{
				byContainer("CPU by container", "vCPUs that each container uses.", units.Short,
					query{s.of("container_cpu_usage_vcpu", ""), container}),
				byContainer("Memory by container", "Memory that each container uses, without caches, of its limit.", units.PercentUnit,
					query{s.of("container_memory_utilized", "") + " / (" + s.of("container_memory_reserved", "") + " > 0)", container}).lines(step{1, "red"}),
				byContainer("Network by container", "Bytes received and sent per second. The containers of a task share its network in mode awsvpc.", units.BytesPerSecondIEC,
					query{s.of("container_network_rate_rx", ""), container + " received"}, query{s.of("container_network_rate_tx", ""), container + " sent"}),
				byContainer("Storage by container", "Bytes read and written per second.", units.BytesPerSecondIEC,
					query{rate(s.of("container_storage_read_bytes", "")), container + " read"}, query{rate(s.of("container_storage_write_bytes", "")), container + " written"}),
			}},
			{"Application", o.application(func(m Metric) []query {
				switch m.Kind {
				case Counter:
					return []query{{sumBy(labelTask, rate(s.of(m.Selector, ""))), taskLegend}}
				case Gauge:
					return []query{{aggBy(m.Aggregate, labelTask, s.of(m.Selector, "")), taskLegend}}
				default:
					return []query{{quantile("0.95", sumBy(labelTask+",le", rate(s.of(m.Selector, "_bucket")))), taskLegend + " 95 %"}}
				}
			})},
		},
	}.withoutEmptyRows()
}

func (o Options) collector() sheet {
	s := ofTasks
	// An exporter with a queue drops what it gives up; one without hands it back to be tried again. Whichever exporters a
	// configuration has, samples are lost at those with a queue only.
	const withQueue = " and on (instance,exporter) "
	queue := s.of("otelcol_exporter_queue_capacity", "") + " > 0"
	sent := s.of("otelcol_exporter_sent_metric_points_total", "")
	gaveUp := s.of("otelcol_exporter_send_failed_metric_points_total", "")
	overflowed := s.of("otelcol_exporter_enqueue_failed_metric_points_total", "")
	// These counters are there from the first loss on, so that a rate would miss it; and without any, the answer is 0 where
	// collectors report at all.
	over := func(selector string) string { return "max_over_time(" + selector + "[$__range])" }
	reporting := s.of("otelcol_process_uptime_total", "")
	orZero := func(expr string) string { return "(sum(" + expr + ") or 0 * sum(" + over(reporting) + "))" }
	own := func(title, description, unit string, queries ...query) panel {
		return graphPanel(title, description, unit, queries...).orSay(needsCollectorMetrics)
	}
	// A series without a sample for 5 minutes has no answer, so that the second half looks back further.
	stamp := "timestamp(" + s.of("ecs_task_memory_utilized", "") + ")"
	newest := "(max by (" + labelTask + ") (" + stamp + ") or max by (" + labelTask + ") (max_over_time(" + stamp + "[30m:1m])))"
	return sheet{
		name: collectorDashboard, title: "collectors", from: "now-6h", variables: []string{varDataSource, varCluster, varService, varTask},
		description: "Whether metrics arrive, and what their collection costs.",
		rows: []row{
			{"Overview", []panel{
				numberPanel("Tasks reporting", "Tasks whose ECS metrics arrived in the last minutes.", units.Short,
					"count("+s.of("ecs_task_memory_utilized", "")+")").orSay(needsTaskMetrics),
				numberPanel("Newest sample", "Age of the newest ECS metric of any task.", units.Seconds,
					"time() - max("+newest+")", step{120, "orange"}, step{300, "red"}).places(0).orSay(needsTaskMetrics),
				numberPanel("Scrapes that fail", "Endpoints whose last scrape failed.", units.Short,
					"count("+s.of("up", "")+") - sum("+s.of("up", "")+")", step{1, "red"}).orSay(needsScrape),
				numberPanel("Points delivered", "Data points per second that left the queues.", units.CountsPerSecond,
					"sum("+rate(sent)+withQueue+queue+")").orSay(needsCollectorMetrics),
				numberPanel("Points lost", "Data points that the collectors of this time range lost since they started: refused for good, given up, or more than a queue holds.", units.Short,
					orZero(over(gaveUp)+withQueue+over(s.of("otelcol_exporter_queue_capacity", ""))+" > 0")+" + "+orZero(over(overflowed)), step{1, "red"}).orSay(needsCollectorMetrics),
				numberPanel("Fullest queue", "How full the fullest queue is. It fills while the endpoint fails, and loses data when it is full.", units.PercentUnit,
					"max("+s.of("otelcol_exporter_queue_size", "")+" / ("+queue+"))", step{0.5, "orange"}, step{0.9, "red"}).orSay(needsCollectorMetrics),
			}},
			{"Delivery", []panel{
				graphPanel("Age of the newest sample", "Age of the newest ECS metric of each task, for half an hour after a task went silent or stopped.", units.Seconds,
					query{"time() - " + newest, taskLegend}).orSay(needsTaskMetrics),
				own("Queues", "How full each queue is.", units.PercentUnit,
					query{"max by (" + labelTask + ",exporter) (" + s.of("otelcol_exporter_queue_size", "") + " / (" + queue + "))", taskLegend + " {{exporter}}"}).upTo(1).lines(step{0.9, "red"}),
				own("Points sent", "Data points per second that each exporter sent.", units.CountsPerSecond,
					query{sumBy("exporter", rate(sent)), "{{exporter}}"}),
				own("Points that failed", "Data points that each exporter could not send or queue, since the collectors started. Only those of an exporter with a queue are lost; another one hands them back to be tried again.", units.Short,
					query{sumBy("exporter", gaveUp), "{{exporter}} not sent"}, query{sumBy("exporter", overflowed), "{{exporter}} not queued"}).orSay("nothing failed, or no collector reports"),
				own("Points received", "Data points per second that each receiver took in.", units.CountsPerSecond,
					query{sumBy("receiver", rate(s.of("otelcol_receiver_accepted_metric_points_total", ""))), "{{receiver}}"}),
				own("Points refused", "Data points per second that each receiver refused, since the collector had no room for them, or failed on.", units.CountsPerSecond,
					query{sumBy("receiver", rate(s.of("otelcol_receiver_refused_metric_points_total", ""))), "{{receiver}} refused"},
					query{sumBy("receiver", rate(s.of("otelcol_receiver_failed_metric_points_total", ""))), "{{receiver}} failed"}),
			}},
			{"Scrapes", []panel{
				graphPanel("Endpoints up", "Share of each job's endpoints whose scrape succeeded.", units.PercentUnit,
					query{"avg by (job) (" + s.of("up", "") + ")", "{{job}}"}).wide(8).upTo(1).orSay(needsScrape),
				graphPanel("Scrape duration", "The slowest scrape of each job.", units.Seconds,
					query{"max by (job) (" + s.of("scrape_duration_seconds", "") + ")", "{{job}}"}).wide(8).orSay(needsScrape),
				graphPanel("Samples per scrape", "Samples of the largest scrape of each job, before and after those that are dropped. It drives the cost of AMP.", units.Short,
					query{"max by (job) (" + s.of("scrape_samples_scraped", "") + ")", "{{job}} scraped"},
					query{"max by (job) (" + s.of("scrape_samples_post_metric_relabeling", "") + ")", "{{job}} kept"}).wide(8).orSay(needsScrape),
			}},
			{"Collector process", []panel{
				own("Memory", "Resident memory of each collector.", units.BytesIEC,
					query{s.of("otelcol_process_memory_rss", ""), taskLegend}).wide(8),
				own("CPU", "vCPUs that each collector uses.", units.Short,
					query{rate(s.of("otelcol_process_cpu_seconds_total", "")), taskLegend}).wide(8),
				own("Uptime", "Time since each collector started. A fall to 0 is a restart.", units.Seconds,
					query{reporting, taskLegend}).wide(8),
			}},
		},
	}
}

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
	window := promDuration(s.Window)
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
		return fmt.Sprintf("%s %% of requests take no longer than %s, over %s.", trimmed(s.Objective*100), trimmed(s.Threshold), promDuration(s.Window))
	}
	return fmt.Sprintf("%s %% of requests succeed, over %s.", trimmed(s.Objective*100), promDuration(s.Window))
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
