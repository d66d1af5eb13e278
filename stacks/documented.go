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

// NewDocumented writes the task definition that AWS documents for the manual way, field by field: what a reader of that
// document has now. Every default of the library that differs from it is turned off by name. Prefer the other samples.
//
// It follows the document's steps, too: the task role has the name and the managed policy of the step that creates it. There it deviates from
// the document's JSON, which names the role of another page, AmazonECS_OpenTelemetryCloudWatchRole.
//
// Source: Amazon ECS Developer Guide, application metrics exported to Amazon Managed Service for Prometheus.
func NewDocumented(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)
	off := jsii.Bool(false)

	executionRole := awsiam.NewRole(stack, jsii.String("ExecutionRole"), &awsiam.RoleProps{
		AssumedBy:       awsiam.NewServicePrincipal(jsii.String("ecs-tasks.amazonaws.com"), nil),
		RoleName:        jsii.String("ecsTaskExecutionRole"),
		ManagedPolicies: &[]awsiam.IManagedPolicy{awsiam.ManagedPolicy_FromAwsManagedPolicyName(jsii.String("service-role/AmazonECSTaskExecutionRolePolicy"))},
	})

	td := otelprometheus.NewOtelPrometheusTaskDefinition(stack, jsii.String("Task"), &awsecs.TaskDefinitionProps{
		Family:        jsii.String("otel-using-cloudwatch"),
		Compatibility: awsecs.Compatibility_FARGATE,
		NetworkMode:   awsecs.NetworkMode_AWS_VPC,
		Cpu:           jsii.String("1024"),
		MemoryMiB:     jsii.String("3072"),
		ExecutionRole: executionRole,
	}, &otelprometheus.TelemetryProps{
		Workspace: amp.NewWorkspace(stack, jsii.String("Workspace"), nil),
		Roles: &otelprometheus.RolesProps{
			TaskRoleName:  jsii.String(otelprometheus.TaskRoleNameDocumented),
			ManagedPolicy: jsii.Bool(true),
		},
		Config: otelprometheus.ConfigFromImage(jsii.String(otelprometheus.ADOTEcsAmp), nil),
		Collector: &otelprometheus.CollectorProps{
			Image:                  awsecs.ContainerImage_FromRegistry(jsii.String("public.ecr.aws/aws-observability/aws-otel-collector:v0.25.0"), nil),
			Essential:              jsii.Bool(true),
			Logging:                ecsCreatesGroup(stack, executionRole, "/ecs/ecs-aws-otel-sidecar-collector", "True"),
			ReadonlyRootFilesystem: off,
			User:                   jsii.String(""),
			HealthCheck:            &otelprometheus.HealthCheckProps{Enabled: off},
			RestartPolicy:          &otelprometheus.RestartPolicyProps{Enabled: off},
		},
	})
	td.AddContainer(jsii.String("aws-otel-emitter"), &awsecs.ContainerDefinitionOptions{
		Image:   awsecs.ContainerImage_FromRegistry(jsii.String("application-image"), nil),
		Logging: ecsCreatesGroup(stack, executionRole, "/ecs/aws-otel-emitter", "true"),
	})
	newFargateService(stack, td)
	return stack
}

// ecsCreatesGroup logs to a group that ECS creates when the container starts, for which the execution role needs a
// permission that the managed execution policy lacks.
func ecsCreatesGroup(stack awscdk.Stack, executionRole awsiam.Role, group, create string) awsecs.LogDriver {
	executionRole.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings("logs:CreateLogGroup"),
		Resources: &[]*string{stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("logs"), Resource: jsii.String("log-group"), ResourceName: jsii.String(group),
			ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
		})},
	}))
	return awsecs.NewGenericLogDriver(&awsecs.GenericLogDriverProps{
		LogDriver: jsii.String("awslogs"),
		Options: &map[string]*string{
			"awslogs-create-group":  &create,
			"awslogs-group":         &group,
			"awslogs-region":        stack.Region(),
			"awslogs-stream-prefix": jsii.String("ecs"),
		},
	})
}
