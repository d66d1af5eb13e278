package collector

import "time"

// CollectorMetrics configures the collection of the collector's own metrics, under the job otelcol.
type CollectorMetrics struct {
	// Port of the loopback endpoint that serves them, 1 to 65535.
	//
	// Default: 8888, as the collector has it.
	Port string

	// Interval is the time between two readings; more than 0.
	//
	// Default: nil, 60 seconds.
	Interval *time.Duration
}

// Defaults of [CollectorMetrics].
const (
	DefaultCollectorMetricsPort     = "8888"
	DefaultCollectorMetricsInterval = 60 * time.Second
	collectorJob                    = "otelcol"
)

// collectorMetricNames are the collector's metrics that say whether data is lost or about to be.
var collectorMetricNames = []string{
	"otelcol_exporter_(sent|send_failed|enqueue_failed)_metric_points.*",
	"otelcol_exporter_queue_(size|capacity)",
	"otelcol_exporter_prometheusremotewrite_failed_translations.*",
	"otelcol_receiver_(accepted|refused|failed)_metric_points.*",
	"otelcol_process_(cpu_seconds|memory_rss|uptime).*",
}

func (m *CollectorMetrics) validate(v *faults, jobs []ScrapeJob) {
	if m == nil {
		return
	}
	v.positive("collector metrics: interval", m.Interval)
	for _, j := range jobs {
		if j.Name == collectorJob {
			v.add("scrape job %q: the name is that of the collector's own metrics; choose another", j.Name)
		}
	}
}

func (m CollectorMetrics) port() string { return stringOr(m.Port, DefaultCollectorMetricsPort) }

func (m CollectorMetrics) endpoint() string { return loopback + ":" + m.port() }

// job scrapes the collector like any other endpoint of the task.
func (m CollectorMetrics) job() ScrapeJob {
	interval := valueOr(m.Interval, DefaultCollectorMetricsInterval)
	return ScrapeJob{Name: collectorJob, Targets: []string{m.endpoint()}, Interval: &interval, KeepMetrics: collectorMetricNames}
}

type telemetry struct {
	Metrics telemetryMetrics `yaml:"metrics"`
}

type telemetryMetrics struct {
	Level   string          `yaml:"level"`
	Readers []metricsReader `yaml:"readers,omitempty"`
}

type metricsReader struct {
	Pull struct {
		Exporter struct {
			Prometheus struct {
				Host string `yaml:"host"`
				Port number `yaml:"port"`
			} `yaml:"prometheus"`
		} `yaml:"exporter"`
	} `yaml:"pull"`
}

// telemetry turns the collector's own metrics off where nobody reads them: they would hold a port.
func (m *CollectorMetrics) telemetry() telemetry {
	if m == nil {
		return telemetry{telemetryMetrics{Level: "none"}}
	}
	var r metricsReader
	r.Pull.Exporter.Prometheus.Host = loopback
	r.Pull.Exporter.Prometheus.Port = number(m.port())
	return telemetry{telemetryMetrics{Level: "basic", Readers: []metricsReader{r}}}
}
