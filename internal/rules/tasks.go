package rules

import (
	"fmt"
	"strings"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

func (b *builder) tasks() {
	var recorded, alerts []Rule
	// Divided by nothing, a task without a limit would be NaN in every average. On instances what is set aside, or memory without the
	// page cache, may not be known: there is no series then, and no alert.
	cpu := fmt.Sprintf("%s / (%s > 0)", b.task("ecs.task.cpu.utilized"), b.task("ecs.task.cpu.reserved"))
	memory := fmt.Sprintf("%s / (%s > 0)", b.task("ecs.task.memory.utilized"), b.task("ecs.task.memory.reserved"))
	running := b.presence()
	if running != "" {
		recorded = append(recorded, b.record("ecs_service:tasks:count", "count("+running+")"))
	}
	if b.kept("Tasks.CpuUtilization", "ecs.task.cpu.utilized", "ecs.task.cpu.reserved") {
		recorded = append(recorded, b.record("ecs_service:cpu_utilization:avg", "avg("+cpu+")"), b.record("ecs_service:cpu_utilization:max", "max("+cpu+")"))
		alerts = append(alerts, b.alert("EcsTaskCpuHigh", fmt.Sprintf("avg_over_time(%s[5m]) / (%s > 0) > %s", b.task("ecs.task.cpu.utilized"),
			b.task("ecs.task.cpu.reserved"), b.threshold("Tasks.CpuUtilization")))...)
	}
	if b.kept("Tasks.MemoryUtilization", "ecs.task.memory.utilized", "ecs.task.memory.reserved") {
		recorded = append(recorded, b.record("ecs_service:memory_utilization:avg", "avg("+memory+")"), b.record("ecs_service:memory_utilization:max", "max("+memory+")"))
		alerts = append(alerts, b.alert("EcsTaskMemoryHigh", memory+" > "+b.threshold("Tasks.MemoryUtilization"))...)
	}
	if b.kept("Tasks.EphemeralStorageUtilization", "ecs.task.ephemeral_storage.utilized", "ecs.task.ephemeral_storage.reserved") {
		alerts = append(alerts, b.alert("EcsTaskEphemeralStorageHigh", fmt.Sprintf("%s / (%s > 0) > %s", b.task("ecs.task.ephemeral_storage.utilized"),
			b.task("ecs.task.ephemeral_storage.reserved"), b.threshold("Tasks.EphemeralStorageUtilization")))...)
	}
	alerts = append(alerts, b.throughput("Tasks", "ecs.task.", "EcsTaskNetworkHigh", "EcsTaskStorageHigh")...)
	if replacements := b.threshold("Tasks.Replacements"); running != "" {
		by := fmt.Sprintf("count by (%s, %s, %s)", prom.LabelCluster, prom.LabelFamily, prom.LabelRevision)
		// The tasks seen, less the most that ran at once: what is left took the place of another one.
		alerts = append(alerts, b.alert("EcsTasksReplaced", fmt.Sprintf("%s (count_over_time(%s[30m])) - max_over_time(%s (%s)[30m:1m]) > %s",
			by, running, by, running, replacements))...)
	} else {
		b.kept("Tasks.Replacements", "ecs.task.cpu.utilized")
	}
	b.group("tasks", recorded, alerts)
}

func (b *builder) containers() {
	var alerts []Rule
	if b.kept("Containers.CpuUtilization", "container.cpu.usage.vcpu", "container.cpu.reserved") {
		// A vCPU is 1024 units. ECS shows a container without units as one with 2, the least that Linux knows.
		alerts = append(alerts, b.alert("EcsContainerCpuHigh", fmt.Sprintf("avg_over_time(%s[5m]) * 1024 / (%s > 2) > %s", b.task("container.cpu.usage.vcpu"),
			b.task("container.cpu.reserved"), b.threshold("Containers.CpuUtilization")))...)
	}
	if b.kept("Containers.MemoryUtilization", "container.memory.utilized", "container.memory.reserved") {
		alerts = append(alerts, b.alert("EcsContainerMemoryHigh", fmt.Sprintf("%s / (%s > 0) > %s", b.task("container.memory.utilized"),
			b.task("container.memory.reserved"), b.threshold("Containers.MemoryUtilization")))...)
	}
	alerts = append(alerts, b.throughput("Containers", "container.", "EcsContainerNetworkHigh", "EcsContainerStorageHigh")...)
	if len(alerts) == 0 && len(b.TaskMetrics) > 0 {
		b.errorf("Containers is set, but TaskMetrics has no metrics of containers for it; add some of %s, or leave Containers out",
			strings.Join(collector.DefaultContainerMetrics(), ", "))
	}
	b.group("containers", alerts)
}

// throughput is the same for tasks and containers.
func (b *builder) throughput(where, prefix, network, storage string) (alerts []Rule) {
	if what := where + ".NetworkBytesPerSecond"; b.kept(what, prefix+"network.rate.rx", prefix+"network.rate.tx") {
		alerts = append(alerts, b.alert(network, fmt.Sprintf("avg_over_time(%s[5m]) + avg_over_time(%s[5m]) > %s", b.task(prefix+"network.rate.rx"),
			b.task(prefix+"network.rate.tx"), b.threshold(what)))...)
	}
	if what := where + ".StorageBytesPerSecond"; b.kept(what, prefix+"storage.read_bytes", prefix+"storage.write_bytes") {
		// On instances nothing is stored of a direction in which nothing has moved yet.
		read, written := "rate("+b.task(prefix+"storage.read_bytes")+"[5m])", "rate("+b.task(prefix+"storage.write_bytes")+"[5m])"
		alerts = append(alerts, b.alert(storage, fmt.Sprintf("(%s + %s or %s or %s) > %s", read, written, read, written, b.threshold(what)))...)
	}
	return alerts
}
