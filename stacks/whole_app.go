package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// NewWholeApp has three services of a team that knows nothing of telemetry, and a call of the platform's team that adds it to all of
// them. One says that it is scraped.
func NewWholeApp(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)

	cluster := newCluster(stack)
	for _, service := range []string{"Orders", "Stock", "Mail"} {
		td := awsecs.NewFargateTaskDefinition(stack, jsii.String(service+"Task"), &awsecs.FargateTaskDefinitionProps{
			Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024), Family: jsii.String(service),
		})
		td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: sampleApp()})
		awsecs.NewFargateService(stack, jsii.String(service), &awsecs.FargateServiceProps{
			Cluster:           cluster,
			TaskDefinition:    td,
			MinHealthyPercent: jsii.Number(100),
			CircuitBreaker:    &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)},
		})
	}

	workspace := amp.NewWorkspace(stack, jsii.String("Workspace"), &amp.WorkspaceProps{Alias: jsii.String("shop")})
	otelprometheus.AddToAll(stack, &otelprometheus.AddToAllProps{
		Telemetry: &otelprometheus.TelemetryProps{Workspace: workspace},
		Overrides: &map[string]*otelprometheus.TelemetryProps{
			"StockTask": {Workspace: workspace, Scrape: &[]*otelprometheus.ScrapeJob{{Name: jsii.String("stock"), Port: jsii.Number(8080)}}},
		},
	})
	return stack
}
