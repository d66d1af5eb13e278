package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// copying scrapes an app and copies metrics of it.
func copying(change func(*otelprometheus.CloudWatchProps), names ...string) *otelprometheus.TelemetryProps {
	metrics := []*otelprometheus.CopiedMetric{}
	for _, name := range names {
		metrics = append(metrics, &otelprometheus.CopiedMetric{Name: jsii.String(name)})
	}
	telemetry := withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(8080)})
	telemetry.CloudWatch = &otelprometheus.CloudWatchProps{Metrics: &metrics}
	if change != nil {
		change(telemetry.CloudWatch)
	}
	return telemetry
}

func clusterIn(stack awscdk.Stack) awsecs.Cluster {
	return awsecs.NewCluster(stack, jsii.String("Cluster"), &awsecs.ClusterProps{Vpc: awsec2.NewVpc(stack, jsii.String("Vpc"), nil)})
}

const copyStatement = `{"Action":["logs:CreateLogStream","logs:PutLogEvents"],"Effect":"Allow","Resource":{"Fn::GetAtt":["TaskCloudWatchLogGroup06C6E155","Arn"]}}`

// TestCloudWatchAddsALogGroupAndTwoActions, and nothing without it.
func TestCloudWatchAddsALogGroupAndTwoActions(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, copying(nil, "depth"), nil)
	tmpl := synth(t, stack)
	assertJSON(t, "statements", tmpl.statements("TaskTaskRole"),
		`[{"Action":"aps:RemoteWrite","Effect":"Allow","Resource":{"Fn::GetAtt":["OtelPrometheusWorkspaceF82D3C3F","Arn"]}},`+copyStatement+`]`)
	group := tmpl.Resources["TaskCloudWatchLogGroup06C6E155"]
	assertJSON(t, "log group", group.Properties, `{"RetentionInDays":1}`)
	assertJSON(t, "name", environment(tmpl.container(collectorName))["CLOUDWATCH_LOG_GROUP"], `{"Ref":"TaskCloudWatchLogGroup06C6E155"}`)

	off := newStack(t)
	fargateTask(off, withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(8080)}), nil)
	tmpl = synth(t, off)
	if text := asJSON(tmpl.Resources); strings.Contains(text, "CloudWatchLogGroup") || strings.Contains(text, "awsemf") || strings.Contains(text, "CLOUDWATCH") {
		t.Error("CloudWatch is there without being asked for")
	}
}

func TestCloudWatchOptions(t *testing.T) {
	stack := newStack(t)
	group := awslogs.NewLogGroup(stack, jsii.String("Given"), &awslogs.LogGroupProps{LogGroupName: jsii.String("/shop/metrics")})
	telemetry := copying(func(w *otelprometheus.CloudWatchProps) {
		w.LogGroup, w.Namespace, w.Interval = group, jsii.String("Shop"), seconds(20)
		w.Dimensions = &map[string]*string{"Service": jsii.String("orders"), "Stage": stack.Region()}
		(*w.Metrics)[0].Counter, (*w.Metrics)[1].Aggregation = jsii.Bool(true), otelprometheus.AggregationMax
	}, "orders", "depth")
	td := fargateTask(stack, telemetry, nil)
	tmpl := synth(t, stack)
	assertContains(t, configText(tmpl.container(collectorName)), "namespace: Shop", "scrape_interval: 20s", "dimensions: [[Service, Stage]]",
		"{action: upsert, key: _Service, value: orders}", `{action: upsert, key: _Stage, value: "${env:CONFIG_VALUE_1:-}`, "aggregation_type: max", "^(orders)$$")
	assertContains(t, asJSON(tmpl.statements("TaskTaskRole")), `{"Fn::GetAtt":["GivenEA18D9CA","Arn"]}`)
	metric := td.CloudWatchMetric(jsii.String("orders"), nil)
	assertJSON(t, "dimensions", resolved(stack, *metric.Dimensions()), `{"Service":"orders","Stage":{"Ref":"AWS::Region"}}`)
	if *metric.Namespace() != "Shop" || *metric.Statistic() != "Sum" {
		t.Errorf("%s %s", *metric.Namespace(), *metric.Statistic())
	}

	// The new group is as LoggingProps has it, but for the retention.
	stack = newStack(t)
	telemetry = copying(func(w *otelprometheus.CloudWatchProps) { w.Retention = awslogs.RetentionDays_ONE_WEEK }, "depth")
	telemetry.Logging = &otelprometheus.LoggingProps{EncryptionKey: awskms.NewKey(stack, jsii.String("Key"), nil), RemovalPolicy: awscdk.RemovalPolicy_RETAIN}
	fargateTask(stack, telemetry, nil)
	tmpl = synth(t, stack)
	assertJSON(t, "log group", tmpl.Resources["TaskCloudWatchLogGroup06C6E155"].Properties, `{"KmsKeyId":{"Fn::GetAtt":["Key961B73FD","Arn"]},"RetentionInDays":7}`)
}

// TestCloudWatchMetricIsWhatIsCopied in all forms; TestScaleOnQueueFeedsItsPolicies has the collector write it.
func TestCloudWatchMetricIsWhatIsCopied(t *testing.T) {
	stack := newStack(t)
	cluster := clusterIn(stack)
	td := plainTask(stack)
	extension := otelprometheus.NewOtelPrometheusSidecar(copying(nil, "depth", "orders_total"))
	td.AddExtension(extension)
	for name, statistic := range map[string]string{"depth": "Average", "orders_total": "Sum"} {
		metric := extension.Of(td).CloudWatchMetric(&name, &otelprometheus.CloudWatchMetricOptions{Cluster: cluster})
		if *metric.Namespace() != "ECS/Application" || *metric.MetricName() != name || *metric.Statistic() != statistic || *metric.Period().ToSeconds(nil) != 60 {
			t.Errorf("%s %s %s", *metric.Namespace(), *metric.MetricName(), *metric.Statistic())
		}
		assertJSON(t, "dimensions", resolved(stack, *metric.Dimensions()), `{"ClusterName":{"Ref":"ClusterEB0386A7"},"TaskDefinitionFamily":"StackTask34B8EBFF"}`)
	}
	changed := extension.Of(td).CloudWatchMetric(jsii.String("depth"), &otelprometheus.CloudWatchMetricOptions{
		Cluster: cluster, Statistic: jsii.String("Maximum"), Period: seconds(300), Label: jsii.String("queue"),
	})
	if *changed.Statistic() != "Maximum" || *changed.Period().ToSeconds(nil) != 300 || *changed.Label() != "queue" {
		t.Error("the options are not those of the metric")
	}
	awscloudwatch.NewAlarm(stack, jsii.String("Alarm"), &awscloudwatch.AlarmProps{Metric: changed, Threshold: jsii.Number(5), EvaluationPeriods: jsii.Number(1)})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
	synth(t, stack)
}

func TestBacklogPerTask(t *testing.T) {
	stack := newStack(t)
	td := fargateTask(stack, copying(nil, "depth"), nil)
	service := awsecs.NewFargateService(stack, jsii.String("Service"), &awsecs.FargateServiceProps{Cluster: clusterIn(stack), TaskDefinition: td})
	count := service.AutoScaleTaskCount(&awsapplicationautoscaling.EnableScalingProps{MaxCapacity: jsii.Number(5)})
	queue := awssqs.NewQueue(stack, jsii.String("Queue"), nil)
	backlog := &otelprometheus.BacklogProps{Metric: jsii.String("depth"), Cluster: service.Cluster(), Depth: queue.MetricApproximateNumberOfMessagesVisible(nil)}
	td.ScaleOnBacklog(jsii.String("Own"), count, &otelprometheus.ScaleOnBacklogProps{
		Backlog: &otelprometheus.BacklogProps{Metric: jsii.String("depth"), Cluster: service.Cluster()}, TargetPerTask: jsii.Number(20),
	})
	td.ScaleOnBacklog(jsii.String("Sqs"), count, &otelprometheus.ScaleOnBacklogProps{
		Backlog: backlog, TargetPerTask: jsii.Number(10), ScaleInCooldown: seconds(60), ScaleOutCooldown: seconds(30), DisableScaleIn: jsii.Bool(true),
	})
	awscloudwatch.NewAlarm(stack, jsii.String("Alarm"), &awscloudwatch.AlarmProps{Metric: td.BacklogPerTask(backlog), Threshold: jsii.Number(5), EvaluationPeriods: jsii.Number(1)})
	tmpl := synth(t, stack)
	const own = `"Metric":{"Dimensions":[{"Name":"ClusterName","Value":{"Ref":"ClusterEB0386A7"}},{"Name":"TaskDefinitionFamily","Value":"StackTask34B8EBFF"}],"MetricName":"depth","Namespace":"ECS/Application"}`
	policies := tmpl.all("AWS::ApplicationAutoScaling::ScalingPolicy")
	if len(policies) != 2 || policies[0]["PolicyName"] == policies[1]["PolicyName"] {
		t.Fatalf("%s", asJSON(policies))
	}
	text := asJSON(policies)
	assertContains(t, text, `{"Expression":"depth / tasks","Id":"backlog","ReturnData":true}`, `"TargetValue":20`,
		`{"Id":"depth","MetricStat":{`+own+`,"Stat":"Average"},"ReturnData":false}`, `{"Id":"tasks","MetricStat":{`+own+`,"Stat":"SampleCount"},"ReturnData":false}`,
		`{"Id":"depth","MetricStat":{"Metric":{"Dimensions":[{"Name":"QueueName","Value":{"Fn::GetAtt":["Queue4A7E3555","QueueName"]}}],"MetricName":"ApproximateNumberOfMessagesVisible","Namespace":"AWS/SQS"},"Stat":"Maximum"},"ReturnData":false}`,
		`"DisableScaleIn":true,"ScaleInCooldown":60,"ScaleOutCooldown":30,"TargetValue":10`)
	alarm := asJSON(tmpl.one("AWS::CloudWatch::Alarm"))
	assertContains(t, alarm, `"Expression":"depth / tasks"`, `"Stat":"SampleCount"`, `"Namespace":"AWS/SQS"`)
}

func TestCloudWatchRejections(t *testing.T) {
	stack := newStack(t)
	cluster := clusterIn(stack)
	td := fargateTask(stack, copying(nil, "depth", "orders_total"), nil)
	name := jsii.String
	task := func(telemetry *otelprometheus.TelemetryProps) func() {
		return func() {
			otelprometheus.NewOtelPrometheusFargateTaskDefinition(newStack(t), name("Task"), nil, telemetry)
		}
	}
	metric := func(td *otelprometheus.OtelPrometheusFargateTaskDefinition, metric string, options *otelprometheus.CloudWatchMetricOptions) func() {
		return func() { td.CloudWatchMetric(&metric, options) }
	}
	other := func(telemetry *otelprometheus.TelemetryProps) *otelprometheus.OtelPrometheusFargateTaskDefinition {
		return fargateTask(newStack(t), telemetry, nil)
	}
	static := other(copying(func(w *otelprometheus.CloudWatchProps) { w.Dimensions = &map[string]*string{"Service": name("a")} }, "depth"))
	pushed := other(&otelprometheus.TelemetryProps{CloudWatch: &otelprometheus.CloudWatchProps{Metrics: &[]*otelprometheus.CopiedMetric{{Name: name("queue.depth")}}}})
	often := other(copying(func(w *otelprometheus.CloudWatchProps) { w.Interval = seconds(20) }, "depth"))
	backlog := func(td *otelprometheus.OtelPrometheusFargateTaskDefinition, props *otelprometheus.BacklogProps) func() {
		return func() { td.BacklogPerTask(props) }
	}
	for what, tc := range map[string]struct {
		do   func()
		want []string
	}{
		"nil metric": {task(copying(func(w *otelprometheus.CloudWatchProps) { w.Metrics = &[]*otelprometheus.CopiedMetric{nil} })), []string{"Telemetry.CloudWatch.Metrics[0] is nil; remove it"}},
		"no metrics": {task(copying(nil)), []string{"Telemetry.CloudWatch.Metrics is empty"}},
		"two groups": {task(copying(func(w *otelprometheus.CloudWatchProps) {
			w.LogGroup, w.Retention = awslogs.LogGroup_FromLogGroupName(stack, name("Imported"), name("a")), awslogs.RetentionDays_ONE_DAY
		}, "depth")), []string{"Telemetry.CloudWatch.Retention is set together with Telemetry.CloudWatch.LogGroup"}},
		"own configuration": {task(&otelprometheus.TelemetryProps{Config: otelprometheus.ConfigFromImage(name(otelprometheus.ADOTEcsAmp), nil), CloudWatch: copying(nil, "depth").CloudWatch}),
			[]string{"Telemetry.CloudWatch is set together with Telemetry.Config"}},
		"interval token": {task(copying(func(w *otelprometheus.CloudWatchProps) {
			w.Interval = awscdk.Duration_Seconds(awscdk.Token_AsNumber(stack.Region()))
		}, "depth")),
			[]string{"Telemetry.CloudWatch.Interval is a token"}},
		"no copy":         {metric(other(nil), "depth", nil), []string{"Stack/Task: CloudWatchMetric: no metric is copied to CloudWatch; name those that are needed in Telemetry.CloudWatch.Metrics"}},
		"not copied":      {metric(td, "deep", &otelprometheus.CloudWatchMetricOptions{Cluster: cluster}), []string{`name is "deep", which is not copied to CloudWatch; use one of depth, orders_total, or add it`}},
		"no cluster":      {metric(td, "depth", nil), []string{"options.Cluster is not set, and the cluster's name is a dimension"}},
		"all at once":     {metric(td, "", nil), []string{"2 errors", `name is ""`, "options.Cluster is not set"}},
		"useless cluster": {metric(static, "depth", &otelprometheus.CloudWatchMetricOptions{Cluster: cluster}), []string{"options.Cluster is set, but Telemetry.CloudWatch.Dimensions replaces"}},
		"no backlog":      {backlog(td, nil), []string{"BacklogPerTask: props is nil"}},
		"unknown backlog": {backlog(td, &otelprometheus.BacklogProps{Metric: name("deep")}), []string{`props.Metric is "deep"`, "props.Cluster is not set"}},
		"counted backlog": {backlog(td, &otelprometheus.BacklogProps{Metric: name("orders_total"), Cluster: cluster}), []string{`props.Metric is "orders_total", a counter`}},
		"pushed backlog":  {backlog(pushed, &otelprometheus.BacklogProps{Metric: name("queue.depth"), Cluster: cluster}), []string{`props.Metric is "queue.depth", which is not scraped`}},
		"often":           {backlog(often, &otelprometheus.BacklogProps{Metric: name("depth"), Cluster: cluster}), []string{"Telemetry.CloudWatch.Interval is 20s, and tasks are counted by the values of a minute"}},
		"no policy": {func() { td.ScaleOnBacklog(nil, nil, nil) },
			[]string{"Stack/Task: ScaleOnBacklog: 4 errors", "id is empty", "count is nil", "props.Backlog is nil", "props.TargetPerTask is not set; it must be more than 0"}},
		"no target": {func() {
			td.ScaleOnBacklog(name("A"), nil, &otelprometheus.ScaleOnBacklogProps{TargetPerTask: jsii.Number(0), ScaleInCooldown: awscdk.Duration_Millis(jsii.Number(1500)), ScaleOutCooldown: awscdk.Duration_Millis(jsii.Number(500))})
		}, []string{"props.TargetPerTask is 0; it must be more than 0", "props.ScaleInCooldown is 1.5 seconds", "props.ScaleOutCooldown is 0.5 seconds"}},
	} {
		t.Run(what, func(t *testing.T) { assertRefused(t, tc.do, tc.want...) })
	}
}
