package otelprometheus

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/endpoint"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// mustResolve validates and resolves the props of a constructor, or panics with all errors, before anything is built.
func mustResolve(constructor string, scope constructs.Construct, id *string, telemetry *TelemetryProps, t task) *settings {
	t = t.withDefaults()
	var s *settings
	input.Must(constructor, scope, id, func(f *input.Faults) {
		t.validate(f)
		if scope == nil {
			s = resolve(telemetry, t, nil, f)
			return
		}
		s = resolve(telemetry, t, stackOf(scope).region, f)
		s.validateAccess(stackOf(scope), f)
	})
	return s
}

// resolve reads the props once. region is that of the stack, where it is known.
func resolve(telemetry *TelemetryProps, t task, region *string, f *input.Faults) *settings {
	p := TelemetryProps{}
	if telemetry != nil {
		p = *telemetry
	}
	s := &settings{task: t, workspace: p.Workspace, source: p.Config, secrets: map[string]awsecs.Secret{}}
	if s.source != nil && s.source.generated {
		s.config.Extra, s.cluster, s.source = s.source.extra, s.source.cluster, nil
	}
	s.resolveAccess(p, region, f)
	s.resolveContainer(p.Collector, f)
	s.resolveContainers(p.Containers, f)
	s.resolveLogging(p.Logging, f)
	if s.source == nil {
		s.resolveConfig(p, f)
		return s
	}
	s.source.validate(f)
	s.writes = collector.Writes(s.source.text)
	s.tracing = s.source.imageFile == ADOTEcsAmpXray || s.source.imageFile == ADOTEcsAmpXrayPrometheus
	rejectIgnored(p, f)
	return s
}

// rejectIgnored reports the fields that a configuration from elsewhere would ignore.
func rejectIgnored(p TelemetryProps, f *input.Faults) {
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"Otlp", p.Otlp != nil},
		{"Scrape", p.Scrape != nil},
		{"ScrapeOnShutdown", p.ScrapeOnShutdown != nil},
		{"TaskMetrics", p.TaskMetrics != nil},
		{"Statsd", p.Statsd != nil},
		{"Traces", p.Traces != nil},
		{"CollectorMetrics", p.CollectorMetrics != nil},
		{"CloudWatch", p.CloudWatch != nil},
		{"Labels", p.Labels != nil},
		{"Delivery", p.Delivery != nil},
		{"RemoteWrite.AssumeRole", p.RemoteWrite != nil && p.RemoteWrite.AssumeRole != nil},
	} {
		if field.set {
			f.Add("%s%s is set together with %sConfig, which would ignore it; leave one out", where, field.name, where)
		}
	}
}

func (s *settings) resolveAccess(p TelemetryProps, region *string, f *input.Faults) {
	if p.RemoteWrite != nil {
		s.write = *p.RemoteWrite
	}
	w := s.write
	if w.AssumeRole == nil && (w.ExternalId != nil || w.StsRegion != nil) {
		f.Add("%sRemoteWrite: ExternalId and StsRegion go with AssumeRole, which is not set", where)
	}
	f.Region(where+"RemoteWrite.StsRegion", w.StsRegion)
	if w.Endpoint != nil { // before there is a workspace: a new one will be in the region of the stack
		if s.workspace != nil {
			region = s.workspace.Env().Region
		}
		f.AddAll(where+"RemoteWrite.Endpoint", endpoint.Options(*w.Endpoint).Check(endpoint.In(region))...)
	}
	r := RolesProps{}
	if p.Roles != nil {
		r = *p.Roles
	}
	s.roles = roleSettings{managedPolicy: input.BoolOr(r.ManagedPolicy, false), restrictTrust: input.BoolOr(r.RestrictTrust, false), taskRoleName: r.TaskRoleName}
	if s.task.ownTaskRole && (s.roles.managedPolicy || r.TaskRoleName != nil) {
		f.Add("%sRoles: ManagedPolicy and TaskRoleName apply only to a task role that this library creates, but one is given; change that role yourself, or do not give one", where)
	}
	if s.roles.managedPolicy && w.AssumeRole != nil {
		f.Add("%sRoles.ManagedPolicy lets the task role write, but %sRemoteWrite.AssumeRole writes as another role; leave one out", where, where)
	}
}

func (s *settings) resolveConfig(p TelemetryProps, f *input.Faults) {
	c := collector.Config{
		At: where, Host: s.task.host, LaunchType: s.task.launchType, Extra: s.config.Extra,
		AssumeRole: s.write.AssumeRole != nil, ExternalID: s.write.ExternalId != nil,
		Traces: input.BoolOr(p.Traces, false), HealthCheck: s.container.HealthCheck != nil,
		// A link makes ECS stop the collector before the containers that it is linked to: their last values are still there to read.
		// Measured with Ec2Bridge's template: 7 of 7 last increments stored, without it 3 of 7.
		ScrapeOnShutdown: input.BoolOr(p.ScrapeOnShutdown, s.task.bridge && p.Scrape != nil),
	}
	// One that is too small is reported with the container.
	if known := knownNumber(s.container.MemoryLimitMiB, 0); known != nil && *known >= collector.MinMemoryLimitMiB {
		c.MemoryLimitMiB = int(*known)
	}
	s.tracing = c.Traces
	c.Fleet = s.cluster.fleet(f)
	if o := p.Otlp; o == nil && p.Scrape == nil && c.Fleet == nil || o != nil && input.BoolOr(o.Enabled, true) {
		c.OTLP = &collector.OTLP{}
		input.Copy(f, where+"Otlp", c.OTLP, o, "Enabled")
	}
	if m := p.TaskMetrics; m == nil || input.BoolOr(m.Enabled, true) {
		c.TaskMetrics = &collector.TaskMetrics{}
		input.Copy(f, where+"TaskMetrics", c.TaskMetrics, m, "Enabled")
		c.TaskMetrics.Task = s.task.shape(*s.container.ContainerName)
	}
	if d := p.Statsd; d != nil && input.BoolOr(d.Enabled, true) {
		c.Statsd = &collector.Statsd{}
		input.Copy(f, where+"Statsd", c.Statsd, d, "Enabled")
	}
	if m := p.CollectorMetrics; m != nil && input.BoolOr(m.Enabled, true) {
		c.CollectorMetrics = &collector.CollectorMetrics{}
		input.Copy(f, where+"CollectorMetrics", c.CollectorMetrics, m, "Enabled")
	}
	s.resolveCloudWatch(p.CloudWatch, &c, f)
	input.Copy(f, where+"Labels", &c.Labels, p.Labels)
	p.Labels.validate(f)
	if p.Delivery != nil {
		s.delivery = *p.Delivery
	}
	s.resolveDelivery(&c.Delivery, f)
	s.config = c
	if p.Scrape != nil {
		for i, job := range *p.Scrape {
			s.appendJob(fmt.Sprintf("%sScrape[%d]", where, i), job, f)
		}
	}
	s.render(f)
}

// validate reports names that are set to nothing: a variable of the build that is not there, say.
func (l *LabelsProps) validate(f *input.Faults) {
	if l == nil {
		return
	}
	for _, o := range []struct {
		option string
		value  *string
	}{{"Service", l.Service}, {"Environment", l.Environment}, {"Version", l.Version}} {
		if o.value != nil && strings.TrimSpace(*o.value) == "" {
			f.Add("%sLabels.%s is empty; give it a value, or leave it out", where, o.option)
		}
	}
}

// appendJob adds a scrape job; at is how the user addresses it.
func (s *settings) appendJob(at string, job *ScrapeJob, f *input.Faults) {
	if job == nil {
		f.Add("%s is nil; remove it", at)
		return
	}
	host, container := loopback, input.StringOr(job.ContainerName, firstEligible)
	if s.task.bridge && container != firstEligible {
		host = container
	}
	r := job.read(at, fmt.Sprintf("SCRAPE_%d_", len(s.config.Scrape)+1), s.secrets, f)
	if job.Port == nil {
		f.Add("%s.Port is not set; name the port that the endpoint listens on", at)
	} else {
		r.Targets = []string{host + ":" + input.Number(job.Port)}
	}
	s.config.Scrape = append(slices.Clone(s.config.Scrape), r)
	s.scraped = append(slices.Clone(s.scraped), container)
}

// render writes the configuration, and reports one that the collector or the task definition would not take.
func (s *settings) render(f *input.Faults) {
	c := s.config
	if s.task.bridge && len(c.Scrape) > 0 && (c.OTLP != nil || c.Statsd != nil) {
		f.Add("network mode bridge: scraping needs links from the collector to the containers, OTLP and StatsD need them the other way, " +
			"and links cannot be circular; use network mode awsvpc or host, or turn one of them off")
	}
	if family := s.task.family; input.Known(family) && c.Labels.Service == "" {
		named := func(name string) func(collector.ScrapeJob) bool {
			return func(j collector.ScrapeJob) bool { return string(j.Name) == name }
		}
		if i := slices.IndexFunc(c.Scrape, named(*family)); i >= 0 && slices.ContainsFunc(c.Scrape, named("")) {
			f.Add("%s.Name is %q, which is the task family; a job without a name uses that name too, so give each job its own name", c.Scrape[i].At, *family)
		}
	}
	r := rendered(c)
	f.AddError("", r.err)
	s.text, s.variables, s.signals = r.text, r.variables, r.signals
	if c.Extra != "" {
		s.writes = collector.Writes(s.text)
	}
}

// rendering is a configuration's text and the variables with the tokens in it, or what is wrong with it.
type rendering struct {
	of        collector.Config
	text      string
	variables map[string]string
	signals   []string
	err       error
}

// lastRendering saves most of the work in an app whose task definitions have the same configuration.
var lastRendering rendering

func rendered(c collector.Config) rendering {
	if reflect.DeepEqual(c, lastRendering.of) {
		return lastRendering
	}
	r := rendering{of: c}
	var text string
	if text, r.err = c.YAML(); r.err == nil {
		r.text, r.variables = collector.Externalize(text)
		r.signals = c.Signals(text)
		r.err = checkSize("the generated configuration", r.text)
	}
	lastRendering = r
	return r
}

func (s *settings) resolveContainer(props *CollectorProps, f *input.Faults) {
	p := CollectorProps{}
	if props != nil {
		p = *props
	}
	s.userGiven, s.pinImage, s.healthByDefault = p.User != nil, p.Image != nil, p.HealthCheck == nil
	c := awsecs.ContainerDefinitionOptions{
		Image:                  p.Image,
		ContainerName:          jsii.String(input.StringOr(p.ContainerName, defaultContainerName)),
		Cpu:                    p.Cpu,
		MemoryReservationMiB:   p.MemoryReservationMiB,
		Essential:              jsii.Bool(input.BoolOr(p.Essential, false)),
		ReadonlyRootFilesystem: trueOrNil(p.ReadonlyRootFilesystem),
		StopTimeout:            p.StopTimeout,
		Logging:                p.Logging,
		Environment:            p.Environment,
		Secrets:                p.Secrets,
	}
	if user := input.StringOr(p.User, defaultUser); user != "" {
		c.User = &user
	}
	restart := RestartPolicyProps{}
	if p.RestartPolicy != nil {
		restart = *p.RestartPolicy
	}
	if input.BoolOr(restart.Enabled, true) {
		c.EnableRestartPolicy, c.RestartAttemptPeriod, c.RestartIgnoredExitCodes = jsii.Bool(true), restart.AttemptPeriod, restart.IgnoredExitCodes
	}
	health := HealthCheckProps{}
	if p.HealthCheck != nil {
		health = *p.HealthCheck
	}
	if input.BoolOr(health.Enabled, true) {
		c.HealthCheck = &awsecs.HealthCheck{
			// CMD, because the ADOT image has no shell; CDK would turn a single word into CMD-SHELL.
			Command: jsii.Strings("CMD", "/healthcheck"), Interval: health.Interval, Timeout: health.Timeout, Retries: health.Retries, StartPeriod: health.StartPeriod,
		}
	}
	s.container = c
	s.resolveMemory(p.MemoryLimitMiB)
	s.condition = p.DependencyCondition
	if s.condition == "" {
		s.condition = awsecs.ContainerDependencyCondition_START
	}
	validateContainer(s, p, f)
}

// resolveMemory picks the container's limit. It never changes a number that the user gave.
func (s *settings) resolveMemory(limit *float64) {
	c, t := &s.container, s.task
	switch {
	case limit != nil && *limit == 0:
		// No limit.
	case limit != nil:
		c.MemoryLimitMiB = limit
	case s.source != nil:
		// A configuration from elsewhere knows nothing of a limit.
	case t.memoryMiB != nil:
		c.MemoryLimitMiB = jsii.Number(min(defaultMemoryMiB, float64(int(*t.memoryMiB)/2)))
	default:
		c.MemoryLimitMiB = jsii.Number(defaultMemoryMiB)
	}
	// Without memory of the task, ECS on EC2 wants to know how much the container needs.
	if c.MemoryLimitMiB == nil && c.MemoryReservationMiB == nil && t.ec2 && t.memoryMiB == nil {
		c.MemoryReservationMiB = jsii.Number(defaultReservationMiB)
	}
}

func (s *settings) resolveContainers(props *map[string]*ContainerProps, f *input.Faults) {
	s.optOut, s.conditions = map[string]bool{}, map[string]awsecs.ContainerDependencyCondition{}
	if props == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(*props)) {
		s.exceptions = append(s.exceptions, name)
		c := (*props)[name]
		if c == nil {
			f.Add("%sContainers: %s is nil; remove it", where, name)
			continue
		}
		s.optOut[name] = input.BoolOr(c.OptOut, false)
		if c.DependencyCondition != "" {
			s.conditions[name] = c.DependencyCondition
			validateCondition(fmt.Sprintf("%sContainers[%q].DependencyCondition", where, name), c.DependencyCondition, s.container.HealthCheck != nil, f)
		}
	}
}

func (s *settings) resolveLogging(props *LoggingProps, f *input.Faults) {
	if props != nil {
		s.logging = *props
	}
	if s.logging.Retention == "" {
		s.logging.Retention = awslogs.RetentionDays_ONE_MONTH
	}
	if p := s.logging.StreamPrefix; p != nil && *p == "" {
		f.Add("%sLogging.StreamPrefix is empty; Fargate wants one, so write a word, or leave it out", where)
	}
	s.logging.StreamPrefix = jsii.String(input.StringOr(s.logging.StreamPrefix, defaultStreamPrefix))
	if s.logging.CollectorLogGroup != nil && s.container.Logging != nil {
		f.Add("%sLogging.CollectorLogGroup is set together with %sCollector.Logging, which goes elsewhere; leave one out", where, where)
	}
}

// resolveDelivery gives the collector's part of the delivery, and reports what does not go together.
func (s *settings) resolveDelivery(r *collector.Delivery, f *input.Faults) {
	d, at := s.delivery, where+"Delivery"
	input.Copy(f, at, r, &d, "QueueSize", "QueueOnDisk", "QueueVolume", "DrainTime", "DrainImage")
	if d.QueueSize != nil {
		if *d.QueueSize.IsUnresolved() {
			f.Add("%s.QueueSize is a token; it must be known at synthesis", at)
		} else if mib := *d.QueueSize.ToMebibytes(&awscdk.SizeConversionOptions{Rounding: awscdk.SizeRoundingBehavior_FLOOR}); mib < 1 || mib > math.MaxInt32 {
			f.Add("%s.QueueSize is %.0f MiB; it must be at least 1 MiB", at, mib)
		} else {
			r.QueueSizeMiB = int(mib)
		}
	}
	if input.BoolOr(d.QueueOnDisk, false) {
		r.QueueDirectory = queueDirectory
	} else if d.QueueVolume != nil {
		f.Add("%s.QueueVolume holds a queue on disk, but QueueOnDisk is not set; set it, or leave QueueVolume out", at)
	}
	if d.DrainTime == nil && d.DrainImage != nil {
		f.Add("%s.DrainImage is the image of a container that is only there with DrainTime; set DrainTime, or leave DrainImage out", at)
	}
	if t := f.Duration(at+".DrainTime", d.DrainTime); t != nil {
		switch {
		case *t < time.Second || *t%time.Second != 0:
			f.Add("%s.DrainTime is %s; it must be a whole number of seconds, at least one", at, *t)
		case s.task.fargate && *t > maxFargateStopTimeout-drainMargin:
			f.Add("%s.DrainTime is %s; Fargate takes at most %.0f seconds", at, *t, (maxFargateStopTimeout - drainMargin).Seconds())
		}
		s.drain = *t
	}
}

// trueOrNil leaves a property out of the template where false is what ECS assumes anyway.
func trueOrNil(b *bool) *bool {
	if input.BoolOr(b, true) {
		return jsii.Bool(true)
	}
	return nil
}
