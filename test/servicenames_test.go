package test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/observability"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// service is an ECS service whose task definition has telemetry.
func service(stack awscdk.Stack, telemetry *otelprometheus.TelemetryProps) awsecs.FargateService {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &awsecs.FargateTaskDefinitionProps{MemoryLimitMiB: jsii.Number(1024)}, telemetry)
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
	return awsecs.NewFargateService(stack, jsii.String("Service"), &awsecs.FargateServiceProps{Cluster: namedCluster(stack), TaskDefinition: td, MinHealthyPercent: jsii.Number(100)})
}

func namedCluster(stack awscdk.Stack) awsecs.ICluster {
	vpc := awsec2.NewVpc(stack, jsii.String("Vpc"), &awsec2.VpcProps{MaxAzs: jsii.Number(2)})
	return awsecs.NewCluster(stack, jsii.String("Cluster"), &awsecs.ClusterProps{Vpc: vpc, ClusterName: jsii.String("shop")})
}

// TestServiceNamesAreLabels: what Labels names is a label of every series, and the job of what has no other name.
func TestServiceNamesAreLabels(t *testing.T) {
	stack := newStack(t)
	telemetry := &otelprometheus.TelemetryProps{
		Otlp: &otelprometheus.OtlpProps{}, Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}},
		Labels: &otelprometheus.LabelsProps{Service: jsii.String("orders"), Environment: jsii.String("production"), Version: jsii.String("1.2")},
	}
	service(stack, telemetry)
	text := configText(synth(t, stack).container(collectorName))
	assertContains(t, text, `deployment_environment_name: production`, `service_name: orders`, `service_version: "1.2"`, `job_name: orders`,
		`{action: insert, key: service.name, value: orders}`, // an application without a name
		`exported_service_name`, `exported_service_version`)  // a sample that has such a label itself
	plain := newStack(t)
	service(plain, nil)
	if text := configText(synth(t, plain).container(collectorName)); regexp.MustCompile(`service_name|service_version|deployment_environment_name`).MatchString(text) {
		t.Errorf("the labels are there without being asked for:\n%s", text)
	}
}

// TestRulesFollowTheTaskDefinition: its name, its cluster where the policy keeps it, and what it sends.
func TestRulesFollowTheTaskDefinition(t *testing.T) {
	stack := newStack(t)
	shop := service(stack, &otelprometheus.TelemetryProps{
		Labels:      &otelprometheus.LabelsProps{Service: jsii.String("orders"), Policy: otelprometheus.LabelsIdentity},
		TaskMetrics: &otelprometheus.TaskMetricsProps{Metrics: jsii.Strings("ecs.task.cpu.utilized", "ecs.task.cpu.reserved")},
	})
	text, groups := rulesOf(t, &observability.ServiceRulesProps{Service: shop})
	assertContains(t, text, `ecs_task_cpu_utilized{service_name="orders"}`)
	if regexp.MustCompile(`aws_ecs_cluster_name=|aws_ecs_task_family=|ecs_task_memory_utilized`).MatchString(text) {
		t.Errorf("rules select by what is not there, or look at what is not sent:\n%s", text)
	}
	for _, rule := range groups["tasks"] {
		if rule.Alert != "" && rule.Labels["service_name"] != "orders" {
			t.Errorf("%s has the labels %v", rule.Alert, rule.Labels)
		}
	}
}

// TestRulesOnWhatIsNotSentAreRefused: alerts that could never fire, or would fire for ever.
func TestRulesOnWhatIsNotSentAreRefused(t *testing.T) {
	stack := newStack(t)
	shop := service(stack, nil)
	assertRefused(t, func() {
		serviceRules(stack, &observability.ServiceRulesProps{
			Service: shop, Scrape: &observability.ScrapeAlerts{}, Containers: &observability.ContainerAlerts{}, Collector: &observability.CollectorAlerts{},
			TaskMetrics: jsii.Strings("ecs.task.storage.read_bytes", "ecs.task.ephemeral_storage.utilized"),
		})
	}, "Scrape is set, but the task definition has no scrape job; add one before the rules, or leave Scrape out",
		"Containers is set, but the task definition sends no metrics of containers; set TaskMetrics.Containers in its telemetry",
		"TaskMetrics has ecs.task.ephemeral_storage.utilized, which the task definition does not send; leave TaskMetrics out",
		"Collector is set, but the task definition does not send the collector's own metrics; set CollectorMetrics in its telemetry")

	other := newStack(t)
	listed := service(other, &otelprometheus.TelemetryProps{Labels: &otelprometheus.LabelsProps{Keep: jsii.Strings("aws.ecs.task.id")}})
	assertRefused(t, func() { serviceRules(other, &observability.ServiceRulesProps{Service: listed}) },
		"the label policy of the task definition does not keep aws_ecs_task_family, by which the rules select: no rule would ever see a series")

	silent := newStack(t)
	off := service(silent, &otelprometheus.TelemetryProps{TaskMetrics: &otelprometheus.TaskMetricsProps{Enabled: jsii.Bool(false)}})
	assertRefused(t, func() { serviceRules(silent, &observability.ServiceRulesProps{Service: off}) }, "Absence has nothing to watch")

	// A job that is added before the rules counts.
	later := newStack(t)
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(later, jsii.String("Task"), nil, nil)
	td.AddScrapeJob(&otelprometheus.ScrapeJob{Name: jsii.String("shop"), Port: jsii.Number(8080)})
	serviceRules(later, &observability.ServiceRulesProps{TaskDefinition: td, Scrape: &observability.ScrapeAlerts{}})
}

// TestFamilyThatNobodyHasIsNamed: rules for it would report an absent service for ever.
func TestFamilyThatNobodyHasIsNamed(t *testing.T) {
	for family, warned := range map[string]bool{"orders": false, "order": true} {
		stack := newStack(t)
		rules := serviceRules(stack, &observability.ServiceRulesProps{TaskFamily: &family})
		otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &awsecs.FargateTaskDefinitionProps{Family: jsii.String("orders")}, nil).
			AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
		synth(t, stack)
		if got := strings.Contains(warnings(rules), "unknownFamily"); got != warned {
			t.Errorf("%s: the warning is there: %t\n%s", family, got, warnings(rules))
		}
	}
}

// TestAddToAllTakesTheNamesOfServices: where they have one, and where the telemetry has none.
func TestAddToAllTakesTheNamesOfServices(t *testing.T) {
	stack := newStack(t)
	cluster := namedCluster(stack)
	for _, name := range []string{"orders", "stock", ""} {
		id := name + "Task"
		td := awsecs.NewFargateTaskDefinition(stack, &id, &awsecs.FargateTaskDefinitionProps{MemoryLimitMiB: jsii.Number(1024)})
		td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
		props := &awsecs.FargateServiceProps{Cluster: cluster, TaskDefinition: td, MinHealthyPercent: jsii.Number(100)}
		if name != "" {
			props.ServiceName = &name
		}
		awsecs.NewFargateService(stack, jsii.String(name+"Service"), props)
	}
	otelprometheus.AddToAll(stack, &otelprometheus.AddToAllProps{Overrides: &map[string]*otelprometheus.TelemetryProps{
		"stockTask": {Labels: &otelprometheus.LabelsProps{Service: jsii.String("warehouse")}},
	}})
	tmpl := synth(t, stack)
	for id, label := range map[string]string{"ordersTask": "service_name: orders", "stockTask": "service_name: warehouse"} {
		assertContains(t, configText(containerIn(t, tmpl, id, collectorName)), label)
	}
	if text := configText(containerIn(t, tmpl, "Task", collectorName)); strings.Contains(text, "service_name") {
		t.Errorf("a service without a name has one:\n%s", text)
	}
}
