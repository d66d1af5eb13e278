package rules

import (
	"slices"
	"time"
)

const (
	percent  = "{{ $value | humanizePercentage }}"
	bytes    = "{{ $value | humanize }}B/s"
	instance = "{{ $labels.instance }}"
)

// definition is what an alert says, whatever its expression. docs/alerts.md repeats severity and duration, which a test compares.
type definition struct {
	name                 string        // package observability has a constant for each
	page                 bool          // otherwise a ticket
	holds                time.Duration // how long its condition must hold
	summary, description string        // %s is the service, %m the metric, %w the window of the objective
}

// Names lists every alert that this package can make.
func Names() []string {
	names := make([]string, len(definitions))
	for i, d := range definitions {
		names[i] = d.name
	}
	return names
}

// define finds the definition of an alert.
func define(name string) (d definition, known bool) {
	i := slices.IndexFunc(definitions, func(d definition) bool { return d.name == name })
	if i < 0 {
		return d, false
	}
	return definitions[i], true
}

var definitions = []definition{
	{name: "EcsTaskCpuHigh", holds: 10 * time.Minute, summary: "a task of %s is short of CPU",
		description: "Task " + instance + " of %s uses " + percent + " of its CPU units."},
	{name: "EcsTaskMemoryHigh", holds: 5 * time.Minute, summary: "a task of %s is short of memory",
		description: "Task " + instance + " of %s uses " + percent + " of its memory. At a limit, a container is killed."},
	{name: "EcsTaskEphemeralStorageHigh", holds: 5 * time.Minute, summary: "the ephemeral storage of a task of %s fills up",
		description: "Task " + instance + " of %s uses " + percent + " of its ephemeral storage. When that is full, writes fail."},
	{name: "EcsTaskNetworkHigh", holds: 10 * time.Minute, summary: "a task of %s moves much data over the network",
		description: "Task " + instance + " of %s receives and sends " + bytes + "."},
	{name: "EcsTaskStorageHigh", holds: 10 * time.Minute, summary: "a task of %s reads and writes much data",
		description: "Task " + instance + " of %s reads and writes " + bytes + "."},
	{name: "EcsTasksReplaced", page: true, summary: "tasks of %s keep being replaced",
		description: "Within 30 minutes, {{ $value }} tasks of revision {{ $labels.aws_ecs_task_revision }} of %s took the place of others."},
	{name: "EcsContainerCpuHigh", holds: 10 * time.Minute, summary: "a container of %s uses more than its CPU units",
		description: "Container {{ $labels.container_name }} of task " + instance + " of %s uses " + percent + " of its CPU units."},
	{name: "EcsContainerMemoryHigh", holds: 5 * time.Minute, summary: "a container of %s is short of memory",
		description: "Container {{ $labels.container_name }} of task " + instance + " of %s uses " + percent + " of its memory limit. At 100 % it is killed."},
	{name: "EcsContainerNetworkHigh", holds: 10 * time.Minute, summary: "a container of %s moves much data over the network",
		description: "Container {{ $labels.container_name }} of task " + instance + " of %s receives and sends " + bytes + "."},
	{name: "EcsContainerStorageHigh", holds: 10 * time.Minute, summary: "a container of %s reads and writes much data",
		description: "Container {{ $labels.container_name }} of task " + instance + " of %s reads and writes " + bytes + "."},
	{name: "EcsScrapeDown", holds: 5 * time.Minute, summary: "an endpoint of %s cannot be scraped",
		description: "The sidecar of task " + instance + " of %s gets no metrics for job {{ $labels.job }}."},
	{name: "EcsScrapeRejected", holds: 5 * time.Minute, summary: "what an endpoint of %s serves is thrown away",
		description: "Job {{ $labels.job }} of task " + instance + " of %s serves metrics, but more than the limits of the scrape job let through, or some that cannot be read. None of them is stored."},
	{name: "EcsScrapeNearLimit", holds: 15 * time.Minute, summary: "an endpoint of %s is about to reach its sample limit",
		description: "Job {{ $labels.job }} of task " + instance + " of %s serves {{ $value }} samples. Above the limit, none is stored."},
	{name: "EcsScrapeSlow", holds: 5 * time.Minute, summary: "an endpoint of %s answers scrapes slowly",
		description: "A scrape of job {{ $labels.job }} of task " + instance + " of %s takes {{ $value | humanizeDuration }}. After the timeout it fails."},
	{name: "EcsCollectorQueueFilling", holds: 2 * time.Minute, summary: "the sidecar of %s cannot send as fast as it collects",
		description: "The queue of exporter {{ $labels.exporter }} of task " + instance + " of %s is at " + percent + ". When it is full, data is dropped."},
	{name: "EcsCollectorDrops", summary: "the sidecar of %s drops data",
		description: "The queue of exporter {{ $labels.exporter }} of task " + instance + " of %s was full, and {{ $value | humanize }} points were dropped."},
	{name: "EcsCollectorSendsFail", summary: "the sidecar of %s fails to send",
		description: "Exporter {{ $labels.exporter }} of task " + instance + " of %s failed to send batches with " + percent + " of its points within 15 minutes. Where AMP answers 400, it lost only those that CloudWatch counts in DiscardedSamples."},
	{name: "EcsCollectorRefuses", summary: "the sidecar of %s refuses data",
		description: "Receiver {{ $labels.receiver }} of task " + instance + " of %s refused " + percent + " of the points within 15 minutes."},
	{name: "EcsCollectorRestarts", summary: "the sidecar of %s keeps restarting",
		description: "The collector of task " + instance + " of %s restarted {{ $value }} times within 30 minutes."},
	{name: "EcsServiceAbsent", page: true, holds: 10 * time.Minute, summary: "there is no data of %s",
		description: "No task of %s sends ECS metrics."},
	{name: "EcsMetricAbsent", holds: 10 * time.Minute, summary: "there is no %m of %s",
		description: "No task of %s sends the metric %m."},
	{name: "EcsTargetsMissing", page: true, holds: 10 * time.Minute, summary: "too few tasks of %s are scraped",
		description: "{{ $value }} tasks of %s are scraped, fewer than there must be."},
	{name: "EcsDiscoveryStale", page: true, holds: 5 * time.Minute, summary: "%s does not look at the cluster any more",
		description: "The collector of %s has written no new list of tasks. Those that it knows are still scraped, new ones are not."},
	{name: "EcsSloFastBurn", page: true, summary: "%s uses up the error budget of {{ $labels.slo }} fast",
		description: percent + " of the requests of %s miss the objective {{ $labels.slo }}. The budget of %w will not last for days."},
	{name: "EcsSloSlowBurn", summary: "%s uses up the error budget of {{ $labels.slo }}",
		description: percent + " of the requests of %s miss the objective {{ $labels.slo }}. The budget will not last for %w."},
	{name: "EcsSloNoData", holds: 15 * time.Minute, summary: "the objective {{ $labels.slo }} of %s is not measured",
		description: "The metrics of the objective {{ $labels.slo }} of %s are not there, so its alerts cannot fire."},
}
