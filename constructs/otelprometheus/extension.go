package otelprometheus

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// OtelPrometheusSidecar adds an ADOT collector to a task definition that you already have. It is an
// awsecs.ITaskDefinitionExtension: hand it to AddExtension, before or after other containers are added.
//
// What it cannot check before it has the task definition, such as a collector that does not fit into it, becomes an error
// of the task definition and fails the synthesis.
type OtelPrometheusSidecar struct {
	telemetry *TelemetryProps
	added     map[awsecs.TaskDefinition]*Sidecar
	all       []*Sidecar
}

var _ awsecs.ITaskDefinitionExtension = (*OtelPrometheusSidecar)(nil)

// NewOtelPrometheusSidecar makes an extension, which can be added to several task definitions. It panics when telemetry is
// wrong, with every error in the message.
func NewOtelPrometheusSidecar(telemetry *TelemetryProps) *OtelPrometheusSidecar {
	var f input.Faults
	checkAnywhere(telemetry, &f)
	f.PanicIfAny("NewOtelPrometheusSidecar")
	return &OtelPrometheusSidecar{telemetry: telemetry, added: map[awsecs.TaskDefinition]*Sidecar{}}
}

// checkAnywhere reports what is wrong with telemetry whatever the task is. What depends on the task is checked when it is known; this one
// takes everything.
func checkAnywhere(telemetry *TelemetryProps, f *input.Faults) {
	resolve(telemetry, task{compatibility: awsecs.Compatibility_EC2, networkMode: awsecs.NetworkMode_AWS_VPC}.withDefaults(), nil, f)
}

// Of is the collector's part of a task definition that was extended. It panics when taskDefinition was not: hand the extension to its
// AddExtension first, and look for errors of that construct.
func (e *OtelPrometheusSidecar) Of(taskDefinition awsecs.TaskDefinition) *Sidecar {
	if e.added[taskDefinition] == nil {
		panic("OtelPrometheusSidecar: the task definition has no sidecar of this extension; hand the extension to AddExtension first, and look for errors of that construct")
	}
	return e.added[taskDefinition]
}

// Extend implements awsecs.ITaskDefinitionExtension. Call AddExtension of the task definition instead.
func (e *OtelPrometheusSidecar) Extend(taskDefinition awsecs.TaskDefinition) {
	answer(taskDefinition, func() {
		var f input.Faults
		if s := extend(taskDefinition, e.telemetry, &f); s != nil {
			e.added[taskDefinition] = s
			e.all = append(e.all, s)
		}
		for _, text := range f {
			awscdk.Annotations_Of(taskDefinition).AddError(jsii.String("OtelPrometheusSidecar: " + text))
		}
	})
}

// AddScrapeJob scrapes one more endpoint in all task definitions that are extended, and in those that will be. For one of them use Of. It
// panics when the job is wrong or does not go with the others.
func (e *OtelPrometheusSidecar) AddScrapeJob(job *ScrapeJob) {
	t, jobs := TelemetryProps{}, []*ScrapeJob{}
	if e.telemetry != nil {
		t = *e.telemetry
	}
	if t.Scrape != nil {
		jobs = slices.Clone(*t.Scrape)
	}
	jobs = append(jobs, job)
	t.Scrape = &jobs
	if t.Otlp == nil && (e.telemetry == nil || e.telemetry.Scrape == nil) {
		t.Otlp = &OtlpProps{} // as before the first job
	}
	var f input.Faults
	checkAnywhere(&t, &f)
	f.PanicIfAny("OtelPrometheusSidecar: AddScrapeJob")
	for _, s := range e.all {
		s.AddScrapeJob(job)
	}
	e.telemetry = &t
}

// AddVpcEndpoints adds to vpc what the task definitions that are extended need; see the method of [Sidecar]. Call it after the last
// AddExtension: a later one may need more.
func (e *OtelPrometheusSidecar) AddVpcEndpoints(vpc awsec2.IVpc, props *VpcEndpointsProps) {
	if len(e.all) == 0 {
		panic("OtelPrometheusSidecar: AddVpcEndpoints: no task definition has the extension yet; call it after AddExtension")
	}
	for _, s := range e.all {
		s.AddVpcEndpoints(vpc, props)
	}
}

// extend adds a collector to a task definition that is there already, or reports why it cannot.
func extend(td awsecs.TaskDefinition, telemetry *TelemetryProps, f *input.Faults) *Sidecar {
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
		noCpu:         cfn.Cpu() == nil,
		noMemory:      cfn.Memory() == nil,
		ownTaskRole:   td.Node().TryFindChild(jsii.String(idTaskRole)) == nil,
		family:        td.Family(),
		volumes:       true,
		proxy:         cfn.ProxyConfiguration() != nil,
	}.withDefaults()
	t.validate(f)
	s := newSidecar(td, resolve(telemetry, t, stackOf(td).region, f))
	s.settings.validateAccess(s.stack, f)
	if name := s.settings.container.ContainerName; td.FindContainer(name) != nil {
		f.Add("a container named %s is there already; remove it, or set %sCollector.ContainerName", *name, where)
	}
	if len(*f) > 0 {
		return nil
	}
	s.cfn = cfn
	before := td.DefaultContainer()
	s.attach(td, td, true)
	td.SetDefaultContainer(before)
	return s
}
