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

	"github.com/seed86154836/cdk-otel-prometheus/constructs/dashboards"
	"github.com/seed86154836/cdk-otel-prometheus/internal/panels"
	"github.com/seed86154836/cdk-otel-prometheus/preview/live"
)

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
	response, err := client.Get(p.url + path + "?" + parameters.Encode())
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
func (p page) queries(d dashboards.Dashboard) (list []panels.Query) {
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

// awaitRules asserts that every rule can be evaluated, reads metrics that are stored, and if it records, has recorded something;
// but for those that read what the task does not send, which have no value.
func (p page) awaitRules(unsent ...string) {
	p.Helper()
	p.await(func() string {
		stored := append(p.stored(), unbornMetrics...)
		rules := p.rules()
		if len(rules) < 20 {
			return fmt.Sprintf("there are only %d rules", len(rules))
		}
		for _, rule := range rules {
			if slices.ContainsFunc(metricNames(p.T, rule.Expr), func(name string) bool {
				return slices.ContainsFunc(unsent, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
			}) {
				if len(rule.Values) > 0 {
					p.Fatalf("%s has %v of what is not sent", rule.Name, rule.Values)
				}
				continue
			}
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
	for _, selector := range vectorSelectors(t, expr) {
		if !slices.Contains(names, selector.Name) {
			names = append(names, selector.Name)
		}
	}
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
		for _, slip := range []string{"NaN", "undefined", "[object"} {
			if strings.Contains(shown.DOM, slip) {
				p.Errorf("%s: the page shows %s", tab, slip)
			}
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
