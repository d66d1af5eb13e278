package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/rules"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
)

// taskShape is one way in which a task can run.
type taskShape struct {
	name    string
	options sidecarOptions
}

func taskShapes() []taskShape {
	all := []taskShape{{"Fargate", sidecarOptions{Launch: ecs.Fargate}}}
	for _, mode := range []string{"awsvpc", "bridge", "host"} {
		for i, v2 := range []bool{false, true} {
			all = append(all, taskShape{
				fmt.Sprintf("EC2, %s, cgroup v%d", mode, i+1), sidecarOptions{Launch: ecs.EC2, NetworkMode: mode, CgroupV2: v2, Unsized: true},
			})
		}
	}
	return append(all, taskShape{"EC2, awsvpc, cgroup v1, no CPU units", sidecarOptions{Launch: ecs.EC2, Unsized: true, NoUnits: true}})
}

// config is what a task definition of this shape has, as synthesis makes it.
func (s taskShape) config() collector.Config {
	shape := collector.TaskShape{NetworkMode: s.options.NetworkMode, Instances: s.options.Launch == ecs.EC2, NoCPU: s.options.Unsized, NoMemory: s.options.Unsized}
	if s.options.Unsized {
		shape.MemoryMiB = 256 + 512
		if !s.options.NoUnits {
			shape.CPUUnits = 64 + 128
		}
	}
	metrics := append(collector.DefaultTaskMetrics(), collector.DefaultContainerMetrics()...)
	metrics = append(metrics, "ecs.task.memory.usage", "container.memory.usage", "container.network.rate.rx", "container.network.rate.tx", "ecs.task.ephemeral_storage.utilized", "ecs.task.ephemeral_storage.reserved")
	return collector.Config{TaskMetrics: &collector.TaskMetrics{Interval: shortly(), Metrics: metrics, Task: shape}}
}

// asTheReceiverSums runs the same with what the receiver says, as the library had it before and ADOT's files have it.
func (s taskShape) asTheReceiverSums(t *testing.T, loads map[string]ecs.Load) sidecar {
	t.Helper()
	config := s.config()
	config.TaskMetrics.Task = collector.TaskShape{NetworkMode: "bridge"}
	config.Delivery.Port = collector.Number(freePort(t))
	text, err := config.YAML()
	if err != nil {
		t.Fatal(err)
	}
	const pause = `      - IsMatch(resource.attributes["container.name"], "^~internal~")` + "\n"
	if !strings.Contains(text, pause) {
		t.Fatalf("no %s in\n%s", pause, text)
	}
	o := s.options
	o.Loads = loads
	o.Env = config.Environment(collector.Deployment{
		Endpoint: workspaceURL, Region: values.Region, TaskRegion: values.Region, AccountID: values.Account, Family: typedFamily,
	})
	return runConfiguration(t, strings.Replace(text, pause, "", 1), config.Args("env:"+configVariable), o)
}

func (s taskShape) run(t *testing.T, loads map[string]ecs.Load, ephemeral uint64) sidecar {
	t.Helper()
	o := s.options
	o.Loads, o.EphemeralStorageMiB = loads, ephemeral
	return runSidecar(t, s.config(), o)
}

// A rate over 5 minutes of a task that is seconds old is a small part of what it reads and writes: thus the large numbers.
// A healthy task uses little of what it has; its page cache is large, that of the idle collector too. A sick one is short of all.
var (
	healthy = map[string]ecs.Load{
		"app":         {VCPU: 0.0625, MemoryMiB: 320, CacheMiB: 120, RxBytesPerSecond: 600, TxBytesPerSecond: 400, ReadBytesPerSecond: 4096, WriteBytesPerSecond: 8192, Steady: true},
		collectorName: {VCPU: 0.015625, MemoryMiB: 240, CacheMiB: 195, RxBytesPerSecond: 400, TxBytesPerSecond: 100, Steady: true},
	}
	sick = map[string]ecs.Load{
		"app":         {VCPU: 0.75, MemoryMiB: 980, CacheMiB: 20, RxBytesPerSecond: 80_000_000, TxBytesPerSecond: 80_000_000, ReadBytesPerSecond: 5e9, WriteBytesPerSecond: 4e9, Steady: true},
		collectorName: {VCPU: 0.015625, MemoryMiB: 250, CacheMiB: 5, Steady: true},
	}
)

const sickEphemeralMiB = 20_000

// TestEcsMetricsAreTrueInEveryShape compares what is stored of the same task in every shape with what is true, and with what the
// receiver alone makes of it. What cannot be known is not stored. The table goes into docs/ecs-metrics.md.
func TestEcsMetricsAreTrueInEveryShape(t *testing.T) {
	t.Parallel()
	shapes := taskShapes()
	rows := make([][]string, len(shapes))
	t.Run("shapes", func(t *testing.T) {
		for i, shape := range shapes {
			t.Run(shape.name, func(t *testing.T) {
				t.Parallel()
				before, after := shape.asTheReceiverSums(t, healthy), shape.run(t, healthy, 0)
				eventually(t, after.Task, 20*time.Second, func() string { return after.ecsArrived(t, after.Task) })
				eventually(t, before.Task, 20*time.Second, func() string {
					return unless(len(before.vector(t, "ecs_task_cpu_utilized")) > 0, "nothing stored before")
				})
				known := after.Metadata.Known(after.Metadata.Totals(0))
				for _, m := range shapeMetrics {
					truth, stored := m.truth(after.Metadata), after.stored1(t, m.name)
					if _, ok := known[m.name]; m.task && !ok || m.unknown != nil && m.unknown(after.Metadata) {
						if stored != notStored {
							t.Errorf("%s is stored as %s, but is not known", m.name, stored)
						}
					} else if stored != truth {
						t.Errorf("%s is stored as %s, expected %s", m.name, stored, truth)
					}
					if alone := before.stored1(t, m.name); alone != truth || stored != truth {
						rows[i] = append(rows[i], fmt.Sprintf("| %s | %s | %s | %s | %s |", shape.name, m.title, truth, alone, stored))
					}
				}
				after.finish(t)
			})
		}
	})
	if !t.Failed() && !slices.ContainsFunc(rows, func(r []string) bool { return len(r) == 0 }) { // not with -run of one shape
		compareShapeTable(t, "metrics", "| shape | series | true | by the receiver alone | stored |\n| --- | --- | --- | --- | --- |\n"+strings.Join(slices.Concat(rows...), "\n")+"\n")
	}
}

// notStored is what there is no series of.
const notStored = "–"

// shapeMetric is a row of the table.
type shapeMetric struct {
	name    string // the query
	title   string
	task    bool // a metric of the task
	truth   func(*ecs.Task) string
	unknown func(*ecs.Task) bool
}

var shapeMetrics = func() (all []shapeMetric) {
	for _, name := range []string{
		"ecs_task_cpu_utilized", "ecs_task_cpu_reserved", "ecs_task_memory_utilized", "ecs_task_memory_usage", "ecs_task_memory_reserved", "ecs_task_network_rate_rx",
	} {
		all = append(all, shapeMetric{name, "`" + name + "`", true, func(t *ecs.Task) string {
			if value := t.Totals(0)[name]; value != 0 {
				return fmt.Sprintf("%.0f", value)
			}
			return notStored
		}, nil})
	}
	grows := func(value string) func(*ecs.Task) string { return func(*ecs.Task) string { return value } }
	v2 := func(t *ecs.Task) bool { return t.CgroupV2 }
	return append(all,
		shapeMetric{"max_over_time(ecs_task_storage_read_bytes[1m]) > bool 0", "`ecs_task_storage_read_bytes` > 0 (1: yes)", false, grows("1"), v2},
		shapeMetric{"ecs_task_ephemeral_storage_reserved", "`ecs_task_ephemeral_storage_reserved`", false, func(t *ecs.Task) string {
			if t.LaunchType == ecs.Fargate {
				return fmt.Sprint(ecs.EphemeralReservedMiB)
			}
			return notStored
		}, nil},
		shapeMetric{`container_memory_utilized{container_name="app"}`, "`container_memory_utilized` of the app", false, grows("200"), v2},
		shapeMetric{`container_network_rate_rx{container_name="app"}`, "`container_network_rate_rx` of the app", false, grows("600"), func(t *ecs.Task) bool { return t.NetworkMode != "bridge" }},
		shapeMetric{`count({container_name="~internal~ecs~pause"})`, "series of the pause container", false, grows(notStored), func(*ecs.Task) bool { return true }},
	)
}()

// stored1 is the one value of a query, or that there is none.
func (s sidecar) stored1(t *testing.T, expr string) string {
	t.Helper()
	vector := s.vector(t, expr)
	if len(vector) == 0 {
		return notStored
	}
	return fmt.Sprintf("%.0f", vector[0].F)
}

// TestAlertsOnEcsMetricsInEveryShape evaluates the condition of every alert on ECS metrics on what is stored of a healthy and of a sick
// task. What is not known makes no alert.
func TestAlertsOnEcsMetricsInEveryShape(t *testing.T) {
	t.Parallel()
	shapes := taskShapes()
	rows := make([]string, len(shapes))
	t.Run("shapes", func(t *testing.T) {
		for i, shape := range shapes {
			t.Run(shape.name, func(t *testing.T) {
				t.Parallel()
				alerts := ecsAlerts(t, shape)
				want := shape.alertsOfSick()
				well, ill, before := shape.run(t, healthy, 0), shape.run(t, sick, sickEphemeralMiB), shape.asTheReceiverSums(t, healthy)
				eventually(t, ill.Task, 30*time.Second, func() string {
					got := ill.holding(t, alerts)
					return unless(slices.Equal(got, want), fmt.Sprintf("of a sick task %v hold, expected %v", got, want))
				})
				eventually(t, well.Task, 30*time.Second, func() string { // a rate needs several samples
					return unless(len(well.vector(t, `count_over_time(ecs_task_cpu_utilized[1m]) > 4`)) > 0, "too few samples")
				})
				if got := well.holding(t, alerts); len(got) > 0 {
					t.Errorf("of a healthy task %v hold", got)
				}
				if got := ill.holding(t, alerts); !slices.Equal(got, want) {
					t.Errorf("of a sick task %v hold in the end, expected %v", got, want)
				}
				if absent := strings.ReplaceAll(alerts["EcsServiceAbsent"], typedFamily, "gone"); len(well.vector(t, absent)) == 0 {
					t.Errorf("%s does not hold for a service without tasks", absent)
				}
				rows[i] = fmt.Sprintf("| %s | %s | %s | %s |", shape.name, listed(before.holding(t, alerts)), listed(well.holding(t, alerts)), listed(want))
				well.finish(t)
				ill.finish(t)
			})
		}
	})
	if !t.Failed() && !slices.Contains(rows, "") {
		compareShapeTable(t, "alerts", "| shape | fires for a healthy task, by the receiver alone | for a healthy task | for a sick task |\n| --- | --- | --- | --- |\n"+strings.Join(rows, "\n")+"\n")
	}
}

func listed(alerts []string) string {
	if len(alerts) == 0 {
		return "none"
	}
	return strings.Join(alerts, ", ")
}

// ecsAlerts are the conditions of the alerts on ECS metrics by name.
func ecsAlerts(t *testing.T, shape taskShape) map[string]string {
	t.Helper()
	groups, err := rules.Config{
		Service: rules.Service{TaskFamily: typedFamily, Cluster: clusterName}, TaskMetrics: shape.config().TaskMetrics.Metrics, Tasks: true, Containers: true, Absence: true,
	}.Groups()
	if err != nil {
		t.Fatal(err)
	}
	alerts := map[string]string{}
	for _, g := range groups {
		for _, r := range g.Rules {
			if r.Alert != "" {
				alerts[r.Alert] = r.Expr
			}
		}
	}
	return alerts
}

// holding are the alerts whose condition holds now.
func (s sidecar) holding(t *testing.T, alerts map[string]string) (names []string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(alerts)) {
		if len(s.vector(t, alerts[name])) > 0 {
			names = append(names, name)
		}
	}
	return names
}

// alertsOfSick are those that a sick task must cause: all but those on what is not known.
func (s taskShape) alertsOfSick() []string {
	o := s.options
	want := []string{"EcsContainerCpuHigh", "EcsContainerMemoryHigh", "EcsContainerNetworkHigh", "EcsContainerStorageHigh",
		"EcsTaskCpuHigh", "EcsTaskEphemeralStorageHigh", "EcsTaskMemoryHigh", "EcsTaskNetworkHigh", "EcsTaskStorageHigh"}
	return slices.DeleteFunc(want, func(alert string) bool {
		switch alert {
		case "EcsContainerCpuHigh", "EcsTaskCpuHigh":
			return o.NoUnits
		case "EcsContainerMemoryHigh", "EcsContainerStorageHigh", "EcsTaskMemoryHigh", "EcsTaskStorageHigh":
			return o.CgroupV2
		case "EcsTaskEphemeralStorageHigh":
			return o.Launch != ecs.Fargate
		case "EcsTaskNetworkHigh":
			return o.NetworkMode == "host"
		case "EcsContainerNetworkHigh":
			return o.NetworkMode != "bridge"
		}
		return false
	})
}

// compareShapeTable compares a table of docs/ecs-metrics.md with a run, or rewrites it.
func compareShapeTable(t *testing.T, name, table string) {
	t.Helper()
	file := filepath.Join(repository, "docs/ecs-metrics.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+": written by the end-to-end tests, with UPDATE_GOLDEN=1; do not edit it. -->\n\n", "\n<!-- end of "+name+" -->"
	before, rest, ok := strings.Cut(string(text), begin)
	written, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no lines %s and %s", file, begin, end)
	}
	if written == table {
		return
	}
	if os.Getenv("UPDATE_GOLDEN") == "" {
		t.Fatalf("%s is not what is stored; if it should, rewrite it with UPDATE_GOLDEN=1 and read the difference:\n%s", file, table)
	}
	if os.Getenv("CI") != "" {
		t.Fatal("golden files are not updated in CI")
	}
	if err := os.WriteFile(file, []byte(before+begin+table+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
