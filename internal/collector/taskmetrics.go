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
}

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
// a container need not have.
func DefaultContainerMetrics() []string {
	return []string{
		"container.cpu.reserved",
		"container.cpu.usage.vcpu",
		"container.memory.reserved",
		"container.memory.utilized",
		"container.network.rate.rx",
		"container.network.rate.tx",
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
	for i, m := range t.Metrics { // a placeholder is no known name either
		if !slices.Contains(KnownTaskMetrics(), m) {
			v.add("TaskMetrics.Metrics[%d] is %q, which ECS does not have%s; see KnownTaskMetrics", i, m, suggestion(m, KnownTaskMetrics()))
		}
	}
}

func (t TaskMetrics) metrics() []string {
	if len(t.Metrics) > 0 {
		return t.Metrics
	}
	if t.Containers {
		return append(DefaultContainerMetrics(), DefaultTaskMetrics()...)
	}
	return DefaultTaskMetrics()
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
