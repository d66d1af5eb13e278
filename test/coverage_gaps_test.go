package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// TestEveryFormGivesBackItsParts: the forms of the task definition have the same methods, and each reaches its own sidecar.
func TestEveryFormGivesBackItsParts(t *testing.T) {
	type form interface {
		AddContainer(id *string, props *awsecs.ContainerDefinitionOptions) awsecs.ContainerDefinition
		Collector() awsecs.ContainerDefinition
		Workspace() amp.IWorkspace
		CollectorLogGroup() awslogs.ILogGroup
		AddScrapeJob(job *otelprometheus.ScrapeJob)
		AddVpcEndpoints(vpc awsec2.IVpc, props *otelprometheus.VpcEndpointsProps)
	}
	id := jsii.String("Task")
	for name, create := range map[string]func(awscdk.Stack) form{
		"any": func(stack awscdk.Stack) form {
			return otelprometheus.NewOtelPrometheusTaskDefinition(stack, id, &otelprometheus.OtelPrometheusTaskDefinitionProps{
				TaskDefinitionProps: awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_FARGATE, Cpu: jsii.String("512"), MemoryMiB: jsii.String("1024")},
			})
		},
		"Fargate": func(stack awscdk.Stack) form {
			return otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, id, nil)
		},
		"EC2": func(stack awscdk.Stack) form {
			return otelprometheus.NewOtelPrometheusEc2TaskDefinition(stack, id, &otelprometheus.OtelPrometheusEc2TaskDefinitionProps{
				Ec2TaskDefinitionProps: awsecs.Ec2TaskDefinitionProps{NetworkMode: awsecs.NetworkMode_AWS_VPC},
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStack(t)
			td := create(stack)
			td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), MemoryLimitMiB: jsii.Number(128)})
			td.AddScrapeJob(&otelprometheus.ScrapeJob{Port: jsii.Number(9102)})
			td.AddVpcEndpoints(awsec2.NewVpc(stack, jsii.String("Vpc"), nil), nil)

			if got := *td.Collector().ContainerName(); got != collectorName {
				t.Errorf("the collector is %s, want %s", got, collectorName)
			}
			tmpl := synth(t, stack)
			if config := asJSON(tmpl.container(collectorName)["Environment"]); !strings.Contains(config, ":9102") {
				t.Errorf("the added scrape job is not in %s", config)
			}
			if got, want := asJSON(stack.Resolve(td.Workspace().WorkspaceArn())), "AWS::APS::Workspace"; len(tmpl.all(want)) != 1 || !strings.Contains(got, "Fn::GetAtt") {
				t.Errorf("the workspace is %s, want that of the stack", got)
			}
			if td.CollectorLogGroup() == nil {
				t.Error("no log group of the collector")
			}
			if len(tmpl.all("AWS::EC2::VPCEndpoint")) == 0 {
				t.Error("no VPC endpoints")
			}
		})
	}
}
