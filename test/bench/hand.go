package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// configuration is the default one, as someone would keep it in a file.
func configuration() *string {
	config := collector.Config{OTLP: &collector.OTLP{}, TaskMetrics: &collector.TaskMetrics{}, LaunchType: "fargate", MemoryLimitMiB: 512, HealthCheck: true}
	text, err := config.YAML()
	if err != nil {
		fail(err)
	}
	return &text
}

// tokens are what the tasks of a stack share.
type tokens struct{ endpoint, region, account *string }

func tokensOf(stack awscdk.Stack, workspace amp.IWorkspace) *tokens {
	return &tokens{workspace.RemoteWriteUrl(), stack.Region(), stack.Account()}
}

// byHand writes the resources of byLibrary as someone would who knows them.
func byHand(stack awscdk.Stack, id string, workspace amp.IWorkspace, known *tokens, config *string) {
	props := size()
	td := awsecs.NewFargateTaskDefinition(stack, &id, &props)
	td.TaskRole().AddToPrincipalPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings("aps:RemoteWrite"), Resources: &[]*string{workspace.WorkspaceArn()},
	}))
	logging := func(name string) awsecs.LogDriver {
		return awsecs.LogDrivers_AwsLogs(&awsecs.AwsLogDriverProps{
			StreamPrefix: jsii.String("ecs"),
			LogGroup: awslogs.NewLogGroup(td, &name, &awslogs.LogGroupProps{
				Retention: awslogs.RetentionDays_ONE_MONTH,
			}),
		})
	}
	sidecar := td.AddContainer(jsii.String("Collector"), &awsecs.ContainerDefinitionOptions{
		Image:                  awsecs.ContainerImage_FromRegistry(jsii.String("public.ecr.aws/aws-observability/aws-otel-collector:"+collector.ADOTVersion), nil),
		ContainerName:          jsii.String("aws-otel-collector"),
		MemoryLimitMiB:         jsii.Number(512),
		Essential:              jsii.Bool(true),
		ReadonlyRootFilesystem: jsii.Bool(true),
		User:                   jsii.String("4317"),
		StopTimeout:            awscdk.Duration_Seconds(jsii.Number(60)),
		EnableRestartPolicy:    jsii.Bool(true),
		Command:                jsii.Strings("--config=env:COLLECTOR_CONFIG", "--feature-gates="+collector.RetryOn429),
		Environment: &map[string]*string{
			"COLLECTOR_CONFIG": config, "GOMEMLIMIT": jsii.String("409MiB"), "AWS_PROMETHEUS_ENDPOINT": known.endpoint, "AWS_PROMETHEUS_REGION": known.region,
			"AWS_REGION": known.region, "AWS_ACCOUNT_ID": known.account, "ECS_TASK_FAMILY": td.Family(),
		},
		Logging:     logging("CollectorLogGroup"),
		HealthCheck: &awsecs.HealthCheck{Command: jsii.Strings("CMD", "/healthcheck"), StartPeriod: awscdk.Duration_Seconds(jsii.Number(10))},
	})
	td.SetDefaultContainer(nil)
	options := appContainer()
	options.Logging = logging("ContainerLogGroup")
	options.Environment = &map[string]*string{
		"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT":               jsii.String("http://127.0.0.1:4318/v1/metrics"),
		"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL":               jsii.String("http/protobuf"),
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": jsii.String("cumulative"),
		"OTEL_EXPORTER_OTLP_METRICS_HEADERS":                jsii.String("ecs-container-name=app"),
		"OTEL_TRACES_EXPORTER":                              jsii.String("none"),
		"OTEL_LOGS_EXPORTER":                                jsii.String("none"),
	}
	td.AddContainer(jsii.String("app"), options).AddContainerDependencies(&awsecs.ContainerDependency{
		Container: sidecar, Condition: awsecs.ContainerDependencyCondition_START,
	})
}
