package otelprometheus

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

// OtelPrometheusTaskDefinitionProps are the props of awsecs.TaskDefinition with Telemetry beside them.
type OtelPrometheusTaskDefinitionProps struct {
	awsecs.TaskDefinitionProps

	// Telemetry says which metrics are collected and where they go.
	//
	// Default: OTLP and ECS task metrics, into a new workspace.
	Telemetry *TelemetryProps
}

// OtelPrometheusTaskDefinition is an awsecs.TaskDefinition with an ADOT collector.
type OtelPrometheusTaskDefinition struct {
	awsecs.TaskDefinition
	sidecar *sidecar // not embedded: jsii-runtime-go takes apart what is, and cannot read what is not exported
}

// NewOtelPrometheusTaskDefinition is a drop-in for awsecs.NewTaskDefinition.
//
// It adds to the stack what awsecs.NewTaskDefinition adds, and the collector's container, its log group and, unless one
// is given, a workspace. The task role may do aps:RemoteWrite on the workspace; the execution role may write to the log
// groups. It panics when scope or id is missing or the props are faulty, with every fault in the message, before it has
// built anything.
func NewOtelPrometheusTaskDefinition(scope constructs.Construct, id *string, props *OtelPrometheusTaskDefinitionProps) *OtelPrometheusTaskDefinition {
	if props == nil {
		props = &OtelPrometheusTaskDefinitionProps{}
	}
	s := mustResolve("NewOtelPrometheusTaskDefinition", scope, id, props.Telemetry, task{
		compatibility: props.Compatibility,
		networkMode:   props.NetworkMode,
		platform:      props.RuntimePlatform,
		cpu:           parseNumber(props.Cpu),
		memoryMiB:     parseNumber(props.MemoryMiB),
		family:        props.Family,
		ownTaskRole:   props.TaskRole != nil,
	})
	t := &OtelPrometheusTaskDefinition{}
	awsecs.NewTaskDefinition_Override(t, scope, id, &props.TaskDefinitionProps)
	t.sidecar = attach(t, t.TaskDefinition, s)
	return t
}

// AddContainer adds a container that depends on the collector. It gets a log group and the OTLP environment, unless it
// brings its own.
func (t *OtelPrometheusTaskDefinition) AddContainer(id *string, props *awsecs.ContainerDefinitionOptions) awsecs.ContainerDefinition {
	return t.sidecar.addContainer(id, props)
}

// Collector is the collector's container.
func (t *OtelPrometheusTaskDefinition) Collector() awsecs.ContainerDefinition {
	return t.sidecar.collector
}

// Workspace is where the metrics are written.
func (t *OtelPrometheusTaskDefinition) Workspace() amp.IWorkspace { return t.sidecar.workspace }

// CollectorLogGroup receives the collector's log. It is nil where CollectorProps.Logging is set.
func (t *OtelPrometheusTaskDefinition) CollectorLogGroup() awslogs.ILogGroup {
	return t.sidecar.collectorLogGroup
}

// AddScrapeJob scrapes one more endpoint. It panics when the job is faulty or does not go with the others.
func (t *OtelPrometheusTaskDefinition) AddScrapeJob(job *ScrapeJob) { t.sidecar.addScrapeJob(job) }

// AddVpcEndpoints adds to vpc the endpoints that the task needs in subnets without a way to the internet: for the workspace
// (limited to it), logs, images (with the S3 gateway), and STS, SSM and X-Ray where they are used. The collector's default image
// is in a public registry, which no endpoint leads to; a warning says so.
func (t *OtelPrometheusTaskDefinition) AddVpcEndpoints(vpc awsec2.IVpc, props *VpcEndpointsProps) {
	t.sidecar.addVpcEndpoints(vpc, props)
}
