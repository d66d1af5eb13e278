package otelprometheus

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

// OtelPrometheusEc2TaskDefinitionProps are the props of awsecs.Ec2TaskDefinition with Telemetry beside them.
type OtelPrometheusEc2TaskDefinitionProps struct {
	awsecs.Ec2TaskDefinitionProps

	// Telemetry says which metrics are collected and where they go.
	//
	// Default: OTLP and ECS task metrics, into a new workspace.
	Telemetry *TelemetryProps
}

// OtelPrometheusEc2TaskDefinition is an awsecs.Ec2TaskDefinition with an ADOT collector.
type OtelPrometheusEc2TaskDefinition struct {
	awsecs.Ec2TaskDefinition
	sidecar *sidecar
}

// NewOtelPrometheusEc2TaskDefinition is a drop-in for awsecs.NewEc2TaskDefinition. It adds, grants and refuses what
// [NewOtelPrometheusTaskDefinition] does.
func NewOtelPrometheusEc2TaskDefinition(scope constructs.Construct, id *string, props *OtelPrometheusEc2TaskDefinitionProps) *OtelPrometheusEc2TaskDefinition {
	if props == nil {
		props = &OtelPrometheusEc2TaskDefinitionProps{}
	}
	s := mustResolve("NewOtelPrometheusEc2TaskDefinition", scope, id, props.Telemetry, task{
		compatibility: awsecs.Compatibility_EC2,
		networkMode:   props.NetworkMode,
		family:        props.Family,
		ownTaskRole:   props.TaskRole != nil,
	})
	t := &OtelPrometheusEc2TaskDefinition{}
	awsecs.NewEc2TaskDefinition_Override(t, scope, id, &props.Ec2TaskDefinitionProps)
	t.sidecar = attach(t, t.Ec2TaskDefinition, s)
	return t
}

// AddContainer adds a container that depends on the collector. It gets a log group and the OTLP environment, unless it
// brings its own.
func (t *OtelPrometheusEc2TaskDefinition) AddContainer(id *string, props *awsecs.ContainerDefinitionOptions) awsecs.ContainerDefinition {
	return t.sidecar.addContainer(id, props)
}

// Collector is the collector's container.
func (t *OtelPrometheusEc2TaskDefinition) Collector() awsecs.ContainerDefinition {
	return t.sidecar.collector
}

// Workspace is where the metrics are written.
func (t *OtelPrometheusEc2TaskDefinition) Workspace() amp.IWorkspace { return t.sidecar.workspace }

// CollectorLogGroup receives the collector's log. It is nil where CollectorProps.Logging is set.
func (t *OtelPrometheusEc2TaskDefinition) CollectorLogGroup() awslogs.ILogGroup {
	return t.sidecar.collectorLogGroup
}

// AddScrapeJob scrapes one more endpoint. It panics when the job is faulty or does not go with the others.
func (t *OtelPrometheusEc2TaskDefinition) AddScrapeJob(job *ScrapeJob) { t.sidecar.addScrapeJob(job) }

// AddVpcEndpoints adds to vpc the endpoints that the task needs in subnets without a way to the internet: for the workspace
// (limited to it), logs, images (with the S3 gateway), and STS, SSM and X-Ray where they are used. The collector's default image
// is in a public registry, which no endpoint leads to; a warning says so.
func (t *OtelPrometheusEc2TaskDefinition) AddVpcEndpoints(vpc awsec2.IVpc, props *VpcEndpointsProps) {
	t.sidecar.addVpcEndpoints(vpc, props)
}
