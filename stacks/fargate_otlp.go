package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// NewFargateOtlp runs an app on Fargate that pushes its metrics with an OpenTelemetry SDK. It leaves Telemetry out: OTLP
// and ECS task metrics into a new workspace are the default, and the SDK finds the collector through its environment.
func NewFargateOtlp(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)

	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &awsecs.FargateTaskDefinitionProps{
		Cpu:            jsii.Number(512),
		MemoryLimitMiB: jsii.Number(1024),
	}, nil)
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
		Image: sampleApp(),
		Environment: &map[string]*string{
			"INSTRUMENTATION":   jsii.String("opentelemetry"),
			"OTEL_SERVICE_NAME": jsii.String("sampleapp"),
		},
		PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080)}},
	})
	newFargateService(stack, td)

	awscdk.NewCfnOutput(stack, jsii.String("QueryUrl"), &awscdk.CfnOutputProps{Value: td.Workspace().QueryUrl()})
	return stack
}
