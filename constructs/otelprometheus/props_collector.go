package otelprometheus

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
)

// CollectorProps sets up the collector's container.
type CollectorProps struct {
	// Image of the collector.
	//
	// Default: public.ecr.aws/aws-observability/aws-otel-collector at the version ADOTVersion.
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

	// MemoryLimitMiB is the hard memory limit of the container, in MiB: 128 or more, or 0 for no limit; it takes 110 MB at rest. GOMEMLIMIT and the
	// collector's memory limiter are derived from it.
	//
	// Default: 512, or half of the task's memory where that is less; no limit where Config is not generated.
	MemoryLimitMiB *float64

	// MemoryReservationMiB is the memory set aside for the container, in MiB.
	//
	// Default: none; 256 without a limit in a task on EC2 without memory of its own, where ECS wants one of the three.
	MemoryReservationMiB *float64

	// Essential says whether the task stops when the collector stops and is not restarted, or is found unhealthy: the application then
	// ends with its telemetry. The alert EcsServiceAbsent fires where nothing arrives.
	//
	// Default: false.
	Essential *bool

	// RestartPolicy restarts a crashed collector in place.
	//
	// Default: on.
	RestartPolicy *RestartPolicyProps

	// HealthCheck lets ECS ask the collector whether it works.
	//
	// Default: on.
	HealthCheck *HealthCheckProps

	// DependencyCondition is what the other containers wait for before they start: awsecs.ContainerDependencyCondition_START, or _HEALTHY, which
	// needs the health check.
	//
	// Default: START.
	DependencyCondition awsecs.ContainerDependencyCondition

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
