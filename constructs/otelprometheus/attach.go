package otelprometheus

import (
	"maps"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/sent"
)

func newSidecar(scope constructs.IConstruct, resolved *settings) *Sidecar {
	return &Sidecar{stack: stackOf(scope), settings: resolved, prepared: map[string]bool{}, identities: map[string]string{}, connected: map[string]bool{}, linked: map[string]bool{}}
}

// attach adds the collector to a task definition. extended says that its containers do not come through our own AddContainer.
func (s *Sidecar) attach(task, base awsecs.TaskDefinition, extended bool) {
	s.task, s.base, s.family = task, base, s.settings.task.family
	if s.family == nil {
		s.family = task.Family()
	}
	if s.settings.task.proxy {
		proxy, _ := s.stack.Resolve(s.rendered().ProxyConfiguration()).(map[string]any)
		s.proxy, _ = proxy["containerName"].(string)
	}
	s.workspace = s.settings.workspace
	if s.workspace == nil {
		s.workspace = s.stack.sharedWorkspace()
	}
	s.grantWrite()
	s.grantTraces()
	s.addCloudWatch()
	s.collector = base.AddContainer(jsii.String(idCollector), s.collectorOptions())
	s.addQueue()
	s.addDrain()
	// The first essential container becomes the default one, which a load balancer targets. It must be the app's.
	task.SetDefaultContainer(nil)
	s.warn()
	sent.Tell(s.stack.Stack, task, *s.family, s.sent)
	s.needsAspect = extended || s.settings.task.bridge || s.settings.roles.restrictTrust
	register(s)
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

// sent is what rules are told of the task definition, or nil where the library does not know its configuration.
func (s *Sidecar) sent() *sent.Metrics {
	if s.settings.source != nil {
		return nil
	}
	c := s.settings.config
	m := &sent.Metrics{
		Service: c.Labels.Service, Environment: c.Labels.Environment, TaskMetrics: c.TaskMetrics.Sent(),
		Scrape: len(c.Scrape) > 0, Collector: c.CollectorMetrics != nil,
	}
	m.Replica = c.Fleet != nil && c.Fleet.Replica != ""
	m.Labels, m.MoreLabels = c.Labels.Names()
	return m
}

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

// AddVpcEndpoints adds to vpc the endpoints that the task needs in subnets without access to the internet: for AMP, logs, images
// (with the S3 gateway), and STS, SSM and X-Ray where they are used. An endpoint that the stack of vpc has is used as it is; those of
// an imported VPC are not known here. The collector's default image is in a public registry, which cannot be reached through an
// endpoint; a warning says so.
func (s *Sidecar) AddVpcEndpoints(vpc awsec2.IVpc, props *VpcEndpointsProps) {
	s.addVpcEndpoints(vpc, props)
}
