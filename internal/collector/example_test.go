package collector_test

import (
	"fmt"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// Everything that is wrong with a configuration is told at once.
func ExampleConfig_Validate() {
	config := collector.Config{
		At: "Telemetry.", OTLP: &collector.OTLP{GrpcPort: "0"},
		Scrape: []collector.ScrapeJob{{At: "Telemetry.Scrape[0]", Name: "orders", Targets: []string{"127.0.0.1:0"}, KeepMetrics: []string{"orders_("}}},
	}
	fmt.Println(config.Validate())
	// Output:
	// Telemetry.Otlp.GrpcPort is 0; it must be a whole number from 1 to 65535
	// Telemetry.Scrape[0].Port is 0; it must be a whole number from 1 to 65535
	// Telemetry.Scrape[0].KeepMetrics is "orders_(", which is not a regular expression: error parsing regexp: missing closing ): `orders_(`
}

// A configuration that was written by hand: a component that ADOT lacks, and requests that AMP would refuse.
func ExampleCheck() {
	fmt.Println(collector.Check(`
receivers:
  otlp: {protocols: {http: {endpoint: 127.0.0.1:4318}}}
  hostmetrics: {}
exporters:
  prometheus_remote_write: {endpoint: "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write"}
service:
  pipelines:
    metrics: {receivers: [otlp, hostmetrics], exporters: [prometheus_remote_write]}
`, collector.CheckOptions{}))
	// Output:
	// receivers: hostmetrics is not part of ADOT v0.50.0
	// exporter prometheus_remote_write has no auth: authenticator; AMP takes signed requests only, so name a sigv4auth extension
}
