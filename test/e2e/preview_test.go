package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/collector"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/dashboards"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/preview/live"
)

// silentQueries are those of panels that have no data while all is well: by panel and reference, with the reason.
var silentQueries = map[string]string{
	"Points that failed A": "no exporter has failed to send",
	"Points that failed B": "no queue was full",
}

// unbornMetrics are not there before something goes wrong. Every other metric of a dashboard must be stored.
var unbornMetrics = []string{"otelcol_exporter_send_failed_metric_points_total", "otelcol_exporter_enqueue_failed_metric_points_total"}

// TestPreviewOfSample runs samples as make preview does, and asks everything that the page asks.
func TestPreviewOfSample(t *testing.T) {
	dir, err := synthesize()
	if err != nil {
		t.Fatal(err)
	}
	defaults, err := dashboards.All(live.SampleDashboards(previewInterval))
	if err != nil {
		t.Fatal(err)
	}
	written, err := live.ReadDashboards(filepath.Join(dir, "Observability"+live.DashboardsFolder))
	if err != nil {
		t.Fatal(err)
	}
	for _, sample := range []struct {
		stack      string
		dashboards []dashboards.Dashboard
		// unsent is what the stack does not send: metrics of containers, of the collector, of scrapes.
		unsent []string
	}{
		{"Observability", written, nil},
		{"FargateOtlp", defaults, []string{"container_", "otelcol_", "up", "scrape_"}},
	} {
		t.Run(sample.stack, func(t *testing.T) {
			p := startPreview(t, live.Options{
				Template: filepath.Join(dir, sample.stack+".template.json"), App: live.App{Sample: sampleApp(t)}, Dashboards: sample.dashboards,
			})
			p.awaitData(sample.dashboards, sample.unsent...)
			p.awaitRules()
			if sample.unsent == nil {
				p.checkPage(sample.dashboards)
			}
		})
	}
}

// TestPreviewOfOwnTemplate runs a template that this library did not make, with a command as its app, with rules of its own, and
// with the dashboards that the library has for anyone.
func TestPreviewOfOwnTemplate(t *testing.T) {
	config := collector.Config{
		RemoteWrite: collector.RemoteWrite{Endpoint: workspaceURL, Region: values.Region},
		TaskMetrics: &collector.TaskMetrics{},
		Scrape:      []collector.ScrapeJob{{Name: "own", Targets: []string{"127.0.0.1:8080"}}},
	}
	text, err := config.YAML()
	if err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	file := filepath.Join(t.TempDir(), "Own.template.json")
	raw, err := json.Marshal(object{"Resources": object{
		"Task": object{"Type": "AWS::ECS::TaskDefinition", "Properties": object{
			"Family": "own", "Cpu": "512", "Memory": "1024", "NetworkMode": "awsvpc", "RequiresCompatibilities": []string{"FARGATE"},
			"ContainerDefinitions": []any{
				object{"Name": "telemetry", "Image": "example.com/aws-otel-collector:v1", "Command": config.Args("env:" + configVariable), "Cpu": 128, "Memory": 512,
					"Environment": []any{object{"Name": configVariable, "Value": text}}},
				object{"Name": "app", "Image": "own", "Cpu": 64, "Memory": 256, "EntryPoint": []string{"/own"}, "Secrets": []any{object{"Name": "PASSWORD", "ValueFrom": "arn"}}},
			},
		}},
		"Rules": object{"Type": "AWS::APS::RuleGroupsNamespace", "Properties": object{"Data": "groups: [{name: own, rules: [{alert: AppIsUp, expr: up == 1}, {record: own:jobs, expr: count(up)}]}]"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := dashboards.All(dashboards.Options{CollectionInterval: previewInterval})
	if err != nil {
		t.Fatal(err)
	}
	p := startPreview(t, live.Options{Template: file, App: live.App{Command: sampleApp(t)}})
	p.awaitData(all, "container_", "otelcol_")
	p.await(func() string {
		for _, rule := range p.rules() {
			if rule.Name == "AppIsUp" && rule.State != "firing" || rule.Name == "own:jobs" && !slices.Equal(rule.Values, []string{"1"}) {
				return fmt.Sprintf("%+v", rule)
			}
		}
		return ""
	})
}

// TestPreviewNoticesRenamedMetric breaks a query, to show that the checks above would tell.
func TestPreviewNoticesRenamedMetric(t *testing.T) {
	query := `sum(rate(sampleapp_orders_total{job=~"a|b"}[1m])) / on () sum(up)`
	if missing := missingMetrics(t, query, []string{"sampleapp_orders_total", "up"}); len(missing) > 0 {
		t.Errorf("%v are missing, expected none", missing)
	}
	if missing := missingMetrics(t, query, []string{"sampleapp_orders_renamed_total", "up"}); !slices.Equal(missing, []string{"sampleapp_orders_total"}) {
		t.Errorf("%v are missing, expected the renamed one", missing)
	}
}

// TestPreviewRefusesWhatItCannotRun says what to do instead.
func TestPreviewRefusesWhatItCannotRun(t *testing.T) {
	dir, err := synthesize()
	if err != nil {
		t.Fatal(err)
	}
	sample := filepath.Join(dir, "FargateScrape.template.json")
	for name, tc := range map[string]struct {
		options live.Options
		message string
	}{
		"no app":         {live.Options{Template: sample}, "what runs as container app? give either -app-command or -app-address"},
		"container":      {live.Options{Template: sample, App: live.App{Container: "web", Command: "x"}}, `-container is "web"; expected one of app`},
		"task":           {live.Options{Template: sample, Task: "Other"}, `-task is "Other"; expected the logical id`},
		"collector":      {live.Options{Template: sample, Collector: "otel"}, "no container is the collector"},
		"not loopback":   {live.Options{Template: sample, App: live.App{Address: "192.0.2.1:80"}}, "expected an address on loopback"},
		"short interval": {live.Options{Template: sample, Interval: time.Millisecond}, "expected whole seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.options.Dir = t.TempDir()
			if tc.options.Interval == 0 {
				tc.options.Interval = previewInterval
			}
			p, err := live.Start(tc.options)
			if err == nil {
				p.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tc.message) {
				t.Errorf("got %v, expected %q", err, tc.message)
			}
		})
	}
}

const previewInterval = 2 * time.Second

// page is a running preview behind a server.
type page struct {
	*testing.T
	url string
}

func startPreview(t *testing.T, o live.Options) page {
	t.Helper()
	o.Title, o.Interval, o.Dir = t.Name(), previewInterval, t.TempDir()
	preview, err := live.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(preview.Close)
	server := httptest.NewServer(preview)
	t.Cleanup(server.Close)
	return page{t, server.URL + "/"}
}

func (p page) get(path string, parameters url.Values, answer any) {
	p.Helper()
	response, err := http.Get(p.url + path + "?" + parameters.Encode())
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		p.Fatalf("%s %s: %s", path, parameters, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		p.Fatal(err)
	}
}

// await waits until check has nothing to say. What keeps data from arriving is said too.
func (p page) await(check func() string) {
	p.Helper()
	deadline := time.Now().Add(time.Minute)
	for complaint := check(); complaint != ""; complaint = check() {
		if time.Now().After(deadline) {
			p.Fatalf("after a minute: %s\nproblems: %q", complaint, p.problems())
		}
		time.Sleep(500 * time.Millisecond)
	}
}

func (p page) problems() []string {
	var status struct{ Problems []string }
	p.get("status.json", nil, &status)
	return status.Problems
}

func (p page) rules() []live.Rule {
	var answer struct{ Rules []live.Rule }
	p.get("rules.json", nil, &answer)
	return answer.Rules
}

func (p page) stored() (names []string) {
	var metrics []live.Metric
	p.get("metrics.json", nil, &metrics)
	for _, m := range metrics {
		names = append(names, m.Name)
	}
	return names
}

// queries are those that the page asks for a dashboard.
func (p page) queries(d dashboards.Dashboard) (list []dashboards.Query) {
	p.get("queries.json", url.Values{"dashboard": {d.UID}, "step": {"2"}, "range": {"60"}}, &list)
	return list
}

func (p page) hasData(expr string) bool {
	var answer struct{ Data struct{ Result []any } }
	p.get("api/v1/query", url.Values{"query": {expr}}, &answer)
	return len(answer.Data.Result) > 0
}

// awaitData asserts that every query of every panel has data, and every metric in them is stored, but for those whose names
// start in one of some ways and that the task does not send.
func (p page) awaitData(all []dashboards.Dashboard, unsent ...string) {
	p.Helper()
	asked := map[string]bool{}
	for _, d := range all {
		for _, q := range p.queries(d) {
			if slices.ContainsFunc(metricNames(p.T, q.Expr), func(name string) bool {
				return slices.ContainsFunc(unsent, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
			}) {
				continue
			}
			if q.Description == "" || q.Unit == "" {
				p.Errorf("%s, %s: no description or no unit", d.UID, q.Panel)
			}
			key := q.Panel + " " + q.RefID
			reason, silent := silentQueries[key]
			asked[key] = true
			p.await(func() string {
				if missing := missingMetrics(p.T, q.Expr, append(p.stored(), unbornMetrics...)); len(missing) > 0 {
					return fmt.Sprintf("%s, %s: nothing is stored under %v", d.UID, key, missing)
				}
				switch data := p.hasData(q.Expr); {
				case silent && data:
					return fmt.Sprintf("%s, %s: has data although %s", d.UID, key, reason)
				case !silent && !data:
					return fmt.Sprintf("%s, %s: no data for %s", d.UID, key, q.Expr)
				}
				return ""
			})
		}
	}
	if len(asked) < 20 {
		p.Errorf("only %d queries were asked", len(asked))
	}
	if problems := p.problems(); len(problems) > 0 {
		p.Errorf("problems: %q", problems)
	}
}

// awaitRules asserts that every rule can be evaluated, reads metrics that are stored, and if it records, has recorded something.
func (p page) awaitRules() {
	p.Helper()
	p.await(func() string {
		stored := append(p.stored(), unbornMetrics...)
		rules := p.rules()
		if len(rules) < 20 {
			return fmt.Sprintf("there are only %d rules", len(rules))
		}
		for _, rule := range rules {
			switch missing := missingMetrics(p.T, rule.Expr, stored); {
			case rule.Error != "":
				p.Fatalf("%s: %s", rule.Name, rule.Error)
			case len(missing) > 0:
				return fmt.Sprintf("%s: nothing is stored under %v", rule.Name, missing)
			case rule.Type == "recording" && rule.State != "recording":
				return fmt.Sprintf("%s has recorded nothing", rule.Name)
			case rule.Type == "alerting" && rule.State != "inactive":
				return fmt.Sprintf("%s is %s: %s", rule.Name, rule.State, rule.Values) // perhaps not evaluated since the data came
			}
		}
		return ""
	})
}

func metricNames(t *testing.T, expr string) (names []string) {
	t.Helper()
	parsed, err := promqlParser().ParseExpr(expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok && !slices.Contains(names, selector.Name) {
			names = append(names, selector.Name)
		}
		return nil
	})
	return names
}

func missingMetrics(t *testing.T, expr string, stored []string) []string {
	t.Helper()
	return slices.DeleteFunc(metricNames(t, expr), func(name string) bool { return slices.Contains(stored, name) })
}

// checkPage opens every tab in a headless browser: each panel is drawn, in the state that its queries have, and without an error.
func (p page) checkPage(all []dashboards.Dashboard) {
	p.Helper()
	tabs := []string{"rules", "metrics"}
	panels := map[string]int{}
	empty := map[string]int{}
	for _, d := range all {
		tabs = append(tabs, d.UID)
		data := map[int]bool{}
		for _, q := range p.queries(d) {
			data[q.PanelID] = data[q.PanelID] || p.hasData(q.Expr)
		}
		for _, has := range data {
			if panels[d.UID]++; !has {
				empty[d.UID]++
			}
		}
	}
	for _, tab := range tabs {
		shown, err := live.Show(p.Context(), p.url, tab)
		if errors.Is(err, live.ErrNoBrowser) {
			message := "NOT RUN: the preview's page was not opened: " + err.Error()
			fmt.Fprintln(os.Stderr, message)
			p.Skip(message)
		}
		if err != nil {
			p.Fatal(err)
		}
		if shown.Faults != "" {
			p.Errorf("%s: %s", tab, shown.Faults)
		}
		states := shown.Panels
		if states["data"] == 0 || states["error"] > 0 || states["waiting"] > 0 {
			p.Errorf("%s: panels by state: %v", tab, states)
		}
		if n, known := panels[tab]; known && (states["data"]+states["empty"] != n || states["empty"] != empty[tab]) {
			p.Errorf("%s: panels by state: %v, expected %d, %d of them empty", tab, states, n, empty[tab])
		}
		if charts := strings.Count(shown.DOM, "<canvas"); charts != strings.Count(shown.DOM, `Last values: `) {
			p.Errorf("%s: of %d charts, some do not say what they show", tab, charts)
		}
	}
	p.checkPicture()
}

// checkPicture takes the picture that -out takes, and looks whether there is something on it.
func (p page) checkPicture() {
	p.Helper()
	file := filepath.Join(p.TempDir(), "preview.png")
	if err := live.Screenshot(context.Background(), p.url, "", file); err != nil {
		p.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		p.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		p.Fatal(err)
	}
	colors := map[any]bool{}
	for x := range picture.Bounds().Dx() {
		for y := 0; y < picture.Bounds().Dy(); y += 7 {
			colors[picture.At(x, y)] = true
		}
	}
	if size := picture.Bounds(); len(colors) < 50 || size.Dy() < 500 {
		p.Errorf("the picture is %s with %d colours", size.Size(), len(colors))
	}
}
