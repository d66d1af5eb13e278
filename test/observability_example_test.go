package test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/observability"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// Example_observability is the code of docs/alerts.md; TestObservabilityDocsShowTheExample keeps the two alike.
func Example_observability() {
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Shop"), nil)
	cluster := awsecs.NewCluster(stack, jsii.String("Cluster"), &awsecs.ClusterProps{Vpc: awsec2.NewVpc(stack, jsii.String("Vpc"), nil)})
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &otelprometheus.OtelPrometheusFargateTaskDefinitionProps{
		Telemetry: &otelprometheus.TelemetryProps{Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}}},
	})

	// rules
	observability.NewServiceRules(stack, jsii.String("Rules"), &observability.ServiceRulesProps{
		Workspace:  td.Workspace(),
		TaskFamily: td.Family(),
		Cluster:    cluster.ClusterName(),
		Scrape:     &observability.Scrape{},
		SLOs: &[]*observability.SLO{{
			Name: jsii.String("availability"), Objective: jsii.Number(0.999),
			Requests: &observability.Series{Metric: jsii.String("http_requests_total")},
			Errors:   &observability.Series{Metric: jsii.String("http_requests_total"), Matchers: jsii.Strings(`code=~"5.."`)},
		}},
	})
	// end

	// Output:
}

func TestObservabilityDocsShowTheExample(t *testing.T) {
	source, err := os.ReadFile("test/observability_example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	docs, err := os.ReadFile("docs/alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile(`(?s)\t// rules\n(.*?)\t// end`).FindSubmatch(source)
	if example == nil {
		t.Fatal("the example is missing")
	}
	if code := strings.ReplaceAll("\n"+string(example[1]), "\n\t", "\n")[1:]; !strings.Contains(string(docs), "```go\n"+code+"```") {
		t.Errorf("docs/alerts.md does not have\n%s", code)
	}
}
