package test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

// assertResourcePolicy compares the document of a policy, in which the ARN of the stack's workspace is <Workspace.Arn>.
func assertResourcePolicy(t *testing.T, stack awscdk.Stack, properties object, want string) {
	t.Helper()
	var text string
	switch document := properties["PolicyDocument"].(type) {
	case string:
		text = document
	case object:
		for _, part := range document["Fn::Join"].([]any)[1].([]any) {
			if s, ok := part.(string); ok {
				text += s
			} else if ref := asJSON(part); strings.HasPrefix(ref, `{"Fn::GetAtt":["Workspace`) {
				text += "<Workspace.Arn>"
			} else {
				text += strings.ReplaceAll(ref, `"`, "'")
			}
		}
	}
	var document any
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	assertJSON(t, "policy document", document, want)
}

func TestResourcePolicyAllowsWhomItNames(t *testing.T) {
	stack := newStackIn(newApp(t), "Stack", home, "eu-west-1")
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
	assertResourcePolicy(t, stack, properties, `{"Version":"2012-10-17","Statement":[
		{"Action":"aps:RemoteWrite","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/writer"},"Resource":"<Workspace.Arn>"},
		{"Action":["aps:GetLabels","aps:GetMetricMetadata","aps:GetSeries","aps:QueryMetrics"],"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Resource":"<Workspace.Arn>"},
		{"Action":"aps:RemoteWrite","Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny","Principal":{"AWS":"*"},"Resource":"<Workspace.Arn>"},
		{"Action":"aps:ListRules","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/reader"},"Resource":"<Workspace.Arn>"}]}`)
}

func TestGrantsUseTheResourcePolicyThatIsThere(t *testing.T) {
	stack := newStackIn(newApp(t), "Stack", home, "eu-west-1")
	w := newWorkspace(stack, nil)
	amp.NewResourcePolicy(stack, jsii.String("Policy"), &amp.ResourcePolicyProps{
		Workspace: w, Queriers: &[]awsiam.IPrincipal{awsiam.NewAccountPrincipal(jsii.String(away))},
	})
	w.GrantRemoteWrite(awsiam.NewAccountPrincipal(jsii.String(away)))
	properties := synth(t, stack).one("AWS::APS::ResourcePolicy")
	assertResourcePolicy(t, stack, properties, `{"Version":"2012-10-17","Statement":[
		{"Action":["aps:GetLabels","aps:GetMetricMetadata","aps:GetSeries","aps:QueryMetrics"],"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Resource":"<Workspace.Arn>"},
		{"Action":"aps:RemoteWrite","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Resource":"<Workspace.Arn>"}]}`)
}

func TestResourcePolicyOfAnImportedWorkspace(t *testing.T) {
	stack := newStackIn(newApp(t), "Stack", home, "eu-west-1")
	w := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Workspace"), jsii.String(homeArn))
	amp.NewResourcePolicy(stack, jsii.String("Policy"), &amp.ResourcePolicyProps{
		Workspace:     w,
		RemoteWriters: &[]awsiam.IPrincipal{awsiam.NewArnPrincipal(jsii.String("arn:aws:iam::444455556666:role/writer"))},
	})
	w.GrantQuery(awsiam.NewAccountPrincipal(jsii.String(away))) // goes there, too
	if got := warnings(w); got != "" {
		t.Errorf("unexpected warning %q", got)
	}
	assertJSON(t, "properties", synth(t, stack).one("AWS::APS::ResourcePolicy"), `{"WorkspaceArn":"`+homeArn+`",
		"PolicyDocument":"{\"Statement\":[{\"Action\":\"aps:RemoteWrite\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::444455556666:role/writer\"},\"Resource\":\"`+homeArn+`\"},{\"Action\":[\"aps:GetLabels\",\"aps:GetMetricMetadata\",\"aps:GetSeries\",\"aps:QueryMetrics\"],\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::444455556666:root\"},\"Resource\":\"`+homeArn+`\"}],\"Version\":\"2012-10-17\"}"}`)
}

// TestCrossAccountHasOneWayIn puts the two halves of a write across accounts together: the role may do one action on
// one workspace, and the workspace lets in one role.
func TestCrossAccountHasOneWayIn(t *testing.T) {
	app := newApp(t)
	platform := newStackIn(app, "Platform", home, "eu-west-1")
	w := newWorkspace(platform, nil)
	amp.NewResourcePolicy(platform, jsii.String("Policy"), &amp.ResourcePolicyProps{
		Workspace: w, RemoteWriters: &[]awsiam.IPrincipal{awsiam.NewArnPrincipal(jsii.String("arn:aws:iam::444455556666:role/writer"))},
	})
	service := newStackIn(app, "Service", away, "us-east-1")
	imported := amp.WorkspaceFromWorkspaceArn(service, jsii.String("Workspace"), jsii.String(homeArn))
	imported.GrantRemoteWrite(awsiam.NewRole(service, jsii.String("Role"), &awsiam.RoleProps{
		RoleName: jsii.String("writer"), AssumedBy: awsiam.NewServicePrincipal(jsii.String("ecs-tasks.amazonaws.com"), nil),
	}))
	there := synth(t, platform)
	assertResourcePolicy(t, platform, there.one("AWS::APS::ResourcePolicy"), `{"Version":"2012-10-17","Statement":[
		{"Action":"aps:RemoteWrite","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/writer"},"Resource":"<Workspace.Arn>"}]}`)
	if n := len(there.all("AWS::IAM::Policy")) + len(there.all("AWS::IAM::Role")); n != 0 {
		t.Errorf("%d roles and policies in the workspace's account", n)
	}
	here := synth(t, service)
	assertJSON(t, "statements", here.statements("RoleDefaultPolicy"), "["+writeOnHome+"]")
	if n := len(here.all("AWS::APS::ResourcePolicy")); n != 0 {
		t.Errorf("%d resource policies in the service's account", n)
	}
	assertJSON(t, "URL", *imported.RemoteWriteUrl(), `"https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write"`)
}
