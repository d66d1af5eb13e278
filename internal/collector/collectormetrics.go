package collector

import (
	"slices"
	"time"
)

// CollectorMetrics configures the collection of the collector's own metrics, under the job otelcol.
type CollectorMetrics struct {
	Port     Number
	Interval *Duration
}

// Defaults of [CollectorMetrics]. The port is the collector's own.
const (
	defaultCollectorMetricsPort     = "8888"
	defaultCollectorMetricsInterval = Duration(60 * time.Second)
	collectorJob                    = "otelcol"
)

// The collector's metrics that say whether data is lost or about to be. The collector serves its counters without the suffix that
// counters have.
var (
	collectorCounters = []string{
		"otelcol_exporter_(?:sent|send_failed|enqueue_failed)_metric_points",
		"otelcol_exporter_prometheusremotewrite_failed_translations",
		"otelcol_receiver_(?:accepted|refused|failed)_metric_points",
		"otelcol_receiver_received_statsd_metrics",
		"otelcol_process_(?:cpu_seconds|uptime)",
	}
	collectorGauges = []string{"otelcol_exporter_queue_(?:size|capacity)", "otelcol_process_memory_rss"}
)

func (m *CollectorMetrics) validate(v *faults, jobs []ScrapeJob) {
	if m == nil {
		return
	}
	v.port(v.at+"CollectorMetrics.Port", m.Port, maxPort)
	v.positive(v.at+"CollectorMetrics.Interval", m.Interval)
	for _, j := range jobs {
		if j.Name == collectorJob {
			v.addTo("%s.Name is %q, the name of the job that reads the collector's own metrics; choose another", j.At, j.Name)
		}
	}
}

func (m CollectorMetrics) port() Number { return stringOr(m.Port, defaultCollectorMetricsPort) }

// job scrapes the collector like any other endpoint of the task.
func (m CollectorMetrics) job() ScrapeJob {
	return ScrapeJob{
		Name: collectorJob, Targets: []string{loopback + ":" + string(m.port())}, KeepMetrics: append(slices.Clone(collectorCounters), collectorGauges...),
		Interval: new(valueOr(m.Interval, defaultCollectorMetricsInterval)),
		Relabel:  renamed(Text("("+anyOf(collectorCounters)+")"), "$1.total"),
	}
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
				Port Number `yaml:"port"`
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
	r.Pull.Exporter.Prometheus.Port = m.port()
	return telemetry{telemetryMetrics{Level: "basic", Readers: []metricsReader{r}}}
}
