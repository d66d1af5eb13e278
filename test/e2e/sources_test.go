package e2e

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
)

// labelPolicies are the rows of docs/labels.md.
var labelPolicies = []struct {
	name, title string
	labels      collector.Labels
	sidecarOptions
}{
	{name: "task", title: "`LabelsTask`", labels: collector.Labels{Policy: collector.LabelsTask}},
	{name: "identity", title: "`LabelsIdentity`", labels: collector.Labels{Policy: collector.LabelsIdentity}},
	{name: "all", title: "`LabelsAll`", labels: collector.Labels{Policy: collector.LabelsAll}},
	{
		name: "list", title: "`LabelsList` of `aws.ecs.task.id`, `cloud.region` and `service.version`",
		labels: collector.Labels{Keep: []string{"aws.ecs.task.id", "cloud.region", "service.version"}},
	},
	{
		name: "EC2", title: "`LabelsTask` on EC2, with the external label `team` and `deployment.environment.name` in `OTEL_RESOURCE_ATTRIBUTES`",
		labels: collector.Labels{External: map[string]string{"team": "te$a"}},
		sidecarOptions: sidecarOptions{
			Launch: ecs.EC2, Service: "shop-service", Env: map[string]string{"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=prod"},
		},
	},
}

// The sources are the columns.
const (
	sourceOTLP       = "OTLP"
	sourceScrape     = "scrape"
	sourceTask       = "ECS task"
	sourceContainers = "ECS container"
	sourceStatsD     = "StatsD"
)

var sources = []string{sourceOTLP, sourceScrape, sourceTask, sourceContainers, sourceStatsD}

// sourceOf tells where a series comes from.
func sourceOf(series labels.Labels) string {
	switch job := series.Get("job"); {
	case job == "shop/cart" || job == typedFamily: // the second says nothing of itself, so its task's family stands in
		return sourceOTLP
	case job == "web":
		return sourceScrape
	case job == "statsd":
		return sourceStatsD
	case job == "ecs" && strings.HasPrefix(series.Get("__name__"), "container_"):
		return sourceContainers
	case job == "ecs":
		return sourceTask
	}
	return ""
}

// metricsOwn are the labels that the metrics of the tests have themselves.
var metricsOwn = []string{"__name__", "job", "instance", "code", "le", "quantile", "item", "door", "otel_scope_name"}

// never matches labels that no policy lets through: what repeats job and instance, what changes while a
// task runs.
var never = regexp.MustCompile(`^(service_(name|namespace|instance_id)|.*known?_status|.*pull_.*|.*(created|started)_at|container_(id|image_.*)|aws_ecs_docker_.*|aws_ecs_task_version)$`)

// TestEverySourceUnderEveryLabelPolicy runs all sources in one collector under each policy, and compares names, values and
// labels of all that is stored. The label names go into docs/labels.md.
func TestEverySourceUnderEveryLabelPolicy(t *testing.T) {
	t.Parallel()
	scraped := serveMetrics(t)
	sections := make([]labelSection, len(labelPolicies))
	t.Run("policies", func(t *testing.T) {
		for i, policy := range labelPolicies {
			t.Run(policy.name, func(t *testing.T) {
				t.Parallel() // each has its ports
				all := newEverything(t, scraped, policy.labels)
				s := runSidecar(t, all.config, policy.sidecarOptions)
				all.observe(t, s)
				sections[i] = labelSection{policy.title, s.labelsBySource(t, scraped, policy.labels)}
				s.finish(t)
			})
		}
	})
	if all := !slices.ContainsFunc(sections, func(s labelSection) bool { return s.title == "" }); all && !t.Failed() { // not with -run of one policy
		compareLabelTable(t, sections)
	}
}

// everything is a configuration with all sources, and where they listen.
type everything struct {
	config       collector.Config
	otlp, statsd string
}

func newEverything(t *testing.T, scraped string, policy collector.Labels) everything {
	port := freePort(t)
	e := everything{statsd: "127.0.0.1:" + port}
	e.config = collector.Config{
		Scrape:      []collector.ScrapeJob{{Name: "web", Targets: []string{scraped}, Interval: shortly()}},
		TaskMetrics: &collector.TaskMetrics{Interval: shortly(), Containers: true},
		Statsd:      &collector.Statsd{Port: collector.Number(port), AggregationInterval: shortly(), Rates: []string{"shop.views"}},
		Labels:      policy,
	}
	e.config.OTLP, e.otlp = freeOTLP(t)
	return e
}

// observe sends what the applications send until all of it is stored.
func (e everything) observe(t *testing.T, s sidecar) {
	t.Helper()
	eventually(t, s.Task, 20*time.Second, func() string { return push(e.otlp, orders(time.Now())) })
	stop := sendUntil(t, e.statsd, messages...)
	defer stop()
	for _, want := range []map[string]float64{storedOfOTLP, storedOfScrape, storedOfStatsD} {
		eventually(t, s.Task, 20*time.Second, func() string { return s.stored(t, want) })
	}
	eventually(t, s.Task, 20*time.Second, func() string { return s.ecsArrived(t, s.Task) })
	eventually(t, s.Task, 20*time.Second, func() string { return s.stored(t, containerValues(s.Metadata)) })
	s.nothingElse(t)
}

// containerValues are the metrics of each container, from the load that the emulated ECS gives it.
func containerValues(task *ecs.Task) map[string]float64 {
	want := map[string]float64{}
	for _, c := range task.Containers {
		for name, value := range task.Known(task.ContainerTotals(c.Name, 0)) {
			if name == "container_memory_usage" {
				continue // kept on instances
			}
			selector := fmt.Sprintf("%s{container_name=%q}", name, c.Name)
			if strings.Contains(name, "memory_utilized") || strings.Contains(name, "storage") { // grow with time
				selector, value = selector+" >= bool 0", 1
			}
			want[selector] = value
		}
	}
	return want
}

var metricName = regexp.MustCompile(`[a-z_]+`)

// nothingElse fails for a metric that no source should give.
func (s sidecar) nothingElse(t *testing.T) {
	t.Helper()
	expected := slices.Clone(ecsMetrics.metrics)
	for _, want := range []map[string]float64{storedOfOTLP, storedOfScrape, storedOfStatsD, containerValues(s.Metadata)} {
		for expr := range want {
			expr = strings.NewReplacer("histogram_count(", "", "histogram_sum(", "").Replace(expr)
			expected = append(expected, metricName.FindString(expr))
		}
	}
	for _, series := range s.all(t) {
		if !slices.Contains(expected, series.Get("__name__")) {
			t.Errorf("nobody sent %s", series)
		}
	}
}

// labelsBySource checks every label of every series against what the task is, and that the series of a source have the same.
func (s sidecar) labelsBySource(t *testing.T, scraped string, policy collector.Labels) map[string][]string {
	t.Helper()
	all := policy.Policy == collector.LabelsAll
	found := map[string][]string{}
	for _, series := range s.all(t) {
		source := sourceOf(series)
		if source == "" {
			t.Errorf("%s comes from nowhere", series)
			continue
		}
		if got, want := series.Get("instance"), s.instanceOf(series, source, scraped, all); got != want {
			t.Errorf("%s: the instance is %s, expected %s", series, got, want)
		}
		if got, want := series.Get("otel_scope_name"), scopeOf(series, source); got != want {
			t.Errorf("%s: the scope is %q, expected %q", series, got, want)
		}
		values := series.Map()
		maps.DeleteFunc(values, func(name, _ string) bool { return slices.Contains(metricsOwn, name) })
		for name, value := range values {
			if never.MatchString(name) {
				t.Errorf("no policy may let %s through: %s", name, series)
			}
			if !s.plausible(source, name, value) {
				t.Errorf("unexpected value of %s: %s", name, series)
			}
		}
		if series.Get("job") == typedFamily && (all || len(policy.Keep) > 0) {
			continue // what an application says of itself is a label here, and this one says nothing
		}
		names := slices.Sorted(maps.Keys(values))
		if before, ok := found[source]; ok && !slices.Equal(before, names) {
			t.Errorf("%s has the labels %v; other series of the source have %v", series, names, before)
		}
		found[source] = names
	}
	return found
}

// scopeOf is what the label otel_scope_name must be: it tells the meters of an application apart, and is of no use elsewhere.
func scopeOf(series labels.Labels, source string) string {
	if source == sourceOTLP && series.Get("job") == "shop/cart" {
		return "shop/orders"
	}
	return ""
}

// instanceOf is what the instance label must be.
func (s sidecar) instanceOf(series labels.Labels, source, scraped string, all bool) string {
	switch {
	case series.Get("job") == "shop/cart":
		return "cart-1" // the application's own
	case source == sourceScrape && all:
		return scraped // as in ADOT's file
	}
	return s.Metadata.ID
}

// plausible compares the value of a label with what it says of the task.
func (s sidecar) plausible(source, name, value string) bool {
	task := s.Metadata
	arn := "arn:aws:ecs:" + task.Region + ":" + task.Account + ":"
	host, _ := os.Hostname()
	want, known := map[string]string{
		"aws_ecs_cluster_name": task.Cluster, "aws_ecs_cluster_arn": arn + "cluster/" + task.Cluster,
		"aws_ecs_task_family": task.Family, "aws_ecs_task_revision": task.Revision, "aws_ecs_task_id": task.ID, "aws_ecs_task_arn": task.ARN(),
		"aws_ecs_launchtype": strings.ToLower(string(task.LaunchType)), "aws_ecs_service_name": task.ServiceName,
		"cloud_account_id": task.Account, "cloud_region": task.Region, "cloud_availability_zone": task.Zone,
		"cloud_provider": "aws", "cloud_platform": "aws_ecs", "os_type": runtime.GOOS,
		"service_version": "1.2", "telemetry_sdk_language": "go", "url_scheme": "http",
		"team": "te$a", "deployment_environment_name": "prod",
	}[name]
	switch {
	case known:
		return value == want && value != ""
	case name == "container_name":
		return slices.ContainsFunc(task.Containers, func(c ecs.Container) bool { return c.Name == value })
	case name == "host_name" && source == sourceOTLP:
		return value == "cart.internal" || value == host
	case name == "host_name":
		return value != ""
	case name == "server_port":
		return value != ""
	case strings.HasPrefix(name, "aws_log_"):
		return strings.Contains(value, "/shop") || strings.Contains(value, task.ID)
	}
	return false
}
