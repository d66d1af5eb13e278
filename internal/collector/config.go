package collector

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Config describes one collector sidecar.
type Config struct {
	// OTLP receives what applications push.
	//
	// Default: nil, nothing is received.
	OTLP *OTLP

	// Scrape lists the Prometheus endpoints to read. Job names must differ.
	//
	// Default: nothing is scraped.
	Scrape []ScrapeJob

	// ScrapeOnShutdown scrapes once more when the collector is told to stop. On ECS the applications that depend on the
	// collector have stopped by then, and such a scrape only stores up with the value 0. Scraped metrics then take one hop
	// (see [Delivery]): when the collector stops, the second hop ends before the last scrape is made.
	//
	// Default: false.
	ScrapeOnShutdown bool

	// TaskMetrics collects the metrics that ECS keeps about the task.
	//
	// Default: nil, not collected.
	TaskMetrics *TaskMetrics

	// StatsD receives StatsD messages.
	//
	// Default: nil, nothing is received.
	StatsD *StatsD

	// CollectorMetrics collects the collector's own metrics: what it received, sent, refused and lost.
	//
	// Default: nil, not collected.
	CollectorMetrics *CollectorMetrics

	// Traces sends the traces that arrive over OTLP to AWS X-Ray. Needs OTLP.
	//
	// Default: nil, traces are not received.
	Traces *Traces

	// RemoteWrite is where all metrics go. Required.
	RemoteWrite RemoteWrite

	// Delivery says how samples get through when the endpoint fails.
	//
	// Default: two hops with a queue in memory.
	Delivery Delivery

	// Task is what is known of the task before it runs. What is known need not be copied from the detected resource to each
	// sample, which costs a tenth of the CPU time.
	//
	// Default: nothing is known; everything is detected.
	Task Task

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

	// Extra is collector configuration in YAML that is merged over the generated one: mappings are merged key by key,
	// everything else is replaced. The result is checked as [Check] does. A $ in it is the collector's own.
	//
	// Default: nothing is merged.
	Extra string
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

// minMemoryLimitMiB is little more than half of what an idle collector takes; below it nothing works.
const minMemoryLimitMiB = 64

// Validate reports everything that would keep the collector from starting or from doing what was asked, all at once.
func (c Config) Validate() error {
	var v faults
	if c.OTLP == nil && len(c.Scrape) == 0 && c.TaskMetrics == nil && c.StatsD == nil && c.CollectorMetrics == nil {
		v.add("nothing to collect: turn on OTLP, StatsD or task metrics, or add a scrape job")
	}
	c.OTLP.validate(&v)
	validateScrape(&v, c.Scrape)
	c.TaskMetrics.validate(&v)
	c.StatsD.validate(&v)
	c.CollectorMetrics.validate(&v, c.Scrape)
	c.Traces.validate(&v, c.OTLP)
	c.RemoteWrite.validate(&v)
	c.Delivery.validate(&v, c.MemoryLimitMiB)
	c.Task.validate(&v)
	c.Labels.validate(&v)
	if c.MemoryLimitMiB != 0 && c.MemoryLimitMiB < minMemoryLimitMiB {
		v.add("memory limit %d MiB: the collector needs at least %d MiB", c.MemoryLimitMiB, minMemoryLimitMiB)
	}
	for _, l := range c.listeners() {
		v.address(l.what, l.address)
	}
	v.distinctAddresses(c)
	if len(v) == 0 && c.Extra != "" {
		v.addError(c.checkMerged())
	}
	return errors.Join(v...)
}

var roleARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$`)

func (r RemoteWrite) validate(v *faults) {
	if r.Endpoint == "" {
		v.add("remote write: the endpoint is empty")
	} else if !hasPlaceholder(r.Endpoint) {
		v.httpsURL("remote write: endpoint", r.Endpoint)
	}
	v.printable("remote write: endpoint", r.Endpoint)
	if r.Region == "" {
		v.add("remote write: the region is empty; requests are signed for it")
	}
	v.region("remote write: region", r.Region)
	if a := r.AssumeRole; a != nil {
		if !hasPlaceholder(a.ARN) && !roleARN.MatchString(a.ARN) {
			v.add("remote write: role to assume %q is not the ARN of an IAM role", a.ARN)
		}
		v.printable("remote write: role to assume", a.ARN)
		v.region("remote write: STS region", a.STSRegion)
		v.printable("remote write: external ID", a.ExternalID)
	}
}

type listener struct{ what, address string }

// listeners are the parts of the collector that listen on a TCP port, and where.
func (c Config) listeners() []listener {
	all := []listener{{"the health check", c.HealthCheckEndpoint}}
	if c.OTLP != nil {
		all = append(all, listener{"otlp over gRPC", c.OTLP.GRPCEndpoint}, listener{"otlp over HTTP", c.OTLP.HTTPEndpoint})
	}
	for _, hop := range c.hops() {
		all = append(all, listener{"the second hop of delivery", c.Delivery.address(hop)})
	}
	if c.CollectorMetrics != nil {
		all = append(all, listener{"the collector's own metrics", c.CollectorMetrics.endpoint()})
	}
	return slices.DeleteFunc(all, func(l listener) bool { return l.address == "" })
}

// ListenAddresses are the host:port addresses that the collector listens on with TCP.
func (c Config) ListenAddresses() []string {
	var addresses []string
	for _, l := range c.listeners() {
		addresses = append(addresses, l.address)
	}
	return addresses
}

// RetryOn429 is the feature gate that makes the remote write exporter retry a throttled request. Without it the
// exporter treats status 429 as permanent and drops the batch.
//
// Source: prometheusremotewriteexporter v0.156.0; the spelling is the collector's own.
const RetryOn429 = "exporter.prometheusremotewritexporter.RetryOn429"

// FeatureGates lists the collector's feature gates that the configuration counts on.
func (c Config) FeatureGates() []string {
	return []string{RetryOn429}
}

// Args is the command line that makes a collector read this configuration from source, such as env:VARIABLE.
func (c Config) Args(source string) []string {
	return []string{"--config=" + source, "--feature-gates=" + strings.Join(c.FeatureGates(), ",")}
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
