package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// NewEc2Awsvpc runs an app on EC2 instances with network mode awsvpc. It pushes its metrics, and those of each container are
// collected too.
func NewEc2Awsvpc(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)

	td := otelprometheus.NewOtelPrometheusEc2TaskDefinition(stack, jsii.String("Task"),
		&awsecs.Ec2TaskDefinitionProps{NetworkMode: awsecs.NetworkMode_AWS_VPC},
		&otelprometheus.TelemetryProps{
			TaskMetrics: &otelprometheus.TaskMetricsProps{Containers: jsii.Bool(true)},
			Collector:   &otelprometheus.CollectorProps{MemoryLimitMiB: jsii.Number(256), Cpu: jsii.Number(64)},
		})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
		Image:                sampleApp(),
		MemoryReservationMiB: jsii.Number(64),
		Cpu:                  jsii.Number(128), // without units of every container, what the task sets aside is not known
		Environment: &map[string]*string{
			"INSTRUMENTATION":   jsii.String("opentelemetry"),
			"OTEL_SERVICE_NAME": jsii.String("sampleapp"),
		},
		PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080)}},
	})
	newEc2Service(stack, td)
	return stack
}
