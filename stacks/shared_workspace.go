package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// sharedExternalId is what the other account sends when it assumes the writer role. It is no secret: it keeps a third party from
// having the role assumed by mistake.
const sharedExternalId = "cdk-otel-prometheus"

// NewSharedWorkspace has one workspace for all. Its stack is deployed to the platform team's account, with a role that another
// account may write through. Orders runs in the same account; Payments in the other one.
func NewSharedWorkspace(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)
	workspace := amp.NewWorkspace(stack, jsii.String("Workspace"), &amp.WorkspaceProps{Alias: jsii.String("shared")})

	otherAccount := awscdk.NewCfnParameter(stack, jsii.String("PaymentsAccount"), &awscdk.CfnParameterProps{
		Description:    jsii.String("The account that runs Payments"),
		AllowedPattern: jsii.String("[0-9]{12}"),
	})
	writer := awsiam.NewRole(stack, jsii.String("Writer"), &awsiam.RoleProps{
		AssumedBy:   awsiam.NewAccountPrincipal(otherAccount.ValueAsString()),
		ExternalIds: jsii.Strings(sharedExternalId),
	})
	workspace.GrantRemoteWrite(writer)
	awscdk.NewCfnOutput(stack, jsii.String("WorkspaceArn"), &awscdk.CfnOutputProps{Value: workspace.WorkspaceArn()})
	awscdk.NewCfnOutput(stack, jsii.String("WriterRoleArn"), &awscdk.CfnOutputProps{Value: writer.RoleArn()})

	newOrders(scope, id+"Orders", workspace)
	newPayments(scope, id+"Payments")
	return stack
}

// newOrders is in the workspace's account and writes to it directly.
func newOrders(scope constructs.Construct, id string, workspace amp.IWorkspace) {
	stack := awscdk.NewStack(scope, &id, nil)
	addSharedService(stack, &otelprometheus.TelemetryProps{Workspace: workspace})
}

// newPayments is in another account. It knows the workspace and the role by their ARNs, which the first stack puts out.
func newPayments(scope constructs.Construct, id string) {
	stack := awscdk.NewStack(scope, &id, nil)
	arn := func(name string) *string {
		return awscdk.NewCfnParameter(stack, jsii.String(name), &awscdk.CfnParameterProps{
			Description: jsii.String("The output " + name + " of the stack SharedWorkspace"),
		}).ValueAsString()
	}
	addSharedService(stack, &otelprometheus.TelemetryProps{
		Workspace: amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Workspace"), arn("WorkspaceArn")),
		RemoteWrite: &otelprometheus.RemoteWriteProps{
			AssumeRole: awsiam.Role_FromRoleArn(stack, jsii.String("Writer"), arn("WriterRoleArn"), nil),
			ExternalId: jsii.String(sharedExternalId),
		},
	})
}

func addSharedService(stack awscdk.Stack, telemetry *otelprometheus.TelemetryProps) {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		telemetry)
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
		Image:       sampleApp(),
		Environment: &map[string]*string{"INSTRUMENTATION": jsii.String("opentelemetry")},
	})
	newFargateService(stack, td)
}
