package test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

func TestScrapeJobOptionsReachTheConfiguration(t *testing.T) {
	stack := newStack(t)
	password := secret(stack)
	telemetry := withScrape(&otelprometheus.ScrapeJob{
		Port: jsii.Number(8443), Name: jsii.String("admin"), Path: jsii.String("/admin"), Interval: seconds(60), Timeout: seconds(5),
		SampleLimit: jsii.Number(5), LabelLimit: jsii.Number(6), LabelValueLengthLimit: jsii.Number(7), BodySizeLimit: awscdk.Size_Mebibytes(jsii.Number(2)),
		Tls:         &otelprometheus.TlsProps{CaCertificate: password, ServerName: jsii.String("admin.internal")},
		BasicAuth:   &otelprometheus.BasicAuthProps{Username: jsii.String("reader"), Password: password},
		KeepMetrics: jsii.Strings("http_.*"), DropMetrics: jsii.Strings("go_.*"), StaticLabels: &map[string]*string{"tier": jsii.String("web")},
		HonorLabels: jsii.Bool(true), HonorTimestamps: jsii.Bool(true), NativeHistograms: jsii.Bool(true),
		Params:  &map[string]*[]*string{"format": jsii.Strings("prometheus", "full")},
		Relabel: &[]*otelprometheus.RelabelRule{{Action: otelprometheus.RelabelLabelDrop, Regex: jsii.String("id")}},
	}, &otelprometheus.ScrapeJob{Port: jsii.Number(9090), BearerToken: password})
	td := fargateTask(stack, telemetry, nil)
	td.AddScrapeJob(&otelprometheus.ScrapeJob{Port: jsii.Number(9091), Name: jsii.String("late"), BearerToken: password})
	c := synth(t, stack).container(collectorName)
	assertContains(t, configText(c), "job_name: admin", "scheme: https", "127.0.0.1:8443", "metrics_path: /admin", "scrape_interval: 60s", "scrape_timeout: 5s",
		"sample_limit: 5", "label_limit: 6", "label_value_length_limit: 7", "body_size_limit: 2048KB", "ca: ${env:SCRAPE_1_CA:-}", "server_name: admin.internal",
		"username: reader", "password: ${env:SCRAPE_1_PASSWORD:-}", "regex: http_.*", "regex: go_.*", "tier: web", "honor_labels: true", "honor_timestamps: true",
		"params:\n            format:\n              - prometheus\n              - full",
		"scrape_native_histograms: true", "action: labeldrop", "credentials: ${env:SCRAPE_2_TOKEN:-}", "credentials: ${env:SCRAPE_3_TOKEN:-}")
	var secrets []string
	for _, s := range c["Secrets"].([]any) {
		secrets = append(secrets, s.(object)["Name"].(string))
	}
	slices.Sort(secrets)
	assertJSON(t, "secrets", secrets, `["SCRAPE_1_CA","SCRAPE_1_PASSWORD","SCRAPE_2_TOKEN","SCRAPE_3_TOKEN"]`)
}

func TestTaskMetricsOptions(t *testing.T) {
	config := configOf(t, &otelprometheus.TelemetryProps{TaskMetrics: &otelprometheus.TaskMetricsProps{
		Interval: seconds(60), Containers: jsii.Bool(true),
	}})
	assertContains(t, config, "collection_interval: 60s", `container\\.cpu\\.usage\\.vcpu`)
	config = configOf(t, &otelprometheus.TelemetryProps{TaskMetrics: &otelprometheus.TaskMetricsProps{Metrics: jsii.Strings("ecs.task.cpu.cores")}})
	assertContains(t, config, `"^(ecs\\.task\\.cpu\\.cores)$$"`)
}

func TestStatsd(t *testing.T) {
	stack := newStack(t)
	td := fargateTask(stack, &otelprometheus.TelemetryProps{Statsd: &otelprometheus.StatsdProps{AggregationInterval: seconds(10)}}, nil)
	assertWarned(t, td, "statsdCounters", "StatsD counters are increments")
	telemetry := &otelprometheus.TelemetryProps{Statsd: &otelprometheus.StatsdProps{Port: jsii.Number(9125), Rates: jsii.Strings("page.views")}}
	assertNoWarnings(t, fargateTask(newStack(t), telemetry, nil))
	assertContains(t, configOf(t, telemetry), "endpoint: 127.0.0.1:9125", "delta_to_rate", "- page.views")
}

func TestTraces(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, &otelprometheus.TelemetryProps{Traces: jsii.Bool(true)}, nil)
	tmpl := synth(t, stack)
	assertContains(t, configText(tmpl.container(collectorName)), "awsxray:\n    region: ${env:AWS_REGION:-}", "traces:")
	assertContains(t, asJSON(tmpl.statements("TaskTaskRole")), `{"Action":["xray:PutTelemetryRecords","xray:PutTraceSegments"],"Effect":"Allow","Resource":"*"}`)
	off := newStack(t)
	fargateTask(off, &otelprometheus.TelemetryProps{Traces: jsii.Bool(false)}, nil)
	if statements := asJSON(synth(t, off).statements("TaskTaskRole")); strings.Contains(statements, "xray") {
		t.Error(statements)
	}
}

func TestCollectorMetrics(t *testing.T) {
	assertContains(t, configOf(t, &otelprometheus.TelemetryProps{CollectorMetrics: &otelprometheus.CollectorMetricsProps{Port: jsii.Number(8889), Interval: seconds(30)}}),
		"job_name: otelcol", "127.0.0.1:8889", "port: 8889", "scrape_interval: 30s", "level: basic")
	assertContains(t, configOf(t, nil), "level: none")
}

func TestLabels(t *testing.T) {
	assertContains(t, configOf(t, &otelprometheus.TelemetryProps{Labels: &otelprometheus.LabelsProps{
		Policy: otelprometheus.LabelsIdentity, External: &map[string]*string{"team": jsii.String("shop")},
	}}), "external_labels:\n      aws_ecs_task_family: ${env:ECS_TASK_FAMILY:-}", "\n      team: shop", `cloud\.region`)
	assertContains(t, configOf(t, &otelprometheus.TelemetryProps{Labels: &otelprometheus.LabelsProps{Keep: jsii.Strings("deployment.environment.name")}}),
		"key: deployment.environment.name")
}
