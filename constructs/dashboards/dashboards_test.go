package dashboards_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/dashboards"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/panels"
)

// sampleOptions show every kind of metric and objective.
var sampleOptions = dashboards.Options{
	Application: []dashboards.Metric{
		{Title: "Orders", Kind: dashboards.Counter, Selector: `sampleapp_orders_total{job="sampleapp"}`, By: "item"},
		{Title: "Queue", Kind: dashboards.Gauge, Selector: `sampleapp_queue_depth`, Aggregate: "max"},
		{Title: "Order duration", Kind: dashboards.Histogram, Selector: `sampleapp_order_duration_seconds{}`},
	},
	SLOs: []*slo.SLO{
		{Name: "orders-succeed", Description: "Orders succeed", Objective: 0.999, Requests: `sampleapp_orders_total`, Errors: `sampleapp_orders_total{item="cake",}`},
		{Name: "orders-are-fast", Description: "Orders are fast", Objective: 0.95, Window: 7 * 24 * time.Hour, Histogram: `sampleapp_order_duration_seconds`, Threshold: 1},
	},
}

func all(t *testing.T, o dashboards.Options) []dashboards.Dashboard {
	t.Helper()
	list, err := dashboards.All(o)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func queries(t *testing.T, d dashboards.Dashboard, variables map[string]string) []panels.Query {
	t.Helper()
	list, err := panels.Queries(d.JSON, variables)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// model is what is checked of a dashboard, read from its text as a stranger would.
type model struct {
	UID, Title, Description string
	SchemaVersion           int
	Tags                    []string
	Panels                  []struct {
		ID                       int
		Type, Title, Description string
		GridPos                  struct{ X, Y, W, H int }
		DataSource               map[string]string
		FieldConfig              struct{ Defaults struct{ Unit string } }
		Targets                  []struct {
			RefID, Expr string
			DataSource  map[string]string
		}
	}
	Templating struct {
		List []struct {
			Name, Type, Label string
			Query             string
		}
	}
}

func read(t *testing.T, d dashboards.Dashboard) (m model) {
	t.Helper()
	if err := json.Unmarshal(d.JSON, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestDashboardsPassGrafanasSchema decodes them with the types that Grafana generates from its schema, which refuse unknown
// fields, and checks what the schema does not say.
func TestDashboardsPassGrafanasSchema(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	units := grafanaUnits(t)
	for _, d := range all(t, sampleOptions) {
		t.Run(d.UID, func(t *testing.T) {
			//lint:ignore SA1019 The classic model is what every Grafana imports.
			var strict dashboard.Dashboard
			err := strict.UnmarshalJSONStrict(d.JSON)
			if errs, ok := err.(cog.BuildErrors); !ok || len(errs) > 0 { // without an error it is an empty list, not nil
				t.Error(err)
			}
			if err := strict.Validate(); err != nil {
				t.Error(err)
			}
			m := read(t, d)
			if m.SchemaVersion != 42 || m.UID != d.UID || len(m.UID) > 40 || m.Title == "" || m.Description == "" {
				t.Errorf("schema version %d, UID %q, title %q, description %q", m.SchemaVersion, m.UID, m.Title, m.Description)
			}
			ids := map[int]bool{}
			taken := map[[2]int]string{}
			for _, p := range m.Panels {
				if p.ID == 0 || ids[p.ID] {
					t.Errorf("panel %q: id %d is 0 or used twice", p.Title, p.ID)
				}
				ids[p.ID] = true
				if p.Title == "" {
					t.Errorf("panel %d has no title", p.ID)
				}
				g := p.GridPos
				if g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > 24 {
					t.Errorf("panel %q lies outside the grid: %+v", p.Title, g)
				}
				for x := g.X; x < g.X+g.W; x++ {
					for y := g.Y; y < g.Y+g.H; y++ {
						if other, ok := taken[[2]int{x, y}]; ok {
							t.Fatalf("panels %q and %q overlap at %d, %d", other, p.Title, x, y)
						}
						taken[[2]int{x, y}] = p.Title
					}
				}
				if p.Type == "row" {
					continue
				}
				if !slices.Contains([]string{"stat", "timeseries", "table"}, p.Type) {
					t.Errorf("panel %q is of the type %q", p.Title, p.Type)
				}
				if p.Description == "" || !strings.HasSuffix(p.Description, ".") {
					t.Errorf("panel %q has the description %q, which is no sentence", p.Title, p.Description)
				}
				if !units[p.FieldConfig.Defaults.Unit] {
					t.Errorf("panel %q: %q is no unit of Grafana", p.Title, p.FieldConfig.Defaults.Unit)
				}
				variable := map[string]string{"type": "prometheus", "uid": "${datasource}"}
				if len(p.Targets) == 0 || !reflect.DeepEqual(p.DataSource, variable) {
					t.Errorf("panel %q has %d queries to %v", p.Title, len(p.Targets), p.DataSource)
				}
				refs := map[string]bool{}
				for _, target := range p.Targets {
					if target.Expr == "" || refs[target.RefID] || !reflect.DeepEqual(target.DataSource, variable) {
						t.Errorf("panel %q: query %s to %v: %q", p.Title, target.RefID, target.DataSource, target.Expr)
					}
					refs[target.RefID] = true
				}
			}
		})
	}
}

// grafanaUnits reads the unit ids out of the library's source: it has constants, but no list.
func grafanaUnits(t *testing.T) map[string]bool {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/grafana/grafana-foundation-sdk/go/units").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(out)), "types_gen.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			id, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			ids[id] = true
		}
		return true
	})
	if !ids["percentunit"] || len(ids) < 100 {
		t.Fatalf("only %d units found", len(ids))
	}
	return ids
}

func TestDashboardsHaveVariables(t *testing.T) {
	want := map[string][]string{
		"ecs-service":   {"datasource", "cluster", "service"},
		"ecs-task":      {"datasource", "cluster", "service", "task"},
		"ecs-collector": {"datasource", "cluster", "service", "task"},
		"ecs-slo":       {"datasource", "cluster", "service"},
	}
	for _, d := range all(t, sampleOptions) {
		var names []string
		for _, v := range read(t, d).Templating.List {
			names = append(names, v.Name)
			if v.Label == "" {
				t.Errorf("%s: variable %s has no label", d.UID, v.Name)
			}
			if v.Name == "datasource" && (v.Type != "datasource" || v.Query != "prometheus") {
				t.Errorf("%s: the workspace is a variable of type %s for %s", d.UID, v.Type, v.Query)
			}
			if v.Name != "datasource" && (v.Type != "query" || !strings.HasPrefix(v.Query, "label_values(")) {
				t.Errorf("%s: variable %s is %s", d.UID, v.Name, v.Query)
			}
		}
		if !slices.Equal(names, want[d.UID]) {
			t.Errorf("%s has the variables %v, want %v", d.UID, names, want[d.UID])
		}
	}
}

var metricName = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\{`)

// TestQueriesAskForDeliveredMetrics compares every metric with what the library keeps: the default lists of ECS metrics, what
// a scrape adds, the collector's own metrics as the generated configuration filters them, and the application's.
func TestQueriesAskForDeliveredMetrics(t *testing.T) {
	delivered := []string{
		"ecs_task_memory_usage", "container_network_rate_(rx|tx)", // on instances, and with network mode bridge
		"up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling",
		"sampleapp_orders_total", "sampleapp_queue_depth", "sampleapp_order_duration_seconds_(bucket|count|sum)",
	}
	for _, m := range append(collector.DefaultTaskMetrics(), collector.DefaultContainerMetrics()...) {
		delivered = append(delivered, strings.ReplaceAll(m, ".", "_"))
	}
	config := collector.Config{
		CollectorMetrics: &collector.CollectorMetrics{},
		Fleet:            &collector.Fleet{Directory: "/tmp", Jobs: []collector.FleetJob{{Family: "orders", Container: "app", Port: "8080"}}},
	}
	text, err := config.YAML()
	if err != nil {
		t.Fatal(err)
	}
	kept := regexp.MustCompile(`\(\?:(otelcol_\S*)\)`).FindStringSubmatch(text)
	if kept == nil {
		t.Fatalf("the configuration does not say which of the collector's metrics it keeps:\n%s", text)
	}
	ofTargets := regexp.MustCompile(`regex: (\(\?:prometheus_\S*\))`).FindStringSubmatch(text)
	if ofTargets == nil {
		t.Fatalf("the configuration does not say what it keeps of its targets:\n%s", text)
	}
	delivered = append(delivered, ofTargets[1])
	delivered = append(delivered, "(?:(?:"+kept[1]+"))(?:_total)?") // a rule adds the suffix that the collector leaves out
	known := regexp.MustCompile("^(" + strings.Join(delivered, "|") + ")$")

	for _, d := range all(t, sampleOptions) {
		for _, q := range queries(t, d, nil) {
			names := metricName.FindAllStringSubmatch(q.Expr, -1)
			if len(names) == 0 {
				t.Errorf("%s, %s: no metric in %s", d.UID, q.Panel, q.Expr)
			}
			for _, name := range names {
				if !known.MatchString(name[1]) {
					t.Errorf("%s, %s: %s is not delivered", d.UID, q.Panel, name[1])
				}
			}
		}
	}
}

// TestQueriesStayInTheScope: every selector of a query is narrowed down by the variables of its dashboard.
func TestQueriesStayInTheScope(t *testing.T) {
	selector := regexp.MustCompile(`\{[^}]*\}`)
	for _, d := range all(t, sampleOptions) {
		want := `{aws_ecs_cluster_name=~"CLUSTER",aws_ecs_task_family=~"SERVICE"`
		if d.UID == "ecs-task" || d.UID == "ecs-collector" {
			want += `,aws_ecs_task_id=~"TASK"`
		}
		for _, q := range queries(t, d, map[string]string{"cluster": "CLUSTER", "service": "SERVICE", "task": "TASK"}) {
			for _, s := range selector.FindAllString(q.Expr, -1) {
				if !strings.HasPrefix(s, want) {
					t.Errorf("%s, %s: %s does not start with %s", d.UID, q.Panel, s, want)
				}
			}
			if strings.Contains(q.Expr, "exporter=") {
				t.Errorf("%s, %s: %s knows the name of an exporter, which changes with the configuration", d.UID, q.Panel, q.Expr)
			}
		}
	}
}

// TestQueriesMatchGolden compares what every panel asks with a file that a reviewer can read.
func TestQueriesMatchGolden(t *testing.T) {
	var got strings.Builder
	for _, d := range all(t, sampleOptions) {
		fmt.Fprintf(&got, "# %s.json: %s\n", d.UID, read(t, d).Title)
		row, panel := "", 0
		for _, q := range queries(t, d, map[string]string{"cluster": "C", "service": "S", "task": "T"}) {
			if q.Row != row {
				row = q.Row
				fmt.Fprintf(&got, "\n## %s\n", row)
			}
			if q.PanelID != panel {
				panel = q.PanelID
				fmt.Fprintf(&got, "\n%s (%s, %s)\n  %s\n", q.Panel, q.Type, q.Unit, q.Description)
			}
			fmt.Fprintf(&got, "  %s: %s [%s]\n", q.RefID, q.Expr, q.Legend)
		}
		got.WriteString("\n")
	}
	file := filepath.Join("testdata", "queries.txt")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if os.Getenv("CI") != "" {
			t.Fatal("golden files are not updated in CI")
		}
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run make golden", err)
	}
	if got.String() != string(want) {
		t.Errorf("differs from %s; if it should, run make golden and read the difference\n%s", file, got.String())
	}
}

func TestTextIsTheSameEveryTime(t *testing.T) {
	first, second := all(t, sampleOptions), all(t, sampleOptions)
	for i := range first {
		if !bytes.Equal(first[i].JSON, second[i].JSON) {
			t.Errorf("%s differs from itself", first[i].UID)
		}
	}
	if sampleOptions.Application[0].Unit != "" || sampleOptions.SLOs[0].Window != 0 {
		t.Error("the options of the caller have changed")
	}
}

func TestOptionsAreApplied(t *testing.T) {
	o := dashboards.Options{
		TitlePrefix: "Shop", UIDPrefix: "shop-eu", Tags: []string{"team-a"}, DataSource: "amp-eu", CollectionInterval: 15 * time.Second,
	}
	list := all(t, o)
	var names []string
	for _, d := range list {
		names = append(names, d.UID+" "+read(t, d).Title)
	}
	if want := []string{"shop-eu-service Shop services", "shop-eu-task Shop tasks", "shop-eu-collector Shop collectors"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q; there is no SLO, so no dashboard of SLOs", names, want)
	}
	text := string(list[0].JSON)
	for _, want := range []string{`"shop-eu",
    "team-a"`, `"value": "amp-eu"`, `"interval": "15s"`, "/d/shop-eu-task?"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in %s", want, text)
		}
	}
	if strings.Contains(text, `"title": "Application"`) {
		t.Error("there is a row for the application, which has no metrics")
	}
	for _, q := range queries(t, list[0], nil) {
		if q.Panel == "Storage" && !strings.Contains(q.Expr, "[1m]") {
			t.Errorf("rates of samples that come every 15 s are not computed over a minute: %s", q.Expr)
		}
	}
}

// TestServicesAreChosenByTheirNames: by the label of the options, and with characters that mean something in a regular expression or a string.
func TestServicesAreChosenByTheirNames(t *testing.T) {
	for _, d := range all(t, dashboards.Options{ServiceLabel: "service_name", Services: []string{"orders.v2", "stock"}}) {
		if text := string(d.JSON); strings.Contains(text, "aws_ecs_task_family") {
			t.Errorf("%s looks at the family", d.UID)
		}
		for _, q := range queries(t, d, nil) {
			if !strings.Contains(q.Expr, `service_name=~"orders\\.v2|stock"`) {
				t.Errorf("%s, %s: All is not these services in %s", d.UID, q.Panel, q.Expr)
			}
		}
	}
}

func TestWriteMakesAFileForEachDashboard(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "dashboards")
	if err := dashboards.Write(folder, sampleOptions); err != nil {
		t.Fatal(err)
	}
	for _, d := range all(t, sampleOptions) {
		data, err := os.ReadFile(filepath.Join(folder, d.UID+".json"))
		if err != nil || !bytes.Equal(data, d.JSON) {
			t.Errorf("%s: %v", d.UID, err)
		}
	}
	if err := dashboards.Write(folder, dashboards.Options{UIDPrefix: "a b"}); err == nil {
		t.Error("wrong options are written")
	}
}

// TestOptionsAreRejected has one entry for each rejection, with what its message must say.
func TestOptionsAreRejected(t *testing.T) {
	metric := func(change func(*dashboards.Metric)) dashboards.Options {
		m := dashboards.Metric{Title: "Orders", Kind: dashboards.Counter, Selector: "orders_total"}
		change(&m)
		return dashboards.Options{Application: []dashboards.Metric{m}}
	}
	selector := func(s string) dashboards.Options {
		return metric(func(m *dashboards.Metric) { m.Selector = s })
	}
	objective := func(change func(*slo.SLO)) dashboards.Options {
		s := &slo.SLO{Name: "orders", Objective: 0.99, Requests: "a_total", Errors: "b_total"}
		change(s)
		return dashboards.Options{SLOs: []*slo.SLO{s}}
	}
	for name, tc := range map[string]struct {
		options dashboards.Options
		want    []string
	}{
		"UID":             {dashboards.Options{UIDPrefix: "a b"}, []string{`UIDPrefix is "a b"; it must be 1 to 30 letters`}},
		"long UID":        {dashboards.Options{UIDPrefix: strings.Repeat("a", 31)}, []string{"it must be 1 to 30 letters"}},
		"tag":             {dashboards.Options{Tags: []string{"a", " "}}, []string{"Tags[1] is empty"}},
		"interval":        {dashboards.Options{CollectionInterval: 1500 * time.Millisecond}, []string{"CollectionInterval is 1.5s; it must be a whole number of seconds"}},
		"negative":        {dashboards.Options{CollectionInterval: -time.Second}, []string{"CollectionInterval is -1s"}},
		"service label":   {dashboards.Options{ServiceLabel: "service.name"}, []string{`ServiceLabel: "service.name" is not the name of a label`}},
		"task as service": {dashboards.Options{ServiceLabel: "aws_ecs_task_id"}, []string{`ServiceLabel is "aws_ecs_task_id", which tells clusters or tasks apart`}},
		"services":        {dashboards.Options{Services: []string{"", "$x", "${Token[a.1]}"}}, []string{"Services[0] is empty", `Services[1] is "$x", and Grafana takes a $ for a variable`, "Services[2] is a token"}},
		"no title":        {metric(func(m *dashboards.Metric) { m.Title = "" }), []string{`Application[0].Title is empty; say what the metric "orders_total" shows`}},
		"no kind":         {metric(func(m *dashboards.Metric) { m.Kind = "" }), []string{`Kind is ""; it must be counter, gauge or histogram`}},
		"by":              {metric(func(m *dashboards.Metric) { m.By = "a,b" }), []string{`By: "a,b" is not the name of a label`}},
		"aggregate":       {metric(func(m *dashboards.Metric) { m.Aggregate = "max" }), []string{`Aggregate is "max", but it is for gauges only`}},
		"gauge aggregate": {metric(func(m *dashboards.Metric) { m.Kind, m.Aggregate = dashboards.Gauge, "median" }), []string{`Aggregate is "median"; it must be sum, avg, max or min`}},
		"histogram": {metric(func(m *dashboards.Metric) { m.Kind, m.By, m.Selector = dashboards.Histogram, "a", "x_bucket{}" }),
			[]string{`By is "a", but a histogram is not split`, "Application[0].Selector is \"x_bucket{}\", one part of a histogram; name the histogram without suffix, x"}},
		"no selector":       {selector(" "), []string{"Selector is empty; name a metric"}},
		"no name":           {selector(`{a="b"}`), []string{"must start with the name of a metric"}},
		"expression":        {selector("sum(a)"), []string{`"(a)" stands after the name; only matchers in braces can`}},
		"range":             {selector(`a{b="c"}[5m]`), []string{`"[5m]" stands after the matchers`}},
		"open":              {selector(`a{b="c"`), []string{"its brace is not closed"}},
		"no operator":       {selector(`a{b}`), []string{`"b}" is not a matcher`}},
		"no quotes":         {selector(`a{b=c}`), []string{"the value of b is not in quotes"}},
		"open quote":        {selector(`a{b="c}`), []string{"the value of b is not in quotes"}},
		"no comma":          {selector(`a{b="c" d="e"}`), []string{"stands where a comma"}},
		"brace in a value":  {selector(`a{b="}"`), []string{"its brace is not closed"}},
		"label of a choice": {selector(`a{aws_ecs_task_family="x"}`), []string{"rules and dashboards add aws_ecs_task_family themselves; leave it out"}},
		"objective":         {objective(func(s *slo.SLO) { s.Objective = 1 }), []string{"SLOs[0].Objective is 1; it must be from 0.5 to 0.99999"}},
		"nil objective":     {dashboards.Options{SLOs: []*slo.SLO{nil}}, []string{"SLOs[0] is nil"}},
		"token":             {objective(func(s *slo.SLO) { s.Errors = `b_total{c="${Token[TOKEN.1]}"}` }), []string{"SLOs[0] has a token; a dashboard is written at synthesis, so write the value"}},
		"all at once": {dashboards.Options{UIDPrefix: "?", CollectionInterval: -1, Application: []dashboards.Metric{{}}},
			[]string{"UIDPrefix", "CollectionInterval", "Application[0].Title", "Application[0].Selector is empty", "Application[0].Kind"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := dashboards.All(tc.options)
			if err == nil {
				t.Fatal("it is accepted")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in\n%v", want, err)
				}
			}
		})
	}
}

// TestSelectorsAreNarrowedDown: braces, commas and quotes in matchers stay what they are.
func TestSelectorsAreNarrowedDown(t *testing.T) {
	for selector, want := range map[string]string{
		`a_total`:                `a_total{aws_ecs_cluster_name=~"C",aws_ecs_task_family=~"S"}`,
		`a_total{}`:              `a_total{aws_ecs_cluster_name=~"C",aws_ecs_task_family=~"S"}`,
		` a_total { b = "c" , }`: `a_total{aws_ecs_cluster_name=~"C",aws_ecs_task_family=~"S",b = "c"}`,
		`a{b!="{",c!~'}"\'',}`:   `a{aws_ecs_cluster_name=~"C",aws_ecs_task_family=~"S",b!="{",c!~'}"\''}`,
		`a{b="x,"}`:              `a{aws_ecs_cluster_name=~"C",aws_ecs_task_family=~"S",b="x,"}`,
	} {
		o := dashboards.Options{Application: []dashboards.Metric{{Title: "T", Kind: dashboards.Gauge, Selector: selector}}}
		list := queries(t, all(t, o)[0], map[string]string{"cluster": "C", "service": "S"})
		if got := list[len(list)-1].Expr; got != "sum("+want+")" {
			t.Errorf("%s\n got %s\nwant sum(%s)", selector, got, want)
		}
	}
}

// TestBucketBoundsAreFoundHoweverTheyAreWritten: 1 is written 1, 1.0 or, from a million on, 1e+06.
func TestBucketBoundsAreFoundHoweverTheyAreWritten(t *testing.T) {
	for threshold, want := range map[float64]string{
		0.25: `le="0.25"`, 1: `le=~"1|1[.]0"`, 1e6: `le=~"1000000|1000000[.]0|1e[+]06"`, 1e-5: `le=~"0[.]00001|1e-05"`,
	} {
		d := all(t, dashboards.Options{SLOs: []*slo.SLO{{Name: "a", Objective: 0.99, Histogram: "h", Threshold: threshold}}})[3]
		if got := queries(t, d, nil)[0].Expr; !strings.Contains(got, "{aws_ecs_cluster_name=~\".*\",aws_ecs_task_family=~\".*\","+want+"}") {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
}

// TestObjectivesShowTheirOwnBurnRates: the same that alerts fire on.
func TestObjectivesShowTheirOwnBurnRates(t *testing.T) {
	d := all(t, dashboards.Options{SLOs: []*slo.SLO{{
		Name: "a", Objective: 0.9, Requests: "b", Errors: "c", Window: 14 * 24 * time.Hour,
		BurnRates: []slo.BurnRate{{Factor: 5, Long: 90 * time.Minute, Short: 10 * time.Minute}},
	}}})[3]
	var got []string
	for _, q := range queries(t, d, nil) {
		got = append(got, q.Panel+" "+q.Legend)
	}
	if want := []string{"a ", "Error budget left ", "Burn rate, 90 minutes ", "Burn rate 10 minutes", "Burn rate 90 minutes", "Requests all", "Requests bad"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	burn := queries(t, d, nil)[2]
	if want := "At 5, 2.23 % of a budget of 14 days is gone in that time."; !strings.HasSuffix(burn.Description, want) || !strings.HasSuffix(burn.Expr, "[1h30m])) > 0) / 0.1") {
		t.Errorf("%s: %s", burn.Description, burn.Expr)
	}
}
