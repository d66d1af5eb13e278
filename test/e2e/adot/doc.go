// Package adot is the ADOT v0.49.0 component set: a collector built from the contrib v0.156.0 modules that ADOT v0.49.0
// is made of, with ADOT's treatment of AOT_CONFIG_CONTENT. It is not ADOT: that module cannot be had from the Go proxy.
//
// Left out, because their modules cannot be had, verified or built together at these versions: the awsxray, kafka, zipkin and
// awscontainerinsight receivers, the awsemf, awscloudwatchlogs, kafka and loadbalancing exporters, and the awsproxy extension.
// A configuration that names one of these fails here although ADOT would take it.
package adot
