package e2e

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
)

// The labels that LabelsTask promises for every series, whatever its source, with what the emulated task makes of them.
func promisedLabels(task *ecs.Task, source source) map[string]string {
	promised := map[string]string{
		"job":                     source.job,
		"instance":                task.ID,
		"aws_ecs_cluster_name":    task.Cluster,
		"aws_ecs_task_family":     task.Family,
		"aws_ecs_task_revision":   task.Revision,
		"aws_ecs_task_id":         task.ID,
		"aws_ecs_launchtype":      strings.ToLower(string(task.LaunchType)),
		"cloud_availability_zone": task.Zone,
		"cloud_region":            task.Region,
		"cloud_account_id":        task.Account,
	}
	if source.scope != "" { // it pushes
		promised["otel_scope_name"] = source.scope
		promised["container_name"] = "app"
	}
	if source.service && task.ServiceName != "" {
		promised["aws_ecs_service_name"] = task.ServiceName
	}
	return promised
}

// source is where a series comes from, told by its job.
type source struct {
	job     string
	service bool // knows the name of the ECS service
	scope   string
	metrics []string
}

var (
	ecsMetrics = source{job: "ecs", service: true, metrics: []string{
		"ecs_task_cpu_reserved", "ecs_task_cpu_utilized", "ecs_task_memory_reserved", "ecs_task_memory_utilized",
		"ecs_task_network_rate_rx", "ecs_task_network_rate_tx", "ecs_task_storage_read_bytes", "ecs_task_storage_write_bytes",
	}}
	pushedApp = source{job: "sampleapp", scope: "github.com/seed86154836/cdk-otel-prometheus/sampleapp", metrics: []string{
		"sampleapp_orders_total", "sampleapp_queue_depth", "sampleapp_order_duration_seconds_bucket",
		"sampleapp_order_duration_seconds_count", "sampleapp_order_duration_seconds_sum",
	}}
	scrapedApp = source{job: "sampleapp", metrics: append(slices.Clone(pushedApp.metrics), "up")}
)

// ownLabels are what a metric itself has, beside the promised ones.
var ownLabels = map[string]string{
	"sampleapp_orders_total":                  "item",
	"sampleapp_order_duration_seconds_bucket": "le",
	"go_info":                "version",
	"go_gc_duration_seconds": "quantile",
}

// forbidden names metrics and labels that no policy may ever let through.
var forbidden = regexp.MustCompile(`^(target_info|.*_(MiB|None|vCPU|Bytes_Second|Nanoseconds)|otel_scope_.*|server_(address|port)|(url|http)_scheme|net_host_.*` +
	`|service_.*|aws_log_.*|host_.*|os_.*|process_(pid|command.*|runtime.*)|telemetry_sdk_.*|.*_arns?|.*known?_status|.*pull_.*|container_.*)$`)

// violations compares a series with what is promised and forbidden.
func violations(series labels.Labels, promised map[string]string) (found []string) {
	got := series.Map()
	name := got["__name__"]
	delete(got, "__name__")
	delete(got, ownLabels[name])
	for _, label := range append(slices.Sorted(maps.Keys(got)), name) {
		if _, expected := promised[label]; !expected && forbidden.MatchString(label) {
			found = append(found, "forbidden: "+label)
		}
	}
	for _, label := range slices.Sorted(maps.Keys(promised)) {
		if got[label] != promised[label] {
			found = append(found, label+" is "+got[label]+", expected "+promised[label])
		}
		delete(got, label)
	}
	for _, label := range slices.Sorted(maps.Keys(got)) {
		found = append(found, "not promised: "+label+"="+got[label])
	}
	return found
}
