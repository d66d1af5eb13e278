package otelprometheus_test

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// An app that serves /metrics. The collector comes first, so that ECS stops it last, but it is not the default container.
func ExampleNewOtelPrometheusFargateTaskDefinition() {
	defer jsii.Close()
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Shop"), nil)

	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		&otelprometheus.TelemetryProps{
			Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}},
			Labels: &otelprometheus.LabelsProps{Policy: otelprometheus.LabelsIdentity},
		})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
		Image: awsecs.ContainerImage_FromRegistry(jsii.String("example.com/shop:1.0"), nil),
	})

	for _, c := range *td.Containers() {
		fmt.Println(*c.ContainerName())
	}
	fmt.Println("default:", *td.DefaultContainer().ContainerName())
	// Output:
	// aws-otel-collector
	// app
	// default: app
}

// The sidecar for a task definition that is there already. Containers that are added later take part too.
func ExampleNewOtelPrometheusSidecar() {
	defer jsii.Close()
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Shop"), nil)
	td := awsecs.NewFargateTaskDefinition(stack, jsii.String("Task"), &awsecs.FargateTaskDefinitionProps{MemoryLimitMiB: jsii.Number(1024)})

	sidecar := otelprometheus.NewOtelPrometheusSidecar(nil) // OTLP and ECS task metrics into a new workspace
	td.AddExtension(sidecar)

	fmt.Println(*sidecar.Of(td).Collector().Node().Path())
	fmt.Println(*sidecar.Of(td).Workspace().Node().Path())
	// Output:
	// Shop/Task/Collector
	// Shop/OtelPrometheusWorkspace
}

// Everything that is wrong is told at once, before anything is built.
func ExampleTelemetryProps() {
	defer jsii.Close()
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Shop"), nil)
	defer func() { fmt.Println(recover()) }()

	otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), nil, &otelprometheus.TelemetryProps{
		Scrape: &[]*otelprometheus.ScrapeJob{{
			Port: jsii.Number(80800), Interval: awscdk.Duration_Seconds(jsii.Number(5)), Timeout: awscdk.Duration_Seconds(jsii.Number(10)),
		}},
		Collector: &otelprometheus.CollectorProps{StopTimeout: awscdk.Duration_Minutes(jsii.Number(5))},
	})
	// Output:
	// Shop/Task: NewOtelPrometheusFargateTaskDefinition: 3 errors:
	//   - Telemetry.Collector.StopTimeout is 5m0s; Fargate takes at most 120 seconds
	//   - Telemetry.Scrape[0].Port is 80800; it must be a whole number from 1 to 65535
	//   - Telemetry.Scrape[0].Timeout is 10s, longer than the interval of 5s; shorten the timeout or lengthen the interval
}
