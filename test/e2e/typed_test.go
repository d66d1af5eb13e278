package e2e

import (
	"cmp"
	"maps"
	"net"
	"net/http"
	"os/exec"
	"testing"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

// These tests are about configurations, so their task definition is written by hand: the collector beside an app container
// that does nothing, whose metrics ECS knows all the same. What applications would send comes from the test itself.

const typedFamily = "shop-typed"

// sidecar is a running task with the world it writes to.
type sidecar struct {
	deployment
	*harness.Task
}

// soon is the interval of everything that is collected here.
const soon = time.Second

// sidecarOptions say how runSidecar runs a task.
type sidecarOptions struct {
	Launch  ecs.LaunchType    // default: Fargate
	Service string            // in the metadata, as on EC2
	Env     map[string]string // of the collector
	Backend http.Handler      // what takes the samples, instead of a store of its own

	// LogGroup is what CloudWatch Logs has, which is not there without it.
	LogGroup string

	// What the task is, where it matters.
	CgroupV2            bool
	NetworkMode         string // default: awsvpc
	Unsized             bool   // the task has no CPU and memory of its own
	NoUnits             bool   // nor have its containers CPU units
	Loads               map[string]ecs.Load
	EphemeralStorageMiB uint64
}

// runSidecar runs a collector with a typed configuration in a world of its own, where it writes to the only workspace.
func runSidecar(t *testing.T, config collector.Config, o sidecarOptions) sidecar {
	t.Helper()
	if !config.Delivery.OneHop && config.Delivery.Port == "" {
		config.Delivery.Port = collector.Number(freePort(t)) // several can run at once
	}
	env := config.Environment(collector.Deployment{
		Endpoint: workspaceURL, Region: values.Region, TaskRegion: values.Region, AccountID: values.Account, Family: typedFamily,
	})
	maps.Copy(env, o.Env)
	o.Env = env
	text, err := config.YAML()
	if err != nil {
		t.Fatal(err)
	}
	return runConfiguration(t, text, config.Args("env:"+configVariable), o)
}

const workspaceID = "ws-typed"

var workspaceURL = "https://aps-workspaces." + values.Region + "." + values.URLSuffix + "/workspaces/" + workspaceID + "/api/v1/remote_write"

// runConfiguration does the same with any configuration.
func runConfiguration(t *testing.T, text string, command []string, o sidecarOptions) sidecar {
	t.Helper()
	world, err := harness.NewWorld(t.TempDir(), values, []string{workspaceID}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = world.Close() })
	if o.LogGroup != "" {
		if err := world.AddLogs(o.LogGroup); err != nil {
			t.Fatal(err)
		}
	}
	if o.Backend != nil {
		world.AMP.Backend = o.Backend
	}
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	environment := []template.KeyValue{{Name: configVariable, Value: text}}
	for name, value := range o.Env {
		environment = append(environment, template.KeyValue{Name: name, Value: value})
	}
	logs := map[string]string{"awslogs-group": "/shop", "awslogs-region": values.Region, "awslogs-stream-prefix": "ecs"}
	task := &template.TaskDefinition{Family: typedFamily, CPU: "512", Memory: "1024", NetworkMode: "awsvpc", ContainerDefinitions: []template.Container{
		{Name: collectorName, Image: "adot", Command: command, Environment: environment, CPU: 64, Memory: 256},
		{Name: "app", Image: "app", Command: []string{"600"}, CPU: 128, Memory: 512},
	}}
	app := &task.ContainerDefinitions[1]
	if task.NetworkMode = cmp.Or(o.NetworkMode, task.NetworkMode); o.Unsized {
		task.CPU, task.Memory = "", ""
		app.Memory, app.MemoryReservation = 0, 512
	}
	for i := range task.ContainerDefinitions {
		if o.NoUnits {
			task.ContainerDefinitions[i].CPU = 0
		}
		task.ContainerDefinitions[i].LogConfiguration.Options = logs
	}
	if o.Launch == "" {
		o.Launch = ecs.Fargate
	}
	started, err := world.Start(task, harness.TaskOptions{
		ID: ecs.NewID(t.Name()), Cluster: clusterName, Zone: values.Region + "b", Service: o.Service, LaunchType: o.Launch,
		Collector: collectorName, Programs: map[string]string{"app": sleep},
		CgroupV2: o.CgroupV2, Loads: o.Loads, EphemeralStorageMiB: o.EphemeralStorageMiB,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := sidecar{deployment{world, task}, started}
	s.watch(t, started)
	return s
}

// finish stops the task and asserts what holds after any good run; every series has a job and an instance.
func (s sidecar) finish(t *testing.T, allowed ...string) {
	t.Helper()
	s.stopWell(t, s.Task, allowed...)
	s.checkRequests(t)
	for _, series := range s.all(t) {
		if series.Get("job") == "" || series.Get("instance") == "" {
			t.Errorf("%s has no job or no instance", series)
		}
	}
}

// freeOTLP is a receiver on free ports, and its address for HTTP.
func freeOTLP(t *testing.T) (otlp *collector.OTLP, address string) {
	t.Helper()
	otlp = &collector.OTLP{GrpcPort: collector.Number(freePort(t)), HttpPort: collector.Number(freePort(t))}
	return otlp, "127.0.0.1:" + string(otlp.HttpPort)
}

// shortly is the interval of everything that is collected here.
func shortly() *collector.Duration { return new(collector.Duration(soon)) }

func freePort(t *testing.T) string {
	t.Helper()
	port, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func freeAddress(t *testing.T) string {
	t.Helper()
	return net.JoinHostPort("127.0.0.1", freePort(t))
}
