package amp

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// OutOfOrderWindow is AMP's default.
const OutOfOrderWindow = 60 * time.Second

// Store is a Prometheus: its remote-write handler, its TSDB, its query engine.
type Store struct {
	db     *tsdb.DB
	engine *promql.Engine
	writer http.Handler
}

// OpenStore opens an empty store in dir. What the remote-write handler would only log, such as a dropped series with invalid
// labels, goes to log.
func OpenStore(dir string, log *slog.Logger) (*Store, error) {
	options := tsdb.DefaultOptions()
	options.OutOfOrderTimeWindow = OutOfOrderWindow.Milliseconds()
	registry := prometheus.NewRegistry()
	db, err := tsdb.Open(dir, slog.New(slog.DiscardHandler), registry, options, nil)
	if err != nil {
		return nil, err
	}
	return &Store{
		db: db,
		engine: promql.NewEngine(promql.EngineOpts{
			MaxSamples: 50_000_000, Timeout: time.Minute, EnableAtModifier: true, EnableNegativeOffset: true,
			Parser: parser.NewParser(parser.Options{}),
		}),
		// Remote write 1.0 is what AMP speaks.
		writer: remote.NewWriteHandler(log, registry, db, remoteapi.MessageTypes{remoteapi.WriteV1MessageType}, false, false, false),
	}, nil
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
