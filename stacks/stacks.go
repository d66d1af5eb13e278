// Package stacks holds the sample stacks: one scenario a file, each deployable as it is.
package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Sample is one scenario.
type Sample struct {
	// Name is the name of the stack.
	Name string
	// New builds the stack.
	New func(scope constructs.Construct, id string) awscdk.Stack
}

// All lists the samples in the order in which the README explains them.
var All = []Sample{
	{"FargateScrape", NewFargateScrape},
	{"FargateOtlp", NewFargateOtlp},
	{"Documented", NewDocumented},
}

// Build adds every sample stack to an app.
func Build(app awscdk.App) {
	for _, s := range All {
		s.New(app, s.Name)
	}
}

// newFargateService runs a task definition in a cluster and a VPC of its own. The stack is environment-agnostic, so
// synthesis needs no AWS account.
func newFargateService(stack awscdk.Stack, td awsecs.TaskDefinition) awsecs.FargateService {
	vpc := awsec2.NewVpc(stack, jsii.String("Vpc"), &awsec2.VpcProps{
		MaxAzs:      jsii.Number(2),
		NatGateways: jsii.Number(1),
		// Nothing uses the default security group; closing it would add a Lambda function to the sample.
		RestrictDefaultSecurityGroup: jsii.Bool(false),
	})
	return awsecs.NewFargateService(stack, jsii.String("Service"), &awsecs.FargateServiceProps{
		Cluster:           awsecs.NewCluster(stack, jsii.String("Cluster"), &awsecs.ClusterProps{Vpc: vpc}),
		TaskDefinition:    td,
		MinHealthyPercent: jsii.Number(100),
		CircuitBreaker:    &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)},
	})
}

// sampleApp is the app of the folder sampleapp, built when the stack is deployed.
func sampleApp() awsecs.ContainerImage {
	return awsecs.ContainerImage_FromAsset(jsii.String("sampleapp"), nil)
}
