// Command with is the app of ../without with this library.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("Stack"), nil)
	otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), nil, nil)
	app.Synth(nil)
}
