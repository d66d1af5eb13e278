package collector

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// copying is a configuration that copies metrics to CloudWatch.
func copying(change func(*CloudWatch), metrics ...CopiedMetric) Config {
	return minimal(func(c *Config) {
		job(func(*ScrapeJob) {})(c)
		c.TaskMetrics = &TaskMetrics{}
		c.CloudWatch = &CloudWatch{Metrics: metrics}
		if len(metrics) == 0 {
			c.CloudWatch.Metrics = []CopiedMetric{{Name: "depth"}}
		}
		change(c.CloudWatch)
	})
}

func relabel(r RelabelRule) Config {
	return minimal(job(func(j *ScrapeJob) { j.Relabel = []RelabelRule{r} }))
}

// TestOptionsAreRejected has one entry for each rejection, with what its message must say.
func TestOptionsAreRejected(t *testing.T) {
	for name, tc := range map[string]struct {
		config Config
		want   []string
	}{
		"nothing":         {Config{}, []string{"there is nothing to collect"}},
		"otlp port":       {minimal(func(c *Config) { c.OTLP.HttpPort = "x" }), []string{"Telemetry.Otlp.HttpPort is x; it must be a whole number from 1 to 65535"}},
		"same port":       {minimal(func(c *Config) { c.OTLP.GrpcPort = "4318" }), []string{"Telemetry.Otlp.GrpcPort and Telemetry.Otlp.HttpPort are both port 4318"}},
		"traces alone":    {minimal(func(c *Config) { c.OTLP = nil; c.TaskMetrics = &TaskMetrics{}; c.Traces = true }), []string{"Telemetry.Traces is on, but traces arrive over OTLP, which is off"}},
		"statsd port":     {minimal(func(c *Config) { c.Statsd = &Statsd{Port: "0"} }), []string{"Telemetry.Statsd.Port is 0"}},
		"statsd interval": {minimal(func(c *Config) { c.Statsd = &Statsd{AggregationInterval: dur(0)} }), []string{"Telemetry.Statsd.AggregationInterval is 0s"}},
		"statsd rates":    {minimal(func(c *Config) { c.Statsd = &Statsd{Rates: []string{"a", "a"}} }), []string{`Telemetry.Statsd.Rates[1] is "a", which is empty or named twice`}},
		"statsd token":    {minimal(func(c *Config) { c.Statsd = &Statsd{Rates: []string{"${Token[A.1]}"}} }), []string{"Telemetry.Statsd.Rates[0] is a token"}},
		"health check":    {minimal(func(c *Config) { c.OTLP.HttpPort = "13133"; c.HealthCheck = true }), []string{"the collector's health check and Telemetry.Otlp.HttpPort are both port 13133"}},
		"queue of one hop": {minimal(func(c *Config) { c.Delivery = Delivery{OneHop: true, QueueSizeMiB: 1, QueueDirectory: "/q", Port: "1"} }),
			[]string{"Telemetry.Delivery.QueueSize is set together with OneHop", "Telemetry.Delivery.QueueOnDisk is set", "Telemetry.Delivery.Port is set"}},
		"queue":          {minimal(func(c *Config) { c.Delivery.QueueSizeMiB, c.MemoryLimitMiB = 100, 512 }), []string{"Telemetry.Delivery.QueueSize is 100 MiB, which takes about 700 MiB", "raise Telemetry.Collector.MemoryLimitMiB"}},
		"hop port":       {minimal(func(c *Config) { c.Delivery.Port = "65535" }), []string{"Telemetry.Delivery.Port is 65535; it must be a whole number from 1 to 65534"}},
		"hop port token": {minimal(func(c *Config) { c.Delivery.Port = "${Token[A.1]}" }), []string{"Telemetry.Delivery.Port is a token"}},
		"hop port taken": {minimal(func(c *Config) { c.Delivery.Port = "4317"; c.TaskMetrics = &TaskMetrics{} }),
			[]string{"Telemetry.Otlp.HttpPort and Telemetry.Delivery.Port are both port 4318"}},
		"nothing copied":  {copying(func(w *CloudWatch) { w.Metrics = nil }), []string{"Telemetry.CloudWatch.Metrics is empty; name the metrics to copy"}},
		"too many copied": {copying(func(w *CloudWatch) { w.Metrics = make([]CopiedMetric, 101) }), []string{"Telemetry.CloudWatch.Metrics has 101 metrics; CloudWatch takes 100"}},
		"copied twice":    {copying(func(*CloudWatch) {}, CopiedMetric{Name: "a"}, CopiedMetric{Name: "a"}), []string{`Telemetry.CloudWatch.Metrics[1].Name is "a", which is named twice`}},
		"copied no name":  {copying(func(*CloudWatch) {}, CopiedMetric{}), []string{`Telemetry.CloudWatch.Metrics[0].Name is ""; it must be a metric's name of 1 to 255 ASCII characters`}},
		"copied a dollar": {copying(func(*CloudWatch) {}, CopiedMetric{Name: "a$b"}), []string{`Telemetry.CloudWatch.Metrics[0].Name is "a$b", but a $ is not expanded`}},
		"copied a token":  {copying(func(*CloudWatch) {}, CopiedMetric{Name: "${Token[A.1]}"}), []string{"Telemetry.CloudWatch.Metrics[0].Name is a token"}},
		"aggregation":     {copying(func(*CloudWatch) {}, CopiedMetric{Name: "a", Aggregation: "avg"}), []string{`Telemetry.CloudWatch.Metrics[0].Aggregation is "avg"; it must be sum, mean, max or min`}},
		"mean of a counter": {copying(func(*CloudWatch) {}, CopiedMetric{Name: "a_total", Aggregation: AggregateMean}),
			[]string{`Telemetry.CloudWatch.Metrics[0].Aggregation is "mean", but increments of a counter are added up`}},
		"copied of a container": {copying(func(*CloudWatch) {}, CopiedMetric{Name: "container.memory.utilized"}),
			[]string{`Name is "container.memory.utilized", which every container of a task has; copy the task's: ecs.task.memory.utilized`}},
		"copied sum of ECS": {copying(func(*CloudWatch) {}, CopiedMetric{Name: "ecs.task.storage.read_bytes"}),
			[]string{`Name is "ecs.task.storage.read_bytes", which ECS counts from the start of the task`, "such as ecs.task.cpu.utilized"}},
		"counter of ECS": {copying(func(*CloudWatch) {}, CopiedMetric{Name: "ecs.task.cpu.utilized", Counter: new(true)}),
			[]string{"Telemetry.CloudWatch.Metrics[0].Counter is true, but ecs.task.cpu.utilized is no counter"}},
		"copied and not collected": {copying(func(*CloudWatch) {}, CopiedMetric{Name: "ecs.task.cpu.cores"}),
			[]string{`Name is "ecs.task.cpu.cores", a metric of ECS that is not collected; add it to Telemetry.TaskMetrics.Metrics`}},
		"copied and not known": {minimal(func(c *Config) {
			c.TaskMetrics = &TaskMetrics{Task: TaskShape{NetworkMode: "host"}}
			c.CloudWatch = &CloudWatch{Metrics: []CopiedMetric{{Name: "ecs.task.network.rate.rx"}}}
		}), []string{`Name is "ecs.task.network.rate.rx", which ECS does not know of this task in network mode host`}},
		"copied from nowhere": {minimal(func(c *Config) {
			c.OTLP, c.TaskMetrics = nil, &TaskMetrics{}
			c.CloudWatch = &CloudWatch{Metrics: []CopiedMetric{{Name: "ecs.task.cpu.utilised"}}}
		}), []string{`Name is "ecs.task.cpu.utilised", which ECS does not have, did you mean ecs.task.cpu.utilized?`, "add a scrape job, or turn Telemetry.Otlp on"}},
		"namespace of AWS":  {copying(func(w *CloudWatch) { w.Namespace = "AWS/ECS" }), []string{`Telemetry.CloudWatch.Namespace is "AWS/ECS", and AWS keeps names that start with AWS/ to itself`}},
		"namespace":         {copying(func(w *CloudWatch) { w.Namespace = ":shop" }), []string{`Telemetry.CloudWatch.Namespace is ":shop"; it must have 1 to 255 letters`}},
		"often copied":      {copying(func(w *CloudWatch) { w.Interval = dur(time.Second) }), []string{"Telemetry.CloudWatch.Interval is 1s; it must be from 10s to 1m0s"}},
		"seldom copied":     {copying(func(w *CloudWatch) { w.Interval = dur(time.Hour) }), []string{"Telemetry.CloudWatch.Interval is 1h0m0s; it must be from 10s"}},
		"copied at no time": {copying(func(w *CloudWatch) { w.Interval = dur(0) }), []string{"Telemetry.CloudWatch.Interval is 0s; it must be more than 0"}},
		"dimension of a task": {copying(func(w *CloudWatch) {
			w.Dimensions = map[string]string{"TaskId": "a", "aws.ecs.task.id": "a", "host": "a", "podIP": "a", "request_uuid": "a"}
		}), []string{
			`Telemetry.CloudWatch.Dimensions["TaskId"] is the name of something that each task, or each request, has another of`,
			`Dimensions["aws.ecs.task.id"] is the name`, `Dimensions["host"] is the name`, `Dimensions["podIP"] is the name`, `Dimensions["request_uuid"] is the name`,
		}},
		"dimension's name": {copying(func(w *CloudWatch) {
			w.Dimensions = map[string]string{"_a": "a", ":b": "b", "${Token[A.1]}": "c", "d$": "d"}
		}), []string{
			`Dimensions["_a"]: a dimension's name has 1 to 255 ASCII characters`, `Dimensions[":b"]: a dimension's name`, "has a name that is a token", `Dimensions["d$"] is "d$", but a $`,
		}},
		"dimension's value": {copying(func(w *CloudWatch) {
			w.Dimensions = map[string]string{"A": "", "B": "\u00e9", "C": "0123456789abcdef0123456789abcdef", "D": "arn:aws:ecs:eu-west-1:1:task/shop/1", "E": "10.0.0.1", "F": "${env:HOSTNAME}"}
		}), []string{
			`Dimensions["A"] is empty`, `Dimensions["B"] is "é"; a value has 1 to 1024 ASCII characters`, `Dimensions["C"] is "0123456789abcdef0123456789abcdef", which looks like the id`,
			`Dimensions["D"] is "arn:aws:ecs:eu-west-1:1:task/shop/1", which looks`, `Dimensions["E"] is "10.0.0.1", which looks`, `Dimensions["F"] is "${env:HOSTNAME}", but`,
		}},
		"many dimensions": {copying(func(w *CloudWatch) {
			w.Dimensions = map[string]string{}
			for _, c := range "ABCDEFGHIJK" {
				w.Dimensions[string(c)] = "a"
			}
		}), []string{"Telemetry.CloudWatch.Dimensions has 11 dimensions; it must have at most 10"}},
		"port of CloudWatch": {minimal(func(c *Config) {
			c.OTLP.HttpPort, c.Delivery.Port, c.CloudWatch = "15002", "15000", &CloudWatch{Metrics: []CopiedMetric{{Name: "depth"}}}
		}), []string{"Telemetry.Otlp.HttpPort and Telemetry.Delivery.Port are both port 15002"}},
		"collector port": {minimal(func(c *Config) { c.CollectorMetrics = &CollectorMetrics{Port: "0"} }), []string{"Telemetry.CollectorMetrics.Port is 0"}},
		"collector job": {minimal(func(c *Config) {
			c.CollectorMetrics = &CollectorMetrics{}
			job(func(j *ScrapeJob) { j.Name = "otelcol" })(c)
		}), []string{`Telemetry.Scrape[0].Name is "otelcol", the name of the job that reads the collector's own metrics`}},
		"collector time": {minimal(func(c *Config) { c.CollectorMetrics = &CollectorMetrics{Interval: dur(-1)} }), []string{"Telemetry.CollectorMetrics.Interval"}},
		"two without name": {minimal(func(c *Config) {
			job(func(j *ScrapeJob) { j.Name = "" })(c)
			job(func(j *ScrapeJob) { j.Name = "" })(c)
		}), []string{"Telemetry.Scrape[1].Name is not set, and neither is that of Telemetry.Scrape[0]"}},
		"control character": {minimal(job(func(j *ScrapeJob) { j.Name = "a\x00" })), []string{"control character"}},
		"port 0":            {minimal(job(func(j *ScrapeJob) { j.Targets = []string{"127.0.0.1:0"} })), []string{`Telemetry.Scrape[0].Port is 0; it must be a whole number from 1 to 65535`}},
		"port 70000":        {minimal(job(func(j *ScrapeJob) { j.Targets = []string{"127.0.0.1:70000"} })), []string{"Port is 70000"}},
		"path":              {minimal(job(func(j *ScrapeJob) { j.Path = "metrics" })), []string{`Telemetry.Scrape[0].Path is "metrics"; it must start with a slash`}},
		"path with query":   {minimal(job(func(j *ScrapeJob) { j.Path = "/m?a=b" })), []string{"it must be a URL path without query"}},
		"dollar":            {minimal(job(func(j *ScrapeJob) { j.Name, j.Path = "a$b", "/$c" })), []string{`Name is "a$b", but a $ is not expanded`, `Path is "/$c", but a $ is not expanded`}},
		"params": {minimal(job(func(j *ScrapeJob) { j.Params = Params{"": {"a"}, "b": nil, "c": {"\x00"}, "d$": {"e"}} })), []string{
			`Telemetry.Scrape[0].Params[""] needs a name and at least one value`, `Telemetry.Scrape[0].Params["b"] needs a name and at least one value`,
			`Telemetry.Scrape[0].Params["c"]`, "control character", `Telemetry.Scrape[0].Params["d$"] is "d$", but a $ is not expanded`,
		}},
		"scheme":         {minimal(job(func(j *ScrapeJob) { j.Scheme = "ftp" })), []string{`Scheme is "ftp"`}},
		"CA and skip":    {minimal(job(func(j *ScrapeJob) { j.Tls = &TLS{InsecureSkipVerify: true, CaCertificate: "CA"} })), []string{"Tls has a CaCertificate, and InsecureSkipVerify"}},
		"CA variable":    {minimal(job(func(j *ScrapeJob) { j.Tls = &TLS{CaCertificate: "a-b"} })), []string{`variable is "a-b"; it must be the name of an environment variable`}},
		"refresh":        {fleet(func(f *Fleet) { f.Refresh = dur(time.Second) }), []string{"Telemetry.RefreshInterval is 1s; it must be at least 10s, since ECS throttles"}},
		"fleet name":     {fleet(func(f *Fleet) { f.Jobs[1].Family = "orders"; f.Jobs[1].Name = "" }), []string{`Scrape[1].Name is "orders", as that of Scrape[0] for the same task definition`}},
		"fleet endpoint": {fleet(func(f *Fleet) { f.Jobs[1].Family = "orders"; f.Jobs[1].Path = "/metrics" }), []string{"Scrape[1] reads what Scrape[0] reads, port 8080 of container app with the same path"}},
		"fleet port":     {fleet(func(f *Fleet) { f.Jobs[0].Port = ""; f.Jobs[1].Port = "0"; f.Jobs[2].Port = "${Token[A.1]}" }), []string{"Scrape[0].Port is not set, or a token", "Scrape[1].Port is 0; it must be", "Scrape[2].Port is not set, or a token"}},
		"labels honored": {fleet(func(f *Fleet) { f.Jobs[0].HonorLabels = true }), []string{"Scrape[0].HonorLabels is set, but then an endpoint could take the label instance away"}},
		"fleet job":      {fleet(func(f *Fleet) { f.Jobs[0].Path, f.Jobs[1].DropMetrics = "x", []string{"("} }), []string{`Scrape[0].Path is "x"; it must start with a slash`, "Scrape[1].DropMetrics"}},
		"own port":       {minimal(func(c *Config) { *c = fleet(nil); c.Delivery.Port = "9090" }), []string{"Telemetry.Delivery.Port and the list of targets are both port 9090"}},
		"all of a fleet": {minimal(func(c *Config) { *c = fleet(nil); c.Labels.Policy = LabelsAll }), []string{"Telemetry.Labels.Policy is LabelsAll", "use LabelsTask or LabelsList"}},
		"service of a fleet": {minimal(func(c *Config) { *c = fleet(nil); c.Labels.Service, c.Labels.Version = "a", "b" }),
			[]string{`Telemetry.Labels.Service is "a", which would be that of every service that is scraped`, `Telemetry.Labels.Version is "b"`}},
		"zone of a fleet": {minimal(func(c *Config) { *c = fleet(nil); c.Labels.Keep = []string{attrTaskID, attrZone} }), []string{`Telemetry.Labels.Keep[1] is "cloud.availability_zone", which is not known of a task of another host`}},
		"no user":         {minimal(job(func(j *ScrapeJob) { j.BasicAuth = &BasicAuth{} })), []string{"BasicAuth.Username is empty", "BasicAuth.Password is not set"}},
		"two credentials": {minimal(job(func(j *ScrapeJob) { j.BasicAuth, j.BearerToken = &BasicAuth{"a", "A"}, "B" })), []string{"has both BasicAuth and BearerToken"}},
		"interval 0":      {minimal(job(func(j *ScrapeJob) { j.Interval = dur(0) })), []string{"Interval is 0s; it must be more than 0"}},
		"microseconds":    {minimal(job(func(j *ScrapeJob) { j.Interval = dur(1500 * time.Microsecond) })), []string{"whole number of milliseconds"}},
		"long timeout":    {minimal(job(func(j *ScrapeJob) { j.Interval, j.Timeout = dur(time.Second), dur(2*time.Second) })), []string{"Timeout is 2s, longer than the interval of 1s"}},
		"sample limit":    {minimal(job(func(j *ScrapeJob) { j.SampleLimit = "-1" })), []string{"SampleLimit is -1"}},
		"body size":       {minimal(job(func(j *ScrapeJob) { j.BodySizeLimit = "16 megs" })), []string{`BodySizeLimit is "16 megs"`}},
		"same name":       {minimal(func(c *Config) { job(func(*ScrapeJob) {})(c); job(func(*ScrapeJob) {})(c) }), []string{`Telemetry.Scrape[1].Name is "app", as that of Telemetry.Scrape[0]`}},
		"name of service": {minimal(func(c *Config) {
			job(func(j *ScrapeJob) { j.Name = "shop" })(c)
			job(func(j *ScrapeJob) { j.Name, j.Targets = "", []string{"127.0.0.1:8081"} })(c)
			c.Labels.Service = "shop"
		}), []string{`Telemetry.Scrape[0].Name is "shop", as is Telemetry.Labels.Service, which names the job without a name`}},
		"static job": {minimal(job(func(j *ScrapeJob) { j.StaticLabels = map[string]string{"job": "a"} })), []string{`StaticLabels: label "job" is set by the scrape`}},
		"static target": {minimal(job(func(j *ScrapeJob) {
			j.Targets = append(j.Targets, "127.0.0.1:8081")
			j.StaticLabels = map[string]string{"target": "a"}
		})), []string{`label "target" tells the job's targets apart`}},
		"static name":      {minimal(job(func(j *ScrapeJob) { j.StaticLabels = map[string]string{"a-b": "a"} })), []string{`StaticLabels: name: "a-b"`}},
		"keep":             {minimal(job(func(j *ScrapeJob) { j.KeepMetrics = []string{"("} })), []string{`KeepMetrics is "(", which is not a regular expression`}},
		"null":             {minimal(job(func(j *ScrapeJob) { j.KeepMetrics = []string{"null"} })), []string{`KeepMetrics is "null", which the collector does not read as a regular expression; write (null)`}},
		"unbalanced":       {minimal(job(func(j *ScrapeJob) { j.DropMetrics = []string{`a)(?:b`, `a)\`, `\Qa`} })), []string{`DropMetrics[0] is "a)(?:b", which is not`, `DropMetrics[2] is "\\Qa", which`, `DropMetrics[1] is "a)\\", which is not`}},
		"drop":             {minimal(job(func(j *ScrapeJob) { j.DropMetrics = []string{""} })), []string{"DropMetrics is empty"}},
		"relabel action":   {relabel(RelabelRule{Action: "hash", SourceLabels: []string{"a"}}), []string{`Telemetry.Scrape[0].Relabel[0].Action is "hash"; it must be one of`}},
		"relabel target":   {relabel(RelabelRule{SourceLabels: []string{"a"}}), []string{`Relabel[0].TargetLabel: ""`}},
		"relabel source":   {relabel(RelabelRule{Action: RelabelKeep}), []string{"has no SourceLabels, which keep needs"}},
		"labeldrop source": {relabel(RelabelRule{Action: RelabelLabelDrop, SourceLabels: []string{"a"}}), []string{"labeldrop matches the names of labels", "Regex is empty; labeldrop needs"}},
		"keep target":      {relabel(RelabelRule{Action: RelabelKeep, SourceLabels: []string{"a"}, TargetLabel: "b", Replacement: "c"}), []string{"TargetLabel is set, but only replace", "Replacement is set, but only replace and labelmap"}},
		"labelmap":         {relabel(RelabelRule{Action: RelabelLabelMap, Regex: "a", Replacement: "a-b"}), []string{`Replacement is "a-b"; with labelmap`}},
		"task interval":    {minimal(func(c *Config) { c.TaskMetrics = &TaskMetrics{Interval: dur(-1)} }), []string{"Telemetry.TaskMetrics.Interval"}},
		"task metric":      {minimal(func(c *Config) { c.TaskMetrics = &TaskMetrics{Metrics: []string{"ecs.task.cpu.utilised"}} }), []string{`Telemetry.TaskMetrics.Metrics[0] is "ecs.task.cpu.utilised", which ECS does not have, did you mean ecs.task.cpu.utilized?`}},
		"not UTF-8":        {minimal(func(c *Config) { c.Labels.External = map[string]string{"a": "\xff"} }), []string{`Labels.External: a is "\xff", which has a control character or is not UTF-8`}},
		"question mark":    {minimal(job(func(j *ScrapeJob) { j.StaticLabels = map[string]string{"a": "? b"} })), []string{`StaticLabels: a is "? b"; the collector cannot read`}},
		"static variable":  {minimal(job(func(j *ScrapeJob) { j.StaticLabels = map[string]string{"env": "${env:ENVIRONMENT}"} })), []string{`Telemetry.Scrape[0].StaticLabels: env is "${env:ENVIRONMENT}", but a label is stored as it is written; give a CDK token for what is known at deployment, or write ${env:ENVIRONMENT} (or $$ENVIRONMENT`}},
		"external variables": {minimal(func(c *Config) {
			c.Labels.External = map[string]string{"a": "$ENVIRONMENT", "b": "x-${TEAM}-y", "c": "at $HOST"}
		}),
			[]string{`Labels.External: a is "$ENVIRONMENT", but`, `b is "x-${TEAM}-y", but`, `c is "at $HOST", but`}},
		"little memory":    {minimal(func(c *Config) { c.MemoryLimitMiB = 63 }), []string{"Telemetry.Collector.MemoryLimitMiB is 63; the collector needs at least 128"}},
		"unknown policy":   {minimal(func(c *Config) { c.Labels.Policy = "some" }), []string{`Telemetry.Labels.Policy is "some"`}},
		"empty list":       {minimal(func(c *Config) { c.Labels.Policy = LabelsList }), []string{"Keep is empty; list the attributes"}},
		"list elsewhere":   {minimal(func(c *Config) { c.Labels = Labels{Policy: LabelsAll, Keep: []string{"a"}} }), []string{`Telemetry.Labels.Keep is set, but Policy is "all"`}},
		"reserved in list": {minimal(func(c *Config) { c.Labels.Keep = []string{"_a"} }), []string{`Telemetry.Labels.Keep[0] is "_a", which is not the name`}},
		"external label":   {minimal(func(c *Config) { c.Labels.External = map[string]string{"a-b": ""} }), []string{`Telemetry.Labels.External: name: "a-b"`, "a-b is empty"}},
		"extra text":       {minimal(func(c *Config) { c.Extra = "- a" }), []string{"Telemetry.Config: the extra YAML is not a mapping"}},
		"extra component":  {minimal(func(c *Config) { c.Extra = "processors: {bach: }" }), []string{"Telemetry.Config: with the extra YAML, processors: bach is not part of ADOT v0.50.0, did you mean batch?"}},
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

// TestDollarsInLabelsAreLiteral: only what looks like a variable is refused.
func TestDollarsInLabelsAreLiteral(t *testing.T) {
	for _, value := range []string{"$5", "5$", "a$b", "US$ 5", "$$HOME", "${", "${Token[A.1]}", "a-${Token[A.1]}", "$", "${}"} {
		config := minimal(job(func(j *ScrapeJob) { j.StaticLabels = map[string]string{"a": value} }))
		config.Labels.External = map[string]string{"a": value}
		if err := config.Validate(); err != nil {
			t.Errorf("%q is refused: %v", value, err)
		}
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
