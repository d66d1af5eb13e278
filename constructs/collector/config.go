package collector

import (
	"fmt"
	"slices"
	"time"
)

// ADOTVersion is the release of the AWS Distro for OpenTelemetry whose components and names this package writes.
const ADOTVersion = "v0.49.0"

// RetryOn429 is the feature gate that makes the remote write exporter retry a throttled request. Without it the
// exporter treats status 429 as permanent and drops the batch.
//
// Source: prometheusremotewriteexporter v0.156.0; the spelling is the collector's own.
const RetryOn429 = "exporter.prometheusremotewritexporter.RetryOn429"

// Config describes one collector sidecar.
type Config struct {
	// OTLP receives metrics that applications push.
	//
	// Default: nil, nothing is received.
	OTLP *OTLP

	// Scrape lists the Prometheus endpoints to read. Job names must differ.
	//
	// Default: nothing is scraped.
	Scrape []ScrapeJob

	// TaskMetrics collects the metrics that ECS keeps about the task.
	//
	// Default: nil, not collected.
	TaskMetrics *TaskMetrics

	// RemoteWrite is where all metrics go. Required.
	RemoteWrite RemoteWrite

	// Labels chooses which resource attributes become labels of every series.
	//
	// Default: LabelsTask.
	Labels Labels

	// MemoryLimitMiB is the hard memory limit of the collector's container, in MiB. The memory limiter is derived from it.
	//
	// Range: 64 or more. Default: 0, the limiter takes a share of what the container's control group allows.
	MemoryLimitMiB int

	// HealthCheckEndpoint is the host:port where the collector answers health checks.
	//
	// Default: empty, no health check is served.
	HealthCheckEndpoint string
}

// OTLP configures the receiver of pushed metrics. An empty endpoint turns its protocol off; at least one is needed.
type OTLP struct {
	// GRPCEndpoint is the host:port to listen on for OTLP over gRPC.
	GRPCEndpoint string

	// HTTPEndpoint is the host:port to listen on for OTLP over HTTP.
	HTTPEndpoint string
}

// Defaults of a [ScrapeJob]. The limits are guards against an endpoint that grows without bound: a scrape over one of
// them fails as a whole, and the job's up becomes 0.
const (
	DefaultScrapeInterval        = 30 * time.Second
	DefaultScrapeTimeout         = 10 * time.Second
	DefaultMetricsPath           = "/metrics"
	DefaultSampleLimit           = "20000"
	DefaultLabelLimit            = "64"
	DefaultLabelValueLengthLimit = "2048"
	DefaultBodySizeLimit         = "16MB"
)

// ScrapeJob describes Prometheus endpoints that are read alike.
type ScrapeJob struct {
	// Name becomes the job label. Required, unique.
	Name string

	// Targets are the host:port addresses to read. At least one.
	Targets []string

	// Path is the HTTP path of the metrics; it starts with a slash.
	//
	// Default: /metrics.
	Path string

	// Scheme is http or https.
	//
	// Default: http.
	Scheme string

	// Interval is the time between two scrapes. Whole milliseconds, more than 0.
	//
	// Default: nil, 30 seconds.
	Interval *time.Duration

	// Timeout bounds one scrape; it must not exceed Interval.
	//
	// Default: nil, 10 seconds, or Interval if that is shorter.
	Timeout *time.Duration

	// SampleLimit fails a scrape that yields more samples. A whole number; "0" turns the guard off.
	//
	// Default: 20000.
	SampleLimit string

	// LabelLimit fails a scrape with a sample that has more labels. A whole number; "0" turns the guard off.
	//
	// Default: 64.
	LabelLimit string

	// LabelValueLengthLimit fails a scrape with a longer label value, in bytes. A whole number; "0" turns the guard off.
	//
	// Default: 2048.
	LabelValueLengthLimit string

	// BodySizeLimit fails a scrape whose uncompressed body is larger. A size such as 16MB; "0" turns the guard off.
	//
	// Default: 16MB.
	BodySizeLimit string
}

// TaskMetrics configures what is collected from the ECS task metadata endpoint, version 4.
type TaskMetrics struct {
	// Interval is the time between two readings; more than 0.
	//
	// Default: nil, 20 seconds, as the receiver has it.
	Interval *time.Duration
}

// RemoteWrite says where metrics are written.
type RemoteWrite struct {
	// Endpoint is the https URL of the remote write API. Required.
	Endpoint string

	// Region is the AWS region that requests are signed for. Required: it is never inferred.
	Region string

	// AssumeRole is a role to write as.
	//
	// Default: nil, the credentials of the task role.
	AssumeRole *AssumeRole
}

// AssumeRole names a role that the collector assumes before it writes.
type AssumeRole struct {
	// ARN of the role. Required.
	ARN string

	// STSRegion is the region of the STS endpoint.
	//
	// Default: RemoteWrite.Region.
	STSRegion string

	// ExternalID is sent with the request to assume the role.
	//
	// Default: none.
	ExternalID string
}

// FeatureGates lists the collector's feature gates that the configuration counts on.
func (c Config) FeatureGates() []string {
	return []string{RetryOn429}
}

// Args is the command line that makes a collector read this configuration from the environment variable env.
func (c Config) Args(env string) []string {
	args := []string{"--config=env:" + env}
	for _, gate := range c.FeatureGates() {
		args = append(args, "--feature-gates="+gate)
	}
	return args
}

// The shares of the container's memory. The Go runtime collects harder from 80 % on, the limiter refuses new data from
// 85 % on (limit less spike), and the rest is for what the Go heap does not count.
const (
	goMemLimitPercent = 80
	limiterPercent    = 90
	spikePercent      = 5
)

// GoMemLimit is the GOMEMLIMIT that fits MemoryLimitMiB, or empty where the limit is not known.
func (c Config) GoMemLimit() string {
	if c.MemoryLimitMiB == 0 {
		return ""
	}
	return fmt.Sprintf("%dMiB", c.MemoryLimitMiB*goMemLimitPercent/100)
}

type listener struct{ what, address string }

// listeners are the parts of the collector that listen, and where.
func (c Config) listeners() []listener {
	all := []listener{{"the health check", c.HealthCheckEndpoint}}
	if c.OTLP != nil {
		all = append(all, listener{"otlp over gRPC", c.OTLP.GRPCEndpoint}, listener{"otlp over HTTP", c.OTLP.HTTPEndpoint})
	}
	return slices.DeleteFunc(all, func(l listener) bool { return l.address == "" })
}

// ListenAddresses are the host:port addresses that the collector listens on.
func (c Config) ListenAddresses() []string {
	var addresses []string
	for _, l := range c.listeners() {
		addresses = append(addresses, l.address)
	}
	return addresses
}
