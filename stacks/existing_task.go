package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// NewExistingTask adds the sidecar to a task definition that is there already, behind an Application Load Balancer. One line
// is new.
func NewExistingTask(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)

	td := awsecs.NewFargateTaskDefinition(stack, jsii.String("Task"), &awsecs.FargateTaskDefinitionProps{
		Cpu:            jsii.Number(512),
		MemoryLimitMiB: jsii.Number(1024),
	})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
		Image:        sampleApp(),
		PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080)}},
	})

	td.AddExtension(otelprometheus.NewOtelPrometheusSidecar(&otelprometheus.TelemetryProps{
		Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080), Name: jsii.String("sampleapp"), Interval: awscdk.Duration_Seconds(jsii.Number(15))}},
	}))

	service := newFargateService(stack, td)
	balancer := awselasticloadbalancingv2.NewApplicationLoadBalancer(stack, jsii.String("LoadBalancer"), &awselasticloadbalancingv2.ApplicationLoadBalancerProps{
		Vpc:            service.Cluster().Vpc(),
		InternetFacing: jsii.Bool(true),
	})
	balancer.AddListener(jsii.String("Http"), &awselasticloadbalancingv2.BaseApplicationListenerProps{Port: jsii.Number(80)}).
		AddTargets(jsii.String("App"), &awselasticloadbalancingv2.AddApplicationTargetsProps{
			Port:    jsii.Number(80),
			Targets: &[]awselasticloadbalancingv2.IApplicationLoadBalancerTarget{service},
		})
	return stack
}
