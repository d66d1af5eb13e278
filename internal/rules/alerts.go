package rules

import "time"

// Names of the alerts.
const (
	TaskCPUHigh              = "EcsTaskCpuHigh"
	TaskMemoryHigh           = "EcsTaskMemoryHigh"
	TaskEphemeralStorageHigh = "EcsTaskEphemeralStorageHigh"
	TaskNetworkHigh          = "EcsTaskNetworkHigh"
	TaskStorageHigh          = "EcsTaskStorageHigh"
	TasksReplaced            = "EcsTasksReplaced"
	ContainerCPUHigh         = "EcsContainerCpuHigh"
	ContainerMemoryHigh      = "EcsContainerMemoryHigh"
	ContainerNetworkHigh     = "EcsContainerNetworkHigh"
	ContainerStorageHigh     = "EcsContainerStorageHigh"
	ScrapeDown               = "EcsScrapeDown"
	ScrapeRejected           = "EcsScrapeRejected"
	ScrapeNearLimit          = "EcsScrapeNearLimit"
	ScrapeSlow               = "EcsScrapeSlow"
	CollectorQueueFilling    = "EcsCollectorQueueFilling"
	CollectorDrops           = "EcsCollectorDrops"
	CollectorSendsFail       = "EcsCollectorSendsFail"
	CollectorRefuses         = "EcsCollectorRefuses"
	CollectorRestarts        = "EcsCollectorRestarts"
	ServiceAbsent            = "EcsServiceAbsent"
	MetricAbsent             = "EcsMetricAbsent"
	SLOFastBurn              = "EcsSloFastBurn"
	SLOSlowBurn              = "EcsSloSlowBurn"
	SLONoData                = "EcsSloNoData"
)

// Names lists every alert that this package can make.
func Names() []string {
	return []string{
		TaskCPUHigh, TaskMemoryHigh, TaskEphemeralStorageHigh, TaskNetworkHigh, TaskStorageHigh, TasksReplaced,
		ContainerCPUHigh, ContainerMemoryHigh, ContainerNetworkHigh, ContainerStorageHigh,
		ScrapeDown, ScrapeRejected, ScrapeNearLimit, ScrapeSlow,
		CollectorQueueFilling, CollectorDrops, CollectorSendsFail, CollectorRefuses, CollectorRestarts,
		ServiceAbsent, MetricAbsent, SLOFastBurn, SLOSlowBurn, SLONoData,
	}
}

const (
	percent  = "{{ $value | humanizePercentage }}"
	bytes    = "{{ $value | humanize }}B/s"
	instance = "{{ $labels.instance }}"
)

// definitions say what each alert tells people. docs/alerts.md repeats severity and duration, which a test compares.
var definitions = map[string]definition{
	TaskCPUHigh: {holds: 10 * time.Minute, summary: "a task of %s is short of CPU",
		description: "Task " + instance + " of %s uses " + percent + " of its CPU units."},
	TaskMemoryHigh: {holds: 5 * time.Minute, summary: "a task of %s is short of memory",
		description: "Task " + instance + " of %s uses " + percent + " of its memory. At 100 % it is killed."},
	TaskEphemeralStorageHigh: {holds: 5 * time.Minute, summary: "the ephemeral storage of a task of %s fills up",
		description: "Task " + instance + " of %s uses " + percent + " of its ephemeral storage. When that is full, writes fail."},
	TaskNetworkHigh: {holds: 10 * time.Minute, summary: "a task of %s moves much data over the network",
		description: "Task " + instance + " of %s receives and sends " + bytes + "."},
	TaskStorageHigh: {holds: 10 * time.Minute, summary: "a task of %s reads and writes much data",
		description: "Task " + instance + " of %s reads and writes " + bytes + "."},
	TasksReplaced: {page: true, summary: "tasks of %s keep being replaced",
		description: "Within 30 minutes, {{ $value }} tasks of revision {{ $labels.aws_ecs_task_revision }} of %s took the place of others."},
	ContainerCPUHigh: {holds: 10 * time.Minute, summary: "a container of %s uses more than its CPU units",
		description: "Container {{ $labels.container_name }} of task " + instance + " of %s uses " + percent + " of its CPU units."},
	ContainerMemoryHigh: {holds: 5 * time.Minute, summary: "a container of %s is short of memory",
		description: "Container {{ $labels.container_name }} of task " + instance + " of %s uses " + percent + " of its memory limit. At 100 % it is killed."},
	ContainerNetworkHigh: {holds: 10 * time.Minute, summary: "a container of %s moves much data over the network",
		description: "Container {{ $labels.container_name }} of task " + instance + " of %s receives and sends " + bytes + "."},
	ContainerStorageHigh: {holds: 10 * time.Minute, summary: "a container of %s reads and writes much data",
		description: "Container {{ $labels.container_name }} of task " + instance + " of %s reads and writes " + bytes + "."},
	ScrapeDown: {holds: 5 * time.Minute, summary: "an endpoint of %s cannot be scraped",
		description: "The sidecar of task " + instance + " of %s gets no metrics for job {{ $labels.job }}."},
	ScrapeRejected: {holds: 5 * time.Minute, summary: "what an endpoint of %s serves is thrown away",
		description: "Job {{ $labels.job }} of task " + instance + " of %s serves metrics, but more than the limits of the scrape job let through, or some that cannot be read. None of them is stored."},
	ScrapeNearLimit: {holds: 15 * time.Minute, summary: "an endpoint of %s is about to reach its sample limit",
		description: "Job {{ $labels.job }} of task " + instance + " of %s serves {{ $value }} samples. Above the limit, none is stored."},
	ScrapeSlow: {holds: 5 * time.Minute, summary: "an endpoint of %s answers scrapes slowly",
		description: "A scrape of job {{ $labels.job }} of task " + instance + " of %s takes {{ $value | humanizeDuration }}. After the timeout it fails."},
	CollectorQueueFilling: {holds: 2 * time.Minute, summary: "the sidecar of %s cannot send as fast as it collects",
		description: "The queue of exporter {{ $labels.exporter }} of task " + instance + " of %s is at " + percent + ". When it is full, data is dropped."},
	CollectorDrops: {summary: "the sidecar of %s drops data",
		description: "The queue of exporter {{ $labels.exporter }} of task " + instance + " of %s was full, and {{ $value | humanize }} points were dropped."},
	CollectorSendsFail: {summary: "the sidecar of %s fails to send",
		description: "Exporter {{ $labels.exporter }} of task " + instance + " of %s failed to send " + percent + " of its points within 15 minutes."},
	CollectorRefuses: {summary: "the sidecar of %s refuses data",
		description: "Receiver {{ $labels.receiver }} of task " + instance + " of %s refused " + percent + " of the points within 15 minutes."},
	CollectorRestarts: {summary: "the sidecar of %s keeps restarting",
		description: "The collector of task " + instance + " of %s restarted {{ $value }} times within 30 minutes."},
	ServiceAbsent: {page: true, holds: 10 * time.Minute, summary: "there is no data of %s",
		description: "No task of %s sends ECS metrics."},
	MetricAbsent: {holds: 10 * time.Minute, summary: "there is no %m of %s",
		description: "No task of %s sends the metric %m."},
	SLOFastBurn: {page: true, summary: "%s uses up the error budget of {{ $labels.slo }} fast",
		description: percent + " of the requests of %s miss the objective {{ $labels.slo }}. The budget of 30 days will not last for days."},
	SLOSlowBurn: {summary: "%s uses up the error budget of {{ $labels.slo }}",
		description: percent + " of the requests of %s miss the objective {{ $labels.slo }}. The budget will not last for 30 days."},
	SLONoData: {holds: 15 * time.Minute, summary: "the objective {{ $labels.slo }} of %s is not measured",
		description: "The metrics of the objective {{ $labels.slo }} of %s are not there, so its alerts cannot fire."},
}
