package main

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// answer sends one request to the handler.
func answer(h http.Handler, method, target string) (status int, body string) {
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, httptest.NewRequest(method, target, nil))
	return recorder.Code, recorder.Body.String()
}

// eachInstrumentation runs the test with both; the exports of the OpenTelemetry one go to receiver.
func eachInstrumentation(t *testing.T, test func(t *testing.T, m metrics, receiver *otlpReceiver)) {
	t.Run("prometheus", func(t *testing.T) {
		test(t, newPrometheusMetrics(), nil)
	})
	t.Run("opentelemetry", func(t *testing.T) {
		m, receiver := newExported(t, protocolHTTP, nil)
		test(t, m, receiver)
	})
}

func TestEndpoints(t *testing.T) {
	const (
		badItem  = ", expected tea or coffee or cake\n"
		badDepth = ", expected a whole number from 0 to 4294967295\n"
	)
	tests := []struct {
		method, target string
		status         int
		body           string
	}{
		{"GET", "/", 200, "sampleapp: takes orders and counts them as Prometheus or OpenTelemetry metrics\n"},
		{"HEAD", "/", 200, ""},
		{"GET", "/healthz", 200, "ok\n"},
		{"GET", "/nothing", 404, ""},
		{"POST", "/orders?item=tea", 200, "1"},
		{"POST", "/orders?item=cake", 200, "1"},
		{"POST", "/orders?item=tea", 200, "2"},
		{"POST", "/orders?item=juice", 400, `item is "juice"` + badItem},
		{"POST", "/orders?item=Tea", 400, `item is "Tea"` + badItem},
		{"POST", "/orders", 400, `item is ""` + badItem},
		{"GET", "/orders?item=tea", 405, ""},
		{"POST", "/queue?depth=7", 200, ""},
		{"POST", "/queue?depth=0", 200, ""},
		{"POST", "/queue?depth=many", 400, `depth is "many"` + badDepth},
		{"POST", "/queue?depth=-1", 400, `depth is "-1"` + badDepth},
		{"POST", "/queue?depth=NaN", 400, `depth is "NaN"` + badDepth},
		{"POST", "/queue?depth=4294967296", 400, `depth is "4294967296"` + badDepth},
		{"POST", "/queue", 400, `depth is ""` + badDepth},
		{"GET", "/queue?depth=7", 405, ""},
	}
	eachInstrumentation(t, func(t *testing.T, m metrics, _ *otlpReceiver) {
		h := newHandler(m)
		for _, test := range tests {
			status, body := answer(h, test.method, test.target)
			if status != test.status {
				t.Errorf("%s %s: status %d, want %d", test.method, test.target, status, test.status)
			}
			if (test.body != "" || status == 200 && test.method != "HEAD") && body != test.body {
				t.Errorf("%s %s: body %q, want %q", test.method, test.target, body, test.body)
			}
		}
	})
}

func TestConcurrentOrdersAreAllCounted(t *testing.T) {
	eachInstrumentation(t, func(t *testing.T, m metrics, receiver *otlpReceiver) {
		const clients, each = 8, 50
		h := newHandler(m)
		var highest [clients]int
		var wg sync.WaitGroup
		for c := range clients {
			wg.Go(func() {
				for range each {
					_, body := answer(h, "POST", "/orders?item=coffee")
					highest[c], _ = strconv.Atoi(body)
				}
			})
		}
		wg.Wait()
		last := 0
		for _, n := range highest {
			last = max(last, n)
		}
		if last != clients*each {
			t.Errorf("the last answer was %d, want %d", last, clients*each)
		}
		if receiver == nil {
			_, text := answer(h, "GET", "/metrics")
			if want := `sampleapp_orders_total{item="coffee"} 400` + "\n"; !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
			return
		}
		if err := m.shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := receiver.last(t).orders(t)["coffee"]; got != clients*each {
			t.Errorf("exported %d orders, want %d", got, clients*each)
		}
	})
}
