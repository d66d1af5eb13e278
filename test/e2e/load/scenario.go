package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/amp"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
)

// Scenario is something that goes wrong while a contender works.
type Scenario struct {
	Name   string
	Length time.Duration
	// Begin and End start and stop the fault. Nil: nothing.
	Begin, End func(*Run) error
	// Drain is how long the contender may go on after the application has stopped, before it gets SIGTERM; it gets it at once
	// when it has delivered all. Negative: until nothing more has come for patience.
	Drain time.Duration
	Options
}

// Outcome is what became of the samples.
type Outcome struct {
	Scenario, Contender string
	Length              time.Duration
	Produced            int
	Arrived
	Lost              int
	Refused           int           // requests that AMP refused of itself
	PeakMiB           int64         // resident
	PrivateMiB        int64         // the most of it that is not of files
	RequestsPerSecond float64       // during the fault
	Recovery          time.Duration // from the end of the fault until all was stored; 0 if that never was
	StopError         error
}

// Series per scrape and interval of scenarios that do not say otherwise: 1,000 samples per second.
const (
	defaultSeries   = 2000
	defaultInterval = 2 * time.Second // also the timeout of a scrape, which must outlast a machine that is busy
)

// warmUp is how long a contender works before the fault, and patience how long it may be silent before it is told to stop.
const (
	warmUp   = 5 * time.Second
	patience = 20 * time.Second
	settling = 5 * time.Minute
)

// Run runs a contender through the scenario.
func (s Scenario) Run(c Contender) (o Outcome, err error) {
	if s.Series == 0 {
		s.Series = defaultSeries
	}
	if s.Interval == 0 {
		s.Interval = defaultInterval
	}
	o = Outcome{Scenario: s.Name, Contender: c.Name, Length: s.Length}
	r, err := Start(c, s.Options)
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := r.sleep(warmUp); err != nil {
		return o, err
	}
	began, turned := time.Now(), r.TurnedAway()
	if s.Begin != nil {
		if err := s.Begin(r); err != nil {
			return o, fmt.Errorf("%s: begin: %w", s.Name, err)
		}
	}
	if err := r.sleep(s.Length); err != nil {
		return o, err
	}
	requests, _, _ := r.Traffic(began)
	requests += r.TurnedAway() - turned
	o.RequestsPerSecond = float64(requests) / time.Since(began).Seconds()
	if s.End != nil {
		if err := s.End(r); err != nil {
			return o, fmt.Errorf("%s: end: %w", s.Name, err)
		}
	}
	ended := time.Now()
	if s.Drain < 0 {
		if err := r.sleep(2 * s.Interval); err != nil { // samples after the fault, too
			return o, err
		}
	}
	if err := r.pause(); err != nil {
		return o, err
	}
	o.Recovery = r.settle(s.Drain, ended)
	peak, private := r.Task.Collector.Peak()
	o.PeakMiB, o.PrivateMiB = peak>>20, private>>20
	o.StopError = r.Task.Stop()
	o.Produced, o.Arrived, o.Refused = r.Produced(), r.Ledger.Arrived(), len(r.AMP.Refused())
	// A request that was answered with an error may have left some, so Prometheus is asked.
	o.Stored, err = r.Store.Count(context.Background(), `{__name__=~"load_.+"}`, r.Started)
	o.Lost = o.Produced - o.Stored
	return o, err
}

// sleep waits, and complains if the contender ends.
func (r *Run) sleep(d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-r.Task.Collector.Done():
		return fmt.Errorf("the contender ended:\n%s", r.Task.Collector.Log())
	}
}

// pause stops the application, and waits for the scrape that is under way: the collector may not have taken in the answer yet.
func (r *Run) pause() error {
	r.App.Pause()
	return r.sleep(200 * time.Millisecond)
}

// settle waits until all is stored or there is no more to wait for.
func (r *Run) settle(drain time.Duration, ended time.Time) time.Duration {
	limit, silence := drain, drain
	if drain < 0 {
		limit, silence = settling, patience
	}
	began, last, since := time.Now(), -1, time.Now()
	for time.Since(began) < limit && time.Since(since) < silence {
		arrived := r.Ledger.Arrived().Stored
		if arrived == r.Produced() {
			return time.Since(ended)
		}
		if arrived != last {
			last, since = arrived, time.Now()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return 0
}

// Failing makes every request fail so.
func Failing(f amp.Failure) func(*Run) error {
	return func(r *Run) error {
		r.AMP.SetFault(func(*http.Request) *amp.Failure { return &f })
		return nil
	}
}

// Unreachable makes the network fail so.
func Unreachable(state harness.Reachability) func(*Run) error {
	return func(r *Run) error {
		r.Reach(state)
		return nil
	}
}

// Healthy ends every fault of the endpoint. What still hangs is not answered.
func Healthy(r *Run) error {
	r.AMP.SetFault(nil)
	r.Reach(harness.Reachable)
	r.Skew(0)
	return nil
}

// Endpoint lists the faults of the endpoint, with the given length.
func Endpoint(length time.Duration) []Scenario {
	faults := []struct {
		name  string
		begin func(*Run) error
	}{
		{"503", Failing(amp.Failure{Status: http.StatusServiceUnavailable})},
		{"429", Failing(amp.Failure{Status: http.StatusTooManyRequests})},
		{"hang", Failing(amp.Failure{Hang: time.Hour})},
		{"refused", Unreachable(harness.Refused)},
		{"no such name", Unreachable(harness.Unresolvable)},
	}
	var all []Scenario
	for _, f := range faults {
		all = append(all, Scenario{Name: f.name, Length: length, Begin: f.begin, End: Healthy, Drain: -1})
	}
	return all
}
