package collector_test

import (
	"fmt"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// Everything that is wrong with a configuration is told at once.
func ExampleConfig_Validate() {
	config := collector.Config{
		OTLP:   &collector.OTLP{HTTPEndpoint: "127.0.0.1:4318"},
		Scrape: []collector.ScrapeJob{{Name: "orders", Targets: []string{"127.0.0.1"}, KeepMetrics: []string{"orders_("}}},
		RemoteWrite: collector.RemoteWrite{
			Endpoint: "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-a1b2c3d4/api/v1/remote_write",
		},
	}
	fmt.Println(config.Validate())
	// Output:
	// scrape job "orders": address "127.0.0.1" is not host:port
	// scrape job "orders": keep metrics: "orders_(" is not a regular expression: error parsing regexp: missing closing ): `orders_(`
	// remote write: the region is empty; requests are signed for it
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
	// receivers: hostmetrics is not part of ADOT v0.49.0
	// exporter prometheus_remote_write has no auth: authenticator; AMP takes signed requests only, so name a sigv4auth extension
}
