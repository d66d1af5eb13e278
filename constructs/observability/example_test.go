package observability_test

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsaps"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/observability"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
)

// Alerts on the tasks of a service, on its scrapes, and on an objective, with a team's own threshold and route.
func ExampleNewServiceRules() {
	defer jsii.Close()
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Shop"), nil)

	rules := observability.NewServiceRules(stack, jsii.String("Rules"), &observability.ServiceRulesProps{
		Workspace:  amp.NewWorkspace(stack, jsii.String("Workspace"), nil),
		TaskFamily: jsii.String("orders"),
		Cluster:    jsii.String("shop"),
		Tasks:      &observability.TaskAlerts{MemoryUtilization: jsii.Number(0.8)},
		Scrape:     &observability.ScrapeAlerts{},
		SLOs: &[]*slo.SLO{{
			Name: "latency", Objective: 0.99,
			Histogram: `http_request_duration_seconds`, Threshold: 0.25,
		}},
		Labels: &map[string]*string{"team": jsii.String("shop")},
	})

	data := *rules.Node().DefaultChild().(awsaps.CfnRuleGroupsNamespace).Data()
	for line := range strings.Lines(data) {
		if alert, found := strings.CutPrefix(strings.TrimSpace(line), "- alert: "); found {
			fmt.Println(alert)
		}
	}
	// Output:
	// EcsTaskCpuHigh
	// EcsTaskMemoryHigh
	// EcsTaskNetworkHigh
	// EcsTaskStorageHigh
	// EcsTasksReplaced
	// EcsScrapeDown
	// EcsScrapeRejected
	// EcsScrapeNearLimit
	// EcsScrapeSlow
	// EcsServiceAbsent
	// EcsSloFastBurn
	// EcsSloSlowBurn
	// EcsSloNoData
}
