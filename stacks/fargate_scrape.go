package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// NewFargateScrape runs an app on Fargate whose /metrics endpoint is scraped.
func NewFargateScrape(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)

	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &awsecs.FargateTaskDefinitionProps{
		Cpu:            jsii.Number(512),
		MemoryLimitMiB: jsii.Number(1024),
	}, &otelprometheus.TelemetryProps{
		Scrape: &[]*otelprometheus.ScrapeJob{{
			Port:     jsii.Number(8080),
			Name:     jsii.String("sampleapp"),
			Interval: awscdk.Duration_Seconds(jsii.Number(15)),
		}},
	})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
		Image:        sampleApp(),
		Environment:  &map[string]*string{"INSTRUMENTATION": jsii.String("prometheus")},
		PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080)}},
	})
	newFargateService(stack, td)

	awscdk.NewCfnOutput(stack, jsii.String("QueryUrl"), &awscdk.CfnOutputProps{Value: td.Workspace().QueryUrl()})
	return stack
}
