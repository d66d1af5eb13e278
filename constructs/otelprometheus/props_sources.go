package otelprometheus

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// OtlpProps configures the OTLP receiver. While it is on, containers get OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, …_PROTOCOL and
// …_TEMPORALITY_PREFERENCE, with Telemetry.Traces the same for traces, and OTEL_TRACES_EXPORTER or OTEL_LOGS_EXPORTER=none for what
// the collector does not take. What a container sets itself stays, and the library adapts the others to it; a contradiction causes
// a warning. These variables override a file in ContainerDefinitionOptions.EnvironmentFiles, as ECS does it, and the image.
type OtlpProps struct {
	// Enabled turns the receiver on or off.
	//
	// Default: true.
	Enabled *bool

	// GrpcPort is the port for OTLP over gRPC, 1 to 65535.
	//
	// Default: 4317.
	GrpcPort *float64

	// HttpPort is the port for OTLP over HTTP, 1 to 65535.
	//
	// Default: 4318.
	HttpPort *float64
}

// TaskMetricsProps configures the metrics that ECS keeps about a task. What ECS does not know of a task is not stored, instead of a
// wrong number; docs/ecs-metrics.md says what that is for each launch type, network mode and host.
type TaskMetricsProps struct {
	// Enabled turns them on or off.
	//
	// Default: true.
	Enabled *bool

	// Interval is the time between two readings.
	//
	// Default: 20 seconds.
	Interval awscdk.Duration

	// Metrics lists the metrics to keep, by the names in KnownTaskMetrics. Network metrics that ECS does not know in the task's
	// network mode draw a warning. Those that count cores or limits of the host (cpu.cores, cpu.onlines, cpu.usage.system,
	// memory.usage.limit) are added up over the containers of the task by the collector's receiver.
	//
	// Default: DefaultTaskMetrics, with Containers also DefaultContainerMetrics and, with network mode bridge, their network
	// rates. Where the task can run on an EC2 instance, also memory.usage, which includes the page cache.
	Metrics *[]*string

	// Containers also collects metrics of each container, with the label container_name.
	//
	// Default: false.
	Containers *bool
}

// StatsdProps configures the StatsD receiver. Clients send over UDP to 127.0.0.1, or with network mode bridge to the collector's
// container by its name.
//
// Gauges are stored unchanged. Timers, histograms and distributions become summaries of one AggregationInterval: their
// quantiles are those of the interval, and the series _sum and _count start again in each. Counters are increments, which
// Prometheus cannot store: those that Rates names become rates per second, all others are dropped, and the collector's log names
// them. Without Rates a warning says so.
//
// docs/guides/statsd.md lists the lines that are taken, and those that are not.
type StatsdProps struct {
	// Enabled turns the receiver on or off.
	//
	// Default: true.
	Enabled *bool

	// Port to listen on, 1 to 65535.
	//
	// Default: 8125.
	Port *float64

	// AggregationInterval is the time over which messages are aggregated.
	//
	// Default: 60 seconds.
	AggregationInterval awscdk.Duration

	// Rates lists the counters to store as rates per second over AggregationInterval: sum_over_time(name[1h]) times the
	// interval in seconds is what was counted in an hour.
	//
	// Default: none.
	Rates *[]*string
}

// CollectorMetricsProps configures the collection of the collector's own metrics, under the job otelcol.
type CollectorMetricsProps struct {
	// Enabled turns them on or off.
	//
	// Default: true.
	Enabled *bool

	// Port of the loopback endpoint that serves them, 1 to 65535.
	//
	// Default: 8888.
	Port *float64

	// Interval is the time between two readings.
	//
	// Default: 60 seconds.
	Interval awscdk.Duration
}

// KnownTaskMetrics lists every metric that ECS gives of a task and its containers.
func KnownTaskMetrics() *[]*string { return jsii.Strings(collector.KnownTaskMetrics()...) }

// DefaultTaskMetrics are those that ADOT's ecs-amp.yaml keeps.
func DefaultTaskMetrics() *[]*string { return jsii.Strings(collector.DefaultTaskMetrics()...) }

// DefaultContainerMetrics are the same for containers, with CPU in vCPUs: container.cpu.utilized is a share of a limit that
// a container need not have. It has no network metrics: only with network mode bridge does a container have a network of its own.
func DefaultContainerMetrics() *[]*string {
	return jsii.Strings(collector.DefaultContainerMetrics()...)
}
