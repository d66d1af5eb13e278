package test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/collector"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

func names(m object) []string { return slices.Sorted(maps.Keys(m)) }

// configOf is the configuration of a task with the given telemetry.
func configOf(t *testing.T, telemetry *otelprometheus.TelemetryProps) string {
	t.Helper()
	stack := newStack(t)
	fargateTask(stack, telemetry, nil)
	return configText(synth(t, stack).container(collectorName))
}

func assertConfig(t *testing.T, config string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(config, w) {
			t.Errorf("%q is missing in\n%s", w, config)
		}
	}
}

func TestScrapeJobOptionsReachTheConfiguration(t *testing.T) {
	stack := newStack(t)
	password := secret(stack)
	telemetry := scrape(&otelprometheus.ScrapeJob{
		Port: jsii.Number(8443), Name: jsii.String("admin"), Path: jsii.String("/admin"), Interval: seconds(60), Timeout: seconds(5),
		SampleLimit: jsii.Number(5), LabelLimit: jsii.Number(6), LabelValueLengthLimit: jsii.Number(7), BodySizeLimit: awscdk.Size_Mebibytes(jsii.Number(2)),
		Tls:         &otelprometheus.TlsProps{CaCertificate: password, ServerName: jsii.String("admin.internal")},
		BasicAuth:   &otelprometheus.BasicAuthProps{Username: jsii.String("reader"), Password: password},
		KeepMetrics: jsii.Strings("http_.*"), DropMetrics: jsii.Strings("go_.*"), StaticLabels: &map[string]*string{"tier": jsii.String("web")},
		HonorLabels: jsii.Bool(true), NativeHistograms: jsii.Bool(true),
		Relabel: &[]*collector.RelabelRule{{Action: collector.RelabelLabelDrop, Regex: "id"}},
	}, &otelprometheus.ScrapeJob{Port: jsii.Number(9090), BearerToken: password})
	td := fargateTask(stack, telemetry, nil)
	td.AddScrapeJob(&otelprometheus.ScrapeJob{Port: jsii.Number(9091), Name: jsii.String("late"), BearerToken: password})
	c := synth(t, stack).container(collectorName)
	assertConfig(t, configText(c), "job_name: admin", "scheme: https", "127.0.0.1:8443", "metrics_path: /admin", "scrape_interval: 60s", "scrape_timeout: 5s",
		"sample_limit: 5", "label_limit: 6", "label_value_length_limit: 7", "body_size_limit: 2048KB", "ca: ${env:SCRAPE_1_CA}", "server_name: admin.internal",
		"username: reader", "password: ${env:SCRAPE_1_PASSWORD}", "regex: http_.*", "regex: go_.*", "tier: web", "honor_labels: true",
		"scrape_native_histograms: true", "action: labeldrop", "credentials: ${env:SCRAPE_2_TOKEN}", "credentials: ${env:SCRAPE_3_TOKEN}")
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
	assertConfig(t, config, "collection_interval: 60s", `container\\.cpu\\.usage\\.vcpu`)
	config = configOf(t, &otelprometheus.TelemetryProps{TaskMetrics: &otelprometheus.TaskMetricsProps{Metrics: jsii.Strings("ecs.task.cpu.cores")}})
	assertConfig(t, config, `"^(ecs\\.task\\.cpu\\.cores)$$"`)
}

func TestStatsd(t *testing.T) {
	stack := newStack(t)
	td := fargateTask(stack, &otelprometheus.TelemetryProps{Statsd: &otelprometheus.StatsdProps{AggregationInterval: seconds(10)}}, nil)
	if !strings.Contains(warnings(td), "StatsD counters are increments") {
		t.Error("no warning about counters")
	}
	telemetry := &otelprometheus.TelemetryProps{Statsd: &otelprometheus.StatsdProps{Port: jsii.Number(9125), Rates: jsii.Strings("page.views")}}
	quiet := fargateTask(newStack(t), telemetry, nil)
	if w := warnings(quiet); w != "" {
		t.Error(w)
	}
	assertConfig(t, configOf(t, telemetry), "endpoint: 127.0.0.1:9125", "deltatorate", "- page.views")
}

func TestTraces(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, &otelprometheus.TelemetryProps{Traces: &otelprometheus.TracesProps{}}, nil)
	tmpl := synth(t, stack)
	assertConfig(t, configText(tmpl.container(collectorName)), "awsxray:\n    region: \"{\"Ref\":\"AWS::Region\"}\"", "traces:")
	statements := asJSON(tmpl.statements("TaskTaskRole"))
	if !strings.Contains(statements, `{"Action":["xray:PutTelemetryRecords","xray:PutTraceSegments"],"Effect":"Allow","Resource":"*"}`) {
		t.Error(statements)
	}
	off := newStack(t)
	fargateTask(off, &otelprometheus.TelemetryProps{Traces: &otelprometheus.TracesProps{Enabled: jsii.Bool(false)}}, nil)
	if statements := asJSON(synth(t, off).statements("TaskTaskRole")); strings.Contains(statements, "xray") {
		t.Error(statements)
	}
}

func TestCollectorMetrics(t *testing.T) {
	assertConfig(t, configOf(t, &otelprometheus.TelemetryProps{CollectorMetrics: &otelprometheus.CollectorMetricsProps{Port: jsii.Number(8889), Interval: seconds(30)}}),
		"job_name: otelcol", "127.0.0.1:8889", "port: 8889", "scrape_interval: 30s", "level: basic")
	assertConfig(t, configOf(t, nil), "level: none")
}

func TestLabels(t *testing.T) {
	assertConfig(t, configOf(t, &otelprometheus.TelemetryProps{Labels: &otelprometheus.LabelsProps{
		Policy: collector.LabelsIdentity, External: &map[string]*string{"team": jsii.String("shop")},
	}}), "external_labels:\n      aws_ecs_task_family: StackTask", "\n      team: shop", `cloud\.region`)
	assertConfig(t, configOf(t, &otelprometheus.TelemetryProps{Labels: &otelprometheus.LabelsProps{Keep: jsii.Strings("deployment.environment.name")}}),
		"key: deployment.environment.name")
}

func TestUdpPortsClashToo(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, &otelprometheus.TelemetryProps{Statsd: &otelprometheus.StatsdProps{Rates: jsii.Strings("a")}}, &awsecs.ContainerDefinitionOptions{
		PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8125), Protocol: awsecs.Protocol_UDP}},
	})
	if message := panicOf(func() { synth(t, stack) }); !strings.Contains(message, "containers aws-otel-collector and app both use udp port 8125") {
		t.Error(message)
	}
}

func TestSourcesAreRejected(t *testing.T) {
	for name, tc := range map[string]struct {
		telemetry *otelprometheus.TelemetryProps
		want      string
	}{
		"traces without OTLP": {&otelprometheus.TelemetryProps{Otlp: &otelprometheus.OtlpProps{Enabled: jsii.Bool(false)}, Traces: &otelprometheus.TracesProps{}}, "traces: they arrive over OTLP, which is off"},
		"no password":         {scrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), BasicAuth: &otelprometheus.BasicAuthProps{Username: jsii.String("a")}}), "Telemetry.Scrape[0].BasicAuth.Password is not set"},
		"nil rule":            {scrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), Relabel: &[]*collector.RelabelRule{nil}}), "Telemetry.Scrape[0].Relabel[0] is nil"},
		"unknown metric":      {&otelprometheus.TelemetryProps{TaskMetrics: &otelprometheus.TaskMetricsProps{Metrics: jsii.Strings("ecs.task.cpu")}}, `unknown metric "ecs.task.cpu"`},
		"token interval":      {scrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), Interval: tokenDuration()}), "Telemetry.Scrape[0].Interval is a token"},
	} {
		t.Run(name, func(t *testing.T) {
			message := panicOf(func() { fargateTask(newStack(t), tc.telemetry, nil) })
			if !strings.Contains(message, tc.want) {
				t.Errorf("%q is missing in\n%s", tc.want, message)
			}
		})
	}
}

func tokenDuration() awscdk.Duration {
	return awscdk.Duration_Seconds(awscdk.Token_AsNumber(map[string]string{"Ref": "Interval"}))
}
