package collector

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Config describes one collector. Its options have the names that users know them by.
type Config struct {
	// At stands before the options in messages, such as "Telemetry.".
	At string

	// Host is the address that receivers of the containers' data listen on.
	//
	// Default: 127.0.0.1.
	Host string

	// OTLP receives what applications push; nil receives nothing.
	OTLP *OTLP

	// Scrape lists the Prometheus endpoints to read.
	Scrape []ScrapeJob

	// Fleet scrapes the tasks of a cluster; nil does not.
	Fleet *Fleet

	// ScrapeOnShutdown scrapes once more when the collector is told to stop. Scraped metrics then take one hop (see [Delivery]):
	// when the collector stops, the second hop ends before the last scrape is made.
	ScrapeOnShutdown bool

	// TaskMetrics collects the metrics that ECS keeps about the task; nil does not.
	TaskMetrics *TaskMetrics

	// Statsd receives StatsD messages; nil receives nothing.
	Statsd *Statsd

	// CollectorMetrics collects the collector's own metrics; nil does not.
	CollectorMetrics *CollectorMetrics

	// CloudWatch copies metrics to CloudWatch; nil does not.
	CloudWatch *CloudWatch

	// Traces sends the traces that arrive over OTLP to AWS X-Ray.
	Traces bool

	// AssumeRole writes as another role, and ExternalID sends an id with the request to assume it.
	AssumeRole, ExternalID bool

	// Delivery says how samples get through when the endpoint fails.
	Delivery Delivery

	// LaunchType is fargate or ec2, in the words of the ecs detector; empty is not known before the task runs.
	LaunchType string

	// Labels chooses which resource attributes become labels of every series.
	Labels Labels

	// MemoryLimitMiB is the hard memory limit of the collector's container. The memory limiter is derived from it; 0 takes a share
	// of what the container's control group allows.
	MemoryLimitMiB int

	// HealthCheck answers the health checks of the image's program.
	HealthCheck bool

	// Extra is collector configuration in YAML that is merged over the generated one. A $ in it is the collector's own.
	Extra string
}

// healthCheckPort is what the program /healthcheck in the ADOT image asks.
const healthCheckPort = "13133"

func (c Config) host() string { return stringOr(c.Host, loopback) }

// MinMemoryLimitMiB is little more than the 110 MB of a collector at rest; below it, nothing works.
const MinMemoryLimitMiB = 128

// Validate reports everything that would keep the collector from starting or from doing what was asked, all at once.
func (c Config) Validate() error {
	v := faults{at: c.At}
	if c.OTLP == nil && len(c.Scrape) == 0 && c.TaskMetrics == nil && c.Statsd == nil && c.CollectorMetrics == nil {
		v.addTo("there is nothing to collect; turn on Otlp, Statsd or TaskMetrics, or add a scrape job")
	}
	c.OTLP.validate(&v)
	validateScrape(&v, c.Scrape)
	c.Fleet.validate(&v, c.Labels)
	c.TaskMetrics.validate(&v)
	c.Statsd.validate(&v)
	c.CollectorMetrics.validate(&v, c.Scrape)
	c.validateCloudWatch(&v)
	c.validateOwn(&v)
	if c.Traces && c.OTLP == nil {
		v.add("Traces is on, but traces arrive over OTLP, which is off; turn Otlp on")
	}
	c.Delivery.validate(&v, c.MemoryLimitMiB)
	c.Labels.validate(&v)
	if c.MemoryLimitMiB != 0 && c.MemoryLimitMiB < MinMemoryLimitMiB {
		v.add("Collector.MemoryLimitMiB is %d; the collector needs at least %d", c.MemoryLimitMiB, MinMemoryLimitMiB)
	}
	v.distinctPorts(c.listeners())
	if len(v.list) == 0 && c.Extra != "" {
		c.checkMerged(&v)
	}
	return errors.Join(v.list...)
}

// validateOwn reports scrape jobs that read the collector itself, or have the name of what the collector makes.
func (c Config) validateOwn(v *faults) {
	unnamed := slices.ContainsFunc(c.Scrape, func(j ScrapeJob) bool { return j.Name == "" })
	for _, j := range c.Scrape {
		if c.TaskMetrics != nil && j.Name == jobOfTaskMetrics || c.Statsd != nil && j.Name == jobOfStatsD {
			v.addTo("%s.Name is %q, the job of metrics that the collector makes itself; choose another", j.At, j.Name)
		}
		if unnamed && j.Name != "" && string(j.Name) == c.Labels.Service {
			v.addTo("%s.Name is %q, as is %sLabels.Service, which names the job without a name; give each job its own name", j.At, j.Name, c.At)
		}
		for _, port := range c.TCPPorts() {
			if port != "0" && slices.Contains(j.Targets, string(address(loopback, port))) {
				v.addTo("%s.Port is %s, which is the collector's own; name the port of the application, or use %sCollectorMetrics", j.At, port, c.At)
			}
		}
	}
}

type listener struct {
	what string
	port Number
}

// listeners are the parts of the collector that listen on a TCP port, and where.
func (c Config) listeners() []listener {
	var all []listener
	if c.HealthCheck {
		all = append(all, listener{"the collector's health check", healthCheckPort})
	}
	if c.OTLP != nil {
		all = append(all, listener{c.At + "Otlp.GrpcPort", c.OTLP.GRPC()}, listener{c.At + "Otlp.HttpPort", c.OTLP.HTTP()})
	}
	for _, hop := range c.hops() {
		all = append(all, listener{c.At + "Delivery.Port", c.hopPort(hop)})
	}
	if c.CloudWatch != nil {
		all = append(all, listener{c.At + "Delivery.Port", c.copyPort()})
	}
	if c.CollectorMetrics != nil {
		all = append(all, listener{c.At + "CollectorMetrics.Port", c.CollectorMetrics.port()})
	}
	if c.Fleet.scrapes() {
		all = append(all, listener{"the list of targets", discoveryPort})
	}
	return all
}

// TCPPorts are the ports that the collector listens on.
func (c Config) TCPPorts() []Number {
	var ports []Number
	for _, l := range c.listeners() {
		ports = append(ports, l.port)
	}
	return ports
}

// RetryOn429 is the feature gate that makes the remote write exporter retry a throttled request. Without it the
// exporter treats status 429 as permanent and drops the batch.
//
// Source: prometheusremotewriteexporter v0.158.0; the spelling is the collector's own.
const RetryOn429 = "exporter.prometheusremotewritexporter.RetryOn429"

// keepUnderscore is the feature gate that keeps a label which begins with an underscore; without it _x becomes key_x.
//
// Source: contrib's pkg/translator/prometheus v0.158.0.
const keepUnderscore = "pkg.translator.prometheus.PermissiveLabelSanitization"

// FeatureGates lists the collector's feature gates that the configuration counts on.
func (c Config) FeatureGates() []string {
	return []string{RetryOn429, keepUnderscore}
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
