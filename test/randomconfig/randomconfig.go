// Package randomconfig makes collector configurations out of a fuzzer's bytes, good ones and bad ones.
package randomconfig

import (
	"fmt"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/collector"
)

// FromBytes reads a configuration. The same bytes give the same one, and every field can take every kind of value.
func FromBytes(data []byte) collector.Config {
	s := &source{data}
	c := collector.Config{
		RemoteWrite: collector.RemoteWrite{
			Endpoint: s.pick("https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write", "https://"+s.text()),
			Region:   s.pick("eu-west-1", s.text()),
		},
		ScrapeOnShutdown: s.flag(),
		MemoryLimitMiB:   []int{0, 256, 64, 63, 100000}[s.number(5)],
	}
	if s.flag() {
		c.OTLP = &collector.OTLP{GRPCEndpoint: s.pick("", s.address()), HTTPEndpoint: s.pick(s.address(), "")}
	}
	for range s.number(3) {
		c.Scrape = append(c.Scrape, s.job())
	}
	if s.flag() {
		c.TaskMetrics = &collector.TaskMetrics{Interval: s.duration(), Containers: s.flag()}
		if s.flag() {
			known := collector.KnownTaskMetrics()
			c.TaskMetrics.Metrics = []string{s.pick(known[s.number(len(known))], s.text())}
		}
	}
	if s.flag() {
		c.StatsD = &collector.StatsD{Endpoint: s.address(), AggregationInterval: s.duration()}
		for range s.number(3) {
			c.StatsD.Rates = append(c.StatsD.Rates, s.text())
		}
	}
	if s.flag() {
		c.CollectorMetrics = &collector.CollectorMetrics{Port: s.pick("", "8888", s.text()), Interval: s.duration()}
	}
	if s.flag() {
		c.Traces = &collector.Traces{Region: s.pick("", s.text())}
	}
	if s.flag() {
		c.HealthCheckEndpoint = s.address()
	}
	if s.flag() {
		c.RemoteWrite.AssumeRole = &collector.AssumeRole{
			ARN: s.pick("arn:aws:iam::111122223333:role/writer", s.text()), STSRegion: s.pick("", s.text()), ExternalID: s.pick("", s.text()),
		}
	}
	c.Labels.Policy = collector.LabelPolicy(s.pick("", "task", "identity", "all", "list", s.text()))
	for range s.number(3) {
		c.Labels.Keep = append(c.Labels.Keep, s.pick("aws.ecs.task.id", s.text()))
	}
	if s.flag() {
		c.Labels.External = map[string]string{s.pick("team", s.text()): s.text()}
	}
	return c
}

func (s *source) job() collector.ScrapeJob {
	j := collector.ScrapeJob{
		Name: s.pick(fmt.Sprint("job", len(s.data)), s.text()), Targets: []string{s.address()}, Path: s.pick("", "/m", "/"+s.text()),
		Scheme: s.pick("", "http", "https", s.text()), Interval: s.duration(), Timeout: s.duration(),
		SampleLimit: s.pick("", "0", "10", s.text()), LabelLimit: s.pick("", "5", s.text()),
		LabelValueLengthLimit: s.pick("", "5", s.text()), BodySizeLimit: s.pick("", "0", "16MB", "5KiB", s.text()),
		HonorLabels: s.flag(), NativeHistograms: s.flag(),
	}
	if s.flag() {
		j.TLS = &collector.TLS{InsecureSkipVerify: s.flag(), CAVariable: s.pick("", "CA", s.text()), ServerName: s.pick("", s.text())}
	}
	if s.flag() {
		j.BasicAuth = &collector.BasicAuth{Username: s.text(), PasswordVariable: s.pick("PASSWORD", s.text())}
	}
	j.BearerTokenVariable = s.pick("", "", "TOKEN", s.text())
	for range s.number(3) {
		j.KeepMetrics = append(j.KeepMetrics, s.pick("http_.*", s.text()))
	}
	for range s.number(2) {
		j.DropMetrics = append(j.DropMetrics, s.text())
	}
	if s.flag() {
		j.StaticLabels = map[string]string{s.pick("team", s.text()): s.text()}
	}
	for range s.number(3) {
		r := collector.RelabelRule{
			Action: collector.RelabelAction(s.pick("", "replace", "keep", "drop", "labelmap", "labeldrop", "labelkeep", s.text())),
			Regex:  s.pick("", "(.*)", s.text()), TargetLabel: s.pick("", "a", s.text()), Replacement: s.pick("", "$1", "${1}_x", s.text()),
		}
		for range s.number(3) {
			r.SourceLabels = append(r.SourceLabels, s.pick("__name__", s.text()))
		}
		j.Relabel = append(j.Relabel, r)
	}
	return j
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

func (s *source) text() string {
	n := min(s.number(24), len(s.data))
	t := string(s.data[:n])
	s.data = s.data[n:]
	return t
}

func (s *source) pick(from ...string) string { return from[s.number(len(from))] }

func (s *source) address() string {
	return s.pick("127.0.0.1", "app.internal", s.text()) + ":" + s.pick(fmt.Sprint(4000+int(s.next())), s.text())
}

func (s *source) duration() *time.Duration {
	switch s.number(4) {
	case 0:
		return nil
	case 1:
		d := time.Duration(s.next()) * time.Second
		return &d
	case 2:
		d := time.Duration(s.next()) * 100 * time.Millisecond
		return &d
	default:
		d := time.Duration(int8(s.next())) * time.Microsecond
		return &d
	}
}

// Seeds are starting points for a fuzzer that reach every branch of [FromBytes].
func Seeds() [][]byte {
	var seeds [][]byte
	for start := range 64 {
		seed := make([]byte, 200)
		for i := range seed {
			seed[i] = byte(start*7 + i*i*(start+1) + i>>2)
		}
		seeds = append(seeds, seed)
	}
	ones := make([]byte, 120)
	for i := range ones {
		ones[i] = 1
	}
	return append(seeds, nil, ones)
}
