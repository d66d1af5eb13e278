package otelprometheus

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// Defaults of the collector's container.
const (
	defaultImage          = "public.ecr.aws/aws-observability/aws-otel-collector:" + collector.ADOTVersion
	defaultContainerName  = "aws-otel-collector"
	defaultUser           = "4317"
	defaultMemoryMiB      = 512
	defaultReservationMiB = 256
	defaultStopTimeout    = 60 * time.Second
	defaultStreamPrefix   = "ecs"

	defaultHealthStartPeriod = 10 * time.Second

	defaultGrpcPort = 4317
	defaultHttpPort = 4318

	defaultStatsdPort = 8125
	// healthCheckEndpoint is what the program /healthcheck in the ADOT image asks.
	healthCheckEndpoint = loopback + ":13133"
)

// Names of environment variables of the collector's container.
const (
	envConfig         = "COLLECTOR_CONFIG"
	envGoMemLimit     = "GOMEMLIMIT"
	envRemoteWriteUrl = "AWS_PROMETHEUS_ENDPOINT"
	envAotConfig      = "AOT_CONFIG_CONTENT"
)

// Values that are known only when the task definition exists stand in the configuration as placeholders while it is
// validated.
const (
	pendingEndpoint = "${Token[pending.endpoint]}"
	pendingRegion   = "${Token[pending.region]}"
	pendingFamily   = "${Token[pending.family]}"

	pendingTaskRegion = "${Token[pending.task.region]}"
	pendingAccount    = "${Token[pending.account]}"
)

// settings are the props with every default filled in. Later code never asks whether something was set.
type settings struct {
	task        task
	telemetry   TelemetryProps
	source      *Config
	config      collector.Config // what is generated; the zero value where source is something else
	scraped     []string         // the container of each scrape job in config
	collector   CollectorProps
	memoryMiB   int // 0: no limit, or not known
	health      HealthCheckProps
	restart     RestartPolicyProps
	logging     LoggingProps
	healthOn    bool
	restartOn   bool
	memoryLimit *float64 // as rendered

	// drain is how long the collector outlives the other containers; 0 is no longer than it takes.
	drain time.Duration

	// secrets of scrape jobs, by the variable that holds them.
	secrets map[string]awsecs.Secret
}

// container is what the props say of one of the user's containers; nil is nothing.
func (s *settings) container(name string) *ContainerProps {
	if s.telemetry.Containers == nil {
		return nil
	}
	return (*s.telemetry.Containers)[name]
}

func (c *ContainerProps) optOut() bool { return c != nil && input.BoolOr(c.OptOut, false) }

// mustResolve validates and resolves the props of a constructor, or panics with all faults, before anything is built.
func mustResolve(constructor string, scope constructs.Construct, id *string, telemetry *TelemetryProps, t task) *settings {
	t = t.withDefaults()
	if scope != nil {
		t.region = awscdk.Stack_Of(scope).Region()
	}
	var s *settings
	input.Must(constructor, scope, id, func(f *input.Faults) {
		t.validate(f)
		s = resolve(telemetry, t, f)
	})
	return s
}

func resolve(telemetry *TelemetryProps, t task, f *input.Faults) *settings {
	s := &settings{task: t, secrets: map[string]awsecs.Secret{}}
	if telemetry != nil {
		s.telemetry = *telemetry
	}
	s.source = s.telemetry.Config
	if s.source == nil {
		s.source = &Config{generated: true}
	}
	s.resolveContainer(t, f)
	s.resolveLogging(f)
	s.validateAccess(f)
	if s.source.generated {
		s.resolveConfig(f)
	} else {
		s.source.validate(f)
		s.rejectIgnored(f)
	}
	return s
}

// rejectIgnored reports the fields that a configuration from elsewhere would ignore.
func (s *settings) rejectIgnored(f *input.Faults) {
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"Otlp", s.telemetry.Otlp != nil},
		{"Scrape", s.telemetry.Scrape != nil},
		{"TaskMetrics", s.telemetry.TaskMetrics != nil},
		{"Statsd", s.telemetry.Statsd != nil},
		{"Traces", s.telemetry.Traces != nil},
		{"CollectorMetrics", s.telemetry.CollectorMetrics != nil},
		{"Labels", s.telemetry.Labels != nil},
		{"Delivery", s.telemetry.Delivery != nil},
		{"RemoteWrite.AssumeRole", s.assumedRole() != nil},
	} {
		if field.set {
			f.Add("Telemetry.%s is set together with Telemetry.Config, which would ignore it; remove one of them", field.name)
		}
	}
}

func (s *settings) resolveConfig(f *input.Faults) {
	c := collector.Config{
		RemoteWrite:    s.remoteWrite(pendingEndpoint, pendingRegion, pendingTaskRegion),
		MemoryLimitMiB: s.memoryMiB,
		Delivery:       s.resolveDelivery(f),
		Task:           collector.Task{Family: pendingFamily, Region: pendingTaskRegion, AccountID: pendingAccount, LaunchType: s.task.launchType()},
		Extra:          s.source.extra,
	}
	if s.healthOn {
		c.HealthCheckEndpoint = healthCheckEndpoint
	}
	t := s.telemetry
	if o := t.Otlp; o != nil && input.BoolOr(o.Enabled, true) || o == nil && t.Scrape == nil {
		if o == nil {
			o = &OtlpProps{}
		}
		c.OTLP = &collector.OTLP{
			GRPCEndpoint: s.task.listenHost() + ":" + numberOr(o.GrpcPort, defaultGrpcPort),
			HTTPEndpoint: s.task.listenHost() + ":" + numberOr(o.HttpPort, defaultHttpPort),
		}
	}
	if t.Scrape != nil {
		for i, job := range *t.Scrape {
			c.Scrape = append(c.Scrape, s.resolveScrapeJob(fmt.Sprintf("Telemetry.Scrape[%d]", i), job, c.Scrape, f))
			s.scraped = append(s.scraped, containerOf(job))
		}
	}
	// A link makes ECS stop the collector before the containers that it is linked to: their last values are still there to read.
	// Measured with Ec2Bridge's template: 7 of 7 last increments stored, without it 3 of 7.
	c.ScrapeOnShutdown = input.BoolOr(t.ScrapeOnShutdown, s.task.bridge() && t.Scrape != nil)
	if m := t.TaskMetrics; m == nil {
		c.TaskMetrics = &collector.TaskMetrics{}
	} else if input.BoolOr(m.Enabled, true) {
		c.TaskMetrics = &collector.TaskMetrics{
			Interval: f.Duration("Telemetry.TaskMetrics.Interval", m.Interval), Metrics: input.Strings(m.Metrics), Containers: input.BoolOr(m.Containers, false),
		}
	}
	if d := t.Statsd; d != nil && input.BoolOr(d.Enabled, true) {
		c.StatsD = &collector.StatsD{
			Endpoint:            s.task.listenHost() + ":" + numberOr(d.Port, defaultStatsdPort),
			AggregationInterval: f.Duration("Telemetry.Statsd.AggregationInterval", d.AggregationInterval),
			Rates:               input.Strings(d.Rates),
		}
	}
	if x := t.Traces; x != nil && input.BoolOr(x.Enabled, true) {
		c.Traces = &collector.Traces{Region: pendingTaskRegion}
	}
	if m := t.CollectorMetrics; m != nil && input.BoolOr(m.Enabled, true) {
		c.CollectorMetrics = &collector.CollectorMetrics{Port: input.Number(m.Port), Interval: f.Duration("Telemetry.CollectorMetrics.Interval", m.Interval)}
	}
	if l := t.Labels; l != nil {
		c.Labels = collector.Labels{Policy: l.Policy, Keep: input.Strings(l.Keep), External: input.Map(l.External)}
	}
	s.config = c
	s.validateConfig(c, f)
}

// validateConfig reports a configuration that the collector or its carrier would not take.
func (s *settings) validateConfig(c collector.Config, f *input.Faults) {
	s.task.validateDirections(c, f)
	text, err := c.YAML()
	if err != nil {
		f.AddError("", errors.New(strings.ReplaceAll(err.Error(), strconv.Quote(pendingFamily), "without a name")))
		return
	}
	addSize(f, "the generated configuration", text, s.source.inline)
}

// containerOf is the container that a job reads.
func containerOf(job *ScrapeJob) string {
	if job == nil {
		return firstEligible
	}
	return input.StringOr(job.ContainerName, firstEligible)
}

// resolveScrapeJob turns a job into the collector's form; where names it in messages, others are the jobs before it.
func (s *settings) resolveScrapeJob(where string, job *ScrapeJob, others []collector.ScrapeJob, f *input.Faults) collector.ScrapeJob {
	if job == nil {
		f.Add("%s is nil; remove it or describe a job", where)
		return collector.ScrapeJob{Name: where, Targets: []string{loopback + ":1"}}
	}
	r := collector.ScrapeJob{
		Name:                  input.StringOr(job.Name, s.task.familyName()),
		Path:                  input.StringOr(job.Path, ""),
		Interval:              f.Duration(where+".Interval", job.Interval),
		Timeout:               f.Duration(where+".Timeout", job.Timeout),
		SampleLimit:           input.Number(job.SampleLimit),
		LabelLimit:            input.Number(job.LabelLimit),
		LabelValueLengthLimit: input.Number(job.LabelValueLengthLimit),
		KeepMetrics:           input.Strings(job.KeepMetrics),
		DropMetrics:           input.Strings(job.DropMetrics),
		StaticLabels:          input.Map(job.StaticLabels),
		HonorLabels:           input.BoolOr(job.HonorLabels, false),
		NativeHistograms:      input.BoolOr(job.NativeHistograms, false),
	}
	if job.Relabel != nil {
		for i, rule := range *job.Relabel {
			if rule == nil {
				f.Add("%s.Relabel[%d] is nil; remove it or describe a rule", where, i)
				continue
			}
			r.Relabel = append(r.Relabel, *rule)
		}
	}
	s.resolveAccess(where, fmt.Sprintf("SCRAPE_%d_", len(others)+1), job, &r, f)
	if job.Name == nil && slices.ContainsFunc(others, func(o collector.ScrapeJob) bool { return o.Name == s.task.familyName() }) {
		f.Add("%s.Name is not set; only one job can take the family's name", where)
		r.Name = where
	}
	if job.Port == nil {
		f.Add("%s.Port is not set; name the port that the endpoint listens on", where)
		r.Targets = []string{loopback + ":1"} // reported already
	} else {
		r.Targets = []string{loopback + ":" + input.Number(job.Port)}
	}
	if b := job.BodySizeLimit; b != nil {
		if *b.IsUnresolved() {
			f.Add("%s.BodySizeLimit is a token; it must be known at synthesis", where)
		} else if bytes := *b.ToBytes(nil); bytes < 1024 {
			f.Add("%s.BodySizeLimit is %.0f bytes; it must be at least 1 KiB", where, bytes)
		} else {
			r.BodySizeLimit = fmt.Sprintf("%.0fKB", *b.ToKibibytes(&awscdk.SizeConversionOptions{Rounding: awscdk.SizeRoundingBehavior_FLOOR}))
		}
	}
	return r
}

// resolveAccess sets how a job's endpoint is reached. Secrets get into the container as variables, whose names start with prefix.
func (s *settings) resolveAccess(where, prefix string, job *ScrapeJob, r *collector.ScrapeJob, f *input.Faults) {
	variable := func(name string, secret awsecs.Secret) string {
		s.secrets[prefix+name] = secret
		return prefix + name
	}
	if t := job.Tls; t != nil {
		r.TLS = &collector.TLS{InsecureSkipVerify: input.BoolOr(t.InsecureSkipVerify, false), ServerName: input.StringOr(t.ServerName, "")}
		if t.CaCertificate != nil {
			r.TLS.CAVariable = variable("CA", t.CaCertificate)
		}
	}
	if b := job.BasicAuth; b != nil {
		r.BasicAuth = &collector.BasicAuth{Username: input.StringOr(b.Username, ""), PasswordVariable: prefix + "PASSWORD"}
		if b.Password == nil {
			f.Add("%s.BasicAuth.Password is not set", where)
		} else {
			variable("PASSWORD", b.Password)
		}
	}
	if job.BearerToken != nil {
		r.BearerTokenVariable = variable("TOKEN", job.BearerToken)
	}
}

func (s *settings) resolveContainer(t task, f *input.Faults) {
	if c := s.telemetry.Collector; c != nil {
		s.collector = *c
	}
	c := &s.collector
	if c.Image == nil {
		c.Image = awsecs.ContainerImage_FromRegistry(jsii.String(defaultImage), nil)
	}
	c.ContainerName = jsii.String(input.StringOr(c.ContainerName, defaultContainerName))
	c.Essential = jsii.Bool(input.BoolOr(c.Essential, true))
	c.ReadonlyRootFilesystem = trueOrNil(c.ReadonlyRootFilesystem)
	c.User = jsii.String(input.StringOr(c.User, defaultUser))
	if c.StopTimeout == nil && s.source.generated {
		c.StopTimeout = seconds(defaultStopTimeout)
	}
	if c.StartOrder == "" {
		c.StartOrder = awsecs.ContainerDependencyCondition_START
	}
	if h := c.HealthCheck; h != nil {
		s.health = *h
	}
	s.healthOn = input.BoolOr(s.health.Enabled, true)
	if r := c.RestartPolicy; r != nil {
		s.restart = *r
	}
	s.restartOn = input.BoolOr(s.restart.Enabled, true)
	s.resolveMemory(t)
	s.validateContainer(t, f)
}

// resolveMemory picks the container's limit. It never changes a number that the user gave.
func (s *settings) resolveMemory(t task) {
	switch limit := s.collector.MemoryLimitMiB; {
	case limit != nil && *limit == 0:
		// No limit.
	case limit != nil:
		s.memoryLimit = limit
	case !s.source.generated:
		// A configuration from elsewhere knows nothing of a limit.
	case t.memoryMiB != nil:
		s.memoryLimit = jsii.Number(min(defaultMemoryMiB, float64(int(*t.memoryMiB)/2)))
	default:
		s.memoryLimit = jsii.Number(defaultMemoryMiB)
	}
	// Without memory of the task, ECS on EC2 wants to know how much the container needs.
	if s.memoryLimit == nil && s.collector.MemoryReservationMiB == nil && t.on("EC2") && t.memoryMiB == nil {
		s.collector.MemoryReservationMiB = jsii.Number(defaultReservationMiB)
	}
	if known := knownNumber(s.memoryLimit, 0); known != nil {
		s.memoryMiB = int(*known)
	}
}

func (s *settings) resolveLogging(f *input.Faults) {
	if l := s.telemetry.Logging; l != nil {
		s.logging = *l
	}
	l := &s.logging
	if l.CollectorLogGroup != nil && l.CollectorLogGroupName != nil {
		f.Add("Telemetry.Logging: CollectorLogGroup and CollectorLogGroupName are both set; a given group keeps its own name")
	}
	if l.ContainerLogGroup != nil && l.ContainerLogGroupName != nil {
		f.Add("Telemetry.Logging: ContainerLogGroup and ContainerLogGroupName are both set; a given group keeps its own name")
	}
	if l.Retention == "" {
		l.Retention = awslogs.RetentionDays_ONE_MONTH
	}
	l.StreamPrefix = jsii.String(input.StringOr(l.StreamPrefix, defaultStreamPrefix))
}

// complete fills in what is known once the task definition and its workspace exist.
func (s *settings) complete(family string, write collector.RemoteWrite, taskRegion, account string) {
	s.config.RemoteWrite = write
	s.config.Task.Family, s.config.Task.Region, s.config.Task.AccountID = family, taskRegion, account
	if s.config.Traces != nil {
		s.config.Traces = &collector.Traces{Region: taskRegion}
	}
	s.config.Scrape = slices.Clone(s.config.Scrape)
	for i := range s.config.Scrape {
		if s.config.Scrape[i].Name == pendingFamily {
			s.config.Scrape[i].Name = family
		}
	}
}
