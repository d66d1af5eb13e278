package otelprometheus

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/collector"
)

// TelemetryProps says which metrics of a task are collected and where they go. All fields are optional; nil collects
// OTLP and ECS task metrics and writes them to a new workspace.
type TelemetryProps struct {
	// Workspace is where metrics are written.
	//
	// Default: a new workspace, kept when the stack is deleted.
	Workspace amp.IWorkspace

	// Otlp receives metrics that containers push.
	//
	// Default: on, unless Scrape is set.
	Otlp *OtlpProps

	// Scrape lists Prometheus endpoints of the task's containers. More can be added later with AddScrapeJob.
	//
	// Default: nothing is scraped.
	Scrape *[]*ScrapeJob

	// TaskMetrics collects CPU, memory, network and storage metrics of the task from ECS.
	//
	// Default: on.
	TaskMetrics *TaskMetricsProps

	// Labels chooses which attributes of the task become labels of every series.
	//
	// Default: every task-level dimension (collector.LabelsTask).
	Labels *LabelsProps

	// Config says where the collector gets its configuration from.
	//
	// Default: it is generated from the fields above.
	Config *Config

	// Collector sets up the collector's container.
	//
	// Default: see the fields of CollectorProps.
	Collector *CollectorProps

	// Logging says where the containers log.
	//
	// Default: one log group for the collector and one for containers without logging of their own.
	Logging *LoggingProps
}

// OtlpProps configures the OTLP receiver. While it is on, containers get OTEL_EXPORTER_OTLP_ENDPOINT,
// OTEL_EXPORTER_OTLP_PROTOCOL and OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE, unless they set their own. These
// win over what a file in ContainerDefinitionOptions.EnvironmentFiles says, as ECS has it.
type OtlpProps struct {
	// Enabled turns the receiver on or off.
	//
	// Default: true.
	Enabled *bool

	// GrpcPort is the port for OTLP over gRPC, 1 to 65535.
	//
	// Default: 4317.
	GrpcPort *float64

	// HttpPort is the port for OTLP over HTTP, 1 to 65535.
	//
	// Default: 4318.
	HttpPort *float64
}

// ScrapeJob describes a Prometheus endpoint that a container of the task serves.
type ScrapeJob struct {
	// Port that the endpoint listens on, 1 to 65535. Required.
	Port *float64

	// Name becomes the job label. It must be unique in the task.
	//
	// Default: the task definition's family. Only one job of a task can go without a name.
	Name *string

	// Path is the HTTP path of the metrics.
	//
	// Default: /metrics.
	Path *string

	// Interval is the time between two scrapes.
	//
	// Default: 30 seconds.
	Interval awscdk.Duration

	// Timeout bounds one scrape; it must not exceed Interval.
	//
	// Default: 10 seconds, or Interval if that is shorter.
	Timeout awscdk.Duration

	// SampleLimit fails a scrape that yields more samples, as a guard against an explosion of series. 0 turns it off.
	//
	// Default: 20000.
	SampleLimit *float64

	// LabelLimit fails a scrape with a sample that has more labels. 0 turns it off.
	//
	// Default: 64.
	LabelLimit *float64

	// LabelValueLengthLimit fails a scrape with a longer label value, in bytes. 0 turns it off.
	//
	// Default: 2048.
	LabelValueLengthLimit *float64

	// BodySizeLimit fails a scrape whose uncompressed body is larger. At least 1 KiB.
	//
	// Default: 16 MiB.
	BodySizeLimit awscdk.Size
}

// TaskMetricsProps configures the metrics that ECS keeps about a task.
type TaskMetricsProps struct {
	// Enabled turns them on or off.
	//
	// Default: true.
	Enabled *bool

	// Interval is the time between two readings.
	//
	// Default: 20 seconds.
	Interval awscdk.Duration
}

// LabelsProps chooses labels.
type LabelsProps struct {
	// Policy is one of collector.LabelsTask, LabelsIdentity, LabelsAll and LabelsList.
	//
	// Default: LabelsTask, or LabelsList where Keep is set.
	Policy collector.LabelPolicy

	// Keep lists the resource attributes that become labels, by their OpenTelemetry names. Only with LabelsList.
	//
	// Default: none.
	Keep *[]*string
}

// CollectorProps sets up the collector's container.
type CollectorProps struct {
	// Image of the collector.
	//
	// Default: public.ecr.aws/aws-observability/aws-otel-collector at the version collector.ADOTVersion.
	Image awsecs.ContainerImage

	// ContainerName is the name of the container in the task.
	//
	// Default: aws-otel-collector.
	ContainerName *string

	// Cpu units set aside for the collector; 1024 are one vCPU.
	//
	// Default: none; the collector shares what the task has.
	// Source: Amazon ECS task definition parameters, cpu.
	Cpu *float64

	// MemoryLimitMiB is the hard memory limit of the container, in MiB: 64 or more, or 0 for no limit. GOMEMLIMIT and the
	// collector's memory limiter are derived from it.
	//
	// Default: 512, or half of the task's memory where that is less; no limit where Config is not generated.
	MemoryLimitMiB *float64

	// MemoryReservationMiB is the memory set aside for the container, in MiB.
	//
	// Default: none.
	MemoryReservationMiB *float64

	// Essential says whether the task stops when the collector stops for good.
	//
	// Default: true.
	Essential *bool

	// RestartPolicy restarts a crashed collector in place.
	//
	// Default: on.
	RestartPolicy *RestartPolicyProps

	// HealthCheck lets ECS ask the collector whether it is well.
	//
	// Default: on.
	HealthCheck *HealthCheckProps

	// StartOrder is what the other containers wait for: awsecs.ContainerDependencyCondition_START, or _HEALTHY, which
	// needs the health check.
	//
	// Default: START.
	StartOrder awsecs.ContainerDependencyCondition

	// StopTimeout is how long ECS waits between SIGTERM and SIGKILL. At most 120 seconds on Fargate.
	//
	// Default: 60 seconds: time to send what is still queued, once, over a slow connection; what ECS takes (30 seconds)
	// where Config is not generated.
	// Source: Amazon ECS task definition parameters, stopTimeout.
	StopTimeout awscdk.Duration

	// ReadonlyRootFilesystem mounts the container's root file system read-only.
	//
	// Default: true.
	ReadonlyRootFilesystem *bool

	// User that the collector runs as, by id or name. The empty string leaves it to the image.
	//
	// Default: 4317, the user of the ADOT image.
	User *string

	// Environment adds variables to the container.
	//
	// Default: none but those the library needs.
	Environment *map[string]*string

	// Secrets adds variables whose values are read from SSM or Secrets Manager when the container starts.
	//
	// Default: none.
	Secrets *map[string]awsecs.Secret

	// Logging of the collector.
	//
	// Default: to LoggingProps.CollectorLogGroup.
	Logging awsecs.LogDriver
}

// RestartPolicyProps configures restarts in place.
type RestartPolicyProps struct {
	// Enabled turns the policy on or off.
	//
	// Default: true.
	Enabled *bool

	// AttemptPeriod is how long the container must run before it can be restarted again, 60 to 1800 seconds.
	//
	// Default: 300 seconds.
	// Source: Amazon ECS task definition parameters, restartAttemptPeriod.
	AttemptPeriod awscdk.Duration

	// IgnoredExitCodes are exit codes after which the container is not restarted; at most 50.
	//
	// Default: none.
	IgnoredExitCodes *[]*float64
}

// HealthCheckProps configures the collector's health check. Its command is fixed: the ADOT image has no shell, and its
// /healthcheck program asks 127.0.0.1:13133.
type HealthCheckProps struct {
	// Enabled turns the check on or off.
	//
	// Default: true.
	Enabled *bool

	// Interval between two checks, 5 to 300 seconds.
	//
	// Default: 30 seconds.
	Interval awscdk.Duration

	// Timeout of one check, 2 to 60 seconds.
	//
	// Default: 5 seconds.
	Timeout awscdk.Duration

	// Retries is the number of failed checks in a row that make the collector unhealthy, 1 to 10.
	//
	// Default: 3.
	Retries *float64

	// StartPeriod is a time after the start in which failures do not count, 0 to 300 seconds.
	//
	// Default: 10 seconds.
	StartPeriod awscdk.Duration
}

// LoggingProps says where containers log. Logging that a container brings always wins.
type LoggingProps struct {
	// CollectorLogGroup receives the collector's log.
	//
	// Default: a new log group.
	CollectorLogGroup awslogs.ILogGroup

	// CollectorLogGroupName names the new log group of the collector.
	//
	// Default: a generated name.
	CollectorLogGroupName *string

	// ContainerLogGroup receives the logs of containers without logging of their own.
	//
	// Default: a new log group, once there is such a container.
	ContainerLogGroup awslogs.ILogGroup

	// ContainerLogGroupName names the new log group of the other containers.
	//
	// Default: a generated name.
	ContainerLogGroupName *string

	// Retention of the new log groups.
	//
	// Default: one month.
	Retention awslogs.RetentionDays

	// EncryptionKey encrypts the new log groups.
	//
	// Default: encryption by CloudWatch Logs with its own key.
	EncryptionKey awskms.IKey

	// RemovalPolicy of the new log groups.
	//
	// Default: RETAIN, as awslogs has it.
	RemovalPolicy awscdk.RemovalPolicy

	// StreamPrefix starts the name of every log stream: prefix/container/task id.
	//
	// Default: ecs.
	StreamPrefix *string
}

// Config is where a collector gets its configuration from.
type Config struct {
	imageFile string
}

// Configuration files in the ADOT image for metrics in AMP. They read AWS_REGION and AWS_PROMETHEUS_ENDPOINT.
const (
	// AdotEcsAmp collects OTLP and ECS task metrics.
	AdotEcsAmp = "/etc/ecs/ecs-amp.yaml"
)

// ConfigFromImage takes a configuration file in the collector's image, by its absolute path. The library sets
// AWS_PROMETHEUS_ENDPOINT to the workspace's URL. Fields that describe a generated configuration (Otlp, Scrape,
// TaskMetrics, Labels) cannot be used with it, and containers get no OTEL_ variables.
func ConfigFromImage(path string) *Config {
	return &Config{imageFile: path}
}
