// Package collector turns a typed description of what an ADOT collector sidecar should do into its configuration file.
//
// A [Config] says which metrics are collected and where they go. [Config.Validate] reports everything that is wrong
// with it at once, and [Config.YAML] renders it: the same Config always renders to the same text. The configuration
// uses only components of the AWS Distro for OpenTelemetry (ADOT) version [ADOTVersion].
//
// The package is plain Go. A string may hold a placeholder of the form ${Token[…]}, as CDK writes values that are known
// only when a template is deployed. Placeholders are rendered as they are and never range-checked. Every other $ in a
// value is the user's own and is escaped, so that the collector does not expand it.
package collector
