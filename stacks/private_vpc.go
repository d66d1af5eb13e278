package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// NewPrivateVpc runs an app in isolated subnets: nothing in the VPC has a way to the internet. The metrics reach the workspace
// through VPC endpoints, and both images come from the account's own registry.
func NewPrivateVpc(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)

	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		&otelprometheus.TelemetryProps{
			Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080), Name: jsii.String("sampleapp")}},
			Collector: &otelprometheus.CollectorProps{
				Image: awsecs.ContainerImage_FromAsset(jsii.String("stacks/collectorimage"), nil),
			},
		})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
		Image:        sampleApp(),
		PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080)}},
	})

	vpc := awsec2.NewVpc(stack, jsii.String("Vpc"), &awsec2.VpcProps{
		MaxAzs: jsii.Number(2),
		SubnetConfiguration: &[]*awsec2.SubnetConfiguration{
			{Name: jsii.String("Isolated"), SubnetType: awsec2.SubnetType_PRIVATE_ISOLATED},
		},
		RestrictDefaultSecurityGroup: jsii.Bool(false),
	})
	td.AddVpcEndpoints(vpc, nil)
	awsecs.NewFargateService(stack, jsii.String("Service"), &awsecs.FargateServiceProps{
		Cluster:           awsecs.NewCluster(stack, jsii.String("Cluster"), &awsecs.ClusterProps{Vpc: vpc}),
		TaskDefinition:    td,
		MinHealthyPercent: jsii.Number(100),
		CircuitBreaker:    &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)},
		VpcSubnets:        &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PRIVATE_ISOLATED},
	})
	return stack
}
