package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/adot"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/amp"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

// TestBrokenConfigurationsAreNoticed breaks the generated configuration in one place each time, and expects the harness to tell.
func TestBrokenConfigurationsAreNoticed(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		notice         func(t *testing.T, d deployment, task *harness.Task) string // "" once it has noticed
	}{
		{"signing region", `region: \$\{env:AWS_PROMETHEUS_REGION:-\}`, `region: us-east-1`, refused("valid region")},
		{"signing service", "service: aps", "service: execute-api", refused("correct service: 'aps'")},
		{"workspace", "/workspaces/ws-", "/workspaces/ws-0", refused("no such workspace")},
		{"host", "https://aps-workspaces.", "https://aps-workspace.", func(_ *testing.T, d deployment, _ *harness.Task) string {
			return unless(slices.Contains(d.Outsiders(), "aps-workspace."+values.Region+".amazonaws.com"), "nobody went astray")
		}},
		{"scrape port", "127.0.0.1:8080", "127.0.0.1:8081", func(t *testing.T, d deployment, task *harness.Task) string {
			return d.mismatch(t, "up", 0)
		}},
		{"label rule", "disable_scope_info: true", "disable_scope_info: false", func(t *testing.T, d deployment, task *harness.Task) string {
			faults := strings.Join(d.labelFaults(t, task.Metadata, scrapedApp), "\n")
			return unless(strings.Contains(faults, "forbidden: otel_scope_name"), "no forbidden label among: "+faults)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, changed := deploy(t, "FargateScrape", values), false
			task := d.start(t, harness.TaskOptions{ID: ecs.NewID(c.name), LaunchType: ecs.Fargate, Edit: func(container *template.Container) {
				hurry(container)
				if container.Name == collectorName {
					changed = replaceEnv(container, regexp.MustCompile(c.from), c.to)
				}
			}})
			if !changed {
				t.Fatalf("the configuration has no %q to break", c.from)
			}
			eventually(t, task, 20*time.Second, func() string { return c.notice(t, d, task) })
		})
	}
}

func unless(noticed bool, complaint string) string {
	if noticed {
		return ""
	}
	return complaint
}

// refused notices that AMP refuses everything for the given reason.
func refused(reason string) func(*testing.T, deployment, *harness.Task) string {
	return func(t *testing.T, d deployment, _ *harness.Task) string {
		isRefusal := func(r amp.Record) bool { return r.Status/100 == 4 && strings.Contains(r.Message, reason) }
		records := d.AMP.Records()
		for _, r := range records {
			if !isRefusal(r) {
				t.Fatalf("got %d %s, expected only refusals with %q", r.Status, r.Message, reason)
			}
		}
		return unless(len(records) > 0, "no request yet")
	}
}

// documented runs the stack whose command names a file of ADOT's image, for which testdata has a short stand-in.
func documented(t *testing.T, options harness.TaskOptions) (deployment, *harness.Task) {
	t.Helper()
	d := deploy(t, "Documented", values)
	options.ID, options.LaunchType = ecs.NewID(t.Name()), ecs.Fargate
	options.Programs = map[string]string{"aws-otel-emitter": sampleApp(t)}
	return d, d.start(t, options)
}

const standIn = "testdata/image-file.yaml"

// expectStandIn waits for what the stand-in sends, which needs the endpoint of the template and AWS_REGION of Fargate.
func expectStandIn(t *testing.T, d deployment, task *harness.Task) {
	t.Helper()
	eventually(t, task, 20*time.Second, func() string {
		return unless(len(d.vector(t, "ecs_task_memory_utilized_MiB")) == 1, "no ECS metrics yet")
	})
	for _, record := range d.AMP.Refused() {
		t.Errorf("AMP refused a request: %d %s", record.Status, record.Message)
	}
	if err := task.Stop(); err != nil {
		t.Error(err)
	}
}

func TestCommandMayNameAFileOfTheImage(t *testing.T) {
	file, err := filepath.Abs(standIn)
	if err != nil {
		t.Fatal(err)
	}
	d, task := documented(t, harness.TaskOptions{ImageFiles: map[string]string{"/etc/ecs/ecs-amp.yaml": file}})
	expectStandIn(t, d, task)
}

func TestConfigContentReplacesEveryConfig(t *testing.T) {
	content, err := os.ReadFile(standIn)
	if err != nil {
		t.Fatal(err)
	}
	d, task := documented(t, harness.TaskOptions{Edit: func(c *template.Container) {
		if c.Name == collectorName {
			c.Environment = append(c.Environment, template.KeyValue{Name: adot.ConfigContentVar, Value: string(content)})
		}
	}})
	expectStandIn(t, d, task)
}

func TestEmptyConfigContentStopsTheCollector(t *testing.T) {
	_, task := documented(t, harness.TaskOptions{Edit: func(c *template.Container) {
		c.Environment = append(c.Environment, template.KeyValue{Name: adot.ConfigContentVar})
	}})
	select {
	case <-task.Collector.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("still running")
	}
	if err := task.Stop(); err == nil || !strings.Contains(err.Error(), "ended by itself") {
		t.Errorf("got %v, expected that the collector ended by itself", err)
	}
}
