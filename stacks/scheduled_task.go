package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecspatterns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// NewScheduledTask runs an app for a few seconds every hour. It pushes its metrics: nothing that lives so short is there long
// enough to be scraped. The SDK sends its last metrics when the app ends, and the collector delivers them before it stops.
func NewScheduledTask(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)

	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &awsecs.FargateTaskDefinitionProps{
		Cpu:            jsii.Number(512),
		MemoryLimitMiB: jsii.Number(1024),
	}, &otelprometheus.TelemetryProps{
		// The app must not end before the collector can take its metrics.
		Collector: &otelprometheus.CollectorProps{
			DependencyCondition: awsecs.ContainerDependencyCondition_HEALTHY,
			HealthCheck:         &otelprometheus.HealthCheckProps{Interval: awscdk.Duration_Seconds(jsii.Number(5))},
		},
		// What is queued at the end of a task is still tried for half a minute in one hop; two hops would lose it.
		Delivery: &otelprometheus.DeliveryProps{OneHop: jsii.Bool(true)},
	})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
		Image: sampleApp(),
		Environment: &map[string]*string{
			"INSTRUMENTATION":   jsii.String("opentelemetry"),
			"OTEL_SERVICE_NAME": jsii.String("sampleapp"),
			"RUN_FOR":           jsii.String("5s"),
		},
	})
	awsecspatterns.NewScheduledFargateTask(stack, jsii.String("Schedule"), &awsecspatterns.ScheduledFargateTaskProps{
		Cluster:                               newCluster(stack),
		Schedule:                              awsapplicationautoscaling.Schedule_Rate(awscdk.Duration_Hours(jsii.Number(1))),
		ScheduledFargateTaskDefinitionOptions: &awsecspatterns.ScheduledFargateTaskDefinitionOptions{TaskDefinition: td},
	})
	return stack
}
