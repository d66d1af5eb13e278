package otelprometheus

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// TelemetryProps says which metrics of a task are collected and where they go. All fields are optional; nil collects
// OTLP and ECS task metrics and writes them to a new workspace.
type TelemetryProps struct {
	// Workspace is where metrics are written.
	//
	// Default: a new workspace, which all task definitions of the stack share that name none. Its alias is the name of the stack, and it
	// is kept when the stack is deleted. A second one in the app draws a warning.
	Workspace amp.IWorkspace

	// RemoteWrite says how the workspace is written to.
	//
	// Default: over its public endpoint, as the task role.
	RemoteWrite *RemoteWriteProps

	// Roles changes the roles that the task definition creates.
	//
	// Default: the task role may write to the workspace, and nothing else.
	Roles *RolesProps

	// Otlp receives metrics that containers push.
	//
	// Default: on, unless Scrape is set.
	Otlp *OtlpProps

	// Scrape lists Prometheus endpoints of the task's containers. More can be added later with AddScrapeJob.
	//
	// Default: nothing is scraped.
	Scrape *[]*ScrapeJob

	// ScrapeOnShutdown scrapes once more when the collector is told to stop. With network mode bridge, ECS stops the scraped
	// containers after the collector, so their last values can still be read. In the other modes ECS stops them before the
	// collector, and such a scrape only records `up` = 0. Scraped metrics then take one hop (see DeliveryProps.OneHop): an outage
	// of more than 30 seconds loses some of them. Without it, a stop loses what was counted since the last scrape.
	//
	// Default: true with network mode bridge, false otherwise.
	ScrapeOnShutdown *bool

	// TaskMetrics collects CPU, memory, network and storage metrics of the task from ECS.
	//
	// Default: on.
	TaskMetrics *TaskMetricsProps

	// Statsd receives StatsD messages over UDP.
	//
	// Default: off.
	Statsd *StatsdProps

	// Traces sends the traces that arrive over OTLP to AWS X-Ray, and allows the task role to write them.
	//
	// Default: false.
	Traces *bool

	// CollectorMetrics collects the collector's own metrics, such as what it sent, refused and lost.
	//
	// Default: off.
	CollectorMetrics *CollectorMetricsProps

	// CloudWatch copies metrics to CloudWatch, for scaling policies and alarms there.
	//
	// Default: nothing is copied.
	CloudWatch *CloudWatchProps

	// Labels chooses which attributes of the task become labels of every series.
	//
	// Default: every task-level dimension (LabelsTask).
	Labels *LabelsProps

	// Delivery says how metrics are delivered when the endpoint fails and when the task stops.
	//
	// Default: two hops with a queue in memory; a 10-minute outage at 1,000 samples per second loses nothing.
	Delivery *DeliveryProps

	// Config says where the collector gets its configuration from.
	//
	// Default: it is generated from the fields above.
	Config *Config

	// Collector sets up the collector's container.
	//
	// Default: see the fields of CollectorProps.
	Collector *CollectorProps

	// Containers makes exceptions for containers of the task, by their name.
	//
	// Default: none.
	Containers *map[string]*ContainerProps

	// Logging says where the containers log.
	//
	// Default: one log group for the collector and one for containers without logging of their own.
	Logging *LoggingProps
}

// LabelPolicy says which resource attributes become labels. Labels cause most of the cost of a sample, so each
// policy keeps a dimension once, under one name, for every source of metrics. The labels job and instance are always
// set, and otel_scope_name on OTLP metrics. Attributes that change while a task runs and repetitions of job and instance never become labels.
type LabelPolicy string

const (
	// LabelsTask keeps every task-level dimension: cluster name, family, revision, task id, launch type, availability
	// zone, region, account, and the service name where it is known.
	LabelsTask LabelPolicy = collector.LabelsTask

	// LabelsIdentity keeps only what makes a series unique: family and task id.
	LabelsIdentity LabelPolicy = collector.LabelsIdentity

	// LabelsAll keeps every attribute that the sources and the detectors give, as ADOT's own configuration files do.
	LabelsAll LabelPolicy = collector.LabelsAll

	// LabelsList keeps the attributes that LabelsProps.Keep names.
	LabelsList LabelPolicy = collector.LabelsList
)

// LabelsProps chooses labels.
type LabelsProps struct {
	// Policy chooses the attributes that become labels.
	//
	// Default: LabelsTask, or LabelsList where Keep is set.
	Policy LabelPolicy

	// Keep lists the resource attributes that become labels, by their OpenTelemetry names, such as aws.ecs.task.family. The
	// cluster's name is aws_ecs_cluster_name. Only with LabelsList.
	//
	// Default: none.
	Keep *[]*string

	// Service is the name that people know the service by. It becomes the label service_name of every series of the task, and the job
	// of what has no name of its own: applications that push over OTLP without a service.name, scrape jobs without a Name. Rules for
	// the task definition select by it, and dashboards can.
	//
	// Default: no such label, and the job is the task family. With [AddToAll], the ServiceName of the ECS service that runs the task
	// definition, if it has one.
	// Source: OpenTelemetry semantic conventions: service.name, and for the next two deployment.environment.name, service.version.
	Service *string

	// Environment is where the service runs, such as production. It becomes the label deployment_environment_name of every series.
	//
	// Default: no such label.
	Environment *string

	// Version of the service, which becomes the label service_version of every series. Each new version makes new series.
	//
	// Default: no such label.
	Version *string

	// External labels are added to every series that does not have them.
	//
	// Default: none.
	External *map[string]*string
}

// ContainerProps makes an exception for one of the task's containers.
type ContainerProps struct {
	// OptOut leaves the container unchanged: it gets no dependency, no variables and no logging.
	//
	// Default: false.
	OptOut *bool

	// DependencyCondition is what the container waits for: awsecs.ContainerDependencyCondition_START or _HEALTHY.
	//
	// Default: CollectorProps.DependencyCondition.
	DependencyCondition awsecs.ContainerDependencyCondition
}
