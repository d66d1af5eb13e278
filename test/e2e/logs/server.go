// Package logs emulates the front door of CloudWatch Logs for what a log group's two writing actions do, and makes metrics of events in the
// embedded metric format as CloudWatch documents it.
package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/amp"
)

// Limits of PutLogEvents. Source: Amazon CloudWatch Logs API Reference, PutLogEvents.
const (
	maxBatchBytes  = 1 << 20
	maxBatchEvents = 10_000
	eventOverhead  = 26
	maxEventBytes  = 1 << 20
	oldestEvent    = 14 * 24 * time.Hour
	newestEvent    = 2 * time.Hour
)

// Failure is how a faulty service treats a request: it waits, and then answers with an error of this status and type, or serves it if there
// is none.
type Failure struct {
	Hang   time.Duration
	Status int
	Type   string
}

// Server is CloudWatch Logs in one region, with one log group.
type Server struct {
	Group    string
	Verifier amp.Verifier

	mu      sync.Mutex
	streams []string
	data    []Datum
	calls   []Call
	fault   func() *Failure
}

// Call is a request with its answer.
type Call struct {
	At      time.Time
	Action  string
	Status  int
	Message string // why it was refused
	Faulted bool   // a fault decided, not the service
}

// SetFault installs a hook that is asked about each request; nil, or a nil Failure, means health.
func (s *Server) SetFault(fault func() *Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// Data are the values that came of all events, in the order of their arrival.
func (s *Server) Data() []Datum {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.data)
}

// Calls lists all requests.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// refusal is an error of the service, in the form of the JSON protocol.
type refusal struct {
	status  int
	kind    string
	message string
}

func (r *refusal) Error() string { return r.kind + ": " + r.message }

func refuse(kind, format string, args ...any) error {
	return &refusal{http.StatusBadRequest, kind, fmt.Sprintf(format, args...)}
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := Call{At: time.Now(), Status: http.StatusOK}
	_, call.Action, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.calls = append(s.calls, call)
	}()
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	var failure *Failure
	if fault != nil {
		failure = fault()
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 2*maxBatchBytes))
	if err != nil {
		call.Status, call.Message = 0, err.Error()
		return
	}
	if failure != nil {
		call.Faulted = true
		select {
		case <-time.After(failure.Hang):
		case <-r.Context().Done():
			call.Status = 0
			return
		}
	}
	var answer any
	if failure != nil && failure.Status != 0 {
		err = &refusal{failure.Status, failure.Type, "a fault of the test"}
	} else {
		answer, err = s.serve(r, body)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if err != nil {
		problem := &refusal{http.StatusInternalServerError, "InternalFailure", err.Error()}
		if forbidden := (*amp.Refusal)(nil); errors.As(err, &forbidden) {
			problem = &refusal{http.StatusBadRequest, "InvalidSignatureException", forbidden.Message}
		}
		errors.As(err, &problem)
		call.Status, call.Message = problem.status, problem.Error()
		w.WriteHeader(problem.status)
		answer = map[string]string{"__type": problem.kind, "message": problem.message}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (s *Server) serve(r *http.Request, body []byte) (any, error) {
	if err := s.Verifier.Verify(r, body); err != nil {
		return nil, err
	}
	switch target := r.Header.Get("X-Amz-Target"); target {
	case "Logs_20140328.CreateLogStream":
		var in cloudwatchlogs.CreateLogStreamInput
		if err := read(body, &in); err != nil {
			return nil, err
		}
		return struct{}{}, s.createStream(aws.ToString(in.LogGroupName), aws.ToString(in.LogStreamName))
	case "Logs_20140328.PutLogEvents":
		var in cloudwatchlogs.PutLogEventsInput
		if err := read(body, &in); err != nil {
			return nil, err
		}
		return map[string]string{"nextSequenceToken": "next"}, s.put(&in)
	default:
		return nil, refuse("AccessDeniedException", "the task role may not do %s", target)
	}
}

// read takes nothing that the SDK's type does not know; the names differ in their first letter's case.
func read(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return refuse("SerializationException", "%v", err)
	}
	return nil
}

func (s *Server) createStream(group, stream string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case group != s.Group:
		return refuse("ResourceNotFoundException", "The specified log group does not exist: %q.", group)
	case stream == "":
		return refuse("InvalidParameterException", "no name of a stream")
	case slices.Contains(s.streams, stream):
		return refuse("ResourceAlreadyExistsException", "The specified log stream already exists.")
	}
	s.streams = append(s.streams, stream)
	return nil
}

func (s *Server) put(in *cloudwatchlogs.PutLogEventsInput) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if aws.ToString(in.LogGroupName) != s.Group || !slices.Contains(s.streams, aws.ToString(in.LogStreamName)) {
		return refuse("ResourceNotFoundException", "The specified log stream does not exist: %q in %q.", aws.ToString(in.LogStreamName), aws.ToString(in.LogGroupName))
	}
	if n := len(in.LogEvents); n == 0 || n > maxBatchEvents {
		return refuse("InvalidParameterException", "%d events", n)
	}
	bytes, last := 0, int64(0)
	var data []Datum
	for i, event := range in.LogEvents {
		message, at := aws.ToString(event.Message), time.UnixMilli(aws.ToInt64(event.Timestamp))
		bytes += len(message) + eventOverhead
		switch age := time.Since(at); {
		case message == "" || len(message) > maxEventBytes:
			return refuse("InvalidParameterException", "event %d has %d bytes", i, len(message))
		case aws.ToInt64(event.Timestamp) < last:
			return refuse("InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.")
		case age > oldestEvent || -age > newestEvent:
			return refuse("InvalidParameterException", "event %d is %s old", i, age)
		}
		last = aws.ToInt64(event.Timestamp)
		found, err := ParseEMF([]byte(message))
		if err != nil {
			return refuse("InvalidParameterException", "not in the embedded metric format: %v: %s", err, message) // the real one would take it, and make no metric
		}
		data = append(data, found...)
	}
	if bytes > maxBatchBytes {
		return refuse("InvalidParameterException", "Upload too large: %d bytes exceeds limit of %d", bytes, maxBatchBytes)
	}
	s.data = append(s.data, data...)
	return nil
}
