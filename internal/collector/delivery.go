package collector

import (
	"slices"
	"strconv"
	"time"
)

// Delivery says how samples get through when the endpoint fails.
//
// By default they take two hops inside the collector. The first is an OTLP exporter that keeps them in a queue and tries again
// until they are delivered. It sends to a receiver on loopback, the second hop, whose remote write exporter tries once. The
// remote write exporter alone cannot do it: it drops a batch when its timeout is over, whatever is still in its queue.
// docs/delivery.md says what was measured.
type Delivery struct {
	// OneHop sends without the first hop.
	OneHop bool

	// QueueSizeMiB bounds the queue, in MiB of encoded OTLP. In memory a sample takes about seven times its encoded size. OTLP
	// metrics have a queue of their own, which takes half of it where there is a scrape job or StatsD too.
	//
	// Default: 0, an eleventh of MemoryLimitMiB in memory, 512 in files.
	QueueSizeMiB int

	// QueueDirectory keeps the queue in files there.
	//
	// Default: empty, the queue is in memory.
	QueueDirectory string

	// Port is the first of two loopback ports of the second hop: where applications push over OTLP, all other metrics take the port
	// after it. The port after these two is CloudWatch's.
	Port Number
}

// defaultDeliveryPort is the port of OTLP over HTTP, out of the way.
const defaultDeliveryPort = "14318"

// Figures of delivery. docs/delivery.md has the measurements.
const (
	// firstTimeout is the longest that one request can hang. It must be less than secondTimeout: only when the first hop
	// gives up first does it see a failure that it repeats (with 40 s and 10 s, a hang lost samples).
	firstTimeout  = Duration(8 * time.Second)
	secondTimeout = Duration(15 * time.Second)

	// Retries start at 2 s and slow down to 5 s, without end: less than one request per second from both queues together (9
	// requests of each in a 30-second fault, with 1 s at first), and at most 5 s of delay when the endpoint is back.
	firstRetry  = Duration(2 * time.Second)
	slowestTry  = Duration(5 * time.Second)
	retryFactor = 1.5

	// splitTimeout is that of a batch which is never held back, because any size is enough.
	splitTimeout = Duration(time.Second)

	// A queue in memory holds decoded data, about seven times as large as encoded (measured: 600,000 samples fill a container of
	// 512 MiB to 461 MiB). The default queue gets a share of the container's memory.
	decodedPerEncoded   = 7
	queueMemoryPercent  = 64
	defaultQueueMiB     = 46  // where the container's limit is not known: that of 512 MiB
	defaultDiskQueueMiB = 512 // two hours of 1,000 samples per second, at 75 bytes each
	taskQueueMiB        = 4   // the task's and the collector's own metrics are few: some ten samples in 20 s

	// One hop: one request at a time keeps the order of each series; a retry each second, for half a minute, is what the
	// exporter's own queue can survive (its timeout covers all retries of a batch).
	oneHopTimeout   = Duration(30 * time.Second)
	oneHopRetry     = Duration(time.Second)
	oneHopQueueSize = 1000

	// maxBatchSizeBytes bounds a request before compression. AMP takes 1 MB, and it must be the compressed size that counts, about a
	// tenth: the file that ADOT has for AMP leaves this at its default of 3 MB, and fills it.
	maxBatchSizeBytes = 3_000_000
)

// batchBytes splits what a source sends, so that a request of the first hop becomes one remote write request whatever it holds. A batch of
// several would be sent again as a whole when one of them fails, and be lost as a whole when one is refused for good and another fails.
// What counts is bytes of OTLP, not points: a point of a histogram becomes a sample for each bucket, each with all labels.
//
// A byte of OTLP becomes at most 30 of the request in LabelsTask, where samples take some 0.45 KB (a bucket is 16 bytes of OTLP), twice
// that in LabelsAll and half of it in LabelsIdentity. Where there are no histograms, because the scrape takes them apart, it is at most
// 15: the shortest sample is 30 bytes of OTLP.
func (l Labels) batchBytes(exporter string) int {
	bytes := map[string]int{LabelsIdentity: 150_000, LabelsAll: 36_000}[l.policy()]
	if bytes == 0 {
		bytes = 75_000
	}
	if exporter != exporterOTLP {
		bytes *= 2
	}
	return bytes
}

type remoteWriteExporter struct {
	Endpoint            reference      `yaml:"endpoint"`
	Auth                authenticator  `yaml:"auth"`
	Timeout             Duration       `yaml:"timeout"`
	MaxBatchSizeBytes   int            `yaml:"max_batch_size_bytes"`
	MaxBatchParallelism int            `yaml:"max_batch_request_parallelism"`
	RemoteWriteQueue    writeQueue     `yaml:"remote_write_queue"`
	RetryOnFailure      retryOnFailure `yaml:"retry_on_failure"`
	ExternalLabels      map[string]any `yaml:"external_labels,omitempty"`
	TranslationStrategy string         `yaml:"translation_strategy,omitempty"`
	DisableScopeInfo    bool           `yaml:"disable_scope_info"`
	TargetInfo          enabled        `yaml:"target_info"`
	ResourceToTelemetry struct {
		Enabled                  bool `yaml:"enabled"`
		ExcludeServiceAttributes bool `yaml:"exclude_service_attributes"`
	} `yaml:"resource_to_telemetry_conversion"`
}

type authenticator struct {
	Authenticator string `yaml:"authenticator"`
}

type writeQueue struct {
	Enabled   bool `yaml:"enabled"`
	QueueSize int  `yaml:"queue_size,omitempty"`
}

type retryOnFailure struct {
	Enabled         bool     `yaml:"enabled"`
	InitialInterval Duration `yaml:"initial_interval,omitempty"`
	MaxInterval     Duration `yaml:"max_interval,omitempty"`
	Multiplier      float64  `yaml:"multiplier,omitempty"`
	MaxElapsedTime  *int     `yaml:"max_elapsed_time,omitempty"`
}

type firstHop struct {
	Endpoint       string         `yaml:"endpoint"`
	Compression    string         `yaml:"compression"`
	Timeout        Duration       `yaml:"timeout"`
	RetryOnFailure retryOnFailure `yaml:"retry_on_failure"`
	SendingQueue   sendingQueue   `yaml:"sending_queue"`
}

type sendingQueue struct {
	NumConsumers int        `yaml:"num_consumers"`
	Sizer        string     `yaml:"sizer"`
	QueueSize    int        `yaml:"queue_size"`
	Storage      string     `yaml:"storage,omitempty"`
	Batch        queueBatch `yaml:"batch"`
}

type queueBatch struct {
	Sizer        string   `yaml:"sizer"`
	MinSize      int      `yaml:"min_size"`
	MaxSize      int      `yaml:"max_size"`
	FlushTimeout Duration `yaml:"flush_timeout"`
}

type fileStorage struct {
	Directory  Text `yaml:"directory"`
	Create     bool `yaml:"create_directory,omitempty"`
	Compaction struct {
		OnRebound bool `yaml:"on_rebound"`
		Directory Text `yaml:"directory"`
	} `yaml:"compaction"`
}

func (d Delivery) validate(v *faults, memoryLimitMiB int) {
	if d.OneHop {
		for _, option := range []struct {
			name string
			set  bool
		}{{"QueueSize", d.QueueSizeMiB != 0}, {"QueueOnDisk", d.QueueDirectory != ""}, {"Port", d.Port != ""}} {
			if option.set {
				v.add("Delivery.%s is set together with OneHop, which has no such queue; leave one out", option.name)
			}
		}
		return
	}
	if need := d.QueueSizeMiB * decodedPerEncoded; d.QueueDirectory == "" && memoryLimitMiB != 0 && need > memoryLimitMiB {
		v.add("Delivery.QueueSize is %d MiB, which takes about %d MiB of memory when the queue is full, more than the collector's limit of %d MiB; "+
			"lower it, raise %sCollector.MemoryLimitMiB, or set QueueOnDisk", d.QueueSizeMiB, need, memoryLimitMiB, v.at)
	}
	if isPlaceholder(string(d.Port)) {
		v.add("Delivery.Port is a token; it must be known at synthesis")
	}
	v.port(v.at+"Delivery.Port", d.Port, maxPort-1)
}

// hopPort is where the second hop of an exporter listens.
func (c Config) hopPort(exporter string) Number {
	first, _ := strconv.Atoi(string(stringOr(c.Delivery.Port, defaultDeliveryPort)))
	return Number(strconv.Itoa(first + slices.Index(c.hops(), exporter)))
}

// hops lists the remote write exporters that are reached over a first hop.
func (c Config) hops() []string {
	if c.Delivery.OneHop {
		return nil
	}
	var hops []string
	if c.OTLP != nil {
		hops = append(hops, exporterOTLP)
	}
	scraped := len(c.Scrape) > 0 || c.CollectorMetrics != nil
	if c.Fleet.scrapes() || c.Statsd != nil || c.TaskMetrics != nil || scraped && !c.ScrapeOnShutdown {
		hops = append(hops, exporterUnsuffixed)
	}
	return hops
}

// deliver adds a remote write exporter and gives what a pipeline names to reach it.
func (c Config) deliver(d *document, exporter string) string {
	if !slices.Contains(c.hops(), exporter) {
		d.Exporters[exporter] = c.remoteWriteExporter(exporter, true)
		return exporter
	}
	d.Exporters[exporter] = c.remoteWriteExporter(exporter, false)
	first := exporterFirstHop + hopName(exporter)
	d.Exporters[first] = c.firstHop(exporter)
	return first
}

// hopName names the hops of an exporter: delivery, delivery_unsuffixed.
func hopName(exporter string) string {
	if exporter == exporterUnsuffixed {
		return "delivery_unsuffixed"
	}
	return "delivery"
}

// addDelivery adds the second hops.
func (c Config) addDelivery(d *document) {
	for _, exporter := range c.hops() {
		name := hopName(exporter)
		d.Receivers[receiverSecondHop+name] = secondHop(c.hopPort(exporter))
		d.Service.Pipelines["metrics/"+name] = pipeline{Receivers: []string{receiverSecondHop + name}, Exporters: []string{exporter}}
	}
	if dir := c.Delivery.QueueDirectory; dir != "" && len(c.hops()) > 0 {
		storage := fileStorage{Directory: Text(dir)}
		// Gives the space of a long outage back when it is over.
		storage.Compaction.OnRebound, storage.Compaction.Directory = true, Text(dir)
		d.Extensions[extensionStorage] = storage
		d.Service.Extensions = append(d.Service.Extensions, extensionStorage)
	}
}

func secondHop(port Number) otlpReceiver {
	var r otlpReceiver
	r.Protocols.HTTP = &endpoint{Endpoint: address(loopback, port)}
	return r
}

func (c Config) firstHop(exporter string) firstHop {
	forever := 0
	hop := firstHop{
		Endpoint:    "http://" + loopback + ":" + string(c.hopPort(exporter)),
		Compression: "none", // it stays on loopback
		Timeout:     firstTimeout,
		RetryOnFailure: retryOnFailure{
			Enabled: true, InitialInterval: firstRetry, MaxInterval: slowestTry, Multiplier: retryFactor, MaxElapsedTime: &forever,
		},
		SendingQueue: sendingQueue{
			NumConsumers: 1, // keeps the order of each series
			Sizer:        "bytes",
			QueueSize:    c.queueMiB(exporter) << 20,
			Batch:        queueBatch{Sizer: "bytes", MaxSize: c.Labels.batchBytes(exporter), FlushTimeout: splitTimeout},
		},
	}
	if c.Delivery.QueueDirectory != "" {
		hop.SendingQueue.Storage = extensionStorage
	}
	return hop
}

// queueMiB shares the queue's size out. What the task and the collector say of themselves is little; both queues are alike where
// applications use both.
func (c Config) queueMiB(exporter string) int {
	applications := c.Statsd != nil || c.Fleet.scrapes() || len(c.Scrape) > 0 && !c.ScrapeOnShutdown
	switch {
	case exporter == exporterUnsuffixed && !applications:
		return taskQueueMiB
	case c.OTLP != nil && applications:
		return max(1, c.queueSizeMiB()/2)
	}
	return c.queueSizeMiB()
}

func (c Config) queueSizeMiB() int {
	switch {
	case c.Delivery.QueueSizeMiB != 0:
		return c.Delivery.QueueSizeMiB
	case c.Delivery.QueueDirectory != "":
		return defaultDiskQueueMiB
	case c.MemoryLimitMiB != 0:
		return max(1, c.MemoryLimitMiB*queueMemoryPercent/100/decodedPerEncoded)
	}
	return defaultQueueMiB
}

// remoteWriteExporter queues and retries by itself, or leaves both to the first hop.
func (c Config) remoteWriteExporter(id string, alone bool) remoteWriteExporter {
	e := remoteWriteExporter{
		Endpoint:          EnvEndpoint,
		Auth:              authenticator{extensionSigV4},
		Timeout:           secondTimeout,
		MaxBatchSizeBytes: maxBatchSizeBytes,
		// There is one batch at a time; this keeps its parts in order too.
		MaxBatchParallelism: 1,
		ExternalLabels:      c.externalLabels(),
		DisableScopeInfo:    id != exporterOTLP, // elsewhere the scope is the receiver
	}
	if alone {
		e.Timeout = oneHopTimeout
		e.RemoteWriteQueue = writeQueue{Enabled: true, QueueSize: oneHopQueueSize}
		e.RetryOnFailure = retryOnFailure{Enabled: true, InitialInterval: oneHopRetry}
	}
	// Suffixes are a convention of OTLP. A scraped metric keeps its name, such as jobs for a counter, and the units of ECS metrics are
	// words (MiB, None, Bytes/Second).
	if id != exporterOTLP {
		e.TranslationStrategy = "UnderscoreEscapingWithoutSuffixes"
	}
	e.ResourceToTelemetry.Enabled = true
	e.ResourceToTelemetry.ExcludeServiceAttributes = true
	return e
}
