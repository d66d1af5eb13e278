package observability

import "github.com/aws/aws-cdk-go/awscdk/v2"

// Names of the alerts, for ServiceRulesProps.Alerts and for alert routes. docs/alerts.md describes each.
const (
	AlertTaskCpuHigh              = "EcsTaskCpuHigh"
	AlertTaskMemoryHigh           = "EcsTaskMemoryHigh"
	AlertTaskEphemeralStorageHigh = "EcsTaskEphemeralStorageHigh"
	AlertTaskNetworkHigh          = "EcsTaskNetworkHigh"
	AlertTaskStorageHigh          = "EcsTaskStorageHigh"
	AlertTasksReplaced            = "EcsTasksReplaced"

	AlertContainerCpuHigh     = "EcsContainerCpuHigh"
	AlertContainerMemoryHigh  = "EcsContainerMemoryHigh"
	AlertContainerNetworkHigh = "EcsContainerNetworkHigh"
	AlertContainerStorageHigh = "EcsContainerStorageHigh"

	AlertScrapeDown      = "EcsScrapeDown"
	AlertScrapeRejected  = "EcsScrapeRejected"
	AlertScrapeNearLimit = "EcsScrapeNearLimit"
	AlertScrapeSlow      = "EcsScrapeSlow"

	AlertCollectorQueueFilling = "EcsCollectorQueueFilling"
	AlertCollectorDrops        = "EcsCollectorDrops"
	AlertCollectorSendsFail    = "EcsCollectorSendsFail"
	AlertCollectorRefuses      = "EcsCollectorRefuses"
	AlertCollectorRestarts     = "EcsCollectorRestarts"

	AlertServiceAbsent = "EcsServiceAbsent"
	AlertMetricAbsent  = "EcsMetricAbsent"

	AlertTargetsMissing = "EcsTargetsMissing"
	AlertDiscoveryStale = "EcsDiscoveryStale"

	AlertSLOFastBurn = "EcsSloFastBurn"
	AlertSLOSlowBurn = "EcsSloSlowBurn"
	AlertSLONoData   = "EcsSloNoData"
)

// DefaultRunbookUrl is docs/alerts.md of this library, which has a section for each alert.
const DefaultRunbookUrl = "https://github.com/seed86154836/cdk-otel-prometheus/blob/main/docs/alerts.md"

// TaskAlerts sets the thresholds of the alerts on tasks. Utilizations are shares: 0.9 is 90 %.
type TaskAlerts struct {
	// Enabled turns the group on or off, with the series that it records for the service.
	//
	// Default: true.
	Enabled *bool

	// CpuUtilization is the share of the task's CPU units in use over 5 minutes, above which EcsTaskCpuHigh fires; 0.01 to
	// 100. On EC2 a task can use more than its units; one with a container without units is not watched.
	//
	// Default: 0.9.
	CpuUtilization *float64

	// MemoryUtilization is the share of the task's memory in use, without the page cache, above which EcsTaskMemoryHigh
	// fires; 0.001 to 1. Not known on hosts with control groups version 2, such as Amazon Linux 2023.
	//
	// Default: 0.9.
	MemoryUtilization *float64

	// EphemeralStorageUtilization is the share of the task's ephemeral storage in use, above which
	// EcsTaskEphemeralStorageHigh fires; 0.001 to 1. It needs the metrics ecs.task.ephemeral_storage.utilized and
	// ecs.task.ephemeral_storage.reserved, which only Fargate has and a sidecar does not keep by default.
	//
	// Default: 0.8 where TaskMetrics has these metrics; otherwise there is no such alert.
	EphemeralStorageUtilization *float64

	// NetworkBytesPerSecond is what a task receives and sends together over 5 minutes, above which EcsTaskNetworkHigh
	// fires; 1 to 1e12. Not known with network mode host.
	//
	// Default: 1e8, 100 MB/s. A round number of this library, not a limit of AWS.
	NetworkBytesPerSecond *float64

	// StorageBytesPerSecond is what a task reads and writes together over 5 minutes, above which EcsTaskStorageHigh fires;
	// 1 to 1e12. Not known on hosts with control groups version 2.
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

// ContainerAlerts sets the thresholds of the alerts on containers, as TaskAlerts does for tasks.
type ContainerAlerts struct {
	// CpuUtilization is the share of the container's own CPU units in use over 5 minutes, above which EcsContainerCpuHigh
	// fires; 0.01 to 100. Containers without units of their own are not watched. A container may use more than its units
	// while the others leave some.
	//
	// Default: 1.
	CpuUtilization *float64

	// MemoryUtilization is the share of the container's memory limit in use, without the page cache, above which
	// EcsContainerMemoryHigh fires; 0.001 to 1. Containers without a limit are not watched, nor are those on hosts with control
	// groups version 2.
	//
	// Default: 0.9.
	MemoryUtilization *float64

	// NetworkBytesPerSecond is what a container receives and sends together over 5 minutes, above which
	// EcsContainerNetworkHigh fires; 1 to 1e12. It needs the metrics container.network.rate.rx and container.network.rate.tx, which
	// only network mode bridge has.
	//
	// Default: 1e8, 100 MB/s, where TaskMetrics has these metrics; otherwise there is no such alert. A round number of this library,
	// not a limit of AWS.
	NetworkBytesPerSecond *float64

	// StorageBytesPerSecond is what a container reads and writes together over 5 minutes, above which
	// EcsContainerStorageHigh fires; 1 to 1e12.
	//
	// Default: 5e7, 50 MB/s. A round number of this library, not a limit of AWS.
	StorageBytesPerSecond *float64
}

// ScrapeAlerts sets the thresholds of the alerts on scraped endpoints.
type ScrapeAlerts struct {
	// DurationSeconds is how long a scrape may take on average over 5 minutes before EcsScrapeSlow fires; 0.001 to 3600.
	// Set it below the timeout of the job: no scrape takes longer than that.
	//
	// Default: 8, four fifths of the default timeout.
	DurationSeconds *float64

	// SampleLimit is that of the scrape jobs; above four fifths of it EcsScrapeNearLimit fires. A whole number, 1 to 1e9.
	//
	// Default: 20000, as scrape jobs have it.
	SampleLimit *float64
}

// CollectorAlerts sets the thresholds of the alerts on the sidecar. The sidecar counts whole batches, so they cannot tell how much AMP
// refused of one: ServiceRulesProps.WorkspaceAlarms can.
type CollectorAlerts struct {
	// QueueUtilization is the share of an exporter's queue in use above which EcsCollectorQueueFilling fires; 0.001 to 1.
	//
	// Default: 0.5.
	QueueUtilization *float64

	// FailedRatio is the share of the points which an exporter could not send within 15 minutes, above which
	// EcsCollectorSendsFail fires; 0.001 to 1.
	//
	// Default: 0.05.
	FailedRatio *float64

	// RefusedRatio is the share of the points which a receiver refused within 15 minutes, above which EcsCollectorRefuses
	// fires; 0.001 to 1.
	//
	// Default: 0.05.
	RefusedRatio *float64

	// Restarts is how often a sidecar may restart in place within 30 minutes before EcsCollectorRestarts fires; a whole
	// number, 0 to 1000.
	//
	// Default: 1.
	Restarts *float64
}

// TargetAlerts sets the threshold of the alert on a service that a scrape service of package central scrapes.
type TargetAlerts struct {
	// Tasks is how many tasks of the service must be scraped; EcsTargetsMissing fires where there are fewer. A whole number, 1 to
	// 100000. The collector cannot tell how many tasks run: give the least that there may be, such as the lower bound of an
	// automatic scaling.
	//
	// Default: 1.
	Tasks *float64
}

// DiscoveryAlerts sets the threshold of the alert on the collectors of a scrape service of package central.
type DiscoveryAlerts struct {
	// StaleSeconds is how old the collector's list of tasks may be, in seconds, before EcsDiscoveryStale fires; 60 to 86400. It is
	// written again each RefreshInterval, which is 30 seconds by default.
	//
	// Default: 180.
	StaleSeconds *float64
}

// AbsenceAlerts says which data must be there.
type AbsenceAlerts struct {
	// Enabled turns the group on or off.
	//
	// Default: true.
	Enabled *bool

	// Metrics are names of metrics, such as up or http_requests_total. EcsMetricAbsent fires for each without a series of
	// the service.
	//
	// Default: none, only the ECS metrics of its tasks.
	Metrics *[]*string
}

// Alert changes an alert.
type Alert struct {
	// Enabled turns the alert on or off.
	//
	// Default: true.
	Enabled *bool

	// Expr is the PromQL expression in place of the one that is made from thresholds. Refused where there are several such
	// alerts, one for each objective or metric.
	//
	// Default: made from thresholds.
	Expr *string

	// For is how long the condition must hold; at least 0.
	//
	// Default: as docs/alerts.md has it.
	For awscdk.Duration

	// KeepFiringFor is how long the alert continues after its condition ends; at least 0. We have not verified that AMP
	// supports it.
	//
	// Default: 0, not at all.
	KeepFiringFor awscdk.Duration

	// Labels are added to the alert's. A label that the alert has already gets the value given here; among them severity.
	//
	// Default: none.
	Labels *map[string]*string

	// Annotations are added to the alert's, and replace those of the same name: summary, description and runbook_url.
	//
	// Default: none.
	Annotations *map[string]*string
}
