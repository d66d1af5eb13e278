// Package collector renders the configuration of an ADOT collector.
//
// A [Config] says which metrics are collected and how they get through. [Config.Validate] reports everything that is wrong with it at
// once, in the words of the options that users set, and [Config.YAML] renders it: the same Config always renders to the same text.
// What is known at deployment only is not in the text. The text names environment variables, and [Config.Environment] gives their
// values. The configuration uses only components of the AWS Distro for OpenTelemetry (ADOT) version [ADOTVersion].
//
// [Check] looks at a configuration that was written by hand, for components that ADOT lacks, names that are not defined and
// requests that would not be signed.
//
// The package is plain Go. A string may hold a placeholder of the form ${Token[…]}, as CDK writes values that are known
// only when a template is deployed. Placeholders are never range-checked, and [Externalize] moves them into variables, too. Every
// other $ in a value is the user's own and is escaped, so that the collector does not expand it.
package collector
