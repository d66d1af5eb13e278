package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/dashboards"
	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/preview/live"
)

// silentQueries are those of panels that have no data while all is well: by panel and reference, with the reason.
var silentQueries = map[string]string{
	"Points that failed A": "no exporter has failed to send",
	"Points that failed B": "no queue was full",
}

// unbornMetrics are not there before something goes wrong. Every other metric of a dashboard must be stored.
var unbornMetrics = []string{"otelcol_exporter_send_failed_metric_points_total", "otelcol_exporter_enqueue_failed_metric_points_total"}

// TestPreviewOfSample runs samples as make preview does, and asks everything that the page asks.
func TestPreviewOfSample(t *testing.T) {
	dir, err := synthesize()
	if err != nil {
		t.Fatal(err)
	}
	defaults, err := dashboards.All(live.SampleDashboards(previewInterval))
	if err != nil {
		t.Fatal(err)
	}
	written, err := live.ReadDashboards(filepath.Join(dir, "Observability"+live.DashboardsFolder))
	if err != nil {
		t.Fatal(err)
	}
	for _, sample := range []struct {
		stack      string
		dashboards []dashboards.Dashboard
		// unsent is what the stack does not send: what a scrape service knows of its targets, metrics of containers, of the collector, of scrapes, and what ECS does not know there.
		unsent []string
	}{
		{"Observability", written, []string{"prometheus_", "container_network_", "ecs_task_memory_usage"}},
		{"FargateOtlp", defaults, []string{"prometheus_", "container_", "otelcol_", "up", "scrape_", "ecs_task_memory_usage"}},
		{"Ec2Awsvpc", defaults, []string{
			"prometheus_", "otelcol_", "up", "scrape_", "ecs_task_memory_utilized", "ecs_task_storage_", "container_memory_utilized", "container_network_", "container_storage_",
		}},
		// The collector of the others: ECS metrics are its own.
		{"Fleet", defaults, []string{"container_", "ecs_task_memory_usage"}},
	} {
		t.Run(sample.stack, func(t *testing.T) {
			p := startPreview(t, live.Options{
				Template: filepath.Join(dir, sample.stack+".template.json"), App: live.App{Sample: sampleApp(t)}, Dashboards: sample.dashboards,
			})
			p.awaitData(sample.dashboards, sample.unsent...)
			p.awaitRules(sample.unsent...)
			if sample.stack == "Observability" {
				p.checkPage(sample.dashboards)
			}
		})
	}
}

// TestPreviewOfOwnTemplate runs a template that this library did not make, with a command as its app, with rules of its own, and
// with the dashboards that the library has for anyone.
func TestPreviewOfOwnTemplate(t *testing.T) {
	config := collector.Config{
		TaskMetrics: &collector.TaskMetrics{Task: collector.TaskShape{Container: "telemetry"}},
		Scrape:      []collector.ScrapeJob{{Name: "own", Targets: []string{"127.0.0.1:8080"}}},
	}
	text, err := config.YAML()
	if err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	environment := []any{object{"Name": configVariable, "Value": text}}
	for name, value := range config.Environment(collector.Deployment{
		Endpoint: workspaceURL, Region: values.Region, TaskRegion: values.Region, AccountID: values.Account, Family: "own",
	}) {
		environment = append(environment, object{"Name": name, "Value": value})
	}
	file := filepath.Join(t.TempDir(), "Own.template.json")
	raw, err := json.Marshal(object{"Resources": object{
		"Task": object{"Type": "AWS::ECS::TaskDefinition", "Properties": object{
			"Family": "own", "Cpu": "512", "Memory": "1024", "NetworkMode": "awsvpc", "RequiresCompatibilities": []string{"FARGATE"},
			"ContainerDefinitions": []any{
				object{"Name": "telemetry", "Image": "example.com/aws-otel-collector:v1", "Command": config.Args("env:" + configVariable), "Cpu": 128, "Memory": 512,
					"Environment": environment},
				object{"Name": "app", "Image": "own", "Cpu": 64, "Memory": 256, "EntryPoint": []string{"/own"}, "Secrets": []any{object{"Name": "PASSWORD", "ValueFrom": "arn"}}},
			},
		}},
		"Rules": object{"Type": "AWS::APS::RuleGroupsNamespace", "Properties": object{"Data": "groups: [{name: own, rules: [{alert: AppIsUp, expr: up == 1}, {record: own:jobs, expr: count(up)}]}]"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := dashboards.All(dashboards.Options{CollectionInterval: previewInterval})
	if err != nil {
		t.Fatal(err)
	}
	p := startPreview(t, live.Options{Template: file, App: live.App{Command: sampleApp(t)}})
	p.awaitData(all, "prometheus_", "container_", "otelcol_", "ecs_task_memory_usage")
	p.await(func() string {
		rules := map[string]live.Rule{}
		for _, rule := range p.rules() {
			rules[rule.Name] = rule
		}
		return unless(rules["AppIsUp"].State == "firing" && slices.Equal(rules["own:jobs"].Values, []string{"1"}), fmt.Sprintf("the rules are %+v", rules))
	})

	// What the app sends itself has panels, and what is wrong with it is told.
	for range 25 {
		response, err := client.Post("http://127.0.0.1:8080/orders?item=tea", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
	p.await(func() string {
		var status struct{ Hints []string }
		p.get("status.json", nil, &status)
		var drawn []struct {
			UID    string
			Panels []struct{ Title string }
		}
		p.get("dashboards.json", nil, &drawn)
		own := 0
		for _, d := range drawn {
			for _, panel := range d.Panels {
				if slices.Contains([]string{"sampleapp_orders_total", "sampleapp_queue_depth", "sampleapp_order_duration_seconds"}, panel.Title) {
					own++
				}
			}
		}
		hinted := len(status.Hints) == 1 && strings.Contains(status.Hints[0], "histogram sampleapp_order_duration_seconds of job own: all 25 values are in the first bucket")
		return unless(own == 6 && hinted, fmt.Sprintf("%d panels of the app, hints %q", own, status.Hints))
	})
}

// TestPreviewNoticesRenamedMetric breaks a query, to show that the checks above would tell.
func TestPreviewNoticesRenamedMetric(t *testing.T) {
	query := `sum(rate(sampleapp_orders_total{job=~"a|b"}[1m])) / on () sum(up)`
	if missing := missingMetrics(t, query, []string{"sampleapp_orders_total", "up"}); len(missing) > 0 {
		t.Errorf("%v are missing, expected none", missing)
	}
	if missing := missingMetrics(t, query, []string{"sampleapp_orders_renamed_total", "up"}); !slices.Equal(missing, []string{"sampleapp_orders_total"}) {
		t.Errorf("%v are missing, expected the renamed one", missing)
	}
}

// TestPreviewRefusesWhatItCannotRun says what to do instead.
func TestPreviewRefusesWhatItCannotRun(t *testing.T) {
	dir, err := synthesize()
	if err != nil {
		t.Fatal(err)
	}
	sample := filepath.Join(dir, "FargateScrape.template.json")
	for name, tc := range map[string]struct {
		options live.Options
		message string
	}{
		"no app":         {live.Options{Template: sample}, "what runs as container app? give either -app-command or -app-address"},
		"container":      {live.Options{Template: sample, App: live.App{Container: "web", Command: "x"}}, `-container is "web"; expected one of app`},
		"task":           {live.Options{Template: sample, Task: "Other"}, `-task is "Other"; expected the logical id`},
		"collector":      {live.Options{Template: sample, Collector: "otel"}, "no container is the collector"},
		"not loopback":   {live.Options{Template: sample, App: live.App{Address: "192.0.2.1:80"}}, "expected an address on loopback"},
		"short interval": {live.Options{Template: sample, Interval: time.Millisecond}, "expected whole seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.options.Dir = t.TempDir()
			if tc.options.Interval == 0 {
				tc.options.Interval = previewInterval
			}
			p, err := live.Start(tc.options)
			if err == nil {
				p.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tc.message) {
				t.Errorf("got %v, expected %q", err, tc.message)
			}
		})
	}
}
