package otelprometheus

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// ADOTVersion is the release of the AWS Distro for OpenTelemetry that the configuration is generated for, and whose image is used
// by default.
const ADOTVersion = collector.ADOTVersion

// Defaults of the collector's container.
const (
	defaultImage          = "public.ecr.aws/aws-observability/aws-otel-collector:" + ADOTVersion
	defaultContainerName  = "aws-otel-collector"
	defaultUser           = "4317"
	defaultMemoryMiB      = 512
	defaultReservationMiB = 256
	defaultStopTimeout    = 60 * time.Second
	defaultStreamPrefix   = "ecs"

	defaultHealthStartPeriod = 10 * time.Second
)

// settings are the props with every default filled in. Later code reads no props, and never asks whether something was set.
type settings struct {
	task      task
	workspace amp.IWorkspace // nil: a new one
	write     RemoteWriteProps
	roles     roleSettings
	source    *Config // nil where the configuration is generated
	tracing   bool    // the collector is known to send traces

	// The generated configuration: what it is made of, its text, and the variables with the tokens that the user put into it.
	// scraped has the container of each scrape job.
	config    collector.Config
	text      string
	variables map[string]string
	scraped   []string
	cluster   *clusterSource           // whose tasks are scraped; nil scrapes those of the task itself
	signals   []string                 // that the OTLP receiver takes
	writes    []collector.Write        // of a configuration that the user wrote, or added to
	secrets   map[string]awsecs.Secret // of scrape jobs, by the variable that holds them
	copiedTo  awslogs.ILogGroup        // what CloudWatch makes metrics of; nil for a new one
	copiedFor awslogs.RetentionDays    // of a new one

	container awsecs.ContainerDefinitionOptions // of the collector; what is nil in it and made by Node, its stack provides
	userGiven bool                              // its user is the props'
	pinImage  bool                              // its image is the props', so it may not be pinned
	// healthByDefault says that nobody asked for the health check.
	healthByDefault bool
	delivery        DeliveryProps
	drain           time.Duration // how long the collector outlives the other containers; 0 is no longer than it takes
	logging         LoggingProps

	condition  awsecs.ContainerDependencyCondition            // what containers wait for
	conditions map[string]awsecs.ContainerDependencyCondition // of those with another one
	optOut     map[string]bool
	exceptions []string // names in Telemetry.Containers
}

type roleSettings struct {
	managedPolicy, restrictTrust bool
	taskRoleName                 *string
}
