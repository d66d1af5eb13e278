// Package e2e runs the sample stacks: what their templates say about a task, with a real collector, the real sample app and a
// real Prometheus behind an emulated AMP.
package e2e

import (
	"cmp"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

func TestMain(m *testing.M) {
	harness.RunIfCollector()
	runIfSDK()
	os.Exit(run(m))
}

// scratch holds what all tests share.
var scratch string

func run(m *testing.M) int {
	var err error
	if scratch, err = os.MkdirTemp("", "e2e"); err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	return m.Run()
}

// values are the emulated deployment's.
var values = template.Values{
	Region: "eu-central-1", Account: "111122223333", Partition: "aws", URLSuffix: "amazonaws.com", StackName: "E2e",
}

// client bounds what the tests themselves ask for.
var client = &http.Client{Timeout: 10 * time.Second}

const (
	repository    = "../.."
	collectorName = "aws-otel-collector"
	clusterName   = "shop"
)

// synthesize makes the templates of the project's app, and build the sample app; both once.
var (
	synthesize = sync.OnceValues(func() (dir string, err error) {
		dir = filepath.Join(scratch, "cdk.out")
		return dir, withTimeout(func(ctx context.Context) error { return harness.Synth(ctx, repository, dir) })
	})
	build = sync.OnceValues(func() (program string, err error) {
		program = filepath.Join(scratch, "sampleapp")
		return program, withTimeout(func(ctx context.Context) error {
			return harness.Build(ctx, filepath.Join(repository, "sampleapp"), ".", program)
		})
	})
)

func withTimeout(do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	return do(ctx)
}

// sampleApp is the path of the sample app.
func sampleApp(t *testing.T) string {
	t.Helper()
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// deployment is a stack's task definition in a world of its own.
type deployment struct {
	*harness.World
	task *template.TaskDefinition
}

// deploy emulates the deployment of a sample stack.
func deploy(t *testing.T, stack string, values template.Values) deployment {
	t.Helper()
	dir, err := synthesize()
	if err != nil {
		t.Fatal(err)
	}
	stackTemplate, err := template.Load(filepath.Join(dir, stack+".template.json"), values)
	if err != nil {
		t.Fatal(err)
	}
	task, err := stackTemplate.TaskDefinition()
	if err != nil {
		t.Fatal(err)
	}
	world, err := harness.NewWorld(t.TempDir(), values, stackTemplate.WorkspaceIDs(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = world.Close() })
	return deployment{world, task}
}

// start starts a task, once its ports are free.
func (d deployment) start(t *testing.T, options harness.TaskOptions) *harness.Task {
	t.Helper()
	options.Collector, options.Cluster, options.Zone = collectorName, cmp.Or(options.Cluster, clusterName), d.Values.Region+"b"
	if options.Programs == nil {
		options.Programs = map[string]string{"app": sampleApp(t)}
	}
	var ports []string
	for i := range d.task.ContainerDefinitions {
		if c := &d.task.ContainerDefinitions[i]; c.Name == collectorName {
			ports = append(ports, harness.Ports(c)...)
		} else {
			ports = append(ports, appPort(c))
		}
	}
	if err := harness.PortsFree(ports...); err != nil {
		t.Fatal(err)
	}
	task, err := d.Start(d.task, options)
	if err != nil {
		t.Fatal(err)
	}
	d.watch(t, task)
	return task
}

// watch makes sure that a task is gone at the end of the test, and its collector's log seen if that failed.
func (d deployment) watch(t *testing.T, task *harness.Task) {
	t.Cleanup(func() {
		task.Kill()
		if t.Failed() {
			for _, record := range d.AMP.Refused() {
				t.Logf("AMP refused a request: %d %s", record.Status, record.Message)
			}
			t.Logf("log of the collector:\n%s", task.Collector.Log())
		}
	})
}
