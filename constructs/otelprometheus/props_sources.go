package otelprometheus

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// OtlpProps configures the OTLP receiver. While it is on, containers get OTEL_EXPORTER_OTLP_ENDPOINT,
// OTEL_EXPORTER_OTLP_PROTOCOL and OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE, unless they set their own. These
// win over what a file in ContainerDefinitionOptions.EnvironmentFiles says, as ECS has it.
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

// ScrapeJob describes a Prometheus endpoint that a container of the task serves.
type ScrapeJob struct {
	// Port that the endpoint listens on, 1 to 65535. Required.
	Port *float64

	// Name becomes the job label. It must be unique in the task.
	//
	// Default: the task definition's family. Only one job of a task can go without a name.
	Name *string

	// ContainerName is the container that serves the endpoint. It matters with network mode bridge, where the collector is
	// linked to it; in the other modes all containers share an address.
	//
	// Default: the first container that is added.
	ContainerName *string

	// Path is the HTTP path of the metrics.
	//
	// Default: /metrics.
	Path *string

	// Interval is the time between two scrapes.
	//
	// Default: 30 seconds.
	Interval awscdk.Duration

	// Timeout bounds one scrape; it must not exceed Interval.
	//
	// Default: 10 seconds, or Interval if that is shorter.
	Timeout awscdk.Duration

	// SampleLimit fails a scrape that yields more samples, as a guard against an explosion of series. 0 turns it off.
	//
	// Default: 20000.
	SampleLimit *float64

	// LabelLimit fails a scrape with a sample that has more labels. 0 turns it off.
	//
	// Default: 64.
	LabelLimit *float64

	// LabelValueLengthLimit fails a scrape with a longer label value, in bytes. 0 turns it off.
	//
	// Default: 2048.
	LabelValueLengthLimit *float64

	// BodySizeLimit fails a scrape whose uncompressed body is larger. At least 1 KiB.
	//
	// Default: 16 MiB.
	BodySizeLimit awscdk.Size

	// Tls reads the endpoint over https.
	//
	// Default: http.
	Tls *TlsProps

	// BasicAuth authenticates with a user name and a password. Not with BearerToken.
	//
	// Default: no authentication.
	BasicAuth *BasicAuthProps

	// BearerToken authenticates with a token that the collector gets when it starts.
	//
	// Default: no authentication.
	BearerToken awsecs.Secret

	// KeepMetrics are regular expressions; only metrics whose whole name matches one are kept.
	//
	// Default: all are kept.
	KeepMetrics *[]*string

	// DropMetrics are regular expressions; metrics whose whole name matches one are dropped, after KeepMetrics.
	//
	// Default: none is dropped.
	DropMetrics *[]*string

	// StaticLabels are added to every series of the job.
	//
	// Default: none.
	StaticLabels *map[string]*string

	// HonorLabels keeps labels of the scraped data that clash with those the scrape adds, such as job.
	//
	// Default: false, a clashing label becomes exported_job.
	HonorLabels *bool

	// Relabel rules are applied to every sample, after KeepMetrics and DropMetrics.
	//
	// Default: none.
	Relabel *[]*collector.RelabelRule

	// NativeHistograms scrapes native histograms, over the protobuf format.
	//
	// Default: false, classic histograms.
	NativeHistograms *bool
}

// TlsProps sets how an https endpoint is verified.
type TlsProps struct {
	// CaCertificate is the certificate of the authority, in PEM. Not with InsecureSkipVerify.
	//
	// Default: the root certificates in the collector's image.
	CaCertificate awsecs.Secret

	// InsecureSkipVerify accepts any certificate.
	//
	// Default: false.
	InsecureSkipVerify *bool

	// ServerName that the certificate must be for.
	//
	// Default: 127.0.0.1, where the containers of a task find each other.
	ServerName *string
}

// BasicAuthProps is a user name with a password. The password must hold neither ${ nor $$, which the collector expands.
type BasicAuthProps struct {
	// Username. Required.
	Username *string

	// Password that the collector gets when it starts. Required.
	Password awsecs.Secret
}

// TaskMetricsProps configures the metrics that ECS keeps about a task.
type TaskMetricsProps struct {
	// Enabled turns them on or off.
	//
	// Default: true.
	Enabled *bool

	// Interval is the time between two readings.
	//
	// Default: 20 seconds.
	Interval awscdk.Duration

	// Metrics lists the metrics to keep, by the names in collector.KnownTaskMetrics.
	//
	// Default: collector.DefaultTaskMetrics, and with Containers also collector.DefaultContainerMetrics.
	Metrics *[]*string

	// Containers also collects metrics of each container, with the label container_name.
	//
	// Default: false.
	Containers *bool
}

// StatsdProps configures the StatsD receiver. Clients send over UDP to 127.0.0.1, or with network mode bridge to the collector's
// container by its name.
//
// Gauges are stored as they are. Timers, histograms and distributions become summaries of one AggregationInterval: their
// quantiles hold for it, and the series _sum and _count start anew with each. Counters are increments, which Prometheus
// has no place for: those that Rates names become rates per second, all others are dropped, and the collector's log names
// them. Without Rates a warning says so.
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

// TracesProps configures traces to AWS X-Ray.
type TracesProps struct {
	// Enabled turns them on or off.
	//
	// Default: true.
	Enabled *bool
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
