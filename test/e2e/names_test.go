package e2e

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// Content types of the two text formats.
const (
	textFormat  = "text/plain; version=0.0.4; charset=utf-8"
	openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8"
)

// serveText is an endpoint that always answers with the same text.
func serveText(t *testing.T, contentType, text string) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// parsed is what Prometheus' own parser reads of an exposition: values by series.
func parsed(t *testing.T, contentType, text string) map[string]float64 {
	t.Helper()
	parser, err := textparse.New([]byte(text), contentType, labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		t.Fatal(err)
	}
	samples := map[string]float64{}
	for {
		entry, err := parser.Next()
		if err == io.EOF {
			return samples
		}
		if err != nil {
			t.Fatal(err)
		}
		if entry != textparse.EntrySeries {
			continue
		}
		var series labels.Labels
		parser.Labels(&series)
		_, _, value := parser.Series()
		if _, twice := samples[own(series, nil)]; !twice { // of two samples of a series, Prometheus takes the first
			samples[own(series, nil)] = value
		}
	}
}

// own writes a series as its application did: without the labels that are added.
func own(series labels.Labels, added map[string]string) string {
	b := labels.NewBuilder(series.WithoutEmpty())
	series.Range(func(l labels.Label) {
		if added[l.Name] == l.Value {
			b.Del(l.Name)
		}
	})
	return b.Labels().String()
}

// storedBy gives the newest value of each series that a scrape job wrote for its application.
func (s sidecar) storedBy(t *testing.T, job string) map[string]float64 {
	t.Helper()
	result, err := s.Store.Query(context.Background(), fmt.Sprintf("{job=%q}", job), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	samples := map[string]float64{}
	for _, sample := range result.(promql.Vector) {
		if name := sample.Metric.Get("__name__"); name != "up" && !strings.HasPrefix(name, "scrape_") {
			samples[own(sample.Metric, promisedLabels(s.Metadata, source{job: job}))] = sample.F
		}
	}
	return samples
}

// different lists the series of two sets that differ.
func different(got, want map[string]float64) string {
	var lines []string
	for _, series := range slices.Sorted(maps.Keys(want)) {
		if value, ok := got[series]; !ok {
			lines = append(lines, "missing: "+series)
		} else if value != want[series] && !(math.IsNaN(value) && math.IsNaN(want[series])) {
			lines = append(lines, fmt.Sprintf("%s is %v, expected %v", series, value, want[series]))
		}
	}
	for _, series := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[series]; !ok {
			lines = append(lines, "too many: "+series)
		}
	}
	return strings.Join(lines, "\n")
}

// TestScrapedSeriesAreWhatPrometheusReads scrapes expositions in the style of common exporters, in both text formats, and compares every
// sample with what Prometheus' own parser reads from the same bytes.
func TestScrapedSeriesAreWhatPrometheusReads(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/expositions/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no expositions: %v", err)
	}
	want := map[string]map[string]float64{}
	var jobs []collector.ScrapeJob
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		contentType := textFormat
		if strings.HasSuffix(file, ".om.txt") {
			contentType = openMetrics
		}
		want[filepath.Base(file)] = parsed(t, contentType, string(text))
		jobs = append(jobs, collector.ScrapeJob{
			Name: collector.JobName(filepath.Base(file)), Interval: shortly(), Targets: []string{serveText(t, contentType, string(text))},
		})
	}
	otlp, _ := freeOTLP(t)
	for name, config := range map[string]collector.Config{
		"two hops": {Scrape: jobs}, "beside OTLP": {Scrape: jobs, OTLP: otlp},
		"one hop": {Scrape: jobs, Delivery: collector.Delivery{OneHop: true}}, "last scrape": {Scrape: jobs, ScrapeOnShutdown: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := runSidecar(t, config, sidecarOptions{})
			for job, samples := range want {
				eventually(t, s.Task, 20*time.Second, func() string { return different(s.storedBy(t, job), samples) })
			}
			s.finish(t, "Error on ingesting samples with different value but same timestamp") // twice{a="1"}
		})
	}
}

// TestScrapedSeriesThatDiffer pins what the guide on scraping says is stored in another way than Prometheus does.
func TestScrapedSeriesThatDiffer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		stored map[string]float64
	}{
		"UTF-8 names": {`{"my.dotted.metric", "label.with.dot"="x"} 1
{"größe"} 2
{"both", "a.b"="x", a_b="y"} 3
{"名"} 4
`, map[string]float64{`{__name__="my_dotted_metric", label_with_dot="x"}`: 1, `{__name__="gr_e"}`: 2, `{__name__="both", a_b="x;y"}`: 3}},
		"underscores in label names": {`l{a__b="x"} 1
l{__open="x"} 2
`, map[string]float64{`{__name__="l", a_b="x"}`: 1, `{__name__="l", _open="x"}`: 2}},
		"labels that are added": {`l{aws_ecs_task_id="x",aws_ecs_launchtype="y",cloud_availability_zone="z"} 1
l{job="x",instance="y"} 2
l{cloud_region="mars"} 3
`, map[string]float64{
			`{__name__="l", exported_aws_ecs_launchtype="y", exported_aws_ecs_task_id="x", exported_cloud_availability_zone="z"}`: 1,
			`{__name__="l", exported_instance="y", exported_job="x"}`:                                                             2,
			`{__name__="l", cloud_region="mars"}`:                                                                                 3,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := runSidecar(t, collector.Config{
				Scrape: []collector.ScrapeJob{{Name: "job", Interval: shortly(), Targets: []string{serveText(t, textFormat, c.text)}}},
			}, sidecarOptions{})
			eventually(t, s.Task, 20*time.Second, func() string { return different(s.storedBy(t, "job"), c.stored) })
			s.finish(t)
		})
	}
}
