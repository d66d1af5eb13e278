package e2e

import (
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/amp"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

// orderUntilItEnds orders as long as the app answers: the last answer is what the app has counted just before its end.
func (s *shopper) orderUntilItEnds(t *testing.T, item string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		resp, err := client.Post(s.url+"/orders?item="+item, "", nil)
		if err != nil {
			return // the app accepts no more
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if s.orders[item], err = strconv.ParseFloat(strings.TrimSpace(string(body)), 64); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the app does not end")
}

// TestScheduledTaskDeliversItsLastSamples runs the template as it is. The app lives 5 seconds and ends by itself, which ends the
// task; its SDK sends everything at the end, and the collector must deliver that although it is told to stop at once.
func TestScheduledTaskDeliversItsLastSamples(t *testing.T) {
	d := deploy(t, "ScheduledTask", values)
	task := d.start(t, harness.TaskOptions{ID: ecs.NewID("scheduled"), LaunchType: ecs.Fargate})
	s := newShopper(t, task)
	s.queue(t, 7)
	s.orderUntilItEnds(t, "tea")
	ended := time.Now()
	if err := task.Wait(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	t.Logf("the app counted %v orders in %s; the collector drained in %s", s.orders["tea"],
		ended.Sub(task.Started).Round(time.Millisecond), time.Since(ended).Round(time.Millisecond))
	if complaint := d.appArrived(t, task, pushedApp, s); complaint != "" {
		t.Error(complaint)
	}
	if !strings.Contains(task.Collector.Log(), "Shutdown complete") {
		t.Error("the collector has not said that it is done")
	}
	for _, fault := range d.labelFaults(t, task.Metadata, pushedApp) {
		t.Error(fault)
	}
	d.checkWorld(t, []source{pushedApp, ecsMetrics}, task)
}

// TestHealthyOrderSavesTheShortestTasks runs an app that ends at once: it starts only when the collector listens.
func TestHealthyOrderSavesTheShortestTasks(t *testing.T) {
	d := deploy(t, "ScheduledTask", values)
	task := d.start(t, harness.TaskOptions{ID: ecs.NewID("shortest"), LaunchType: ecs.Fargate, Edit: func(c *template.Container) {
		replaceEnv(c, regexp.MustCompile("^5s$"), "1ms")
	}})
	if err := task.Wait(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	if got := len(d.vector(t, "sampleapp_queue_depth")); got != 1 {
		t.Errorf("got %d series, log of the app: %s", got, task.Apps[0].Log())
	}
}

// TestDrainOutlastsAnOutage lets AMP fail at the end of a short-lived task, and recover within the collector's stop timeout.
func TestDrainOutlastsAnOutage(t *testing.T) {
	d := deploy(t, "ScheduledTask", values)
	task := d.start(t, harness.TaskOptions{ID: ecs.NewID("outage"), LaunchType: ecs.Fargate, Edit: func(c *template.Container) {
		replaceEnv(c, regexp.MustCompile("^5s$"), "2s")
	}})
	s := newShopper(t, task)
	d.AMP.SetFault(func(*http.Request) *amp.Failure { return &amp.Failure{Status: http.StatusServiceUnavailable} })
	s.orderUntilItEnds(t, "tea")
	time.AfterFunc(3*time.Second, func() { d.AMP.SetFault(nil) })
	if err := task.Wait(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	if complaint := d.mismatch(t, `sampleapp_orders_total{item="tea"}`, s.orders["tea"]); complaint != "" {
		t.Error(complaint)
	}
}

// TestDrainTimeHoldsTheCollectorBack stops a task while AMP fails. AMP recovers after the app has ended; the collector is still
// there, because the container that only waits keeps ECS from stopping it.
func TestDrainTimeHoldsTheCollectorBack(t *testing.T) {
	d := deploy(t, "Observability", values)
	task := d.start(t, harness.TaskOptions{
		ID: ecs.NewID("drain"), LaunchType: ecs.Fargate, AppEnv: []string{"PATH=" + os.Getenv("PATH")},
		Programs: map[string]string{"app": sampleApp(t), "drain": "/bin/sh"},
		Edit: func(c *template.Container) {
			hurry(c)
			for i := range c.Command {
				c.Command[i] = strings.ReplaceAll(c.Command[i], "sleep 20;", "sleep 4;")
			}
			replaceEnv(c, regexp.MustCompile(`(initial_interval|max_interval): \d+s`), "$1: 1s") // to try again within that time
		},
	})
	s := newShopper(t, task)
	s.order(t, "tea", 3)
	eventually(t, task, 20*time.Second, func() string { return d.appArrived(t, task, scrapedApp, s) })
	d.AMP.SetFault(func(*http.Request) *amp.Failure { return &amp.Failure{Status: http.StatusServiceUnavailable} })
	s.order(t, "tea", 4)
	time.Sleep(3 * time.Second) // a scrape
	time.AfterFunc(time.Second, func() { d.AMP.SetFault(nil) })
	if err := task.Stop(); err != nil {
		t.Fatal(err)
	}
	checkStopOrder(t, task, "app", "drain", collectorName)
	if complaint := d.mismatch(t, `max_over_time(sampleapp_orders_total{item="tea"}[1m])`, s.orders["tea"]); complaint != "" {
		t.Error(complaint)
	}
}
