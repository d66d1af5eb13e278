package otelprometheus

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
)

// OtelPrometheusTaskDefinition is an awsecs.TaskDefinition with an ADOT collector.
type OtelPrometheusTaskDefinition struct {
	awsecs.TaskDefinition
	*Sidecar
}

// NewOtelPrometheusTaskDefinition is a drop-in for awsecs.NewTaskDefinition.
//
// It adds to the stack what awsecs.NewTaskDefinition adds, and the collector's container, its log group and, unless one
// is given, a workspace. The task role may do aps:RemoteWrite on the workspace; the execution role may write to the log
// groups. It panics when scope or id is missing or the props are wrong, with every error in the message, before it has
// built anything.
func NewOtelPrometheusTaskDefinition(scope constructs.Construct, id *string, props *awsecs.TaskDefinitionProps, telemetry *TelemetryProps) *OtelPrometheusTaskDefinition {
	if props == nil {
		props = &awsecs.TaskDefinitionProps{}
	}
	s := mustResolve("NewOtelPrometheusTaskDefinition", scope, id, telemetry, task{
		compatibility: props.Compatibility,
		networkMode:   props.NetworkMode,
		platform:      props.RuntimePlatform,
		cpu:           parseNumber(props.Cpu),
		memoryMiB:     parseNumber(props.MemoryMiB),
		noCpu:         props.Cpu == nil,
		noMemory:      props.MemoryMiB == nil,
		ownTaskRole:   props.TaskRole != nil,
		family:        props.Family,
		volumes:       props.Volumes != nil,
		proxy:         props.ProxyConfiguration != nil,
	})
	t := &OtelPrometheusTaskDefinition{Sidecar: newSidecar(scope, s)}
	awsecs.NewTaskDefinition_Override(t, scope, id, props)
	t.attach(t, t.TaskDefinition, false)
	return t
}

// AddContainer adds a container that depends on the collector. It gets a log group and the OTLP environment, unless it
// brings its own.
func (t *OtelPrometheusTaskDefinition) AddContainer(id *string, props *awsecs.ContainerDefinitionOptions) awsecs.ContainerDefinition {
	return t.addContainer(id, props)
}

// AddVolume adds a volume, as awsecs.TaskDefinition does.
func (t *OtelPrometheusTaskDefinition) AddVolume(volume *awsecs.Volume) { t.addVolume(volume) }

// OtelPrometheusFargateTaskDefinition is an awsecs.FargateTaskDefinition with an ADOT collector.
type OtelPrometheusFargateTaskDefinition struct {
	awsecs.FargateTaskDefinition
	*Sidecar
}

// The size of an awsecs.FargateTaskDefinition that does not name its own.
const (
	defaultFargateCpu       = 256
	defaultFargateMemoryMiB = 512
)

// NewOtelPrometheusFargateTaskDefinition is a drop-in for awsecs.NewFargateTaskDefinition. It adds, grants and refuses
// what [NewOtelPrometheusTaskDefinition] does.
func NewOtelPrometheusFargateTaskDefinition(scope constructs.Construct, id *string, props *awsecs.FargateTaskDefinitionProps, telemetry *TelemetryProps) *OtelPrometheusFargateTaskDefinition {
	if props == nil {
		props = &awsecs.FargateTaskDefinitionProps{}
	}
	s := mustResolve("NewOtelPrometheusFargateTaskDefinition", scope, id, telemetry, task{
		compatibility: awsecs.Compatibility_FARGATE,
		platform:      props.RuntimePlatform,
		cpu:           knownNumber(props.Cpu, defaultFargateCpu),
		memoryMiB:     knownNumber(props.MemoryLimitMiB, defaultFargateMemoryMiB),
		ownTaskRole:   props.TaskRole != nil,
		family:        props.Family,
		volumes:       props.Volumes != nil,
		proxy:         props.ProxyConfiguration != nil,
	})
	t := &OtelPrometheusFargateTaskDefinition{Sidecar: newSidecar(scope, s)}
	awsecs.NewFargateTaskDefinition_Override(t, scope, id, props)
	t.attach(t, t.FargateTaskDefinition, false)
	return t
}

// AddContainer adds a container that depends on the collector. It gets a log group and the OTLP environment, unless it
// brings its own.
func (t *OtelPrometheusFargateTaskDefinition) AddContainer(id *string, props *awsecs.ContainerDefinitionOptions) awsecs.ContainerDefinition {
	return t.addContainer(id, props)
}

// AddVolume adds a volume, as awsecs.TaskDefinition does.
func (t *OtelPrometheusFargateTaskDefinition) AddVolume(volume *awsecs.Volume) { t.addVolume(volume) }

// OtelPrometheusEc2TaskDefinition is an awsecs.Ec2TaskDefinition with an ADOT collector.
type OtelPrometheusEc2TaskDefinition struct {
	awsecs.Ec2TaskDefinition
	*Sidecar
}

// NewOtelPrometheusEc2TaskDefinition is a drop-in for awsecs.NewEc2TaskDefinition. It adds, grants and refuses what
// [NewOtelPrometheusTaskDefinition] does.
func NewOtelPrometheusEc2TaskDefinition(scope constructs.Construct, id *string, props *awsecs.Ec2TaskDefinitionProps, telemetry *TelemetryProps) *OtelPrometheusEc2TaskDefinition {
	if props == nil {
		props = &awsecs.Ec2TaskDefinitionProps{}
	}
	s := mustResolve("NewOtelPrometheusEc2TaskDefinition", scope, id, telemetry, task{
		compatibility: awsecs.Compatibility_EC2,
		networkMode:   props.NetworkMode,
		noCpu:         true,
		noMemory:      true,
		ownTaskRole:   props.TaskRole != nil,
		family:        props.Family,
		volumes:       props.Volumes != nil,
		proxy:         props.ProxyConfiguration != nil,
	})
	t := &OtelPrometheusEc2TaskDefinition{Sidecar: newSidecar(scope, s)}
	awsecs.NewEc2TaskDefinition_Override(t, scope, id, props)
	t.attach(t, t.Ec2TaskDefinition, false)
	return t
}

// AddContainer adds a container that depends on the collector. It gets a log group and the OTLP environment, unless it
// brings its own.
func (t *OtelPrometheusEc2TaskDefinition) AddContainer(id *string, props *awsecs.ContainerDefinitionOptions) awsecs.ContainerDefinition {
	return t.addContainer(id, props)
}

// AddVolume adds a volume, as awsecs.TaskDefinition does.
func (t *OtelPrometheusEc2TaskDefinition) AddVolume(volume *awsecs.Volume) { t.addVolume(volume) }
