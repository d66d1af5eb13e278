package test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecspatterns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// patternsApp has a task definition of each kind of ecs_patterns, in two stacks, and some that get no collector.
func patternsApp(t *testing.T) (app awscdk.App, web, jobs awscdk.Stack) {
	t.Helper()
	app = newApp(t)
	web, jobs = awscdk.NewStack(app, jsii.String("Web"), nil), awscdk.NewStack(app, jsii.String("Jobs"), nil)
	image := awsecs.ContainerImage_FromRegistry(jsii.String("app:1"), nil)
	vpc := awsec2.NewVpc(web, jsii.String("Vpc"), &awsec2.VpcProps{MaxAzs: jsii.Number(2)})
	cluster := awsecs.NewCluster(web, jsii.String("Cluster"), &awsecs.ClusterProps{Vpc: vpc})
	awsecspatterns.NewApplicationLoadBalancedFargateService(web, jsii.String("Shop"), &awsecspatterns.ApplicationLoadBalancedFargateServiceProps{
		Cluster: cluster, MemoryLimitMiB: jsii.Number(1024), Cpu: jsii.Number(512),
		TaskImageOptions: &awsecspatterns.ApplicationLoadBalancedTaskImageOptions{Image: image},
	})
	awsecspatterns.NewNetworkLoadBalancedFargateService(web, jsii.String("Mail"), &awsecspatterns.NetworkLoadBalancedFargateServiceProps{
		Cluster: cluster, MemoryLimitMiB: jsii.Number(1024), Cpu: jsii.Number(512),
		TaskImageOptions: &awsecspatterns.NetworkLoadBalancedTaskImageOptions{Image: image},
	})
	awsecspatterns.NewQueueProcessingFargateService(jobs, jsii.String("Worker"), &awsecspatterns.QueueProcessingFargateServiceProps{
		Cluster: cluster, MemoryLimitMiB: jsii.Number(1024), Cpu: jsii.Number(512), Image: image,
	})
	awsecspatterns.NewScheduledFargateTask(jobs, jsii.String("Report"), &awsecspatterns.ScheduledFargateTaskProps{
		Cluster: cluster, Schedule: awsapplicationautoscaling.Schedule_Rate(awscdk.Duration_Hours(jsii.Number(1))),
		ScheduledFargateTaskImageOptions: &awsecspatterns.ScheduledFargateTaskImageOptions{Image: image, MemoryLimitMiB: jsii.Number(1024), Cpu: jsii.Number(512)},
	})
	awsecs.NewEc2TaskDefinition(jobs, jsii.String("Host"), nil).AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image, MemoryLimitMiB: jsii.Number(128)})
	otelprometheus.NewOtelPrometheusFargateTaskDefinition(jobs, jsii.String("Own"), nil, nil).AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
	awsecs.NewExternalTaskDefinition(jobs, jsii.String("Elsewhere"), nil).AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image, MemoryLimitMiB: jsii.Number(128)})
	awsecs.TaskDefinition_FromTaskDefinitionArn(jobs, jsii.String("Imported"), jsii.String("arn:aws:ecs:eu-west-1:111122223333:task-definition/a:1")) // not of this app
	byHand := awsecs.NewFargateTaskDefinition(jobs, jsii.String("ByHand"), &awsecs.FargateTaskDefinitionProps{MemoryLimitMiB: jsii.Number(1024)})
	byHand.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
	byHand.AddContainer(jsii.String("adot"), &awsecs.ContainerDefinitionOptions{Image: awsecs.ContainerImage_FromRegistry(jsii.String("public.ecr.aws/aws-observability/aws-otel-collector:v0.40.0"), nil)})
	awsecs.NewFargateTaskDefinition(jobs, jsii.String("Windows"), &awsecs.FargateTaskDefinitionProps{
		Cpu: jsii.Number(1024), MemoryLimitMiB: jsii.Number(2048),
		RuntimePlatform: &awsecs.RuntimePlatform{OperatingSystemFamily: awsecs.OperatingSystemFamily_WINDOWS_SERVER_2022_CORE(), CpuArchitecture: awsecs.CpuArchitecture_X86_64()},
	}).AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
	return app, web, jobs
}

// taskDefinitions are those of a template, by logical id.
func taskDefinitions(tmpl template) map[string][]string {
	containers := map[string][]string{}
	for id, r := range tmpl.Resources {
		if r.Type != "AWS::ECS::TaskDefinition" {
			continue
		}
		for _, c := range r.Properties["ContainerDefinitions"].([]any) {
			containers[id] = append(containers[id], c.(object)["Name"].(string))
		}
	}
	return containers
}

// lateContainer adds a container to every task definition, as a user's aspect may.
type lateContainer struct{ image awsecs.ContainerImage }

func (l *lateContainer) Visit(node constructs.IConstruct) {
	if td, is := node.(awsecs.FargateTaskDefinition); is && td.FindContainer(jsii.String("late")) == nil && td.RuntimePlatform() == nil {
		td.AddContainer(jsii.String("late"), &awsecs.ContainerDefinitionOptions{Image: l.image, Essential: jsii.Bool(false), MemoryLimitMiB: jsii.Number(32)})
	}
}

func TestAddToAll(t *testing.T) {
	app, web, jobs := patternsApp(t)
	var asked []string
	otelprometheus.AddToAll(app, &otelprometheus.AddToAllProps{
		Overrides: &map[string]*otelprometheus.TelemetryProps{
			"Web/Shop/TaskDef": {Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}}},
		},
		Skip: jsii.Strings("Web/Mail"),
		For: func(td awsecs.TaskDefinition, telemetry *otelprometheus.TelemetryProps) *otelprometheus.TelemetryProps {
			asked = append(asked, *td.Node().Path())
			if *td.Node().Path() == "Jobs/Report/ScheduledTaskDef" {
				return nil
			}
			return telemetry
		},
	})
	app.Synth(nil)
	got := map[string]string{}
	for _, stack := range []awscdk.Stack{web, jobs} {
		tmpl := synth(t, stack)
		for id, containers := range taskDefinitions(tmpl) {
			got[id[:len(id)-8]] = fmt.Sprint(containers)
		}
		if n := len(tmpl.some("AWS::APS::Workspace")); n != 1 {
			t.Errorf("%s has %d workspaces", *stack.StackName(), n)
		}
	}
	want := map[string]string{
		"ShopTaskDef":                  "[web aws-otel-collector]",
		"MailTaskDef":                  "[web]",
		"WorkerQueueProcessingTaskDef": "[QueueProcessingContainer aws-otel-collector]",
		"ReportScheduledTaskDef":       "[ScheduledContainer]",
		"Host":                         "[app aws-otel-collector]",
		"Own":                          "[aws-otel-collector app]",
		"ByHand":                       "[app adot]",
		"Elsewhere":                    "[app]",
		"Windows":                      "[app]",
	}
	for id, containers := range want {
		if got[id] != containers {
			t.Errorf("%s has %s, want %s", id, got[id], containers)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %v", got)
	}
	assertContains(t, configText(containerIn(t, synth(t, web), "ShopTaskDef", collectorName)), "127.0.0.1:8080")
	app1 := containerIn(t, synth(t, jobs), "WorkerQueueProcessingTaskDef", "QueueProcessingContainer")
	assertJSON(t, "dependency", app1["DependsOn"], `[{"Condition":"START","ContainerName":"aws-otel-collector"}]`)
	assertContains(t, asJSON(app1["Environment"]), "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
	assertWarned(t, app.Node().FindChild(jsii.String("OtelPrometheus")), "leftAlone",
		"Web/Mail/TaskDef (Skip), Jobs/Report/ScheduledTaskDef (For), Jobs/Own (has a collector), Jobs/Elsewhere (EXTERNAL), Jobs/ByHand (has a collector), Jobs/Windows (Windows)")
	if want := "[Jobs/Worker/QueueProcessingTaskDef Jobs/Report/ScheduledTaskDef Jobs/Host]"; fmt.Sprint(asked) != want {
		t.Errorf("asked about %v, want %s", asked, want)
	}
}

// containerIn is a container of the task definition whose logical id begins with id.
func containerIn(t *testing.T, tmpl template, id, name string) object {
	t.Helper()
	for full, r := range tmpl.Resources {
		if r.Type == "AWS::ECS::TaskDefinition" && len(full) == len(id)+8 && full[:len(id)] == id {
			for _, c := range r.Properties["ContainerDefinitions"].([]any) {
				if c.(object)["Name"] == name {
					return c.(object)
				}
			}
		}
	}
	t.Fatalf("no container %s in %s", name, id)
	return nil
}

// TestAddToAllCountsWhatComesLater: a task definition that is made after the call, and a container that an aspect adds.
func TestAddToAllCountsWhatComesLater(t *testing.T) {
	for name, stabilization := range map[string]bool{"with aspectStabilization": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			context := cdkContext(t)
			context["@aws-cdk/core:aspectStabilization"] = stabilization
			app := awscdk.NewApp(&awscdk.AppProps{Context: &context})
			otelprometheus.AddToAll(app, nil)
			stack := awscdk.NewStack(app, jsii.String("Late"), nil)
			image := awsecs.ContainerImage_FromRegistry(jsii.String("app:1"), nil)
			awsecs.NewFargateTaskDefinition(stack, jsii.String("Task"), &awsecs.FargateTaskDefinitionProps{MemoryLimitMiB: jsii.Number(1024)}).
				AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
			awscdk.Aspects_Of(app).Add(&lateContainer{image}, nil)
			tmpl := synth(t, stack)
			for _, container := range []string{"app", "late"} {
				assertJSON(t, container, containerIn(t, tmpl, "Task", container)["DependsOn"], `[{"Condition":"START","ContainerName":"aws-otel-collector"}]`)
			}
		})
	}
}

func TestAddToAllReportsWhatIsNotThere(t *testing.T) {
	app, _, _ := patternsApp(t)
	otelprometheus.AddToAll(app, &otelprometheus.AddToAllProps{
		Overrides: &map[string]*otelprometheus.TelemetryProps{"Web/Shop/TaskDefinition": {}}, Skip: jsii.Strings("Web/Male"),
	})
	assertRefused(t, func() { app.Synth(nil) }, "Validation failed")
	assertContains(t, errorsOf(app.Node().FindChild(jsii.String("OtelPrometheus"))),
		"AddToAll: Overrides: there is no task definition at Web/Shop/TaskDefinition", "AddToAll: Skip[0]: there is no task definition at or below Web/Male")
	assertRefused(t, func() { otelprometheus.AddToAll(app, nil) }, "AddToAll: it was called on this scope already")
	assertRefused(t, func() {
		otelprometheus.AddToAll(newStack(t), &otelprometheus.AddToAllProps{
			Telemetry: &otelprometheus.TelemetryProps{Labels: &otelprometheus.LabelsProps{Policy: "some"}},
			Overrides: &map[string]*otelprometheus.TelemetryProps{"A": nil}, Skip: jsii.Strings(""),
		})
	}, "AddToAll: 3 errors", "Labels.Policy", "Overrides: A is nil", "Skip[0] is empty")
}

// TestTwelveServices: a platform's team adds telemetry to the services of three others, with one workspace, in five lines.
func TestTwelveServices(t *testing.T) {
	app := newApp(t)
	var teams []awscdk.Stack
	for _, team := range []string{"Shop", "Stock", "Mail"} {
		stack := awscdk.NewStack(app, jsii.String(team), nil)
		for i := range 4 {
			td := awsecs.NewFargateTaskDefinition(stack, jsii.String(fmt.Sprintf("Service%d", i)), &awsecs.FargateTaskDefinitionProps{MemoryLimitMiB: jsii.Number(1024)})
			td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
		}
		teams = append(teams, stack)
	}

	platform := awscdk.NewStack(app, jsii.String("Platform"), nil)
	workspace := amp.NewWorkspace(platform, jsii.String("Workspace"), nil)
	otelprometheus.AddToAll(app, &otelprometheus.AddToAllProps{
		Telemetry: &otelprometheus.TelemetryProps{Workspace: workspace},
	})

	app.Synth(nil)
	for _, stack := range teams {
		tmpl := synth(t, stack)
		for id, containers := range taskDefinitions(tmpl) {
			if want := "[app aws-otel-collector]"; fmt.Sprint(containers) != want {
				t.Errorf("%s of %s has %v", id, *stack.StackName(), containers)
			}
		}
		if n := len(tmpl.some("AWS::ECS::TaskDefinition")); n != 4 {
			t.Errorf("%s has %d task definitions", *stack.StackName(), n)
		}
		if n := len(tmpl.all("AWS::APS::Workspace")); n != 0 {
			t.Errorf("%s has a workspace of its own", *stack.StackName())
		}
	}
}
