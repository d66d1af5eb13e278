package amp

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/golang/snappy"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"golang.org/x/time/rate"
)

// Store is what is behind the front door: it takes remote writes as Cortex does, into the TSDB of a Prometheus, and has its query engine.
type Store struct {
	// Tenant is what answers call the workspace.
	Tenant string
	// Stored, if set, is told what of each request was stored.
	Stored func(*prompb.WriteRequest)

	limits Limits
	rate   *rate.Limiter
	db     *tsdb.DB
	engine *promql.Engine
}

// OpenStore opens an empty store in dir.
func OpenStore(dir string, limits Limits) (*Store, error) {
	s := &Store{Tenant: "workspace", limits: limits, rate: limits.limiter(), engine: promql.NewEngine(promql.EngineOpts{
		MaxSamples: 50_000_000, Timeout: time.Minute, EnableAtModifier: true, EnableNegativeOffset: true,
		Parser: parser.NewParser(parser.Options{}),
	})}
	options := tsdb.DefaultOptions()
	options.OutOfOrderTimeWindow = limits.OutOfOrderWindow.Milliseconds()
	options.SeriesLifecycleCallback = &counts{
		limits: &s.limits, perMetric: map[string]int{}, perSet: make([]int, len(limits.SeriesPerLabelSet)),
		total: func() int { return int(s.db.Head().NumSeries()) },
	}
	var err error
	s.db, err = tsdb.Open(dir, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), options, nil)
	return s, err
}

// ServeHTTP answers a remote write, of version 1.0: AMP speaks no other.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	message, refusal := decode(r)
	if refusal == nil {
		refusal = s.write(r.Context(), message)
	}
	if refusal != nil {
		http.Error(w, refusal.Message, refusal.Status)
	}
}

// decode reads the request.
func decode(r *http.Request) (*prompb.WriteRequest, *Refusal) {
	contentType := cmp.Or(r.Header.Get("Content-Type"), "application/x-protobuf")
	kind, err := remoteapi.ParseProtoMsg(contentType)
	switch encoding := r.Header.Get("Content-Encoding"); {
	case err != nil:
		return nil, &Refusal{http.StatusUnsupportedMediaType, err.Error()}
	case kind != remoteapi.WriteV1MessageType:
		return nil, &Refusal{http.StatusUnsupportedMediaType,
			fmt.Sprintf("%v protobuf message is not accepted by this server; only accepts %v", kind, remoteapi.WriteV1MessageType)}
	case encoding != "" && encoding != "snappy":
		return nil, &Refusal{http.StatusUnsupportedMediaType, encoding + " encoding (compression) is not accepted by this server; only snappy is acceptable"}
	}
	var message prompb.WriteRequest
	body, err := io.ReadAll(r.Body)
	if err == nil {
		body, err = snappy.Decode(nil, body)
	}
	if err == nil {
		err = message.Unmarshal(body)
	}
	if err != nil {
		return nil, badRequest("%s", err)
	}
	return &message, nil
}

// Query evaluates a PromQL expression at one time. The query is left to the garbage collector, because closing it would take
// the points of the result back.
func (s *Store) Query(ctx context.Context, expr string, at time.Time) (parser.Value, error) {
	query, err := s.engine.NewInstantQuery(ctx, s.db, nil, expr, at)
	if err != nil {
		return nil, err
	}
	result := query.Exec(ctx)
	return result.Value, result.Err
}

// QueryRange evaluates a PromQL expression at each step of a range of time.
func (s *Store) QueryRange(ctx context.Context, expr string, start, end time.Time, step time.Duration) (parser.Value, error) {
	query, err := s.engine.NewRangeQuery(ctx, s.db, nil, expr, start, end, step)
	if err != nil {
		return nil, err
	}
	result := query.Exec(ctx)
	return result.Value, result.Err
}

// DB is the TSDB, for whatever evaluates rules.
func (s *Store) DB() *tsdb.DB { return s.db }

// Engine evaluates PromQL on [Store.DB].
func (s *Store) Engine() *promql.Engine { return s.engine }

// Series lists the label sets of all series that have samples since a time and fit a PromQL selector such as {job="app"}.
func (s *Store) Series(ctx context.Context, selector string, since time.Time) ([]labels.Labels, error) {
	matchers, err := parser.NewParser(parser.Options{}).ParseMetricSelector(selector)
	if err != nil {
		return nil, err
	}
	from, to := timestamp.FromTime(since), timestamp.FromTime(time.Now().Add(time.Hour))
	querier, err := s.db.Querier(from, to)
	if err != nil {
		return nil, err
	}
	defer querier.Close()
	var all []labels.Labels
	set := querier.Select(ctx, true, &storage.SelectHints{Start: from, End: to, Func: "series"}, matchers...)
	for set.Next() {
		all = append(all, set.At().Labels())
	}
	return all, set.Err()
}

// Count counts the samples since a time of all series that fit a PromQL selector.
func (s *Store) Count(ctx context.Context, selector string, since time.Time) (samples int, err error) {
	matchers, err := parser.NewParser(parser.Options{}).ParseMetricSelector(selector)
	if err != nil {
		return 0, err
	}
	querier, err := s.db.Querier(timestamp.FromTime(since), timestamp.FromTime(time.Now().Add(time.Hour)))
	if err != nil {
		return 0, err
	}
	defer querier.Close()
	set := querier.Select(ctx, false, nil, matchers...)
	var iterator chunkenc.Iterator
	for set.Next() {
		iterator = set.At().Iterator(iterator)
		for kind := iterator.Next(); kind != chunkenc.ValNone; kind = iterator.Next() {
			if _, v := iterator.At(); !value.IsStaleNaN(v) {
				samples++
			}
		}
	}
	return samples, set.Err()
}

// Close closes the TSDB.
func (s *Store) Close() error { return s.db.Close() }
