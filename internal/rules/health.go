package rules

import (
	"fmt"
	"strings"
)

// Scrape sets the thresholds of the alerts on scraped endpoints.
type Scrape struct {
	// DurationSeconds is how long a scrape may take on average over 5 minutes before EcsScrapeSlow fires; 0.001 to 3600.
	// Set it below the timeout of the job: no scrape takes longer than that.
	//
	// Default: 8, four fifths of the default timeout.
	DurationSeconds *float64

	// SampleLimit is that of the scrape jobs; above four fifths of it EcsScrapeNearLimit fires. A whole number, 1 to 1e9.
	//
	// Default: 20000, as scrape jobs have it.
	SampleLimit *float64
}

// Collector sets the thresholds of the alerts on the sidecar.
type Collector struct {
	// QueueUtilization is the share of an exporter's queue in use above which EcsCollectorQueueFilling fires; 0.001 to 1.
	//
	// Default: 0.5.
	QueueUtilization *float64

	// FailedRatio is the share of the points which an exporter could not send within 15 minutes, above which
	// EcsCollectorSendsFail fires; 0.001 to 1.
	//
	// Default: 0.05.
	FailedRatio *float64

	// RefusedRatio is the share of the points which a receiver refused within 15 minutes, above which EcsCollectorRefuses
	// fires; 0.001 to 1.
	//
	// Default: 0.05.
	RefusedRatio *float64

	// Restarts is how often a sidecar may restart in place within 30 minutes before EcsCollectorRestarts fires; a whole
	// number, 0 to 1000.
	//
	// Default: 1.
	Restarts *float64
}

// Absence says which data must be there.
type Absence struct {
	// Enabled turns the group on or off.
	//
	// Default: true.
	Enabled *bool

	// Metrics are names of series of which the service must have at least one each, such as up or http_requests_total.
	//
	// Default: none, only the ECS metrics of its tasks.
	Metrics []string
}

// Defaults of [Scrape] and [Collector].
const (
	DefaultScrapeDurationSeconds = 8
	DefaultScrapeSampleLimit     = 20000
	DefaultQueueUtilization      = 0.5
	DefaultFailedRatio           = 0.05
	DefaultRefusedRatio          = 0.05
	DefaultRestarts              = 1
)

func (b *builder) scrape() {
	if b.Scrape == nil {
		return
	}
	s := *b.Scrape
	of := func(metric string) string { return b.selector(metric, `job!="otelcol"`) } // the sidecar scrapes itself, too
	// A scrape that read samples and failed all the same was over a limit, or not readable.
	b.group("scrape",
		b.alert(ScrapeDown, fmt.Sprintf("%s == 0 unless %s > 0", of("up"), of("scrape_samples_scraped"))),
		b.alert(ScrapeRejected, fmt.Sprintf("%s == 0 and %s > 0", of("up"), of("scrape_samples_scraped"))),
		b.alert(ScrapeNearLimit, fmt.Sprintf("%s > 0.8 * %s", of("scrape_samples_post_metric_relabeling"),
			b.whole("Scrape.SampleLimit", s.SampleLimit, DefaultScrapeSampleLimit, 1, 1e9))),
		b.alert(ScrapeSlow, fmt.Sprintf("avg_over_time(%s[5m]) > %s", of("scrape_duration_seconds"),
			b.threshold("Scrape.DurationSeconds", s.DurationSeconds, DefaultScrapeDurationSeconds, 0.001, 3600))),
	)
}

func (b *builder) collector() {
	if b.Collector == nil {
		return
	}
	c := *b.Collector
	share := func(part, rest string) string {
		part, rest = b.selector("otelcol_"+part+"_metric_points_total"), b.selector("otelcol_"+rest+"_metric_points_total")
		return fmt.Sprintf("increase(%s[15m]) / (increase(%s[15m]) + increase(%s[15m]))", part, part, rest)
	}
	dropped := b.selector("otelcol_exporter_enqueue_failed_metric_points_total")
	b.group("collector",
		b.alert(CollectorQueueFilling, fmt.Sprintf("%s / (%s > 0) > %s", b.selector("otelcol_exporter_queue_size"), b.selector("otelcol_exporter_queue_capacity"),
			b.ratio("Collector.QueueUtilization", c.QueueUtilization, DefaultQueueUtilization))),
		// The counter is born with what it first counts, of which increase sees nothing.
		b.alert(CollectorDrops, fmt.Sprintf("increase(%s[15m]) > 0 or (%s > 0 unless %s offset 15m)", dropped, dropped, dropped)),
		b.alert(CollectorSendsFail, share("exporter_send_failed", "exporter_sent")+" > "+b.ratio("Collector.FailedRatio", c.FailedRatio, DefaultFailedRatio)),
		b.alert(CollectorRefuses, share("receiver_refused", "receiver_accepted")+" > "+b.ratio("Collector.RefusedRatio", c.RefusedRatio, DefaultRefusedRatio)),
		b.alert(CollectorRestarts, fmt.Sprintf("resets(%s[30m]) > %s", b.selector("otelcol_process_uptime_total"),
			b.whole("Collector.Restarts", c.Restarts, DefaultRestarts, 0, 1000))),
	)
}

func (b *builder) absence() {
	a := Absence{}
	if b.Absence != nil {
		a = *b.Absence
	}
	if a.Enabled != nil && !*a.Enabled {
		return
	}
	var alerts []Rule
	if running := b.presence(); running != "" {
		alerts = b.alert(ServiceAbsent, "absent("+running+")")
	} else if len(a.Metrics) == 0 {
		b.fault("Absence has nothing to go by: TaskMetrics has no metric of tasks; give Absence.Metrics, or turn it off")
	}
	named := map[string]bool{}
	for i, m := range a.Metrics {
		b.metric(fmt.Sprintf("Absence.Metrics[%d]", i), m)
		if named[m] {
			b.fault("Absence.Metrics has %q twice; remove one", m)
			continue
		}
		named[m] = true
		alerts = append(alerts, b.alert(MetricAbsent, "absent("+b.selector(m)+")", map[string]string{"metric": m})...)
	}
	b.group("absence", alerts)
}

// presence selects one series for each running task, or is empty where ECS metrics of tasks are not kept.
func (b *builder) presence() string {
	if b.has("ecs.task.memory.utilized") {
		return b.task("ecs.task.memory.utilized")
	}
	for _, m := range b.TaskMetrics {
		if strings.HasPrefix(m, "ecs.task.") {
			return b.task(m)
		}
	}
	return ""
}
