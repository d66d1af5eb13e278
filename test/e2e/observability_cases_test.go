package e2e

import "time"

// alertCases produce the condition of every alert, and its opposite. Each is named by its alert.
func alertCases() map[string]ruleCase {
	const (
		minute  = time.Minute
		hour    = time.Hour
		otelcol = `{F,instance="t1",job="otelcol",`
	)
	return map[string]ruleCase{
		"EcsTaskCpuHigh: busy":            {"tasks", []string{`ecs_task_cpu_utilized{S} 490x20`, `ecs_task_cpu_reserved{S} 512x20`}, 20 * minute, []string{"EcsTaskCpuHigh"}},
		"EcsTaskCpuHigh: not long enough": {"tasks", []string{`ecs_task_cpu_utilized{S} 10x10 512x9`, `ecs_task_cpu_reserved{S} 512x20`}, 19 * minute, nil},
		"EcsTaskCpuHigh: idle":            {"tasks", []string{`ecs_task_cpu_utilized{S} 400x20`, `ecs_task_cpu_reserved{S} 512x20`}, 20 * minute, nil},
		"EcsTaskCpuHigh: without units":   {"tasks", []string{`ecs_task_cpu_utilized{S} 0x20`, `ecs_task_cpu_reserved{S} 0x20`}, 20 * minute, nil},
		"EcsTaskCpuHigh: another service": {"tasks", []string{`ecs_task_cpu_utilized{aws_ecs_task_family="carts",aws_ecs_cluster_name="shop"} 490x20`,
			`ecs_task_cpu_reserved{aws_ecs_task_family="carts",aws_ecs_cluster_name="shop"} 512x20`}, 20 * minute, nil},
		"EcsTaskMemoryHigh: full": {"tasks", []string{`ecs_task_memory_utilized{S} 1000x20`, `ecs_task_memory_reserved{S} 1024x20`}, 20 * minute, []string{"EcsTaskMemoryHigh"}},
		"EcsTaskMemoryHigh: two tasks, one full": {"tasks", []string{`ecs_task_memory_utilized{S} 1000x20`, `ecs_task_memory_reserved{S} 1024x20`,
			`ecs_task_memory_utilized{F,instance="t2"} 100x20`, `ecs_task_memory_reserved{F,instance="t2"} 1024x20`}, 20 * minute, []string{"EcsTaskMemoryHigh"}},
		"EcsTaskMemoryHigh: half full":        {"tasks", []string{`ecs_task_memory_utilized{S} 512x20`, `ecs_task_memory_reserved{S} 1024x20`}, 20 * minute, nil},
		"EcsTaskMemoryHigh: without a limit":  {"tasks", []string{`ecs_task_memory_utilized{S} 512x20`, `ecs_task_memory_reserved{S} 0x20`}, 20 * minute, nil},
		"EcsTaskEphemeralStorageHigh: full":   {"tasks", []string{`ecs_task_ephemeral_storage_utilized{S} 18000x20`, `ecs_task_ephemeral_storage_reserved{S} 20496x20`}, 20 * minute, []string{"EcsTaskEphemeralStorageHigh"}},
		"EcsTaskEphemeralStorageHigh: empty":  {"tasks", []string{`ecs_task_ephemeral_storage_utilized{S} 200x20`, `ecs_task_ephemeral_storage_reserved{S} 20496x20`}, 20 * minute, nil},
		"EcsTaskNetworkHigh: both directions": {"tasks", []string{`ecs_task_network_rate_rx{S} 60000000x20`, `ecs_task_network_rate_tx{S} 60000000x20`}, 20 * minute, []string{"EcsTaskNetworkHigh"}},
		"EcsTaskNetworkHigh: quiet":           {"tasks", []string{`ecs_task_network_rate_rx{S} 40000000x20`, `ecs_task_network_rate_tx{S} 40000000x20`}, 20 * minute, nil},
		"EcsTaskStorageHigh: both directions": {"tasks", []string{`ecs_task_storage_read_bytes{S} 0+2000000000x20`, `ecs_task_storage_write_bytes{S} 0+2000000000x20`}, 20 * minute, []string{"EcsTaskStorageHigh"}},
		"EcsTaskStorageHigh: one direction":   {"tasks", []string{`ecs_task_storage_read_bytes{S} 0+4000000000x20`}, 20 * minute, []string{"EcsTaskStorageHigh"}},
		"EcsTaskStorageHigh: quiet":           {"tasks", []string{`ecs_task_storage_read_bytes{S} 0+1000000000x20`, `ecs_task_storage_write_bytes{S} 0+1000000000x20`}, 20 * minute, nil},

		// Each task lives 4 minutes, so by the look-back of 5 minutes at most three are seen at once.
		"EcsTasksReplaced: crash loop":  {"tasks", generations("7", "7", "7", "7", "7", "7", "7"), 28 * minute, []string{"EcsTasksReplaced"}},
		"EcsTasksReplaced: two crashes": {"tasks", generations("7", "7", "7", "7"), 20 * minute, nil},
		"EcsTasksReplaced: deployments": {"tasks", generations("1", "2", "3", "4", "5", "6", "7"), 28 * minute, nil},
		"EcsTasksReplaced: scaling out": {"tasks", []string{`ecs_task_cpu_utilized{F,aws_ecs_task_revision="7",instance="t1"} 1x30`,
			`ecs_task_cpu_utilized{F,aws_ecs_task_revision="7",instance="t2"} _x9 1x20`, `ecs_task_cpu_utilized{F,aws_ecs_task_revision="7",instance="t3"} _x9 1x20`,
			`ecs_task_cpu_utilized{F,aws_ecs_task_revision="7",instance="t4"} _x9 1x20`, `ecs_task_cpu_utilized{F,aws_ecs_task_revision="7",instance="t5"} _x9 1x20`}, 30 * minute, nil},

		"EcsContainerCpuHigh: busy":              {"containers", []string{`container_cpu_usage_vcpu{S,container_name="app"} 0.3x20`, `container_cpu_reserved{S,container_name="app"} 256x20`}, 20 * minute, []string{"EcsContainerCpuHigh"}},
		"EcsContainerCpuHigh: idle":              {"containers", []string{`container_cpu_usage_vcpu{S,container_name="app"} 0.2x20`, `container_cpu_reserved{S,container_name="app"} 256x20`}, 20 * minute, nil},
		"EcsContainerCpuHigh: without units":     {"containers", []string{`container_cpu_usage_vcpu{S,container_name="app"} 0.3x20`, `container_cpu_reserved{S,container_name="app"} 2x20`}, 20 * minute, nil},
		"EcsContainerMemoryHigh: full":           {"containers", []string{`container_memory_utilized{S,container_name="app"} 500x20`, `container_memory_reserved{S,container_name="app"} 512x20`}, 20 * minute, []string{"EcsContainerMemoryHigh"}},
		"EcsContainerMemoryHigh: without limit":  {"containers", []string{`container_memory_utilized{S,container_name="app"} 500x20`, `container_memory_reserved{S,container_name="app"} 0x20`}, 20 * minute, nil},
		"EcsContainerNetworkHigh: much received": {"containers", []string{`container_network_rate_rx{S,container_name="app"} 120000000x20`, `container_network_rate_tx{S,container_name="app"} 0x20`}, 20 * minute, []string{"EcsContainerNetworkHigh"}},
		"EcsContainerNetworkHigh: quiet":         {"containers", []string{`container_network_rate_rx{S,container_name="app"} 1000x20`, `container_network_rate_tx{S,container_name="app"} 1000x20`}, 20 * minute, nil},
		"EcsContainerStorageHigh: much written":  {"containers", []string{`container_storage_read_bytes{S,container_name="app"} 0x20`, `container_storage_write_bytes{S,container_name="app"} 0+4000000000x20`}, 20 * minute, []string{"EcsContainerStorageHigh"}},
		"EcsContainerStorageHigh: quiet":         {"containers", []string{`container_storage_read_bytes{S,container_name="app"} 0x20`, `container_storage_write_bytes{S,container_name="app"} 0+1000x20`}, 20 * minute, nil},

		"EcsScrapeDown: no answer":             {"scrape", []string{`up{S} 0x20`, `scrape_samples_scraped{S} 0x20`}, 20 * minute, []string{"EcsScrapeDown"}},
		"EcsScrapeDown: up":                    {"scrape", []string{`up{S} 1x20`, `scrape_samples_scraped{S} 50x20`}, 20 * minute, nil},
		"EcsScrapeDown: one failed scrape":     {"scrape", []string{`up{S} 1x10 0 1x9`, `scrape_samples_scraped{S} 50x10 0 50x9`}, 15 * minute, nil},
		"EcsScrapeDown: the sidecar's own job": {"scrape", []string{`up{F,job="otelcol"} 0x20`, `scrape_samples_scraped{F,job="otelcol"} 0x20`}, 20 * minute, nil},
		"EcsScrapeRejected: over a limit":      {"scrape", []string{`up{S} 0x20`, `scrape_samples_scraped{S} 30000x20`}, 20 * minute, []string{"EcsScrapeRejected"}},
		"EcsScrapeRejected: in order":          {"scrape", []string{`up{S} 1x20`, `scrape_samples_scraped{S} 30000x20`}, 20 * minute, nil},
		"EcsScrapeNearLimit: nearly":           {"scrape", []string{`scrape_samples_post_metric_relabeling{S} 17000x30`}, 30 * minute, []string{"EcsScrapeNearLimit"}},
		"EcsScrapeNearLimit: far from it":      {"scrape", []string{`scrape_samples_post_metric_relabeling{S} 15000x30`}, 30 * minute, nil},
		"EcsScrapeSlow: slow":                  {"scrape", []string{`scrape_duration_seconds{S} 9x20`}, 20 * minute, []string{"EcsScrapeSlow"}},
		"EcsScrapeSlow: fast":                  {"scrape", []string{`scrape_duration_seconds{S} 0.1x20`}, 20 * minute, nil},

		// Whatever the exporter is called.
		"EcsCollectorQueueFilling: filling": {"collector", []string{`otelcol_exporter_queue_size` + otelcol + `exporter="otlp_grpc/x",data_type="metrics"} 600x20`,
			`otelcol_exporter_queue_capacity` + otelcol + `exporter="otlp_grpc/x",data_type="metrics"} 1000x20`}, 20 * minute, []string{"EcsCollectorQueueFilling"}},
		"EcsCollectorQueueFilling: empty": {"collector", []string{`otelcol_exporter_queue_size` + otelcol + `exporter="otlp_grpc/x",data_type="metrics"} 1x20`,
			`otelcol_exporter_queue_capacity` + otelcol + `exporter="otlp_grpc/x",data_type="metrics"} 1000x20`}, 20 * minute, nil},
		"EcsCollectorDrops: more and more":      {"collector", []string{`otelcol_exporter_enqueue_failed_metric_points_total` + otelcol + `exporter="e"} 0x5 0+10x15`}, 20 * minute, []string{"EcsCollectorDrops"}},
		"EcsCollectorDrops: for the first time": {"collector", []string{`otelcol_exporter_enqueue_failed_metric_points_total` + otelcol + `exporter="e"} _x10 500x20`}, 20 * minute, []string{"EcsCollectorDrops"}},
		"EcsCollectorDrops: an hour ago":        {"collector", []string{`otelcol_exporter_enqueue_failed_metric_points_total` + otelcol + `exporter="e"} _x10 500x60`}, 60 * minute, nil},
		"EcsCollectorSendsFail: one in ten": {"collector", []string{`otelcol_exporter_send_failed_metric_points_total` + otelcol + `exporter="e"} 0+10x30`,
			`otelcol_exporter_sent_metric_points_total` + otelcol + `exporter="e"} 0+90x30`}, 30 * minute, []string{"EcsCollectorSendsFail"}},
		"EcsCollectorSendsFail: one in a hundred": {"collector", []string{`otelcol_exporter_send_failed_metric_points_total` + otelcol + `exporter="e"} 0+1x30`,
			`otelcol_exporter_sent_metric_points_total` + otelcol + `exporter="e"} 0+99x30`}, 30 * minute, nil},
		"EcsCollectorRefuses: one in ten": {"collector", []string{`otelcol_receiver_refused_metric_points_total` + otelcol + `receiver="otlp",transport="grpc"} 0+10x30`,
			`otelcol_receiver_accepted_metric_points_total` + otelcol + `receiver="otlp",transport="grpc"} 0+90x30`}, 30 * minute, []string{"EcsCollectorRefuses"}},
		"EcsCollectorRefuses: none": {"collector", []string{`otelcol_receiver_refused_metric_points_total` + otelcol + `receiver="otlp",transport="grpc"} 0x30`,
			`otelcol_receiver_accepted_metric_points_total` + otelcol + `receiver="otlp",transport="grpc"} 0+90x30`}, 30 * minute, nil},
		"EcsCollectorRestarts: twice": {"collector", []string{`otelcol_process_uptime_total{F,job="otelcol",instance="t1"} 0+60x9 0+60x9 0+60x9`}, 27 * minute, []string{"EcsCollectorRestarts"}},
		"EcsCollectorRestarts: once":  {"collector", []string{`otelcol_process_uptime_total{F,job="otelcol",instance="t1"} 0+60x9 0+60x19`}, 27 * minute, nil},

		"EcsServiceAbsent: gone":          {"absence", []string{`ecs_task_cpu_utilized{S} 1x5`, `up{S} 1x30`}, 25 * minute, []string{"EcsServiceAbsent"}},
		"EcsServiceAbsent: there":         {"absence", []string{`ecs_task_cpu_utilized{S} 1x30`, `up{S} 1x30`}, 25 * minute, nil},
		"EcsServiceAbsent: a short gap":   {"absence", []string{`ecs_task_cpu_utilized{S} 1x5 _x10 1x15`, `up{S} 1x30`}, 25 * minute, nil},
		"EcsServiceAbsent: another there": {"absence", []string{`ecs_task_cpu_utilized{aws_ecs_task_family="carts",aws_ecs_cluster_name="shop"} 1x30`, `up{S} 1x30`}, 25 * minute, []string{"EcsServiceAbsent"}},
		"EcsMetricAbsent: gone":           {"absence", []string{`ecs_task_cpu_utilized{S} 1x30`, `up{S} 1x5`}, 25 * minute, []string{"EcsMetricAbsent"}},
		"EcsMetricAbsent: there":          {"absence", []string{`ecs_task_cpu_utilized{S} 1x30`, `up{S} 0x30`}, 25 * minute, nil},

		"EcsTargetsMissing: one of two":      {"targets", []string{`up{S} 1x30`}, 30 * minute, []string{"EcsTargetsMissing"}},
		"EcsTargetsMissing: never any":       {"targets", []string{`up{aws_ecs_task_family="carts",aws_ecs_cluster_name="shop",instance="t2"} 1x30`}, 30 * minute, []string{"EcsTargetsMissing"}},
		"EcsTargetsMissing: a short gap":     {"targets", []string{`up{S} 1x30`, `up{F,instance="t2",job="app"} 1x9 _x10 1x10`}, 30 * minute, nil},
		"EcsTargetsMissing: two, one down":   {"targets", []string{`up{S} 0x30`, `up{F,instance="t2",job="app"} 1x30`}, 30 * minute, nil},
		"EcsTargetsMissing: two jobs of one": {"targets", []string{`up{S} 1x30`, `up{F,instance="t1",job="admin"} 1x30`}, 30 * minute, []string{"EcsTargetsMissing"}},
		"EcsDiscoveryStale: stopped":         {"discovery", []string{`prometheus_sd_file_mtime_seconds{S} 0+60x5 300x20`}, 20 * minute, []string{"EcsDiscoveryStale"}},
		"EcsDiscoveryStale: never started":   {"discovery", []string{`up{S} 1x20`}, 20 * minute, []string{"EcsDiscoveryStale"}},
		"EcsDiscoveryStale: goes on":         {"discovery", []string{`prometheus_sd_file_mtime_seconds{S} 0+60x20`}, 20 * minute, nil},
		"EcsDiscoveryStale: a deployment": {"discovery", []string{`prometheus_sd_file_mtime_seconds{S} 0+60x8`,
			`prometheus_sd_file_mtime_seconds{F,instance="t2"} _x7 420+60x20`}, 14 * minute, nil},

		// 10 requests a minute; the objective allows 0.1 % to fail.
		"EcsSloFastBurn: 2 % for an hour":          {"slo-availability", availabilitySeries("0+10x2880 28800+9.8x60", "0x2880 0+0.2x60"), 49 * hour, []string{"EcsSloFastBurn"}},
		"EcsSloFastBurn: 1 % for 6 hours":          {"slo-availability", availabilitySeries("0+9.9x400", "0+0.1x400"), 400 * minute, []string{"EcsSloFastBurn", "EcsSloSlowBurn"}},
		"EcsSloFastBurn: 1 % for half an hour":     {"slo-availability", availabilitySeries("0+10x720 7200+9.9x30", "0x720 0+0.1x30"), 750 * minute, nil},
		"EcsSloFastBurn: no traffic":               {"slo-availability", availabilitySeries("5x120", "5x120"), 2 * hour, nil},
		"EcsSloFastBurn: no error yet":             {"slo-availability", availabilitySeries("0+10x120", "_x120"), 2 * hour, nil},
		"EcsSloSlowBurn: 0.4 % for a day":          {"slo-availability", availabilitySeries("0+10x2880 28800+9.96x1440", "0x2880 0+0.04x1440"), 72 * hour, []string{"EcsSloSlowBurn"}},
		"EcsSloSlowBurn: 0.15 % for three days":    {"slo-availability", availabilitySeries("0+9.985x4320", "0+0.015x4320"), 72 * hour, []string{"EcsSloSlowBurn"}},
		"EcsSloSlowBurn: 0.05 % for three days":    {"slo-availability", availabilitySeries("0+9.995x4320", "0+0.005x4320"), 72 * hour, nil},
		"EcsSloNoData: misspelt":                   {"slo-availability", []string{`http_request_total{S,code="200"} 0+10x60`}, 60 * minute, []string{"EcsSloNoData"}},
		"EcsSloNoData: there":                      {"slo-availability", availabilitySeries("0+10x60", "0x60"), 60 * minute, nil},
		"EcsSloFastBurn: latency, one in four":     {"slo-latency", latencySeries("0.3", "0+75x120"), 2 * hour, []string{"EcsSloFastBurn", "EcsSloSlowBurn"}},
		"EcsSloFastBurn: latency, all fast":        {"slo-latency", latencySeries("0.3", "0+100x120"), 2 * hour, nil},
		"EcsSloNoData: latency without its bucket": {"slo-latency", latencySeries("0.25", "0+75x120"), 2 * hour, []string{"EcsSloNoData"}},
	}
}

// generations are tasks that come one after the other, four minutes each, with their revisions.
func generations(revisions ...string) (series []string) {
	gap := ""
	for i, revision := range revisions {
		series = append(series, `ecs_task_cpu_utilized{F,aws_ecs_task_revision="`+revision+`",instance="t`+string(rune('a'+i))+`"} `+gap+`1x3`)
		gap += "_x4 "
	}
	return series
}

// latencySeries are 100 requests a minute, of which good are in a bucket.
func latencySeries(bound, good string) []string {
	return []string{
		`http_request_duration_seconds_count{S} 0+100x120`, `http_request_duration_seconds_bucket{S,le="+Inf"} 0+100x120`,
		`http_request_duration_seconds_bucket{S,le="` + bound + `"} ` + good,
	}
}
