package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

func TestFargateScrapeReachesPrometheus(t *testing.T) {
	testStack(t, deploy(t, "FargateScrape", values), scrapedApp, nil, nil)
}

func TestFargateOtlpReachesPrometheus(t *testing.T) {
	testStack(t, deploy(t, "FargateOtlp", values), pushedApp, eager, hurry)
}

// eager makes the app's SDK export every second: its default of 60 s would only make the test wait.
var eager = []string{"OTEL_METRIC_EXPORT_INTERVAL=1000"}

// TestMetadataFormDoesNotMatter runs the same task under other metadata: on EC2, which gives the cluster by its short name and
// tells neither AWS_REGION nor the storage; and in another partition, whose ARNs the awsecscontainermetrics receiver cannot read.
func TestMetadataFormDoesNotMatter(t *testing.T) {
	govCloud := values
	govCloud.Partition, govCloud.Region = "aws-us-gov", "us-gov-west-1"
	for name, c := range map[string]struct {
		values template.Values
		launch ecs.LaunchType
	}{
		"EC2": {values, ecs.EC2}, "GovCloud": {govCloud, ecs.Fargate},
	} {
		t.Run(name, func(t *testing.T) {
			d := deploy(t, "FargateOtlp", c.values)
			task := runTask(t, d, pushedApp, harness.TaskOptions{
				ID: ecs.NewID(name), LaunchType: c.launch, AppEnv: eager, Service: "shop-service", Edit: func(container *template.Container) {
					hurry(container)
					// The template knows that its task runs on Fargate, and says so.
					replaceEnv(container, regexp.MustCompile("aws_ecs_launchtype: fargate"), "aws_ecs_launchtype: "+strings.ToLower(string(c.launch)))
				},
			})
			d.checkWorld(t, []source{pushedApp, ecsMetrics}, task)
		})
	}
}

// testStack runs two tasks of one service, one after the other. The second, which is there to be told from the first, collects more
// often than the template says; the first does exactly what it says, unless it is edited too.
func testStack(t *testing.T, d deployment, app source, appEnv []string, edit func(*template.Container)) {
	// On Fargate the metadata has no service name, as AWS documents it; on EC2 it has. Both are tried.
	first := runTask(t, d, app, harness.TaskOptions{ID: ecs.NewID("first"), LaunchType: ecs.Fargate, AppEnv: appEnv, Edit: edit})
	second := runTask(t, d, app, harness.TaskOptions{
		ID: ecs.NewID("second"), LaunchType: ecs.Fargate, AppEnv: appEnv, Service: "shop-service", Edit: hurry,
	})
	d.checkWorld(t, []source{app, ecsMetrics}, first, second)
	d.checkDisjoint(t, first, second)
}

// runTask starts a task, shops, and compares what arrives with what happened, until the task has stopped.
func runTask(t *testing.T, d deployment, app source, options harness.TaskOptions) *harness.Task {
	t.Helper()
	task := d.start(t, options)
	s := newShopper(t, task)
	s.order(t, "tea", 3)
	s.order(t, "coffee", 2)
	s.queue(t, 7)
	eventually(t, task, 40*time.Second, func() string { return d.appArrived(t, task, app, s) })
	if options.Edit != nil { // a template as it is scrapes every 15 s, and once is enough
		s.order(t, "tea", 5)
		s.queue(t, 4)
		eventually(t, task, 40*time.Second, func() string { return d.appArrived(t, task, app, s) })
	}
	eventually(t, task, 40*time.Second, func() string { return d.ecsArrived(t, task) })
	for _, fault := range d.labelFaults(t, task.Metadata, app, ecsMetrics) {
		t.Error(fault)
	}
	d.stopWell(t, task)
	cpu, peak := task.Collector.Usage()
	t.Logf("%s ran %s; the collector used %s of CPU and %d MiB", task.Metadata.ID, time.Since(task.Started).Round(time.Second), cpu, peak>>20)
	return task
}

// hurry shortens the intervals of a generated configuration.
func hurry(c *template.Container) { harness.Shorten(c, 2*time.Second) }

// replaceEnv changes all values of a container's environment and says whether anything changed.
func replaceEnv(c *template.Container, from *regexp.Regexp, to string) (changed bool) {
	for i, variable := range c.Environment {
		c.Environment[i].Value = from.ReplaceAllString(variable.Value, to)
		changed = changed || c.Environment[i].Value != variable.Value
	}
	return changed
}
