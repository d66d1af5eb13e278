package cortex

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/amp"
)

var record = flag.Bool("record", false, "write down what Cortex answers, for make test")

const recorded = "testdata/answers.txt"

// side is one of the two that are asked.
type side interface {
	push(t *testing.T, tenant string, r request) (status int, words string)
	stored(t *testing.T, tenant string) []string
}

// TestAnswersAreThoseOfCortex sends the same bytes to the emulation of AMP and to a real Cortex, and compares every answer and every
// sample that is stored. Without a Cortex it compares the emulation with what Cortex answered when that was written down.
func TestAnswersAreThoseOfCortex(t *testing.T) {
	all := cases()
	limits := limitsOf(all)
	emulation := &emulated{limits: limits}
	if os.Getenv(Program) == "" {
		if *record {
			t.Fatalf("-record needs a Cortex in %s", Program)
		}
		want, err := os.ReadFile(recorded)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, "Cortex, as written down,", string(want), "the emulation", transcript(t, emulation, all))
		t.Logf("NOT RUN: beside a real Cortex, which make cortex does; %d answers as it once gave them", answers(all))
		return
	}
	began := time.Now()
	c := ForTest(t, limits)
	t.Logf("Cortex is ready after %s", time.Since(began).Round(10*time.Millisecond))
	theirs, ours := transcript(t, real{c}, all), transcript(t, emulation, all)
	compare(t, "Cortex", theirs, "the emulation", ours)
	if *record {
		if err := os.WriteFile(recorded, []byte(theirs), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "Cortex, as written down,", string(want), "Cortex", theirs)
	t.Logf("%d answers and what is stored in %d workspaces", answers(all), len(all))
}

// limitsOf are those of each workspace.
func limitsOf(all []testCase) map[string]amp.Limits {
	limits := map[string]amp.Limits{}
	for i, c := range all {
		own := amp.DefaultLimits()
		if c.limits != nil {
			c.limits(&own)
		}
		limits[tenant(i)] = own
	}
	return limits
}

func tenant(i int) string { return fmt.Sprintf("ws-%03d", i) }

func answers(all []testCase) (n int) {
	for _, c := range all {
		n += len(c.requests)
	}
	return n
}

// transcript is all that a side answers, and what it has stored after each case.
func transcript(t *testing.T, s side, all []testCase) string {
	t.Helper()
	var b strings.Builder
	for i, c := range all {
		fmt.Fprintf(&b, "# %s\n", c.name)
		for _, r := range c.requests {
			time.Sleep(r.after)
			status, words := s.push(t, tenant(i), r)
			fmt.Fprintf(&b, "%d %s\n", status, strings.ReplaceAll(strings.TrimSpace(words), "\n", "\\n"))
		}
		for _, line := range s.stored(t, tenant(i)) {
			fmt.Fprintf(&b, "stored %s\n", line)
		}
	}
	return invariant(b.String())
}

// variable are the parts of an answer that are other ones at each run.
var variable = regexp.MustCompile(`\b1[0-9]{12}\b|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z|addr=[0-9.:]+`)

// repeated are texts that are only long.
var repeated = regexp.MustCompile(`a{60,}|b{60,}|c{60,}|d{60,}|m{60,}|n{60,}|v{60,}|(l[0-9]{3}="v", ){9,}`)

// invariant gives times as their distance from now, leaves addresses out, and shortens what is only long.
func invariant(text string) string {
	text = repeated.ReplaceAllStringFunc(text, func(long string) string { return fmt.Sprintf("%.4s…%d bytes…", long, len(long)) })
	return variable.ReplaceAllStringFunc(text, func(part string) string {
		var ms int64
		if strings.HasPrefix(part, "addr=") {
			return "addr=ADDRESS"
		} else if when, err := time.Parse(time.RFC3339Nano, part); err == nil {
			ms = when.UnixMilli()
		} else if _, err := fmt.Sscan(part, &ms); err != nil {
			return part
		}
		return "NOW" + fmt.Sprintf("%+d", ms-now.UnixMilli())
	})
}

// compare complains of each case that two sides do not agree on.
func compare(t *testing.T, of, want, and, got string) {
	t.Helper()
	theirs, ours := strings.Split(want, "# "), strings.Split(got, "# ")
	if len(theirs) != len(ours) {
		t.Errorf("%s has %d cases, %s has %d; make cortex RECORD=yes writes down what Cortex says", of, len(theirs)-1, and, len(ours)-1)
		return
	}
	for i := range theirs {
		if theirs[i] != ours[i] {
			t.Errorf("%s says\n%s%s says\n%s", of, theirs[i], and, ours[i])
		}
	}
}

// TestEveryLimitIsHeldByACase: with any of AMP's limits a little higher, the emulation answers its case otherwise.
func TestEveryLimitIsHeldByACase(t *testing.T) {
	want, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	raised := map[string]func(*amp.Limits){
		"151 labels": func(l *amp.Limits) { l.LabelsPerSeries++ }, "name of 1,025 bytes": func(l *amp.Limits) { l.LabelNameBytes++ },
		"value of 2,049 bytes": func(l *amp.Limits) { l.LabelValueBytes++ }, "labels of 7,169 bytes": func(l *amp.Limits) { l.LabelsBytes++ },
		"metadata: help of 1,025 bytes": func(l *amp.Limits) { l.MetadataBytes++ }, "native of 201 buckets": func(l *amp.Limits) { l.HistogramBuckets++ },
		"61 min old": func(l *amp.Limits) { l.MaxAge += 2 * time.Minute }, "11 min ahead": func(l *amp.Limits) { l.MaxAhead += 2 * time.Minute },
		"window: from its own newest": func(l *amp.Limits) { l.OutOfOrderWindow += time.Millisecond },
	}
	for i, c := range cases() {
		raise := raised[c.name]
		if raise == nil {
			continue
		}
		delete(raised, c.name)
		own := amp.DefaultLimits()
		same := transcript(t, &emulated{limits: map[string]amp.Limits{tenant(0): own}}, []testCase{c})
		raise(&own)
		other := transcript(t, &emulated{limits: map[string]amp.Limits{tenant(0): own}}, []testCase{c})
		known := func(text string) bool {
			return strings.Contains(string(want), strings.ReplaceAll(text, tenant(0), tenant(i)))
		}
		if !known(same) || known(other) {
			t.Errorf("%s: with AMP's limit it is as written down: %t; with a higher one: %t", c.name, known(same), known(other))
		}
	}
	for name := range raised {
		t.Errorf("no case %s", name)
	}
}

func (r request) http() (method string, header http.Header, body []byte) {
	method, body = http.MethodPost, r.body
	if r.method != "" {
		method = r.method
	}
	if body == nil {
		body = encode(r.WriteRequest)
	}
	header = http.Header{}
	for name, value := range map[string]string{
		"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0",
	} {
		if own, ok := r.header[name]; ok {
			value = own
		}
		if value != "" {
			header.Set(name, value)
		}
	}
	return method, header, body
}

// TestRequestSizeIsOfBothForms: Cortex has one limit for the compressed body and for what it holds, and answers with a 400, which nobody
// tries again. The emulation does not: AWS does not say which size its 1 MB is of.
func TestRequestSizeIsOfBothForms(t *testing.T) {
	if os.Getenv(Program) == "" {
		t.Skip("NOT RUN: needs a Cortex; make cortex has one")
	}
	c := ForTest(t, nil)
	for series, want := range map[int]int{10_000: http.StatusOK, 30_000: http.StatusBadRequest} {
		r := send(many(series, "large")...)
		status, words := real{c}.push(t, "large", r)
		if status != want || status != http.StatusOK && !strings.Contains(words, fmt.Sprintf("received message larger than max (%d vs %d)", r.Size(), requestBytes)) {
			t.Errorf("%d series: %d %s", series, status, words)
		}
		t.Logf("%d series, %d bytes, %d compressed: %d %s", series, r.Size(), len(encode(r.WriteRequest)), status, strings.TrimSpace(words))
	}
}

// emulated is the emulation, with a store for each workspace, one after the other.
type emulated struct {
	limits map[string]amp.Limits
	store  *amp.Store
}

func (e *emulated) push(t *testing.T, tenant string, r request) (int, string) {
	t.Helper()
	if e.store == nil {
		var err error
		if e.store, err = amp.OpenStore(t.TempDir(), e.limits[tenant]); err != nil {
			t.Fatal(err)
		}
		e.store.Tenant = tenant
	}
	method, header, body := r.http()
	in := httptest.NewRequest(method, "/", bytes.NewReader(body))
	in.Header = header
	w := httptest.NewRecorder()
	e.store.ServeHTTP(w, in)
	return w.Code, w.Body.String()
}

// everything is all that a case can have stored, and end the time that it is asked at.
const everything = `{__name__=~".+"}[2h]`

func end() time.Time { return now.Add(20 * time.Minute) }

func (e *emulated) stored(t *testing.T, _ string) (lines []string) {
	t.Helper()
	result, err := e.store.Query(t.Context(), everything, end())
	if err != nil {
		t.Fatal(err)
	}
	for _, series := range result.(promql.Matrix) {
		metric := model.Metric{}
		series.Metric.Range(func(l labels.Label) {
			metric[model.LabelName(l.Name)] = model.LabelValue(string([]rune(l.Value))) // as JSON has it
		})
		var points []string
		for _, p := range series.Floats {
			points = append(points, fmt.Sprintf("%v@%d", p.F, p.T))
		}
		for _, p := range series.Histograms {
			buckets := 0
			for i := p.H.AllBucketIterator(); i.Next(); {
				if i.At().Count != 0 {
					buckets++
				}
			}
			points = append(points, nativePoint(p.H.Count, p.H.Sum, buckets, p.T))
		}
		lines = append(lines, line(metric, points))
	}
	slices.Sort(lines)
	if err := e.store.Close(); err != nil {
		t.Error(err)
	}
	e.store = nil
	return lines
}

func nativePoint(count, sum float64, buckets int, at int64) string {
	return fmt.Sprintf("{count %v sum %v buckets %d}@%d", count, sum, buckets, at)
}

func line(metric model.Metric, points []string) string {
	return metric.String() + " " + strings.Join(points, " ")
}

// real is Cortex.
type real struct{ *Cortex }

func (c real) push(t *testing.T, tenant string, r request) (int, string) {
	t.Helper()
	method, header, body := r.http()
	status, words, err := c.Do(t.Context(), method, tenant, "/api/v1/push", header, body)
	if err != nil {
		t.Fatal(err)
	}
	return status, words
}

func (c real) stored(t *testing.T, tenant string) (lines []string) {
	t.Helper()
	var result model.Matrix
	if err := c.Query(t.Context(), tenant, everything, end(), &result); err != nil {
		t.Fatal(err)
	}
	for _, series := range result {
		var points []string
		for _, p := range series.Values {
			points = append(points, fmt.Sprintf("%v@%d", float64(p.Value), p.Timestamp))
		}
		for _, p := range series.Histograms {
			points = append(points, nativePoint(float64(p.Histogram.Count), float64(p.Histogram.Sum), len(p.Histogram.Buckets), int64(p.Timestamp)))
		}
		lines = append(lines, line(series.Metric, points))
	}
	slices.Sort(lines)
	return lines
}
