package collector

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func relabel(r RelabelRule) Config {
	return minimal(job(func(j *ScrapeJob) { j.Relabel = []RelabelRule{r} }))
}

// TestOptionsAreRejected has one entry for each rejection, with what its message must say.
func TestOptionsAreRejected(t *testing.T) {
	for name, tc := range map[string]struct {
		config Config
		want   []string
	}{
		"nothing":         {Config{}, []string{"nothing to collect", "the endpoint is empty", "the region is empty"}},
		"otlp without":    {minimal(func(c *Config) { c.OTLP = &OTLP{} }), []string{"neither gRPC nor HTTP is on"}},
		"otlp address":    {minimal(func(c *Config) { c.OTLP.HTTPEndpoint = "4318" }), []string{`otlp over HTTP: address "4318" is not host:port`}},
		"same address":    {minimal(func(c *Config) { c.OTLP.GRPCEndpoint = "127.0.0.1:4318" }), []string{"both listen on 127.0.0.1:4318"}},
		"health address":  {minimal(func(c *Config) { c.HealthCheckEndpoint = "localhost:x" }), []string{"port x is not"}},
		"traces alone":    {minimal(func(c *Config) { c.OTLP = nil; c.TaskMetrics = &TaskMetrics{}; c.Traces = &Traces{} }), []string{"traces: they arrive over OTLP, which is off"}},
		"statsd address":  {minimal(func(c *Config) { c.StatsD = &StatsD{} }), []string{`statsd: address "" is not host:port`}},
		"statsd interval": {minimal(func(c *Config) { c.StatsD = &StatsD{Endpoint: "127.0.0.1:1", AggregationInterval: dur(0)} }), []string{"statsd: aggregation interval 0s"}},
		"statsd rates":    {minimal(func(c *Config) { c.StatsD = &StatsD{Endpoint: "127.0.0.1:1", Rates: []string{"a", "a"}} }), []string{`statsd: rates: "a" is empty or named twice`}},
		"statsd token":    {minimal(func(c *Config) { c.StatsD = &StatsD{Endpoint: "127.0.0.1:1", Rates: []string{"${Token[A.1]}"}} }), []string{"known only at deployment"}},
		"all interfaces":  {minimal(func(c *Config) { c.OTLP.HTTPEndpoint = "0.0.0.0:13133"; c.HealthCheckEndpoint = "127.0.0.1:13133" }), []string{"both listen on 0.0.0.0:13133"}},
		"queue of one hop": {minimal(func(c *Config) { c.Delivery = Delivery{OneHop: true, QueueSizeMiB: 1, QueueDirectory: "/q", Port: "1"} }),
			[]string{"a queue size is for two hops", "a queue directory is for two hops", "a port is for two hops"}},
		"queue": {minimal(func(c *Config) { c.Delivery = Delivery{QueueSizeMiB: -1, QueueDirectory: "q$"} }),
			[]string{"queue size -1 MiB is less than 0", `queue directory "q$" is not an absolute path`, "holds a $"}},
		"hop port":       {minimal(func(c *Config) { c.Delivery.Port = "65535" }), []string{"delivery: port 65535 is not a whole number from 1 to 65534"}},
		"hop port token": {minimal(func(c *Config) { c.Delivery.Port = "${Token[A.1]}" }), []string{"the port is not known at synthesis"}},
		"hop port taken": {minimal(func(c *Config) { c.Delivery.Port = "4317"; c.TaskMetrics = &TaskMetrics{} }),
			[]string{"otlp over HTTP and the second hop of delivery both listen on 127.0.0.1:4318"}},
		"launch type":     {minimal(func(c *Config) { c.Task.LaunchType = "FARGATE" }), []string{`launch type "FARGATE" is neither fargate nor ec2`}},
		"control in task": {minimal(func(c *Config) { c.Task.Family = "a\n" }), []string{"task: aws.ecs.task.family", "control character"}},
		"collector port":  {minimal(func(c *Config) { c.CollectorMetrics = &CollectorMetrics{Port: "0"} }), []string{"the collector's own metrics: port 0"}},
		"collector job": {minimal(func(c *Config) {
			c.CollectorMetrics = &CollectorMetrics{}
			job(func(j *ScrapeJob) { j.Name = "otelcol" })(c)
		}), []string{"the name is that of the collector's own metrics"}},
		"collector time":    {minimal(func(c *Config) { c.CollectorMetrics = &CollectorMetrics{Interval: dur(-1)} }), []string{"collector metrics: interval"}},
		"no name":           {minimal(job(func(j *ScrapeJob) { j.Name = "" })), []string{"scrape job 1: the name is empty"}},
		"control character": {minimal(job(func(j *ScrapeJob) { j.Name = "a\x00" })), []string{"control character"}},
		"no target":         {minimal(job(func(j *ScrapeJob) { j.Targets = nil })), []string{"no target"}},
		"port 0":            {minimal(job(func(j *ScrapeJob) { j.Targets = []string{"127.0.0.1:0"} })), []string{`scrape job "app": port 0 is not a whole number from 1 to 65535`}},
		"port 70000":        {minimal(job(func(j *ScrapeJob) { j.Targets = []string{"127.0.0.1:70000"} })), []string{"port 70000"}},
		"path":              {minimal(job(func(j *ScrapeJob) { j.Path = "metrics" })), []string{`path "metrics" does not start with a slash`}},
		"path with query":   {minimal(job(func(j *ScrapeJob) { j.Path = "/m?a=b" })), []string{"is not a plain URL path"}},
		"dollar":            {minimal(job(func(j *ScrapeJob) { j.Name, j.Path = "a$b", "/$c" })), []string{`name "a$b" holds a $`, `path "/$c" holds a $`}},
		"scheme":            {minimal(job(func(j *ScrapeJob) { j.Scheme = "ftp" })), []string{`scheme "ftp"`}},
		"TLS over http":     {minimal(job(func(j *ScrapeJob) { j.Scheme, j.TLS = "http", &TLS{} })), []string{"TLS is set, but the scheme is http"}},
		"CA and skip":       {minimal(job(func(j *ScrapeJob) { j.TLS = &TLS{InsecureSkipVerify: true, CAVariable: "CA"} })), []string{"verification is skipped; keep one"}},
		"CA variable":       {minimal(job(func(j *ScrapeJob) { j.TLS = &TLS{CAVariable: "a-b"} })), []string{`"a-b" is not the name of an environment variable`}},
		"no user":           {minimal(job(func(j *ScrapeJob) { j.BasicAuth = &BasicAuth{} })), []string{"user name is empty", `"" is not the name of an environment variable`}},
		"two credentials":   {minimal(job(func(j *ScrapeJob) { j.BasicAuth, j.BearerTokenVariable = &BasicAuth{"a", "A"}, "B" })), []string{"both basic auth and a bearer token"}},
		"interval 0":        {minimal(job(func(j *ScrapeJob) { j.Interval = dur(0) })), []string{"interval 0s is not more than 0"}},
		"microseconds":      {minimal(job(func(j *ScrapeJob) { j.Interval = dur(1500 * time.Microsecond) })), []string{"whole number of milliseconds"}},
		"long timeout":      {minimal(job(func(j *ScrapeJob) { j.Interval, j.Timeout = dur(time.Second), dur(2*time.Second) })), []string{"timeout 2s is longer than interval 1s"}},
		"sample limit":      {minimal(job(func(j *ScrapeJob) { j.SampleLimit = "-1" })), []string{"sample limit -1"}},
		"body size":         {minimal(job(func(j *ScrapeJob) { j.BodySizeLimit = "16 megs" })), []string{`body size limit "16 megs"`}},
		"same name":         {minimal(func(c *Config) { job(func(*ScrapeJob) {})(c); job(func(*ScrapeJob) {})(c) }), []string{`scrape job "app": the name is used twice`}},
		"static job":        {minimal(job(func(j *ScrapeJob) { j.StaticLabels = map[string]string{"job": "a"} })), []string{`static label "job" is set by the scrape`}},
		"static target": {minimal(job(func(j *ScrapeJob) {
			j.Targets = append(j.Targets, "127.0.0.1:8081")
			j.StaticLabels = map[string]string{"target": "a"}
		})), []string{`static label "target" tells the job's targets apart`}},
		"static name":      {minimal(job(func(j *ScrapeJob) { j.StaticLabels = map[string]string{"a-b": "a"} })), []string{`static label "a-b" is not the name of a label`}},
		"keep":             {minimal(job(func(j *ScrapeJob) { j.KeepMetrics = []string{"("} })), []string{`keep metrics: "(" is not a regular expression`}},
		"null":             {minimal(job(func(j *ScrapeJob) { j.KeepMetrics = []string{"null"} })), []string{`keep metrics: "null" is not read as a regular expression; write (null)`}},
		"unbalanced":       {minimal(job(func(j *ScrapeJob) { j.DropMetrics = []string{`a)(?:b`, `a)\`, `\Qa`} })), []string{`drop metrics: "a)(?:b" is not a regular expression`, `drop metrics: "\\Qa" is`, `drop metrics: "a)\\" is not a regular expression`}},
		"drop":             {minimal(job(func(j *ScrapeJob) { j.DropMetrics = []string{""} })), []string{"drop metrics: the regular expression is empty"}},
		"relabel action":   {relabel(RelabelRule{Action: "hash", SourceLabels: []string{"a"}}), []string{`relabel rule 1: unknown action "hash"`}},
		"relabel target":   {relabel(RelabelRule{SourceLabels: []string{"a"}}), []string{`target label "" is not the name of a label`}},
		"relabel source":   {relabel(RelabelRule{Action: RelabelKeep}), []string{"keep needs source labels"}},
		"labeldrop source": {relabel(RelabelRule{Action: RelabelLabelDrop, SourceLabels: []string{"a"}}), []string{"takes no source labels", "needs a regular expression"}},
		"keep target":      {relabel(RelabelRule{Action: RelabelKeep, SourceLabels: []string{"a"}, TargetLabel: "b", Replacement: "c"}), []string{"only replace takes a target label", "only replace and labelmap take a replacement"}},
		"labelmap":         {relabel(RelabelRule{Action: RelabelLabelMap, Regex: "a", Replacement: "a-b"}), []string{`replacement "a-b" is not the name of a label`}},
		"task interval":    {minimal(func(c *Config) { c.TaskMetrics = &TaskMetrics{Interval: dur(-1)} }), []string{"task metrics: interval"}},
		"task metric":      {minimal(func(c *Config) { c.TaskMetrics = &TaskMetrics{Metrics: []string{"ecs.task.cpu.utilised"}} }), []string{`unknown metric "ecs.task.cpu.utilised", did you mean ecs.task.cpu.utilized?`}},
		"http":             {minimal(func(c *Config) { c.RemoteWrite.Endpoint = "http://x/" }), []string{`endpoint "http://x/" is not an https URL`}},
		"role":             {minimal(func(c *Config) { c.RemoteWrite.AssumeRole = &AssumeRole{ARN: "writer"} }), []string{`"writer" is not the ARN of an IAM role`}},
		"region":           {minimal(func(c *Config) { c.RemoteWrite.Region = "Ireland" }), []string{`remote write: region "Ireland" is not the name of an AWS region`}},
		"sts region": {minimal(func(c *Config) {
			c.RemoteWrite.AssumeRole = &AssumeRole{ARN: "arn:aws:iam::111122223333:role/a", STSRegion: "eu-west-1a"}
		}), []string{`STS region "eu-west-1a"`}},
		"traces region": {minimal(func(c *Config) { c.Traces = &Traces{Region: "us"} }), []string{`traces: region "us" is not the name`}},
		"not UTF-8": {minimal(func(c *Config) {
			c.RemoteWrite.Endpoint = "https://a/\xff"
			c.RemoteWrite.AssumeRole = &AssumeRole{ARN: "arn:aws:iam::111122223333:role/\xff", ExternalID: "\xff"}
		}), []string{`endpoint "https://a/\xff" holds a control character or is not UTF-8`, "role to assume", "external ID"}},
		"question mark":    {minimal(job(func(j *ScrapeJob) { j.StaticLabels = map[string]string{"a": "? b"} })), []string{`static label a "? b" starts with a question mark alone`}},
		"little memory":    {minimal(func(c *Config) { c.MemoryLimitMiB = 63 }), []string{"63 MiB", "at least 64 MiB"}},
		"unknown policy":   {minimal(func(c *Config) { c.Labels.Policy = "some" }), []string{`unknown policy "some"`}},
		"empty list":       {minimal(func(c *Config) { c.Labels.Policy = LabelsList }), []string{"the list of attributes to keep is empty"}},
		"list elsewhere":   {minimal(func(c *Config) { c.Labels = Labels{Policy: LabelsAll, Keep: []string{"a"}} }), []string{`does not go with policy "all"`}},
		"reserved in list": {minimal(func(c *Config) { c.Labels.Keep = []string{"_a"} }), []string{`"_a" is not the name`}},
		"external label":   {minimal(func(c *Config) { c.Labels.External = map[string]string{"a-b": ""} }), []string{`external label "a-b" is not the name of a label`, "is empty"}},
		"extra text":       {minimal(func(c *Config) { c.Extra = "- a" }), []string{"extra configuration: not a mapping"}},
		"extra component":  {minimal(func(c *Config) { c.Extra = "processors: {bach: }" }), []string{"with the extra configuration: processors: bach is not part of ADOT v0.49.0, did you mean batch?"}},
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

// TestYAMLIsRejected checks one file for each rejection of Check. Lines that start with "# want: " say what the message
// must have.
func TestYAMLIsRejected(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			err = Check(string(data), CheckOptions{})
			if err == nil {
				t.Fatal("accepted")
			}
			wanted := 0
			for line := range strings.Lines(string(data)) {
				if want, ok := strings.CutPrefix(strings.TrimSpace(line), "# want: "); ok {
					wanted++
					if !strings.Contains(err.Error(), want) {
						t.Errorf("%q is missing in\n%v", want, err)
					}
				}
			}
			if wanted == 0 {
				t.Error("the file does not say what it wants")
			}
		})
	}
}

func TestYAMLIsAccepted(t *testing.T) {
	files, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(string(data), CheckOptions{}); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestUnknownComponentsCanBeAllowed(t *testing.T) {
	const text = "receivers: {redis: }\nexporters: {debug: }\nservice: {pipelines: {metrics: {receivers: [redis], exporters: [debug]}}}"
	if err := Check(text, CheckOptions{}); err == nil || !strings.Contains(err.Error(), "redis is not part of ADOT") {
		t.Errorf("got %v", err)
	}
	if err := Check(text, CheckOptions{AllowUnknownComponents: true}); err != nil {
		t.Error(err)
	}
}
