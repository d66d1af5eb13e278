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
	for {
		resp, err := http.Post(s.url+"/orders?item="+item, "", nil)
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

// TestStartOrderDecidesAboutTheShortestTasks shows what HEALTHY is for: an app that ends before the collector can listen loses
// everything with START, and nothing with HEALTHY.
func TestStartOrderDecidesAboutTheShortestTasks(t *testing.T) {
	for condition, arrives := range map[string]bool{"HEALTHY": true, "START": false} {
		t.Run(condition, func(t *testing.T) {
			d := deploy(t, "ScheduledTask", values)
			task := d.start(t, harness.TaskOptions{ID: ecs.NewID(condition), LaunchType: ecs.Fargate, Edit: func(c *template.Container) {
				replaceEnv(c, regexp.MustCompile("^5s$"), "1ms")
				for i := range c.DependsOn {
					c.DependsOn[i].Condition = condition
				}
			}})
			if err := task.Wait(10 * time.Second); err != nil {
				t.Fatal(err)
			}
			if got := len(d.vector(t, "sampleapp_queue_depth")); (got == 1) != arrives {
				t.Errorf("got %d series, log of the app: %s", got, task.Apps[0].Log())
			}
			if lost := strings.Contains(task.Apps[0].Log(), "the last metrics were not exported"); lost == arrives {
				t.Errorf("log of the app: %s", task.Apps[0].Log())
			}
		})
	}
}

// TestDrainOutlastsAnOutage lets AMP fail at the end of a short-lived task, and recover within the collector's stop timeout.
func TestDrainOutlastsAnOutage(t *testing.T) {
	d := deploy(t, "ScheduledTask", values)
	task := d.start(t, harness.TaskOptions{ID: ecs.NewID("outage"), LaunchType: ecs.Fargate, Edit: func(c *template.Container) {
		replaceEnv(c, regexp.MustCompile("^5s$"), "500ms")
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
				c.Command[i] = strings.ReplaceAll(c.Command[i], "sleep 20;", "sleep 9;")
			}
		},
	})
	s := newShopper(t, task)
	s.order(t, "tea", 3)
	eventually(t, task, 20*time.Second, func() string { return d.appArrived(t, task, scrapedApp, s) })
	d.AMP.SetFault(func(*http.Request) *amp.Failure { return &amp.Failure{Status: http.StatusServiceUnavailable} })
	s.order(t, "tea", 4)
	time.Sleep(3 * time.Second) // a scrape
	time.AfterFunc(2*time.Second, func() { d.AMP.SetFault(nil) })
	if err := task.Stop(); err != nil {
		t.Fatal(err)
	}
	checkStopOrder(t, task, "app", "drain", collectorName)
	if complaint := d.mismatch(t, `max_over_time(sampleapp_orders_total{item="tea"}[1m])`, s.orders["tea"]); complaint != "" {
		t.Error(complaint)
	}
}

// TestScrapingMissesTheEndOfAShortLife is a limit, not a promise: an app that lives 5 seconds is scraped once or never at an
// interval of 15 s, and what it counts after that is lost. scrape_on_shutdown does not help, because the app has ended when the
// collector is told to stop. Such an app has to push.
func TestScrapingMissesTheEndOfAShortLife(t *testing.T) {
	d := deploy(t, "FargateScrape", values)
	task := d.start(t, harness.TaskOptions{ID: ecs.NewID("scraped"), LaunchType: ecs.Fargate, AppEnv: []string{"RUN_FOR=5s"}})
	s := newShopper(t, task)
	s.orderUntilItEnds(t, "tea")
	if err := task.Wait(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	stored := d.vector(t, `max_over_time(sampleapp_orders_total{item="tea"}[1m])`)
	scrapes := d.vector(t, `count_over_time(sampleapp_orders_total{item="tea"}[1m])`)
	t.Logf("the app counted %v; AMP has %v from %v scrapes", s.orders["tea"], stored, scrapes)
	if len(stored) > 0 && (stored[0].F >= s.orders["tea"] || scrapes[0].F > 1) {
		t.Errorf("AMP has more than one early scrape: %v, %v", stored, scrapes)
	}
}
