// Package otelprometheus holds ECS task definitions whose metrics reach Amazon Managed Service for Prometheus (AMP)
// through an AWS Distro for OpenTelemetry (ADOT) collector that runs beside the application as a sidecar.
//
// The task definitions are drop-in replacements for those of awsecs: their props embed the awscdk props unchanged and
// add one field, Telemetry. Every field of [TelemetryProps] is optional.
package otelprometheus
