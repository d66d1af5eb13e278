package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecspatterns"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

func plainTask(stack awscdk.Stack) awsecs.FargateTaskDefinition {
	return awsecs.NewFargateTaskDefinition(stack, jsii.String("Task"), &awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)})
}

func TestExtensionGivesBackWhatItAdded(t *testing.T) {
	stack := newStack(t)
	td := plainTask(stack)
	extension := otelprometheus.NewOtelPrometheusSidecar(nil)
	assertRefused(t, func() { extension.Of(td) }, "has no sidecar of this extension")
	td.AddExtension(extension)
	sidecar := extension.Of(td)
	sidecar.AddScrapeJob(&otelprometheus.ScrapeJob{Port: jsii.Number(8080)})
	if *sidecar.Collector().ContainerName() != collectorName || sidecar.Workspace() == nil || sidecar.CollectorLogGroup() == nil {
		t.Error("something is missing")
	}
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
	tmpl := synth(t, stack)
	assertContains(t, configText(tmpl.container(collectorName)), "127.0.0.1:8080", "metrics/otlp:")
	assertJSON(t, "statements", tmpl.statements("TaskTaskRole"),
		`[{"Action":"aps:RemoteWrite","Effect":"Allow","Resource":{"Fn::GetAtt":["OtelPrometheusWorkspaceF82D3C3F","Arn"]}}]`)
}

func TestSecondCollectorIsRefused(t *testing.T) {
	for name, td := range map[string]awsecs.TaskDefinition{
		"extension twice": func() awsecs.TaskDefinition {
			td := plainTask(newStack(t))
			td.AddExtension(otelprometheus.NewOtelPrometheusSidecar(nil))
			return td
		}(),
		"extension on a task definition that brings a collector": fargateTask(newStack(t), nil, nil),
		"extension on a container of the collector's id": func() awsecs.TaskDefinition {
			td := plainTask(newStack(t))
			td.AddContainer(jsii.String("Collector"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), ContainerName: jsii.String("mine")})
			return td
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			td.AddExtension(otelprometheus.NewOtelPrometheusSidecar(nil))
			assertContains(t, errorsOf(td), "there is a collector already")
			assertRefused(t, func() { synth(t, awscdk.Stack_Of(td)) }, "Validation failed")
		})
	}
}

func TestExtensionRejects(t *testing.T) {
	assertRefused(t, func() { otelprometheus.NewOtelPrometheusSidecar(withScrape(&otelprometheus.ScrapeJob{})) }, "NewOtelPrometheusSidecar: Telemetry.Scrape[0].Port is not set")
	td := plainTask(newStack(t))
	td.AddExtension(otelprometheus.NewOtelPrometheusSidecar(withCollector(otelprometheus.CollectorProps{MemoryLimitMiB: jsii.Number(2000)})))
	assertContains(t, errorsOf(td), "MemoryLimitMiB is 2000, more than the task's 1024 MiB")
}

func TestContainersThatAreThereKeepWhatTheySet(t *testing.T) {
	stack := newStack(t)
	td := plainTask(stack)
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
		Image: anyImage(), Logging: awsecs.LogDrivers_None(), Secrets: &map[string]awsecs.Secret{"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": secret(stack)},
		Environment: &map[string]*string{"OTEL_EXPORTER_OTLP_ENDPOINT": jsii.String("http://else"), "A": stack.Region()},
	})
	td.AddExtension(otelprometheus.NewOtelPrometheusSidecar(nil))
	app := synth(t, stack).container("app")
	assertJSON(t, "environment", environment(app), `{"A":{"Ref":"AWS::Region"},"OTEL_EXPORTER_OTLP_ENDPOINT":"http://else"}`)
	assertJSON(t, "logging", app["LogConfiguration"], `{"LogDriver":"none"}`)
}

func TestFirelensRouterAndOptedOutContainersAreLeftAlone(t *testing.T) {
	stack := newStack(t)
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		&otelprometheus.TelemetryProps{Containers: &map[string]*otelprometheus.ContainerProps{
			"proxy": {OptOut: jsii.Bool(true)},
			"late":  {DependencyCondition: awsecs.ContainerDependencyCondition_HEALTHY},
		}})
	td.AddFirelensLogRouter(jsii.String("router"), &awsecs.FirelensLogRouterDefinitionOptions{
		Image: anyImage(), FirelensConfig: &awsecs.FirelensConfig{Type: awsecs.FirelensLogRouterType_FLUENTBIT},
	})
	for _, name := range []string{"proxy", "late"} {
		td.AddContainer(&name, &awsecs.ContainerDefinitionOptions{Image: anyImage()})
	}
	tmpl := synth(t, stack)
	for _, name := range []string{"router", "proxy"} {
		c := tmpl.container(name)
		if c["DependsOn"] != nil || c["Environment"] != nil || c["LogConfiguration"] != nil {
			t.Errorf("%s was changed: %v", name, c)
		}
	}
	assertJSON(t, "late", tmpl.container("late")["DependsOn"], `[{"Condition":"HEALTHY","ContainerName":"aws-otel-collector"}]`)
}

func TestOtherExtensionsAddContainers(t *testing.T) {
	stack := newStack(t)
	td := fargateTask(stack, nil, nil)
	td.AddExtension(&xrayExtension{name: "xray-daemon"})
	assertJSON(t, "dependency", synth(t, stack).container("xray-daemon")["DependsOn"], startsAfterCollector)
}

// xrayExtension adds a container from a callback, as other extensions do.
type xrayExtension struct{ name string }

func (x *xrayExtension) Extend(td awsecs.TaskDefinition) {
	td.AddContainer(&x.name, &awsecs.ContainerDefinitionOptions{Image: anyImage()})
}

func TestPatternsTakeTheTaskDefinitions(t *testing.T) {
	port := &awsecs.ContainerDefinitionOptions{PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080)}}}
	breaker := &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)}
	for name, tc := range map[string]struct {
		balanced bool
		build    func(awscdk.Stack, awsec2.Vpc, *otelprometheus.OtelPrometheusFargateTaskDefinition)
	}{
		"ApplicationLoadBalanced": {true, func(stack awscdk.Stack, vpc awsec2.Vpc, td *otelprometheus.OtelPrometheusFargateTaskDefinition) {
			awsecspatterns.NewApplicationLoadBalancedFargateService(stack, jsii.String("Service"), &awsecspatterns.ApplicationLoadBalancedFargateServiceProps{
				TaskDefinition: td, Vpc: vpc, MinHealthyPercent: jsii.Number(100), CircuitBreaker: breaker,
			})
		}},
		"NetworkLoadBalanced": {true, func(stack awscdk.Stack, vpc awsec2.Vpc, td *otelprometheus.OtelPrometheusFargateTaskDefinition) {
			awsecspatterns.NewNetworkLoadBalancedFargateService(stack, jsii.String("Service"), &awsecspatterns.NetworkLoadBalancedFargateServiceProps{
				TaskDefinition: td, Vpc: vpc, MinHealthyPercent: jsii.Number(100), CircuitBreaker: breaker,
			})
		}},
		"QueueProcessing": {false, func(stack awscdk.Stack, vpc awsec2.Vpc, td *otelprometheus.OtelPrometheusFargateTaskDefinition) {
			awsecspatterns.NewQueueProcessingFargateService(stack, jsii.String("Service"), &awsecspatterns.QueueProcessingFargateServiceProps{
				TaskDefinition: td, Vpc: vpc, MinHealthyPercent: jsii.Number(100), CircuitBreaker: breaker,
			})
		}},
		"ScheduledTask": {false, func(stack awscdk.Stack, vpc awsec2.Vpc, td *otelprometheus.OtelPrometheusFargateTaskDefinition) {
			awsecspatterns.NewScheduledFargateTask(stack, jsii.String("Service"), &awsecspatterns.ScheduledFargateTaskProps{
				ScheduledFargateTaskDefinitionOptions: &awsecspatterns.ScheduledFargateTaskDefinitionOptions{TaskDefinition: td},
				Schedule:                              awsapplicationautoscaling.Schedule_Rate(awscdk.Duration_Hours(jsii.Number(1))), Vpc: vpc,
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStack(t)
			td := fargateTask(stack, nil, port)
			tc.build(stack, awsec2.NewVpc(stack, jsii.String("Vpc"), nil), td)
			tmpl := synth(t, stack)
			assertJSON(t, "dependency", tmpl.container("app")["DependsOn"], startsAfterCollector)
			if tc.balanced {
				target := tmpl.one("AWS::ECS::Service")["LoadBalancers"].([]any)[0].(object)
				assertJSON(t, "target", []any{target["ContainerName"], target["ContainerPort"]}, `["app",8080]`)
			}
		})
	}
}

func TestContainerOfTheCollectorsNameIsRefused(t *testing.T) {
	td := plainTask(newStack(t))
	td.AddContainer(jsii.String("mine"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), ContainerName: jsii.String(collectorName)})
	td.AddExtension(otelprometheus.NewOtelPrometheusSidecar(nil))
	assertContains(t, errorsOf(td), "a container named aws-otel-collector is there already")
}

// TestPanicsInCallbacksAreReported: a panic of ours inside a callback from Node becomes an error of the construct, and
// Node lives on.
func TestPanicsInCallbacksAreReported(t *testing.T) {
	td := plainTask(newStack(t))
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), Cpu: jsii.Number(512)})
	// awscdk throws: the containers' CPU units are more than the task's.
	td.AddExtension(otelprometheus.NewOtelPrometheusSidecar(withCollector(otelprometheus.CollectorProps{Cpu: jsii.Number(64)})))
	assertContains(t, errorsOf(td), "cpu")
	synth(t, newStack(t)) // Node still answers
}

// TestTwoTaskDefinitionsInOneApp: callback structs of size zero would share an address, and the second task definition run the
// first one's callbacks.
func TestTwoTaskDefinitionsInOneApp(t *testing.T) {
	stack := newStack(t)
	for _, id := range []string{"A", "B"} {
		td := awsecs.NewFargateTaskDefinition(stack, &id, nil)
		td.AddExtension(otelprometheus.NewOtelPrometheusSidecar(nil))
		td.AddContainer(jsii.String("app"+id), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
	}
	for _, td := range synth(t, stack).some("AWS::ECS::TaskDefinition") {
		app := td["ContainerDefinitions"].([]any)[1].(object)
		assertJSON(t, app["Name"].(string), app["DependsOn"], startsAfterCollector)
		if len(environment(app)) == 0 {
			t.Errorf("%s has no environment", app["Name"])
		}
	}
}

func TestOneExtensionOnTwoTaskDefinitions(t *testing.T) {
	stack := newStack(t)
	extension := otelprometheus.NewOtelPrometheusSidecar(withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1)}))
	var tds []awsecs.TaskDefinition
	for _, id := range []string{"A", "B"} {
		td := awsecs.NewFargateTaskDefinition(stack, &id, nil)
		td.AddExtension(extension)
		td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
		tds = append(tds, td)
	}
	for i, path := range []string{"Stack/A/Collector", "Stack/B/Collector"} {
		if got := *extension.Of(tds[i]).Collector().Node().Path(); got != path {
			t.Errorf("the sidecar of the task definition %d is %s, want %s", i, got, path)
		}
	}
	for _, id := range []string{"StackA", "StackB"} {
		found := false
		for _, td := range synth(t, stack).all("AWS::ECS::TaskDefinition") {
			if strings.HasPrefix(td["Family"].(string), id) {
				found = true
				assertContains(t, environment(td["ContainerDefinitions"].([]any)[0].(object))["ECS_TASK_FAMILY"].(string), id)
			}
		}
		if !found {
			t.Errorf("no family %s", id)
		}
	}
}

// TestOneExtensionReachesAllItsTaskDefinitions: what is added to it reaches those that are there, and those that come.
func TestOneExtensionReachesAllItsTaskDefinitions(t *testing.T) {
	stack := newStack(t)
	extension := otelprometheus.NewOtelPrometheusSidecar(nil)
	vpc := awsec2.NewVpc(stack, jsii.String("Vpc"), &awsec2.VpcProps{MaxAzs: jsii.Number(2)})
	assertRefused(t, func() { extension.AddVpcEndpoints(vpc, nil) }, "no task definition has the extension yet; call it after AddExtension")
	extend := func(id string) {
		td := awsecs.NewFargateTaskDefinition(stack, &id, &awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)})
		td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
		td.AddExtension(extension)
	}
	extend("First")
	extend("Second")
	assertRefused(t, func() { extension.AddScrapeJob(&otelprometheus.ScrapeJob{}) }, "OtelPrometheusSidecar: AddScrapeJob", "Port is not set")
	extension.AddScrapeJob(&otelprometheus.ScrapeJob{Port: jsii.Number(8080)})
	extend("Third")
	extension.AddVpcEndpoints(vpc, nil)
	tmpl := synth(t, stack)
	var texts []string
	for _, id := range []string{"First", "Second", "Third"} {
		texts = append(texts, configText(containerIn(t, tmpl, id, collectorName)))
		assertContains(t, texts[len(texts)-1], "127.0.0.1:8080", "metrics/otlp:")
	}
	if texts[0] != texts[1] || texts[0] != texts[2] {
		t.Errorf("the configurations differ:\n%s\n%s\n%s", texts[0], texts[1], texts[2])
	}
	if n := len(tmpl.some("AWS::EC2::VPCEndpoint")); n != 5 {
		t.Errorf("there are %d endpoints, want 5", n)
	}
}
