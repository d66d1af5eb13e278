package collector

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// TaskMetrics configures what is collected from the ECS task metadata endpoint, version 4. Metrics keep the receiver's
// names, with underscores and without suffixes: ecs.task.memory.utilized becomes ecs_task_memory_utilized, in MiB.
type TaskMetrics struct {
	Interval *Duration

	// Metrics lists the metrics to keep, by the names in [KnownTaskMetrics].
	Metrics []string

	// Containers also keeps metrics of each container. It is implied by a container's metric in Metrics.
	Containers bool

	// Task is what these metrics depend on and only the task definition knows.
	Task TaskShape
}

// TaskShape says how the task runs, and what is set aside for it.
type TaskShape struct {
	// NetworkMode is awsvpc, bridge or host.
	//
	// Default: awsvpc.
	NetworkMode string

	// Container is the name of the collector's own container.
	//
	// Default: aws-otel-collector.
	Container string

	// Instances says that the task may run on an instance, whose control groups may be of version 2.
	Instances bool

	// NoCPU and NoMemory say that the task itself has no such size. CPUUnits and MemoryMiB are then what its containers set
	// aside together; 0 where that is not known.
	NoCPU, NoMemory     bool
	CPUUnits, MemoryMiB float64
}

// Network modes in which the containers of a task do not have a network each.
const (
	networkAwsvpc = "awsvpc"
	networkHost   = "host"
)

const defaultContainer = "aws-otel-collector"

// knows says whether ECS has a value for a metric in this task.
func (t TaskShape) knows(metric string) bool {
	switch {
	case strings.HasPrefix(metric, containerPrefix+"network."):
		return t.networkMode() != networkAwsvpc && t.networkMode() != networkHost
	case strings.HasPrefix(metric, taskPrefix+"network."):
		return t.networkMode() != networkHost
	case metric == cpuReserved:
		return !t.NoCPU || t.CPUUnits > 0
	case metric == memoryReserved:
		return !t.NoMemory || t.MemoryMiB > 0
	}
	return true
}

func (t TaskShape) networkMode() string { return stringOr(t.NetworkMode, networkAwsvpc) }

// shared says whether all containers of the task report the counters of one network interface.
func (t TaskShape) shared(metric string) bool {
	return t.networkMode() == networkAwsvpc && strings.HasPrefix(metric, taskPrefix+"network.")
}

// Unknown lists those of Metrics that ECS does not know in the task's network mode.
func (t TaskMetrics) Unknown() []string {
	return slices.DeleteFunc(slices.Clone(t.Metrics), func(m string) bool { return t.Task.knows(m) || !strings.Contains(m, ".network.") })
}

// Keeps says whether one of the metrics with this part in their name is kept.
func (t TaskMetrics) Keeps(part string) bool {
	return slices.ContainsFunc(t.wanted(), func(m string) bool { return strings.Contains(m, part) })
}

// The metrics whose value the receiver does not always know.
const (
	cpuReserved    = taskPrefix + "cpu.reserved"
	memoryReserved = taskPrefix + "memory.reserved"
	memoryUtilized = "memory.utilized" // of the task and of its containers
	memoryUsage    = "memory.usage"
	cpuCores       = "cpu.cores"
)

// defaultTaskMetricsInterval is the collection interval of the awsecscontainermetrics receiver.
const defaultTaskMetricsInterval = Duration(20 * time.Second)

const (
	taskPrefix      = "ecs.task."
	containerPrefix = "container."
)

// The receiver gives the same metrics of the task and of its containers, but for the last ones.
var (
	commonMetrics = []string{
		"cpu.cores", "cpu.onlines", "cpu.reserved", "cpu.usage.kernelmode", "cpu.usage.system", "cpu.usage.total",
		"cpu.usage.usermode", "cpu.usage.vcpu", "cpu.utilized",
		"memory.reserved", "memory.usage", "memory.usage.limit", "memory.usage.max", "memory.utilized",
		"network.io.usage.rx_bytes", "network.io.usage.rx_dropped", "network.io.usage.rx_errors", "network.io.usage.rx_packets",
		"network.io.usage.tx_bytes", "network.io.usage.tx_dropped", "network.io.usage.tx_errors", "network.io.usage.tx_packets",
		"network.rate.rx", "network.rate.tx", "storage.read_bytes", "storage.write_bytes",
	}
	taskOnlyMetrics      = []string{"ephemeral_storage.reserved", "ephemeral_storage.utilized"}
	containerOnlyMetrics = []string{"duration"} // of a container that stopped
)

// KnownTaskMetrics lists every metric of the awsecscontainermetrics receiver at v0.158.0.
func KnownTaskMetrics() []string {
	var all []string
	for _, m := range append(slices.Clone(commonMetrics), taskOnlyMetrics...) {
		all = append(all, taskPrefix+m)
	}
	for _, m := range append(slices.Clone(commonMetrics), containerOnlyMetrics...) {
		all = append(all, containerPrefix+m)
	}
	return all
}

// DefaultTaskMetrics are those that ADOT's ecs-amp.yaml keeps.
func DefaultTaskMetrics() []string {
	return []string{
		"container.duration",
		"ecs.task.cpu.reserved",
		"ecs.task.cpu.utilized",
		"ecs.task.memory.reserved",
		"ecs.task.memory.utilized",
		"ecs.task.network.rate.rx",
		"ecs.task.network.rate.tx",
		"ecs.task.storage.read_bytes",
		"ecs.task.storage.write_bytes",
	}
}

// DefaultContainerMetrics are the same for containers, with CPU in vCPUs: container.cpu.utilized is a share of a limit that
// a container need not have. Network rates are added with network mode bridge: in the others a container has none of its own.
func DefaultContainerMetrics() []string {
	return []string{
		"container.cpu.reserved",
		"container.cpu.usage.vcpu",
		"container.memory.reserved",
		"container.memory.utilized",
		"container.storage.read_bytes",
		"container.storage.write_bytes",
	}
}

type taskMetricsReceiver struct {
	CollectionInterval Duration `yaml:"collection_interval"`
}

type filterProcessor struct {
	ErrorMode        string `yaml:"error_mode"`
	MetricConditions []Text `yaml:"metric_conditions"`
}

func (t *TaskMetrics) validate(v *faults) {
	if t == nil {
		return
	}
	v.positive(v.at+"TaskMetrics.Interval", t.Interval)
	if !slices.ContainsFunc(t.wanted(), func(m string) bool { return t.Task.knows(m) || m == cpuReserved || m == memoryReserved }) {
		v.add("TaskMetrics.Metrics has only %s, which ECS does not know in network mode %s; add others, or turn TaskMetrics off",
			strings.Join(t.wanted(), ", "), t.Task.networkMode())
	}
	for i, m := range t.Metrics { // a placeholder is no known name either
		if !slices.Contains(KnownTaskMetrics(), m) {
			v.add("TaskMetrics.Metrics[%d] is %q, which ECS does not have%s; see KnownTaskMetrics", i, m, suggestion(m, KnownTaskMetrics()))
		}
	}
}

// wanted are the metrics to keep, whether or not ECS knows them.
func (t TaskMetrics) wanted() []string {
	if len(t.Metrics) > 0 {
		return slices.Clone(t.Metrics)
	}
	all := DefaultTaskMetrics()
	if t.Containers {
		all = append(DefaultContainerMetrics(), all...)
		all = append(all, slices.DeleteFunc([]string{"container.network.rate.rx", "container.network.rate.tx"}, func(m string) bool { return !t.Task.knows(m) })...)
	}
	if !t.Task.Instances {
		return all
	}
	// With control groups of version 2 this is all that is known of memory.
	all = append(all, taskPrefix+memoryUsage)
	if t.Containers {
		all = append(all, containerPrefix+memoryUsage)
	}
	return all
}

// Sent are the metrics that are kept and that ECS knows; none of nil.
func (t *TaskMetrics) Sent() []string {
	if t == nil {
		return []string{}
	}
	return slices.DeleteFunc(t.wanted(), func(m string) bool { return !t.Task.knows(m) })
}

// onlyMetrics drops every metric but those named.
func onlyMetrics(names []string) filterProcessor {
	return filterProcessor{
		ErrorMode:        "propagate",
		MetricConditions: []Text{Text("not " + nameIsOneOf(names))},
	}
}

var ottlEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// nameIsOneOf is an OTTL condition. The pattern is escaped once for the regular expression and once for the OTTL string.
func nameIsOneOf(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = ottlEscaper.Replace(regexp.QuoteMeta(n))
	}
	return fmt.Sprintf(`IsMatch(metric.name, "^(%s)$")`, strings.Join(quoted, "|"))
}

// addTaskMetrics leads what ECS knows of the task to the exporter. The receiver adds the numbers of all containers up, which is
// wrong where they are not the containers': there the sum is dropped, and made of what is right.
//
// Source: awsecscontainermetricsreceiver v0.156.0, accumulator.go and metrics_helper.go.
func (c Config) addTaskMetrics(d *document) {
	if c.TaskMetrics == nil {
		return
	}
	t := c.TaskMetrics
	var own, shared []string
	for _, m := range t.wanted() {
		switch {
		case !t.Task.knows(m):
		case t.Task.shared(m):
			shared = append(shared, m)
		default:
			own = append(own, m)
		}
	}
	if len(own)+len(shared) > 0 {
		d.Receivers[receiverTaskMetrics] = taskMetricsReceiver{valueOr(t.Interval, defaultTaskMetricsInterval)}
	}
	if len(own) > 0 {
		first := append(t.Task.corrections(d, own), processorFilter+"ecs")
		d.Processors[processorFilter+"ecs"] = t.Task.only(own)
		actions := append(c.Labels.sourceActions(attrECSService, attrContainerName), insertValue(attrServiceName, jobOfTaskMetrics))
		c.addMetrics(d, "ecs", receiverTaskMetrics, exporterUnsuffixed, actions, first...)
		c.copyTask(d, "ecs", own, first...)
	}
	if len(shared) > 0 {
		c.addSharedNetwork(d, shared)
	}
}

// zeroIsUnknown matches metrics of which 0 means on an instance that there is no value: with control groups of version 2 the receiver
// does not find what a container read and wrote, its cores and its largest use of memory; and ephemeral storage is Fargate's.
var zeroIsUnknown = regexp.MustCompile(`storage\.|memory\.usage\.max|cpu\.cores`)

// only keeps the metrics named, without those of containers that the ECS agent adds, and without zeros where they mean that
// nothing is known.
func (t TaskShape) only(names []string) filterProcessor {
	filter := onlyMetrics(names)
	if slices.ContainsFunc(names, func(m string) bool { return strings.HasPrefix(m, containerPrefix) }) {
		filter.MetricConditions = append(filter.MetricConditions, `IsMatch(resource.attributes["container.name"], "^~internal~")`)
	}
	if t.Instances && slices.ContainsFunc(names, zeroIsUnknown.MatchString) {
		filter.MetricConditions = append(filter.MetricConditions,
			Text(fmt.Sprintf(`IsMatch(metric.name, "%s") and datapoint.value_int == 0`, ottlEscaper.Replace(zeroIsUnknown.String()))))
	}
	return filter
}

// addSharedNetwork takes the task's network metrics from the collector's own container: with network mode awsvpc every container
// reports the interface that all of them share.
func (c Config) addSharedNetwork(d *document, metrics []string) {
	const source = "ecs_network"
	var names []string
	var renames metricsTransform
	for _, m := range metrics {
		name := containerPrefix + strings.TrimPrefix(m, taskPrefix)
		names = append(names, name)
		renames.Transforms = append(renames.Transforms, metricRename{Include: name, Action: "update", NewName: m})
	}
	filter := onlyMetrics(names)
	own := ottlEscaper.Replace(stringOr(c.TaskMetrics.Task.Container, defaultContainer))
	filter.MetricConditions = append(filter.MetricConditions, Text(`resource.attributes["container.name"] != "`+own+`"`))
	d.Processors[processorFilter+source] = filter
	d.Processors[processorRename+source] = renames
	actions := append([]attributeAction{{Action: "delete", Key: attrContainerName}}, c.Labels.sourceActions(attrECSService)...)
	actions = append(actions, insertValue(attrServiceName, jobOfTaskMetrics))
	c.addMetrics(d, source, receiverTaskMetrics, exporterUnsuffixed, actions, processorFilter+source, processorRename+source)
	c.copyTask(d, source, metrics, processorFilter+source, processorRename+source)
}

// corrections are processors that replace what the receiver gets wrong on instances.
//
// Memory without the page cache: with control groups of version 2 the receiver does not find the cache, and does not know the
// cores either. Multiplied and divided by the cores, the value stays what it is, or is divided by zero and left out.
//
// What is set aside: the metadata of a task without a size has neither reservations of memory nor a CPU of 0. Its
// sum is known at synthesis. One, which it is multiplied by, is what a metric gives that is divided by itself.
func (t TaskShape) corrections(d *document, names []string) []string {
	var parts, whole metricsGeneration
	var replaced []string
	replace := func(metric string, part, made generation) {
		part.Name, made.Name, made.Metric1 = metric+".part", metric, metric+".part"
		parts.Rules, whole.Rules, replaced = append(parts.Rules, part), append(whole.Rules, made), append(replaced, metric)
	}
	for _, prefix := range []string{taskPrefix, containerPrefix} {
		if metric, cores := prefix+memoryUtilized, prefix+cpuCores; t.Instances && slices.Contains(names, metric) {
			replace(metric, generation{Type: "calculate", Metric1: metric, Metric2: cores, Operation: "multiply"},
				generation{Type: "calculate", Metric2: cores, Operation: "divide"})
		}
	}
	one := generation{Type: "calculate", Metric1: cpuReserved, Metric2: cpuReserved, Operation: "divide"}
	if t.NoCPU && slices.Contains(names, cpuReserved) {
		replace(cpuReserved, one, generation{Type: "scale", ScaleBy: t.CPUUnits, Operation: "multiply"})
	}
	if t.NoMemory && slices.Contains(names, memoryReserved) {
		replace(memoryReserved, one, generation{Type: "scale", ScaleBy: t.MemoryMiB, Operation: "multiply"})
	}
	if len(replaced) == 0 {
		return nil
	}
	const first, second = processorGeneration + "ecs_parts", processorGeneration + "ecs"
	d.Processors[first], d.Processors[second] = parts, whole
	d.Processors[processorFilter+"ecs_parts"] = filterProcessor{ErrorMode: "propagate", MetricConditions: []Text{Text(nameIsOneOf(replaced))}}
	return []string{first, processorFilter + "ecs_parts", second}
}

type metricsTransform struct {
	Transforms []metricRename `yaml:"transforms"`
}

type metricRename struct {
	Include string `yaml:"include"`
	Action  string `yaml:"action"`
	NewName string `yaml:"new_name"`
}

type metricsGeneration struct {
	Rules []generation `yaml:"rules"`
}

type generation struct {
	Name      string  `yaml:"name"`
	Type      string  `yaml:"type"`
	Metric1   string  `yaml:"metric1"`
	Metric2   string  `yaml:"metric2,omitempty"`
	ScaleBy   float64 `yaml:"scale_by,omitempty"`
	Operation string  `yaml:"operation,omitempty"`
}
