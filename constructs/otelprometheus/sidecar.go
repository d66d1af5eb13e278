package otelprometheus

import (
	"maps"
	"slices"
	"sync"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// Construct ids below the task definition. They are part of the contract: changing one replaces resources.
const (
	idCollector         = "Collector"
	idWorkspace         = "Workspace"
	idCollectorLogGroup = "CollectorLogGroup"
	idContainerLogGroup = "ContainerLogGroup"
)

// sidecar is the collector's part of a task definition, whatever the kind of that.
type sidecar struct {
	task      awsecs.TaskDefinition // the construct that users see
	base      awsecs.TaskDefinition // its awscdk part, whose AddContainer adds a container as it is
	stack     awscdk.Stack          // of the task
	rendered  awsecs.CfnTaskDefinition
	settings  *settings
	workspace amp.IWorkspace

	collector         awsecs.ContainerDefinition
	collectorLogging  awsecs.LogDriver
	collectorLogGroup awslogs.ILogGroup
	containerLogGroup awslogs.ILogGroup

	// parameter holds the configuration where CarrierSsmParameter does.
	parameter awsssm.StringParameter

	// asset holds it where ConfigFromAsset does.
	asset awss3assets.Asset

	// prepared holds the containers that have their environment and logging, connected those that have their dependencies
	// and links, by name: a task takes a name once.
	prepared, connected map[string]bool

	// keyAllowed says that LoggingProps.EncryptionKey allows CloudWatch Logs to use it.
	keyAllowed bool

	// firstScraped is the container that jobs without a container read, once there is one.
	firstScraped string
}

// addScrapeJob scrapes one more endpoint.
func (s *sidecar) addScrapeJob(job *ScrapeJob) {
	var f input.Faults
	where := *s.task.Node().Path() + ": AddScrapeJob"
	if !s.settings.source.generated {
		f.Add("the collector's configuration is not generated; a job cannot be added to it")
		f.PanicIfAny(where)
	}
	config := s.settings.config
	known := maps.Clone(s.settings.secrets)
	added := s.settings.resolveScrapeJob("job", job, config.Scrape, &f)
	if added.Name == pendingFamily {
		added.Name = *s.task.Family()
	}
	config.Scrape = append(slices.Clone(config.Scrape), added)
	s.settings.validateConfig(config, &f)
	if len(f) > 0 {
		s.settings.secrets = known
		f.PanicIfAny(where)
	}
	s.settings.config = config
	s.settings.scraped = append(s.settings.scraped, containerOf(job))
	s.complete()
	for _, name := range slices.Sorted(maps.Keys(s.settings.secrets)) {
		if _, ok := known[name]; !ok {
			s.collector.AddSecret(jsii.String(name), s.settings.secrets[name])
		}
	}
	s.update()
}

// region of the task.
func (s *sidecar) region() string { return *s.settings.task.region }

// complete fills in what is known once the task definition and its workspace exist.
func (s *sidecar) complete() {
	s.settings.complete(*s.task.Family(), s.remoteWrite(), s.region(), *s.stack.Account())
}

// attach adds the collector to a new task definition.
func attach(task, base awsecs.TaskDefinition, resolved *settings) *sidecar {
	node := task.Node()
	s := &sidecar{
		task: task, base: base, stack: task.Stack(), settings: resolved, prepared: map[string]bool{}, connected: map[string]bool{},
		rendered: node.DefaultChild().(awsecs.CfnTaskDefinition),
	}
	s.workspace = resolved.telemetry.Workspace
	if s.workspace == nil {
		s.workspace = amp.NewWorkspace(task, jsii.String(idWorkspace), nil)
	}
	s.complete()
	s.grantWrite()
	s.grantTraces()

	s.collector = base.AddContainer(jsii.String(idCollector), s.collectorOptions())
	s.addQueue()
	s.addDrain()
	// The first essential container becomes the default one, which a load balancer targets. It must be the app's.
	task.SetDefaultContainer(nil)
	s.warn()

	node.AddValidation(&synthChecks{s})
	// Before the aspects that only look. It hangs on the collector, which has no children: below the task definition it would be
	// called for every construct there, and each call from Node takes about a millisecond.
	awscdk.Aspects_Of(s.collector).Add(&adopter{s}, &awscdk.AspectOptions{Priority: mutating()})
	return s
}

// mutating asks Node once.
var mutating = sync.OnceValue(awscdk.AspectPriority_MUTATING)

func (s *sidecar) collectorOptions() *awsecs.ContainerDefinitionOptions {
	c := s.settings.collector
	o := &awsecs.ContainerDefinitionOptions{
		Image:                  c.Image,
		ContainerName:          c.ContainerName,
		Cpu:                    c.Cpu,
		MemoryLimitMiB:         s.settings.memoryLimit,
		MemoryReservationMiB:   c.MemoryReservationMiB,
		Essential:              c.Essential,
		ReadonlyRootFilesystem: c.ReadonlyRootFilesystem,
		StopTimeout:            c.StopTimeout,
		Logging:                c.Logging,
	}
	if *c.User != "" {
		o.User = c.User
	}
	if r := s.settings.restart; s.settings.restartOn {
		o.EnableRestartPolicy = jsii.Bool(true)
		o.RestartAttemptPeriod = r.AttemptPeriod
		o.RestartIgnoredExitCodes = r.IgnoredExitCodes
	}
	if h := s.settings.health; s.settings.healthOn {
		o.HealthCheck = &awsecs.HealthCheck{
			// CMD, because the ADOT image has no shell; CDK would turn a single word into CMD-SHELL.
			Command:     jsii.Strings("CMD", "/healthcheck"),
			Interval:    h.Interval,
			Timeout:     h.Timeout,
			Retries:     h.Retries,
			StartPeriod: h.StartPeriod,
		}
		if o.HealthCheck.StartPeriod == nil {
			o.HealthCheck.StartPeriod = seconds(defaultHealthStartPeriod)
		}
	}
	if o.Logging == nil {
		s.collectorLogGroup = s.logGroup(idCollectorLogGroup, s.settings.logging.CollectorLogGroup, s.settings.logging.CollectorLogGroupName)
		o.Logging = s.awsLogs(s.collectorLogGroup)
	}
	s.collectorLogging = o.Logging
	s.queueUser(o)
	o.Environment = &map[string]*string{}
	if limit := s.settings.config.GoMemLimit(); limit != "" {
		(*o.Environment)[envGoMemLimit] = jsii.String(limit)
	}
	secrets := maps.Clone(s.settings.secrets)
	o.Secrets = &secrets
	s.carry(o)
	if own := c.Environment; own != nil {
		maps.Copy(*o.Environment, *own)
	}
	if own := c.Secrets; own != nil {
		maps.Copy(*o.Secrets, *own)
		for name := range *own {
			delete(*o.Environment, name) // ECS takes a name once
		}
	}
	return o
}

// mustYAML renders a configuration that was validated before.
func mustYAML(c collector.Config) string {
	text, err := c.YAML()
	if err != nil {
		panic(err)
	}
	return text
}

func (s *sidecar) logGroup(id string, given awslogs.ILogGroup, name *string) awslogs.ILogGroup {
	if given != nil {
		return given
	}
	l := s.settings.logging
	props := &awslogs.LogGroupProps{LogGroupName: name, Retention: l.Retention, RemovalPolicy: l.RemovalPolicy}
	if l.EncryptionKey != nil {
		props.EncryptionKey = l.EncryptionKey
		s.allowLogs(l.EncryptionKey)
	}
	return awslogs.NewLogGroup(s.task, jsii.String(id), props)
}

// allowLogs lets CloudWatch Logs use the key for log groups of this account and region; a log group cannot be made otherwise.
//
// Source: Amazon CloudWatch Logs User Guide, encrypt log data using AWS KMS.
func (s *sidecar) allowLogs(key awskms.IKey) {
	if s.keyAllowed {
		return
	}
	s.keyAllowed = true
	stack := s.stack
	key.GrantEncryptDecrypt(awsiam.NewServicePrincipal(jsii.String("logs."+*stack.Region()+".amazonaws.com"), &awsiam.ServicePrincipalOpts{
		Conditions: &map[string]any{"ArnLike": map[string]any{"kms:EncryptionContext:aws:logs:arn": stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("logs"), Resource: jsii.String("log-group"), ResourceName: jsii.String("*"), ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
		})}},
	}))
}

func (s *sidecar) awsLogs(group awslogs.ILogGroup) awsecs.LogDriver {
	return awsecs.LogDrivers_AwsLogs(&awsecs.AwsLogDriverProps{LogGroup: group, StreamPrefix: s.settings.logging.StreamPrefix})
}

// grantTraces allows the task role to write traces. X-Ray knows no resources, hence the *.
func (s *sidecar) grantTraces() {
	if !s.tracing() {
		return
	}
	s.allow(jsii.String("*"), "xray:PutTelemetryRecords", "xray:PutTraceSegments")
}

// tracing says whether the collector is known to send traces.
func (s *sidecar) tracing() bool {
	file := s.settings.source.imageFile
	return s.settings.config.Traces != nil || file == AdotEcsAmpXray || file == AdotEcsAmpXrayPrometheus
}
