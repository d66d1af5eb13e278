package otelprometheus

import (
	"maps"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// Construct ids below the task definition. They are part of the contract: changing one replaces resources.
const (
	idCollector         = "Collector"
	idWorkspace         = "Workspace"
	idCollectorLogGroup = "CollectorLogGroup"
	idContainerLogGroup = "ContainerLogGroup"
	idConfig            = "Config"
	idDrain             = "Drain"
	idLinuxParameters   = "LinuxParameters"
)

// Sidecar is the collector's part of a task definition, whatever the kind of that.
type Sidecar struct {
	task     awsecs.TaskDefinition // the construct that users see
	base     awsecs.TaskDefinition // its awscdk part, whose AddContainer adds a container as it is
	cfn      awsecs.CfnTaskDefinition
	stack    *stackParts
	family   *string
	settings *settings

	workspace         amp.IWorkspace
	collector         awsecs.ContainerDefinition
	collectorLogging  awsecs.LogDriver
	collectorLogGroup awslogs.ILogGroup
	containerLogGroup awslogs.ILogGroup
	keyAllowed        bool // LoggingProps.EncryptionKey allows CloudWatch Logs to use it

	// asset holds the configuration where ConfigFromAsset does.
	asset awss3assets.Asset

	// prepared holds the containers that have their environment and logging, connected those that have their dependencies
	// and links, linked those that the collector is linked to, by name: a task takes a name once.
	prepared, connected, linked map[string]bool

	// optedOut counts the containers that came through addContainer and are left alone, and hasVolumes says that there may be volumes.
	optedOut   int
	hasVolumes bool

	// needsAspect says that containers do not come through addContainer, or that links or roles wait for the last of them.
	needsAspect bool

	// firstScraped is the container that jobs without a container read, once there is one.
	firstScraped string
}

func newSidecar(scope constructs.IConstruct, resolved *settings) *Sidecar {
	return &Sidecar{stack: stackOf(scope), settings: resolved, prepared: map[string]bool{}, connected: map[string]bool{}, linked: map[string]bool{}}
}

// attach adds the collector to a task definition. extended says that its containers do not come through our own AddContainer.
func (s *Sidecar) attach(task, base awsecs.TaskDefinition, extended bool) {
	s.task, s.base, s.family = task, base, s.settings.task.family
	if s.family == nil {
		s.family = task.Family()
	}
	s.workspace = s.settings.workspace
	if s.workspace == nil {
		s.workspace = amp.NewWorkspace(task, jsii.String(idWorkspace), nil)
	}
	s.grantWrite()
	s.grantTraces()
	s.collector = base.AddContainer(jsii.String(idCollector), s.collectorOptions())
	s.addQueue()
	s.addDrain()
	// The first essential container becomes the default one, which a load balancer targets. It must be the app's.
	task.SetDefaultContainer(nil)
	s.warn()
	s.needsAspect = extended || s.settings.task.bridge || s.settings.roles.restrictTrust
	s.stack.register(s)
}

// collectorOptions is the collector's container, with what is only known below the task definition.
func (s *Sidecar) collectorOptions() *awsecs.ContainerDefinitionOptions {
	o := s.settings.container
	if o.Image == nil {
		o.Image = s.stack.image()
	}
	if o.StopTimeout == nil && s.settings.source == nil {
		o.StopTimeout = s.stack.seconds(defaultStopTimeout)
	}
	if o.HealthCheck != nil && o.HealthCheck.StartPeriod == nil {
		check := *o.HealthCheck
		check.StartPeriod = s.stack.seconds(defaultHealthStartPeriod)
		o.HealthCheck = &check
	}
	if o.Logging == nil {
		s.collectorLogGroup = s.logGroup(idCollectorLogGroup, s.settings.logging.CollectorLogGroup)
		o.Logging = s.awsLogs(s.collectorLogGroup)
	}
	s.collectorLogging = o.Logging
	s.queueUser(&o)
	environment, secrets := o.Environment, o.Secrets
	o.Environment, o.Secrets = &map[string]*string{}, &map[string]awsecs.Secret{}
	s.carry(&o)
	if environment != nil {
		maps.Copy(*o.Environment, *environment)
	}
	if secrets != nil {
		maps.Copy(*o.Secrets, *secrets)
		for name := range *secrets {
			delete(*o.Environment, name) // ECS takes a name once
		}
	}
	return &o
}

// rendered is the resource of the task definition.
func (s *Sidecar) rendered() awsecs.CfnTaskDefinition {
	if s.cfn == nil {
		s.cfn = s.task.Node().DefaultChild().(awsecs.CfnTaskDefinition)
	}
	return s.cfn
}

// Collector is the collector's container.
func (s *Sidecar) Collector() awsecs.ContainerDefinition { return s.collector }

// Workspace is where the metrics are written.
func (s *Sidecar) Workspace() amp.IWorkspace { return s.workspace }

// CollectorLogGroup receives the collector's log. It is nil where CollectorProps.Logging is set.
func (s *Sidecar) CollectorLogGroup() awslogs.ILogGroup { return s.collectorLogGroup }

// AddScrapeJob scrapes one more endpoint. It panics when the job is wrong or does not go with the others.
func (s *Sidecar) AddScrapeJob(job *ScrapeJob) {
	var f input.Faults
	at := *s.task.Node().Path() + ": AddScrapeJob"
	if s.settings.source != nil {
		f.Add("the collector's configuration is not generated, so no job can be added to it; add it to that configuration")
		f.PanicIfAny(at)
	}
	changed := *s.settings
	changed.secrets = maps.Clone(changed.secrets)
	changed.appendJob("job", job, &f)
	if len(f) == 0 {
		changed.render(&f)
	}
	f.PanicIfAny(at)
	known := s.settings.secrets
	s.settings = &changed
	s.update(known)
}

// AddVpcEndpoints adds to vpc the endpoints that the task needs in subnets without a way to the internet: for the workspace
// (limited to it), logs, images (with the S3 gateway), and STS, SSM and X-Ray where they are used. The collector's default image
// is in a public registry, which no endpoint leads to; a warning says so.
func (s *Sidecar) AddVpcEndpoints(vpc awsec2.IVpc, props *VpcEndpointsProps) {
	s.addVpcEndpoints(vpc, props)
}
