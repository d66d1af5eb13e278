package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/central"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/observability"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// NewFleet has six services of one cluster, four on Fargate and two on EC2 instances with network mode bridge, and one collector that scrapes
// the tasks of all of them. The services know nothing of it.
func NewFleet(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)

	cluster := newCluster(stack)
	services := map[string]awsecs.BaseService{}
	for _, name := range []string{"orders", "stock", "mail", "search"} {
		td := awsecs.NewFargateTaskDefinition(stack, jsii.String(name+"Task"), &awsecs.FargateTaskDefinitionProps{Family: &name})
		td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
			Image: sampleApp(), Logging: fleetLogs(name), PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080)}},
		})
		services[name] = awsecs.NewFargateService(stack, &name, &awsecs.FargateServiceProps{
			Cluster: cluster, TaskDefinition: td, DesiredCount: jsii.Number(2), MinHealthyPercent: jsii.Number(100),
			CircuitBreaker: &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)},
		})
	}

	instances := awsautoscaling.NewAutoScalingGroup(stack, jsii.String("Group"), &awsautoscaling.AutoScalingGroupProps{
		Vpc:          cluster.Vpc(),
		InstanceType: awsec2.NewInstanceType(jsii.String("t3.small")),
		MachineImage: awsecs.EcsOptimizedImage_AmazonLinux2023(awsecs.AmiHardwareType_STANDARD, nil),
		MinCapacity:  jsii.Number(2),
		MaxCapacity:  jsii.Number(2),
	})
	provider := awsecs.NewAsgCapacityProvider(stack, jsii.String("Instances"), &awsecs.AsgCapacityProviderProps{
		AutoScalingGroup: instances, EnableManagedDraining: jsii.Bool(true),
	})
	cluster.AddAsgCapacityProvider(provider, nil)
	for _, name := range []string{"images", "reports"} {
		td := awsecs.NewEc2TaskDefinition(stack, jsii.String(name+"Task"), &awsecs.Ec2TaskDefinitionProps{Family: &name, NetworkMode: awsecs.NetworkMode_BRIDGE})
		td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
			Image: sampleApp(), Logging: fleetLogs(name), MemoryReservationMiB: jsii.Number(64),
			// Host port 0 lets ECS choose one, which the collector asks for.
			PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080), HostPort: jsii.Number(0)}},
		})
		services[name] = awsecs.NewEc2Service(stack, &name, &awsecs.Ec2ServiceProps{
			Cluster: cluster, TaskDefinition: td, DesiredCount: jsii.Number(2), MinHealthyPercent: jsii.Number(100),
			CircuitBreaker:             &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)},
			CapacityProviderStrategies: &[]*awsecs.CapacityProviderStrategy{{CapacityProvider: provider.CapacityProviderName(), Weight: jsii.Number(1)}},
		})
	}

	workspace := amp.NewWorkspace(stack, jsii.String("Workspace"), &amp.WorkspaceProps{Alias: jsii.String("fleet")})
	fleet := central.NewScrapeService(stack, jsii.String("Collector"), &central.ScrapeServiceProps{
		Cluster: cluster, Workspace: workspace, Tasks: jsii.Number(50), Instances: &[]awsec2.IConnectable{instances},
	})
	for _, name := range []string{"orders", "stock", "mail", "search", "images", "reports"} {
		fleet.Scrape(services[name], &otelprometheus.ScrapeJob{Port: jsii.Number(8080)})
		observability.NewServiceRules(stack, jsii.String(name+"Rules"), &observability.ServiceRulesProps{
			Workspace: workspace, Service: services[name],
			Tasks: &observability.TaskAlerts{Enabled: jsii.Bool(false)}, Absence: &observability.AbsenceAlerts{Enabled: jsii.Bool(false)}, // they are of sidecars
			Scrape: &observability.ScrapeAlerts{}, Targets: &observability.TargetAlerts{Tasks: jsii.Number(2)},
		})
	}
	for _, collector := range fleet.Services() {
		observability.NewServiceRules(stack, jsii.String("CollectorRules"), &observability.ServiceRulesProps{
			Workspace: workspace, Service: collector, Collector: &observability.CollectorAlerts{}, Discovery: &observability.DiscoveryAlerts{},
		})
	}
	awscdk.Annotations_Of(stack).AcknowledgeWarning(jsii.String("cdk-otel-prometheus:noAlertManager"), jsii.String("Observability shows how alerts are sent"))
	return stack
}

func fleetLogs(service string) awsecs.LogDriver {
	return awsecs.LogDrivers_AwsLogs(&awsecs.AwsLogDriverProps{StreamPrefix: &service, LogRetention: awslogs.RetentionDays_ONE_MONTH})
}
