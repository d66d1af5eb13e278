package dashboards_test

import (
	"fmt"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/dashboards"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
)

func ExampleAll() {
	all, err := dashboards.All(dashboards.Options{
		Application: []dashboards.Metric{
			{Title: "Orders", Kind: dashboards.Counter, Selector: `sampleapp_orders_total{job="sampleapp"}`, By: "item"},
		},
		SLOs: []*slo.SLO{
			{Name: "orders-fast", Description: "Orders are fast", Objective: 0.99, Histogram: `sampleapp_order_duration_seconds{job="sampleapp"}`, Threshold: 0.25},
		},
	})
	if err != nil {
		panic(err)
	}
	for _, d := range all {
		fmt.Println(d.UID)
	}
	// Output:
	// ecs-service
	// ecs-task
	// ecs-collector
	// ecs-slo
}
