package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// NewTraces sends traces to AWS X-Ray through the sidecar that carries the metrics.
func NewTraces(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)

	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		&otelprometheus.TelemetryProps{Traces: jsii.Bool(true)})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
		Image: sampleApp(),
		Environment: &map[string]*string{
			"INSTRUMENTATION":   jsii.String("opentelemetry"),
			"OTEL_SERVICE_NAME": jsii.String("sampleapp"),
		},
		PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080)}},
	})
	newFargateService(stack, td)
	return stack
}
