package otelprometheus

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// OtelPrometheusSidecar adds an ADOT collector to a task definition that one already has. It is an
// awsecs.ITaskDefinitionExtension: hand it to AddExtension, before or after other containers are added.
//
// What it cannot tell before it sees the task definition, such as a collector that does not fit in, becomes an error of
// that construct and fails the synthesis.
type OtelPrometheusSidecar struct {
	telemetry *TelemetryProps
	sidecar   *sidecar // of the task definition that was extended last
}

var _ awsecs.ITaskDefinitionExtension = (*OtelPrometheusSidecar)(nil)

// NewOtelPrometheusSidecar makes an extension, which can be added to several task definitions. It panics when telemetry is
// faulty, with every fault in the message.
func NewOtelPrometheusSidecar(telemetry *TelemetryProps) *OtelPrometheusSidecar {
	var f input.Faults
	// What depends on the task is checked when it is known; this one takes everything.
	resolve(telemetry, task{compatibility: awsecs.Compatibility_EC2, networkMode: awsecs.NetworkMode_AWS_VPC}, &f)
	f.PanicIfAny("NewOtelPrometheusSidecar")
	return &OtelPrometheusSidecar{telemetry: telemetry}
}

// Extend implements awsecs.ITaskDefinitionExtension. Call AddExtension of the task definition instead.
func (e *OtelPrometheusSidecar) Extend(taskDefinition awsecs.TaskDefinition) {
	answer(taskDefinition, func() { e.extend(taskDefinition) })
}

func (e *OtelPrometheusSidecar) extend(td awsecs.TaskDefinition) {
	e.sidecar = nil
	var f input.Faults
	if td.Node().TryFindChild(jsii.String(idCollector)) != nil {
		f.Add("there is a collector already; add the extension once, and to a task definition that does not bring one")
	}
	cfn := td.Node().DefaultChild().(awsecs.CfnTaskDefinition)
	t := task{
		compatibility: td.Compatibility(),
		networkMode:   td.NetworkMode(),
		platform:      td.RuntimePlatform(),
		cpu:           parseNumber(cfn.Cpu()),
		memoryMiB:     parseNumber(cfn.Memory()),
		family:        td.Family(),
		region:        td.Stack().Region(),
		ownTaskRole:   td.Node().TryFindChild(jsii.String(idTaskRole)) == nil,
	}.withDefaults()
	t.validate(&f)
	resolved := resolve(e.telemetry, t, &f)
	if name := resolved.collector.ContainerName; td.FindContainer(name) != nil {
		f.Add("a container named %s is there already; remove it, or set CollectorProps.ContainerName", *name)
	}
	if len(f) > 0 {
		for _, fault := range f {
			awscdk.Annotations_Of(td).AddError(jsii.String("OtelPrometheusSidecar: " + fault))
		}
		return
	}
	before := td.DefaultContainer()
	e.sidecar = attach(td, td, resolved)
	td.SetDefaultContainer(before)
}

// Collector is the collector's container in the task definition that was extended last.
func (e *OtelPrometheusSidecar) Collector() awsecs.ContainerDefinition { return e.added().collector }

// Workspace is where the metrics are written.
func (e *OtelPrometheusSidecar) Workspace() amp.IWorkspace { return e.added().workspace }

// CollectorLogGroup receives the collector's log. It is nil where CollectorProps.Logging is set.
func (e *OtelPrometheusSidecar) CollectorLogGroup() awslogs.ILogGroup {
	return e.added().collectorLogGroup
}

// AddScrapeJob scrapes one more endpoint. It panics when the job is faulty or does not go with the others.
func (e *OtelPrometheusSidecar) AddScrapeJob(job *ScrapeJob) { e.added().addScrapeJob(job) }

// AddVpcEndpoints adds the endpoints that the task needs in subnets without a way to the internet; see
// [OtelPrometheusTaskDefinition.AddVpcEndpoints].
func (e *OtelPrometheusSidecar) AddVpcEndpoints(vpc awsec2.IVpc, props *VpcEndpointsProps) {
	e.added().addVpcEndpoints(vpc, props)
}

func (e *OtelPrometheusSidecar) added() *sidecar {
	if e.sidecar == nil {
		panic("OtelPrometheusSidecar: it is in no task definition yet; hand it to AddExtension first, and look for errors of that construct")
	}
	return e.sidecar
}
