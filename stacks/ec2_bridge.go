package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// NewEc2Bridge runs three containers on EC2 instances with network mode bridge. Two of them have an endpoint that is scraped;
// the collector is linked to those.
func NewEc2Bridge(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)

	td := otelprometheus.NewOtelPrometheusEc2TaskDefinition(stack, jsii.String("Task"), nil, &otelprometheus.TelemetryProps{
		Scrape: &[]*otelprometheus.ScrapeJob{
			{Name: jsii.String("web"), ContainerName: jsii.String("web"), Port: jsii.Number(8080), Interval: awscdk.Duration_Seconds(jsii.Number(15))},
			{Name: jsii.String("admin"), ContainerName: jsii.String("admin"), Port: jsii.Number(9090), Interval: awscdk.Duration_Seconds(jsii.Number(15))},
		},
		Collector: &otelprometheus.CollectorProps{MemoryLimitMiB: jsii.Number(256), Cpu: jsii.Number(64)},
	})
	for _, c := range []struct {
		name string
		port float64
	}{{"web", 8080}, {"admin", 9090}, {"worker", 8081}} {
		td.AddContainer(&c.name, &awsecs.ContainerDefinitionOptions{
			Image:                sampleApp(),
			MemoryReservationMiB: jsii.Number(64),
			Cpu:                  jsii.Number(128), // without units of every container, what the task sets aside is not known
			Environment:          &map[string]*string{"PORT": jsii.Sprintf("%.0f", c.port)},
			// Host port 0 lets ECS choose one, so that several tasks fit on an instance.
			PortMappings: &[]*awsecs.PortMapping{{ContainerPort: &c.port, HostPort: jsii.Number(0)}},
		})
	}
	newEc2Service(stack, td)
	return stack
}
