// Command without is a small app that imports awsecs, to compare the time its build takes.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("Stack"), nil)
	awsecs.NewFargateTaskDefinition(stack, jsii.String("Task"), nil)
	app.Synth(nil)
}
