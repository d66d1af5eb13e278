package load

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/prometheus/prompb"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/amp"
)

// Ledger keeps account of the samples of an [App] that a store has taken.
type Ledger struct {
	mu       sync.Mutex
	series   map[string]*account
	result   Arrived
	lags     map[time.Duration]int // how many samples arrived after how long, to the hundredth of a second
	labelled map[int]int           // how many samples had so many labels
}

// account is what is known of one series.
type account struct {
	scrapes map[int]bool
	last    int
}

// Arrived sums up a ledger.
type Arrived struct {
	Stored     int // different samples
	Duplicates int // samples that had been stored already
	OutOfOrder int // samples older than what their series had
}

// NewLedger watches a store.
func NewLedger(store *amp.Store) *Ledger {
	l := &Ledger{series: map[string]*account{}, lags: map[time.Duration]int{}, labelled: map[int]int{}}
	store.Stored = l.accept
	return l
}

func (l *Ledger) accept(message *prompb.WriteRequest) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range message.Timeseries {
		series := &message.Timeseries[i]
		key := keyOf(series.Labels)
		if key == "" {
			continue // of no App: the collector's own, of the task, up
		}
		a := l.series[key]
		if a == nil {
			a = &account{scrapes: map[int]bool{}}
			l.series[key] = a
		}
		l.labelled[len(series.Labels)] += len(series.Samples)
		for _, sample := range series.Samples {
			if sample.Value != sample.Value { // a staleness marker
				continue
			}
			scrape := int(sample.Value)
			switch {
			case a.scrapes[scrape]:
				l.result.Duplicates++
				continue
			case scrape < a.last:
				l.result.OutOfOrder++
			}
			a.scrapes[scrape] = true
			a.last = max(a.last, scrape)
			l.result.Stored++
			l.lags[now.Sub(time.UnixMilli(sample.Timestamp)).Round(10*time.Millisecond)]++
		}
	}
}

// keyOf names a series of an App; "" for all others.
func keyOf(labels []prompb.Label) string {
	var name, route string
	for _, label := range labels {
		switch label.Name {
		case "__name__":
			name = label.Value
		case "route":
			route = label.Value
		}
	}
	if !strings.HasPrefix(name, "load_") {
		return ""
	}
	return name + route
}

// Arrived sums up what has arrived so far.
func (l *Ledger) Arrived() Arrived {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.result
}

// Lag is how long after its scrape a sample was accepted: the median and the worst.
func (l *Ledger) Lag() (median, worst time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []time.Duration
	total := 0
	for lag, n := range l.lags {
		all = append(all, lag)
		total += n
	}
	slices.Sort(all)
	if len(all) == 0 {
		return 0, 0
	}
	half := 0
	for _, lag := range all {
		if half += l.lags[lag]; half*2 >= total {
			median = lag
			break
		}
	}
	return median, all[len(all)-1]
}

// Labels is how many labels most samples have, their name among them.
func (l *Ledger) Labels() (count int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for labels, n := range l.labelled {
		if n > l.labelled[count] {
			count = labels
		}
	}
	return count
}
