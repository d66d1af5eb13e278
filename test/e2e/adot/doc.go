// Package adot is the ADOT v0.50.0 component set: a collector built from the contrib v0.158.0 modules that ADOT v0.50.0
// is made of, with ADOT's treatment of AOT_CONFIG_CONTENT. It is not ADOT: that module cannot be had from the Go proxy.
//
// Left out, because their modules cannot be had at these versions, or bring more than they are worth to these tests: the kafka and
// awscontainerinsight receivers, the awscloudwatchlogs, datadog, kafka, load_balancing (formerly loadbalancing), logzio and signalfx
// exporters, and the awsproxy extension.
// A configuration that names one of these fails here although ADOT would take it.
package adot
