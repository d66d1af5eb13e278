package test

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// TestUnresolvedAgreesWithAwscdk pins the marks of tokens in strings and numbers, by which the library tells them without asking
// awscdk: a token in place of a number that would be refused is accepted.
func TestUnresolvedAgreesWithAwscdk(t *testing.T) {
	stack := newStack(t)
	parameter := awscdk.NewCfnParameter(stack, jsii.String("Units"), &awscdk.CfnParameterProps{Type: jsii.String("Number")})
	text, number := parameter.ValueAsString(), parameter.ValueAsNumber()
	if !*awscdk.Token_IsUnresolved(text) || !*awscdk.Token_IsUnresolved(number) || *awscdk.Token_IsUnresolved(jsii.Number(-1)) {
		t.Fatal("awscdk has other tokens than expected")
	}
	fargateTask(stack, &otelprometheus.TelemetryProps{Collector: &otelprometheus.CollectorProps{Cpu: number, ContainerName: text}}, nil)
	message := panicOf(func() {
		fargateTask(newStack(t), &otelprometheus.TelemetryProps{Collector: &otelprometheus.CollectorProps{Cpu: jsii.Number(-1)}}, nil)
	})
	if message == "" {
		t.Error("a number that is no token is not looked at")
	}
}
