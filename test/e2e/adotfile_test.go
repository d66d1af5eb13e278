package e2e

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

const documentedFile = "testdata/adot-documented.yaml"

// renamed are metrics that ADOT's files deliver with the receiver's unit in the name.
var renamed = map[string]string{
	"ecs_task_cpu_reserved_None": "ecs_task_cpu_reserved", "ecs_task_cpu_utilized_None": "ecs_task_cpu_utilized",
	"ecs_task_memory_reserved_MiB": "ecs_task_memory_reserved", "ecs_task_memory_utilized_MiB": "ecs_task_memory_utilized",
	"ecs_task_network_rate_rx_Bytes_per_Second": "ecs_task_network_rate_rx", "ecs_task_network_rate_tx_Bytes_per_Second": "ecs_task_network_rate_tx",
	"ecs_task_storage_read_bytes_Bytes": "ecs_task_storage_read_bytes", "ecs_task_storage_write_bytes_Bytes": "ecs_task_storage_write_bytes",
}

// leftBehind are the labels of ADOT's files that LabelsAll does not keep: the scope, what changes while a task runs, and what
// another label says too.
var leftBehind = regexp.MustCompile(`^(otel_scope_(name|version|schema_url)|aws_ecs_task_(known_status|pull_st(art|opp)ed_at)` +
	`|service_(name|namespace|instance_id)` + // job and instance
	`|aws_ecs_task_version|aws_ecs_task_launch_type)$`) // aws_ecs_task_revision, aws_ecs_launchtype

// TestLabelsAllMissesNothingOfADOTsFiles gives the same input to a collector with what ADOT's own files do and to one with
// LabelsAll. What the first delivers, the second must deliver: every series with its value and its labels.
func TestLabelsAllMissesNothingOfADOTsFiles(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(documentedFile)
	if err != nil {
		t.Fatal(err)
	}
	scraped, otlp := serveMetrics(t), freeAddress(t)
	all := newEverything(t, scraped, collector.Labels{Policy: collector.LabelsAll})
	ours := runSidecar(t, all.config, sidecarOptions{})
	adots := runConfiguration(t, string(text), []string{"--config=env:" + configVariable}, sidecarOptions{Env: map[string]string{
		"AWS_PROMETHEUS_ENDPOINT": workspaceURL, "AWS_PROMETHEUS_SCRAPING_ENDPOINT": scraped, "OTLP_ENDPOINT": otlp,
	}})
	eventually(t, adots.Task, 20*time.Second, func() string { return push(otlp, orders(time.Now())) })
	all.observe(t, ours)
	for _, want := range []map[string]float64{storedOfOTLP, storedOfScrape} {
		eventually(t, adots.Task, 20*time.Second, func() string { return adots.stored(t, want) })
	}
	eventually(t, adots.Task, 20*time.Second, func() string { return ecsOfADOT(t, adots) })
	if err := adots.Stop(); err != nil {
		t.Error(err)
	}
	ours.finish(t)

	delivered := map[string]labels.Labels{}
	described := map[string]labels.Labels{} // by what describes an application: job and instance
	for _, series := range ours.all(t) {
		delivered[seriesKey(series)] = series
		described[series.Get("job")+"/"+series.Get("instance")] = series
	}
	for _, series := range adots.all(t) {
		counterpart, ok := delivered[seriesKey(series)]
		if series.Get("__name__") == "target_info" { // a series of labels; ours has them on every series
			counterpart, ok = described[series.Get("job")+"/"+series.Get("instance")]
		}
		if !ok {
			t.Errorf("only ADOT's file delivers %s", series)
			continue
		}
		for name, value := range series.Map() {
			if name == "host_name" && counterpart.Get(name) == "cart.internal" {
				continue // what an application says of itself wins here; in ADOT's files, what is detected
			}
			if name != "__name__" && counterpart.Get(name) != value && !leftBehind.MatchString(name) {
				t.Errorf("%s: LabelsAll lacks %s=%q, it has %s", series.Get("__name__"), name, value, counterpart)
			}
		}
	}
}

// seriesKey names a series across the two collectors: metric, job, instance and the metric's own labels. ADOT's files give
// neither job nor instance to ECS metrics and to an application that does not name itself.
func seriesKey(series labels.Labels) string {
	values := series.Map()
	maps.DeleteFunc(values, func(label, _ string) bool { return !slices.Contains(metricsOwn, label) || label == "otel_scope_name" })
	if clean, ok := renamed[values["__name__"]]; ok {
		values["__name__"] = clean
	}
	if slices.Contains([]string{"ecs", typedFamily}, values["job"]) {
		delete(values, "job")
		delete(values, "instance")
	}
	return labels.FromMap(values).String()
}

// ecsOfADOT compares the values of the ECS metrics that ADOT's file delivers.
func ecsOfADOT(t *testing.T, s sidecar) string {
	t.Helper()
	want := map[string]float64{}
	totals := s.Metadata.Totals(0)
	for name, clean := range renamed {
		switch {
		case strings.Contains(clean, "memory_utilized") || strings.Contains(clean, "storage"): // grow with time
			want[name+" >= bool 0"] = 1
		case strings.Contains(clean, "network"): // counted once for each container, which ours does not
			want[name] = totals[clean] * float64(len(s.Metadata.Containers))
		default:
			want[name] = totals[clean]
		}
	}
	return s.stored(t, want)
}
