// Command cdk-otel-prometheus synthesizes the sample stacks.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/stacks"
)

func main() {
	defer jsii.Close()

	app := awscdk.NewApp(nil)
	stacks.Build(app)
	app.Synth(nil)
}
