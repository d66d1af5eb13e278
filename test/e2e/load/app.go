// Package load measures a collector: an application whose samples can be told apart, a ledger of what of them arrives, and the
// contenders that carry them.
package load

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// App serves /metrics with a fixed number of series, or pushes them. The value of every sample is the number of the scrape or push that
// got it, from 1, so that the ledger knows each sample by its series and its value.
type App struct {
	// Series is how many samples a scrape or a push has.
	Series int
	// Trouble, if set, changes how a scrape is answered. Such a scrape counts as produced if the collector could take it.
	Trouble func(scrape int) Trouble

	listener net.Listener
	http     *http.Server
	closed   chan struct{}
	names    []string // of the series, without value

	mu      sync.Mutex
	scrapes int
	served  int // scrapes that got all of the samples
	paused  bool
}

// Trouble is one odd answer.
type Trouble struct {
	Delay     time.Duration // before the answer
	Malformed bool          // a line that is no metric, in the middle
	Extra     int           // so many more series, other ones each time
	TooOld    bool          // one more sample, of two hours ago, which no Prometheus takes
	LongLabel bool          // one more sample, with a label of 3 KB, in a push
	Lost      bool          // the collector is expected to take nothing of it
}

// seriesPerMetric is how many series share a name, as those of one metric of an application do.
const seriesPerMetric = 100

// NewApp starts an application on a free loopback port.
func NewApp(series int) (*App, error) {
	a := &App{Series: series, closed: make(chan struct{})}
	for i := range series {
		// Half of the metrics are counters, half gauges, each with two labels of its own.
		metric, kind := i/seriesPerMetric, "_total"
		if metric%2 == 1 {
			kind = ""
		}
		a.names = append(a.names, fmt.Sprintf(`load_%03d%s{route="/api/v1/%d",code="200"} `, metric, kind, i%seriesPerMetric))
	}
	var err error
	if a.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	a.http = &http.Server{Handler: a}
	go func() { _ = a.http.Serve(a.listener) }()
	return a, nil
}

// Address is the host:port of the application.
func (a *App) Address() string { return a.listener.Addr().String() }

// Pause makes the application answer scrapes with an error, so that nothing more is produced.
func (a *App) Pause() { a.setPaused(true) }

// Resume ends a pause.
func (a *App) Resume() { a.setPaused(false) }

func (a *App) setPaused(paused bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.paused = paused
}

// Close stops the application.
func (a *App) Close() error {
	close(a.closed)
	return a.http.Close()
}

// Served is how many scrapes got all samples.
func (a *App) Served() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.served
}

func (a *App) begin() (scrape int, paused bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.paused {
		return 0, true
	}
	a.scrapes++
	return a.scrapes, false
}

func (a *App) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	scrape, paused := a.begin()
	if paused {
		http.Error(w, "paused", http.StatusServiceUnavailable)
		return
	}
	var trouble Trouble
	if a.Trouble != nil {
		trouble = a.Trouble(scrape)
	}
	time.Sleep(trouble.Delay)
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	if _, err := w.Write(a.page(scrape, trouble)); err != nil || trouble.Lost {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.served++
}

func (a *App) page(scrape int, trouble Trouble) []byte {
	value := strconv.Itoa(scrape) + "\n"
	page := make([]byte, 0, len(a.names)*48)
	for i, name := range a.names {
		if i%seriesPerMetric == 0 {
			metric, _, _ := strings.Cut(name, "{")
			kind := "gauge"
			if strings.HasSuffix(metric, "_total") {
				kind = "counter"
			}
			page = fmt.Appendf(page, "# TYPE %s %s\n", metric, kind)
		}
		if trouble.Malformed && i == len(a.names)/2 {
			page = append(page, "this is } not a metric\n"...)
		}
		page = append(append(page, name...), value...)
	}
	for i := range trouble.Extra {
		page = fmt.Appendf(page, "exploded{id=\"%d-%d\"} %d\n", scrape, i, scrape)
	}
	if trouble.TooOld {
		page = fmt.Appendf(page, "too_old %d %d\n", scrape, time.Now().Add(-2*time.Hour).UnixMilli())
	}
	return page
}
