package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

// TestExistingTaskReachesPrometheus runs a plain task definition with the sidecar as an extension. The app comes first in its
// template, so that only dependsOn makes the collector start before it.
func TestExistingTaskReachesPrometheus(t *testing.T) {
	d := deploy(t, "ExistingTask", values)
	task := runTask(t, d, scrapedApp, harness.TaskOptions{ID: ecs.NewID("existing"), LaunchType: ecs.Fargate, Edit: hurry})
	d.checkWorld(t, []source{scrapedApp, ecsMetrics}, task)
}

// TestEc2AwsvpcReachesPrometheus runs an app that pushes, and compares the metrics of each container too.
func TestEc2AwsvpcReachesPrometheus(t *testing.T) {
	d := deploy(t, "Ec2Awsvpc", values)
	task := d.start(t, harness.TaskOptions{
		ID: ecs.NewID("awsvpc"), LaunchType: ecs.EC2, CgroupV2: true, AppEnv: eager, Service: "shop-service", Edit: hurry,
	})
	s := newShopper(t, task)
	s.order(t, "tea", 3)
	s.order(t, "coffee", 2)
	s.queue(t, 7)
	eventually(t, task, 20*time.Second, func() string { return d.appArrived(t, task, pushedApp, s) })
	eventually(t, task, 20*time.Second, func() string { return d.ecsArrived(t, task) })
	for _, container := range []string{collectorName, "app"} {
		eventually(t, task, 20*time.Second, func() string { return d.containerArrived(t, task, container) })
	}
	for _, fault := range d.labelFaults(t, task.Metadata, pushedApp) {
		t.Error(fault)
	}
	d.stopWell(t, task)
	d.checkWorld(t, []source{pushedApp, ecsMetrics}, task)
}

// containerArrived compares the metrics of one container with what it used at the time of each sample, and their labels with
// the promised ones.
func (d deployment) containerArrived(t *testing.T, task *harness.Task, container string) string {
	t.Helper()
	promised := promisedLabels(task.Metadata, ecsMetrics)
	promised["container_name"] = container
	for name := range task.Metadata.Known(task.Metadata.ContainerTotals(container, 0)) {
		selector := fmt.Sprintf("%s{container_name=%q}", name, container)
		at, value, series, ok := d.newest(t, selector)
		if !ok {
			return selector + " does not have one series"
		}
		got := series.Map()
		delete(got, "__name__")
		if !maps.Equal(got, promised) {
			t.Errorf("%s has labels %v, expected %v", name, got, promised)
		}
		used := func(n uint64) float64 { return task.Metadata.ContainerTotals(container, n)[name] }
		if n := task.Metadata.Seconds(at); !usedBy(n, value, used) {
			t.Fatalf("%s is %v after %d s, expected %v or a little before", selector, value, n, used(n))
		}
	}
	return ""
}

// bridge starts the task of Ec2Bridge and a shopper in each container but the collector.
func bridge(t *testing.T, options harness.TaskOptions) (deployment, *harness.Task, map[string]*shopper) {
	t.Helper()
	d := deploy(t, "Ec2Bridge", values)
	options.LaunchType, options.CgroupV2, options.Service = ecs.EC2, true, "shop-service"
	options.Programs = map[string]string{"web": sampleApp(t), "admin": sampleApp(t), "worker": sampleApp(t)}
	task := d.start(t, options)
	shoppers := map[string]*shopper{}
	for name := range options.Programs {
		shoppers[name] = newShopperIn(t, task, name)
	}
	return d, task, shoppers
}

// checkStopOrder asserts that the containers of a stopped task ended in this order. In mode bridge the collector ends before
// those that it is linked to.
func checkStopOrder(t *testing.T, task *harness.Task, names ...string) {
	t.Helper()
	var last time.Time
	for _, name := range names {
		process, err := task.Process(name)
		if err != nil {
			t.Fatal(err)
		}
		if process.Ended().Before(last) {
			t.Errorf("%s ended out of the order %v", name, names)
		}
		last = process.Ended()
	}
}

func jobSource(job string) source { return source{job: job, metrics: scrapedApp.metrics} }

// TestEc2BridgeReachesPrometheus runs three containers of which two are scraped, through links. ECS gives no AWS_REGION on EC2, so
// the template does.
func TestEc2BridgeReachesPrometheus(t *testing.T) {
	d, task, shoppers := bridge(t, harness.TaskOptions{ID: ecs.NewID("bridge"), Edit: hurry})
	for i, name := range []string{"web", "admin", "worker"} { // each has a count of its own
		shoppers[name].order(t, "tea", i+1)
		if c, err := task.Container(name); err != nil || len(c.Links) > 0 {
			t.Errorf("container %s: links %v, error %v", name, c.Links, err)
		}
	}
	collector, err := task.Container(collectorName)
	if err != nil {
		t.Fatal(err)
	}
	if region, _ := collector.Lookup("AWS_REGION"); region != values.Region {
		t.Errorf("the template sets AWS_REGION to %q, want %s", region, values.Region)
	}
	for _, name := range []string{"web", "admin"} {
		eventually(t, task, 20*time.Second, func() string {
			return d.mismatch(t, fmt.Sprintf(`sampleapp_orders_total{job=%q,item="tea"}`, name), shoppers[name].orders["tea"]) +
				d.mismatch(t, fmt.Sprintf(`up{job=%q}`, name), 1)
		})
	}
	eventually(t, task, 20*time.Second, func() string { return d.ecsArrived(t, task) })
	if complaint := d.mismatch(t, "count(up)", 2); complaint != "" {
		t.Error(complaint)
	}
	for _, fault := range d.labelFaults(t, task.Metadata, jobSource("web"), jobSource("admin"), ecsMetrics) {
		t.Error(fault)
	}
	d.stopWell(t, task)
	d.checkWorld(t, []source{jobSource("web"), jobSource("admin"), ecsMetrics}, task)
	checkStopOrder(t, task, "worker", collectorName, "web")
	checkStopOrder(t, task, collectorName, "admin")
}

// TestMissingLinkIsNoticed takes one of the links away: the other job goes on, but that one's target has no name any more.
func TestMissingLinkIsNoticed(t *testing.T) {
	d, task, _ := bridge(t, harness.TaskOptions{ID: ecs.NewID("unlinked"), Edit: func(c *template.Container) {
		hurry(c)
		c.Links = slices.DeleteFunc(c.Links, func(link string) bool { return link == "web" })
	}})
	eventually(t, task, 20*time.Second, func() string {
		return d.mismatch(t, `up{job="admin"}`, 1) + d.mismatch(t, `up{job="web"}`, 0)
	})
	if !strings.Contains(task.Collector.Log(), "lookup web") {
		t.Errorf("the log does not say that web has no address")
	}
}

// TestImpossibleTasksAreRefused expects the harness to refuse what ECS would refuse, or what would never work in a container
// although it does between child processes.
func TestImpossibleTasksAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, stack, expected string
		edit                  func(*template.Container)
	}{
		{"loopback of another container", "Ec2Bridge", "names 127.0.0.1:8080; in network mode bridge that is the container itself, not web",
			func(c *template.Container) { replaceEnv(c, regexp.MustCompile("web:8080"), "127.0.0.1:8080") }},
		{"circular links", "Ec2Bridge", "depends on itself or on a container that there is not", func(c *template.Container) {
			if c.Name == "web" {
				c.Links = []string{collectorName}
			}
		}},
		{"link in awsvpc", "Ec2Awsvpc", "links [app] in network mode awsvpc", func(c *template.Container) { c.Links = []string{"app"} }},
		{"HEALTHY without a health check", "ScheduledTask", "dependsOn HEALTHY of " + collectorName + ", whose health check is",
			func(c *template.Container) { c.HealthCheck = nil }},
		{"another condition", "ScheduledTask", "dependsOn condition SUCCESS is not emulated", func(c *template.Container) {
			for i := range c.DependsOn {
				c.DependsOn[i].Condition = "SUCCESS"
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, programs := deploy(t, c.stack, values), map[string]string{}
			for _, container := range d.task.ContainerDefinitions {
				programs[container.Name] = sampleApp(t)
			}
			task, err := d.Start(d.task, harness.TaskOptions{
				ID: ecs.NewID(c.name), Collector: collectorName, LaunchType: ecs.EC2, Programs: programs, Edit: c.edit,
			})
			if err == nil {
				task.Kill()
			}
			if err == nil || !strings.Contains(err.Error(), c.expected) {
				t.Errorf("got %v, expected %q", err, c.expected)
			}
		})
	}
}

// bridgedOtlp is the task of Ec2Awsvpc in network mode bridge, as the construct would make it; no sample pushes in that mode.
func bridgedOtlp(t *testing.T, listen string, links ...string) (deployment, harness.TaskOptions) {
	t.Helper()
	d := deploy(t, "Ec2Awsvpc", values)
	d.task.NetworkMode = "bridge"
	return d, harness.TaskOptions{
		ID: ecs.NewID(t.Name()), LaunchType: ecs.EC2, AppEnv: eager, Edit: func(c *template.Container) {
			hurry(c)
			replaceEnv(c, regexp.MustCompile(`endpoint: 127\.0\.0\.1:(431\d)`), "endpoint: "+listen+":$1")
			replaceEnv(c, regexp.MustCompile(`^http://127\.0\.0\.1:`), "http://"+collectorName+":")
			if c.Name == "app" {
				c.Links = links
			}
		},
	}
}

// TestBridgedAppPushesThroughItsLink shows the other direction of links, and that the receiver has to listen on all addresses.
func TestBridgedAppPushesThroughItsLink(t *testing.T) {
	t.Run("linked", func(t *testing.T) {
		d, options := bridgedOtlp(t, "0.0.0.0", collectorName)
		task := d.start(t, options)
		s := newShopper(t, task)
		s.order(t, "tea", 3)
		eventually(t, task, 20*time.Second, func() string { return d.mismatch(t, `sampleapp_orders_total{item="tea"}`, 3) })
	})
	t.Run("receiver on loopback", func(t *testing.T) {
		d, options := bridgedOtlp(t, "127.0.0.1", collectorName)
		task := d.start(t, options)
		newShopper(t, task).order(t, "tea", 3)
		if err := task.WaitHTTP(t.Context(), task.Collector, "http://127.0.0.1:13133/", 20*time.Second); err != nil {
			t.Fatal(err)
		}
		before := len(task.Apps[0].Log()) // when the collector listened nowhere yet
		eventually(t, task, 20*time.Second, func() string {
			return unless(strings.Contains(task.Apps[0].Log()[before:], "connection refused"), "the app can push")
		})
	})
	t.Run("not linked", func(t *testing.T) {
		d, options := bridgedOtlp(t, "0.0.0.0")
		options.Collector, options.Programs = collectorName, map[string]string{"app": sampleApp(t)}
		if _, err := d.Start(d.task, options); err == nil || !strings.Contains(err.Error(), `no link to "`+collectorName) {
			t.Errorf("got %v, expected that the app has no link", err)
		}
	})
}

// TestTheApplicationOutlivesItsCollector: a collector that never works, which ECS would restart in place again and again, or find
// unhealthy. Neither ends the task, because the collector is not essential, and no container waits for its health.
func TestTheApplicationOutlivesItsCollector(t *testing.T) {
	d := deploy(t, "FargateOtlp", values)
	broken := filepath.Join(t.TempDir(), "collector")
	if err := os.WriteFile(broken, []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	task := d.start(t, harness.TaskOptions{ID: ecs.NewID("broken"), LaunchType: ecs.Fargate, CollectorProgram: broken, AppEnv: eager})
	<-task.Collector.Done()
	newShopper(t, task).order(t, "tea", 1)
	if err := task.Wait(3 * time.Second); err == nil || !strings.Contains(err.Error(), "no essential container ended within") {
		t.Errorf("got %v, want that the task runs on", err)
	}
}
