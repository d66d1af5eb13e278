package test

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

func TestWorkspaceIsKeptByDefault(t *testing.T) {
	stack := newStack(t)
	amp.NewWorkspace(stack, jsii.String("Kept"), nil)
	amp.NewWorkspace(stack, jsii.String("Deleted"), &amp.WorkspaceProps{Alias: jsii.String("a"), RemovalPolicy: awscdk.RemovalPolicy_DESTROY})
	policies := map[string]string{}
	for _, r := range synth(t, stack).Resources {
		alias, _ := r.Properties["Alias"].(string)
		policies[alias] = r.DeletionPolicy
	}
	assertJSON(t, "deletion policy by alias", policies, `{"":"Retain","a":"Delete"}`)
}

func TestUrlsAreBuiltFromTheWorkspaceId(t *testing.T) {
	stack := newStack(t)
	created := amp.NewWorkspace(stack, jsii.String("Created"), nil)
	assertJSON(t, "created", resolved(stack, created.RemoteWriteUrl()),
		`{"Fn::Join":["",["https://aps-workspaces.",{"Ref":"AWS::Region"},".",{"Ref":"AWS::URLSuffix"},"/workspaces/",{"Fn::GetAtt":["CreatedC1BBC76F","WorkspaceId"]},"/api/v1/remote_write"]]}`)

	byArn := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Arn"), jsii.String(workspaceArn))
	assertJSON(t, "by ARN", resolved(stack, byArn.QueryUrl()),
		`"https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1"`)
	assertJSON(t, "region", *byArn.Env().Region, `"eu-west-1"`)
	assertJSON(t, "account", *byArn.Env().Account, `"111122223333"`)

	byId := amp.WorkspaceFromWorkspaceAttributes(stack, jsii.String("Id"), &amp.WorkspaceAttributes{
		WorkspaceId: jsii.String("ws-2"), Region: jsii.String("us-east-1"), Account: jsii.String("444455556666"),
	})
	assertJSON(t, "ARN by id", resolved(stack, byId.WorkspaceArn()),
		`"arn:aws:aps:us-east-1:444455556666:workspace/ws-2"`)
	here := amp.WorkspaceFromWorkspaceAttributes(stack, jsii.String("Here"), &amp.WorkspaceAttributes{WorkspaceId: jsii.String("ws-3")})
	assertJSON(t, "ARN in this stack", resolved(stack, here.WorkspaceArn()),
		`{"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},":aps:",{"Ref":"AWS::Region"},":",{"Ref":"AWS::AccountId"},":workspace/ws-3"]]}`)
	assertJSON(t, "id", *byId.WorkspaceId(), `"ws-2"`)
}

func TestWorkspaceArnMayBeAToken(t *testing.T) {
	stack := newStack(t)
	arn := awscdk.NewCfnParameter(stack, jsii.String("Arn"), nil).ValueAsString()
	w := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Workspace"), arn)
	assertJSON(t, "id", resolved(stack, w.WorkspaceId()),
		`{"Fn::Select":[1,{"Fn::Split":["/",{"Fn::Select":[5,{"Fn::Split":[":",{"Ref":"Arn"}]}]}]}]}`)
}

func TestGrantsNameTheWorkspaceOnly(t *testing.T) {
	stack := newStack(t)
	role := roleOf(stack, "Role")
	w := importedWorkspace(stack)
	w.GrantRemoteWrite(role)
	w.GrantQuery(role)
	assertJSON(t, "statements", synth(t, stack).statements("RoleDefaultPolicy"),
		`[{"Action":["aps:GetLabels","aps:GetMetricMetadata","aps:GetSeries","aps:QueryMetrics","aps:RemoteWrite"],"Effect":"Allow","Resource":"`+workspaceArn+`"}]`)
}
