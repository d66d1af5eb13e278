package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// TestUnresolvedAgreesWithAwscdk pins the marks of tokens in strings and numbers, by which internal/token tells them without
// asking awscdk: a token is taken where a literal would be judged, and refused or warned of.
func TestUnresolvedAgreesWithAwscdk(t *testing.T) {
	stack := newStack(t)
	text := awscdk.NewCfnParameter(stack, jsii.String("Text"), nil).ValueAsString()
	number := awscdk.NewCfnParameter(stack, jsii.String("Number"), &awscdk.CfnParameterProps{Type: jsii.String("Number")}).ValueAsNumber()
	if !*awscdk.Token_IsUnresolved(text) || !*awscdk.Token_IsUnresolved(number) {
		t.Fatal("awscdk makes no tokens of parameters any more")
	}

	cpu := func(stack awscdk.Stack, n *float64) {
		fargateTask(stack, withCollector(otelprometheus.CollectorProps{Cpu: n}), nil)
	}
	cpu(stack, number)
	assertRefused(t, func() { cpu(newStack(t), jsii.Number(-1)) }, "Telemetry.Collector.Cpu is -1; it must be a whole number from 1 to 196608")

	workspace := func(construct, id string) {
		amp.WorkspaceFromWorkspaceAttributes(stack, &construct, &amp.WorkspaceAttributes{WorkspaceId: &id})
	}
	workspace("Whole", *text)
	workspace("Part", "id-"+*text)
	assertRefused(t, func() { workspace("Literal", "id") }, `WorkspaceId is "id"; the id of a workspace starts with ws-`)

	for image, warned := range map[string]bool{*text: false, "collector": true} {
		td := fargateTask(newStack(t), withCollector(otelprometheus.CollectorProps{Image: awsecs.ContainerImage_FromRegistry(&image, nil)}), nil)
		if got := strings.Contains(warnings(td), "unpinnedImage"); got != warned {
			t.Errorf("image %s: warned %v, want %v", image, got, warned)
		}
	}
}
