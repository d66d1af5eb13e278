package load

import (
	"cmp"
	_ "embed"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

// Contender is one way to carry an application's metrics to AMP.
type Contender struct {
	Name string
	// Container says how its container is run.
	Container func(Target) (template.Container, error)
	// Program is the path of its program. Default: the collector of this process.
	Program string
}

// Target is what a contender carries, and where.
type Target struct {
	App      string // host:port
	OTLP     string // host:port where the application pushes over HTTP; empty: it is scraped
	Series   int    // of a scrape
	Endpoint string // the remote write URL
	Region   string
	Interval time.Duration
	Dir      string // for files
	// Cleanup is given what to do when the contender has ended.
	Cleanup func(func() error)
}

const (
	containerName  = "sidecar"
	family         = "shop"
	configVariable = "COLLECTOR_CONFIG"

	// defaultMemoryMiB is the default of otelprometheus for the collector's container.
	defaultMemoryMiB = 512
)

// Ours is what the library generates by default, but for what change does with it; nil changes nothing. The task's own metrics
// are collected too, as they are by default and by ADOT's file.
func Ours(name string, change func(*collector.Config, Target) error) Contender {
	return Contender{Name: name, Container: func(t Target) (template.Container, error) {
		port, err := harness.FreePort() // several collectors can run at once
		if err != nil {
			return template.Container{}, err
		}
		config := collector.Config{
			Scrape: []collector.ScrapeJob{{
				Name: "load", Targets: []string{t.App}, Interval: new(collector.Duration(t.Interval)), Timeout: new(collector.Duration(t.Interval)),
			}},
			TaskMetrics:    &collector.TaskMetrics{},
			MemoryLimitMiB: defaultMemoryMiB,
			LaunchType:     "fargate",
			Delivery:       collector.Delivery{Port: collector.Number(port)},
		}
		if t.OTLP != "" {
			_, otlpPort, err := net.SplitHostPort(t.OTLP)
			if err != nil {
				return template.Container{}, err
			}
			grpcPort, err := harness.FreePort()
			if err != nil {
				return template.Container{}, err
			}
			config.Scrape, config.OTLP = nil, &collector.OTLP{GrpcPort: collector.Number(grpcPort), HttpPort: collector.Number(otlpPort)}
		} else if t.Series > 10_000 { // the default limit of samples is twice that
			config.Scrape[0].SampleLimit, config.Scrape[0].BodySizeLimit = "100000", "64MB"
		}
		if change != nil {
			if err := change(&config, t); err != nil {
				return template.Container{}, err
			}
		}
		text, err := config.YAML()
		if err != nil {
			return template.Container{}, err
		}
		c := container(config.Args("env:"+configVariable),
			template.KeyValue{Name: configVariable, Value: text}, template.KeyValue{Name: "GOMEMLIMIT", Value: config.GoMemLimit()})
		for name, value := range config.Environment(collector.Deployment{
			Endpoint: t.Endpoint, Region: t.Region, TaskRegion: t.Region, AccountID: values.Account, Family: family,
		}) {
			c.Environment = append(c.Environment, template.KeyValue{Name: name, Value: value})
		}
		c.Memory = float64(config.MemoryLimitMiB)
		return c, nil
	}}
}

// Labels changes the policy of labels.
func Labels(policy string) func(*collector.Config, Target) error {
	return func(c *collector.Config, _ Target) error {
		c.Labels.Policy = policy
		return nil
	}
}

//go:embed adot.yaml
var adotFile string

// ADOT is what ADOT's own files for ECS and AMP do, run as AWS documents it: with nothing but the file.
func ADOT() Contender {
	return Contender{Name: "ADOT's file", Container: func(t Target) (template.Container, error) {
		source := "prometheus"
		if t.OTLP != "" {
			source = "otlp"
		}
		return container([]string{"--config=env:" + configVariable},
			template.KeyValue{Name: configVariable, Value: adotFile},
			template.KeyValue{Name: "AWS_PROMETHEUS_ENDPOINT", Value: t.Endpoint},
			template.KeyValue{Name: "AWS_PROMETHEUS_SCRAPING_ENDPOINT", Value: t.App},
			template.KeyValue{Name: "SCRAPE_INTERVAL", Value: t.Interval.String()},
			template.KeyValue{Name: "SOURCE", Value: source},
			template.KeyValue{Name: "OTLP_ENDPOINT", Value: cmp.Or(t.OTLP, "127.0.0.1:4318")}), nil
	}}
}

// Agent is Prometheus in agent mode with the defaults of its remote write and the labels that AMP needs to tell tasks apart:
// those of LabelsIdentity. It does not know the task's own metrics.
func Agent(program string) Contender {
	return Contender{Name: "Prometheus agent", Program: program, Container: func(t Target) (template.Container, error) {
		file := filepath.Join(t.Dir, "agent.yml")
		text := fmt.Sprintf(`global:
  scrape_interval: %[3]s
  scrape_timeout: %[3]s
  external_labels: {aws_ecs_task_family: %[5]s, aws_ecs_task_id: 0123456789abcdef0123456789abcdef}
scrape_configs:
  - job_name: load
    static_configs: [{targets: [%[1]q]}]
remote_write:
  - url: %[2]q
    proxy_from_environment: true
    sigv4: {region: %[4]s}
`, t.App, t.Endpoint, t.Interval, t.Region, family)
		return container([]string{
			"--agent", "--config.file=" + file, "--storage.agent.path=" + filepath.Join(t.Dir, "agent"), "--web.listen-address=127.0.0.1:0",
		}), os.WriteFile(file, []byte(text), 0o600)
	}}
}

func container(command []string, environment ...template.KeyValue) template.Container {
	return template.Container{Name: containerName, Image: containerName, Command: command, Environment: environment, StopTimeout: 60, Memory: defaultMemoryMiB}
}
