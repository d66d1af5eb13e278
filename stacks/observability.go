package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/dashboards"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/grafana"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/observability"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
)

// Objectives are what the sample app promises: rules alert on them, and a dashboard shows them.
var Objectives = []*slo.SLO{
	{Name: "orders", Description: "Orders within 100 ms", Objective: 0.99, Histogram: "sampleapp_order_duration_seconds", Threshold: 0.1},
}

// Dashboards are those of the sample app. Observability writes them beside its template, into the folder Observability-dashboards.
var Dashboards = dashboards.Options{
	ServiceLabel: "service_name",
	Application: []dashboards.Metric{
		{Title: "Orders", Kind: dashboards.Counter, Selector: "sampleapp_orders_total", By: "item"},
		{Title: "Order duration", Kind: dashboards.Histogram, Selector: "sampleapp_order_duration_seconds", Unit: "s"},
		{Title: "Queue depth", Kind: dashboards.Gauge, Selector: "sampleapp_queue_depth"},
	},
	SLOs: Objectives,
}

// NewObservability watches a service: rules and alerts in its workspace, an SNS topic that gets them, Grafana and its dashboards.
// docs/grafana.md says how to import those.
func NewObservability(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)

	topic := awssns.NewTopic(stack, jsii.String("Alerts"), &awssns.TopicProps{EnforceSSL: jsii.Bool(true)})
	// The alarms of the workspace go there too. A topic with a policy of its own lets nobody in by default.
	topic.GrantPublish(awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), &awsiam.ServicePrincipalOpts{
		Conditions: &map[string]interface{}{"StringEquals": map[string]interface{}{"aws:SourceAccount": stack.Account()}},
	}))
	workspace := amp.NewWorkspace(stack, jsii.String("Workspace"), &amp.WorkspaceProps{
		AlertManager: &amp.AlertManagerDefinition{
			Route:     &amp.AlertRoute{Receiver: jsii.String("team"), GroupBy: jsii.Strings("alertname", "service_name")},
			Receivers: &[]*amp.AlertReceiver{{Name: jsii.String("team"), Sns: &[]*amp.SnsReceiver{{Topic: topic}}}},
		},
	})

	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &awsecs.FargateTaskDefinitionProps{
		Cpu:            jsii.Number(512),
		MemoryLimitMiB: jsii.Number(1024),
	}, &otelprometheus.TelemetryProps{
		Workspace:        workspace,
		Labels:           &otelprometheus.LabelsProps{Service: jsii.String("orders"), Environment: jsii.String("production")},
		Scrape:           &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080), Name: jsii.String("sampleapp")}},
		TaskMetrics:      &otelprometheus.TaskMetricsProps{Containers: jsii.Bool(true)},
		CollectorMetrics: &otelprometheus.CollectorMetricsProps{},
		// A stop in the middle of an outage costs 20 seconds, and no samples if the outage is over by then.
		Delivery: &otelprometheus.DeliveryProps{DrainTime: awscdk.Duration_Seconds(jsii.Number(20))},
	})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
		Image:        sampleApp(),
		Environment:  &map[string]*string{"INSTRUMENTATION": jsii.String("prometheus")},
		PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080)}},
	})
	service := newFargateService(stack, td)

	observability.NewServiceRules(stack, jsii.String("Rules"), &observability.ServiceRulesProps{
		Workspace:  workspace,
		Service:    service,
		Containers: &observability.ContainerAlerts{},
		Scrape:     &observability.ScrapeAlerts{},
		Collector:  &observability.CollectorAlerts{},
		SLOs:       &Objectives,

		WorkspaceAlarms: &amp.AlarmsProps{Actions: &[]awscloudwatch.IAlarmAction{awscloudwatchactions.NewSnsAction(topic)}},
	})

	console := grafana.NewWorkspace(stack, jsii.String("Grafana"), &grafana.WorkspaceProps{Workspaces: &[]amp.IWorkspace{workspace}, Dashboards: &Dashboards})
	awscdk.NewCfnOutput(stack, jsii.String("GrafanaUrl"), &awscdk.CfnOutputProps{Value: console.Url()})
	return stack
}
