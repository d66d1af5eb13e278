// Package otelprometheus holds ECS task definitions whose metrics reach Amazon Managed Service for Prometheus (AMP)
// through an AWS Distro for OpenTelemetry (ADOT) collector that runs beside the application as a sidecar.
//
// The task definitions are drop-ins for those of awsecs: their constructors take the awscdk props unchanged, and
// [TelemetryProps] beside them, of which every field is optional. An app that serves /metrics on port 8080:
//
//	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
//		&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
//		&otelprometheus.TelemetryProps{Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}}})
//	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: image})
//	awsecs.NewFargateService(stack, jsii.String("Service"), &awsecs.FargateServiceProps{Cluster: cluster, TaskDefinition: td})
//
// With nil for the telemetry, the collector receives OTLP, and containers find it through the standard OTEL_ variables.
//
// # Which constructor
//
//   - [NewOtelPrometheusFargateTaskDefinition] in place of awsecs.NewFargateTaskDefinition
//   - [NewOtelPrometheusEc2TaskDefinition] in place of awsecs.NewEc2TaskDefinition
//   - [NewOtelPrometheusTaskDefinition] in place of awsecs.NewTaskDefinition
//   - [NewOtelPrometheusSidecar] for a task definition that is there already, with its AddExtension
//
// # What it adds
//
// The collector's container with its configuration, log groups, a workspace unless one is given, and the permission to write to
// that workspace and nothing else. Other containers depend on the collector, so ECS stops them first and the collector
// delivers what they sent last. Only with network mode bridge do scraped containers stop after the collector, which is linked to them.
//
// # Errors
//
// Constructors panic before they have built anything, with every error of the props in one message: the value received, what was
// expected, and how to fix it. What can be found only when all containers are known, such as two that use one port, fails the
// synthesis. Likely mistakes are warnings, which awscdk.Annotations can acknowledge.
//
// The folder docs of the repository has guides by task, troubleshooting by symptom, costs, and what was measured.
package otelprometheus
