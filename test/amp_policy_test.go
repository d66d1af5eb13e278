package test

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

func TestResourcePolicyAllowsWhomItNames(t *testing.T) {
	stack := homeStack(t)
	w := newWorkspace(stack, nil)
	raw := awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Effect: awsiam.Effect_DENY, Actions: jsii.Strings("aps:RemoteWrite"), Principals: &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()},
		Conditions: &map[string]interface{}{"Bool": map[string]string{"aws:SecureTransport": "false"}},
	})
	policy := amp.NewResourcePolicy(stack, jsii.String("Policy"), &amp.ResourcePolicyProps{
		Workspace:     w,
		RemoteWriters: &[]awsiam.IPrincipal{awsiam.NewArnPrincipal(jsii.String("arn:aws:iam::444455556666:role/writer"))},
		Queriers:      &[]awsiam.IPrincipal{awsiam.NewAccountPrincipal(jsii.String(away))},
		Statements:    &[]awsiam.PolicyStatement{raw},
	})
	policy.AddStatements(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings("aps:ListRules"), Resources: &[]*string{w.WorkspaceArn()},
		Principals: &[]awsiam.IPrincipal{awsiam.NewArnPrincipal(jsii.String("arn:aws:iam::444455556666:role/reader"))},
	}))
	if n := len(*raw.Resources()); n != 0 {
		t.Error("the caller's statement was changed")
	}
	properties := synth(t, stack).one("AWS::APS::ResourcePolicy")
	assertJSON(t, "workspace", properties["WorkspaceArn"], asJSON(resolved(stack, w.WorkspaceArn())))
	assertResourcePolicy(t, properties, `{"Version":"2012-10-17","Statement":[
		{"Action":"aps:RemoteWrite","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/writer"},"Resource":"<Workspace.Arn>"},
		{"Action":["aps:GetLabels","aps:GetMetricMetadata","aps:GetSeries","aps:QueryMetrics"],"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Resource":"<Workspace.Arn>"},
		{"Action":"aps:RemoteWrite","Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny","Principal":{"AWS":"*"},"Resource":"<Workspace.Arn>"},
		{"Action":"aps:ListRules","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/reader"},"Resource":"<Workspace.Arn>"}]}`)
}

func TestGrantsUseTheResourcePolicyThatIsThere(t *testing.T) {
	stack := homeStack(t)
	w := newWorkspace(stack, nil)
	amp.NewResourcePolicy(stack, jsii.String("Policy"), &amp.ResourcePolicyProps{
		Workspace: w, Queriers: &[]awsiam.IPrincipal{awsiam.NewAccountPrincipal(jsii.String(away))},
	})
	w.GrantRemoteWrite(awsiam.NewAccountPrincipal(jsii.String(away)))
	properties := synth(t, stack).one("AWS::APS::ResourcePolicy")
	assertResourcePolicy(t, properties, `{"Version":"2012-10-17","Statement":[
		{"Action":["aps:GetLabels","aps:GetMetricMetadata","aps:GetSeries","aps:QueryMetrics"],"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Resource":"<Workspace.Arn>"},
		{"Action":"aps:RemoteWrite","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Resource":"<Workspace.Arn>"}]}`)
}

func TestResourcePolicyOfAnImportedWorkspace(t *testing.T) {
	stack := homeStack(t)
	w := importedWorkspace(stack)
	amp.NewResourcePolicy(stack, jsii.String("Policy"), &amp.ResourcePolicyProps{
		Workspace:     w,
		RemoteWriters: &[]awsiam.IPrincipal{awsiam.NewArnPrincipal(jsii.String("arn:aws:iam::444455556666:role/writer"))},
	})
	w.GrantQuery(awsiam.NewAccountPrincipal(jsii.String(away))) // goes there, too
	assertNoWarnings(t, w)
	assertJSON(t, "properties", synth(t, stack).one("AWS::APS::ResourcePolicy"), `{"WorkspaceArn":"`+workspaceArn+`",
		"PolicyDocument":"{\"Statement\":[{\"Action\":\"aps:RemoteWrite\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::444455556666:role/writer\"},\"Resource\":\"`+workspaceArn+`\"},{\"Action\":[\"aps:GetLabels\",\"aps:GetMetricMetadata\",\"aps:GetSeries\",\"aps:QueryMetrics\"],\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::444455556666:root\"},\"Resource\":\"`+workspaceArn+`\"}],\"Version\":\"2012-10-17\"}"}`)
}
