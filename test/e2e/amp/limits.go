package amp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"golang.org/x/time/rate"
)

// This file is all that the emulation knows of what AMP takes. AMP is made of Cortex, so it checks, stores and answers as Cortex v1.21.1
// does: series by series, what is good is stored, and the first reason is the answer to all of it. make cortex compares every rule here
// with a real Cortex.

// Limits are what a workspace takes. Zero is no limit, but for OutOfOrderWindow.
type Limits struct {
	// LabelsPerSeries counts the name too.
	LabelsPerSeries int
	// LabelNameBytes, LabelValueBytes and LabelsBytes are of one name, one value, and all labels of a series as protobuf.
	LabelNameBytes, LabelValueBytes, LabelsBytes int
	// MetadataBytes is of the name of a metric, its help and its unit, each.
	MetadataBytes int
	// MaxAge and MaxAhead are how far a sample's time may be from now.
	MaxAge, MaxAhead time.Duration
	// OutOfOrderWindow is how much older than the newest sample of the workspace a sample may be, unless its series has none newer.
	OutOfOrderWindow time.Duration
	// HistogramBuckets is of a native histogram. One with more is made coarser, if it can be.
	HistogramBuckets int
	// Series, SeriesPerMetric and SeriesPerLabelSet count active series.
	Series, SeriesPerMetric int
	SeriesPerLabelSet       []LabelSetLimit
	// Rate is of samples, exemplars and metadata per second. Burst is the most of them at once.
	Rate  float64
	Burst int
}

// LabelSetLimit bounds the series that have all of some labels. The one without labels bounds those that no other one bounds.
type LabelSetLimit struct {
	Labels map[string]string
	Series int
}

// DefaultLimits are those of a new workspace.
//
// "Quotas" is the page "Amazon Managed Service for Prometheus service quotas" of AMP's user guide, as it was in 2026. We could read parts of
// it in copies; "second hand" marks a figure that we have from others who read it. AWS does not document the rest, so that is Cortex'
// default: the page "Troubleshoot errors", for instance, has label_value_too_long among the reasons of discarded samples, without a number.
func DefaultLimits() Limits {
	return Limits{
		LabelsPerSeries:  150,              // Quotas, "Labels per metric series", second hand; it was 70 before
		LabelNameBytes:   1024,             // Cortex' validation.max-length-label-name
		LabelValueBytes:  2048,             // Cortex' validation.max-length-label-value
		LabelsBytes:      7 << 10,          // Quotas, "Label size", second hand
		MetadataBytes:    1 << 10,          // Quotas, "Metadata length", second hand; Cortex' default too
		MaxAge:           time.Hour,        // Quotas, second hand: samples older than 1 hour are refused
		MaxAhead:         10 * time.Minute, // Cortex' validation.create-grace-period
		OutOfOrderWindow: 60 * time.Second, // the page "Configure your workspace"; 0 to 600 s can be set
		HistogramBuckets: 200,              // Quotas, second hand
		Series:           50_000_000,       // Quotas, "Active series per workspace"
		Rate:             1_666_666,        // Quotas, "Ingestion rate per workspace", second hand: 1/30 of the active series
		Burst:            1_000_000,        // Quotas, "Ingestion burst size per workspace", in an older copy
	}
}

// maxRequestBytes is the size of a request. The front door checks it, not the store.
// Source: Quotas, "Request size": 1 MB. AWS does not say of what, so only the compressed body is counted. Cortex' own limit counts the
// body and what it holds (TestRequestSizeIsOfBothForms).
const maxRequestBytes = 1 << 20

func badRequest(format string, args ...any) *Refusal {
	return &Refusal{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// checked is what of a request may go to the store, and what was wrong with the rest.
type checked struct {
	series   []prompb.TimeSeries
	metadata int
	first    *Refusal
}

func (c *checked) refuse(refusal *Refusal) {
	if c.first == nil {
		c.first = refusal
	}
}

// size is what the ingestion rate counts.
func (c *checked) size() (samples, all int) {
	for i := range c.series {
		samples += len(c.series[i].Samples) + len(c.series[i].Histograms)
		all += len(c.series[i].Exemplars)
	}
	return samples, all + samples + c.metadata
}

// maxHistogramBytes is of a native histogram as protobuf. With a larger one the request cannot be read.
// Source: Cortex v1.21.1, pkg/cortexpb/histograms.go.
const maxHistogramBytes = 16 << 10

// check does what needs no storage. A refusal is of the whole request.
func (l *Limits) check(message *prompb.WriteRequest, now time.Time) (c checked, refusal *Refusal) {
	var histograms []prompb.TimeSeries // these come last
	for _, series := range message.Timeseries {
		for _, h := range series.Histograms {
			if size := h.Size(); size > maxHistogramBytes {
				return checked{}, badRequest("native histogram size %d bytes exceeds limit %d bytes", size, maxHistogramBytes)
			}
		}
	}
	for _, series := range message.Timeseries {
		if len(series.Labels) == 0 {
			return checked{}, badRequest("empty labels found")
		}
		switch err := l.checkSeries(&series, now); {
		case err != nil:
			c.refuse(badRequest("%s", err))
		case len(series.Histograms) > 0:
			histograms = append(histograms, series)
		default:
			c.series = append(c.series, series)
		}
	}
	c.series = append(c.series, histograms...)
	for _, metadata := range message.Metadata {
		if err := l.checkMetadata(metadata); err != nil {
			c.refuse(badRequest("%s", err))
			continue
		}
		c.metadata++
	}
	return c, nil
}

// checkSeries checks and tidies one series of a request. One bad sample, or exemplar, and none of its samples are taken.
func (l *Limits) checkSeries(series *prompb.TimeSeries, now time.Time) error {
	name := slices.IndexFunc(series.Labels, func(label prompb.Label) bool { return label.Name == model.MetricNameLabel })
	if name < 0 {
		return errors.New("sample missing metric name")
	}
	metric := series.Labels[name].Value
	if !model.LegacyValidation.IsValidMetricName(metric) {
		return fmt.Errorf("sample invalid metric name: %.200q", metric)
	}
	series.Labels = slices.DeleteFunc(slices.Clone(series.Labels), func(label prompb.Label) bool { return label.Value == "" })
	slices.SortStableFunc(series.Labels, func(a, b prompb.Label) int { return strings.Compare(a.Name, b.Name) })
	if err := l.checkLabels(series.Labels); err != nil {
		return err
	}
	for _, sample := range series.Samples {
		if err := l.checkTime(metric, sample.Timestamp, now); err != nil {
			return err
		}
	}
	for _, exemplar := range series.Exemplars {
		if err := checkExemplar(series.Labels, exemplar); err != nil {
			return err
		}
	}
	series.Histograms = slices.Clone(series.Histograms)
	for i := range series.Histograms {
		if err := l.checkTime(metric, series.Histograms[i].Timestamp, now); err != nil {
			return err
		}
		if err := l.checkHistogram(series.Labels, &series.Histograms[i]); err != nil {
			return err
		}
	}
	return nil
}

func (l *Limits) checkLabels(all []prompb.Label) error {
	if exceeds(len(all), l.LabelsPerSeries) {
		metric := model.Metric{}
		for _, label := range all {
			metric[model.LabelName(label.Name)] = model.LabelValue(label.Value)
		}
		return fmt.Errorf("series has too many labels (actual: %d, limit: %d) series: '%s'", len(all), l.LabelsPerSeries, metric)
	}
	bytes := 0
	for i, label := range all {
		switch {
		case !model.LegacyValidation.IsValidLabelName(label.Name):
			return fmt.Errorf("sample invalid label: %.200q metric %.200q", label.Name, written(all))
		case exceeds(len(label.Name), l.LabelNameBytes):
			return fmt.Errorf("label name too long for metric (actual: %d, limit: %d) metric: %.200q label name: %.200q",
				len(label.Name), l.LabelNameBytes, written(all), label.Name)
		case exceeds(len(label.Value), l.LabelValueBytes):
			return fmt.Errorf("label value too long for metric (actual: %d, limit: %d) metric: %.200q label name: %.200q label value: %.200q",
				len(label.Value), l.LabelValueBytes, written(all), label.Name, label.Value)
		case i > 0 && all[i-1].Name == label.Name:
			return fmt.Errorf("duplicate label name: %.200q metric %.200q", label.Name, written(all))
		}
		bytes += label.Size()
	}
	if exceeds(bytes, l.LabelsBytes) {
		return fmt.Errorf("labels size bytes exceeded for metric (actual: %d, limit: %d) metric: %.200q", bytes, l.LabelsBytes, written(all))
	}
	return nil
}

func exceeds(n, limit int) bool { return limit > 0 && n > limit }

// written is how Cortex writes the labels of a series that it does not take.
func written(all []prompb.Label) string {
	var metric string
	var rest []string
	for _, label := range all {
		if label.Name == model.MetricNameLabel && metric == "" {
			metric = label.Value
			continue
		}
		rest = append(rest, fmt.Sprintf("%s=%q", label.Name, label.Value))
	}
	if len(rest) == 0 {
		return metric
	}
	return metric + "{" + strings.Join(rest, ", ") + "}"
}

func (l *Limits) checkTime(metric string, timestamp int64, now time.Time) error {
	switch at := time.UnixMilli(timestamp); {
	case l.MaxAge > 0 && at.Before(now.Add(-l.MaxAge)):
		return fmt.Errorf("timestamp too old: %d metric: %.200q", timestamp, metric)
	case l.MaxAhead > 0 && at.After(now.Add(l.MaxAhead)):
		return fmt.Errorf("timestamp too new: %d metric: %.200q", timestamp, metric)
	}
	return nil
}

// maxExemplarRunes is of all labels of an exemplar.
// Source: OpenMetrics, "Exemplars".
const maxExemplarRunes = 128

func checkExemplar(series []prompb.Label, exemplar prompb.Exemplar) error {
	runes := 0
	for _, label := range exemplar.Labels {
		runes += utf8.RuneCountInString(label.Name) + utf8.RuneCountInString(label.Value)
	}
	var fault string
	switch {
	case len(exemplar.Labels) == 0:
		fault = "missing labels"
	case exemplar.Timestamp == 0:
		fault = "missing timestamp"
	case runes > maxExemplarRunes:
		fault = fmt.Sprintf("combined labelset exceeds %d characters", maxExemplarRunes)
	default:
		return nil
	}
	return fmt.Errorf("exemplar %s, timestamp: %d series: %s labels: %s", fault, exemplar.Timestamp, labelsOf(series), labelsOf(exemplar.Labels))
}

func labelsOf(all []prompb.Label) labels.Labels {
	builder := labels.NewScratchBuilder(len(all))
	for _, label := range all {
		builder.Add(label.Name, label.Value)
	}
	return builder.Labels()
}

// checkHistogram also makes a native histogram as coarse as it has to be.
func (l *Limits) checkHistogram(series []prompb.Label, h *prompb.Histogram) error {
	if h.Schema != histogram.CustomBucketsSchema && (h.Schema < histogram.ExponentialSchemaMin || h.Schema > histogram.ExponentialSchemaMax) {
		return fmt.Errorf("invalid native histogram schema %d for metric: %.200q. supported schema from %d to %d",
			h.Schema, written(series), histogram.ExponentialSchemaMin, histogram.ExponentialSchemaMax)
	}
	var err error
	var buckets func() int
	var reduce func(schema int32) error
	var message func() prompb.Histogram
	if h.IsFloatHistogram() {
		float := h.ToFloatHistogram()
		err, reduce = float.Validate(), float.ReduceResolution
		buckets = func() int { return len(float.PositiveBuckets) + len(float.NegativeBuckets) }
		message = func() prompb.Histogram { return prompb.FromFloatHistogram(h.Timestamp, float) }
	} else {
		whole := h.ToIntHistogram()
		err, reduce = whole.Validate(), whole.ReduceResolution
		buckets = func() int { return len(whole.PositiveBuckets) + len(whole.NegativeBuckets) }
		message = func() prompb.Histogram { return prompb.FromIntHistogram(h.Timestamp, whole) }
	}
	if err != nil {
		return fmt.Errorf("invalid native histogram, validation err: %w, metric: %.200q", err, written(series))
	}
	reduced := false
	for schema := h.Schema - 1; exceeds(buckets(), l.HistogramBuckets); schema-- {
		if schema < histogram.ExponentialSchemaMin { // custom buckets cannot be reduced at all
			return fmt.Errorf("native histogram bucket count exceeded for metric (limit: %d) metric: %.200q", l.HistogramBuckets, written(series))
		}
		if err := reduce(schema); err != nil {
			return err
		}
		reduced = true
	}
	if reduced {
		*h = message()
	}
	return nil
}

func (l *Limits) checkMetadata(m prompb.MetricMetadata) error {
	if m.MetricFamilyName == "" {
		return errors.New("metadata missing metric name")
	}
	for _, part := range []struct{ kind, text string }{{"METRIC_NAME", m.MetricFamilyName}, {"HELP", m.Help}, {"UNIT", m.Unit}} {
		if exceeds(len(part.text), l.MetadataBytes) {
			return fmt.Errorf("metadata '%s' value too long: %.200q metric %.200q", part.kind, part.text, m.MetricFamilyName)
		}
	}
	return nil
}

// write takes a request: it stores what is good of it, and refuses it if there was anything else.
func (s *Store) write(ctx context.Context, message *prompb.WriteRequest) *Refusal {
	now := time.Now()
	good, refusal := s.limits.check(message, now)
	if refusal != nil {
		return refusal
	}
	if len(good.series) == 0 && good.metadata == 0 {
		return good.first
	}
	if samples, all := good.size(); s.rate != nil && !s.rate.AllowN(now, all) {
		return &Refusal{http.StatusTooManyRequests, fmt.Sprintf("ingestion rate limit (%v) exceeded while adding %d samples and %d metadata",
			float64(s.rate.Limit()), samples, good.metadata)}
	}
	stored, first, err := s.append(ctx, good.series)
	switch {
	case err != nil:
		return &Refusal{http.StatusInternalServerError, err.Error()}
	case s.Stored != nil:
		s.Stored(stored)
	}
	if first != nil { // the store's reason is the answer, whatever was wrong before
		return badRequest("maxFailure (quorum) on a given error family, addr=127.0.0.1 state=ACTIVE zone=, rpc error: code = Code(400) desc = user=%s: %s",
			s.Tenant, first)
	}
	return good.first
}

// append stores series, sample by sample. It gives what it stored, and the first reason why a sample could not be.
func (s *Store) append(ctx context.Context, series []prompb.TimeSeries) (stored *prompb.WriteRequest, first, err error) {
	stored = &prompb.WriteRequest{}
	appender := s.db.Appender(ctx)
	for i := range series {
		all := labelsOf(series[i].Labels)
		kept := prompb.TimeSeries{Labels: series[i].Labels}
		ref := storage.SeriesRef(0)
		took := func(now storage.SeriesRef, timestamp int64, err error) (bool, error) {
			if err == nil {
				ref = now
				return true, nil
			}
			reason := s.reason(err, timestamp, all)
			if reason == nil {
				return false, errors.Join(err, appender.Rollback())
			}
			if first == nil {
				first = reason
			}
			return false, nil
		}
		for _, sample := range series[i].Samples {
			now, err := appender.Append(ref, all, sample.Timestamp, sample.Value)
			ok, err := took(now, sample.Timestamp, err)
			if err != nil {
				return nil, nil, err
			}
			if ok {
				kept.Samples = append(kept.Samples, sample)
			}
		}
		for _, h := range series[i].Histograms {
			var whole *histogram.Histogram
			var float *histogram.FloatHistogram
			if h.IsFloatHistogram() { // one that counts 0 ends the process of Cortex v1.21.1
				float = h.ToFloatHistogram()
			} else {
				whole = h.ToIntHistogram()
			}
			now, err := appender.AppendHistogram(ref, all, h.Timestamp, whole, float)
			ok, err := took(now, h.Timestamp, err)
			if err != nil {
				return nil, nil, err
			}
			if ok {
				kept.Histograms = append(kept.Histograms, h)
			}
		}
		stored.Timeseries = append(stored.Timeseries, kept)
	}
	return stored, first, appender.Commit()
}

// reason says why a sample was not taken; nil if that is no fault of the sample.
func (s *Store) reason(err error, timestamp int64, series labels.Labels) error {
	var limit *seriesLimitError
	var invalid histogram.Error
	switch {
	case errors.As(err, &limit):
		return limit.of(series)
	case errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
		return fmt.Errorf("err: %w. series=%s", err, series)
	case errors.Is(err, storage.ErrOutOfOrderSample), errors.Is(err, storage.ErrTooOldSample), errors.Is(err, storage.ErrOutOfBounds), errors.As(err, &invalid):
		return fmt.Errorf("err: %w. timestamp=%s, series=%s", err, time.UnixMilli(timestamp).UTC().Format(time.RFC3339Nano), series)
	}
	return nil
}

// limiter makes the bucket of the ingestion rate; nil without a limit.
func (l *Limits) limiter() *rate.Limiter {
	if l.Rate == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(l.Rate), l.Burst)
}

// seriesLimitError says which limit of series is reached. Series that exist go on.
type seriesLimitError struct {
	kind  string
	limit int
}

func (e *seriesLimitError) Error() string { return e.kind + " series limit exceeded" }

// of is what Cortex answers for a series.
func (e *seriesLimitError) of(series labels.Labels) error {
	local := fmt.Sprintf("local limit: 0 global limit: %d actual local limit: %[1]d", e.limit)
	const advice = "please contact administrator to raise it"
	switch e.kind {
	case perUser:
		return fmt.Errorf("%s series limit of %d exceeded, %s (%s)", e.kind, e.limit, advice, local)
	case perMetric:
		return fmt.Errorf("%s series limit of %d exceeded for metric %s, %s (%s) for series %s",
			e.kind, e.limit, series.Get(model.MetricNameLabel), advice, local, series)
	}
	return fmt.Errorf("per-labelset series limit of %d exceeded (labelSet: %s, global limit: %[1]d actual local limit: %[1]d) for series %[3]s", e.limit, e.kind, series)
}

const (
	perUser   = "per-user"
	perMetric = "per-metric"
)

// counts counts series, for the TSDB: it asks before it makes one.
type counts struct {
	limits *Limits
	total  func() int

	mu        sync.Mutex
	perMetric map[string]int
	perSet    []int
}

// PreCreation implements tsdb.SeriesLifecycleCallback.
func (c *counts) PreCreation(series labels.Labels) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch l := c.limits; {
	case l.Series > 0 && c.total() >= l.Series:
		return &seriesLimitError{perUser, l.Series}
	case l.SeriesPerMetric > 0 && c.perMetric[series.Get(model.MetricNameLabel)] >= l.SeriesPerMetric:
		return &seriesLimitError{perMetric, l.SeriesPerMetric}
	}
	for _, i := range c.limits.sets(series) {
		if set := c.limits.SeriesPerLabelSet[i]; set.Series > 0 && c.perSet[i] >= set.Series {
			return &seriesLimitError{labels.FromMap(set.Labels).String(), set.Series}
		}
	}
	return nil
}

// PostCreation implements tsdb.SeriesLifecycleCallback.
func (c *counts) PostCreation(series labels.Labels) { c.add(series, 1) }

// PostDeletion implements tsdb.SeriesLifecycleCallback.
func (c *counts) PostDeletion(series map[chunks.HeadSeriesRef]labels.Labels) {
	for one := range maps.Values(series) {
		c.add(one, -1)
	}
}

func (c *counts) add(series labels.Labels, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.perMetric[series.Get(model.MetricNameLabel)] += n
	for _, i := range c.limits.sets(series) {
		c.perSet[i] += n
	}
}

// sets are the label sets that bound a series.
func (l *Limits) sets(series labels.Labels) (found []int) {
	rest := -1
	for i, set := range l.SeriesPerLabelSet {
		matches := len(set.Labels) > 0
		for name, value := range set.Labels {
			matches = matches && series.Get(name) == value
		}
		switch {
		case len(set.Labels) == 0:
			rest = i
		case matches:
			found = append(found, i)
		}
	}
	if len(found) == 0 && rest >= 0 {
		found = append(found, rest)
	}
	return found
}
