package collector

import (
	"regexp"
	"strings"
	"time"
)

// Component names. ADOT's contrib version takes the older spellings of some with a deprecation warning.
const (
	receiverOTLP        = "otlp"
	receiverPrometheus  = "prometheus"
	receiverTaskMetrics = "awsecscontainermetrics"

	processorMemoryLimiter = "memory_limiter"
	processorDetection     = "resource_detection"
	processorTask          = "resource/task"
	processorSource        = "resource/" // + the source's name
	processorTaskMetrics   = "filter/ecs"

	exporterApplication = "prometheus_remote_write"
	exporterTaskMetrics = "prometheus_remote_write/ecs"

	extensionHealthCheck = "health_check"
	extensionSigV4       = "sigv4auth"
)

// Delivery figures. One request at a time keeps the order of each series; a retry each second, for half a minute, is
// what the exporter's own queue can survive (its timeout covers all retries of a batch).
const (
	deliveryTimeout   = 30 * time.Second
	retryInterval     = time.Second
	deliveryQueueSize = 1000
	maxBatchSizeBytes = 1_000_000 // AMP refuses requests over 1 MB.
)

const memoryCheckInterval = time.Second

// defaultTaskMetrics are those of ADOT's ecs-amp.yaml that describe the task.
var defaultTaskMetrics = []string{
	"ecs.task.cpu.reserved",
	"ecs.task.cpu.utilized",
	"ecs.task.memory.reserved",
	"ecs.task.memory.utilized",
	"ecs.task.network.rate.rx",
	"ecs.task.network.rate.tx",
	"ecs.task.storage.read_bytes",
	"ecs.task.storage.write_bytes",
}

// DefaultTaskMetricsInterval is the collection interval of the awsecscontainermetrics receiver.
const DefaultTaskMetricsInterval = 20 * time.Second

// YAML renders the configuration. It fails where Validate does.
func (c Config) YAML() (string, error) {
	if err := c.Validate(); err != nil {
		return "", err
	}
	return render(c.document())
}

func (c Config) document() document {
	d := document{
		Extensions: map[string]any{},
		Receivers:  map[string]any{},
		Processors: map[string]any{
			processorMemoryLimiter: c.memoryLimiter(),
			processorDetection:     resourceDetection{Detectors: c.Labels.detectors()},
			processorTask:          resourceProcessor{Attributes: c.Labels.taskActions()},
		},
		Exporters: map[string]any{},
		Service:   service{Pipelines: map[string]pipeline{}},
	}
	d.Service.Telemetry.Metrics.Level = "none"

	if c.HealthCheckEndpoint != "" {
		d.Extensions[extensionHealthCheck] = endpoint{text(c.HealthCheckEndpoint)}
		d.Service.Extensions = append(d.Service.Extensions, extensionHealthCheck)
	}
	d.Extensions[extensionSigV4] = c.sigV4Auth()
	d.Service.Extensions = append(d.Service.Extensions, extensionSigV4)

	if c.OTLP != nil {
		d.Receivers[receiverOTLP] = c.OTLP.receiver()
		actions := c.Labels.sourceActions(attrServiceName, attrServiceNamespace, attrServiceInstanceID)
		c.addPipeline(&d, "otlp", receiverOTLP, exporterApplication, actions)
	}
	if len(c.Scrape) > 0 {
		d.Receivers[receiverPrometheus] = prometheusReceiverOf(c.Scrape)
		actions := c.Labels.sourceActions(attrServiceName)
		c.addPipeline(&d, "scrape", receiverPrometheus, exporterApplication, actions)
	}
	if c.TaskMetrics != nil {
		d.Receivers[receiverTaskMetrics] = taskMetricsReceiver{duration(valueOr(c.TaskMetrics.Interval, DefaultTaskMetricsInterval))}
		d.Processors[processorTaskMetrics] = onlyMetrics(defaultTaskMetrics)
		actions := append(c.Labels.sourceActions(attrECSService),
			attributeAction{Action: "insert", Key: attrServiceName, Value: jobOfTaskMetrics})
		c.addPipeline(&d, "ecs", receiverTaskMetrics, exporterTaskMetrics, actions, processorTaskMetrics)
	}
	return d
}

// addPipeline leads the metrics of one receiver to its exporter, through the processors every source shares.
func (c Config) addPipeline(d *document, source, receiver, exporter string, actions []attributeAction, first ...string) {
	processors := append([]string{processorMemoryLimiter}, first...)
	d.Processors[processorSource+source] = resourceProcessor{Attributes: actions}
	d.Exporters[exporter] = c.exporter(exporter)
	d.Service.Pipelines["metrics/"+source] = pipeline{
		Receivers:  []string{receiver},
		Processors: append(processors, processorSource+source, processorDetection, processorTask),
		Exporters:  []string{exporter},
	}
}

func (c Config) memoryLimiter() memoryLimiter {
	m := memoryLimiter{CheckInterval: duration(memoryCheckInterval)}
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
	auth := sigV4Auth{Region: text(c.RemoteWrite.Region), Service: "aps"}
	if r := c.RemoteWrite.AssumeRole; r != nil {
		auth.AssumeRole = &assumeRole{ARN: text(r.ARN), STSRegion: text(r.STSRegion), ExternalID: text(r.ExternalID)}
		if r.STSRegion == "" {
			auth.AssumeRole.STSRegion = text(c.RemoteWrite.Region)
		}
	}
	return auth
}

func (c Config) exporter(id string) remoteWriteExporter {
	e := remoteWriteExporter{
		Endpoint:          text(c.RemoteWrite.Endpoint),
		Auth:              authenticator{extensionSigV4},
		Timeout:           duration(deliveryTimeout),
		MaxBatchSizeBytes: maxBatchSizeBytes,
		RemoteWriteQueue:  writeQueue{Enabled: true, QueueSize: deliveryQueueSize, NumConsumers: 1},
		RetryOnFailure:    retryOnFailure{Enabled: true, InitialInterval: duration(retryInterval)},
		DisableScopeInfo:  true,
	}
	// The receiver's units are words (MiB, None, Bytes/Second), which would end up in the names of ECS metrics.
	if id == exporterTaskMetrics {
		e.TranslationStrategy = "UnderscoreEscapingWithoutSuffixes"
	}
	e.ResourceToTelemetry.Enabled = true
	e.ResourceToTelemetry.ExcludeServiceAttributes = true
	return e
}

func (o OTLP) receiver() otlpReceiver {
	var r otlpReceiver
	if o.GRPCEndpoint != "" {
		r.Protocols.GRPC = &endpoint{text(o.GRPCEndpoint)}
	}
	if o.HTTPEndpoint != "" {
		r.Protocols.HTTP = &endpoint{text(o.HTTPEndpoint)}
	}
	return r
}

func prometheusReceiverOf(jobs []ScrapeJob) prometheusReceiver {
	var r prometheusReceiver
	for _, j := range jobs {
		s := scrapeConfig{
			JobName:               text(j.Name),
			ScrapeInterval:        duration(j.interval()),
			ScrapeTimeout:         duration(j.timeout()),
			Scheme:                j.Scheme,
			MetricsPath:           text(stringOr(j.Path, DefaultMetricsPath)),
			SampleLimit:           number(stringOr(j.SampleLimit, DefaultSampleLimit)),
			LabelLimit:            number(stringOr(j.LabelLimit, DefaultLabelLimit)),
			LabelValueLengthLimit: number(stringOr(j.LabelValueLengthLimit, DefaultLabelValueLengthLimit)),
			BodySizeLimit:         number(stringOr(j.BodySizeLimit, DefaultBodySizeLimit)),
		}
		var targets []text
		for _, t := range j.Targets {
			targets = append(targets, text(t))
		}
		s.StaticConfigs = []staticConfig{{Targets: targets}}
		r.Config.ScrapeConfigs = append(r.Config.ScrapeConfigs, s)
	}
	return r
}

func (j ScrapeJob) interval() time.Duration { return valueOr(j.Interval, DefaultScrapeInterval) }

func (j ScrapeJob) timeout() time.Duration {
	return valueOr(j.Timeout, min(DefaultScrapeTimeout, j.interval()))
}

// onlyMetrics drops every metric but those named.
func onlyMetrics(names []string) filterProcessor {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = strings.ReplaceAll(regexp.QuoteMeta(n), `\`, `\\`) // once for the regular expression, once for the OTTL string
	}
	return filterProcessor{
		ErrorMode:        "propagate",
		MetricConditions: []text{text(`not IsMatch(metric.name, "^(` + strings.Join(quoted, "|") + `)$")`)},
	}
}

func valueOr[T any](p *T, d T) T {
	if p == nil {
		return d
	}
	return *p
}

func stringOr(s, d string) string {
	if s == "" {
		return d
	}
	return s
}
