package live

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/dashboards"
	"github.com/seed86154836/cdk-otel-prometheus/internal/panels"
)

//go:embed page
var page embed.FS

// ServeHTTP serves the page, and what it asks for. The paths under /api/v1 are those of Prometheus, in its form.
func (p *Preview) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:") // nothing from elsewhere
	w.Header().Set("Cache-Control", "no-store")
	switch path := r.URL.Path; {
	case path == "/status.json":
		p.serveStatus(w, r)
	case path == "/dashboards.json":
		p.serveDashboards(w)
	case path == "/queries.json":
		p.serveQueries(w, r)
	case path == "/rules.json":
		p.serveRules(w, r)
	case path == "/metrics.json":
		p.serveMetrics(w, r)
	case path == "/api/v1/query", path == "/api/v1/query_range":
		p.serveQuery(w, r)
	case strings.HasPrefix(path, "/api/v1/label/") && strings.HasSuffix(path, "/values"):
		p.serveLabelValues(w, r, strings.TrimSuffix(strings.TrimPrefix(path, "/api/v1/label/"), "/values"))
	default:
		files, _ := fs.Sub(page, "page")
		http.FileServerFS(files).ServeHTTP(w, r)
	}
}

func reply(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document)
}

// succeed and fail reply in the form of Prometheus.
func succeed(w http.ResponseWriter, data any) {
	reply(w, map[string]any{"status": "success", "data": data})
}

func fail(w http.ResponseWriter, err error) {
	w.WriteHeader(http.StatusBadRequest)
	reply(w, map[string]any{"status": "error", "errorType": "bad_data", "error": err.Error()})
}

func (p *Preview) serveStatus(w http.ResponseWriter, r *http.Request) {
	if err := p.drawOwn(r.Context()); err != nil {
		fail(w, err)
		return
	}
	usage := "CPU, memory and storage are those of the processes on this machine; network is made up."
	if !p.measured {
		usage = "CPU, memory, storage and network of the task are made up."
	}
	reply(w, map[string]any{
		"Title": p.options.Title, "Family": p.def.Family, "Cluster": p.cluster, "Interval": p.options.Interval.Seconds(),
		"Started": float64(p.task.Started.UnixMilli()) / 1000, "Now": float64(time.Now().UnixMilli()) / 1000, "Usage": usage, "Problems": p.problems(), "Hints": p.hints(r.Context()),
		"Dashboards": p.drawn,
	})
}

func (p *Preview) serveDashboards(w http.ResponseWriter) {
	p.drawing.Lock()
	defer p.drawing.Unlock()
	list := []json.RawMessage{}
	for _, dashboard := range p.options.Dashboards {
		list = append(list, dashboard.JSON)
	}
	reply(w, list)
}

// serveQueries gives the queries of a dashboard with its variables replaced, those for rates by the interval of the preview.
func (p *Preview) serveQueries(w http.ResponseWriter, r *http.Request) {
	step, errStep := seconds(r, "step")
	span, errRange := seconds(r, "range")
	p.drawing.Lock()
	dashboard, ok := p.dashboard[r.FormValue("dashboard")]
	p.drawing.Unlock()
	if errStep != nil || errRange != nil || !ok {
		fail(w, fmt.Errorf("expected dashboard, step and range, got %s", r.URL.RawQuery))
		return
	}
	variables := map[string]string{
		"__interval": model.Duration(step).String(), "__range": model.Duration(span).String(),
		"__rate_interval": model.Duration(max(4*p.options.Interval, step+p.options.Interval)).String(), // as Grafana does
	}
	for name, values := range r.Form {
		if name, ok := strings.CutPrefix(name, "var-"); ok {
			variables[name] = values[0]
		}
	}
	queries, err := panels.Queries(dashboard.JSON, variables)
	if err != nil && len(queries) == 0 {
		fail(w, err)
		return
	}
	reply(w, queries) // one whose variable has no value tells so when it is asked
}

func (p *Preview) serveQuery(w http.ResponseWriter, r *http.Request) {
	var value parser.Value
	end, err := moment(r, "end")
	if strings.HasSuffix(r.URL.Path, "_range") {
		start, errStart := moment(r, "start")
		step, errStep := seconds(r, "step")
		if err != nil || errStart != nil || errStep != nil {
			fail(w, fmt.Errorf("expected query, start, end and step, got %s", r.URL.RawQuery))
			return
		}
		value, err = p.world.Store.QueryRange(r.Context(), r.FormValue("query"), start, end, step)
	} else {
		at := time.Now()
		if r.FormValue("time") != "" {
			if at, err = moment(r, "time"); err != nil {
				fail(w, err)
				return
			}
		}
		value, err = p.world.Store.Query(r.Context(), r.FormValue("query"), at)
	}
	if err != nil {
		fail(w, err)
		return
	}
	if matrix, ok := value.(promql.Matrix); ok && matrix == nil {
		value = promql.Matrix{}
	}
	if vector, ok := value.(promql.Vector); ok && vector == nil {
		value = promql.Vector{}
	}
	succeed(w, map[string]any{"resultType": value.Type(), "result": value})
}

// seconds reads a number of seconds that is more than 0.
func seconds(r *http.Request, name string) (time.Duration, error) {
	n, err := strconv.ParseFloat(r.FormValue(name), 64)
	if err != nil || !(n >= 0.001 && n < 1e9) {
		return 0, fmt.Errorf("%s is %q; expected seconds", name, r.FormValue(name))
	}
	return time.Duration(n * float64(time.Second)), nil
}

func moment(r *http.Request, name string) (time.Time, error) {
	n, err := strconv.ParseFloat(r.FormValue(name), 64)
	if err != nil || !(math.Abs(n) < 1e11) {
		return time.Time{}, fmt.Errorf("%s is %q; expected seconds since 1970", name, r.FormValue(name))
	}
	return time.UnixMilli(int64(n * 1000)), nil
}

func (p *Preview) serveLabelValues(w http.ResponseWriter, r *http.Request, name string) {
	selector := r.FormValue("match[]")
	if selector == "" {
		selector = `{__name__=~".+"}`
	}
	series, err := p.world.Store.Series(r.Context(), selector, p.task.Started)
	if err != nil {
		fail(w, err)
		return
	}
	values := []string{}
	for _, s := range series {
		if value := s.Get(name); value != "" && !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	slices.Sort(values)
	succeed(w, values)
}

// Metric is what is stored under a name.
type Metric struct {
	Name   string
	Series int
	// Labels has, for each label, some of its values.
	Labels map[string][]string
}

// maxValues is how many values of a label are told.
const maxValues = 4

func (p *Preview) serveMetrics(w http.ResponseWriter, r *http.Request) {
	series, err := p.world.Store.Series(r.Context(), `{__name__=~".+"}`, p.task.Started)
	if err != nil {
		fail(w, err)
		return
	}
	list := []*Metric{}
	byName := map[string]*Metric{}
	for _, s := range series {
		name := s.Get(model.MetricNameLabel)
		metric := byName[name]
		if metric == nil {
			metric = &Metric{Name: name, Labels: map[string][]string{}}
			byName[name], list = metric, append(list, metric)
		}
		metric.Series++
		s.Range(func(l labels.Label) {
			if values := metric.Labels[l.Name]; l.Name != model.MetricNameLabel && len(values) < maxValues && !slices.Contains(values, l.Value) {
				metric.Labels[l.Name] = append(values, l.Value)
			}
		})
	}
	slices.SortFunc(list, func(a, b *Metric) int { return strings.Compare(a.Name, b.Name) })
	reply(w, list)
}

// DashboardsFolder is the end of the name of a folder of dashboards, beside the template of its stack.
const DashboardsFolder = "-dashboards"

// ReadDashboards reads the JSON files of a directory.
func ReadDashboards(dir string) (list []dashboards.Dashboard, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("there is no JSON file in %s", dir)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var head struct{ UID, Title string }
		if err := json.Unmarshal(text, &head); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if head.UID == "" || head.Title == "" {
			return nil, fmt.Errorf("%s: it has no uid or no title, so it is no dashboard as Grafana exports it", file)
		}
		list = append(list, dashboards.Dashboard{UID: head.UID, JSON: text})
	}
	return list, nil
}
