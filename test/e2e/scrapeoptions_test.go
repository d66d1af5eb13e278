package e2e

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// The credentials look like numbers, because YAML would make numbers of them: an octal one, and one with an exponent. They are long,
// so that the log has them only if it has the credentials.
const (
	numericPassword = "01234567012345670"
	numericToken    = "12345678901234567e3"
)

// endpoints are scraped applications that differ in how they let themselves be scraped.
type endpoints struct {
	plain, basic, bearer, tls, native, clashing string
	ca                                          string // PEM, several lines
}

func serveEndpoints(t *testing.T) endpoints {
	t.Helper()
	guarded := func(allowed func(*http.Request) bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if !allowed(r) {
				http.Error(w, "who are you", http.StatusUnauthorized)
				return
			}
			w.Header().Set("Content-Type", "text/plain; version=0.0.4")
			_, _ = fmt.Fprint(w, exposition)
		}
	}
	anybody := guarded(func(*http.Request) bool { return true })
	serve := func(handler http.Handler) string {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		return server.Listener.Addr().String()
	}
	secure := httptest.NewUnstartedServer(anybody)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // one job does not trust it
	secure.StartTLS()
	t.Cleanup(secure.Close)

	registry := prometheus.NewRegistry()
	histogram := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "native_seconds", Help: "h", NativeHistogramBucketFactor: 1.1})
	registry.MustRegister(histogram)
	for _, seconds := range []float64{0.5, 1, 4} {
		histogram.Observe(seconds)
	}
	return endpoints{
		plain: serve(anybody),
		basic: serve(guarded(func(r *http.Request) bool {
			user, password, _ := r.BasicAuth()
			return user == "reader" && password == numericPassword
		})),
		bearer: serve(guarded(func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer "+numericToken })),
		tls:    secure.Listener.Addr().String(),
		native: serve(promhttp.HandlerFor(registry, promhttp.HandlerOpts{})),
		clashing: serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4")
			_, _ = fmt.Fprintln(w, `inner_gauge{job="inner"} 3`)
		})),
		ca: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})),
	}
}

// jobs use one option each. Each job's name is the option's.
func (e endpoints) jobs() []collector.ScrapeJob {
	jobs := []collector.ScrapeJob{
		{Name: "basic", Targets: []string{e.basic}, BasicAuth: &collector.BasicAuth{Username: "reader", Password: "PASSWORD"}},
		{Name: "bearer", Targets: []string{e.bearer}, BearerToken: "TOKEN"},
		{Name: "nobody", Targets: []string{e.basic}},
		{Name: "ca", Targets: []string{e.tls}, Tls: &collector.TLS{CaCertificate: "CA"}},
		{Name: "server-name", Targets: []string{e.tls}, Tls: &collector.TLS{CaCertificate: "CA", ServerName: "example.com"}},
		{Name: "other-name", Targets: []string{e.tls}, Tls: &collector.TLS{CaCertificate: "CA", ServerName: "example.org"}},
		{Name: "skip-verify", Targets: []string{e.tls}, Tls: &collector.TLS{InsecureSkipVerify: true}},
		{Name: "distrust", Targets: []string{e.tls}, Scheme: "https"},
		{
			Name: "rules", Targets: []string{e.plain}, KeepMetrics: []string{"web_requests_total", "web_(wait|sess).*"}, DropMetrics: []string{".*_sessions"},
			StaticLabels: map[string]string{"tier": "b$2"},
			Relabel: []collector.RelabelRule{
				{SourceLabels: []string{"code"}, Regex: "(.)00", TargetLabel: "class", Replacement: "${1}xx"},
				{Action: collector.RelabelLabelMap, Regex: "c(od)e", Replacement: "k$1"},
				{Action: collector.RelabelLabelDrop, Regex: "code"},
			},
		},
		{Name: "honor-labels", Targets: []string{e.clashing}, HonorLabels: true},
		{Name: "exported", Targets: []string{e.clashing}},
		{Name: "native", Targets: []string{e.native}, NativeHistograms: true},
		{Name: "sample-limit", Targets: []string{e.plain}, SampleLimit: "3"},
		{Name: "body-limit", Targets: []string{e.plain}, BodySizeLimit: "10B"},
		{Name: "label-limit", Targets: []string{e.plain}, LabelValueLengthLimit: "2"},
		{Name: "two", Targets: []string{e.plain, e.native}},
	}
	for i := range jobs {
		jobs[i].Interval = shortly()
	}
	return jobs
}

// TestScrapeOptionsDoWhatTheySay scrapes endpoints that insist on them.
func TestScrapeOptionsDoWhatTheySay(t *testing.T) {
	t.Parallel()
	e := serveEndpoints(t)
	s := runSidecar(t, collector.Config{Scrape: e.jobs()}, sidecarOptions{Env: map[string]string{
		"PASSWORD": numericPassword, "TOKEN": numericToken, "CA": e.ca,
	}})
	want := map[string]float64{
		`up{job="two",target="` + e.plain + `"}`: 1, `up{job="two",target="` + e.native + `"}`: 1,
		`web_sessions{job="two",target="` + e.plain + `"}`: 4,

		`web_requests_total{job="rules",kod="200",code="",class="2xx",tier="b$2"}`: 17,
		`web_wait_seconds{job="rules",quantile="0.5",tier="b$2"}`:                  0.25,
		`count({job="rules",__name__=~"web_.*"})`:                                  4, // the counter and the parts of the summary

		`inner_gauge{job="inner"}`: 3, `inner_gauge{job="exported",exported_job="inner"}`: 3,
		`histogram_count(native_seconds{job="native"})`: 3, `histogram_sum(native_seconds{job="native"})`: 5.5,
		`native_seconds_count{job="two"}`: 3, // the classic form where native histograms are not asked for
	}
	for _, job := range []string{"basic", "bearer", "ca", "server-name", "skip-verify", "rules", "honor-labels", "exported", "native"} {
		want[fmt.Sprintf("up{job=%q}", job)] = 1
	}
	for _, job := range []string{"basic", "bearer", "ca", "server-name", "skip-verify"} {
		want[fmt.Sprintf("web_sessions{job=%q}", job)] = 4
	}
	refused := []string{"nobody", "other-name", "distrust", "sample-limit", "body-limit", "label-limit"}
	for _, job := range refused {
		want[fmt.Sprintf("up{job=%q}", job)] = 0
	}
	eventually(t, s.Task, 20*time.Second, func() string { return s.stored(t, want) })
	for _, series := range s.all(t) {
		for _, job := range refused {
			if series.Get("job") == job && strings.HasPrefix(series.Get("__name__"), "web_") {
				t.Errorf("a scrape that must fail stored %s", series)
			}
		}
	}
	if log := s.Collector.Log(); strings.Contains(log, numericPassword) || strings.Contains(log, numericToken) {
		t.Error("the log holds a credential")
	}
	s.finish(t, scrapeFailed)
}

// TestTimestampsOfAnExposition scrapes samples that carry a timestamp. By default they have the time of the scrape, so none is too
// old; with HonorTimestamps they keep theirs, AMP refuses an old one, and what is said about the scrape is stored all the same.
func TestTimestampsOfAnExposition(t *testing.T) {
	t.Parallel()
	recent := time.Now().Add(-20 * time.Second).UnixMilli()
	old := serveText(t, textFormat, "requests_total 5 1395066363000\n")
	jobs := func(honor bool) []collector.ScrapeJob {
		return []collector.ScrapeJob{
			{Name: "old", Interval: shortly(), Targets: []string{old}, HonorTimestamps: honor},
			{Name: "recent", Interval: shortly(), Targets: []string{serveText(t, textFormat, fmt.Sprintf("requests_total 5 %d\n", recent))}, HonorTimestamps: honor},
		}
	}
	t.Run("default", func(t *testing.T) {
		t.Parallel()
		s := runSidecar(t, collector.Config{Scrape: jobs(false)}, sidecarOptions{})
		eventually(t, s.Task, 20*time.Second, func() string {
			return s.stored(t, map[string]float64{
				`requests_total{job="old"}`: 5, `up{job="old"}`: 1, fmt.Sprintf(`timestamp(requests_total{job="recent"}) > bool %d`, recent/1000): 1,
			})
		})
		s.finish(t)
	})
	for name, delivery := range map[string]collector.Delivery{"two hops": {}, "one hop": {OneHop: true}} {
		t.Run("honored in "+name, func(t *testing.T) {
			t.Parallel()
			s := runSidecar(t, collector.Config{Scrape: jobs(true), Delivery: delivery}, sidecarOptions{})
			eventually(t, s.Task, 20*time.Second, func() string {
				return s.stored(t, map[string]float64{
					`count_over_time(up{job="old"}[1m]) > bool 2`: 1, `scrape_samples_scraped{job="old"}`: 1, `up{job="recent"}`: 1,
					`timestamp(requests_total{job="recent"})`: float64(recent) / 1000,
				})
			})
			if n := len(s.vector(t, `requests_total{job="old"}`)); n != 0 {
				t.Errorf("%d series of an old sample", n)
			}
			s.stopWell(t, s.Task, "failed to send WriteRequest", "Permanent error")
			for _, record := range s.AMP.Refused() {
				if !strings.Contains(record.Message, "timestamp too old") {
					t.Errorf("AMP refused a request: %d %s", record.Status, record.Message)
				}
			}
		})
	}
}

// TestParamsAreSent scrapes an endpoint that answers with the parameters of the request.
func TestParamsAreSent(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", textFormat)
		for name, values := range r.URL.Query() {
			_, _ = fmt.Fprintf(w, "param{name=%q,values=%q} %d\n", name, strings.Join(values, " "), len(values))
		}
	}))
	t.Cleanup(server.Close)
	s := runSidecar(t, collector.Config{Scrape: []collector.ScrapeJob{{
		Name: "params", Interval: shortly(), Targets: []string{server.Listener.Addr().String()},
		Params: collector.Params{"format": {"prometheus"}, "a": {"0x1", "$c", "x y&z"}},
	}}}, sidecarOptions{})
	eventually(t, s.Task, 20*time.Second, func() string {
		return s.stored(t, map[string]float64{`param{name="format",values="prometheus"}`: 1, `param{name="a",values="0x1 $c x y&z"}`: 3, `count(param)`: 2})
	})
	s.finish(t)
}
