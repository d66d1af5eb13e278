package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

// TestAmpRejections checks that bad input gets one message with every fault and the construct's path, and leaves the
// stack as it was. The stack is in account 111122223333 and eu-west-1; Given holds what a case needs beforehand.
func TestAmpRejections(t *testing.T) {
	type builder = func(stack, given awscdk.Stack)
	workspace := func(props *amp.WorkspaceProps) builder {
		return func(stack, _ awscdk.Stack) { newWorkspace(stack, props) }
	}
	alerts := func(d amp.AlertManagerDefinition) builder { return workspace(&amp.WorkspaceProps{AlertManager: &d}) }
	rules := func(props amp.RuleGroupsNamespaceProps) builder {
		return func(stack, given awscdk.Stack) {
			if props.Workspace == nil {
				props.Workspace = newWorkspace(given, nil)
			}
			amp.NewRuleGroupsNamespace(stack, jsii.String("Rules"), &props)
		}
	}
	policy := func(props amp.ResourcePolicyProps) builder {
		return func(stack, given awscdk.Stack) {
			props.Workspace = newWorkspace(given, nil)
			amp.NewResourcePolicy(stack, jsii.String("Policy"), &props)
		}
	}
	grant := func(grantee awsiam.IGrantable) builder {
		return func(_, given awscdk.Stack) {
			w := newWorkspace(given, nil)
			defer func() {
				if w.Node().TryFindChild(jsii.String("ResourcePolicy")) != nil {
					panic("a refused grant left a resource policy behind") // in place of the other message
				}
			}()
			w.GrantRemoteWrite(grantee)
		}
	}
	imported := func(attrs *amp.WorkspaceAttributes) builder {
		return func(stack, _ awscdk.Stack) { amp.WorkspaceFromWorkspaceAttributes(stack, jsii.String("W"), attrs) }
	}
	arn := func(arn string) builder {
		return func(stack, _ awscdk.Stack) { amp.WorkspaceFromWorkspaceArn(stack, jsii.String("W"), &arn) }
	}
	route := func(receiver string) *amp.AlertRoute { return &amp.AlertRoute{Receiver: &receiver} }
	receivers := func(names ...string) *[]*amp.AlertReceiver {
		var list []*amp.AlertReceiver
		for i := range names {
			list = append(list, &amp.AlertReceiver{Name: &names[i]})
		}
		return &list
	}
	topic := func(topic awssns.ITopic) *[]*amp.AlertReceiver {
		return &[]*amp.AlertReceiver{{Name: jsii.String("a"), Sns: &[]*amp.SnsReceiver{{Topic: topic}}}}
	}
	record := func(name, expr string) *amp.RecordingRule { return &amp.RecordingRule{Record: &name, Expr: &expr} }
	anyone := &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()}
	token := func(stack awscdk.Stack) *float64 {
		return awscdk.NewCfnParameter(stack, jsii.String("N"), &awscdk.CfnParameterProps{Type: jsii.String("Number")}).ValueAsNumber()
	}

	for name, tc := range map[string]struct {
		build builder
		want  []string
	}{
		"nothing to build in": {func(awscdk.Stack, awscdk.Stack) { amp.NewWorkspace(nil, nil, nil) },
			[]string{"NewWorkspace: 2 errors", "scope is nil", "id is empty"}},
		"a workspace with many faults": {workspace(&amp.WorkspaceProps{
			Alias: jsii.String(strings.Repeat("ä", 101)), RetentionPeriod: awscdk.Duration_Days(jsii.Number(0)),
			OutOfOrderTimeWindow: seconds(601), RuleQueryOffset: awscdk.Duration_Hours(jsii.Number(25)),
		}), []string{"Stack/Workspace: NewWorkspace: 4 errors", "has 101 characters; AMP takes at most 100",
			"RetentionPeriod is 0 days; it must be a whole number from 1 to 1095", "OutOfOrderTimeWindow is 601 seconds; it must be a whole number from 0 to 600",
			"RuleQueryOffset is 90000 seconds; it must be a whole number from 0 to 86400"}},
		"retention of 1096 days":  {workspace(&amp.WorkspaceProps{RetentionPeriod: awscdk.Duration_Days(jsii.Number(1096))}), []string{"RetentionPeriod is 1096 days"}},
		"retention of half a day": {workspace(&amp.WorkspaceProps{RetentionPeriod: awscdk.Duration_Hours(jsii.Number(36))}), []string{"RetentionPeriod is 1.5 days"}},
		"window of a half second": {workspace(&amp.WorkspaceProps{OutOfOrderTimeWindow: seconds(0.5)}), []string{"OutOfOrderTimeWindow is 0.5 seconds", "AddPropertyOverride"}},
		"a token in the wrong unit": {func(stack, given awscdk.Stack) {
			newWorkspace(stack, &amp.WorkspaceProps{OutOfOrderTimeWindow: awscdk.Duration_Minutes(token(given))})
		}, []string{"a token counted in minutes; a token must be counted in seconds"}},
		"key in another region": {func(stack, given awscdk.Stack) {
			newWorkspace(stack, &amp.WorkspaceProps{EncryptionKey: awskms.Key_FromKeyArn(given, jsii.String("Key"), jsii.String("arn:aws:kms:us-east-1:111122223333:key/1"))})
		}, []string{"EncryptionKey is in us-east-1, the workspace in eu-west-1; use a key of eu-west-1"}},
		"label sets": {workspace(&amp.WorkspaceProps{LimitsPerLabelSets: &[]*amp.LimitPerLabelSet{
			{LabelSet: labels("1a", "x", "b", ""), MaxSeries: jsii.Number(-1)}, nil, {LabelSet: labels("1a", "x", "b", "")}, {MaxSeries: jsii.Number(1.5)},
		}}), []string{`LimitsPerLabelSets[0].LabelSet: "1a" is not the name of a label`, "LimitsPerLabelSets[0].LabelSet: label b has no value",
			"LimitsPerLabelSets[0].MaxSeries is -1", "LimitsPerLabelSets[1] is nil", "LimitsPerLabelSets[2].MaxSeries is not set",
			"LimitsPerLabelSets[2] has the label set of LimitsPerLabelSets[0]", "LimitsPerLabelSets[3].MaxSeries is 1.5; it must be a whole number from 0"}},
		"query logging":        {workspace(&amp.WorkspaceProps{QueryLogging: &amp.QueryLoggingProps{}}), []string{"QueryLogging.QspThreshold is not set"}},
		"query logging at 1.5": {workspace(&amp.WorkspaceProps{QueryLogging: &amp.QueryLoggingProps{QspThreshold: jsii.Number(1.5)}}), []string{"QueryLogging.QspThreshold is 1.5"}},
		"log groups with a retention": {func(stack, given awscdk.Stack) {
			logging := amp.LoggingProps{LogGroup: awslogs.NewLogGroup(given, jsii.String("L"), nil), Retention: awslogs.RetentionDays_ONE_DAY}
			newWorkspace(stack, &amp.WorkspaceProps{Logging: &logging, QueryLogging: &amp.QueryLoggingProps{LoggingProps: logging, QspThreshold: jsii.Number(1)}})
		}, []string{"2 errors", "  - Logging.LogGroup and Retention are both set", "  - QueryLogging.LogGroup and Retention are both set"}},
		"alarms": {func(_, given awscdk.Stack) {
			newWorkspace(given, nil).AddAlarms(&amp.AlarmsProps{DiscardedSamplesThreshold: jsii.Number(-1), ActiveSeriesThreshold: jsii.Number(-2), IngestionRateThreshold: jsii.Number(-3)})
		}, []string{"Given/Workspace: AddAlarms: 3 errors", "DiscardedSamplesThreshold is -1; it must be at least 0", "ActiveSeriesThreshold is -2", "IngestionRateThreshold is -3"}},
		"alarms twice": {func(_, given awscdk.Stack) {
			workspace := newWorkspace(given, nil)
			workspace.AddAlarms(nil)
			workspace.AddAlarms(nil)
		}, []string{"Given/Workspace: AddAlarms: the workspace has alarms already; add them once, with all thresholds"}},
		"alarms away": {func(_, given awscdk.Stack) {
			amp.WorkspaceFromWorkspaceArn(given, jsii.String("W"), jsii.String("arn:aws:aps:us-east-1:444455556666:workspace/ws-1")).AddAlarms(nil)
		}, []string{"2 errors", "in account 444455556666, the stack in 111122223333; put the alarms in a stack of account 444455556666", "is in us-east-1"}},

		"ARN of another service": {arn("arn:aws:s3:::bucket"), []string{"Stack/W: WorkspaceFromWorkspaceArn", `"arn:aws:s3:::bucket" is not the ARN of a workspace, such as arn:aws:aps:`}},
		"ARN of rules":           {arn("arn:aws:aps:eu-west-1:111122223333:rulegroupsnamespace/ws-1/a"), []string{"is not the ARN of a workspace"}},
		"ARN with a token in it": {func(stack, _ awscdk.Stack) {
			arn("arn:aws:s3:"+*awscdk.Aws_REGION()+":111122223333:workspace/ws-1")(stack, nil)
		}, []string{"is not the ARN of a workspace"}},
		"no ARN":                   {arn("workspace"), []string{"is not the ARN of a workspace"}},
		"no ARN at all":            {func(stack, _ awscdk.Stack) { amp.WorkspaceFromWorkspaceArn(stack, jsii.String("W"), nil) }, []string{"the ARN of the workspace is nil"}},
		"nothing to import":        {imported(nil), []string{"WorkspaceId is not set; give the id of the workspace, or import it with WorkspaceFromWorkspaceArn"}},
		"attributes that are none": {imported(&amp.WorkspaceAttributes{WorkspaceId: jsii.String("a"), Region: jsii.String("Ireland"), Account: jsii.String("1")}), []string{"3 errors", `WorkspaceId is "a"; the id of a workspace starts with ws-`, `Region is "Ireland"`, `Account is "1"; give the 12 digits`}},

		"no route":              {alerts(amp.AlertManagerDefinition{}), []string{"2 errors", "AlertManager.Receivers is empty", "AlertManager.Route is not set"}},
		"no root receiver":      {alerts(amp.AlertManagerDefinition{Route: &amp.AlertRoute{}, Receivers: receivers("a")}), []string{"AlertManager.Route.Receiver is not set"}},
		"root route with match": {alerts(amp.AlertManagerDefinition{Route: &amp.AlertRoute{Receiver: jsii.String("a"), Matchers: &[]*string{jsii.String("a=b")}}, Receivers: receivers("a")}), []string{"the root route takes every alert"}},
		"unknown receivers": {alerts(amp.AlertManagerDefinition{Route: &amp.AlertRoute{Receiver: jsii.String("x"), Routes: &[]*amp.AlertRoute{nil, route("y")}}, Receivers: receivers("a")}),
			[]string{`AlertManager.Route.Receiver: no receiver is named "x"; there are ["a"]`, "AlertManager.Route.Routes[0] is nil", `AlertManager.Route.Routes[1].Receiver: no receiver is named "y"`}},
		"receivers": {alerts(amp.AlertManagerDefinition{Route: route("a"), Receivers: &[]*amp.AlertReceiver{nil, {}, {Name: jsii.String("a"), Sns: &[]*amp.SnsReceiver{nil, {}}}, {Name: jsii.String("a")}}}),
			[]string{"AlertManager.Receivers[0] is nil", "AlertManager.Receivers[1].Name is not set", "Receivers[2].Sns[0] is nil", "Receivers[2].Sns[1].Topic is not set", `Receivers[3].Name: two receivers are named "a"`}},
		"routes": {alerts(amp.AlertManagerDefinition{Receivers: receivers("a"), Route: &amp.AlertRoute{Receiver: jsii.String("a"), GroupBy: &[]*string{jsii.String("a-b"), jsii.String("a-b")}, GroupInterval: seconds(0), RepeatInterval: seconds(0), GroupWait: seconds(0),
			Routes: &[]*amp.AlertRoute{{Matchers: &[]*string{jsii.String("severity"), jsii.String(`a=~"("`), jsii.String(`a="b"`), jsii.String("a!~b.*")}}}}}),
			[]string{"7 errors", "GroupBy: a label is there twice", `GroupBy: "a-b" is not the name of a label`, "GroupInterval is 0", "RepeatInterval is 0", `Matchers: "severity" is not a matcher`, "has a regular expression that does not parse"}},
		"FIFO topic": {func(stack, given awscdk.Stack) {
			alerts(amp.AlertManagerDefinition{Route: route("a"), Receivers: topic(awssns.NewTopic(given, jsii.String("T"), &awssns.TopicProps{Fifo: jsii.Bool(true)}))})(stack, given)
		}, []string{"AlertManager.Receivers[0].Sns[0].Topic is a FIFO topic"}},
		"templates of a message": {func(stack, given awscdk.Stack) {
			receivers := topic(awssns.NewTopic(given, jsii.String("T"), nil))
			sns := (*(*receivers)[0].Sns)[0]
			sns.Subject, sns.Message, sns.Attributes = jsii.String("{{ .A"), jsii.String("{{ humanize 1 }}"), &map[string]*string{"b": jsii.String("{{ end }}")}
			alerts(amp.AlertManagerDefinition{Route: route("a"), Receivers: receivers})(stack, given)
		}, []string{"3 errors", `Sns[0].Subject: "{{ .A" is not a Go template`, `function "humanize" not defined`, `Sns[0].Attributes[b]: "{{ end }}" is not`}},
		"topic of another account": {func(stack, given awscdk.Stack) {
			alerts(amp.AlertManagerDefinition{Route: route("a"), Receivers: topic(awssns.Topic_FromTopicArn(given, jsii.String("T"), jsii.String("arn:aws:sns:eu-west-1:444455556666:t")))})(stack, given)
		}, []string{"Topic is in account 444455556666, the workspace in 111122223333"}},
		"definition as an Alertmanager has it": {alerts(amp.AlertManagerDefinition{Yaml: jsii.String("route:\n  receiver: a\n")}), []string{"AlertManager.Yaml: this is the file of an Alertmanager"}},
		"definition without receivers":         {alerts(amp.AlertManagerDefinition{Yaml: jsii.String("alertmanager_config: |\n  route: {receiver: a}\n"), Route: route("a")}), []string{"2 errors", "Yaml is set together with Route", `no receiver is named "a"`}},
		"definition without a route":           {alerts(amp.AlertManagerDefinition{Yaml: jsii.String("alertmanager_config: 'a: ['\n")}), []string{"alertmanager_config: is not YAML"}},

		"no workspace, no rules": {func(stack, _ awscdk.Stack) { amp.NewRuleGroupsNamespace(stack, jsii.String("Rules"), nil) }, []string{"Stack/Rules: NewRuleGroupsNamespace: 2 errors", "Workspace is not set; give the AMP workspace", "there are no groups"}},
		"two groups of one name": {rules(amp.RuleGroupsNamespaceProps{Groups: &[]*amp.RuleGroup{
			{Name: jsii.String("g"), Rules: &[]amp.Rule{record("a", "up")}}, {Name: jsii.String("g"), Rules: &[]amp.Rule{record("b", "up")}}}}), []string{`two groups are named "g"`}},
		"broken PromQL": {rules(amp.RuleGroupsNamespaceProps{Groups: oneGroup(record("a", "rate(x[5m]"), record("b", "up ="))}), []string{"2 errors", `rule 1 (a): expr "rate(x[5m]": ( is not closed`, `rule 2 (b): expr "up =": = stands outside of a selector`}},
		"groups": {rules(amp.RuleGroupsNamespaceProps{Groups: &[]*amp.RuleGroup{nil, {Interval: seconds(0), Limit: jsii.Number(-1)}, {Name: jsii.String("g"), Rules: &[]amp.Rule{nil, (*amp.AlertingRule)(nil), (*amp.RecordingRule)(nil)}}}}),
			[]string{"Groups[0] is nil", "Groups[1].Interval is 0", "Groups[1].Limit is -1", "Groups[2].Rules[0] is nil", "Groups[2].Rules[1] is nil", "Groups[2].Rules[2] is nil", "a group has no name"}},
		"a group without rules": {rules(amp.RuleGroupsNamespaceProps{Groups: oneGroup()}), []string{`group "g" has no rules`}},
		"names": {rules(amp.RuleGroupsNamespaceProps{Name: jsii.String("-a"), Groups: oneGroup(
			record("a-b", "up"), &amp.RecordingRule{}, &amp.RecordingRule{Record: jsii.String("a"), Expr: jsii.String("up"), Labels: labels("__name__", "x", "a.b", "y")},
			&amp.AlertingRule{Alert: jsii.String("A"), Expr: jsii.String("up"), Annotations: labels("a b", "x"), Labels: labels("c-d", "x")})}),
			[]string{`Name is "-a"`, `rule 1 (a-b): record: "a-b" is not the name of a metric`, `rule 2 (): neither record nor alert is set`, "there is no expression", `"__name__" is the name of the metric, not a label that a rule can set`, `"a.b" is not the name of a label`, `annotation "a b" is not a name`, `"c-d" is not the name of a label`}},
		"templates": {rules(amp.RuleGroupsNamespaceProps{Groups: oneGroup(&amp.AlertingRule{Alert: jsii.String("A"), Expr: jsii.String("up"),
			Annotations: labels("summary", "{{ $labels.job", "ok", "{{ $value | humanize }}"), Labels: labels("x", "{{ $nothing }}")})}),
			[]string{"2 errors", `annotation summary: "{{ $labels.job" is not a Go template`, `label x: "{{ $nothing }}" is not a Go template`}},
		"durations that are tokens": {func(stack, given awscdk.Stack) {
			rules(amp.RuleGroupsNamespaceProps{Groups: oneGroup(&amp.AlertingRule{Alert: jsii.String("A"), Expr: jsii.String("up"), For: awscdk.Duration_Seconds(token(given))}, record("a", "("))})(stack, given)
		}, []string{"2 errors", "Groups[0].Rules[0].For is a token; it must be known at synthesis", `rule 2 (a): expr "("`}},
		"a file that is none": {rules(amp.RuleGroupsNamespaceProps{Yaml: jsii.String("groups:\n- name: g\n  rule: []\n")}), []string{"Yaml is not a rule file", "field rule not found"}},
		"a file with faults": {rules(amp.RuleGroupsNamespaceProps{Groups: oneGroup(), Yaml: jsii.String("groups:\n- name: g\n  interval: 5\n  rules:\n  - {record: a, alert: A, expr: up}\n  - {record: b, expr: up, for: 1h30}\n")}),
			[]string{"Yaml is set together with Groups", `interval is "5"; write a duration as Prometheus does`, "both record and alert are set", "rule 2 (b): for, keep_firing_for and annotations belong to alerts", `rule 2 (b): for is "1h30"`}},
		"rules for a workspace away": {func(stack, given awscdk.Stack) {
			rules(amp.RuleGroupsNamespaceProps{Groups: allRules(), Workspace: amp.WorkspaceFromWorkspaceArn(given, jsii.String("W"), jsii.String("arn:aws:aps:us-east-1:444455556666:workspace/ws-1"))})(stack, given)
		}, []string{"2 errors", "put the rules in a stack of account 444455556666", "put the rules in a stack of us-east-1"}},

		"a policy of nothing": {func(stack, _ awscdk.Stack) { amp.NewResourcePolicy(stack, jsii.String("Policy"), nil) }, []string{"Stack/Policy: NewResourcePolicy: 2 errors", "Workspace is not set", "the policy allows nothing"}},
		"a policy for everybody": {policy(amp.ResourcePolicyProps{RemoteWriters: anyone, Queriers: &[]awsiam.IPrincipal{awsiam.NewStarPrincipal(), nil},
			Statements: &[]awsiam.PolicyStatement{nil, awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: jsii.Strings("aps:RemoteWrite"), Principals: anyone}),
				awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: jsii.Strings("aps:RemoteWrite"), NotPrincipals: &[]awsiam.IPrincipal{awsiam.NewAccountPrincipal(jsii.String(away))}}),
				awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: jsii.Strings("aps:RemoteWrite"), Principals: anyone, Conditions: &map[string]interface{}{"StringNotEquals": map[string]string{"aws:PrincipalAccount": away}}}),
				awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: jsii.Strings("aps:RemoteWrite")})}}),
			[]string{"8 errors", "RemoteWriters[0] allows everybody (*); name a role, an account or an organization", "Queriers[0] allows everybody", "Queriers[1] is nil", "Statements[0] is nil", "Statements[1] allows everybody", "Statements[2] allows everybody but some (NotPrincipal)", "Statements[3] allows everybody", "Statements[4] has no principal"}},
		"a policy for a workspace away": {func(stack, given awscdk.Stack) {
			amp.NewResourcePolicy(stack, jsii.String("Policy"), &amp.ResourcePolicyProps{
				Workspace: amp.WorkspaceFromWorkspaceArn(given, jsii.String("W"), jsii.String("arn:aws:aps:eu-west-1:444455556666:workspace/ws-1")),
				Queriers:  &[]awsiam.IPrincipal{awsiam.NewAccountPrincipal(jsii.String(home))}})
		}, []string{"Stack/Policy: NewResourcePolicy: workspace Given/W is in account 444455556666, the stack in 111122223333; put the resource policy in a stack of account 444455556666"}},
		"a second policy": {func(stack, given awscdk.Stack) {
			w := newWorkspace(given, nil)
			w.GrantRemoteWrite(awsiam.NewAccountPrincipal(jsii.String(away)))
			amp.NewResourcePolicy(stack, jsii.String("Policy"), &amp.ResourcePolicyProps{Workspace: w, Queriers: &[]awsiam.IPrincipal{awsiam.NewAccountPrincipal(jsii.String(away))}})
		}, []string{"workspace Given/Workspace has a resource policy already, at Given/Workspace/ResourcePolicy, and can have only one"}},
		"a grant to nobody":    {grant(nil), []string{"Given/Workspace: GrantRemoteWrite: grantee is nil"}},
		"a grant to everybody": {grant(awsiam.NewAnyPrincipal()), []string{"Given/Workspace: GrantRemoteWrite: it allows everybody (*)"}},
		"a grant to the star":  {grant(awsiam.NewStarPrincipal()), []string{"Given/Workspace: GrantRemoteWrite: it allows everybody (*)"}},
		"a grant of nothing":   {func(_, given awscdk.Stack) { newWorkspace(given, nil).Grant(roleOf(given, "Role")) }, []string{"Given/Workspace: Grant: no action is given; name at least one"}},
		"a grant of other actions": {func(_, given awscdk.Stack) {
			newWorkspace(given, nil).Grant(roleOf(given, "Role"), jsii.String("s3:GetObject"), nil, jsii.String("aps:ListRules"))
		}, []string{"Given/Workspace: Grant: 2 errors", `actions[0] is "s3:GetObject"; it must be an action of AMP, such as aps:QueryMetrics`, `actions[1] is ""`}},
		"a generic grant to everybody": {func(_, given awscdk.Stack) {
			newWorkspace(given, nil).Grant(awsiam.NewAnyPrincipal(), jsii.String("aps:ListRules"))
		}, []string{"Given/Workspace: Grant: it allows everybody (*)"}},
		"a metric without a name": {func(_, given awscdk.Stack) { newWorkspace(given, nil).Metric(nil, nil) }, []string{"Given/Workspace: Metric: metricName is empty; name a metric of the namespace AWS/Prometheus"}},
		"everybody, added later": {func(_, given awscdk.Stack) {
			amp.NewResourcePolicy(given, jsii.String("Policy"), &amp.ResourcePolicyProps{Workspace: newWorkspace(given, nil), Queriers: &[]awsiam.IPrincipal{awsiam.NewAccountPrincipal(jsii.String(away))}}).
				AddStatements(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: jsii.Strings("aps:RemoteWrite"), Principals: anyone}))
		}, []string{"Given/Policy: AddStatements: statement 0 allows everybody"}},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(t)
			stack, given := newStackIn(app, "Stack", home, "eu-west-1"), newStackIn(app, "Given", home, "eu-west-1")
			assertRefused(t, func() { tc.build(stack, given) }, tc.want...)
			if n := len(*stack.Node().Children()); n != 0 {
				t.Errorf("%d constructs were left behind", n)
			}
		})
	}
}
