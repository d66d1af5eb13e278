package otelprometheus

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

// OtelPrometheusFargateTaskDefinitionProps are the props of awsecs.FargateTaskDefinition with Telemetry beside them.
type OtelPrometheusFargateTaskDefinitionProps struct {
	awsecs.FargateTaskDefinitionProps

	// Telemetry says which metrics are collected and where they go.
	//
	// Default: OTLP and ECS task metrics, into a new workspace.
	Telemetry *TelemetryProps
}

// OtelPrometheusFargateTaskDefinition is an awsecs.FargateTaskDefinition with an ADOT collector.
type OtelPrometheusFargateTaskDefinition struct {
	awsecs.FargateTaskDefinition
	sidecar *sidecar
}

// The size of an awsecs.FargateTaskDefinition that does not name its own.
const (
	defaultFargateCpu       = 256
	defaultFargateMemoryMiB = 512
)

// NewOtelPrometheusFargateTaskDefinition is a drop-in for awsecs.NewFargateTaskDefinition. It adds, grants and refuses
// what [NewOtelPrometheusTaskDefinition] does.
func NewOtelPrometheusFargateTaskDefinition(scope constructs.Construct, id *string, props *OtelPrometheusFargateTaskDefinitionProps) *OtelPrometheusFargateTaskDefinition {
	if props == nil {
		props = &OtelPrometheusFargateTaskDefinitionProps{}
	}
	s := mustResolve("NewOtelPrometheusFargateTaskDefinition", scope, id, props.Telemetry, task{
		compatibility: awsecs.Compatibility_FARGATE,
		platform:      props.RuntimePlatform,
		cpu:           knownNumber(props.Cpu, defaultFargateCpu),
		memoryMiB:     knownNumber(props.MemoryLimitMiB, defaultFargateMemoryMiB),
		family:        props.Family,
		ownTaskRole:   props.TaskRole != nil,
	})
	t := &OtelPrometheusFargateTaskDefinition{}
	awsecs.NewFargateTaskDefinition_Override(t, scope, id, &props.FargateTaskDefinitionProps)
	t.sidecar = attach(t, t.FargateTaskDefinition, s)
	return t
}

// AddContainer adds a container that depends on the collector. It gets a log group and the OTLP environment, unless it
// brings its own.
func (t *OtelPrometheusFargateTaskDefinition) AddContainer(id *string, props *awsecs.ContainerDefinitionOptions) awsecs.ContainerDefinition {
	return t.sidecar.addContainer(id, props)
}

// Collector is the collector's container.
func (t *OtelPrometheusFargateTaskDefinition) Collector() awsecs.ContainerDefinition {
	return t.sidecar.collector
}

// Workspace is where the metrics are written.
func (t *OtelPrometheusFargateTaskDefinition) Workspace() amp.IWorkspace { return t.sidecar.workspace }

// CollectorLogGroup receives the collector's log. It is nil where CollectorProps.Logging is set.
func (t *OtelPrometheusFargateTaskDefinition) CollectorLogGroup() awslogs.ILogGroup {
	return t.sidecar.collectorLogGroup
}

// AddScrapeJob scrapes one more endpoint. It panics when the job is faulty or does not go with the others.
func (t *OtelPrometheusFargateTaskDefinition) AddScrapeJob(job *ScrapeJob) {
	t.sidecar.addScrapeJob(job)
}

// AddVpcEndpoints adds to vpc the endpoints that the task needs in subnets without a way to the internet: for the workspace
// (limited to it), logs, images (with the S3 gateway), and STS, SSM and X-Ray where they are used. The collector's default image
// is in a public registry, which no endpoint leads to; a warning says so.
func (t *OtelPrometheusFargateTaskDefinition) AddVpcEndpoints(vpc awsec2.IVpc, props *VpcEndpointsProps) {
	t.sidecar.addVpcEndpoints(vpc, props)
}
