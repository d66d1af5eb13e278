package otelprometheus_test

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// An app that serves /metrics. The collector comes first, so that ECS stops it last, but it is not the default container.
func ExampleNewOtelPrometheusFargateTaskDefinition() {
	defer jsii.Close()
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Shop"), nil)

	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &otelprometheus.OtelPrometheusFargateTaskDefinitionProps{
		FargateTaskDefinitionProps: awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		Telemetry: &otelprometheus.TelemetryProps{
			Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}},
			Labels: &otelprometheus.LabelsProps{Policy: collector.LabelsIdentity},
		},
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

	fmt.Println(*sidecar.Collector().Node().Path())
	fmt.Println(*sidecar.Workspace().Node().Path())
	// Output:
	// Shop/Task/Collector
	// Shop/Task/Workspace
}

// Everything that is wrong is told at once, before anything is built.
func ExampleTelemetryProps() {
	defer jsii.Close()
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Shop"), nil)
	defer func() { fmt.Println(recover()) }()

	otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &otelprometheus.OtelPrometheusFargateTaskDefinitionProps{
		Telemetry: &otelprometheus.TelemetryProps{
			Scrape: &[]*otelprometheus.ScrapeJob{{
				Port: jsii.Number(80800), Interval: awscdk.Duration_Seconds(jsii.Number(5)), Timeout: awscdk.Duration_Seconds(jsii.Number(10)),
			}},
			Collector: &otelprometheus.CollectorProps{StopTimeout: awscdk.Duration_Minutes(jsii.Number(5))},
		},
	})
	// Output:
	// Shop/Task: NewOtelPrometheusFargateTaskDefinition: 3 faults:
	//   - Telemetry.Collector.StopTimeout is 5m0s; Fargate takes at most 120 seconds
	//   - scrape job without a name: port 80800 is not a whole number from 1 to 65535
	//   - scrape job without a name: timeout 10s is longer than interval 5s; shorten the timeout or lengthen the interval
}
