package dashboards

import "github.com/grafana/grafana-foundation-sdk/go/units"

func (o Options) collector() sheet {
	s := o.ofTasks()
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
	stamp := "timestamp(" + s.of(presence, "") + ")"
	newest := "(max by (" + labelTask + ") (" + stamp + ") or max by (" + labelTask + ") (max_over_time(" + stamp + "[30m:1m])))"
	return sheet{
		name: collectorDashboard, title: "collectors", from: "now-6h", variables: []string{varDataSource, varCluster, varService, varTask},
		description: "Whether metrics arrive, and what their collection costs.",
		rows: []row{
			{"Overview", []panel{
				numberPanel("Tasks reporting", "Tasks whose ECS metrics arrived in the last minutes.", units.Short,
					"count("+s.of(presence, "")+")").orSay(needsTaskMetrics),
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
			{"Scrape service", []panel{
				graphPanel("Targets found", "Endpoints that each collector of a scrape service found in the cluster and scrapes.", units.Short,
					query{sumBy(labelTask, s.of("prometheus_target_scrape_pool_targets", "")), taskLegend}).wide(8).orSay(needsScrapeService),
				graphPanel("Age of the list of tasks", "How long ago each collector of a scrape service looked at the cluster for the last time. New tasks are not scraped while it grows.", units.Seconds,
					query{"time() - max by (" + labelTask + ") (" + s.of("prometheus_sd_file_mtime_seconds", "") + ")", taskLegend}).wide(8).lines(step{180, "red"}).orSay(needsScrapeService),
				graphPanel("Tasks scraped", "Tasks of each service whose endpoints are scraped, by a scrape service or by a sidecar.", units.Short,
					query{"count by (" + o.byService() + ") (count by (" + o.byService() + "," + labelTask + ") (" + s.of("up", "", `job!="otelcol"`) + "))", o.serviceLegend()}).wide(8).stack().orSay(needsScrape),
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
