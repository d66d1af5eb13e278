package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

func TestEndpointVariants(t *testing.T) {
	stack := newStack(t)
	yes := jsii.Bool(true)
	host := awscdk.NewCfnParameter(stack, jsii.String("Host"), nil).ValueAsString()
	imported := func(arn string) amp.IWorkspace {
		return amp.WorkspaceFromWorkspaceArn(stack, jsii.String("W"+asJSON(len(*stack.Node().Children()))), &arn)
	}
	const path = "/workspaces/ws-1/api/v1/remote_write"
	for name, tc := range map[string]struct {
		arn     string
		options *amp.EndpointOptions
		want    string
	}{
		"as it is":            {workspaceArn, nil, "https://aps-workspaces.eu-west-1.amazonaws.com" + path},
		"no option set":       {workspaceArn, &amp.EndpointOptions{Fips: jsii.Bool(false)}, "https://aps-workspaces.eu-west-1.amazonaws.com" + path},
		"FIPS":                {strings.Replace(workspaceArn, "eu-west-1", "us-east-2", 1), &amp.EndpointOptions{Fips: yes}, "https://aps-workspaces-fips.us-east-2.amazonaws.com" + path},
		"dual-stack":          {workspaceArn, &amp.EndpointOptions{DualStack: yes}, "https://aps-workspaces.eu-west-1.api.aws" + path},
		"FIPS and dual-stack": {strings.Replace(workspaceArn, "eu-west-1", "ca-central-1", 1), &amp.EndpointOptions{Fips: yes, DualStack: yes}, "https://aps-workspaces-fips.ca-central-1.api.aws" + path},
		"a host":              {workspaceArn, &amp.EndpointOptions{Host: jsii.String("vpce-1.aps-workspaces.eu-west-1.vpce.amazonaws.com:8443")}, "https://vpce-1.aps-workspaces.eu-west-1.vpce.amazonaws.com:8443" + path},
		"GovCloud":            {"arn:aws-us-gov:aps:us-gov-west-1:111122223333:workspace/ws-1", &amp.EndpointOptions{Fips: yes}, "https://aps-workspaces-fips.us-gov-west-1.amazonaws.com" + path},
		"another partition":   {"arn:aws-iso:aps:us-iso-east-1:111122223333:workspace/ws-1", nil, "https://aps-workspaces.us-iso-east-1.c2s.ic.gov" + path},
		"China, a host":       {"arn:aws-cn:aps:cn-north-1:111122223333:workspace/ws-1", &amp.EndpointOptions{Host: jsii.String("amp.example.cn")}, "https://amp.example.cn" + path},
		"a token as host":     {workspaceArn, &amp.EndpointOptions{Host: host}, `{"Fn::Join":["",["https://",{"Ref":"Host"},"` + path + `"]]}`},
		"a token as region": {"arn:aws:aps:" + *stack.Region() + ":111122223333:workspace/ws-1", &amp.EndpointOptions{Fips: yes},
			`{"Fn::Join":["",["https://aps-workspaces-fips.",{"Ref":"AWS::Region"},".amazonaws.com` + path + `"]]}`},
		"a token as partition": {"arn:" + *stack.Partition() + ":aps:" + *stack.Region() + ":111122223333:workspace/ws-1", nil,
			`{"Fn::Join":["",["https://aps-workspaces.",{"Ref":"AWS::Region"},".",{"Ref":"AWS::URLSuffix"},"` + path + `"]]}`},
	} {
		t.Run(name, func(t *testing.T) {
			got := resolved(stack, amp.RemoteWriteUrlFor(imported(tc.arn), tc.options))
			if !strings.HasPrefix(tc.want, "{") {
				tc.want = asJSON(tc.want)
			}
			assertJSON(t, "URL", got, tc.want)
		})
	}
	assertJSON(t, "query URL", *amp.QueryUrlFor(imported(workspaceArn), &amp.EndpointOptions{DualStack: yes}), `"https://aps-workspaces.eu-west-1.api.aws/workspaces/ws-1"`)
}

// TestEndpointOfTheStacksRegion: where the region is known, so is the partition.
func TestEndpointOfTheStacksRegion(t *testing.T) {
	stack := newStackIn(newApp(t), "Stack", home, "us-gov-east-1")
	w := newWorkspace(stack, nil)
	assertJSON(t, "URL", resolved(stack, amp.RemoteWriteUrlFor(w, &amp.EndpointOptions{Fips: jsii.Bool(true), DualStack: jsii.Bool(true)})),
		`{"Fn::Join":["",["https://aps-workspaces-fips.us-gov-east-1.api.aws/workspaces/",`+asJSON(resolved(stack, w.WorkspaceId()))+`,"/api/v1/remote_write"]]}`)
}

func TestEndpointsThatAreRefused(t *testing.T) {
	stack := newStack(t)
	yes := jsii.Bool(true)
	for name, tc := range map[string]struct {
		arn     string
		options *amp.EndpointOptions
		want    []string
	}{
		"China":                        {"arn:aws-cn:aps:cn-north-1:111122223333:workspace/ws-1", nil, []string{"Stack/China: endpoint: ", "in the partition aws-cn, where AWS documents no endpoint of AMP; set Host"}},
		"FIPS in Europe":               {workspaceArn, &amp.EndpointOptions{Fips: yes}, []string{"AWS documents no FIPS endpoint of AMP in eu-west-1, only in us-east-1, "}},
		"dual-stack in a partition":    {"arn:aws-iso:aps:us-iso-east-1:111122223333:workspace/ws-1", &amp.EndpointOptions{DualStack: yes}, []string{"no dual-stack endpoint of AMP in the partition aws-iso"}},
		"a URL for a host, and a flag": {workspaceArn, &amp.EndpointOptions{Host: jsii.String("https://x/y"), Fips: yes}, []string{"2 errors", `Host is "https://x/y"; give the name of a host alone`, "Host is set together with Fips or DualStack"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := amp.WorkspaceFromWorkspaceArn(stack, jsii.String(strings.ReplaceAll(name, " ", "")), &tc.arn)
			message := panicOf(func() { amp.RemoteWriteUrlFor(w, tc.options) })
			assertContains(t, message, tc.want...)
			if tc.options == nil && panicOf(func() { w.RemoteWriteUrl() }) != message {
				t.Error("RemoteWriteUrl is not refused as RemoteWriteUrlFor is")
			}
		})
	}
	assertRefused(t, func() { amp.RemoteWriteUrlFor(nil, nil) }, "workspace is nil")
}
