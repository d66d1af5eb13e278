package test

import (
	"fmt"
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

// entry is a way to get a task definition with a collector.
type entry struct {
	name  string
	build taskBuilder
}

// taskBuilder makes a task definition, or nil where the way does not know the launch type. add puts a container into it, before the
// collector where the way allows that.
type taskBuilder = func(stack awscdk.Stack, l launch, telemetry *otelprometheus.TelemetryProps, add func(awsecs.TaskDefinition)) awsecs.TaskDefinition

type launch struct {
	compatibility awsecs.Compatibility
	network       awsecs.NetworkMode // empty is the default
}

var entries = []entry{
	{"NewOtelPrometheusTaskDefinition", func(stack awscdk.Stack, l launch, telemetry *otelprometheus.TelemetryProps, add func(awsecs.TaskDefinition)) awsecs.TaskDefinition {
		td := otelprometheus.NewOtelPrometheusTaskDefinition(stack, jsii.String("Task"), new(taskProps(l)), telemetry)
		add(td)
		return td
	}},
	{"drop-in", func(stack awscdk.Stack, l launch, telemetry *otelprometheus.TelemetryProps, add func(awsecs.TaskDefinition)) awsecs.TaskDefinition {
		switch l.compatibility {
		case awsecs.Compatibility_FARGATE:
			td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
				&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
				telemetry)
			add(td)
			return td
		case awsecs.Compatibility_EC2:
			td := otelprometheus.NewOtelPrometheusEc2TaskDefinition(stack, jsii.String("Task"),
				&awsecs.Ec2TaskDefinitionProps{NetworkMode: l.network},
				telemetry)
			add(td)
			return td
		}
		return nil
	}},
	{"extension before", extension(true)},
	{"extension after", extension(false)},
}

// extension adds the collector before or after the app's containers.
func extension(before bool) taskBuilder {
	return func(stack awscdk.Stack, l launch, telemetry *otelprometheus.TelemetryProps, add func(awsecs.TaskDefinition)) awsecs.TaskDefinition {
		props := taskProps(l)
		td := awsecs.NewTaskDefinition(stack, jsii.String("Task"), &props)
		if !before {
			add(td)
		}
		td.AddExtension(otelprometheus.NewOtelPrometheusSidecar(telemetry))
		if before {
			add(td)
		}
		return td
	}
}

const allThree = awsecs.Compatibility_FARGATE_AND_EC2_AND_MANAGED_INSTANCES

// TestAllThreeLaunchTypes pins what awscdk makes of the combination, which is why it draws a warning.
func TestAllThreeLaunchTypes(t *testing.T) {
	stack := newStack(t)
	td := otelprometheus.NewOtelPrometheusTaskDefinition(stack, jsii.String("Task"),
		new(taskProps(launch{compatibility: allThree})),
		nil)
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
	assertWarned(t, td, "allLaunchTypes", "writes no RequiresCompatibilities")
	properties := synth(t, stack).one("AWS::ECS::TaskDefinition")
	if asJSON(properties["RequiresCompatibilities"]) != "[]" || properties["NetworkMode"] != "bridge" {
		t.Errorf("awscdk knows the combination now (%v, %v): remove the warning and the special case", properties["RequiresCompatibilities"], properties["NetworkMode"])
	}
}

func taskProps(l launch) awsecs.TaskDefinitionProps {
	return awsecs.TaskDefinitionProps{Compatibility: l.compatibility, NetworkMode: l.network, Cpu: jsii.String("512"), MemoryMiB: jsii.String("1024")}
}

// TestEveryLaunchTypeNetworkModeAndEntryPoint asserts the same of each combination: what the app waits for, where it finds
// the collector, where the collector finds the app, what it listens on, and which container is the default one.
func TestEveryLaunchTypeNetworkModeAndEntryPoint(t *testing.T) {
	const awsvpc, bridge, host = awsecs.NetworkMode_AWS_VPC, awsecs.NetworkMode_BRIDGE, awsecs.NetworkMode_HOST
	app := newApp(t)
	var cases []func()
	for _, l := range []launch{
		{awsecs.Compatibility_FARGATE, awsvpc},
		{awsecs.Compatibility_FARGATE, ""},
		{awsecs.Compatibility_EC2, ""},
		{awsecs.Compatibility_EC2, awsvpc},
		{awsecs.Compatibility_EC2, bridge},
		{awsecs.Compatibility_EC2, host},
		{awsecs.Compatibility_EC2_AND_FARGATE, awsvpc},
		{awsecs.Compatibility_MANAGED_INSTANCES, ""},
		{awsecs.Compatibility_MANAGED_INSTANCES, host},
		{awsecs.Compatibility_EC2_AND_MANAGED_INSTANCES, awsvpc},
		{awsecs.Compatibility_FARGATE_AND_MANAGED_INSTANCES, ""},
		{allThree, ""},
		{allThree, awsvpc},
	} {
		for _, e := range entries {
			for _, scraped := range []bool{false, true} {
				name := fmt.Sprintf("%s/%s/%s/scrape=%v", l.compatibility, l.network, e.name, scraped)
				stack := awscdk.NewStack(app, jsii.String(fmt.Sprintf("Stack%d", len(*app.Node().Children()))), nil)
				telemetry := &otelprometheus.TelemetryProps{}
				if scraped {
					telemetry = withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(8080), Name: jsii.String("app")})
				}
				td := e.build(stack, l, telemetry, func(td awsecs.TaskDefinition) {
					td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
						Image: anyImage(), MemoryReservationMiB: jsii.Number(64), PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080)}},
					})
				})
				if td == nil {
					continue // this constructor is for one launch type
				}
				linked := l.network == bridge || l.network == "" && (l.compatibility == awsecs.Compatibility_EC2 || l.compatibility == allThree)
				cases = append(cases, func() {
					t.Run(name, func(t *testing.T) { checkTask(t, td, synth(t, stack), linked, scraped) })
				})
			}
		}
	}
	for _, check := range cases { // the first one synthesizes all stacks
		check()
	}
}

func checkTask(t *testing.T, td awsecs.TaskDefinition, tmpl template, linked, scraped bool) {
	t.Helper()
	c, app := tmpl.container(collectorName), tmpl.container("app")
	config, env := configText(c), environment(app)

	if name := *td.DefaultContainer().ContainerName(); name != "app" {
		t.Errorf("the default container is %s", name)
	}
	if ports, ok := c["PortMappings"]; ok {
		t.Errorf("the collector publishes %v", ports)
	}
	if _, ok := app["LogConfiguration"].(object)["Options"].(object)["awslogs-group"]; !ok {
		t.Errorf("the app logs to %v", app["LogConfiguration"])
	}
	host, listen := "127.0.0.1", "127.0.0.1"
	if linked {
		host, listen = collectorName, "0.0.0.0"
	}
	// The collector waits for a container that it is linked to; everything else waits for the collector.
	if linked && scraped {
		assertJSON(t, "links of the collector", c["Links"], `["app"]`)
		if app["DependsOn"] != nil || app["Links"] != nil {
			t.Errorf("the app depends on %v and links to %v", app["DependsOn"], app["Links"])
		}
	} else {
		assertJSON(t, "dependencies of the app", app["DependsOn"], startsAfterCollector)
		if c["Links"] != nil || c["DependsOn"] != nil {
			t.Errorf("the collector depends on %v and links to %v", c["DependsOn"], c["Links"])
		}
	}
	if scraped {
		target := "127.0.0.1:8080"
		if linked {
			target = "app:8080"
		}
		assertContains(t, config, "- "+target)
		if got := strings.Contains(config, "scrape_on_shutdown: true"); got != linked {
			t.Errorf("scrape on shutdown %v, linked %v", got, linked)
		}
		for name := range env {
			if strings.HasPrefix(name, "OTEL_") {
				t.Errorf("the app got %v", env)
			}
		}
		return
	}
	assertContains(t, config, listen+":4317", listen+":4318", "127.0.0.1:13133")
	assertJSON(t, "endpoint", env["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"], `"http://`+host+`:4318/v1/metrics"`)
	if linked {
		assertJSON(t, "links of the app", app["Links"], `["aws-otel-collector"]`)
	}
}

func TestBridgeScrapesTheNamedContainers(t *testing.T) {
	stack := newStack(t)
	td := otelprometheus.NewOtelPrometheusEc2TaskDefinition(stack, jsii.String("Task"),
		nil,
		withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), Name: jsii.String("first")}))
	for _, name := range []string{"one", "two", "three"} {
		td.AddContainer(&name, &awsecs.ContainerDefinitionOptions{Image: anyImage(), MemoryReservationMiB: jsii.Number(64)})
	}
	td.AddScrapeJob(&otelprometheus.ScrapeJob{Port: jsii.Number(2), Name: jsii.String("second"), ContainerName: jsii.String("three")})
	tmpl := synth(t, stack)
	assertContains(t, configText(tmpl.container(collectorName)), "one:1", "three:2")
	assertJSON(t, "links", tmpl.container(collectorName)["Links"], `["one","three"]`)
	assertJSON(t, "a container that is not scraped", tmpl.container("two")["DependsOn"], startsAfterCollector)
}

func TestBridgeCannotScrapeAnOptedOutContainer(t *testing.T) {
	stack := newStack(t)
	telemetry := withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(9), Name: jsii.String("a"), ContainerName: jsii.String("app")})
	telemetry.Containers = &map[string]*otelprometheus.ContainerProps{"app": {OptOut: jsii.Bool(true)}}
	td := otelprometheus.NewOtelPrometheusEc2TaskDefinition(stack, jsii.String("Task"), nil, telemetry)
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), MemoryReservationMiB: jsii.Number(64)})
	assertRefused(t, func() { synth(t, stack) }, "Telemetry.Scrape[0].ContainerName is app, which opted out")
}

func TestEc2TakesAConfigurationFromTheImage(t *testing.T) {
	stack := newStack(t)
	td := otelprometheus.NewOtelPrometheusEc2TaskDefinition(stack, jsii.String("Task"),
		nil,
		withConfig(otelprometheus.ConfigFromImage(jsii.String(otelprometheus.ADOTEcsAmp), nil)))
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), MemoryReservationMiB: jsii.Number(64)})
	c := synth(t, stack).container(collectorName)
	assertJSON(t, "reservation, which ECS wants", c["MemoryReservation"], `256`)
	assertJSON(t, "region, which nobody else sets", environment(c)["AWS_REGION"], `{"Ref":"AWS::Region"}`)
}

func TestHostModeWarnsAboutOneCollectorPerInstance(t *testing.T) {
	for mode, want := range map[awsecs.NetworkMode]bool{awsecs.NetworkMode_HOST: true, awsecs.NetworkMode_AWS_VPC: false} {
		td := otelprometheus.NewOtelPrometheusEc2TaskDefinition(newStack(t), jsii.String("Task"),
			&awsecs.Ec2TaskDefinitionProps{NetworkMode: mode},
			nil)
		if got := strings.Contains(warnings(td), "one such task an instance"); got != want {
			t.Errorf("%s: warned %v", mode, got)
		}
	}
}

func TestBridgeMayUseAPortInTwoContainers(t *testing.T) {
	build := func(hostPort float64) awscdk.Stack {
		stack := newStack(t)
		td := otelprometheus.NewOtelPrometheusEc2TaskDefinition(stack, jsii.String("Task"), nil, nil)
		for _, name := range []string{"a", "b"} {
			td.AddContainer(&name, &awsecs.ContainerDefinitionOptions{
				Image: anyImage(), MemoryReservationMiB: jsii.Number(64), PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(4317), HostPort: &hostPort}},
			})
		}
		return stack
	}
	synth(t, build(0)) // dynamic
	stack := build(8080)
	assertRefused(t, func() { synth(t, stack) }, "containers a and b both use tcp port 8080")
}

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
			return otelprometheus.NewOtelPrometheusTaskDefinition(stack, id,
				&awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_FARGATE, Cpu: jsii.String("512"), MemoryMiB: jsii.String("1024")},
				nil)
		},
		"Fargate": func(stack awscdk.Stack) form {
			return otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, id, nil, nil)
		},
		"EC2": func(stack awscdk.Stack) form {
			return otelprometheus.NewOtelPrometheusEc2TaskDefinition(stack, id,
				&awsecs.Ec2TaskDefinitionProps{NetworkMode: awsecs.NetworkMode_AWS_VPC},
				nil)
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
			assertContains(t, configText(tmpl.container(collectorName)), "127.0.0.1:9102")
			tmpl.one("AWS::APS::Workspace")
			assertContains(t, asJSON(resolved(stack, td.Workspace().WorkspaceArn())), "Fn::GetAtt")
			if td.CollectorLogGroup() == nil {
				t.Error("no log group of the collector")
			}
			tmpl.some("AWS::EC2::VPCEndpoint")
		})
	}
}

// TestCollectorWaitsForTheProxy: the proxy of App Mesh starts before the collector and stops after it, so that the last samples get through,
// with the constructor and with the extension, whichever is added first.
func TestCollectorWaitsForTheProxy(t *testing.T) {
	proxied := func() *awsecs.FargateTaskDefinitionProps {
		return &awsecs.FargateTaskDefinitionProps{MemoryLimitMiB: jsii.Number(1024), Cpu: jsii.Number(512), ProxyConfiguration: awsecs.NewAppMeshProxyConfiguration(&awsecs.AppMeshProxyConfigurationConfigProps{
			ContainerName: jsii.String("envoy"),
			Properties:    &awsecs.AppMeshProxyConfigurationProps{IgnoredUID: jsii.Number(1337), AppPorts: &[]*float64{jsii.Number(8080)}, ProxyEgressPort: jsii.Number(15001), ProxyIngressPort: jsii.Number(15000)},
		})}
	}
	envoy := func(td awsecs.TaskDefinition) {
		td.AddContainer(jsii.String("envoy"), &awsecs.ContainerDefinitionOptions{
			Image: anyImage(), HealthCheck: &awsecs.HealthCheck{Command: jsii.Strings("CMD", "/ready")}, User: jsii.String("1337"),
		})
	}
	app := func(td awsecs.TaskDefinition) {
		td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
	}
	for name, build := range map[string]func(stack awscdk.Stack){
		"constructor": func(stack awscdk.Stack) {
			td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), proxied(), nil)
			app(td)
			envoy(td)
		},
		"extension": func(stack awscdk.Stack) {
			td := awsecs.NewFargateTaskDefinition(stack, jsii.String("Task"), proxied())
			envoy(td)
			td.AddExtension(otelprometheus.NewOtelPrometheusSidecar(nil))
			app(td)
		},
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStack(t)
			build(stack)
			tmpl := synth(t, stack)
			assertJSON(t, "the collector", tmpl.container(collectorName)["DependsOn"], `[{"Condition":"HEALTHY","ContainerName":"envoy"}]`)
			assertJSON(t, "the proxy", tmpl.container("envoy")["DependsOn"], `null`)
			if len(environment(tmpl.container("envoy"))) != 0 {
				t.Error("the proxy has variables for an SDK")
			}
			assertJSON(t, "the app", tmpl.container("app")["DependsOn"], startsAfterCollector)
		})
	}
}
