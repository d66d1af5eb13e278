// Package amp emulates the write side of Amazon Managed Service for Prometheus: a front door that verifies every request as
// AWS does, and behind it a store that takes and refuses what Cortex does, into the TSDB of a real Prometheus.
package amp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
)

// Record is what became of one request.
type Record struct {
	At             time.Time
	Status         int // 0: the connection was cut
	Bytes, Samples int
	Message        string // why it was refused
	Faulted        bool   // a fault decided, not the service
}

// Failure is how a faulty endpoint treats a request: it cuts the connection before all has been read, or waits, and then answers.
// With neither Reset nor Status the request is served normally after the wait.
type Failure struct {
	Hang   time.Duration
	Reset  bool
	Status int
}

// Server is the front door of workspaces in one region.
type Server struct {
	Workspaces []string
	Verifier   Verifier
	// Backend takes the requests that the front door lets in: a [Store], or another Cortex.
	Backend http.Handler

	mu      sync.Mutex
	records []Record
	fault   func(*http.Request) *Failure
}

// SetFault installs a hook that is asked about each request before anything else; nil, or a nil Failure, means health.
func (s *Server) SetFault(fault func(*http.Request) *Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// Records lists all requests so far.
func (s *Server) Records() []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.records)
}

// Refused lists the requests that were answered with an error that no fault asked for.
func (s *Server) Refused() []Record {
	return slices.DeleteFunc(s.Records(), func(r Record) bool { return r.Faulted || r.Status/100 == 2 })
}

func (s *Server) record(r Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = append(s.records, r)
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	record := Record{At: time.Now(), Status: http.StatusOK}
	defer func() { s.record(record) }()
	failure := s.failure(r)
	if failure != nil && failure.Reset {
		record.Faulted, record.Status = true, 0
		_, _ = io.CopyN(io.Discard, r.Body, 1<<10)
		reset(w)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 16*maxRequestBytes))
	if err != nil {
		record.Status, record.Message = 0, err.Error()
		return
	}
	record.Bytes = len(body)
	if failure != nil && applyFault(w, r, failure, &record) {
		return
	}
	samples, err := s.admit(r, body)
	if err != nil {
		refusal := &Refusal{http.StatusInternalServerError, err.Error()}
		errors.As(err, &refusal)
		record.Status, record.Message = refusal.Status, refusal.Message
		answer(w, refusal)
		return
	}
	record.Samples = samples
	r.Body = io.NopCloser(bytes.NewReader(body))
	answered := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	s.Backend.ServeHTTP(answered, r)
	record.Status, record.Message = answered.status, strings.TrimSpace(answered.message)
}

// failure asks the hook.
func (s *Server) failure(r *http.Request) *Failure {
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	if fault == nil {
		return nil
	}
	return fault(r)
}

// applyFault reports whether the fault has already dealt with the request.
func applyFault(w http.ResponseWriter, r *http.Request, failure *Failure, record *Record) bool {
	record.Faulted = true
	select {
	case <-time.After(failure.Hang):
	case <-r.Context().Done():
		record.Status = 0
		return true
	}
	if failure.Status == 0 {
		return false
	}
	record.Status = failure.Status
	answer(w, &Refusal{Status: failure.Status, Message: http.StatusText(failure.Status)})
	return true
}

// reset cuts the connection so that the peer sees a TCP reset, not an orderly close.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for {
		inner, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		conn = inner.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// admit is the front door: everything AWS checks before a sample is looked at. It counts the samples, if it can read them.
func (s *Server) admit(r *http.Request, body []byte) (samples int, err error) {
	known := slices.ContainsFunc(s.Workspaces, func(id string) bool {
		return r.URL.EscapedPath() == "/workspaces/"+id+"/api/v1/remote_write"
	})
	switch {
	case !known:
		return 0, &Refusal{http.StatusNotFound, "no such workspace or API: " + r.URL.EscapedPath()}
	case r.Method != http.MethodPost:
		return 0, &Refusal{http.StatusMethodNotAllowed, r.Method}
	}
	if err := s.Verifier.Verify(r, body); err != nil {
		return 0, err
	}
	switch {
	case len(body) > maxRequestBytes:
		return 0, &Refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("%d bytes, at most %d", len(body), maxRequestBytes)}
	case r.Header.Get("X-Prometheus-Remote-Write-Version") != "0.1.0":
		return 0, &Refusal{http.StatusBadRequest, "remote write version " + r.Header.Get("X-Prometheus-Remote-Write-Version")}
	}
	var message prompb.WriteRequest
	if raw, err := snappy.Decode(nil, body); err != nil || message.Unmarshal(raw) != nil {
		return 0, nil // for the backend to refuse
	}
	for _, series := range message.Timeseries {
		samples += len(series.Samples) + len(series.Histograms)
	}
	return samples, nil
}

// answer replies with an error in AWS' form.
func answer(w http.ResponseWriter, refusal *Refusal) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(refusal.Status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": refusal.Message})
}

// statusWriter remembers what was answered.
type statusWriter struct {
	http.ResponseWriter
	status  int
	message string
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status/100 != 2 {
		w.message += string(p)
	}
	return w.ResponseWriter.Write(p)
}
