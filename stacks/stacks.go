// Package stacks holds the sample stacks: one scenario a file, each deployable as it is.
package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Sample is one scenario.
type Sample struct {
	// Name is the name of the stack; a sample of several stacks starts all their names with it.
	Name string
	// Description says in one line what the sample shows; app.go -list and the README's table have the same words.
	Description string
	// New builds the stack.
	New func(scope constructs.Construct, id string) awscdk.Stack
}

// All lists the samples in the order in which the README explains them.
var All = []Sample{
	{"FargateScrape", "an app with /metrics, scraped", NewFargateScrape},
	{"FargateOtlp", "an app with an OpenTelemetry SDK, all defaults", NewFargateOtlp},
	{"Documented", "the task definition that AWS documents for the manual way, field by field", NewDocumented},
	{"Ec2Awsvpc", "EC2 instances, with metrics of each container", NewEc2Awsvpc},
	{"Ec2Bridge", "network mode bridge, three containers, two of them scraped", NewEc2Bridge},
	{"ExistingTask", "the sidecar on a task definition that is there already, behind a load balancer", NewExistingTask},
	{"WholeApp", "three services that know nothing of telemetry, and one call that adds it to all", NewWholeApp},
	{"Fleet", "six services of a cluster, scraped by one collector that finds their tasks", NewFleet},
	{"ScheduledTask", "a task that runs for a few seconds and loses nothing", NewScheduledTask},
	{"ScaleOnQueue", "a service that scales on its own queue and its own orders", NewScaleOnQueue},
	{"Traces", "traces to X-Ray through the same sidecar", NewTraces},
	{"SharedWorkspace", "one workspace for all, one service writing from another account", NewSharedWorkspace},
	{"PrivateVpc", "no access to the internet, only VPC endpoints", NewPrivateVpc},
	{"Observability", "rules, alerts to SNS, SLOs, dashboards and a Grafana workspace", NewObservability},
}

// Build adds every sample stack to an app.
func Build(app awscdk.App) {
	for _, s := range All {
		awscdk.Annotations_Of(s.New(app, s.Name)).AcknowledgeWarning(jsii.String("cdk-otel-prometheus:secondWorkspace"), jsii.String("each sample is deployed by itself"))
	}
}

// newCluster is a cluster in a VPC of its own. The stack is environment-agnostic, so synthesis needs no AWS account.
func newCluster(stack awscdk.Stack) awsecs.Cluster {
	vpc := awsec2.NewVpc(stack, jsii.String("Vpc"), &awsec2.VpcProps{
		MaxAzs:      jsii.Number(2),
		NatGateways: jsii.Number(1),
		// Nothing uses the default security group; closing it would add a Lambda function to the sample.
		RestrictDefaultSecurityGroup: jsii.Bool(false),
	})
	return awsecs.NewCluster(stack, jsii.String("Cluster"), &awsecs.ClusterProps{Vpc: vpc})
}

// newFargateService runs a task definition in a cluster of its own.
func newFargateService(stack awscdk.Stack, td awsecs.TaskDefinition) awsecs.FargateService {
	return awsecs.NewFargateService(stack, jsii.String("Service"), &awsecs.FargateServiceProps{
		Cluster:           newCluster(stack),
		TaskDefinition:    td,
		MinHealthyPercent: jsii.Number(100),
		CircuitBreaker:    &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)},
	})
}

// newEc2Service runs a task definition on two instances of a cluster of its own.
func newEc2Service(stack awscdk.Stack, td awsecs.TaskDefinition) awsecs.Ec2Service {
	awscdk.Annotations_Of(td).AcknowledgeWarning(jsii.String("cdk-otel-prometheus:controlGroups"), jsii.String("ecs_task_memory_usage is enough here"))
	cluster := newCluster(stack)
	provider := awsecs.NewAsgCapacityProvider(stack, jsii.String("Instances"), &awsecs.AsgCapacityProviderProps{
		AutoScalingGroup: awsautoscaling.NewAutoScalingGroup(stack, jsii.String("Group"), &awsautoscaling.AutoScalingGroupProps{
			Vpc:          cluster.Vpc(),
			InstanceType: awsec2.NewInstanceType(jsii.String("t3.small")),
			MachineImage: awsecs.EcsOptimizedImage_AmazonLinux2023(awsecs.AmiHardwareType_STANDARD, nil),
			MinCapacity:  jsii.Number(2),
			MaxCapacity:  jsii.Number(2),
		}),
		// ECS drains; awscdk's own drain hook would add a Lambda function to the sample.
		EnableManagedDraining: jsii.Bool(true),
	})
	cluster.AddAsgCapacityProvider(provider, nil)
	return awsecs.NewEc2Service(stack, jsii.String("Service"), &awsecs.Ec2ServiceProps{
		Cluster:                    cluster,
		TaskDefinition:             td,
		MinHealthyPercent:          jsii.Number(100),
		CircuitBreaker:             &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)},
		CapacityProviderStrategies: &[]*awsecs.CapacityProviderStrategy{{CapacityProvider: provider.CapacityProviderName(), Weight: jsii.Number(1)}},
	})
}

// sampleApp is the app of the folder sampleapp, built when the stack is deployed.
func sampleApp() awsecs.ContainerImage {
	return awsecs.ContainerImage_FromAsset(jsii.String("sampleapp"), nil)
}
