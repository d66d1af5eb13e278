package test

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

func TestWorkspaceSaysNothingThatIsNotAskedFor(t *testing.T) {
	stack := newStack(t)
	newWorkspace(stack, nil)
	tmpl := synth(t, stack)
	if len(tmpl.Resources) != 1 {
		t.Errorf("more than the workspace: %v", tmpl.Resources)
	}
	assertJSON(t, "properties", tmpl.one("AWS::APS::Workspace"), `null`)
}

func TestWorkspaceConfiguration(t *testing.T) {
	stack := newStack(t)
	newWorkspace(stack, &amp.WorkspaceProps{
		RetentionPeriod:      awscdk.Duration_Days(jsii.Number(1095)),
		OutOfOrderTimeWindow: minutes(10),
		RuleQueryOffset:      seconds(0),
		LimitsPerLabelSets: &[]*amp.LimitPerLabelSet{
			{LabelSet: labels("team", "shop", "env", "prod"), MaxSeries: jsii.Number(1000)},
			{MaxSeries: jsii.Number(0)},
		},
	})
	assertJSON(t, "configuration", synth(t, stack).one("AWS::APS::Workspace")["WorkspaceConfiguration"], `{
		"RetentionPeriodInDays": 1095, "OutOfOrderTimeWindowInSeconds": 600, "RuleQueryOffsetInSeconds": 0,
		"LimitsPerLabelSets": [
			{"LabelSet": [{"Name":"env","Value":"prod"},{"Name":"team","Value":"shop"}], "Limits": {"MaxSeries": 1000}},
			{"LabelSet": [], "Limits": {"MaxSeries": 0}}]}`)
}

func TestWorkspaceTakesTokens(t *testing.T) {
	stack := newStack(t)
	text := awscdk.NewCfnParameter(stack, jsii.String("Text"), nil).ValueAsString()
	number := awscdk.NewCfnParameter(stack, jsii.String("Number"), &awscdk.CfnParameterProps{Type: jsii.String("Number")}).ValueAsNumber()
	newWorkspace(stack, &amp.WorkspaceProps{
		Alias:                text,
		RetentionPeriod:      awscdk.Duration_Days(number),
		OutOfOrderTimeWindow: awscdk.Duration_Seconds(number),
		LimitsPerLabelSets:   &[]*amp.LimitPerLabelSet{{LabelSet: &map[string]*string{"team": text}, MaxSeries: number}},
		QueryLogging:         &amp.QueryLoggingProps{QspThreshold: number, LoggingProps: amp.LoggingProps{LogGroup: awslogs.LogGroup_FromLogGroupName(stack, jsii.String("Group"), text)}},
		AlertManager:         &amp.AlertManagerDefinition{Yaml: text},
	})
	workspace := synth(t, stack).one("AWS::APS::Workspace")
	assertJSON(t, "alias", workspace["Alias"], `{"Ref":"Text"}`)
	assertJSON(t, "alert manager", workspace["AlertManagerDefinition"], `{"Ref":"Text"}`)
	assertJSON(t, "configuration", workspace["WorkspaceConfiguration"], `{
		"RetentionPeriodInDays": {"Ref":"Number"}, "OutOfOrderTimeWindowInSeconds": {"Ref":"Number"},
		"LimitsPerLabelSets": [{"LabelSet": [{"Name":"team","Value":{"Ref":"Text"}}], "Limits": {"MaxSeries": {"Ref":"Number"}}}]}`)
	assertJSON(t, "threshold", workspace["QueryLoggingConfiguration"].(object)["Destinations"].([]any)[0].(object)["Filters"], `{"QspThreshold": {"Ref":"Number"}}`)
}

func TestTagsReachWorkspaceAndRules(t *testing.T) {
	stack := newStack(t)
	w := newWorkspace(stack, nil)
	rules := amp.NewRuleGroupsNamespace(stack, jsii.String("Rules"), &amp.RuleGroupsNamespaceProps{Workspace: w, Groups: allRules()})
	awscdk.Tags_Of(w).Add(jsii.String("team"), jsii.String("shop"), nil)
	awscdk.Tags_Of(rules).Add(jsii.String("team"), jsii.String("pay"), nil)
	tmpl := synth(t, stack)
	assertJSON(t, "workspace", tmpl.one("AWS::APS::Workspace")["Tags"], `[{"Key":"team","Value":"shop"}]`)
	assertJSON(t, "rules", tmpl.one("AWS::APS::RuleGroupsNamespace")["Tags"], `[{"Key":"team","Value":"pay"}]`)
}

const keyStatement = `{"Action":["kms:CreateGrant","kms:Decrypt","kms:DescribeKey","kms:GenerateDataKey"],
	"Condition":{"StringEquals":{"kms:CallerAccount":"111122223333","kms:ViaService":"aps.eu-west-1.amazonaws.com"}},
	"Effect":"Allow","Principal":{"AWS":"*"},"Resource":"*","Sid":"AllowPrometheusForThisAccount"}`

func TestKeyOfTheAppGetsWhatAmpNeeds(t *testing.T) {
	stack := homeStack(t)
	key := awskms.NewKey(stack, jsii.String("Key"), nil)
	w := newWorkspace(stack, &amp.WorkspaceProps{EncryptionKey: key})
	tmpl := synth(t, stack)
	assertJSON(t, "key", tmpl.one("AWS::APS::Workspace")["KmsKeyArn"], asJSON(resolved(stack, key.KeyArn())))
	statements := tmpl.one("AWS::KMS::Key")["KeyPolicy"].(object)["Statement"].([]any)
	if len(statements) != 2 {
		t.Fatalf("statements %s", asJSON(statements))
	}
	assertJSON(t, "statement", statements[1], keyStatement)
	assertNoWarnings(t, w)
}

func TestImportedKeyWarnsWithTheStatement(t *testing.T) {
	stack := homeStack(t)
	key := awskms.Key_FromKeyArn(stack, jsii.String("Key"), jsii.String("arn:aws:kms:eu-west-1:111122223333:key/1"))
	w := newWorkspace(stack, &amp.WorkspaceProps{EncryptionKey: key})
	assertJSON(t, "key", synth(t, stack).one("AWS::APS::Workspace")["KmsKeyArn"], `"arn:aws:kms:eu-west-1:111122223333:key/1"`)
	assertWarning(t, w, "keyNotChanged", keyStatement)
}

func TestLogGroupsOfAWorkspaceCanBeDeliveredTo(t *testing.T) {
	stack := newStack(t)
	newWorkspace(stack, &amp.WorkspaceProps{
		Logging:       &amp.LoggingProps{},
		QueryLogging:  &amp.QueryLoggingProps{QspThreshold: jsii.Number(1e6), LoggingProps: amp.LoggingProps{Retention: awslogs.RetentionDays_ONE_WEEK}},
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	tmpl := synth(t, stack)
	workspace := tmpl.one("AWS::APS::Workspace")
	assertJSON(t, "logging", workspace["LoggingConfiguration"], `{"LogGroupArn":{"Fn::GetAtt":["WorkspaceLogs69698473","Arn"]}}`)
	assertJSON(t, "query logging", workspace["QueryLoggingConfiguration"], `{"Destinations":[{
		"CloudWatchLogs":{"LogGroupArn":{"Fn::GetAtt":["WorkspaceQueryLogs7D8495C1","Arn"]}},"Filters":{"QspThreshold":1000000}}]}`)
	logs, queries := tmpl.Resources["WorkspaceLogs69698473"], tmpl.Resources["WorkspaceQueryLogs7D8495C1"]
	assertJSON(t, "retention", []any{logs.Properties["RetentionInDays"], queries.Properties["RetentionInDays"]}, `[30,7]`)
	assertJSON(t, "deletion policies", []string{logs.DeletionPolicy, queries.DeletionPolicy}, `["Delete","Delete"]`)
	assertJSON(t, "name", logs.Properties["LogGroupName"], `"/aws/vendedlogs/prometheus/Stack-Workspace-154DFB03-Logs"`)
	assertJSON(t, "policy", logs.Properties["ResourcePolicyDocument"], `{"Version":"2012-10-17","Statement":[{
		"Sid":"AWSLogDeliveryWrite","Effect":"Allow","Principal":{"Service":"delivery.logs.amazonaws.com"},
		"Action":["logs:CreateLogStream","logs:PutLogEvents"],
		"Resource":{"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},":logs:",{"Ref":"AWS::Region"},":",{"Ref":"AWS::AccountId"},":log-group:/aws/vendedlogs/prometheus/Stack-Workspace-154DFB03-Logs:log-stream:*"]]},
		"Condition":{"StringEquals":{"aws:SourceAccount":{"Ref":"AWS::AccountId"}},
			"ArnLike":{"aws:SourceArn":{"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},":logs:",{"Ref":"AWS::Region"},":",{"Ref":"AWS::AccountId"},":*"]]}}}}]}`)
	if n := len(tmpl.all("AWS::Logs::ResourcePolicy")); n != 0 {
		t.Errorf("%d policies of the account; the log groups have their own", n)
	}
}

func TestGivenLogGroupsAreUsedAsTheyAre(t *testing.T) {
	stack := newStack(t)
	group := func(id, name string) *amp.LoggingProps {
		return &amp.LoggingProps{LogGroup: awslogs.LogGroup_FromLogGroupName(stack, &id, &name)}
	}
	good := amp.NewWorkspace(stack, jsii.String("Good"), &amp.WorkspaceProps{Logging: group("A", "/aws/vendedlogs/a")})
	other := amp.NewWorkspace(stack, jsii.String("Other"), &amp.WorkspaceProps{Logging: group("B", "/my/logs")})
	if n := len(synth(t, stack).all("AWS::Logs::LogGroup")); n != 0 {
		t.Errorf("%d log groups were added", n)
	}
	assertNoWarnings(t, good)
	assertWarned(t, other, "logGroupName", "log group /my/logs does not start with /aws/vendedlogs/")
}

func TestMetricsOfAWorkspace(t *testing.T) {
	stack := homeStack(t)
	w := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Workspace"), jsii.String("arn:aws:aps:us-east-1:444455556666:workspace/ws-1"))
	series := w.MetricActiveSeries(nil)
	assertJSON(t, "series", []any{*series.Namespace(), *series.MetricName(), *series.Statistic(), *series.Dimensions(), *series.Region(), *series.Account()},
		`["AWS/Usage","ResourceCount","Maximum",{"Class":"None","Resource":"ActiveSeries","ResourceId":"ws-1","Service":"Prometheus","Type":"Resource"},"us-east-1","444455556666"]`)
	rate := w.MetricIngestionRate(nil)
	assertJSON(t, "rate", []any{*rate.Statistic(), (*rate.Dimensions())["Resource"]}, `["Average","IngestionRate"]`)
	discarded := w.MetricDiscardedSamples(nil)
	assertJSON(t, "discarded", []any{*discarded.Expression(), *discarded.SearchRegion(), *discarded.SearchAccount()},
		`["SELECT SUM(DiscardedSamples) FROM \"AWS/Prometheus\" WHERE Workspace = 'ws-1'","us-east-1","444455556666"]`)
	failures := w.Metric(jsii.String("RuleEvaluationFailures"), &awscloudwatch.MetricOptions{Statistic: jsii.String("Sum")})
	assertJSON(t, "failures", []any{*failures.Namespace(), *failures.MetricName(), *failures.Statistic(), *failures.Dimensions(), *failures.Region(), *failures.Account()},
		`["AWS/Prometheus","RuleEvaluationFailures","Sum",{"Workspace":"ws-1"},"us-east-1","444455556666"]`)
	options := &awscloudwatch.MetricOptions{DimensionsMap: &map[string]*string{"Reason": jsii.String("rate_limited")}}
	assertJSON(t, "dimensions", *w.Metric(jsii.String("DiscardedSamples"), options).Dimensions(), `{"Reason":"rate_limited","Workspace":"ws-1"}`)
	assertJSON(t, "the caller's dimensions", *options.DimensionsMap, `{"Reason":"rate_limited"}`)
	if here := amp.NewWorkspace(stack, jsii.String("Here"), nil).MetricActiveSeries(nil); here.Region() != nil || here.Account() != nil {
		t.Error("a metric of this stack names its region or account")
	}
}

func TestAlarmsOfAWorkspace(t *testing.T) {
	stack := newStack(t)
	topic := awssns.NewTopic(stack, jsii.String("Topic"), nil)
	alarms := newWorkspace(stack, nil).AddAlarms(nil)
	if alarms.DiscardedSamples == nil || alarms.ActiveSeries != nil || alarms.IngestionRate != nil {
		t.Errorf("alarms without thresholds: %+v", alarms)
	}
	amp.NewWorkspace(stack, jsii.String("All"), nil).AddAlarms(&amp.AlarmsProps{
		DiscardedSamplesThreshold: jsii.Number(10), ActiveSeriesThreshold: jsii.Number(1e6), IngestionRateThreshold: jsii.Number(1e5),
		Actions: &[]awscloudwatch.IAlarmAction{awscloudwatchactions.NewSnsAction(topic)},
	})
	got := map[string]any{}
	for id, r := range synth(t, stack).Resources {
		if r.Type == "AWS::CloudWatch::Alarm" {
			p := r.Properties
			got[id[:len(id)-8]] = []any{p["Threshold"], p["EvaluationPeriods"], p["ComparisonOperator"], p["TreatMissingData"], p["AlarmActions"], p["OKActions"]}
		}
	}
	assertJSON(t, "alarms", got, `{
		"WorkspaceDiscardedSamplesAlarm": [0, 1, "GreaterThanThreshold", "notBreaching", null, null],
		"AllDiscardedSamplesAlarm": [10, 1, "GreaterThanThreshold", "notBreaching", [{"Ref":"TopicBFC7AF6E"}], [{"Ref":"TopicBFC7AF6E"}]],
		"AllActiveSeriesAlarm": [1000000, 3, "GreaterThanThreshold", "notBreaching", [{"Ref":"TopicBFC7AF6E"}], [{"Ref":"TopicBFC7AF6E"}]],
		"AllIngestionRateAlarm": [100000, 3, "GreaterThanThreshold", "notBreaching", [{"Ref":"TopicBFC7AF6E"}], [{"Ref":"TopicBFC7AF6E"}]]}`)
}
