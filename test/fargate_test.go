package test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

func TestDefaultsOfTheCollectorContainer(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, nil, nil)
	c := synth(t, stack).container(collectorName)

	assertJSON(t, "image", c["Image"], `"public.ecr.aws/aws-observability/aws-otel-collector:`+otelprometheus.ADOTVersion+`"`)
	assertJSON(t, "essential", c["Essential"], `false`)
	assertJSON(t, "restart policy", c["RestartPolicy"], `{"Enabled":true}`)
	assertJSON(t, "health check", c["HealthCheck"], `{"Command":["CMD","/healthcheck"],"Interval":30,"Retries":3,"StartPeriod":10,"Timeout":5}`)
	assertJSON(t, "read-only root", c["ReadonlyRootFilesystem"], `true`)
	assertJSON(t, "user", c["User"], `"4317"`)
	assertJSON(t, "memory", c["Memory"], `512`)
	assertJSON(t, "stop timeout", c["StopTimeout"], `60`)
	assertJSON(t, "GOMEMLIMIT", environment(c)["GOMEMLIMIT"], `"409MiB"`)
	for _, absent := range []string{"PortMappings", "Cpu", "Privileged", "LinuxParameters", "DependsOn", "Secrets", "Links"} {
		if v, ok := c[absent]; ok {
			t.Errorf("%s is set: %v", absent, v)
		}
	}
}

func TestCollectorContainerFollowsItsProps(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, &otelprometheus.TelemetryProps{Collector: &otelprometheus.CollectorProps{
		Image:                  awsecs.ContainerImage_FromRegistry(jsii.String("collector:2"), nil),
		ContainerName:          jsii.String("metrics"),
		Cpu:                    jsii.Number(64),
		MemoryLimitMiB:         jsii.Number(256),
		MemoryReservationMiB:   jsii.Number(128),
		Essential:              jsii.Bool(false),
		RestartPolicy:          &otelprometheus.RestartPolicyProps{Enabled: jsii.Bool(false)},
		HealthCheck:            &otelprometheus.HealthCheckProps{Enabled: jsii.Bool(false)},
		StopTimeout:            awscdk.Duration_Seconds(jsii.Number(90)),
		ReadonlyRootFilesystem: jsii.Bool(false),
		User:                   jsii.String(""),
		Environment:            &map[string]*string{"GODEBUG": jsii.String("gctrace=1"), "GOMEMLIMIT": jsii.String("100MiB")},
		Logging:                awsecs.LogDrivers_None(),
	}}, nil)
	c := synth(t, stack).container("metrics")

	assertJSON(t, "image", c["Image"], `"collector:2"`)
	assertJSON(t, "cpu", c["Cpu"], `64`)
	assertJSON(t, "memory", c["Memory"], `256`)
	assertJSON(t, "reservation", c["MemoryReservation"], `128`)
	assertJSON(t, "essential", c["Essential"], `false`)
	assertJSON(t, "stop timeout", c["StopTimeout"], `90`)
	assertJSON(t, "GODEBUG", environment(c)["GODEBUG"], `"gctrace=1"`)
	assertJSON(t, "the user's GOMEMLIMIT", environment(c)["GOMEMLIMIT"], `"100MiB"`)
	assertJSON(t, "logging", c["LogConfiguration"], `{"LogDriver":"none"}`)
	for _, absent := range []string{"RestartPolicy", "HealthCheck", "ReadonlyRootFilesystem", "User"} {
		if v, ok := c[absent]; ok {
			t.Errorf("%s is set: %v", absent, v)
		}
	}
	config := configText(c)
	assertContains(t, config, "limit_mib: 230")
	if strings.Contains(config, "health_check") {
		t.Errorf("there is a health check in\n%s", config)
	}
}

func TestCollectorTakesHalfOfASmallTask(t *testing.T) {
	stack := newStack(t)
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), nil, nil) // 512 MiB
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
	assertJSON(t, "memory", synth(t, stack).container(collectorName)["Memory"], `256`)
}

func TestUserPropsPassThroughUntouched(t *testing.T) {
	stack := newStack(t)
	env := map[string]*string{"A": jsii.String("1")}
	options := &awsecs.ContainerDefinitionOptions{Image: anyImage(), Environment: &env}
	telemetry := &otelprometheus.TelemetryProps{Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}}, Otlp: &otelprometheus.OtlpProps{}}
	before := *telemetry
	td := fargateTask(stack, telemetry, options)
	td.AddScrapeJob(&otelprometheus.ScrapeJob{Port: jsii.Number(9090), Name: jsii.String("other")})

	if len(env) != 1 || options.Logging != nil || options.Environment != &env {
		t.Errorf("the caller's container options were changed: %v", options)
	}
	if *telemetry != before || len(*telemetry.Scrape) != 1 || (*telemetry.Scrape)[0].Name != nil {
		t.Errorf("the caller's telemetry props were changed: %v", telemetry)
	}
	tmpl := synth(t, stack)
	assertJSON(t, "task cpu", tmpl.one("AWS::ECS::TaskDefinition")["Cpu"], `"512"`)
	assertJSON(t, "task memory", tmpl.one("AWS::ECS::TaskDefinition")["Memory"], `"1024"`)
	assertJSON(t, "the app's variable", environment(tmpl.container("app"))["A"], `"1"`)
}

func TestTokensAreAcceptedWhereverAValueIs(t *testing.T) {
	stack := newStack(t)
	number := func(name string) *float64 {
		return awscdk.NewCfnParameter(stack, jsii.String(name), &awscdk.CfnParameterProps{Type: jsii.String("Number")}).ValueAsNumber()
	}
	text := func(name string) *string {
		return awscdk.NewCfnParameter(stack, jsii.String(name), nil).ValueAsString()
	}
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{MemoryLimitMiB: number("TaskMemory"), Cpu: number("TaskCpu")},
		&otelprometheus.TelemetryProps{
			Workspace: amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Workspace"), text("WorkspaceArn")),
			Otlp:      &otelprometheus.OtlpProps{GrpcPort: number("GrpcPort"), HttpPort: number("HttpPort")},
			Scrape: &[]*otelprometheus.ScrapeJob{{
				Port: number("Port"), Name: text("Job"), Path: text("Path"), SampleLimit: number("Samples"),
			}},
			Collector: &otelprometheus.CollectorProps{MemoryLimitMiB: number("Memory"), Cpu: number("Cpu")},
		})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), Cpu: number("AppCpu")})
	tmpl := synth(t, stack)
	c := tmpl.container(collectorName)
	config := configText(c)
	assertContains(t, config,
		`endpoint: "127.0.0.1:${env:CONFIG_VALUE_1:-}"`, `endpoint: "127.0.0.1:${env:CONFIG_VALUE_2:-}"`, `job_name: "${env:CONFIG_VALUE_3:-}${env:NOTHING:-}"`,
		`metrics_path: "${env:CONFIG_VALUE_4:-}${env:NOTHING:-}"`, `sample_limit: ${env:CONFIG_VALUE_5:-}`, `"127.0.0.1:${env:CONFIG_VALUE_6:-}"`, `limit_percentage: 90`,
		`region: ${env:AWS_PROMETHEUS_REGION:-}`,
	)
	for variable, want := range map[string]string{
		"CONFIG_VALUE_1": `{"Ref":"GrpcPort"}`, "CONFIG_VALUE_2": `{"Ref":"HttpPort"}`, "CONFIG_VALUE_3": `{"Ref":"Job"}`, "CONFIG_VALUE_4": `{"Ref":"Path"}`,
		"CONFIG_VALUE_5": `{"Ref":"Samples"}`, "CONFIG_VALUE_6": `{"Ref":"Port"}`, "AWS_PROMETHEUS_REGION": `{"Fn::Select":[3,{"Fn::Split":[":",{"Ref":"WorkspaceArn"}]}]}`,
	} {
		assertJSON(t, variable, environment(c)[variable], want)
	}
	assertJSON(t, "memory", c["Memory"], `{"Ref":"Memory"}`)
	if _, ok := environment(c)["GOMEMLIMIT"]; ok {
		t.Error("GOMEMLIMIT is set, but the limit is not known at synthesis")
	}
	assertJSON(t, "OTLP endpoint", environment(tmpl.container("app"))["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"],
		`{"Fn::Join":["",["http://127.0.0.1:",{"Ref":"HttpPort"},"/v1/metrics"]]}`)
}

func TestTaskRoleMayWriteToTheWorkspaceAndNothingElse(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, nil, nil)
	assertJSON(t, "statements", synth(t, stack).statements("TaskTaskRole"),
		`[{"Action":"aps:RemoteWrite","Effect":"Allow","Resource":{"Fn::GetAtt":["OtelPrometheusWorkspaceF82D3C3F","Arn"]}}]`)
}

func TestGivenWorkspaceAndRoleAreUsed(t *testing.T) {
	stack := newStack(t)
	role := awsiam.NewRole(stack, jsii.String("Role"), &awsiam.RoleProps{AssumedBy: awsiam.NewServicePrincipal(jsii.String("ecs-tasks.amazonaws.com"), nil)})
	workspace := importedWorkspace(stack)
	otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{TaskRole: role},
		&otelprometheus.TelemetryProps{Workspace: workspace})
	tmpl := synth(t, stack)
	if n := len(tmpl.all("AWS::APS::Workspace")); n != 0 {
		t.Errorf("%d workspaces created", n)
	}
	assertJSON(t, "statements", tmpl.statements("RoleDefaultPolicy"),
		`[{"Action":"aps:RemoteWrite","Effect":"Allow","Resource":"`+workspaceArn+`"}]`)
	env := environment(tmpl.container(collectorName))
	assertJSON(t, "endpoint", env["AWS_PROMETHEUS_ENDPOINT"], `"https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write"`)
	assertJSON(t, "region", env["AWS_PROMETHEUS_REGION"], `"eu-west-1"`)
}

func TestExecutionRoleMayOnlyWriteLogs(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, nil, nil)
	assertJSON(t, "statements", synth(t, stack).statements("TaskExecutionRole"),
		`[{"Action":["logs:CreateLogStream","logs:PutLogEvents"],"Effect":"Allow","Resource":[{"Fn::GetAtt":["TaskCollectorLogGroupD571BEF5","Arn"]},{"Fn::GetAtt":["TaskContainerLogGroupF9B44F36","Arn"]}]}]`)
}

func TestLogGroupsHaveARetention(t *testing.T) {
	stack := newStack(t)
	td := fargateTask(stack, nil, nil)
	td.AddContainer(jsii.String("second"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
	groups := synth(t, stack).all("AWS::Logs::LogGroup")
	if len(groups) != 2 {
		t.Fatalf("%d log groups, want one for the collector and one for the others", len(groups))
	}
	for _, g := range groups {
		assertJSON(t, "retention", g["RetentionInDays"], `30`)
	}
	if td.CollectorLogGroup() == nil {
		t.Error("CollectorLogGroup is nil")
	}
}

func TestKeyOfTheLogGroupsAllowsCloudWatchLogs(t *testing.T) {
	stack := newStack(t)
	key := awskms.NewKey(stack, jsii.String("Key"), nil)
	fargateTask(stack, &otelprometheus.TelemetryProps{Logging: &otelprometheus.LoggingProps{EncryptionKey: key}}, nil)
	tmpl := synth(t, stack)
	statements := asJSON(tmpl.one("AWS::KMS::Key")["KeyPolicy"].(object)["Statement"].([]any)[1:])
	for _, want := range []string{`"kms:Encrypt"`, `"kms:EncryptionContext:aws:logs:arn"`, `["logs.",{"Ref":"AWS::Region"},".amazonaws.com"]`} {
		if strings.Count(statements, want) != 1 {
			t.Errorf("not once %s in %s", want, statements)
		}
	}
	for _, g := range tmpl.some("AWS::Logs::LogGroup") {
		if g["KmsKeyId"] == nil {
			t.Error("a log group without the key")
		}
	}
}

func TestOwnLoggingWins(t *testing.T) {
	stack := newStack(t)
	group := awslogs.NewLogGroup(stack, jsii.String("Own"), &awslogs.LogGroupProps{Retention: awslogs.RetentionDays_ONE_DAY})
	fargateTask(stack, &otelprometheus.TelemetryProps{Logging: &otelprometheus.LoggingProps{CollectorLogGroup: group}},
		&awsecs.ContainerDefinitionOptions{Logging: awsecs.LogDrivers_None()})
	tmpl := synth(t, stack)
	tmpl.one("AWS::Logs::LogGroup")
	assertJSON(t, "the app's logging", tmpl.container("app")["LogConfiguration"], `{"LogDriver":"none"}`)
}

func TestOptionsOfLogGroups(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, &otelprometheus.TelemetryProps{Logging: &otelprometheus.LoggingProps{
		CollectorLogGroup: awslogs.NewLogGroup(stack, jsii.String("Given"), &awslogs.LogGroupProps{LogGroupName: jsii.String("/a"), Retention: awslogs.RetentionDays_ONE_WEEK}),
		Retention:         awslogs.RetentionDays_ONE_DAY, RemovalPolicy: awscdk.RemovalPolicy_DESTROY, StreamPrefix: jsii.String("p"),
	}}, nil)
	tmpl := synth(t, stack)
	var groups []string
	for _, r := range tmpl.Resources {
		if r.Type == "AWS::Logs::LogGroup" {
			groups = append(groups, asJSON(r.Properties["LogGroupName"])+asJSON(r.Properties["RetentionInDays"])+r.DeletionPolicy)
		}
	}
	slices.Sort(groups)
	assertJSON(t, "log groups", groups, `["\"/a\"7Retain","null1Delete"]`)
	assertJSON(t, "prefix", tmpl.container("app")["LogConfiguration"].(object)["Options"].(object)["awslogs-stream-prefix"], `"p"`)
}

func TestEveryContainerDependsOnTheCollector(t *testing.T) {
	stack := newStack(t)
	td := fargateTask(stack, nil, nil)
	// Whoever adds them: awscdk's constructor does not go through AddContainer.
	awsecs.NewContainerDefinition(td, jsii.String("direct"), &awsecs.ContainerDefinitionProps{Image: anyImage(), TaskDefinition: td})
	awsecs.NewContainerDefinition(stack, jsii.String("elsewhere"), &awsecs.ContainerDefinitionProps{Image: anyImage(), TaskDefinition: td})
	tmpl := synth(t, stack)
	for _, name := range []string{"app", "direct", "elsewhere"} {
		if environment(tmpl.container(name))["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] == nil || tmpl.container(name)["LogConfiguration"] == nil {
			t.Errorf("%s has no environment or logging", name)
		}
		assertJSON(t, name, tmpl.container(name)["DependsOn"], startsAfterCollector)
	}
	if d, ok := tmpl.container(collectorName)["DependsOn"]; ok {
		t.Errorf("the collector depends on %v", d)
	}
}

func TestStartOrderHealthy(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, withCollector(otelprometheus.CollectorProps{DependencyCondition: awsecs.ContainerDependencyCondition_HEALTHY}), nil)
	assertJSON(t, "app", synth(t, stack).container("app")["DependsOn"], `[{"Condition":"HEALTHY","ContainerName":"aws-otel-collector"}]`)
}

func TestCollectorIsNotDefaultContainer(t *testing.T) {
	for _, essential := range []bool{true, false} {
		td := fargateTask(newStack(t), withCollector(otelprometheus.CollectorProps{Essential: &essential}), nil)
		if d := td.DefaultContainer(); d == nil || *d.ContainerName() != "app" {
			t.Errorf("essential %v: the default container is %v", essential, d)
		}
	}
}

func TestOtlpEnvironment(t *testing.T) {
	const endpoint, protocol, temporality = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
	scrape := &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}}
	led := func(port, more string) string {
		return `{"OTEL_EXPORTER_OTLP_METRICS_HEADERS":"ecs-container-name=app","` + endpoint + `":"http://127.0.0.1:` + port + `/v1/metrics","` + protocol + `":"http/protobuf","` + temporality + `":"cumulative",` +
			`"OTEL_LOGS_EXPORTER":"none"` + more + `}`
	}
	noTraces := `,"OTEL_TRACES_EXPORTER":"none"`
	for name, tc := range map[string]struct {
		telemetry *otelprometheus.TelemetryProps
		want      string
	}{
		"default":          {nil, led("4318", noTraces)},
		"off with scrape":  {&otelprometheus.TelemetryProps{Scrape: scrape}, `{}`},
		"on beside scrape": {&otelprometheus.TelemetryProps{Scrape: scrape, Otlp: &otelprometheus.OtlpProps{}}, led("4318", noTraces)},
		"off":              {&otelprometheus.TelemetryProps{Otlp: &otelprometheus.OtlpProps{Enabled: jsii.Bool(false)}}, `{}`},
		"other port":       {&otelprometheus.TelemetryProps{Otlp: &otelprometheus.OtlpProps{HttpPort: jsii.Number(5318)}}, led("5318", noTraces)},
		"a pipeline of the user's": {&otelprometheus.TelemetryProps{Config: otelprometheus.ConfigWithExtra(jsii.String(
			"service: {pipelines: {traces/own: {receivers: [otlp], exporters: [debug]}}}\nexporters: {debug: {}}"))},
			led("4318", `,"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT":"http://127.0.0.1:4318/v1/traces","OTEL_EXPORTER_OTLP_TRACES_PROTOCOL":"http/protobuf"`)},
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStack(t)
			fargateTask(stack, tc.telemetry, nil)
			assertJSON(t, "environment", environment(synth(t, stack).container("app")), tc.want)
		})
	}
}

// TestSourcesAreSwitched: each has its pipeline, and no other is there.
func TestSourcesAreSwitched(t *testing.T) {
	off := jsii.Bool(false)
	for name, tc := range map[string]struct {
		telemetry *otelprometheus.TelemetryProps
		want      []string
	}{
		"by default":           {nil, []string{"metrics/ecs:", "metrics/otlp:"}},
		"without task metrics": {&otelprometheus.TelemetryProps{TaskMetrics: &otelprometheus.TaskMetricsProps{Enabled: off}}, []string{"metrics/otlp:"}},
		"without OTLP":         {&otelprometheus.TelemetryProps{Otlp: &otelprometheus.OtlpProps{Enabled: off}}, []string{"metrics/ecs:"}},
		"with a scrape job":    {withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(8080)}), []string{"metrics/ecs:", "metrics/scrape:"}},
	} {
		t.Run(name, func(t *testing.T) {
			config := configOf(t, tc.telemetry)
			var got []string
			for _, pipeline := range []string{"metrics/ecs:", "metrics/otlp:", "metrics/scrape:"} {
				if strings.Contains(config, pipeline) {
					got = append(got, pipeline)
				}
			}
			assertJSON(t, "pipelines", got, asJSON(tc.want))
			if strings.Contains(config, "awsecscontainermetrics") != slices.Contains(tc.want, "metrics/ecs:") {
				t.Errorf("the receiver of ECS metrics does not go with its pipeline:\n%s", config)
			}
		})
	}
}

func TestJobIsNamedAfterTheFamily(t *testing.T) {
	stack := newStack(t)
	td := fargateTask(stack, withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(8080)}), nil)
	td.AddScrapeJob(&otelprometheus.ScrapeJob{Port: jsii.Number(9090), Name: jsii.String("admin"), Path: jsii.String("/m")})
	c := synth(t, stack).container(collectorName)
	assertContains(t, environment(c)["ECS_TASK_FAMILY"].(string), "StackTask")
	assertContains(t, configText(c), "job_name: ${env:ECS_TASK_FAMILY:-}${env:NOTHING:-}\n", "job_name: admin", "127.0.0.1:9090", "metrics_path: /m")
}

func TestUnpinnedImageDrawsAWarning(t *testing.T) {
	for image, warned := range map[string]bool{
		"collector:latest": true, "collector": true, "host:5000/collector": true,
		"collector:v1": false, "collector@sha256:abc": false, "host:5000/collector:v1": false,
	} {
		stack := newStack(t)
		td := fargateTask(stack, &otelprometheus.TelemetryProps{Collector: &otelprometheus.CollectorProps{
			Image: awsecs.ContainerImage_FromRegistry(&image, nil),
		}}, nil)
		if got := strings.Contains(warnings(td), "not pinned to a version"); got != warned {
			t.Errorf("%s: warned %v, want %v", image, got, warned)
		}
	}
}
