package test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecr"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecspatterns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsservicediscovery"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/central"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/dashboards"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/grafana"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/observability"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
)

// guides holds the code of docs/guides, of other pages and of package comments; TestDocsGoCompiles keeps the two alike.
// Each gets a stack, an image of an app and a cluster, as the guides assume.
var guides = map[string]func(stack awscdk.Stack, image awsecs.ContainerImage, cluster awsecs.ICluster){
	"README's first":        guideReadme,
	"scrape":                guideScrape,
	"several endpoints":     guideSeveralEndpoints,
	"OTLP":                  guideOtlp,
	"StatsD":                guideStatsd,
	"extension":             guideExtension,
	"ecs_patterns":          guidePatterns,
	"another account":       guideWriterRole,
	"another account, task": guideAssumeRole,
	"resource policy":       guideResourcePolicy,
	"private VPC":           guidePrivateVpc,
	"traces":                guideTraces,
	"short-lived task":      guideShortLived,
	"delivery":              guideDelivery,
	"migration":             guideMigrate,
	"cost":                  guideCost,
	"collector metrics":     guideCollectorMetrics,
	"Grafana":               guideGrafana,
	"README":                guideQuickStart,
	"package amp":           guideGrant,
	"alerts":                guideAlerts,
	"many services":         guideManyServices,
	"central":               guideCentral,
	"scaling":               guideScaling,
	"agentless":             guideAgentless,
	"many services, named":  guideManyServicesNames,
}

func TestGuidesSynthesize(t *testing.T) {
	for name, guide := range guides {
		t.Run(name, func(t *testing.T) {
			stack := newStackIn(newApp(t), "Shop", home, "eu-west-1")
			guide(stack, anyImage(), awsecs.NewCluster(stack, jsii.String("Cluster"), &awsecs.ClusterProps{
				Vpc: awsec2.NewVpc(stack, jsii.String("Vpc"), &awsec2.VpcProps{MaxAzs: jsii.Number(2)}),
			}))
			synth(t, stack)
		})
	}
}

var size = awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)}

func guideAgentless(stack awscdk.Stack, image awsecs.ContainerImage, cluster awsecs.ICluster) {
	workspace := amp.NewWorkspace(stack, jsii.String("Workspace"), nil)
	task := awsecs.NewFargateTaskDefinition(stack, jsii.String("Task"), nil)
	task.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image, PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080)}}})
	orders := awsecs.NewFargateService(stack, jsii.String("Orders"), &awsecs.FargateServiceProps{Cluster: cluster, TaskDefinition: task, CloudMapOptions: &awsecs.CloudMapOptions{
		CloudMapNamespace: awsservicediscovery.NewPrivateDnsNamespace(stack, jsii.String("Namespace"), &awsservicediscovery.PrivateDnsNamespaceProps{Name: jsii.String("shop.local"), Vpc: cluster.Vpc()}),
	}})

	central.NewAgentlessScrape(stack, jsii.String("Agentless"), &central.AgentlessScrapeProps{
		Workspace: workspace,
		Services: &[]*central.AgentlessService{
			{Service: orders, Name: jsii.String("orders"), Port: jsii.Number(8080)},
		},
	})
}

func guideScaling(stack awscdk.Stack, image awsecs.ContainerImage, cluster awsecs.ICluster) {
	queue := awssqs.NewQueue(stack, jsii.String("Queue"), nil)

	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &size, &otelprometheus.TelemetryProps{
		Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}},
		CloudWatch: &otelprometheus.CloudWatchProps{Metrics: &[]*otelprometheus.CopiedMetric{
			{Name: jsii.String("jobs_waiting")}, {Name: jsii.String("jobs_done_total")},
		}},
	})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
	service := awsecs.NewFargateService(stack, jsii.String("Service"), &awsecs.FargateServiceProps{Cluster: cluster, TaskDefinition: td})
	count := service.AutoScaleTaskCount(&awsapplicationautoscaling.EnableScalingProps{MinCapacity: jsii.Number(1), MaxCapacity: jsii.Number(10)})
	count.ScaleToTrackCustomMetric(jsii.String("Jobs"), &awsecs.TrackCustomMetricProps{
		Metric: td.CloudWatchMetric(jsii.String("jobs_done_total"), &otelprometheus.CloudWatchMetricOptions{
			Cluster: cluster, Statistic: jsii.String("Average"), // what one task did in a minute
		}),
		TargetValue: jsii.Number(300),
	})

	td.ScaleOnBacklog(jsii.String("Queue"), count, &otelprometheus.ScaleOnBacklogProps{
		Backlog: &otelprometheus.BacklogProps{
			Metric:  jsii.String("jobs_waiting"), // and the number of tasks, by its values
			Cluster: cluster,
			Depth:   queue.MetricApproximateNumberOfMessagesVisible(nil), // or leave it out, where every task sees the whole queue
		},
		TargetPerTask: jsii.Number(100),
	})
}

func guideScrape(stack awscdk.Stack, image awsecs.ContainerImage, cluster awsecs.ICluster) {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		&otelprometheus.TelemetryProps{
			Scrape: &[]*otelprometheus.ScrapeJob{{
				Name:        jsii.String("orders"),
				Port:        jsii.Number(8080),
				Interval:    awscdk.Duration_Seconds(jsii.Number(30)),
				DropMetrics: jsii.Strings("go_.*", "promhttp_.*"),
			}},
		})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
	awsecs.NewFargateService(stack, jsii.String("Service"), &awsecs.FargateServiceProps{Cluster: cluster, TaskDefinition: td})
}

func guideReadme(stack awscdk.Stack, image awsecs.ContainerImage, cluster awsecs.ICluster) {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		&otelprometheus.TelemetryProps{Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}}})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
	awsecs.NewFargateService(stack, jsii.String("Service"), &awsecs.FargateServiceProps{Cluster: cluster, TaskDefinition: td})
}

func guideSeveralEndpoints(stack awscdk.Stack, image awsecs.ContainerImage, cluster awsecs.ICluster) {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&size,
		&otelprometheus.TelemetryProps{Scrape: &[]*otelprometheus.ScrapeJob{{Name: jsii.String("orders"), Port: jsii.Number(8080)}}})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})

	td.AddContainer(jsii.String("envoy"), &awsecs.ContainerDefinitionOptions{Image: image})
	td.AddScrapeJob(&otelprometheus.ScrapeJob{
		Name: jsii.String("envoy"), ContainerName: jsii.String("envoy"), Port: jsii.Number(9901), Path: jsii.String("/stats/prometheus"),
	})
}

func guideOtlp(stack awscdk.Stack, image awsecs.ContainerImage, cluster awsecs.ICluster) {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		nil)
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
		Image:       image,
		Environment: &map[string]*string{"OTEL_SERVICE_NAME": jsii.String("orders")},
	})
	awsecs.NewFargateService(stack, jsii.String("Service"), &awsecs.FargateServiceProps{Cluster: cluster, TaskDefinition: td})
}

func guideExtension(stack awscdk.Stack, image awsecs.ContainerImage, cluster awsecs.ICluster) {
	td := awsecs.NewFargateTaskDefinition(stack, jsii.String("Task"), &size)
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})

	sidecar := otelprometheus.NewOtelPrometheusSidecar(&otelprometheus.TelemetryProps{
		Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}},
	})
	td.AddExtension(sidecar)
	awscdk.NewCfnOutput(stack, jsii.String("QueryUrl"), &awscdk.CfnOutputProps{Value: sidecar.Of(td).Workspace().QueryUrl()})
}

func guidePatterns(stack awscdk.Stack, image awsecs.ContainerImage, cluster awsecs.ICluster) {
	// Made by a pattern: extend what it made.
	web := awsecspatterns.NewApplicationLoadBalancedFargateService(stack, jsii.String("Web"), &awsecspatterns.ApplicationLoadBalancedFargateServiceProps{
		Cluster: cluster, Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024),
		TaskImageOptions: &awsecspatterns.ApplicationLoadBalancedTaskImageOptions{Image: image, ContainerPort: jsii.Number(8080)},
	})
	web.TaskDefinition().AddExtension(otelprometheus.NewOtelPrometheusSidecar(&otelprometheus.TelemetryProps{
		Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}},
	}))

	// Made before the pattern: hand it over.
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("ApiTask"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		nil)
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
		Image: image, PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080)}},
	})
	awsecspatterns.NewApplicationLoadBalancedFargateService(stack, jsii.String("Api"), &awsecspatterns.ApplicationLoadBalancedFargateServiceProps{
		Cluster: cluster, TaskDefinition: td,
	})
}

func guideWriterRole(stack awscdk.Stack, _ awsecs.ContainerImage, _ awsecs.ICluster) {
	workspace := amp.NewWorkspace(stack, jsii.String("Workspace"), &amp.WorkspaceProps{Alias: jsii.String("shared")})
	writer := awsiam.NewRole(stack, jsii.String("Writer"), &awsiam.RoleProps{
		AssumedBy:   awsiam.NewAccountPrincipal(jsii.String("444455556666")),
		ExternalIds: jsii.Strings("payments"),
	})
	workspace.GrantRemoteWrite(writer)
}

func guideAssumeRole(stack awscdk.Stack, image awsecs.ContainerImage, _ awsecs.ICluster) {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		&otelprometheus.TelemetryProps{
			Workspace: amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Workspace"), jsii.String("arn:aws:aps:eu-west-1:111122223333:workspace/ws-a1b2c3d4")),
			RemoteWrite: &otelprometheus.RemoteWriteProps{
				AssumeRole: awsiam.Role_FromRoleArn(stack, jsii.String("Writer"), jsii.String("arn:aws:iam::111122223333:role/Writer"), nil),
				ExternalId: jsii.String("payments"),
			},
		})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
}

func guideResourcePolicy(stack awscdk.Stack, _ awsecs.ContainerImage, _ awsecs.ICluster) {
	workspace := amp.NewWorkspace(stack, jsii.String("Workspace"), nil)
	amp.NewResourcePolicy(stack, jsii.String("Policy"), &amp.ResourcePolicyProps{
		Workspace:     workspace,
		RemoteWriters: &[]awsiam.IPrincipal{awsiam.NewArnPrincipal(jsii.String("arn:aws:iam::444455556666:role/payments-task"))},
	})
}

func guidePrivateVpc(stack awscdk.Stack, image awsecs.ContainerImage, _ awsecs.ICluster) {
	vpc := awsec2.NewVpc(stack, jsii.String("Private"), &awsec2.VpcProps{
		MaxAzs: jsii.Number(2),
		SubnetConfiguration: &[]*awsec2.SubnetConfiguration{
			{Name: jsii.String("Isolated"), SubnetType: awsec2.SubnetType_PRIVATE_ISOLATED},
		},
	})
	repository := awsecr.Repository_FromRepositoryName(stack, jsii.String("Images"), jsii.String("aws-otel-collector"))
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		&otelprometheus.TelemetryProps{
			Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}},
			Collector: &otelprometheus.CollectorProps{
				Image: awsecs.ContainerImage_FromEcrRepository(repository, jsii.String(otelprometheus.ADOTVersion)),
			},
		})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
	td.AddVpcEndpoints(vpc, nil)
}

func guideTraces(stack awscdk.Stack, image awsecs.ContainerImage, _ awsecs.ICluster) {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		&otelprometheus.TelemetryProps{
			Traces: jsii.Bool(true),
			// Scraped metrics beside OTLP traces: a scrape job turns OTLP off unless it is asked for.
			Otlp:   &otelprometheus.OtlpProps{},
			Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}},
		})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
}

func guideShortLived(stack awscdk.Stack, image awsecs.ContainerImage, cluster awsecs.ICluster) {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		&otelprometheus.TelemetryProps{
			Collector: &otelprometheus.CollectorProps{
				DependencyCondition: awsecs.ContainerDependencyCondition_HEALTHY,
				HealthCheck:         &otelprometheus.HealthCheckProps{Interval: awscdk.Duration_Seconds(jsii.Number(5))},
			},
			Delivery: &otelprometheus.DeliveryProps{OneHop: jsii.Bool(true)},
		})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
	awsecspatterns.NewScheduledFargateTask(stack, jsii.String("Schedule"), &awsecspatterns.ScheduledFargateTaskProps{
		Cluster:                               cluster,
		Schedule:                              awsapplicationautoscaling.Schedule_Rate(awscdk.Duration_Hours(jsii.Number(1))),
		ScheduledFargateTaskDefinitionOptions: &awsecspatterns.ScheduledFargateTaskDefinitionOptions{TaskDefinition: td},
	})
}

func guideDelivery(stack awscdk.Stack, image awsecs.ContainerImage, _ awsecs.ICluster) {
	telemetry := &otelprometheus.TelemetryProps{
		Delivery: &otelprometheus.DeliveryProps{
			QueueOnDisk: jsii.Bool(true),
			QueueSize:   awscdk.Size_Mebibytes(jsii.Number(1024)),
			DrainTime:   awscdk.Duration_Seconds(jsii.Number(60)),
		},
		CollectorMetrics: &otelprometheus.CollectorMetricsProps{},
	}

	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &size, telemetry)
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
}

func guideMigrate(stack awscdk.Stack, image awsecs.ContainerImage, _ awsecs.ICluster) {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(1024), MemoryLimitMiB: jsii.Number(3072)},
		&otelprometheus.TelemetryProps{
			Workspace: amp.WorkspaceFromWorkspaceAttributes(stack, jsii.String("Workspace"), &amp.WorkspaceAttributes{WorkspaceId: jsii.String("ws-a1b2c3d4")}),
			Labels:    &otelprometheus.LabelsProps{Policy: otelprometheus.LabelsAll},
		})
	td.AddContainer(jsii.String("aws-otel-emitter"), &awsecs.ContainerDefinitionOptions{Image: image})
}

func guideCost(stack awscdk.Stack, image awsecs.ContainerImage, _ awsecs.ICluster) {
	telemetry := &otelprometheus.TelemetryProps{
		Scrape: &[]*otelprometheus.ScrapeJob{{
			Port:        jsii.Number(8080),
			Interval:    awscdk.Duration_Seconds(jsii.Number(60)),
			KeepMetrics: jsii.Strings("http_requests_total", "http_request_duration_seconds_.*", "process_cpu_seconds_total"),
		}},
		TaskMetrics: &otelprometheus.TaskMetricsProps{Interval: awscdk.Duration_Seconds(jsii.Number(60))},
	}

	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &size, telemetry)
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
}

func guideCollectorMetrics(stack awscdk.Stack, image awsecs.ContainerImage, _ awsecs.ICluster) {
	workspace := amp.NewWorkspace(stack, jsii.String("Workspace"), nil)
	workspace.AddAlarms(nil)
	telemetry := &otelprometheus.TelemetryProps{
		Workspace:        workspace,
		CollectorMetrics: &otelprometheus.CollectorMetricsProps{},
	}

	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &size, telemetry)
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
}

func guideGrafana(stack awscdk.Stack, image awsecs.ContainerImage, _ awsecs.ICluster) {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), nil, nil)
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})

	workspace := grafana.NewWorkspace(stack, jsii.String("Grafana"), &grafana.WorkspaceProps{
		Name:       jsii.String("shop"),
		Workspaces: &[]amp.IWorkspace{td.Workspace()},
		Dashboards: &dashboards.Options{},
	})
	awscdk.NewCfnOutput(stack, jsii.String("GrafanaUrl"), &awscdk.CfnOutputProps{Value: workspace.Url()})
	awscdk.NewCfnOutput(stack, jsii.String("GrafanaSetup"), &awscdk.CfnOutputProps{Value: workspace.SetupCommands(nil)})
}

func guideQuickStart(stack awscdk.Stack, image awsecs.ContainerImage, cluster awsecs.ICluster) {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		&otelprometheus.TelemetryProps{
			Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}},
		})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
	awsecs.NewFargateService(stack, jsii.String("Service"), &awsecs.FargateServiceProps{Cluster: cluster, TaskDefinition: td})
}

func guideGrant(stack awscdk.Stack, _ awsecs.ContainerImage, _ awsecs.ICluster) {
	workspace := amp.NewWorkspace(stack, jsii.String("Workspace"), nil)
	tasks := awsiam.NewServicePrincipal(jsii.String("ecs-tasks.amazonaws.com"), nil)
	workspace.GrantRemoteWrite(awsiam.NewRole(stack, jsii.String("Writer"), &awsiam.RoleProps{AssumedBy: tasks}))
	workspace.GrantQuery(awsiam.NewRole(stack, jsii.String("Reader"), &awsiam.RoleProps{AssumedBy: tasks}))
}

func guideStatsd(stack awscdk.Stack, image awsecs.ContainerImage, cluster awsecs.ICluster) {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		&otelprometheus.TelemetryProps{
			Statsd: &otelprometheus.StatsdProps{
				AggregationInterval: awscdk.Duration_Seconds(jsii.Number(60)), Rates: jsii.Strings("page.views"),
			},
			CollectorMetrics: &otelprometheus.CollectorMetricsProps{},
		})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
	awsecs.NewFargateService(stack, jsii.String("Service"), &awsecs.FargateServiceProps{Cluster: cluster, TaskDefinition: td})
}

func guideAlerts(stack awscdk.Stack, image awsecs.ContainerImage, cluster awsecs.ICluster) {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		nil,
		&otelprometheus.TelemetryProps{Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}}})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
	service := awsecs.NewFargateService(stack, jsii.String("Service"), &awsecs.FargateServiceProps{Cluster: cluster, TaskDefinition: td})

	observability.NewServiceRules(stack, jsii.String("Rules"), &observability.ServiceRulesProps{
		Workspace: td.Workspace(),
		Service:   service,
		Scrape:    &observability.ScrapeAlerts{},
		SLOs: &[]*slo.SLO{{
			Name: "availability", Objective: 0.999,
			Requests: `http_requests_total`, Errors: `http_requests_total{code=~"5.."}`,
		}},
	})
}

// TestGuideToDashboardsWritesThem runs the code of docs/grafana.md in a folder of its own.
func TestGuideToDashboardsWritesThem(t *testing.T) {
	t.Chdir(t.TempDir())
	err := dashboards.Write("dashboards", dashboards.Options{
		Application: []dashboards.Metric{
			{Title: "Orders", Kind: dashboards.Counter, Selector: `sampleapp_orders_total{job="sampleapp"}`, By: "item"},
		},
		SLOs: []*slo.SLO{
			{Name: "orders-fast", Description: "Orders are fast", Objective: 0.99, Histogram: `sampleapp_order_duration_seconds{job="sampleapp"}`, Threshold: 0.25},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if written, err := filepath.Glob("dashboards/*.json"); err != nil || len(written) != 4 {
		t.Errorf("got %v, %v, expected four files", written, err)
	}
}

func guideManyServices(stack awscdk.Stack, image awsecs.ContainerImage, _ awsecs.ICluster) {
	app := stack.Node().Root().(awscdk.App)
	workspace := amp.NewWorkspace(stack, jsii.String("Workspace"), nil)
	for _, service := range []string{"Stock", "Legacy"} {
		awsecs.NewFargateTaskDefinition(constructs.NewConstruct(stack, &service), jsii.String("TaskDef"), nil).
			AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
	}
	otelprometheus.AddToAll(app, &otelprometheus.AddToAllProps{
		Telemetry: &otelprometheus.TelemetryProps{Workspace: workspace},
		Overrides: &map[string]*otelprometheus.TelemetryProps{
			"Shop/Stock/TaskDef": {Workspace: workspace, Scrape: &[]*otelprometheus.ScrapeJob{{Name: jsii.String("stock"), Port: jsii.Number(8080)}}},
		},
		Skip: jsii.Strings("Shop/Legacy"),
	})
}

func guideCentral(stack awscdk.Stack, image awsecs.ContainerImage, cluster awsecs.ICluster) {
	service := func(name string) awsecs.FargateService {
		td := awsecs.NewFargateTaskDefinition(stack, jsii.String(name+"Task"), nil)
		td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image, PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080)}}})
		return awsecs.NewFargateService(stack, &name, &awsecs.FargateServiceProps{Cluster: cluster, TaskDefinition: td})
	}
	orders, stock := service("Orders"), service("Stock")

	fleet := central.NewScrapeService(stack, jsii.String("Fleet"), &central.ScrapeServiceProps{Cluster: cluster, Tasks: jsii.Number(300)})
	fleet.Scrape(orders, &otelprometheus.ScrapeJob{Port: jsii.Number(8080)})
	fleet.Scrape(stock, &otelprometheus.ScrapeJob{Port: jsii.Number(8080), Path: jsii.String("/admin/metrics")})

	for id, service := range map[string]awsecs.BaseService{"Orders": orders, "Stock": stock} {
		observability.NewServiceRules(stack, jsii.String(id+"Rules"), &observability.ServiceRulesProps{
			Workspace: fleet.Workspace(), Service: service,
			// Tasks and absence need the ECS metrics of a sidecar.
			Tasks: &observability.TaskAlerts{Enabled: jsii.Bool(false)}, Absence: &observability.AbsenceAlerts{Enabled: jsii.Bool(false)},
			Scrape: &observability.ScrapeAlerts{}, Targets: &observability.TargetAlerts{Tasks: jsii.Number(2)},
		})
	}
	for i, collector := range fleet.Services() {
		observability.NewServiceRules(stack, jsii.String(fmt.Sprint("CollectorRules", i)), &observability.ServiceRulesProps{
			Workspace: fleet.Workspace(), Service: collector,
			Collector: &observability.CollectorAlerts{}, Discovery: &observability.DiscoveryAlerts{},
		})
	}
}

func guideManyServicesNames(stack awscdk.Stack, image awsecs.ContainerImage, _ awsecs.ICluster) {
	app := stack.Node().Root().(awscdk.App)
	workspace := amp.NewWorkspace(stack, jsii.String("Workspace"), nil)
	for _, service := range []string{"orders", "stock", "mail"} {
		awsecs.NewFargateTaskDefinition(constructs.NewConstruct(stack, &service), jsii.String("TaskDef"), nil).
			AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
	}
	otelprometheus.AddToAll(app, &otelprometheus.AddToAllProps{
		For: func(td awsecs.TaskDefinition, telemetry *otelprometheus.TelemetryProps) *otelprometheus.TelemetryProps {
			named := *telemetry
			named.Labels = &otelprometheus.LabelsProps{Service: td.Node().Scope().Node().Id(), Environment: jsii.String("production")}
			return &named
		},
	})
	grafana.NewWorkspace(stack, jsii.String("Grafana"), &grafana.WorkspaceProps{
		Workspaces: &[]amp.IWorkspace{workspace},
		Dashboards: &dashboards.Options{ServiceLabel: "service_name", Services: []string{"orders", "stock", "mail"}},
	})
}
