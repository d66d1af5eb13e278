package collector

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CloudWatch copies a few metrics to CloudWatch, as log events in the embedded metric format. What is copied leaves the pipelines of AMP
// before their exporters, in pipelines and a queue of its own, so whatever CloudWatch Logs does is not felt there.
//
// Each task writes one value of a metric at a time: the sum over the metric's labels, unless Aggregation says otherwise. A counter becomes
// the increment since the value before it.
type CloudWatch struct {
	// Metrics to copy, by the names that their sources have.
	Metrics []CopiedMetric

	// Namespace in CloudWatch.
	//
	// Default: ECS/Application.
	Namespace string

	// Interval is the time between two scrapes for CloudWatch.
	//
	// Default: 60 s.
	Interval *Duration

	// Dimensions of every metric, with their values.
	//
	// Default: ClusterName and TaskDefinitionFamily, which the collector detects.
	Dimensions map[string]string
}

// CopiedMetric is a metric that is copied.
type CopiedMetric struct {
	Name string

	// Counter says that the metric only counts up.
	//
	// Default: what ends in _total does.
	Counter *bool

	// Aggregation makes one value of all label sets of the metric.
	//
	// Default: AggregateSum.
	Aggregation string
}

// Aggregations of a [CopiedMetric].
const (
	AggregateSum  = "sum"
	AggregateMean = "mean"
	AggregateMax  = "max"
	AggregateMin  = "min"
)

// Dimensions that the collector detects. Their names are those of Container Insights.
const (
	DimensionCluster = "ClusterName"
	DimensionFamily  = "TaskDefinitionFamily"
)

const (
	defaultNamespace          = "ECS/Application"
	defaultCloudWatchInterval = Duration(time.Minute)
	shortestCopyInterval      = Duration(10 * time.Second)

	// The queue holds what is copied in a minute or so. A value that is older scales nothing. A request that fails is repeated for half a
	// minute, ten of them at once, and at most six a minute are made, so the queue does not fill up: a full one would answer those who push
	// with an error, although AMP's queue took their data. The exporter writes a page of its stack to the log for each, so they are few.
	copyQueueBytes  = 1 << 20
	copyBatchWait   = Duration(10 * time.Second)
	copyConsumers   = 10
	copyFirstRetry  = Duration(5 * time.Second)
	copySlowestTry  = Duration(10 * time.Second)
	copyRetryFor    = Duration(30 * time.Second)
	copyPortOffset  = 2 // the ports before it are those of the queues for AMP
	copySDKAttempts = 4 // the exporter gives a throttled request up for good when the SDK does

	// What is not seen for so long is forgotten.
	copyStaleness = Duration(time.Hour)

	processorCopied     = processorFilter + "cloudwatch"
	processorIncrements = "cumulative_to_delta"
	processorOneValue   = processorRename + "cloudwatch"
	processorDimensions = "resource/cloudwatch"
	processorLevels     = processorGeneration + "cloudwatch"
	processorLevelsRest = processorFilter + "cloudwatch_levels"
	receiverCopied      = receiverPrometheus + "/cloudwatch"
	exporterCopied      = exporterFirstHop + "cloudwatch"
	receiverCopiedHop   = receiverSecondHop + "cloudwatch"
	exporterCloudWatch  = "awsemf"
	exporterNotCopied   = "debug/not_copied"
	levelSuffix         = ".level"
)

// IsCounter says whether increments are copied.
func (m CopiedMetric) IsCounter() bool {
	return valueOr(m.Counter, strings.HasSuffix(m.Name, "_total"))
}

// IsScraped says whether the metric can come from a scrape, of which every task has one value in each interval.
func (c Config) IsScraped(m CopiedMetric) bool {
	return len(c.Scrape) > 0 && scrapedName.MatchString(m.Name)
}

var scrapedName = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)

// NamespaceOrDefault is where the metrics are.
func (w CloudWatch) NamespaceOrDefault() string { return stringOr(w.Namespace, defaultNamespace) }

// IntervalOrDefault is the time between two values of a scraped metric.
func (w CloudWatch) IntervalOrDefault() time.Duration {
	return time.Duration(valueOr(w.Interval, defaultCloudWatchInterval))
}

// Metric finds a metric by its name.
func (w CloudWatch) Metric(name string) (CopiedMetric, bool) {
	i := slices.IndexFunc(w.Metrics, func(m CopiedMetric) bool { return m.Name == name })
	if i < 0 {
		return CopiedMetric{}, false
	}
	return w.Metrics[i], true
}

// Names lists the metrics.
func (w CloudWatch) Names() []string { return w.named(func(CopiedMetric) bool { return true }) }

func (w CloudWatch) named(which func(CopiedMetric) bool) (names []string) {
	for _, m := range w.Metrics {
		if which(m) {
			names = append(names, m.Name)
		}
	}
	return names
}

func (w CloudWatch) levels() []string {
	return w.named(func(m CopiedMetric) bool { return !m.IsCounter() })
}

// dimensions lists the names, in order.
func (w CloudWatch) dimensions() []string {
	if w.Dimensions == nil {
		return []string{DimensionCluster, DimensionFamily}
	}
	return slices.Sorted(maps.Keys(w.Dimensions))
}

func isTaskMetric(name string) bool { return slices.Contains(KnownTaskMetrics(), name) }

type embeddedMetricExporter struct {
	Region                reference           `yaml:"region"`
	MaxRetries            int                 `yaml:"max_retries"`
	RequestTimeoutSeconds int                 `yaml:"request_timeout_seconds"`
	Namespace             Text                `yaml:"namespace"`
	LogGroupName          reference           `yaml:"log_group_name"`
	DimensionRollupOption string              `yaml:"dimension_rollup_option"`
	MetricDeclarations    []metricDeclaration `yaml:"metric_declarations"`
	MetricDescriptors     []metricDescriptor  `yaml:"metric_descriptors"`
	ResourceToTelemetry   enabled             `yaml:"resource_to_telemetry_conversion"`
}

type metricDeclaration struct {
	Dimensions          [][]Text `yaml:"dimensions,flow"`
	MetricNameSelectors []Text   `yaml:"metric_name_selectors"`
}

type metricDescriptor struct {
	MetricName Text   `yaml:"metric_name"`
	Unit       string `yaml:"unit"`
	Overwrite  bool   `yaml:"overwrite"`
}

type cumulativeToDelta struct {
	MaxStaleness Duration `yaml:"max_staleness"`
}

type valueTransforms struct {
	Transforms []valueTransform `yaml:"transforms"`
}

type valueTransform struct {
	Include    Text             `yaml:"include"`
	Action     string           `yaml:"action"`
	NewName    Text             `yaml:"new_name,omitempty"`
	Operations []valueOperation `yaml:"operations"`
}

type valueOperation struct {
	Action          string   `yaml:"action"`
	LabelSet        []string `yaml:"label_set,flow"`
	AggregationType string   `yaml:"aggregation_type"`
}

// copyScraped reads the jobs once more, only for what is copied: the receiver of the others leaves the types out, and says nothing of what
// counts up.
func (c Config) copyScraped(d *document) {
	w := c.CloudWatch
	if w == nil {
		return
	}
	names := w.named(c.IsScraped)
	if len(names) == 0 {
		return
	}
	var r prometheusReceiver
	for _, j := range c.jobs() {
		j.Interval = new(Duration(w.IntervalOrDefault()))
		j.Timeout = new(min(j.timeout(), *j.Interval))
		quoted := make([]string, len(names))
		for i, n := range names {
			quoted[i] = regexp.QuoteMeta(n)
		}
		rules := append(j.relabelConfigs(), RelabelRule{SourceLabels: []string{"__name__"}, Regex: Text(strings.Join(quoted, "|")), Action: RelabelKeep})
		r.Config.ScrapeConfigs = append(r.Config.ScrapeConfigs, scrapeConfig{ScrapeJob: j.withDefaults(), StaticConfigs: j.staticConfigs(), MetricRelabelConfigs: rules})
	}
	d.Receivers[receiverCopied] = r
	c.copyMetrics(d, "scrape", receiverCopied)
}

// copyPushed copies from a receiver what applications push.
func (c Config) copyPushed(d *document, source, receiver string) {
	if w := c.CloudWatch; w != nil && len(w.named(func(m CopiedMetric) bool { return !isTaskMetric(m.Name) })) > 0 {
		c.copyMetrics(d, source, receiver)
	}
}

// copyTask copies those of metrics that are named from what ECS knows of the task; first are the processors that make them.
func (c Config) copyTask(d *document, source string, metrics []string, first ...string) {
	if w := c.CloudWatch; w != nil && len(w.named(func(m CopiedMetric) bool { return slices.Contains(metrics, m.Name) })) > 0 {
		c.copyMetrics(d, source, receiverTaskMetrics, first...)
	}
}

// copyMetrics leads what is copied from a receiver to the queue. Increments are made before labels are put together, because a series that
// ends would look like a counter that starts again, and before the queue, because the exporter would make them anew in each try.
func (c Config) copyMetrics(d *document, source, receiver string, first ...string) {
	w := c.CloudWatch
	d.Processors[processorCopied] = filterProcessor{ErrorMode: "propagate", MetricConditions: []Text{
		Text("not " + nameIsOneOf(w.Names())), Text(w.otherKind()), isStale,
	}}
	d.Processors[processorIncrements] = cumulativeToDelta{copyStaleness}
	d.Processors[processorDimensions] = resourceProcessor{Attributes: w.dimensionActions()}
	d.Processors[processorOneValue] = w.oneValue()
	processors := slices.Concat([]string{processorMemoryLimiter}, first,
		[]string{processorCopied, processorIncrements, processorDetection, processorDimensions, processorOneValue})
	if levels := w.levels(); len(levels) > 0 {
		// A sum that goes up and down is a level, which the exporter would take for a counter. What this processor makes of it has no
		// temporality, and the exporter leaves it as it is.
		var rules metricsGeneration
		var parts []string
		for _, name := range levels {
			rules.Rules = append(rules.Rules, generation{Name: name, Type: "scale", Metric1: name + levelSuffix, ScaleBy: 1, Operation: "multiply"})
			parts = append(parts, name+levelSuffix)
		}
		d.Processors[processorLevels] = rules
		d.Processors[processorLevelsRest] = filterProcessor{ErrorMode: "propagate", MetricConditions: []Text{Text(nameIsOneOf(parts))}}
		processors = append(processors, processorLevels, processorLevelsRest)
	}
	d.Service.Pipelines["metrics/"+source+"_cloudwatch"] = pipeline{
		Receivers: []string{receiver}, Processors: processors, Exporters: []string{exporterCopied},
	}
	if len(first) == 0 { // of ECS metrics the kind is known
		c.reportOtherKind(d, source, receiver)
	}
}

// reportOtherKind writes the names of metrics to the log that are copied, and are not of the kind that Counter says: they would be wrong
// numbers.
func (c Config) reportOtherKind(d *document, source, receiver string) {
	filter := processorFilter + "cloudwatch_other_kind"
	report := c.CloudWatch.otherKind()
	if families := c.CloudWatch.families(); len(families) > 0 { // which the receiver makes of the parts of a histogram or a summary
		report += " or " + nameIsOneOf(families) + " and (metric.type == METRIC_DATA_TYPE_HISTOGRAM or metric.type == METRIC_DATA_TYPE_SUMMARY)"
	}
	d.Processors[filter] = filterProcessor{ErrorMode: "propagate", MetricConditions: []Text{Text("not (" + report + ")")}}
	d.Exporters[exporterNotCopied] = debugExporter{Verbosity: "normal", SamplingInitial: 1, SamplingThereafter: 1000}
	d.Service.Pipelines["metrics/"+source+"_cloudwatch_other_kind"] = pipeline{
		Receivers: []string{receiver}, Processors: []string{processorMemoryLimiter, filter}, Exporters: []string{exporterNotCopied},
	}
}

// families are the names without what the parts of a histogram or a summary end in.
func (w CloudWatch) families() (families []string) {
	for _, m := range w.Metrics {
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			if family, has := strings.CutSuffix(m.Name, suffix); has {
				families = append(families, family)
			}
		}
	}
	return families
}

// isStale is a point without a value: the series ended, or its scrape failed.
const isStale = Text("datapoint.flags == 1")

// otherKind is an OTTL condition that metrics meet which are not of the kind that Counter says.
func (w CloudWatch) otherKind() string {
	const counts = "metric.type == METRIC_DATA_TYPE_SUM and metric.is_monotonic == true"
	const isLevel = "metric.type == METRIC_DATA_TYPE_GAUGE or metric.type == METRIC_DATA_TYPE_SUM and metric.is_monotonic == false"
	var conditions []string
	for _, kind := range []struct {
		names []string
		is    string
	}{{w.named(CopiedMetric.IsCounter), counts}, {w.levels(), isLevel}} {
		if len(kind.names) > 0 {
			conditions = append(conditions, "("+nameIsOneOf(kind.names)+" and not ("+kind.is+"))")
		}
	}
	return strings.Join(conditions, " or ")
}

// oneValue puts the label sets of each metric together.
func (w CloudWatch) oneValue() (t valueTransforms) {
	for _, m := range w.Metrics {
		v := valueTransform{Include: Text(m.Name), Action: "update", Operations: []valueOperation{{
			Action: "aggregate_labels", LabelSet: []string{}, AggregationType: stringOr(m.Aggregation, AggregateSum),
		}}}
		if !m.IsCounter() {
			v.NewName = Text(m.Name + levelSuffix)
		}
		t.Transforms = append(t.Transforms, v)
	}
	return t
}

// dimensionActions reduce the resource to the dimensions, and to what tells the events of containers of one task apart.
func (w CloudWatch) dimensionActions() []attributeAction {
	keep := []string{attrServiceName, attrServiceInstanceID, attrContainerName, attrTaskID}
	actions := []attributeAction{{Action: "insert", Key: attrContainerName, FromContext: "metadata." + HeaderContainerName}}
	for _, name := range keep {
		actions = append(actions, attributeAction{Action: "upsert", Key: Text(parkedPrefix + name), FromAttribute: Text(name)})
	}
	if w.Dimensions == nil {
		actions = append(actions, attributeAction{Action: "extract", Key: attrClusterARN, Pattern: clusterNameFromARN},
			attributeAction{Action: "upsert", Key: parkedPrefix + DimensionCluster, FromAttribute: attrClusterName},
			attributeAction{Action: "upsert", Key: parkedPrefix + DimensionFamily, FromAttribute: attrFamily})
	}
	for _, name := range slices.Sorted(maps.Keys(w.Dimensions)) {
		actions = append(actions, attributeAction{Action: "upsert", Key: Text(parkedPrefix + name), Value: Text(w.Dimensions[name])})
	}
	actions = append(actions, attributeAction{Action: "delete", Pattern: deleteAllButParked})
	for _, name := range append(keep, w.dimensions()...) {
		actions = append(actions, insertFrom(name, parkedPrefix+name))
	}
	return append(actions, attributeAction{Action: "delete", Pattern: deleteParked})
}

// addCloudWatch adds the queue, and the exporter behind it.
func (c Config) addCloudWatch(d *document) {
	w := c.CloudWatch
	if w == nil {
		return
	}
	port := c.copyPort()
	d.Exporters[exporterCopied] = copyHop{
		Endpoint: "http://" + loopback + ":" + string(port), Compression: "none", Timeout: firstTimeout,
		RetryOnFailure: copyRetry{Enabled: true, InitialInterval: copyFirstRetry, MaxInterval: copySlowestTry, MaxElapsedTime: copyRetryFor},
		SendingQueue: sendingQueue{
			NumConsumers: copyConsumers, Sizer: "bytes", QueueSize: copyQueueBytes,
			Batch: queueBatch{Sizer: "bytes", MinSize: copyQueueBytes / 8, MaxSize: copyQueueBytes / 8, FlushTimeout: copyBatchWait},
		},
	}
	d.Receivers[receiverCopiedHop] = secondHop(port)
	dimensions := make([]Text, 0, len(w.dimensions()))
	for _, name := range w.dimensions() {
		dimensions = append(dimensions, Text(name))
	}
	exporter := embeddedMetricExporter{
		Region: EnvTaskRegion, MaxRetries: copySDKAttempts, RequestTimeoutSeconds: int(time.Duration(firstTimeout).Seconds()),
		Namespace: Text(w.NamespaceOrDefault()), LogGroupName: EnvLogGroup, DimensionRollupOption: "NoDimensionRollup",
		ResourceToTelemetry: enabled{true},
	}
	declaration := metricDeclaration{Dimensions: [][]Text{dimensions}}
	for _, name := range w.Names() {
		declaration.MetricNameSelectors = append(declaration.MetricNameSelectors, Text("^"+regexp.QuoteMeta(name)+"$"))
		// CloudWatch does not take an event with a unit that it does not know, such as {order} or MiB.
		exporter.MetricDescriptors = append(exporter.MetricDescriptors, metricDescriptor{Text(name), "None", true})
	}
	exporter.MetricDeclarations = []metricDeclaration{declaration}
	d.Exporters[exporterCloudWatch] = exporter
	d.Service.Pipelines["metrics/cloudwatch"] = pipeline{Receivers: []string{receiverCopiedHop}, Exporters: []string{exporterCloudWatch}}
}

type copyHop struct {
	Endpoint       string       `yaml:"endpoint"`
	Compression    string       `yaml:"compression"`
	Timeout        Duration     `yaml:"timeout"`
	RetryOnFailure copyRetry    `yaml:"retry_on_failure"`
	SendingQueue   sendingQueue `yaml:"sending_queue"`
}

type copyRetry struct {
	Enabled         bool     `yaml:"enabled"`
	InitialInterval Duration `yaml:"initial_interval"`
	MaxInterval     Duration `yaml:"max_interval"`
	MaxElapsedTime  Duration `yaml:"max_elapsed_time"`
}

// copyPort is the port after those of the queues for AMP.
func (c Config) copyPort() Number {
	first, _ := strconv.Atoi(string(stringOr(c.Delivery.Port, defaultDeliveryPort)))
	return Number(strconv.Itoa(first + copyPortOffset))
}

// Limits of CloudWatch, and of the exporter.
//
// Source: Amazon CloudWatch API Reference, MetricDatum, Dimension and PutMetricData; Embedded metric format specification;
// awsemfexporter v0.158.0, metric_declaration.go, drops a set of more than 10 dimensions.
const (
	maxCopiedMetrics   = 100
	maxCopyDimensions  = 10
	maxCloudWatchName  = 255
	maxDimensionLength = 1024
)

var (
	cloudWatchNamespace = regexp.MustCompile(`^[0-9A-Za-z._/#-][0-9A-Za-z._/#: -]*$`)
	cloudWatchName      = regexp.MustCompile(`^[!-9;-~][ -~]*$`)
	looksLikeID         = regexp.MustCompile(`^([0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|arn:.*:task/.*|[0-9]{1,3}(\.[0-9]{1,3}){3})$`)
)

// idWords are the last words of names whose values are many, or change with every task.
var idWords = []string{"address", "arn", "guid", "host", "hostname", "id", "instance", "ip", "pod", "revision", "timestamp", "uuid"}

func (c Config) validateCloudWatch(v *faults) {
	w := c.CloudWatch
	if w == nil {
		return
	}
	at := v.at + "CloudWatch"
	switch {
	case len(w.Metrics) == 0:
		v.addTo("%s.Metrics is empty; name the metrics to copy, or leave CloudWatch out", at)
	case len(w.Metrics) > maxCopiedMetrics:
		v.addTo("%s.Metrics has %d metrics; CloudWatch takes %d in a log event, and bills each: name the few that scale", at, len(w.Metrics), maxCopiedMetrics)
	}
	seen := map[string]bool{}
	for i, m := range w.Metrics {
		at := fmt.Sprintf("%s.Metrics[%d]", at, i)
		if seen[m.Name] {
			v.addTo("%s.Name is %q, which is named twice; remove one", at, m.Name)
		}
		seen[m.Name] = true
		c.validateCopied(v, at, m)
	}
	if n := w.Namespace; n != "" && !hasPlaceholder(n) {
		switch {
		case strings.HasPrefix(n, "AWS/"):
			v.addTo("%s.Namespace is %q, and AWS keeps names that start with AWS/ to itself; choose another", at, n)
		case len(n) > maxCloudWatchName || !cloudWatchNamespace.MatchString(n):
			v.addTo("%s.Namespace is %q; it must have 1 to %d letters, digits or one of . - _ / # : and spaces, and start with none of the last two", at, n, maxCloudWatchName)
		}
	}
	if v.positive(at+".Interval", w.Interval) && w.Interval != nil && (*w.Interval < shortestCopyInterval || *w.Interval > defaultCloudWatchInterval) {
		v.addTo("%s.Interval is %s; it must be from %s to %s: scaling looks at each minute, and CloudWatch Logs bills each event", at,
			time.Duration(*w.Interval), time.Duration(shortestCopyInterval), time.Duration(defaultCloudWatchInterval))
	}
	w.validateDimensions(v, at)
}

func (c Config) validateCopied(v *faults, at string, m CopiedMetric) {
	if hasPlaceholder(m.Name) {
		v.addTo("%s.Name is a token; it must be known at synthesis", at)
		return
	}
	if len(m.Name) > maxCloudWatchName || !cloudWatchName.MatchString(m.Name) {
		v.addTo("%s.Name is %q; it must be a metric's name of 1 to %d ASCII characters", at, m.Name, maxCloudWatchName)
		return
	}
	v.literal(at+".Name", m.Name)
	if !slices.Contains([]string{"", AggregateSum, AggregateMean, AggregateMax, AggregateMin}, m.Aggregation) {
		v.addTo("%s.Aggregation is %q; it must be sum, mean, max or min", at, m.Aggregation)
	}
	if m.IsCounter() && m.Aggregation != "" && m.Aggregation != AggregateSum {
		v.addTo("%s.Aggregation is %q, but increments of a counter are added up; leave it out", at, m.Aggregation)
	}
	switch t := c.TaskMetrics; {
	case strings.HasPrefix(m.Name, containerPrefix) && isTaskMetric(m.Name):
		v.addTo("%s.Name is %q, which every container of a task has; copy the task's: %s", at, m.Name, taskPrefix+strings.TrimPrefix(m.Name, containerPrefix))
	case isTaskMetric(m.Name) && countedByECS.MatchString(m.Name):
		v.addTo("%s.Name is %q, which ECS counts from the start of the task and the collector's receiver does not call a counter: its value would only grow; "+
			"copy a metric that tells a level or a rate, such as ecs.task.cpu.utilized", at, m.Name)
	case isTaskMetric(m.Name) && m.IsCounter():
		v.addTo("%s.Counter is true, but %s is no counter; leave it out", at, m.Name)
	case isTaskMetric(m.Name) && (t == nil || !slices.Contains(t.wanted(), m.Name)):
		v.addTo("%s.Name is %q, a metric of ECS that is not collected; add it to %sTaskMetrics.Metrics", at, m.Name, v.at)
	case isTaskMetric(m.Name) && !t.Task.knows(m.Name):
		v.addTo("%s.Name is %q, which ECS does not know of this task in network mode %s; remove it", at, m.Name, t.Task.networkMode())
	case !isTaskMetric(m.Name) && c.OTLP == nil && c.Statsd == nil && !c.IsScraped(m):
		v.addTo("%s.Name is %q, which ECS does not have%s, and nothing else is collected that could have such a name; correct it, add a scrape job, or turn %sOtlp on",
			at, m.Name, suggestion(m.Name, KnownTaskMetrics()), v.at)
	}
}

// countedByECS matches metrics that are sums.
//
// Source: awsecscontainermetricsreceiver v0.156.0, translator.go.
var countedByECS = regexp.MustCompile(`^ecs\.task\.(cpu\.usage\.(kernelmode|system|total|usermode)|network\.io\.|storage\.)`)

func (w CloudWatch) validateDimensions(v *faults, at string) {
	if len(w.Dimensions) > maxCopyDimensions {
		v.addTo("%s.Dimensions has %d dimensions; it must have at most %d", at, len(w.Dimensions), maxCopyDimensions)
	}
	for _, name := range slices.Sorted(maps.Keys(w.Dimensions)) {
		at, value := fmt.Sprintf("%s.Dimensions[%q]", at, name), w.Dimensions[name]
		switch {
		case hasPlaceholder(name):
			v.addTo("%s.Dimensions has a name that is a token; it must be known at synthesis", at)
			continue
		case len(name) > maxCloudWatchName || !cloudWatchName.MatchString(name) || strings.HasPrefix(name, parkedPrefix):
			v.addTo("%s: a dimension's name has 1 to %d ASCII characters, and starts with neither a colon nor an underscore", at, maxCloudWatchName)
		case slices.Contains(idWords, strings.ToLower(lastWord.FindString(name))):
			v.addTo("%s is the name of something that each task, or each request, has another of: no policy could name it, and each value is billed as a metric; "+
				"name a service, a cluster or a stage", at)
		}
		v.literal(at, name)
		switch {
		case value == "":
			v.addTo("%s is empty; give it a value", at)
		case hasPlaceholder(value):
		case len(value) > maxDimensionLength || !cloudWatchName.MatchString(value):
			v.addTo("%s is %q; a value has 1 to %d ASCII characters and does not start with a colon", at, value, maxDimensionLength)
		case looksLikeID.MatchString(value):
			v.addTo("%s is %q, which looks like the id or the address of one task; name a service, a cluster or a stage", at, value)
		}
		v.noVariable(at, value)
	}
}

// lastWord matches that of a name such as TaskId, podIP, task_id or aws.ecs.task.id.
var lastWord = regexp.MustCompile(`(?:[A-Z]+|[A-Z]?[a-z0-9]+)$`)
