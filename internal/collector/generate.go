package collector

import (
	"slices"
	"time"
)

// Component names. ADOT's contrib version takes the older spellings of some with a deprecation warning.
const (
	receiverOTLP        = "otlp"
	receiverPrometheus  = "prometheus"
	receiverFleet       = "prometheus/fleet"
	receiverTaskMetrics = "awsecscontainermetrics"
	receiverStatsD      = "statsd"

	processorMemoryLimiter = "memory_limiter"
	processorDetection     = "resource_detection"
	processorTask          = "resource/task"
	processorSource        = "resource/" // + the source's name
	processorFilter        = "filter/"   // + the source's name
	processorExported      = "attributes/exported"
	processorRates         = "delta_to_rate"
	processorRename        = "metrics_transform/" // + the source's name
	processorGeneration    = "metricsgeneration/" // + the source's name
	processorTraces        = "batch/traces"

	exporterOTLP       = "prometheus_remote_write"
	exporterUnsuffixed = "prometheus_remote_write/unsuffixed"
	exporterScrape     = "prometheus_remote_write/scrape"
	exporterFirstHop   = "otlp_http/" // + the name of the second hop
	receiverSecondHop  = "otlp/"      // + the name of the second hop
	exporterDelta      = "debug/dropped_delta"
	exporterTraces     = "awsxray"

	extensionHealthCheck = "health_check"
	extensionSigV4       = "sigv4auth"
	extensionStorage     = "file_storage"
	extensionTargets     = "file_storage/targets"
	extensionObserver    = "ecs_observer"
)

const loopback = "127.0.0.1"

const memoryCheckInterval = Duration(time.Second)

type document struct {
	Extensions map[string]any `yaml:"extensions"`
	Receivers  map[string]any `yaml:"receivers"`
	Processors map[string]any `yaml:"processors"`
	Exporters  map[string]any `yaml:"exporters"`
	Service    service        `yaml:"service"`
}

type service struct {
	Extensions []string            `yaml:"extensions,flow"`
	Pipelines  map[string]pipeline `yaml:"pipelines"`
	Telemetry  telemetry           `yaml:"telemetry"`
}

type pipeline struct {
	Receivers  []string `yaml:"receivers,flow"`
	Processors []string `yaml:"processors,flow,omitempty"`
	Exporters  []string `yaml:"exporters,flow"`
}

type memoryLimiter struct {
	CheckInterval        Duration `yaml:"check_interval"`
	LimitMiB             int      `yaml:"limit_mib,omitempty"`
	SpikeLimitMiB        int      `yaml:"spike_limit_mib,omitempty"`
	LimitPercentage      int      `yaml:"limit_percentage,omitempty"`
	SpikeLimitPercentage int      `yaml:"spike_limit_percentage,omitempty"`
}

type resourceDetection struct {
	Detectors []string `yaml:"detectors,flow"`
	Override  bool     `yaml:"override"`
}

type enabled struct {
	Enabled bool `yaml:"enabled"`
}

type debugExporter struct {
	Verbosity          string `yaml:"verbosity"`
	SamplingInitial    int    `yaml:"sampling_initial"`
	SamplingThereafter int    `yaml:"sampling_thereafter"`
}

type sigV4Auth struct {
	Region     reference   `yaml:"region"`
	Service    string      `yaml:"service"`
	AssumeRole *assumeRole `yaml:"assume_role,omitempty"`
}

type assumeRole struct {
	ARN        reference `yaml:"arn"`
	STSRegion  reference `yaml:"sts_region"`
	ExternalID reference `yaml:"external_id,omitempty"`
}

// YAML renders the configuration. It fails where Validate does.
func (c Config) YAML() (string, error) {
	if err := c.Validate(); err != nil {
		return "", err
	}
	return c.render()
}

func (c Config) render() (string, error) {
	generated, err := encode(c.document())
	if err != nil || c.Extra == "" {
		return generated, err
	}
	return Merge(generated, c.Extra)
}

func (c Config) document() document {
	d := document{
		Extensions: map[string]any{extensionSigV4: c.sigV4Auth()},
		Receivers:  map[string]any{},
		Processors: map[string]any{
			processorMemoryLimiter: c.memoryLimiter(),
			processorDetection:     resourceDetection{Detectors: c.Labels.detectors()},
		},
		Exporters: map[string]any{},
		Service: service{
			Extensions: []string{extensionSigV4},
			Pipelines:  map[string]pipeline{},
			Telemetry:  c.CollectorMetrics.telemetry(),
		},
	}
	if c.HealthCheck {
		d.Extensions[extensionHealthCheck] = endpoint{Endpoint: address(loopback, healthCheckPort)}
		d.Service.Extensions = []string{extensionHealthCheck, extensionSigV4}
	}
	c.addOTLP(&d)
	c.addScrape(&d)
	c.addFleet(&d)
	c.addTaskMetrics(&d)
	c.addStatsd(&d)
	c.addTraces(&d)
	c.addDelivery(&d)
	c.addCloudWatch(&d)
	return d
}

func (c Config) addOTLP(d *document) {
	if c.OTLP == nil {
		return
	}
	d.Receivers[receiverOTLP] = c.OTLP.receiver(c.host())
	d.Processors[processorExported] = c.exported()
	actions := append(c.Labels.sourceActions(attrServiceName, attrServiceNamespace, attrServiceInstanceID, attrProcessID),
		attributeAction{Action: "insert", Key: attrContainerName, FromContext: "metadata." + HeaderContainerName})
	c.addMetrics(d, "otlp", receiverOTLP, exporterOTLP, actions, processorExported)
	c.copyPushed(d, "otlp", receiverOTLP)
	addDeltaReport(d, "otlp", receiverOTLP, `metric.aggregation_temporality != AGGREGATION_TEMPORALITY_DELTA`)
}

// jobs are the scrape jobs, of which one without a name has that of the service, if there is one.
func (c Config) jobs() []ScrapeJob {
	jobs := slices.Clone(c.Scrape)
	for i := range jobs {
		jobs[i].Name = JobName(stringOr(string(jobs[i].Name), c.Labels.Service))
	}
	return jobs
}

func (c Config) addScrape(d *document) {
	jobs := c.jobs()
	if c.CollectorMetrics != nil {
		jobs = append(jobs, c.CollectorMetrics.job())
		if c.Fleet.scrapes() {
			jobs = append(jobs, c.Fleet.discovery(*c.CollectorMetrics))
		}
	}
	if len(jobs) == 0 {
		return
	}
	c.copyScraped(d)
	d.Receivers[receiverPrometheus] = prometheusReceiverOf(jobs, c.ScrapeOnShutdown, c.added())
	exporter := exporterUnsuffixed
	if c.ScrapeOnShutdown && !c.Delivery.OneHop {
		exporter = exporterScrape
	}
	actions := c.Labels.sourceActions(attrServiceName)
	for name, first := range scrapePipelines(d, "scrape", jobs) {
		c.addMetrics(d, name, receiverPrometheus, exporter, actions, first...)
	}
}

// scrapePipelines names the pipelines of what is scraped, with what each does first.
func scrapePipelines(d *document, name string, jobs []ScrapeJob) map[string][]string {
	if !slices.ContainsFunc(jobs, func(j ScrapeJob) bool { return j.HonorTimestamps }) {
		return map[string][]string{name: nil}
	}
	// A sample that is too old has its request answered with 400. up must not depend on whether AMP stores the rest of it, as Cortex does.
	up := name + "_up"
	d.Processors[processorFilter+name] = filterProcessor{ErrorMode: "propagate", MetricConditions: []Text{"not " + isExposed}}
	d.Processors[processorFilter+up] = filterProcessor{ErrorMode: "propagate", MetricConditions: []Text{isExposed}}
	return map[string][]string{name: {processorFilter + name}, up: {processorFilter + up}}
}

func (c Config) addStatsd(d *document) {
	if c.Statsd == nil {
		return
	}
	d.Receivers[receiverStatsD] = c.Statsd.receiver(c.host())
	actions := append(c.Labels.sourceActions(), insertValue(attrServiceName, jobOfStatsD))
	report := `metric.aggregation_temporality != AGGREGATION_TEMPORALITY_DELTA`
	d.Processors[processorExported] = c.exported()
	first := []string{processorExported}
	if len(c.Statsd.Rates) > 0 {
		first = append(first, processorRates)
		d.Processors[processorRates] = deltaToRate{Metrics: texts(c.Statsd.Rates)}
		report += ` or ` + nameIsOneOf(c.Statsd.Rates)
	}
	c.addMetrics(d, "statsd", receiverStatsD, exporterUnsuffixed, actions, first...)
	c.copyPushed(d, "statsd", receiverStatsD)
	addDeltaReport(d, "statsd", receiverStatsD, report)
}

func (c Config) addTraces(d *document) {
	if !c.Traces {
		return
	}
	d.Processors[processorTraces] = batchProcessor{Timeout: traceBatchTimeout, SendBatchSize: traceBatchSize}
	d.Exporters[exporterTraces] = xrayExporter{Region: EnvTaskRegion}
	d.Service.Pipelines["traces"] = pipeline{
		Receivers:  []string{receiverOTLP},
		Processors: []string{processorMemoryLimiter, processorDetection, processorTraces},
		Exporters:  []string{exporterTraces},
	}
}

// addMetrics leads the metrics of one receiver to its exporter, through the processors every source shares.
func (c Config) addMetrics(d *document, source, receiver, exporter string, actions []attributeAction, first ...string) {
	processors := append([]string{processorMemoryLimiter}, first...)
	d.Processors[processorSource+source] = resourceProcessor{Attributes: actions}
	d.Processors[processorTask] = resourceProcessor{Attributes: c.taskActions()}
	d.Service.Pipelines["metrics/"+source] = pipeline{
		Receivers:  []string{receiver},
		Processors: append(processors, processorSource+source, processorDetection, processorTask),
		Exporters:  []string{c.deliver(d, exporter)},
	}
}

// addDeltaReport writes metrics with delta temporality to the log, by name, because the remote write exporter drops them
// without a word. The sampling bounds the summary lines only; each push of such metrics is logged, until its sender is fixed.
func addDeltaReport(d *document, source, receiver, others string) {
	filter := processorFilter + source + "_delta"
	d.Processors[filter] = filterProcessor{ErrorMode: "propagate", MetricConditions: []Text{Text(others)}}
	d.Exporters[exporterDelta] = debugExporter{Verbosity: "normal", SamplingInitial: 1, SamplingThereafter: 1000}
	d.Service.Pipelines["metrics/"+source+"_delta"] = pipeline{
		Receivers:  []string{receiver},
		Processors: []string{processorMemoryLimiter, filter},
		Exporters:  []string{exporterDelta},
	}
}

func (c Config) memoryLimiter() memoryLimiter {
	m := memoryLimiter{CheckInterval: memoryCheckInterval}
	if c.MemoryLimitMiB == 0 {
		m.LimitPercentage = limiterPercent
		m.SpikeLimitPercentage = spikePercent
		return m
	}
	m.LimitMiB = c.MemoryLimitMiB * limiterPercent / 100
	m.SpikeLimitMiB = c.MemoryLimitMiB * spikePercent / 100
	return m
}

func (c Config) sigV4Auth() sigV4Auth {
	auth := sigV4Auth{Region: EnvRegion, Service: "aps"}
	if c.AssumeRole {
		auth.AssumeRole = &assumeRole{ARN: EnvRoleARN, STSRegion: EnvSTSRegion}
		if c.ExternalID {
			auth.AssumeRole.ExternalID = EnvExternalID
		}
	}
	return auth
}
