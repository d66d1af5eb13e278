package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// NewScaleOnQueue has a service that scales on two metrics of its own: the depth of its queue for each task, and the orders that a task
// takes in a minute.
func NewScaleOnQueue(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)

	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &awsecs.FargateTaskDefinitionProps{
		Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024),
	}, &otelprometheus.TelemetryProps{
		Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}},
		CloudWatch: &otelprometheus.CloudWatchProps{Metrics: &[]*otelprometheus.CopiedMetric{
			{Name: jsii.String("sampleapp_queue_depth")}, {Name: jsii.String("sampleapp_orders_total")},
		}},
	})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: sampleApp()})

	service := newFargateService(stack, td)
	count := service.AutoScaleTaskCount(&awsapplicationautoscaling.EnableScalingProps{MinCapacity: jsii.Number(1), MaxCapacity: jsii.Number(10)})
	// 10 s is the longest that an order may wait, and a task takes 100 ms for one.
	td.ScaleOnBacklog(jsii.String("Queue"), count, &otelprometheus.ScaleOnBacklogProps{
		Backlog:       &otelprometheus.BacklogProps{Metric: jsii.String("sampleapp_queue_depth"), Cluster: service.Cluster()},
		TargetPerTask: jsii.Number(100),
	})
	// Orders that one task takes in a minute: the average over the tasks of what each counted.
	count.ScaleToTrackCustomMetric(jsii.String("Orders"), &awsecs.TrackCustomMetricProps{
		Metric: td.CloudWatchMetric(jsii.String("sampleapp_orders_total"), &otelprometheus.CloudWatchMetricOptions{
			Cluster: service.Cluster(), Statistic: jsii.String("Average"),
		}),
		TargetValue: jsii.Number(500),
	})
	return stack
}
