// Package collector turns a typed description of what an ADOT collector sidecar should do into its configuration file.
//
// A [Config] says which metrics are collected and where they go. [Config.Validate] reports everything that is wrong
// with it at once, and [Config.YAML] renders it: the same Config always renders to the same text. The configuration
// uses only components of the AWS Distro for OpenTelemetry (ADOT) version [ADOTVersion].
//
//	config := collector.Config{
//		OTLP:   &collector.OTLP{GRPCEndpoint: "127.0.0.1:4317", HTTPEndpoint: "127.0.0.1:4318"},
//		Scrape: []collector.ScrapeJob{{Name: "orders", Targets: []string{"127.0.0.1:8080"}}},
//		RemoteWrite: collector.RemoteWrite{
//			Endpoint: "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-a1b2c3d4/api/v1/remote_write",
//			Region:   "eu-west-1",
//		},
//		MemoryLimitMiB: 512,
//	}
//	text, err := config.YAML()
//
// [Check] looks at a configuration that was written by hand, for components that ADOT lacks, names that are not defined and
// requests that would not be signed.
//
// Package otelprometheus does all this for an ECS task definition; use this one by itself to have the file alone.
//
// The package is plain Go. A string may hold a placeholder of the form ${Token[…]}, as CDK writes values that are known
// only when a template is deployed. Placeholders are rendered as they are and never range-checked. Every other $ in a
// value is the user's own and is escaped, so that the collector does not expand it.
package collector
