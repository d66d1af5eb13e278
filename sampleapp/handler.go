package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// menu bounds the item label: whatever clients send, there are no more series than this.
var menu = []string{"tea", "coffee", "cake"}

func newHandler(m metrics) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "sampleapp: takes orders and counts them as Prometheus or OpenTelemetry metrics\n")
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "ok\n")
	})

	orders := make([]atomic.Int64, len(menu))
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		item := r.URL.Query().Get("item")
		i := slices.Index(menu, item)
		if i < 0 {
			http.Error(w, fmt.Sprintf("item is %q, expected %s", item, strings.Join(menu, " or ")), http.StatusBadRequest)
			return
		}
		count := orders[i].Add(1)
		m.orderHandled(r.Context(), item, time.Since(start))
		fmt.Fprint(w, count)
	})
	mux.HandleFunc("POST /queue", func(w http.ResponseWriter, r *http.Request) {
		value := r.URL.Query().Get("depth")
		depth, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			http.Error(w, fmt.Sprintf("depth is %q, expected a whole number from 0 to 4294967295", value), http.StatusBadRequest)
			return
		}
		m.queueDepth(r.Context(), uint32(depth))
	})

	if h := m.handler(); h != nil {
		mux.Handle("GET /metrics", h)
	}
	return mux
}
