// Command shop is a CDK app that uses the constructs as a stranger would: from its own module, through what the README shows.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

func main() {
	defer jsii.Close()

	app := awscdk.NewApp(nil)
	NewShop(app, "Shop")
	app.Synth(nil)
}

// NewShop runs a service whose /metrics endpoint is scraped.
func NewShop(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)

	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		&otelprometheus.TelemetryProps{
			Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}},
		})
	td.AddContainer(jsii.String("shop"), &awsecs.ContainerDefinitionOptions{
		Image: awsecs.ContainerImage_FromRegistry(jsii.String("example.com/shop:1.0"), nil),
	})
	awsecs.NewFargateService(stack, jsii.String("Service"), &awsecs.FargateServiceProps{
		Cluster:           awsecs.NewCluster(stack, jsii.String("Cluster"), nil),
		TaskDefinition:    td,
		MinHealthyPercent: jsii.Number(100),
	})
	return stack
}
