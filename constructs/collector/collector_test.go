package collector

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

func dur(d time.Duration) *time.Duration { return &d }

// minimal is the smallest configuration that is complete.
func minimal(change func(*Config)) Config {
	c := Config{
		OTLP:        &OTLP{HTTPEndpoint: "127.0.0.1:4318"},
		RemoteWrite: RemoteWrite{Endpoint: "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write", Region: "eu-west-1"},
	}
	if change != nil {
		change(&c)
	}
	return c
}

func job(change func(*ScrapeJob)) func(*Config) {
	return func(c *Config) {
		j := ScrapeJob{Name: "app", Targets: []string{"127.0.0.1:8080"}}
		change(&j)
		c.Scrape = append(c.Scrape, j)
	}
}

// scenarios are configurations that people really use; each has a golden file, and the end-to-end tests load them with
// the real factories.
var scenarios = map[string]Config{
	"otlp": minimal(nil),
	"scrape": minimal(func(c *Config) {
		c.OTLP = nil
		job(func(*ScrapeJob) {})(c)
	}),
	"all_sources": minimal(func(c *Config) {
		c.OTLP.GRPCEndpoint = "127.0.0.1:4317"
		job(func(j *ScrapeJob) {
			*j = ScrapeJob{
				Name: "admin", Targets: []string{"127.0.0.1:9090", "127.0.0.1:9091"}, Path: "/admin/metrics", Scheme: "https",
				Interval: dur(1500 * time.Millisecond), SampleLimit: "0", LabelLimit: "10", LabelValueLengthLimit: "20", BodySizeLimit: "1MB",
			}
		})(c)
		c.TaskMetrics = &TaskMetrics{Interval: dur(time.Minute)}
		c.MemoryLimitMiB = 256
		c.HealthCheckEndpoint = "127.0.0.1:13133"
		c.RemoteWrite.AssumeRole = &AssumeRole{ARN: "arn:aws:iam::111122223333:role/writer", ExternalID: "a$b"}
	}),
	"labels_identity": minimal(func(c *Config) { c.Labels.Policy = LabelsIdentity; c.TaskMetrics = &TaskMetrics{} }),
	"labels_all":      minimal(func(c *Config) { c.Labels.Policy = LabelsAll; c.TaskMetrics = &TaskMetrics{} }),
	"labels_list":     minimal(func(c *Config) { c.Labels.Keep = []string{attrTaskID, "deployment.environment.name"} }),
}

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

// TestEveryNamedComponentIsDefined parses the rendered text and follows each name in service.
func TestEveryNamedComponentIsDefined(t *testing.T) {
	for name, config := range scenarios {
		text, err := config.YAML()
		if err != nil {
			t.Fatal(err)
		}
		var parsed struct {
			Extensions, Receivers, Processors, Exporters map[string]any
			Service                                      struct {
				Extensions []string
				Pipelines  map[string]struct{ Receivers, Processors, Exporters []string }
			}
		}
		if err := yaml.Unmarshal([]byte(text), &parsed); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		check := func(kind string, names []string, defined map[string]any) {
			for _, n := range names {
				if _, ok := defined[n]; !ok {
					t.Errorf("%s: %s %s is not defined", name, kind, n)
				}
			}
		}
		check("extension", parsed.Service.Extensions, parsed.Extensions)
		for id, p := range parsed.Service.Pipelines {
			check("receiver", p.Receivers, parsed.Receivers)
			check("processor", p.Processors, parsed.Processors)
			check("exporter", p.Exporters, parsed.Exporters)
			if p.Processors[0] != "memory_limiter" {
				t.Errorf("%s: pipeline %s does not start with the memory limiter", name, id)
			}
		}
	}
}

func TestRejections(t *testing.T) {
	for name, tc := range map[string]struct {
		config Config
		want   []string
	}{
		"nothing":          {Config{}, []string{"nothing to collect", "the endpoint is empty", "the region is empty"}},
		"otlp without":     {minimal(func(c *Config) { c.OTLP = &OTLP{} }), []string{"neither gRPC nor HTTP is on"}},
		"otlp address":     {minimal(func(c *Config) { c.OTLP.HTTPEndpoint = "4318" }), []string{`otlp over HTTP: address "4318" is not host:port`}},
		"same address":     {minimal(func(c *Config) { c.OTLP.GRPCEndpoint = "127.0.0.1:4318" }), []string{"both listen on 127.0.0.1:4318"}},
		"health address":   {minimal(func(c *Config) { c.HealthCheckEndpoint = "localhost:x" }), []string{"port x is not"}},
		"no name":          {minimal(job(func(j *ScrapeJob) { j.Name = "" })), []string{"scrape job 1: the name is empty"}},
		"no target":        {minimal(job(func(j *ScrapeJob) { j.Targets = nil })), []string{"no target"}},
		"port 0":           {minimal(job(func(j *ScrapeJob) { j.Targets = []string{"127.0.0.1:0"} })), []string{`scrape job "app": port 0 is not a whole number from 1 to 65535`}},
		"port 70000":       {minimal(job(func(j *ScrapeJob) { j.Targets = []string{"127.0.0.1:70000"} })), []string{"port 70000"}},
		"path":             {minimal(job(func(j *ScrapeJob) { j.Path = "metrics" })), []string{`path "metrics" does not start with a slash`}},
		"path with query":  {minimal(job(func(j *ScrapeJob) { j.Path = "/m?a=b" })), []string{"is not a plain URL path"}},
		"dollar":           {minimal(job(func(j *ScrapeJob) { j.Name, j.Path = "a$b", "/$c" })), []string{`name "a$b" holds a $`, `path "/$c" holds a $`}},
		"scheme":           {minimal(job(func(j *ScrapeJob) { j.Scheme = "ftp" })), []string{`scheme "ftp"`}},
		"interval 0":       {minimal(job(func(j *ScrapeJob) { j.Interval = dur(0) })), []string{"interval 0s is not more than 0"}},
		"microseconds":     {minimal(job(func(j *ScrapeJob) { j.Interval = dur(1500 * time.Microsecond) })), []string{"whole number of milliseconds"}},
		"long timeout":     {minimal(job(func(j *ScrapeJob) { j.Interval, j.Timeout = dur(time.Second), dur(2*time.Second) })), []string{"timeout 2s is longer than interval 1s"}},
		"sample limit":     {minimal(job(func(j *ScrapeJob) { j.SampleLimit = "-1" })), []string{"sample limit -1"}},
		"body size":        {minimal(job(func(j *ScrapeJob) { j.BodySizeLimit = "16 megs" })), []string{`body size limit "16 megs"`}},
		"same name":        {minimal(func(c *Config) { job(func(*ScrapeJob) {})(c); job(func(*ScrapeJob) {})(c) }), []string{`scrape job "app": the name is used twice`}},
		"task interval":    {minimal(func(c *Config) { c.TaskMetrics = &TaskMetrics{Interval: dur(-1)} }), []string{"task metrics: interval"}},
		"http":             {minimal(func(c *Config) { c.RemoteWrite.Endpoint = "http://x/" }), []string{`endpoint "http://x/" is not an https URL`}},
		"role":             {minimal(func(c *Config) { c.RemoteWrite.AssumeRole = &AssumeRole{ARN: "writer"} }), []string{`"writer" is not the ARN of an IAM role`}},
		"little memory":    {minimal(func(c *Config) { c.MemoryLimitMiB = 63 }), []string{"63 MiB", "at least 64 MiB"}},
		"unknown policy":   {minimal(func(c *Config) { c.Labels.Policy = "some" }), []string{`unknown policy "some"`}},
		"empty list":       {minimal(func(c *Config) { c.Labels.Policy = LabelsList }), []string{"the list of attributes to keep is empty"}},
		"list elsewhere":   {minimal(func(c *Config) { c.Labels = Labels{Policy: LabelsAll, Keep: []string{"a"}} }), []string{`does not go with policy "all"`}},
		"reserved in list": {minimal(func(c *Config) { c.Labels.Keep = []string{"_a"} }), []string{`"_a" is not the name`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tc.config.YAML()
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in\n%v", want, err)
				}
			}
		})
	}
}

func TestPlaceholdersAreNeitherEscapedNorChecked(t *testing.T) {
	const token = "${Token[TOKEN.12]}"
	config := minimal(job(func(j *ScrapeJob) {
		*j = ScrapeJob{Name: "a-" + token, Targets: []string{"127.0.0.1:" + token}, Path: token, SampleLimit: token}
	}))
	config.RemoteWrite = RemoteWrite{Endpoint: token, Region: token, AssumeRole: &AssumeRole{ARN: token, ExternalID: "$" + token + "$"}}
	text, err := config.YAML()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`job_name: "a-` + token + `"`, `- "127.0.0.1:` + token + `"`, "sample_limit: " + token + "\n", `external_id: "$$` + token + `$$"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, text)
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
	got := strings.Join(minimal(nil).Args("VARIABLE"), " ")
	if want := "--config=env:VARIABLE --feature-gates=exporter.prometheusremotewritexporter.RetryOn429"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
