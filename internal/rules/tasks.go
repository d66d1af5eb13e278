package rules

import "fmt"

// Tasks sets the thresholds of the alerts on tasks. Numbers are shares of 1 where nothing else is said.
type Tasks struct {
	// Enabled turns the group on or off.
	//
	// Default: true.
	Enabled *bool

	// CpuUtilization is the share of the task's CPU units in use over 5 minutes, above which EcsTaskCpuHigh fires; 0.01 to
	// 100. On EC2 a task can use more than its units.
	//
	// Default: 0.9.
	CpuUtilization *float64

	// MemoryUtilization is the share of the task's memory in use, without the page cache, above which EcsTaskMemoryHigh
	// fires; 0.001 to 1.
	//
	// Default: 0.9.
	MemoryUtilization *float64

	// EphemeralStorageUtilization is the share of the task's ephemeral storage in use, above which
	// EcsTaskEphemeralStorageHigh fires; 0.001 to 1. It needs the metrics ecs.task.ephemeral_storage.utilized and
	// ecs.task.ephemeral_storage.reserved, which only Fargate has and a sidecar keeps on request.
	//
	// Default: 0.8 where TaskMetrics has these metrics; otherwise there is no such alert.
	EphemeralStorageUtilization *float64

	// NetworkBytesPerSecond is what a task receives and sends together over 5 minutes, above which EcsTaskNetworkHigh
	// fires; 1 to 1e12.
	//
	// Default: 1e8, 100 MB/s. A round number of this library, not a limit of AWS.
	NetworkBytesPerSecond *float64

	// StorageBytesPerSecond is what a task reads and writes together over 5 minutes, above which EcsTaskStorageHigh fires;
	// 1 to 1e12.
	//
	// Default: 5e7, 50 MB/s. A round number of this library, not a limit of AWS.
	StorageBytesPerSecond *float64

	// Replacements is how many tasks of one revision may be replaced within 30 minutes before EcsTasksReplaced fires; a
	// whole number, 1 to 10000. Tasks that a deployment of a new revision or a change of the desired count starts do not
	// count.
	//
	// Default: 2.
	Replacements *float64
}

// Containers sets the thresholds of the alerts on containers, as Tasks does for tasks.
type Containers struct {
	// CpuUtilization is the share of the container's own CPU units in use over 5 minutes, above which EcsContainerCpuHigh
	// fires; 0.01 to 100. Containers without units of their own are not watched. A container may use more than its units
	// while the others leave some.
	//
	// Default: 1.
	CpuUtilization *float64

	// MemoryUtilization is the share of the container's memory limit in use, without the page cache, above which
	// EcsContainerMemoryHigh fires; 0.001 to 1. Containers without a limit are not watched.
	//
	// Default: 0.9.
	MemoryUtilization *float64

	// NetworkBytesPerSecond is what a container receives and sends together over 5 minutes, above which
	// EcsContainerNetworkHigh fires; 1 to 1e12.
	//
	// Default: 1e8, 100 MB/s. A round number of this library, not a limit of AWS.
	NetworkBytesPerSecond *float64

	// StorageBytesPerSecond is what a container reads and writes together over 5 minutes, above which
	// EcsContainerStorageHigh fires; 1 to 1e12.
	//
	// Default: 5e7, 50 MB/s. A round number of this library, not a limit of AWS.
	StorageBytesPerSecond *float64
}

// Defaults of [Tasks] and [Containers].
const (
	DefaultCpuUtilization              = 0.9
	DefaultContainerCpuUtilization     = 1.0
	DefaultMemoryUtilization           = 0.9
	DefaultEphemeralStorageUtilization = 0.8
	DefaultNetworkBytesPerSecond       = 1e8
	DefaultStorageBytesPerSecond       = 5e7
	DefaultReplacements                = 2
)

const (
	maxCpu            = 100 // times what is set aside
	maxBytesPerSecond = 1e12
)

func (b *builder) tasks() {
	t := Tasks{}
	if b.Tasks != nil {
		t = *b.Tasks
	}
	if t.Enabled != nil && !*t.Enabled {
		return
	}
	var recorded, alerts []Rule
	// Divided by nothing, a task without a limit would be NaN in every average.
	cpu := fmt.Sprintf("%s / (%s > 0)", b.task("ecs.task.cpu.utilized"), b.task("ecs.task.cpu.reserved"))
	memory := fmt.Sprintf("%s / (%s > 0)", b.task("ecs.task.memory.utilized"), b.task("ecs.task.memory.reserved"))
	running := b.presence()
	if running != "" {
		recorded = append(recorded, b.record("ecs_service:tasks:count", "count("+running+")"))
	}
	if b.kept("Tasks.CpuUtilization", t.CpuUtilization, "ecs.task.cpu.utilized", "ecs.task.cpu.reserved") {
		recorded = append(recorded, b.record("ecs_service:cpu_utilization:avg", "avg("+cpu+")"), b.record("ecs_service:cpu_utilization:max", "max("+cpu+")"))
		alerts = append(alerts, b.alert(TaskCPUHigh, fmt.Sprintf("avg_over_time(%s[5m]) / (%s > 0) > %s", b.task("ecs.task.cpu.utilized"),
			b.task("ecs.task.cpu.reserved"), b.threshold("Tasks.CpuUtilization", t.CpuUtilization, DefaultCpuUtilization, 0.01, maxCpu)))...)
	}
	if b.kept("Tasks.MemoryUtilization", t.MemoryUtilization, "ecs.task.memory.utilized", "ecs.task.memory.reserved") {
		recorded = append(recorded, b.record("ecs_service:memory_utilization:avg", "avg("+memory+")"), b.record("ecs_service:memory_utilization:max", "max("+memory+")"))
		alerts = append(alerts, b.alert(TaskMemoryHigh, memory+" > "+b.ratio("Tasks.MemoryUtilization", t.MemoryUtilization, DefaultMemoryUtilization))...)
	}
	if b.kept("Tasks.EphemeralStorageUtilization", t.EphemeralStorageUtilization, "ecs.task.ephemeral_storage.utilized", "ecs.task.ephemeral_storage.reserved") {
		alerts = append(alerts, b.alert(TaskEphemeralStorageHigh, fmt.Sprintf("%s / (%s > 0) > %s", b.task("ecs.task.ephemeral_storage.utilized"),
			b.task("ecs.task.ephemeral_storage.reserved"), b.ratio("Tasks.EphemeralStorageUtilization", t.EphemeralStorageUtilization, DefaultEphemeralStorageUtilization)))...)
	}
	alerts = append(alerts, b.throughput("Tasks", "ecs.task.", TaskNetworkHigh, TaskStorageHigh, t.NetworkBytesPerSecond, t.StorageBytesPerSecond)...)
	if replacements := b.whole("Tasks.Replacements", t.Replacements, DefaultReplacements, 1, 10000); running != "" {
		by := fmt.Sprintf("count by (%s, %s, %s)", clusterLabel, familyLabel, revisionLabel)
		// The tasks seen, less the most that ran at once: what is left took the place of another one.
		alerts = append(alerts, b.alert(TasksReplaced, fmt.Sprintf("%s (count_over_time(%s[30m])) - max_over_time(%s (%s)[30m:1m]) > %s",
			by, running, by, running, replacements))...)
	} else {
		b.kept("Tasks.Replacements", t.Replacements, "ecs.task.memory.utilized")
	}
	b.group("tasks", recorded, alerts)
}

func (b *builder) containers() {
	if b.Containers == nil {
		return
	}
	c := *b.Containers
	var alerts []Rule
	if b.kept("Containers.CpuUtilization", c.CpuUtilization, "container.cpu.usage.vcpu", "container.cpu.reserved") {
		// A vCPU is 1024 units. ECS shows a container without units as one with 2, the least that Linux knows.
		alerts = append(alerts, b.alert(ContainerCPUHigh, fmt.Sprintf("avg_over_time(%s[5m]) * 1024 / (%s > 2) > %s", b.task("container.cpu.usage.vcpu"),
			b.task("container.cpu.reserved"), b.threshold("Containers.CpuUtilization", c.CpuUtilization, DefaultContainerCpuUtilization, 0.01, maxCpu)))...)
	}
	if b.kept("Containers.MemoryUtilization", c.MemoryUtilization, "container.memory.utilized", "container.memory.reserved") {
		alerts = append(alerts, b.alert(ContainerMemoryHigh, fmt.Sprintf("%s / (%s > 0) > %s", b.task("container.memory.utilized"),
			b.task("container.memory.reserved"), b.ratio("Containers.MemoryUtilization", c.MemoryUtilization, DefaultMemoryUtilization)))...)
	}
	alerts = append(alerts, b.throughput("Containers", "container.", ContainerNetworkHigh, ContainerStorageHigh, c.NetworkBytesPerSecond, c.StorageBytesPerSecond)...)
	if len(alerts) == 0 && len(b.TaskMetrics) > 0 {
		b.fault("Containers is set, but TaskMetrics has no metrics of containers for it; add those of collector.DefaultContainerMetrics or leave Containers out")
	}
	b.group("containers", alerts)
}

// throughput is the same for tasks and containers.
func (b *builder) throughput(where, prefix, network, storage string, networkLimit, storageLimit *float64) (alerts []Rule) {
	if what := where + ".NetworkBytesPerSecond"; b.kept(what, networkLimit, prefix+"network.rate.rx", prefix+"network.rate.tx") {
		alerts = append(alerts, b.alert(network, fmt.Sprintf("avg_over_time(%s[5m]) + avg_over_time(%s[5m]) > %s", b.task(prefix+"network.rate.rx"),
			b.task(prefix+"network.rate.tx"), b.threshold(what, networkLimit, DefaultNetworkBytesPerSecond, 1, maxBytesPerSecond)))...)
	}
	if what := where + ".StorageBytesPerSecond"; b.kept(what, storageLimit, prefix+"storage.read_bytes", prefix+"storage.write_bytes") {
		alerts = append(alerts, b.alert(storage, fmt.Sprintf("rate(%s[5m]) + rate(%s[5m]) > %s", b.task(prefix+"storage.read_bytes"),
			b.task(prefix+"storage.write_bytes"), b.threshold(what, storageLimit, DefaultStorageBytesPerSecond, 1, maxBytesPerSecond)))...)
	}
	return alerts
}
