package amp_test

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

// A workspace with its own key, metrics for a year, logs, a limit for one team, and alerts: those that should wake somebody up
// go to another topic.
func ExampleNewWorkspace() {
	defer jsii.Close()
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Shop"), nil)
	chat, pager := awssns.NewTopic(stack, jsii.String("Chat"), nil), awssns.NewTopic(stack, jsii.String("Pager"), nil)

	workspace := amp.NewWorkspace(stack, jsii.String("Workspace"), &amp.WorkspaceProps{
		Alias:           jsii.String("shop"),
		EncryptionKey:   awskms.NewKey(stack, jsii.String("Key"), &awskms.KeyProps{EnableKeyRotation: jsii.Bool(true)}),
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(365)),
		LimitsPerLabelSets: &[]*amp.LimitPerLabelSet{
			{LabelSet: &map[string]*string{"team": jsii.String("search")}, MaxSeries: jsii.Number(500_000)},
		},
		Logging: &amp.LoggingProps{},
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
	// Somebody is told when samples are lost, and before the workspace's quotas are reached.
	workspace.AddAlarms(&amp.AlarmsProps{
		ActiveSeriesThreshold: jsii.Number(1_600_000),
		Actions:               &[]awscloudwatch.IAlarmAction{awscloudwatchactions.NewSnsAction(chat)},
	})

	for _, child := range *workspace.Node().Children() {
		fmt.Println(*child.Node().Path())
	}
	// Output:
	// Shop/Workspace/Logs
	// Shop/Workspace/Resource
	// Shop/Workspace/DiscardedSamplesAlarm
	// Shop/Workspace/ActiveSeriesAlarm
}

// A rate that dashboards use often is recorded, and an alert is raised on it. CheckExpr can be Prometheus' own parser.
func ExampleNewRuleGroupsNamespace() {
	defer jsii.Close()
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Shop"), nil)

	rules := amp.NewRuleGroupsNamespace(stack, jsii.String("Rules"), &amp.RuleGroupsNamespaceProps{
		Workspace: amp.NewWorkspace(stack, jsii.String("Workspace"), nil),
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
	})

	fmt.Println(*rules.RuleGroupsNamespaceName())
	// Output:
	// Shop-Rules-6325F86E
}

// A role of another account may write. That account allows the role in turn, with [amp.WorkspaceFromWorkspaceArn] and
// GrantRemoteWrite.
func ExampleNewResourcePolicy() {
	defer jsii.Close()
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Shop"), nil)

	policy := amp.NewResourcePolicy(stack, jsii.String("Policy"), &amp.ResourcePolicyProps{
		Workspace:     amp.NewWorkspace(stack, jsii.String("Workspace"), nil),
		RemoteWriters: &[]awsiam.IPrincipal{awsiam.NewArnPrincipal(jsii.String("arn:aws:iam::444455556666:role/shop"))},
		Queriers:      &[]awsiam.IPrincipal{awsiam.NewOrganizationPrincipal(jsii.String("o-1234567890"))},
	})

	fmt.Println(*policy.Node().Path())
	// Output: Shop/Policy
}

// A workspace that was made elsewhere, through its public endpoint, with FIPS, over IPv6, and through a VPC endpoint.
func ExampleRemoteWriteUrlFor() {
	defer jsii.Close()
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Shop"), nil)
	workspace := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Workspace"), jsii.String("arn:aws:aps:us-east-1:111122223333:workspace/ws-a1b2c3d4"))

	for _, options := range []*amp.EndpointOptions{
		nil,
		{Fips: jsii.Bool(true)},
		{DualStack: jsii.Bool(true)},
		{Host: jsii.String("vpce-0123-abcd.aps-workspaces.us-east-1.vpce.amazonaws.com")},
	} {
		fmt.Println(*amp.RemoteWriteUrlFor(workspace, options))
	}
	// Output:
	// https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-a1b2c3d4/api/v1/remote_write
	// https://aps-workspaces-fips.us-east-1.amazonaws.com/workspaces/ws-a1b2c3d4/api/v1/remote_write
	// https://aps-workspaces.us-east-1.api.aws/workspaces/ws-a1b2c3d4/api/v1/remote_write
	// https://vpce-0123-abcd.aps-workspaces.us-east-1.vpce.amazonaws.com/workspaces/ws-a1b2c3d4/api/v1/remote_write
}
