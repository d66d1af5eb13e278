package amp

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/promql"
)

func newServer(t *testing.T) *Server {
	t.Helper()
	server := &Server{Workspaces: []string{workspace}, Verifier: verifier()}
	store, err := OpenStore(t.TempDir(), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	server.Backend = store
	return server
}

// write is a remote-write body of one sample.
func write(t *testing.T, at time.Time, value float64, labels ...prompb.Label) []byte {
	t.Helper()
	message := prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
		Labels: labels, Samples: []prompb.Sample{{Timestamp: at.UnixMilli(), Value: value}},
	}}}
	return encode(t, message)
}

func encode(t *testing.T, message prompb.WriteRequest) []byte {
	t.Helper()
	raw, err := message.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return snappy.Encode(nil, raw)
}

func post(t *testing.T, server *Server, body []byte, change func(*http.Request)) int {
	t.Helper()
	r := received(signing{credentials: issued, service: "aps", region: "eu-west-1", at: time.Now(), body: body}.request(t), body)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	return w.Code
}

func orders(name string) []prompb.Label { return []prompb.Label{{Name: "__name__", Value: name}} }

func TestAcceptedSamplesCanBeQueried(t *testing.T) {
	server, now := newServer(t), time.Now()
	if status := post(t, server, write(t, now, 3, orders("orders_total")...), nil); status/100 != 2 {
		t.Fatalf("status %d: %+v", status, server.Records())
	}
	result, err := server.Backend.(*Store).Query(context.Background(), "orders_total + 1", now)
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := result.(promql.Vector); !ok || len(v) != 1 || v[0].F != 4 {
		t.Errorf("got %v, expected 4", result)
	}
	series, err := server.Backend.(*Store).Series(context.Background(), `{__name__=~"orders.*"}`, now.Add(-time.Minute))
	if err != nil || len(series) != 1 {
		t.Errorf("got series %v, %v", series, err)
	}
	if records := server.Records(); len(records) != 1 || records[0].Samples != 1 || records[0].Bytes == 0 {
		t.Errorf("got records %+v", records)
	}
}

func TestFrontDoorRefuses(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		body   []byte
		change func(*http.Request)
		status int
	}{
		"another workspace": {change: func(r *http.Request) { r.URL.Path = "/workspaces/ws-other/api/v1/remote_write" }, status: 404},
		"a doubled slash":   {change: func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "/api", "//api", 1) }, status: 404},
		"GET":               {change: func(r *http.Request) { r.Method = http.MethodGet }, status: 405},
		"bad signature":     {change: func(r *http.Request) { r.Header.Set("X-Amz-Date", "20200101T000000Z") }, status: 403},
		"gzip":              {change: func(r *http.Request) { r.Header["Content-Encoding"] = []string{"gzip"} }, status: 403},
		"more than 1 MB":    {body: make([]byte, maxRequestBytes+1), status: 413},
		"not snappy":        {body: []byte("not snappy"), status: 400},
		"out of order":      {body: write(t, now.Add(-2*time.Minute), 1, orders("ordered")...), status: 400},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t)
			if status := post(t, server, write(t, now, 1, orders("ordered")...), nil); status/100 != 2 {
				t.Fatalf("status %d", status)
			}
			if c.body == nil {
				c.body = write(t, now, 1, orders("other")...)
			}
			if status := post(t, server, c.body, c.change); status != c.status {
				t.Errorf("status %d, expected %d", status, c.status)
			}
			if refused := server.Refused(); len(refused) == 0 || refused[len(refused)-1].Message == "" {
				t.Errorf("not recorded with a reason: %+v", refused)
			}
		})
	}
}

func TestSamplesWithinTheOutOfOrderWindowAreStored(t *testing.T) {
	server, now := newServer(t), time.Now()
	for _, age := range []time.Duration{0, 50 * time.Second} {
		if status := post(t, server, write(t, now.Add(-age), 1, orders("ordered")...), nil); status/100 != 2 {
			t.Errorf("%s old: status %d", age, status)
		}
	}
}

// TestOneBadSeriesCostsNoOther: what is good of a request is stored, though the answer is a 400; and Stored is told of just that.
func TestOneBadSeriesCostsNoOther(t *testing.T) {
	server, now := newServer(t), time.Now()
	store := server.Backend.(*Store)
	var told int
	store.Stored = func(message *prompb.WriteRequest) { told += len(message.Timeseries) }
	message := prompb.WriteRequest{}
	for _, name := range []string{"first", "", "last"} {
		message.Timeseries = append(message.Timeseries, prompb.TimeSeries{Labels: orders(name), Samples: []prompb.Sample{{Timestamp: now.UnixMilli(), Value: 1}}})
	}
	if status := post(t, server, encode(t, message), nil); status != http.StatusBadRequest {
		t.Errorf("status %d", status)
	}
	if stored, err := store.Count(t.Context(), `{__name__=~".+"}`, now.Add(-time.Minute)); stored != 2 || err != nil || told != 2 {
		t.Errorf("%d samples are stored, and %d told of (%v), expected 2", stored, told, err)
	}
	if refused := server.Refused(); len(refused) != 1 || refused[0].Message != `sample invalid metric name: ""` || refused[0].Samples != 3 {
		t.Errorf("got %+v", refused)
	}
}

func TestFaultsAreAppliedAndRecorded(t *testing.T) {
	server := newServer(t)
	front := httptest.NewServer(server)
	defer front.Close()
	body := write(t, time.Now(), 1, orders("orders_total")...)
	failures := map[string]*Failure{
		"503": {Status: 503}, "429": {Status: 429}, "400": {Status: 400}, "413": {Status: 413}, "reset": {Reset: true}, "hang": {Hang: time.Hour},
	}
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			server.SetFault(func(*http.Request) *Failure { return failure })
			r := signing{credentials: issued, service: "aps", region: "eu-west-1", at: time.Now(), body: body}.request(t)
			r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(front.URL, "http://")
			timeout := 10 * time.Second
			if failure.Hang > 0 {
				timeout = 200 * time.Millisecond
			}
			resp, err := (&http.Client{Timeout: timeout}).Do(r)
			status := 0
			if err == nil {
				status = resp.StatusCode
				_ = resp.Body.Close()
			}
			if status != failure.Status {
				t.Errorf("got %d (%v), expected %d", status, err, failure.Status)
			}
		})
	}
	if refused := server.Refused(); len(refused) != 0 {
		t.Errorf("faults are not refusals: %+v", refused)
	}
	for deadline := time.Now().Add(10 * time.Second); len(server.Records()) < len(failures) && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond) // the client of a cut connection knows before the record is written
	}
	if records := server.Records(); len(records) != len(failures) || slices.ContainsFunc(records, func(r Record) bool { return !r.Faulted }) {
		t.Errorf("got the records %+v, expected a fault for each of %d", records, len(failures))
	}
}
