package rules

import (
	"fmt"
	"strings"
)

func (b *builder) scrape() {
	of := func(metric string) string { return b.selector(metric, `job!="otelcol"`) } // the sidecar scrapes itself, too
	// A scrape that read samples and failed all the same was over a limit, or not readable.
	b.group("scrape",
		b.alert("EcsScrapeDown", fmt.Sprintf("%s == 0 unless %s > 0", of("up"), of("scrape_samples_scraped"))),
		b.alert("EcsScrapeRejected", fmt.Sprintf("%s == 0 and %s > 0", of("up"), of("scrape_samples_scraped"))),
		b.alert("EcsScrapeNearLimit", fmt.Sprintf("%s > 0.8 * %s", of("scrape_samples_post_metric_relabeling"),
			b.threshold("Scrape.SampleLimit"))),
		b.alert("EcsScrapeSlow", fmt.Sprintf("avg_over_time(%s[5m]) > %s", of("scrape_duration_seconds"),
			b.threshold("Scrape.DurationSeconds"))),
	)
}

func (b *builder) collector() {
	share := func(part, rest string) string {
		part, rest = b.selector("otelcol_"+part+"_metric_points_total"), b.selector("otelcol_"+rest+"_metric_points_total")
		return fmt.Sprintf("increase(%s[15m]) / (increase(%s[15m]) + increase(%s[15m]))", part, part, rest)
	}
	dropped := b.selector("otelcol_exporter_enqueue_failed_metric_points_total")
	b.group("collector",
		b.alert("EcsCollectorQueueFilling", fmt.Sprintf("%s / (%s > 0) > %s", b.selector("otelcol_exporter_queue_size"), b.selector("otelcol_exporter_queue_capacity"),
			b.threshold("Collector.QueueUtilization"))),
		// The counter is born with what it first counts, of which increase sees nothing.
		b.alert("EcsCollectorDrops", fmt.Sprintf("increase(%s[15m]) > 0 or (%s > 0 unless %s offset 15m)", dropped, dropped, dropped)),
		b.alert("EcsCollectorSendsFail", share("exporter_send_failed", "exporter_sent")+" > "+b.threshold("Collector.FailedRatio")),
		b.alert("EcsCollectorRefuses", share("receiver_refused", "receiver_accepted")+" > "+b.threshold("Collector.RefusedRatio")),
		b.alert("EcsCollectorRestarts", fmt.Sprintf("resets(%s[30m]) > %s", b.selector("otelcol_process_uptime_total"),
			b.threshold("Collector.Restarts"))),
	)
}

func (b *builder) absence() {
	var alerts []Rule
	if running := b.presence(); running != "" {
		alerts = b.alert("EcsServiceAbsent", "absent("+running+")")
	} else if len(b.AbsentMetrics) == 0 {
		b.errorf("Absence has nothing to watch: TaskMetrics has no metric of tasks; give Absence.Metrics, or turn it off")
	}
	named := map[string]bool{}
	for i, m := range b.AbsentMetrics {
		b.metric(fmt.Sprintf("Absence.Metrics[%d]", i), m)
		if named[m] {
			b.errorf("Absence.Metrics has %q twice; remove one", m)
			continue
		}
		named[m] = true
		alerts = append(alerts, b.alert("EcsMetricAbsent", "absent("+b.selector(m)+")", detail{label: "metric", value: m, words: []string{"%m", m}})...)
	}
	b.group("absence", alerts)
}

// targets watches a service that a scrape service scrapes. Without the first scrape of its tasks there is no up to compare.
func (b *builder) targets() {
	b.group("targets", b.alert("EcsTargetsMissing", fmt.Sprintf("(count(count by (instance) (%s)) or vector(0)) < %s", b.selector("up", `job!="otelcol"`), b.threshold("Targets.Tasks"))))
}

// discovery watches the collector of a scrape service. When it can no longer look at the cluster it goes on scraping the tasks that it
// knows, and its health check succeeds: only the age of its list of targets tells.
func (b *builder) discovery() {
	written := b.selector("prometheus_sd_file_mtime_seconds")
	b.group("discovery", b.alert("EcsDiscoveryStale", fmt.Sprintf("time() - %s > %s or absent(%s)", written, b.threshold("Discovery.StaleSeconds"), written)))
}

// presence selects one series for each running task, or is empty where ECS metrics of tasks are not kept. The first ones are
// known wherever a task runs.
func (b *builder) presence() string {
	for _, m := range []string{"ecs.task.cpu.utilized", "ecs.task.cpu.usage.vcpu", "ecs.task.memory.usage"} {
		if b.has(m) {
			return b.task(m)
		}
	}
	for _, m := range b.TaskMetrics {
		if strings.HasPrefix(m, "ecs.task.") {
			return b.task(m)
		}
	}
	return ""
}
