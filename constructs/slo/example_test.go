package slo_test

import (
	"fmt"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
)

// One objective on errors, and one on latency.
func Example() {
	objectives := []*slo.SLO{{
		Name: "availability", Description: "Orders succeed", Objective: 0.999,
		Requests: `http_requests_total`, Errors: `http_requests_total{code=~"5.."}`,
	}}
	objectives = append(objectives, &slo.SLO{
		Name: "latency", Description: "Orders are fast", Objective: 0.99,
		Histogram: `http_request_duration_seconds`, Threshold: 0.25,
	})
	fmt.Println(slo.Validate(objectives))
	// Output: <nil>
}
