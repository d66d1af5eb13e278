package test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// mistake is a plausible one: it is refused with a message, or warned of under an id.
type mistake struct {
	telemetry func(stack awscdk.Stack) *otelprometheus.TelemetryProps
	task      *awsecs.FargateTaskDefinitionProps
	app       *awsecs.ContainerDefinitionOptions
	refused   string
	warned    string // an id
	message   string // of the warning
}

func scraping(job otelprometheus.ScrapeJob) func(awscdk.Stack) *otelprometheus.TelemetryProps {
	return func(awscdk.Stack) *otelprometheus.TelemetryProps {
		job := job
		if job.Port == nil {
			job.Port = jsii.Number(8080)
		}
		return &otelprometheus.TelemetryProps{Scrape: &[]*otelprometheus.ScrapeJob{&job}}
	}
}

func environmentOf(pairs ...string) *awsecs.ContainerDefinitionOptions {
	variables := map[string]*string{}
	for i := 0; i < len(pairs); i += 2 {
		variables[pairs[i]] = &pairs[i+1]
	}
	return &awsecs.ContainerDefinitionOptions{Environment: &variables}
}

func manyLabels(n int) *map[string]*string {
	labels := map[string]*string{}
	for i := range n {
		labels[fmt.Sprintf("l%d", i)] = jsii.String("v")
	}
	return &labels
}

// TestMistakesAreNotSilent has what new users try, one row each.
func TestMistakesAreNotSilent(t *testing.T) {
	collectorWith := func(p otelprometheus.CollectorProps) func(awscdk.Stack) *otelprometheus.TelemetryProps {
		return func(awscdk.Stack) *otelprometheus.TelemetryProps {
			return &otelprometheus.TelemetryProps{Collector: &p}
		}
	}
	labels := func(p otelprometheus.LabelsProps) func(awscdk.Stack) *otelprometheus.TelemetryProps {
		return func(awscdk.Stack) *otelprometheus.TelemetryProps { return &otelprometheus.TelemetryProps{Labels: &p} }
	}
	for name, m := range map[string]mistake{
		"memory below what a collector takes": {telemetry: collectorWith(otelprometheus.CollectorProps{MemoryLimitMiB: jsii.Number(64)}), refused: "MemoryLimitMiB is 64; it must be a whole number from 128"},
		"a tiny task": {task: &awsecs.FargateTaskDefinitionProps{MemoryLimitMiB: jsii.Number(1)},
			refused: "the task's memory is 1 MiB, and half of it is too little for the collector, which takes 110 MB at rest; give the task 256 MiB or more"},
		"a small limit is told once": {telemetry: collectorWith(otelprometheus.CollectorProps{MemoryLimitMiB: jsii.Number(50)}), refused: "NewOtelPrometheusFargateTaskDefinition: Telemetry.Collector.MemoryLimitMiB is 50; it must be"},
		"an image without /healthcheck": {telemetry: collectorWith(otelprometheus.CollectorProps{Image: awsecs.ContainerImage_FromRegistry(jsii.String("mine/collector:1"), nil)}),
			warned: "healthCheckOfImage", message: "if image mine/collector:1 does not have it"},
		"a community collector beside ours": {app: &awsecs.ContainerDefinitionOptions{Image: awsecs.ContainerImage_FromRegistry(jsii.String("otel/opentelemetry-collector-contrib:0.158.0"), nil)},
			refused: "container app runs a collector, too"},

		"KeepMetrics with a prefix":    {telemetry: scraping(otelprometheus.ScrapeJob{KeepMetrics: jsii.Strings("http_")}), refused: `KeepMetrics[0] is "http_", which must match the whole name of a metric; write http_.*`},
		"KeepMetrics with labels":      {telemetry: scraping(otelprometheus.ScrapeJob{KeepMetrics: jsii.Strings(`http_requests_total{code="200"}`)}), refused: "it is matched with names of metrics only, so use Relabel to look at labels"},
		"KeepMetrics with a histogram": {telemetry: scraping(otelprometheus.ScrapeJob{KeepMetrics: jsii.Strings("http_request_duration_seconds")}), warned: "histogramName", message: "write http_request_duration_seconds(_bucket|_sum|_count)?"},
		"DropMetrics with a glob":      {telemetry: scraping(otelprometheus.ScrapeJob{DropMetrics: jsii.Strings("go_*")}), refused: `DropMetrics[0] is "go_*", which is a regular expression, not a file pattern; write go_.*`},
		"DropMetrics with everything":  {telemetry: scraping(otelprometheus.ScrapeJob{DropMetrics: jsii.Strings(".*")}), refused: `DropMetrics[0] is ".*", which drops everything`},
		"more static labels than may be": {telemetry: scraping(otelprometheus.ScrapeJob{StaticLabels: manyLabels(62)}),
			refused: "StaticLabels has 62 labels, and LabelLimit is 64 with the name, job and instance"},
		"an interval in milliseconds": {telemetry: scraping(otelprometheus.ScrapeJob{Interval: awscdk.Duration_Millis(jsii.Number(30))}), refused: "Interval is 30ms; it must be at least 1s"},
		"an interval over 5 minutes":  {telemetry: scraping(otelprometheus.ScrapeJob{Interval: awscdk.Duration_Minutes(jsii.Number(10))}), warned: "longInterval", message: "Scrape[0].Interval is 10m0s"},
		"a job named ecs":             {telemetry: scraping(otelprometheus.ScrapeJob{Name: jsii.String("ecs")}), refused: `Name is "ecs", the job of metrics that the collector makes itself`},
		"a job named otelcol": {telemetry: func(awscdk.Stack) *otelprometheus.TelemetryProps {
			telemetry := scraping(otelprometheus.ScrapeJob{Name: jsii.String("otelcol")})(nil)
			telemetry.CollectorMetrics = &otelprometheus.CollectorMetricsProps{}
			return telemetry
		}, refused: `Name is "otelcol", the name of the job that reads the collector's own metrics`},
		"a scrape of the collector": {telemetry: scraping(otelprometheus.ScrapeJob{Port: jsii.Number(13133)}), refused: "Port is 13133, which is the collector's own"},
		"an endpoint twice": {telemetry: func(awscdk.Stack) *otelprometheus.TelemetryProps {
			return &otelprometheus.TelemetryProps{Scrape: &[]*otelprometheus.ScrapeJob{{Name: jsii.String("a"), Port: jsii.Number(8080)}, {Name: jsii.String("b"), Port: jsii.Number(8080)}}}
		}, refused: "Telemetry.Scrape[1] reads what Telemetry.Scrape[0] reads, and stores it twice"},

		"Keep in Prometheus' spelling": {telemetry: labels(otelprometheus.LabelsProps{Policy: otelprometheus.LabelsList, Keep: jsii.Strings("aws_ecs_task_family", "aws.ecs.task.id")}),
			refused: `Labels.Keep[0] is "aws_ecs_task_family", which is the name of the label; resource attributes are named as OpenTelemetry does: write aws.ecs.task.family`},
		"an external label job": {telemetry: labels(otelprometheus.LabelsProps{External: &map[string]*string{"job": jsii.String("shop")}}), refused: "Labels.External: job would be the same for all series"},

		"delta temporality":      {app: environmentOf("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"), warned: "deltaTemporality", message: "cannot be stored"},
		"an endpoint of compose": {app: environmentOf("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel-collector:4318"), warned: "otlpEndpoint", message: "a task knows no host otel-collector"},
		"an endpoint, no scheme": {app: environmentOf("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317"), warned: "otlpEndpoint", message: "has no scheme"},
		"OTLP that Scrape turned off": {telemetry: scraping(otelprometheus.ScrapeJob{}), app: environmentOf("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"),
			warned: "otlpOff", message: "OTLP is off, because Telemetry.Scrape is set"},

		"a workspace of another region": {telemetry: func(stack awscdk.Stack) *otelprometheus.TelemetryProps {
			return &otelprometheus.TelemetryProps{Workspace: amp.WorkspaceFromWorkspaceArn(stack, jsii.String("W"), jsii.String("arn:aws:aps:us-east-1:"+home+":workspace/ws-a"))}
		}, warned: "workspaceOfAnotherRegion", message: "the workspace is in us-east-1, and the task in eu-west-1"},
	} {
		t.Run(name, func(t *testing.T) {
			stack := homeStack(t)
			var telemetry *otelprometheus.TelemetryProps
			if m.telemetry != nil {
				telemetry = m.telemetry(stack)
			}
			build := func() *otelprometheus.OtelPrometheusFargateTaskDefinition {
				props := m.task
				if props == nil {
					props = &awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)}
				}
				td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), props, telemetry)
				app := awsecs.ContainerDefinitionOptions{}
				if m.app != nil {
					app = *m.app
				}
				if app.Image == nil {
					app.Image = anyImage()
				}
				td.AddContainer(jsii.String("app"), &app)
				return td
			}
			if m.refused != "" {
				assertRefused(t, func() { build(); synth(t, stack) }, m.refused)
				return
			}
			td := build()
			synth(t, stack)
			assertWarned(t, td, m.warned, m.message)
		})
	}
}

func TestTaskDefinitionsOfOneFamilyAreNamed(t *testing.T) {
	stack := newStack(t)
	family := &awsecs.FargateTaskDefinitionProps{Family: jsii.String("shop")}
	otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("First"), family, nil)
	second := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Second"), family, nil)
	assertWarned(t, second, "sameFamily", "task definition Stack/First has the same family, shop")
}
