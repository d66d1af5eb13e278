package test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

// oneGroup is a group of the given rules.
func oneGroup(rules ...amp.Rule) *[]*amp.RuleGroup {
	return &[]*amp.RuleGroup{{Name: jsii.String("g"), Rules: &rules}}
}

// allRules is a namespace with everything that rules can have.
func allRules() *[]*amp.RuleGroup {
	return &[]*amp.RuleGroup{
		{
			Name: jsii.String("recording"), Interval: minutes(1), QueryOffset: seconds(90), Limit: jsii.Number(1000),
			Rules: &[]amp.Rule{
				&amp.RecordingRule{
					Record: jsii.String("job:http_requests:rate5m"),
					Expr:   jsii.String("sum by (job) (\n  rate(http_requests_total[5m])\n)"),
					Labels: labels("team", "shop", "env", "prod"),
				},
			},
		},
		{
			Name: jsii.String("alerting"),
			Rules: &[]amp.Rule{
				&amp.AlertingRule{
					Alert: jsii.String("Errors"), Expr: jsii.String(`job:http_requests:rate5m{code=~"5.."} > 0.05`),
					For: minutes(90), KeepFiringFor: seconds(0.5), Labels: labels("severity", "page"),
					Annotations: labels("summary", `{{ $labels.job }} has {{ $value | humanizePercentage }} errors`),
				},
				&amp.AlertingRule{Alert: jsii.String("No traffic: at all"), Expr: jsii.String("absent(http_requests_total)")},
			},
		},
	}
}

// TestRuleFileMatchesGolden also writes the file that test/e2e gives to Prometheus.
func TestRuleFileMatchesGolden(t *testing.T) {
	for range 2 { // the same text each time
		stack := newStack(t)
		w := newWorkspace(stack, nil)
		rules := amp.NewRuleGroupsNamespace(stack, jsii.String("Rules"), &amp.RuleGroupsNamespaceProps{Workspace: w, Groups: allRules()})
		namespace := synth(t, stack).one("AWS::APS::RuleGroupsNamespace")
		assertGolden(t, "rules/all.yaml", []byte(namespace["Data"].(string)))
		assertJSON(t, "workspace is an ARN", namespace["Workspace"], asJSON(resolved(stack, w.WorkspaceArn())))
		assertJSON(t, "name", namespace["Name"], `"Stack-Rules-E5BE01BD"`)
		assertJSON(t, "name of the construct", *rules.RuleGroupsNamespaceName(), `"Stack-Rules-E5BE01BD"`)
		assertJSON(t, "ARN of the construct", resolved(stack, rules.RuleGroupsNamespaceArn()), `{"Fn::GetAtt":["Rules379FE035","Arn"]}`)
	}
}

func TestRuleFileOfYamlIsSentAsItIs(t *testing.T) {
	stack := newStack(t)
	text := "# mine\ngroups:\n- name: g\n  labels: {team: shop}\n  rules:\n  - record: a:b\n    expr: up\n"
	amp.NewRuleGroupsNamespace(stack, jsii.String("Rules"), &amp.RuleGroupsNamespaceProps{
		Workspace: newWorkspace(stack, nil), Name: jsii.String("mine.1"), Yaml: &text,
	})
	namespace := synth(t, stack).one("AWS::APS::RuleGroupsNamespace")
	assertJSON(t, "data", namespace["Data"], asJSON(text))
	assertJSON(t, "name", namespace["Name"], `"mine.1"`)
}

func TestRulesTakeTokens(t *testing.T) {
	stack := newStack(t)
	parameter := func(id string) *string { return awscdk.NewCfnParameter(stack, jsii.String(id), nil).ValueAsString() }
	limit := awscdk.NewCfnParameter(stack, jsii.String("Limit"), &awscdk.CfnParameterProps{Type: jsii.String("Number")})
	w := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Workspace"), parameter("Arn"))
	amp.NewRuleGroupsNamespace(stack, jsii.String("Rules"), &amp.RuleGroupsNamespaceProps{
		Workspace: w, Name: parameter("Name"),
		Groups: &[]*amp.RuleGroup{{Name: parameter("Group"), Limit: limit.ValueAsNumber(), Rules: &[]amp.Rule{
			&amp.RecordingRule{Record: parameter("Record"), Expr: parameter("Expr"), Labels: &map[string]*string{"team": parameter("Team")}},
		}}},
	})
	amp.NewRuleGroupsNamespace(stack, jsii.String("Raw"), &amp.RuleGroupsNamespaceProps{Workspace: w, Yaml: parameter("Yaml")})
	data := map[string]any{}
	for id, r := range synth(t, stack).Resources {
		if r.Type == "AWS::APS::RuleGroupsNamespace" {
			data[id[:3]] = r.Properties["Data"]
		}
	}
	assertJSON(t, "data", data, `{
		"Raw": {"Ref":"Yaml"},
		"Rul": {"Fn::Join":["",["groups:\n  - name: ",{"Ref":"Group"},"\n    limit: ",{"Ref":"Limit"},"\n    rules:\n      - record: ",
			{"Ref":"Record"},"\n        expr: ",{"Ref":"Expr"},"\n        labels:\n          team: ",{"Ref":"Team"},"\n"]]}}`)
}

func TestRulesOfOneNameAndLabelsWarn(t *testing.T) {
	stack := newStack(t)
	w := newWorkspace(stack, nil)
	rule := func(expr, team string) amp.Rule {
		return &amp.RecordingRule{Record: jsii.String("a:b"), Expr: &expr, Labels: labels("team", team)}
	}
	twice := amp.NewRuleGroupsNamespace(stack, jsii.String("Twice"), &amp.RuleGroupsNamespaceProps{Workspace: w, Groups: oneGroup(rule("up", "a"), rule("down", "a"))})
	assertWarned(t, twice, "duplicateRule", `group "g", rule 2 (a:b) has the name and the labels of group "g", rule 1 (a:b)`)
	once := amp.NewRuleGroupsNamespace(stack, jsii.String("Once"), &amp.RuleGroupsNamespaceProps{Workspace: w, Groups: oneGroup(rule("up", "a"), rule("up", "b"))})
	assertNoWarnings(t, once)
}

func TestCheckExprIsAskedAfterTheOwnCheck(t *testing.T) {
	stack := newStack(t)
	var asked []string
	check := func(expr string) error {
		asked = append(asked, expr)
		if expr == "rate(x)" {
			return errors.New("needs a\nrange")
		}
		return nil
	}
	assertRefused(t, func() {
		amp.NewRuleGroupsNamespace(stack, jsii.String("Rules"), &amp.RuleGroupsNamespaceProps{
			Workspace: newWorkspace(stack, nil), CheckExpr: check,
			Groups: oneGroup(
				&amp.RecordingRule{Record: jsii.String("a"), Expr: jsii.String("up")},
				&amp.RecordingRule{Record: jsii.String("b"), Expr: jsii.String("up + (")},
				&amp.RecordingRule{Record: jsii.String("c"), Expr: jsii.String("rate(x)")}),
		})
	}, "2 errors", `rule 2 (b): expr "up + (": ( is not closed`, `rule 3 (c): expr "rate(x)": needs a range`)
	assertJSON(t, "asked", asked, `["up","rate(x)"]`)
}

// TestPromQLIsCheckedWithoutAParser has its expressions in a file that test/e2e gives to Prometheus.
func TestPromQLIsCheckedWithoutAParser(t *testing.T) {
	var expressions struct {
		Accepted []string
		Refused  []struct{ Expr, Because string }
	}
	if err := yaml.Unmarshal([]byte(read(t, "test/testdata/promql.yaml")), &expressions); err != nil {
		t.Fatal(err)
	}
	stack := newStack(t)
	w := newWorkspace(stack, nil)
	build := func(id, expr string) string {
		return panicOf(func() {
			amp.NewRuleGroupsNamespace(stack, &id, &amp.RuleGroupsNamespaceProps{
				Workspace: w, Groups: oneGroup(&amp.RecordingRule{Record: jsii.String("a:b"), Expr: &expr}),
			})
		})
	}
	for i, expr := range expressions.Accepted {
		if message := build("Accepted"+asJSON(i), expr); message != "" {
			t.Errorf("%q is refused: %s", expr, message)
		}
	}
	for i, e := range expressions.Refused {
		assertContains(t, build("Refused"+asJSON(i), e.Expr), fmt.Sprintf("rule 1 (a:b): expr %q: ", e.Expr), e.Because)
	}
	if len(expressions.Accepted) == 0 || len(expressions.Refused) == 0 {
		t.Error("the file has no expressions")
	}
}
