package test

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// A workspace and a role of one account, and another account.
const (
	home         = "111122223333"
	away         = "444455556666"
	workspaceArn = "arn:aws:aps:eu-west-1:" + home + ":workspace/ws-1"
	writerArn    = "arn:aws:iam::" + home + ":role/writer"
)

const (
	collectorName = "aws-otel-collector"

	// startsAfterCollector is what a container depends on by default.
	startsAfterCollector = `[{"Condition":"START","ContainerName":"aws-otel-collector"}]`
)

func anyImage() awsecs.ContainerImage {
	return awsecs.ContainerImage_FromRegistry(jsii.String("app:1"), nil)
}

// fargateTask is a small task definition with the given telemetry and one container.
func fargateTask(stack awscdk.Stack, telemetry *otelprometheus.TelemetryProps, app *awsecs.ContainerDefinitionOptions) *otelprometheus.OtelPrometheusFargateTaskDefinition {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		telemetry)
	if app == nil {
		app = &awsecs.ContainerDefinitionOptions{}
	}
	if app.Image == nil {
		app.Image = anyImage()
	}
	td.AddContainer(jsii.String("app"), app)
	return td
}

// configOf is the configuration of a task with the given telemetry.
func configOf(t *testing.T, telemetry *otelprometheus.TelemetryProps) string {
	t.Helper()
	stack := newStack(t)
	fargateTask(stack, telemetry, nil)
	return configText(synth(t, stack).container(collectorName))
}

// configText is a collector's configuration, in which references stand as the template has them.
func configText(collector object) string {
	return plainText(environment(collector)["COLLECTOR_CONFIG"])
}

func withConfig(config *otelprometheus.Config) *otelprometheus.TelemetryProps {
	return &otelprometheus.TelemetryProps{Config: config}
}

func withScrape(jobs ...*otelprometheus.ScrapeJob) *otelprometheus.TelemetryProps {
	return &otelprometheus.TelemetryProps{Scrape: &jobs}
}

func withCollector(c otelprometheus.CollectorProps) *otelprometheus.TelemetryProps {
	return &otelprometheus.TelemetryProps{Collector: &c}
}

func withDelivery(d otelprometheus.DeliveryProps) *otelprometheus.TelemetryProps {
	return &otelprometheus.TelemetryProps{Delivery: &d}
}

func withAssumedRole(stack awscdk.Stack) *otelprometheus.TelemetryProps {
	return &otelprometheus.TelemetryProps{
		Workspace: importedWorkspace(stack),
		RemoteWrite: &otelprometheus.RemoteWriteProps{
			AssumeRole: awsiam.Role_FromRoleArn(stack, jsii.String("Writer"), jsii.String(writerArn), nil), ExternalId: jsii.String("x"),
		},
	}
}

// ownYAML is a configuration that somebody wrote by hand.
const ownYAML = `receivers: {otlp: {protocols: {grpc: {endpoint: 127.0.0.1:4317}}}}
exporters: {debug: }
service: {pipelines: {metrics: {receivers: [otlp], exporters: [debug]}}}
`

func secret(stack awscdk.Stack) awsecs.Secret {
	return awsecs.Secret_FromSecretsManager(awssecretsmanager.NewSecret(stack, jsii.String("Secret"), nil), nil)
}

// importedWorkspace is the one that workspaceArn names.
func importedWorkspace(stack awscdk.Stack) amp.IWorkspace {
	return amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Workspace"), jsii.String(workspaceArn))
}

func newWorkspace(stack awscdk.Stack, props *amp.WorkspaceProps) *amp.Workspace {
	return amp.NewWorkspace(stack, jsii.String("Workspace"), props)
}

// labels are pairs of a name and a value.
func labels(pairs ...string) *map[string]*string {
	m := map[string]*string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = &pairs[i+1]
	}
	return &m
}

func seconds(n float64) awscdk.Duration { return awscdk.Duration_Seconds(&n) }

func minutes(n float64) awscdk.Duration { return awscdk.Duration_Minutes(&n) }

func tokenDuration() awscdk.Duration {
	return awscdk.Duration_Seconds(awscdk.Token_AsNumber(map[string]string{"Ref": "Interval"}))
}
