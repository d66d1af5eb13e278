package collector

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
)

func dur(d time.Duration) *Duration { return new(Duration(d)) }

// minimal is the smallest configuration that is complete.
func minimal(change func(*Config)) Config {
	c := Config{At: "Telemetry.", OTLP: &OTLP{}}
	if change != nil {
		change(&c)
	}
	return c
}

func job(change func(*ScrapeJob)) func(*Config) {
	return func(c *Config) {
		j := ScrapeJob{At: fmt.Sprintf("Telemetry.Scrape[%d]", len(c.Scrape)), Name: "app", Targets: []string{"127.0.0.1:8080"}}
		change(&j)
		c.Scrape = append(c.Scrape, j)
	}
}

// scenarios are configurations that people really use; each has a golden file, and the end-to-end tests load them with
// the real factories.
var scenarios = map[string]Config{
	"otlp":   minimal(nil),
	"traces": minimal(func(c *Config) { c.Traces = true }),
	"scrape": minimal(func(c *Config) {
		c.OTLP = nil
		job(func(*ScrapeJob) {})(c)
	}),
	"scrape_everything": minimal(func(c *Config) {
		c.OTLP = nil
		c.ScrapeOnShutdown = true
		job(func(j *ScrapeJob) {
			*j = ScrapeJob{
				Name: "admin", Targets: []string{"127.0.0.1:9090", "127.0.0.1:9091"}, Path: "/admin/metrics",
				Tls: &TLS{CaCertificate: "ADMIN_CA", ServerName: "admin.internal"}, BasicAuth: &BasicAuth{Username: "reader", Password: "ADMIN_PASSWORD"},
				Interval: dur(1500 * time.Millisecond), SampleLimit: "0", LabelLimit: "10", LabelValueLengthLimit: "20", BodySizeLimit: "1MB",
				KeepMetrics: []string{"http_.*", "up"}, DropMetrics: []string{".*_created"},
				StaticLabels: map[string]string{"tier": "b$2", "area": "a"}, HonorLabels: true, HonorTimestamps: true, NativeHistograms: true,
				Params: map[string][]string{"format": {"prometheus"}, "a": {"1", "0x2"}},
				Relabel: []RelabelRule{
					{SourceLabels: []string{"path"}, Regex: "/v([0-9]+)/.*", TargetLabel: "version", Replacement: "v$1"},
					{Action: RelabelLabelDrop, Regex: "path|id"},
				},
			}
		})(c)
		job(func(j *ScrapeJob) {
			j.BearerToken, j.Tls = "TOKEN", &TLS{InsecureSkipVerify: true}
		})(c)
	}),
	"all_sources": minimal(func(c *Config) {
		job(func(*ScrapeJob) {})(c)
		c.TaskMetrics = &TaskMetrics{Interval: dur(time.Minute), Containers: true}
		c.Statsd = &Statsd{AggregationInterval: dur(10 * time.Second), Rates: []string{"page.views"}}
		c.CollectorMetrics = &CollectorMetrics{}
		c.Traces = true
		c.MemoryLimitMiB = 256
		c.HealthCheck = true
		c.AssumeRole, c.ExternalID = true, true
	}),
	"statsd":       minimal(func(c *Config) { c.OTLP = nil; c.Statsd = &Statsd{} }),
	"task_metrics": minimal(func(c *Config) { c.OTLP = nil; c.TaskMetrics = &TaskMetrics{} }),
	"container_metric": minimal(func(c *Config) {
		c.OTLP = nil
		c.TaskMetrics = &TaskMetrics{Metrics: []string{"container.cpu.usage.vcpu"}}
	}),
	"instances": minimal(func(c *Config) {
		c.TaskMetrics = &TaskMetrics{Containers: true, Task: TaskShape{
			NetworkMode: "bridge", Container: "telemetry", Instances: true, NoCPU: true, NoMemory: true, CPUUnits: 192, MemoryMiB: 320}}
	}),
	"host_network": minimal(func(c *Config) {
		c.TaskMetrics = &TaskMetrics{Task: TaskShape{NetworkMode: "host", Instances: true, NoCPU: true}}
	}),
	"one_hop": minimal(func(c *Config) { c.Delivery.OneHop = true; c.TaskMetrics = &TaskMetrics{} }),
	"queue_on_disk": minimal(func(c *Config) {
		c.Delivery = Delivery{QueueDirectory: "/tmp", QueueSizeMiB: 64, Port: "15000"}
		c.TaskMetrics = &TaskMetrics{}
		c.LaunchType = "ec2"
		c.Labels.External = map[string]string{"team": "a", "aws_ecs_launchtype": "what is known wins"}
	}),
	"labels_identity": minimal(func(c *Config) { c.Labels.Policy = LabelsIdentity; c.TaskMetrics = &TaskMetrics{} }),
	"labels_all":      minimal(func(c *Config) { c.Labels.Policy = LabelsAll; c.TaskMetrics = &TaskMetrics{} }),
	"labels_list":     minimal(func(c *Config) { c.Labels.Keep = []string{attrTaskID, "deployment.environment.name"} }),
	"bridge":          minimal(func(c *Config) { c.Host = "0.0.0.0"; c.Statsd = &Statsd{Port: "9125"} }),
	"job_of_family":   minimal(job(func(j *ScrapeJob) { j.Name = "" })),
	"labels_external": minimal(func(c *Config) { c.Labels.External = map[string]string{"team": "a$b", "stage": "prod"} }),
	"fleet":           fleet(nil),
	"fleet_shard": fleet(func(f *Fleet) {
		f.Refresh, f.Shard, f.Shards = dur(time.Minute), 1, 4
		f.Jobs[0].HonorTimestamps = true
	}),
	"fleet_replica": fleet(func(f *Fleet) { f.Group, f.Replica = "Stack/Fleet/0", "b" }),
	"extra_batch":   minimal(func(c *Config) { c.Extra = extraBatch }),
	"cloudwatch": minimal(func(c *Config) {
		job(func(*ScrapeJob) {})(c)
		c.TaskMetrics = &TaskMetrics{}
		c.CloudWatch = &CloudWatch{Metrics: []CopiedMetric{
			{Name: "jobs_waiting"}, {Name: "jobs_done_total"}, {Name: "worker_busy_ratio", Aggregation: AggregateMean},
			{Name: "queue.depth"}, {Name: "orders", Counter: new(true)}, {Name: "ecs.task.memory.utilized"}, {Name: "ecs.task.network.rate.rx"},
		}}
	}),
	"cloudwatch_statsd": minimal(func(c *Config) {
		c.OTLP, c.Statsd = nil, &Statsd{}
		c.CloudWatch = &CloudWatch{
			Metrics: []CopiedMetric{{Name: "page.views", Counter: new(true)}}, Namespace: "Shop", Interval: dur(10 * time.Second),
			Dimensions: map[string]string{"Service": "shop", "Stage": "prod"},
		}
	}),
}

// fleet scrapes three services of a cluster; two of them differ in name and path only.
func fleet(change func(*Fleet)) Config {
	f := &Fleet{Directory: "/tmp/cdk-otel-prometheus"}
	for i, family := range []string{"orders", "stock", "mail"} {
		f.Jobs = append(f.Jobs, FleetJob{ScrapeJob: ScrapeJob{At: fmt.Sprintf("Scrape[%d]", i)}, Family: family, Container: "app", Port: "8080"})
	}
	f.Jobs[1].Name, f.Jobs[1].Path = "stock-admin", "/admin/metrics"
	f.Jobs[2].Interval, f.Jobs[2].DropMetrics = dur(time.Minute), []string{"go_.*"}
	if change != nil {
		change(f)
	}
	return minimal(func(c *Config) {
		c.OTLP, c.Fleet, c.CollectorMetrics, c.LaunchType = nil, f, &CollectorMetrics{}, "fargate"
		c.Delivery.QueueDirectory = "/tmp"
	})
}

// extraBatch adds a component, changes a setting and replaces a list.
const extraBatch = `
processors:
  batch: {timeout: 5s}
exporters:
  prometheus_remote_write:
    timeout: 10s
service:
  pipelines:
    metrics/otlp:
      processors: [memory_limiter, resource/otlp, resource_detection, resource/task, batch]
`

func TestScenariosMatchGolden(t *testing.T) {
	for name, config := range scenarios {
		t.Run(name, func(t *testing.T) {
			got, err := config.YAML()
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".yaml")
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if os.Getenv("CI") != "" {
					t.Fatal("golden files are not updated in CI")
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; run make golden", err)
			}
			if got != string(want) {
				t.Errorf("differs from %s; if it should, run make golden and read the difference\n%s", file, got)
			}
		})
	}
}

func TestRenderingIsDeterministic(t *testing.T) {
	config := scenarios["all_sources"]
	first, err := config.YAML()
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if again, _ := config.YAML(); again != first {
			t.Fatal("the same configuration rendered to different text")
		}
	}
}

// TestGeneratedConfigurationPassesItsOwnCheck also finds a component that is named but not defined, or not in ADOT.
func TestGeneratedConfigurationPassesItsOwnCheck(t *testing.T) {
	for name, config := range scenarios {
		text, err := config.YAML()
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(text, CheckOptions{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPlaceholdersBecomeVariables(t *testing.T) {
	const token, other = "${Token[TOKEN.12]}", "${Token[TOKEN.13]}"
	config := minimal(job(func(j *ScrapeJob) {
		*j = ScrapeJob{Name: "a-" + token, Targets: []string{"127.0.0.1:" + token}, Path: other, SampleLimit: token, StaticLabels: map[string]string{"a": "$" + token + "$"}}
	}))
	text, err := config.YAML()
	if err != nil {
		t.Fatal(err)
	}
	constant, variables := Externalize(text)
	for _, want := range []string{
		`job_name: "a-${env:CONFIG_VALUE_1:-}"`, `- "127.0.0.1:${env:CONFIG_VALUE_1:-}"`, "sample_limit: ${env:CONFIG_VALUE_1:-}\n",
		`metrics_path: "${env:CONFIG_VALUE_2:-}${env:NOTHING:-}"`, `a: "$$${env:CONFIG_VALUE_1:-}$$"`,
	} {
		if !strings.Contains(constant, want) {
			t.Errorf("%s is missing in\n%s", want, constant)
		}
	}
	if want := map[string]string{"CONFIG_VALUE_1": token, "CONFIG_VALUE_2": other}; !maps.Equal(variables, want) {
		t.Errorf("variables %v, want %v", variables, want)
	}
}

// TestEnvironmentHasWhatTheConfigurationNames: an expansion of a variable that nobody sets would be empty.
func TestEnvironmentHasWhatTheConfigurationNames(t *testing.T) {
	secrets := []string{"NOTHING", "ADMIN_CA", "ADMIN_PASSWORD", "TOKEN"}
	for name, config := range scenarios {
		text, err := config.YAML()
		if err != nil {
			t.Fatal(err)
		}
		named := map[string]bool{}
		for _, match := range regexp.MustCompile(`\$\{env:(\w+):-\}`).FindAllStringSubmatch(text, -1) {
			named[match[1]] = true
		}
		environment := config.Environment(Deployment{})
		for variable := range named {
			if _, set := environment[variable]; !set && !slices.Contains(secrets, variable) {
				t.Errorf("%s names %s, which Environment does not set", name, variable)
			}
		}
		if strings.Count(text, "${") != strings.Count(text, "${env:") {
			t.Errorf("%s has an expansion of another kind", name)
		}
	}
}

func TestMemoryFiguresAgree(t *testing.T) {
	config := minimal(func(c *Config) { c.MemoryLimitMiB = 500 })
	if got := config.GoMemLimit(); got != "400MiB" {
		t.Errorf("GOMEMLIMIT %s, want 400MiB", got)
	}
	limiter := config.memoryLimiter()
	if soft := limiter.LimitMiB - limiter.SpikeLimitMiB; soft <= 400 || limiter.LimitMiB >= 500 {
		t.Errorf("the limiter refuses data from %d MiB and collects from %d MiB, in a container of 500 MiB with GOMEMLIMIT 400 MiB", soft, limiter.LimitMiB)
	}
	if got := minimal(nil).GoMemLimit(); got != "" {
		t.Errorf("GOMEMLIMIT %s without a known limit", got)
	}
}

func TestArgsNameTheVariableAndTheFeatureGates(t *testing.T) {
	got := strings.Join(minimal(nil).Args("env:VARIABLE"), " ")
	if want := "--config=env:VARIABLE --feature-gates=exporter.prometheusremotewritexporter.RetryOn429,pkg.translator.prometheus.PermissiveLabelSanitization"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestAFleetOfAHundredServicesFits into a task definition, which holds 64 KiB. docs/central.md says so, and what each other combination of
// options takes.
func TestAFleetOfAHundredServicesFits(t *testing.T) {
	size := func(change func(*Fleet)) int {
		text, err := fleet(change).YAML()
		if err != nil {
			t.Fatal(err)
		}
		return len(text)
	}
	hundred := func(f *Fleet) {
		for i := range 100 {
			j := f.Jobs[0]
			j.Family = fmt.Sprintf("a-service-with-a-rather-long-name-%d", i)
			f.Jobs = append(f.Jobs, j)
		}
	}
	if got := size(hundred); got > 50<<10 {
		t.Errorf("a hundred services take %d bytes", got)
	}
	one := size(nil)
	if got := size(func(f *Fleet) {
		f.Jobs = append(f.Jobs, f.Jobs[0])
		f.Jobs[3].Family, f.Jobs[3].Timeout = "other", dur(time.Second)
	}) - one; got > 3<<10 {
		t.Errorf("another combination of options takes %d bytes", got)
	}
}
