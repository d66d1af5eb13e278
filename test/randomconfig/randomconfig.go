// Package randomconfig makes collector configurations out of a fuzzer's bytes, mostly good ones: what is refused tells a
// fuzzer little.
package randomconfig

import (
	"fmt"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// FromBytes reads a configuration. The same bytes give the same one, and every field can take every kind of value.
func FromBytes(data []byte) collector.Config {
	s := &source{data}
	c := collector.Config{
		Host:             s.choose("", "0.0.0.0"),
		ScrapeOnShutdown: s.flag(),
		MemoryLimitMiB:   []int{0, 256, 64, 100000}[s.number(4)],
	}
	if s.oneIn(32) {
		c.MemoryLimitMiB = int(s.next())
	}
	c.OTLP = s.otlp()
	for range s.number(3) {
		c.Scrape = append(c.Scrape, s.job(len(c.Scrape)))
	}
	if s.flag() {
		c.TaskMetrics = &collector.TaskMetrics{Interval: s.duration(), Containers: s.flag()}
		if s.flag() {
			known := collector.KnownTaskMetrics()
			c.TaskMetrics.Metrics = []string{s.choose(known...), s.choose(known...)}
		}
	}
	if s.flag() {
		c.Statsd = &collector.Statsd{Port: s.port("", "8125"), AggregationInterval: s.duration()}
		for i := range s.number(3) {
			c.Statsd.Rates = append(c.Statsd.Rates, s.choose(fmt.Sprint("counter.", i)))
		}
	}
	if s.flag() {
		c.CollectorMetrics = &collector.CollectorMetrics{Port: s.port("", "8888", "08889"), Interval: s.duration()}
	}
	if s.oneIn(3) {
		c.CloudWatch = &collector.CloudWatch{Namespace: s.choose("", "Shop/a b", "AWS/x"), Dimensions: map[string]string{s.choose("Service", "Stage", "TaskId"): s.text()}}
		if s.flag() {
			c.CloudWatch.Dimensions, c.CloudWatch.Interval = nil, s.duration()
		}
		for range 1 + s.number(3) {
			c.CloudWatch.Metrics = append(c.CloudWatch.Metrics, collector.CopiedMetric{
				Name: s.choose("jobs", "jobs_total", "queue.depth", "ecs.task.cpu.utilized", s.text()), Aggregation: s.choose("", "sum", "mean"),
			})
		}
	}
	c.Traces = s.flag() && (c.OTLP != nil || s.oneIn(16))
	c.HealthCheck = s.flag()
	c.AssumeRole, c.ExternalID = s.flag(), s.flag()
	c.Labels = s.labels()
	if s.flag() {
		c.Delivery = collector.Delivery{
			OneHop: s.oneIn(3), QueueSizeMiB: s.number(4), QueueDirectory: []string{"", "", "/tmp"}[s.number(3)], Port: s.port("", "15000", "4317", "08889"),
		}
	}
	c.LaunchType = s.choose("", "fargate", "ec2")
	if c.TaskMetrics != nil {
		c.TaskMetrics.Task = collector.TaskShape{
			NetworkMode: []string{"awsvpc", "bridge", "host"}[s.number(3)], Container: []string{"", "telemetry"}[s.number(2)], Instances: s.flag(),
			NoCPU: s.flag(), NoMemory: s.flag(), CPUUnits: float64(1 + s.number(200)), MemoryMiB: float64(1 + s.number(200)),
		}
	}
	if s.oneIn(4) {
		c.Fleet = &collector.Fleet{Directory: "/tmp/cdk-otel-prometheus", Refresh: s.duration(), Shards: 1 + s.number(3)}
		for i := range s.number(4) {
			j := collector.FleetJob{ScrapeJob: s.job(i), Family: s.choose("orders", "1e3"), Container: s.choose("app", "null"), Port: s.port("8080", "9090")}
			j.Targets = nil
			c.Fleet.Jobs = append(c.Fleet.Jobs, j)
		}
	}
	return c
}

func (s *source) otlp() *collector.OTLP {
	if s.number(4) == 0 {
		return nil
	}
	return &collector.OTLP{GrpcPort: s.port("", "4317", "5317"), HttpPort: s.port("", "4318", "4317")}
}

func (s *source) port(good ...string) collector.Number { return collector.Number(s.choose(good...)) }

func (s *source) labels() collector.Labels {
	l := collector.Labels{Policy: s.choose("", "task", "identity", "all", "list")}
	if l.Policy == collector.LabelsList || l.Policy == "" && s.flag() || s.oneIn(32) {
		for range 1 + s.number(3) {
			l.Keep = append(l.Keep, s.choose("aws.ecs.task.id", "aws_ecs_cluster_name", "deployment.environment.name", s.text()))
		}
	}
	if s.flag() {
		l.External = map[string]string{s.choose("team", "_x9", "job", "le"): s.text()}
	}
	return l
}

func (s *source) job(n int) collector.ScrapeJob {
	j := collector.ScrapeJob{
		At:   fmt.Sprintf("Scrape[%d]", n),
		Name: collector.JobName(s.choose(fmt.Sprint("job", n), "", s.text())), Targets: []string{s.address()}, Path: collector.Text(s.choose("", "/m", "/a b", "/"+s.text())),
		Interval: s.duration(), SampleLimit: s.port("", "0", "10", "0010", "999999999999999999"), LabelLimit: s.port("", "5"),
		LabelValueLengthLimit: s.port("", "5"), BodySizeLimit: s.port("", "0", "16MB", "5KiB", "1B", "999999999GiB", "0GB"),
		HonorLabels: s.flag(), HonorTimestamps: s.oneIn(4), NativeHistograms: s.flag(),
	}
	if s.oneIn(4) {
		j.Params = collector.Params{s.choose("format", s.text()): {s.choose("prometheus", s.text())}}
	}
	if s.oneIn(4) {
		j.Timeout = s.duration()
	}
	if s.oneIn(4) {
		j.Targets = append(j.Targets, s.address())
	}
	j.Scheme = s.choose("", "http", "https")
	if s.flag() {
		j.Tls = &collector.TLS{InsecureSkipVerify: s.flag(), ServerName: collector.Text(s.choose("", "app.internal", s.text()))}
		if !j.Tls.InsecureSkipVerify || s.oneIn(8) {
			j.Tls.CaCertificate = collector.Variable(s.choose("", "CA"))
		}
	}
	switch s.number(4) {
	case 0:
		j.BasicAuth = &collector.BasicAuth{Username: collector.Text(s.choose("reader", s.text())), Password: collector.Variable(s.choose("PASSWORD", "A"+s.text()))}
	case 1:
		j.BearerToken = "TOKEN"
	}
	for range s.number(3) {
		j.KeepMetrics = append(j.KeepMetrics, s.choose("http_.*", s.text()))
	}
	for range s.number(3) {
		j.DropMetrics = append(j.DropMetrics, s.choose("go_.*", s.text()))
	}
	if s.flag() {
		j.StaticLabels = map[string]string{s.choose("team", "target", "__param_x", "__address__", "__metrics_path__", "__scheme__"): s.text()}
	}
	for range s.number(3) {
		j.Relabel = append(j.Relabel, s.rule())
	}
	return j
}

func (s *source) rule() collector.RelabelRule {
	r := collector.RelabelRule{Action: s.choose("", "replace", "keep", "drop", "labelmap", "labeldrop", "labelkeep")}
	switch r.Action {
	case collector.RelabelLabelMap:
		r.Regex, r.Replacement = collector.Text(s.choose("(.*)", s.text())), collector.Text(s.choose("", "$1", "${1}_x", "a$1", s.text()))
	case collector.RelabelLabelDrop, collector.RelabelLabelKeep:
		r.Regex = collector.Text(s.choose("a|b", s.text()))
	default:
		for range 1 + s.number(2) {
			r.SourceLabels = append(r.SourceLabels, s.choose("__name__", "path"))
		}
		r.Regex = collector.Text(s.choose("", "(.*)", s.text()))
	}
	if r.Action == "" || r.Action == collector.RelabelReplace || s.oneIn(16) {
		r.TargetLabel, r.Replacement = s.choose("a", "__name__"), collector.Text(s.choose("", "$1", "${1}_x", "$", "$$1", "${name}", s.text()))
	}
	return r
}

// source hands out a fuzzer's bytes; when they are used up, everything is zero.
type source struct{ data []byte }

func (s *source) next() byte {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return b
}

func (s *source) number(below int) int { return int(s.next()) % below }

func (s *source) flag() bool { return s.number(2) == 1 }

// oneIn is true for one byte in n, and not for 0.
func (s *source) oneIn(n int) bool { return s.number(n) == n-1 }

// Odd are texts that YAML, the collector, regular expressions or Prometheus read in a way of their own.
var Odd = []string{
	"0", "0123", "1e3", "0x1F", "1_000", ".5", "-1", "1:30", "true", "no", "null", "~", "", " ", " a ", "-", "- a", "? b", "a: b", "a #b",
	"#a", "!!int 3", "!a", "&a", "*a", "|", ">", "%a", "@a", "`a", "'", `"`, "''", `"a"`, "{", "}", "[a]", "{a: b}", ",", "...", "---", "<<", "=",
	"2001-01-01", "12:30:45", ".inf", ".nan", `\`, `\n`, `\d+`, `a\`, `(?i)a`, "a|b", "^a$", "a{2}", "[", "(", "*", "$", "$$", "$1", "${1}", "${a", "$a",
	"${env:HOME}", "${file:/etc/passwd}", "$${env:A}", "${Token[TOKEN.1]}", "a${Token[TOKEN.1]}$", "\u00e9", "\u65e5\u672c", "\U0001f600", "\u00a0", "\u200b",
	"%", "%41", "%zz", "/", "//", "..", "a/b", "a?b", "a=b", "a;b", "a.b", "a-b", "a b", "{{.x}}", "\t", "\n", "\x00", "\u2028", "\ufeff", "\xff",
}

func (s *source) text() string {
	n := s.number(256)
	if n < 128 {
		return Odd[n%len(Odd)]
	}
	t := make([]byte, min(1+s.number(12), len(s.data)))
	for i := range t {
		t[i] = s.next()
		if n < 250 { // seldom anything but ASCII
			t[i] = ' ' + t[i]%('~'-' '+1)
		}
	}
	return string(t)
}

// choose gives one of the good values, and any text now and then.
func (s *source) choose(good ...string) string {
	n := s.number(256)
	if n >= 248 {
		return s.text()
	}
	return good[n%len(good)]
}

func (s *source) address() string {
	return s.choose("127.0.0.1", "app.internal", "a--b", "a..b", "1.2", "999.1.1.1") + ":" + s.choose(fmt.Sprint(4000+int(s.next())), fmt.Sprint(5000+int(s.next())), "00080")
}

func (s *source) duration() *collector.Duration {
	n := s.number(64)
	d := 10*time.Second + time.Duration(s.next())*time.Second
	switch {
	case n < 24:
		return nil
	case n < 48: // as it is
	case n < 62:
		d = time.Duration(s.next()) * time.Millisecond
	default:
		d = time.Duration(int8(s.next())) * time.Microsecond
	}
	return new(collector.Duration(d))
}

// Seeds are starting points for a fuzzer that reach every branch of [FromBytes].
func Seeds() [][]byte {
	var seeds [][]byte
	state := uint32(1)
	for range 128 {
		seed := make([]byte, 200)
		for i := range seed {
			state = state*1664525 + 1013904223
			seed[i] = byte(state >> 24)
		}
		seeds = append(seeds, seed)
	}
	return append(seeds, nil)
}
