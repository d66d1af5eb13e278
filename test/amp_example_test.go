package test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

// TestAmpExamplesSynthesize runs the examples of this file.
func TestAmpExamplesSynthesize(t *testing.T) {
	for name, example := range map[string]func(awscdk.Stack){
		"workspace": exampleWorkspace, "alert manager": exampleAlertManager, "rules": exampleRules, "resource policy": exampleResourcePolicy,
		"import": exampleImport, "endpoint": exampleEndpoint, "alarms": exampleAlarms, "grant": exampleGrant,
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStackIn(newApp(t), "Shop", home, "us-east-1")
			example(stack)
			if len(synth(t, stack).Resources) == 0 {
				t.Error("the example adds nothing")
			}
		})
	}
}

func shop() awscdk.Stack { return awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Shop"), nil) }

// A workspace with a key of one's own, metrics for a year, logs, and a limit for one team.
func Example_workspace() { exampleWorkspace(shop()) }

func exampleWorkspace(stack awscdk.Stack) {
	amp.NewWorkspace(stack, jsii.String("Workspace"), &amp.WorkspaceProps{
		Alias:                jsii.String("shop"),
		EncryptionKey:        awskms.NewKey(stack, jsii.String("Key"), &awskms.KeyProps{EnableKeyRotation: jsii.Bool(true)}),
		RetentionPeriod:      awscdk.Duration_Days(jsii.Number(365)),
		OutOfOrderTimeWindow: awscdk.Duration_Minutes(jsii.Number(10)),
		LimitsPerLabelSets: &[]*amp.LimitPerLabelSet{
			{LabelSet: &map[string]*string{"team": jsii.String("search")}, MaxSeries: jsii.Number(500_000)},
		},
		Logging:      &amp.LoggingProps{},
		QueryLogging: &amp.QueryLoggingProps{QspThreshold: jsii.Number(1_000_000)},
	})
}

// Alerts go to one topic, those that should wake somebody up to another.
func Example_alertManager() { exampleAlertManager(shop()) }

func exampleAlertManager(stack awscdk.Stack) {
	chat, pager := awssns.NewTopic(stack, jsii.String("Chat"), nil), awssns.NewTopic(stack, jsii.String("Pager"), nil)
	amp.NewWorkspace(stack, jsii.String("Workspace"), &amp.WorkspaceProps{
		AlertManager: &amp.AlertManagerDefinition{
			Route: &amp.AlertRoute{
				Receiver: jsii.String("chat"),
				GroupBy:  jsii.Strings("alertname", "job"),
				Routes:   &[]*amp.AlertRoute{{Receiver: jsii.String("pager"), Matchers: jsii.Strings(`severity="page"`)}},
			},
			Receivers: &[]*amp.AlertReceiver{
				{Name: jsii.String("chat"), Sns: &[]*amp.SnsReceiver{{Topic: chat}}},
				{Name: jsii.String("pager"), Sns: &[]*amp.SnsReceiver{{Topic: pager, SendResolved: jsii.Bool(false)}}},
			},
		},
	})
}

// A rate that dashboards use often is recorded, and an alert is raised on it. CheckExpr can be Prometheus' own parser.
func Example_ruleGroupsNamespace() { exampleRules(shop()) }

func exampleRules(stack awscdk.Stack) {
	workspace := amp.NewWorkspace(stack, jsii.String("Workspace"), nil)
	amp.NewRuleGroupsNamespace(stack, jsii.String("Rules"), &amp.RuleGroupsNamespaceProps{
		Workspace: workspace,
		Groups: &[]*amp.RuleGroup{{
			Name:     jsii.String("http"),
			Interval: awscdk.Duration_Minutes(jsii.Number(1)),
			Rules: &[]amp.Rule{
				&amp.RecordingRule{
					Record: jsii.String("job:http_errors:ratio5m"),
					Expr:   jsii.String(`sum by (job) (rate(http_requests_total{code=~"5.."}[5m])) / sum by (job) (rate(http_requests_total[5m]))`),
				},
				&amp.AlertingRule{
					Alert:       jsii.String("HttpErrors"),
					Expr:        jsii.String("job:http_errors:ratio5m > 0.05"),
					For:         awscdk.Duration_Minutes(jsii.Number(10)),
					Labels:      &map[string]*string{"severity": jsii.String("page")},
					Annotations: &map[string]*string{"summary": jsii.String("{{ $labels.job }} fails {{ $value | humanizePercentage }} of its requests")},
				},
			},
		}},
		CheckExpr: func(expr string) error {
			if strings.Contains(expr, "[1s]") {
				return errors.New("a range of a second is shorter than our scrape interval")
			}
			return nil
		},
	})
}

// A role of another account may write. That account allows the role in turn, with WorkspaceFromWorkspaceArn and
// GrantRemoteWrite.
func Example_resourcePolicy() { exampleResourcePolicy(shop()) }

func exampleResourcePolicy(stack awscdk.Stack) {
	policy := amp.NewResourcePolicy(stack, jsii.String("Policy"), &amp.ResourcePolicyProps{
		Workspace:     amp.NewWorkspace(stack, jsii.String("Workspace"), nil),
		RemoteWriters: &[]awsiam.IPrincipal{awsiam.NewArnPrincipal(jsii.String("arn:aws:iam::444455556666:role/shop"))},
		Queriers:      &[]awsiam.IPrincipal{awsiam.NewOrganizationPrincipal(jsii.String("o-1234567890"))},
	})
	policy.AddStatements(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:    jsii.Strings("aps:ListRules"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewAccountPrincipal(jsii.String("444455556666"))},
	}))
}

// A workspace that was made elsewhere, by its ARN or by its id.
func Example_workspaceFromWorkspaceArn() { exampleImport(shop()) }

func exampleImport(stack awscdk.Stack) {
	platform := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Platform"), jsii.String("arn:aws:aps:eu-west-1:111122223333:workspace/ws-a1b2c3d4"))
	team := amp.WorkspaceFromWorkspaceAttributes(stack, jsii.String("Team"), &amp.WorkspaceAttributes{
		WorkspaceId: jsii.String("ws-e5f6a7b8"), Region: jsii.String("us-east-1"),
	})
	grafana := awsiam.NewUser(stack, jsii.String("Grafana"), nil)
	platform.GrantQuery(grafana)
	team.GrantQuery(grafana)
	awscdk.NewCfnOutput(stack, jsii.String("PlatformUrl"), &awscdk.CfnOutputProps{Value: platform.QueryUrl()})
	awscdk.NewCfnOutput(stack, jsii.String("TeamUrl"), &awscdk.CfnOutputProps{Value: team.QueryUrl()})
}

// The same workspace through a FIPS endpoint, over IPv6, and through a VPC endpoint.
func Example_remoteWriteUrlFor() { exampleEndpoint(shop()) }

func exampleEndpoint(stack awscdk.Stack) {
	workspace := amp.WorkspaceFromWorkspaceAttributes(stack, jsii.String("Workspace"), &amp.WorkspaceAttributes{
		WorkspaceId: jsii.String("ws-a1b2c3d4"), Region: jsii.String("us-east-1"),
	})
	for id, options := range map[string]*amp.EndpointOptions{
		"Fips":      {Fips: jsii.Bool(true)},
		"DualStack": {DualStack: jsii.Bool(true)},
		"Private":   {Host: jsii.String("vpce-0123-abcd.aps-workspaces.us-east-1.vpce.amazonaws.com")},
	} {
		awscdk.NewCfnOutput(stack, jsii.String(id+"Write"), &awscdk.CfnOutputProps{Value: amp.RemoteWriteUrlFor(workspace, options)})
		awscdk.NewCfnOutput(stack, jsii.String(id+"Query"), &awscdk.CfnOutputProps{Value: amp.QueryUrlFor(workspace, options)})
	}
	workspace.GrantQuery(awsiam.NewUser(stack, jsii.String("Grafana"), nil))
}

// Somebody is told when samples are lost, and before the workspace's quotas are reached.
func Example_alarms() { exampleAlarms(shop()) }

func exampleAlarms(stack awscdk.Stack) {
	workspace := amp.NewWorkspace(stack, jsii.String("Workspace"), nil)
	workspace.AddAlarms(&amp.AlarmsProps{
		ActiveSeriesThreshold:  jsii.Number(1_600_000),
		IngestionRateThreshold: jsii.Number(100_000),
		Actions:                &[]awscloudwatch.IAlarmAction{awscloudwatchactions.NewSnsAction(awssns.NewTopic(stack, jsii.String("Topic"), nil))},
	})
	awscloudwatch.NewDashboard(stack, jsii.String("Dashboard"), nil).AddWidgets(awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
		Left:  &[]awscloudwatch.IMetric{workspace.MetricActiveSeries(nil), workspace.MetricIngestionRate(nil)},
		Right: &[]awscloudwatch.IMetric{workspace.MetricDiscardedSamples(nil)},
	}))
}

// One role writes, another one queries.
func Example_grant() { exampleGrant(shop()) }

func exampleGrant(stack awscdk.Stack) {
	workspace := amp.NewWorkspace(stack, jsii.String("Workspace"), nil)
	tasks := awsiam.NewServicePrincipal(jsii.String("ecs-tasks.amazonaws.com"), nil)
	workspace.GrantRemoteWrite(awsiam.NewRole(stack, jsii.String("Writer"), &awsiam.RoleProps{AssumedBy: tasks}))
	workspace.GrantQuery(awsiam.NewRole(stack, jsii.String("Reader"), &awsiam.RoleProps{AssumedBy: tasks}))
}
