package cortex

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/amp"
)

// testCase is what one workspace is sent, one request after the other.
type testCase struct {
	name     string
	limits   func(*amp.Limits) // nil: AMP's defaults
	requests []request
}

type request struct {
	prompb.WriteRequest
	body   []byte            // instead of the message
	header map[string]string // other than usual; "" is none
	method string            // other than POST
	after  time.Duration     // a pause before it
}

// now is the time that all samples are told from.
var now = time.Now()

func at(offset time.Duration) int64 { return now.Add(offset).UnixMilli() }

func send(series ...prompb.TimeSeries) request {
	return request{WriteRequest: prompb.WriteRequest{Timeseries: series}}
}

func labelled(name string, pairs ...string) prompb.TimeSeries {
	series := prompb.TimeSeries{Labels: []prompb.Label{{Name: "__name__", Value: name}}}
	for i := 0; i < len(pairs); i += 2 {
		series.Labels = append(series.Labels, prompb.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	return series
}

// one has one sample, of now.
func one(name string, pairs ...string) prompb.TimeSeries {
	return sampled(labelled(name, pairs...), 0, 1)
}

func sampled(series prompb.TimeSeries, offset time.Duration, v float64) prompb.TimeSeries {
	series.Samples = append(slices.Clone(series.Samples), prompb.Sample{Timestamp: at(offset), Value: v})
	return series
}

// then is a series with a sample at an offset from now.
func then(name string, offset time.Duration, v float64) prompb.TimeSeries {
	return sampled(labelled(name), offset, v)
}

func timed(timestamp int64) prompb.TimeSeries {
	series := labelled("timed")
	series.Samples = []prompb.Sample{{Timestamp: timestamp, Value: 1}}
	return series
}

func many(n int, name string) (all []prompb.TimeSeries) {
	for i := range n {
		all = append(all, one(name, "i", fmt.Sprint(i)))
	}
	return all
}

// wide has n labels, its name among them.
func wide(n int) prompb.TimeSeries {
	series := one("wide")
	for i := range n - 1 {
		series.Labels = append(series.Labels, prompb.Label{Name: fmt.Sprintf("l%03d", i), Value: "v"})
	}
	return series
}

// sized has labels of n bytes altogether, as protobuf.
func sized(n int) prompb.TimeSeries {
	series := one("sized", "a", strings.Repeat("a", 2000), "b", strings.Repeat("b", 2000), "c", strings.Repeat("c", 2000), "d", strings.Repeat("d", 500))
	size := 0
	for _, label := range series.Labels {
		size += label.Size()
	}
	last := &series.Labels[len(series.Labels)-1]
	last.Value += strings.Repeat("d", n-size)
	return series
}

func exemplified(series prompb.TimeSeries, timestamp int64, pairs ...string) prompb.TimeSeries {
	series.Exemplars = append(series.Exemplars, prompb.Exemplar{Labels: labelled("", pairs...).Labels[1:], Value: 1, Timestamp: timestamp})
	return series
}

// native has a native histogram of whole counts, with a positive bucket for each count.
func native(name string, offset time.Duration, schema int32, counts ...int64) prompb.TimeSeries {
	series := labelled(name)
	h := prompb.Histogram{
		Schema: schema, ZeroThreshold: 1e-128, ZeroCount: &prompb.Histogram_ZeroCountInt{}, Timestamp: at(offset),
		PositiveSpans: []prompb.BucketSpan{{Length: uint32(len(counts))}}, Sum: 7,
	}
	var total, last int64
	for _, count := range counts {
		h.PositiveDeltas = append(h.PositiveDeltas, count-last)
		last, total = count, total+count
	}
	h.Count = &prompb.Histogram_CountInt{CountInt: uint64(total)}
	if schema == customSchema {
		h.ZeroCount, h.ZeroThreshold = nil, 0
		for i := range len(counts) - 1 {
			h.CustomValues = append(h.CustomValues, float64(i))
		}
	}
	series.Histograms = []prompb.Histogram{h}
	return series
}

// fractional has one of fractional counts.
func fractional(name string, offset time.Duration, schema int32, counts ...float64) prompb.TimeSeries {
	series := labelled(name)
	var total float64
	for _, count := range counts {
		total += count
	}
	series.Histograms = []prompb.Histogram{{
		Schema: schema, ZeroThreshold: 1e-128, ZeroCount: &prompb.Histogram_ZeroCountFloat{}, Timestamp: at(offset), Sum: 7,
		PositiveSpans: []prompb.BucketSpan{{Length: uint32(len(counts))}}, PositiveCounts: counts, Count: &prompb.Histogram_CountFloat{CountFloat: total},
	}}
	return series
}

const customSchema = -53

func counts[T int64 | float64](n int) []T { return slices.Repeat([]T{2}, n) }

func broken(series prompb.TimeSeries, how func(*prompb.Histogram)) prompb.TimeSeries {
	how(&series.Histograms[0])
	return series
}

func describe(family, help, unit string) request {
	return request{WriteRequest: prompb.WriteRequest{Metadata: []prompb.MetricMetadata{{
		Type: prompb.MetricMetadata_COUNTER, MetricFamilyName: family, Help: help, Unit: unit,
	}}}}
}

func with(r request, series ...prompb.TimeSeries) request {
	r.Timeseries = series
	return r
}

func raw(body []byte, header map[string]string) request { return request{body: body, header: header} }

// odd are series with something at or over a limit. Each is sent alone, before and after others, and beside another reason.
func odd() map[string]prompb.TimeSeries {
	long := strings.Repeat
	return map[string]prompb.TimeSeries{
		"150 labels": wide(150), "151 labels": wide(151), "300 labels": wide(300),
		"name of 1,024 bytes": one("named", long("n", 1024), "v"), "name of 1,025 bytes": one("named", long("n", 1025), "v"),
		"value of 2,048 bytes": one("valued", "l", long("v", 2048)), "value of 2,049 bytes": one("valued", "l", long("v", 2049)),
		"value of 3 KB": one("valued", "l", long("v", 3<<10)), "metric of 2,048 bytes": one(long("m", 2048)), "metric of 2,049 bytes": one(long("m", 2049)),
		"labels of 7,168 bytes": sized(7 << 10), "labels of 7,169 bytes": sized(7<<10 + 1),
		"name with a dash": one("named", "a-b", "v"), "name with a dot": one("named", "a.b", "v"), "name from a digit": one("named", "1a", "v"),
		"name of a letter beyond ASCII": one("named", "é", "v"), "no name of a label": one("named", "", "v"), "reserved name": one("named", "__a__", "v"),
		"metric with a dash": one("a-b"), "metric with dots": one("http.server.duration"), "metric from a digit": one("1a"), "metric with a space": one("a b"),
		"metric beyond ASCII": one("é"), "metric with a colon": one("a:b"), "empty metric": one(""), "empty metric and labels": one("", "a", "b"),
		"no metric":                 {Labels: []prompb.Label{{Name: "job", Value: "app"}}, Samples: []prompb.Sample{{Timestamp: at(0)}}},
		"label twice":               one("twice", "a", "1", "a", "1"),
		"label two ways":            one("twice", "a", "1", "a", "2"),
		"label twice, far":          one("twice", "z", "1", "a", "1", "z", "2"),
		"metric twice":              one("twice", "__name__", "thrice"),
		"not sorted":                one("sorted", "z", "1", "a", "1"),
		"empty value":               one("emptied", "a", ""),
		"empty value beside others": one("emptied", "a", "", "b", "1"),
		"151 labels, one empty":     func() prompb.TimeSeries { s := wide(151); s.Labels[9].Value = ""; return s }(),
		"value beyond UTF-8":        one("valued", "l", "\xff\xfe"), "value with quotes": one("valued", "l", "a\"b\\c\nd"),
		"61 min old": then("aged", -61*time.Minute, 1), "59 min old": then("aged", -59*time.Minute, 1),
		"11 min ahead": then("ahead", 11*time.Minute, 1), "9 min ahead": then("ahead", 9*time.Minute, 1),
		"2 h old": then("aged", -2*time.Hour, 1), "a day ahead": then("ahead", 24*time.Hour, 1),
		"time 0": timed(0), "time before 1970": timed(-1), "time in seconds": timed(1_750_000_000), "time in microseconds": timed(1_900_000_000_000_000),
		"one of two samples too old": sampled(then("aged", -61*time.Minute, 1), 0, 2),
		"one of two samples too new": sampled(then("ahead", 0, 1), 11*time.Minute, 2),
		"no sample":                  labelled("bare"),
		"NaN":                        then("odd", 0, math.NaN()),
		"infinite":                   then("odd", 0, math.Inf(1)),
		"a staleness marker":         then("odd", 0, math.Float64frombits(value.StaleNaN)),
		"exemplar":                   exemplified(one("traced"), at(0), "trace_id", "abc"),
		"exemplar without labels":    exemplified(one("traced"), at(0)),
		"exemplar without a time":    exemplified(one("traced"), 0, "trace_id", "abc"),
		"exemplar of 128 characters": exemplified(one("traced"), at(0), "trace_id", long("a", 120)),
		"exemplar of 129 characters": exemplified(one("traced"), at(0), "trace_id", long("a", 121)),
		"exemplar of 128 runes":      exemplified(one("traced"), at(0), "trace_id", long("é", 120)),
		"second exemplar bad":        exemplified(exemplified(one("traced"), at(0), "trace_id", "abc"), at(0)),
		"exemplar 2 h old":           exemplified(one("traced"), at(-2*time.Hour), "trace_id", "abc"),
		"exemplar only":              exemplified(labelled("traced"), at(0), "trace_id", "abc"),
		"exemplar only, none":        exemplified(labelled("traced"), at(0)),
		"native histogram":           native("native", 0, 3, 1, 2, 3),
		"native histogram, 2 h old":  native("native", -2*time.Hour, 3, 1, 2, 3),
		"native histogram, ahead":    native("native", 11*time.Minute, 3, 1, 2, 3),
		"native of floats":           fractional("native", 0, 3, 1.5, 2.5),
		"native of 200 buckets":      native("native", 0, 8, counts[int64](200)...),
		"native of 201 buckets":      native("native", 0, 8, counts[int64](201)...),
		"native of 3,000 buckets":    native("native", 0, 8, counts[int64](3000)...),
		"native of 900,000 buckets":  native("native", 0, 8, counts[int64](900_000)...),
		"201 buckets, coarsest":      native("native", 0, -4, counts[int64](201)...),
		"201 buckets of floats":      fractional("native", 0, 8, counts[float64](201)...),
		"201 of floats, coarsest":    fractional("native", 0, -4, counts[float64](201)...),
		"custom buckets":             native("native", 0, customSchema, 1, 2, 3),
		"201 custom buckets":         native("native", 0, customSchema, counts[int64](201)...),
		"schema 9":                   native("native", 0, 9, 1),
		"schema -5":                  native("native", 0, -5, 1),
		"schema of floats 9":         fractional("native", 0, 9, 1),
		"native count wrong":         broken(native("native", 0, 3, 1, 2), func(h *prompb.Histogram) { h.Count = &prompb.Histogram_CountInt{CountInt: 99} }),
		"native bucket negative":     broken(native("native", 0, 3, 1, 2), func(h *prompb.Histogram) { h.PositiveDeltas[0] = -5 }),
		"native spans wrong":         broken(native("native", 0, 3, 1, 2), func(h *prompb.Histogram) { h.PositiveSpans[0].Length = 5 }),
		"native span before":         broken(native("native", 0, 3, 1, 2), func(h *prompb.Histogram) { h.PositiveSpans = append(h.PositiveSpans, prompb.BucketSpan{Offset: -1}) }),
		"native float negative":      broken(fractional("native", 0, 3, 1, 2), func(h *prompb.Histogram) { h.PositiveCounts[0] = -1 }),
		"native and a sample":        sampled(native("native", 0, 3, 1, 2), 0, 1),
		"native and an old sample":   sampled(native("native", 0, 3, 1, 2), -2*time.Hour, 1),
		"native twice at one time": func() prompb.TimeSeries {
			s := native("native", 0, 3, 1)
			s.Histograms = append(s.Histograms, native("native", 0, 3, 2).Histograms...)
			return s
		}(),
		"two samples at one time":  sampled(one("double"), 0, 2),
		"two equal samples":        sampled(one("double"), 0, 1),
		"samples from new to old":  sampled(sampled(one("double"), -10*time.Second, 1), -20*time.Second, 1),
		"from new to old, too far": sampled(sampled(one("double"), -61*time.Second, 1), -90*time.Second, 1),
	}
}

func cases() (all []testCase) {
	add := func(name string, requests ...request) { all = append(all, testCase{name: name, requests: requests}) }
	bound := func(name string, limits func(*amp.Limits), requests ...request) {
		all = append(all, testCase{name, limits, requests})
	}

	series := odd()
	for _, name := range slices.Sorted(maps.Keys(series)) {
		add(name, send(series[name]), // alone
			send(then("before", time.Second, 1), series[name], then("after", time.Second, 1)),                           // what is good is stored
			send(one("bad-name"), series[name]), send(series[name], one("worse-name"), then("after", 2*time.Second, 1))) // the first reason
	}

	// The order of time.
	newest := send(then("ordered", 0, 1), then("newest", 5*time.Minute, 1))
	add("window: from its own newest", send(then("ordered", 0, 1)),
		send(then("ordered", -59*time.Second, 2)), send(then("ordered", -60*time.Second, 3)), send(then("ordered", -60*time.Second-time.Millisecond, 4)),
		send(then("ordered", -2*time.Minute, 5), then("good", 0, 1)), send(then("ordered", time.Second, 6)), send(then("ordered", -59*time.Second, 7)))
	add("window: from the workspace's newest", newest, send(then("ordered", -time.Second, 2)), send(then("ordered", 4*time.Minute, 3)),
		send(then("ordered", 3*time.Minute+59*time.Second, 4)), send(then("ordered", 4*time.Minute-time.Second, 4)))
	add("window: a series without newer samples", newest, send(then("late", 0, 1)), send(then("later", -50*time.Minute, 1)), send(then("later", -49*time.Minute, 1)),
		send(then("later", -50*time.Minute, 1)), send(then("later", -50*time.Minute, 2)))
	bound("window of 0", func(l *amp.Limits) { l.OutOfOrderWindow = 0 }, newest, send(then("ordered", -time.Second, 2)), send(then("ordered", -time.Second, 2), then("good", 0, 1)),
		send(then("late", -50*time.Minute, 1)), send(then("late", -56*time.Minute, 1)), send(then("outside", -56*time.Minute, 1)), send(then("outside", -54*time.Minute, 1)))
	bound("window of 10 min", func(l *amp.Limits) { l.OutOfOrderWindow = 10 * time.Minute }, newest, send(then("ordered", -4*time.Minute, 2)),
		send(then("ordered", -5*time.Minute, 3)), send(then("ordered", -5*time.Minute-time.Second, 4)))
	add("window: native histograms", send(native("native", 0, 3, 1)), send(native("native", -30*time.Second, 3, 1)), send(native("native", -61*time.Second, 3, 1)),
		send(native("native", 0, 3, 1)), send(native("native", 0, 3, 2)), send(sampled(labelled("native"), 0, 1)), send(sampled(labelled("native"), time.Second, 1)))
	add("window: one request, several series", send(then("a", 0, 1), then("b", 0, 1)),
		send(then("a", -90*time.Second, 1), then("b", -10*time.Second, 1), then("c", -90*time.Second, 1)),
		send(sampled(sampled(then("a", -90*time.Second, 2), -5*time.Second, 2), time.Second, 2)))

	// The same time again.
	again := one("again")
	add("same value again", send(again), send(again), send(again, then("good", 0, 1)))
	add("other value", send(again), send(sampled(labelled("again"), 0, 2)), send(sampled(labelled("again"), 0, 2), then("good", 0, 1)), send(sampled(labelled("again"), time.Second, 2)))
	add("other value out of order", send(again, then("again", -30*time.Second, 1)), send(then("again", -30*time.Second, 1)), send(then("again", -30*time.Second, 2)), send(then("again", -30*time.Second, 2)))
	add("one series twice in a request", send(again, again), send(then("again", time.Second, 1), then("again", time.Second, 2)), send(then("again", 2*time.Second, 1), then("again", 3*time.Second, 2)))
	add("NaN again", send(then("nan", 0, math.NaN())), send(then("nan", 0, math.NaN())), send(then("nan", 0, 1)), send(then("nan", 0, math.Float64frombits(value.StaleNaN))))
	add("two writers", send(then("shared", 0, 100)), send(then("shared", 7*time.Second, 5)), send(then("shared", 15*time.Second, 101)), send(then("shared", 22*time.Second, 6)))
	add("two writers at one time", send(then("shared", 0, 100)), send(then("shared", 0, 5)))

	// Which reason is answered.
	add("reasons: a label, then the order", send(then("a", 0, 1)), send(one("bad-name"), then("a", -2*time.Minute, 1), then("good", 0, 1)))
	add("reasons: the order, then a label", send(then("a", 0, 1)), send(then("a", -2*time.Minute, 1), one("bad-name")))
	add("reasons: two of the order", send(then("a", 0, 1), then("b", 0, 1)), send(then("a", -2*time.Minute, 1), sampled(labelled("b"), 0, 2)), send(sampled(labelled("b"), 0, 2), then("a", -2*time.Minute, 1)))
	add("reasons: a native histogram comes last", send(then("a", 0, 1), native("native", 0, 3, 1)), send(native("native", -2*time.Minute, 3, 1), then("a", -2*time.Minute, 1)))
	add("reasons: no labels at all", send(prompb.TimeSeries{Samples: []prompb.Sample{{Timestamp: at(0)}}}, one("good")), send(one("good"), prompb.TimeSeries{}))

	// Metadata.
	metadata := map[string]request{
		"whole": describe("described", "helps", "seconds"), "no name": describe("", "helps", ""), "help of 1,024 bytes": describe("described", strings.Repeat("h", 1024), ""),
		"help of 1,025 bytes": describe("described", strings.Repeat("h", 1025), ""), "name of 1,025 bytes": describe(strings.Repeat("n", 1025), "", ""),
		"unit of 1,025 bytes": describe("described", "", strings.Repeat("u", 1025)), "nothing but a name": describe("described", "", ""), "name with dots": describe("a.b", "", ""),
	}
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		r := metadata[name]
		add("metadata: "+name, r, with(r, one("good")), with(r, one("bad-name")))
	}

	// Series.
	three := func(l *amp.Limits) { l.Series = 3 }
	bound("series limit", three, send(many(2, "a")...), send(many(5, "a")...), send(many(3, "a")...), send(one("new")), send(one("new"), sampled(labelled("a", "i", "0"), time.Second, 2)),
		send(sampled(labelled("a", "i", "0"), 2*time.Second, 2)))
	bound("series limit, then a label", three, send(many(3, "a")...), send(one("bad-name"), one("new")), send(one("new"), one("bad-name")), send(one("bad-name")))
	bound("series limit, then the order", three, send(many(3, "a")...), send(one("new"), sampled(labelled("a", "i", "0"), -2*time.Minute, 1)), send(sampled(labelled("a", "i", "0"), -2*time.Minute, 1), one("new")))
	bound("series limit and native histograms", three, send(native("n1", 0, 3, 1), native("n2", 0, 3, 1)), send(native("n3", 0, 3, 1), native("n4", 0, 3, 1)), send(native("n1", time.Second, 3, 1)))
	bound("a refused sample's series counts", func(l *amp.Limits) { l.Series, l.OutOfOrderWindow = 3, 0 }, send(then("newest", 5*time.Minute, 1)), send(then("outside", -58*time.Minute, 1)), send(many(3, "a")...))
	bound("series limit of one", func(l *amp.Limits) { l.Series = 1 }, send(sampled(one("a"), time.Second, 2)), send(sampled(one("b"), time.Second, 2)))
	bound("per-metric limit", func(l *amp.Limits) { l.SeriesPerMetric = 2 }, send(many(3, "a")...), send(many(2, "a")...), send(many(2, "b")...), send(one("a", "i", "9"), one("c")))
	team := func(name, team string) prompb.TimeSeries { return one(name, "team", team) }
	set := func(sets ...amp.LabelSetLimit) func(*amp.Limits) {
		return func(l *amp.Limits) { l.SeriesPerLabelSet = sets }
	}
	bound("label set limit", set(amp.LabelSetLimit{Labels: map[string]string{"team": "a"}, Series: 2}),
		send(team("x", "a"), team("y", "a"), team("z", "a"), team("z", "b")), send(sampled(labelled("x", "team", "a"), time.Second, 2)), send(team("z", "a"), one("free")))
	bound("label set limit of two labels", set(amp.LabelSetLimit{Labels: map[string]string{"team": "a", "env": "prod"}, Series: 1}),
		send(one("x", "team", "a", "env", "prod"), one("y", "team", "a", "env", "prod"), one("y", "team", "a", "env", "dev")), send(one("y", "env", "prod", "team", "a")))
	bound("label set limits, both fit", set(amp.LabelSetLimit{Labels: map[string]string{"team": "a"}, Series: 3}, amp.LabelSetLimit{Labels: map[string]string{"env": "prod"}, Series: 1}),
		send(one("x", "team", "a", "env", "prod"), one("y", "team", "a", "env", "prod"), team("y", "a")), send(many(2, "free")...), send(team("z", "a"), team("zz", "a")))
	bound("label set limit of the rest", set(amp.LabelSetLimit{Labels: map[string]string{"team": "a"}, Series: 2}, amp.LabelSetLimit{Series: 1}),
		send(team("x", "a"), one("y"), one("z"), team("y", "a")), send(one("y", "team", "b")))
	bound("label set limit of 0", set(amp.LabelSetLimit{Labels: map[string]string{"team": "a"}}), send(team("x", "a"), team("y", "a")))
	bound("label set limit, then the series limit", func(l *amp.Limits) {
		three(l)
		set(amp.LabelSetLimit{Labels: map[string]string{"team": "a"}, Series: 1})(l)
	}, send(team("x", "a"), team("y", "a"), one("a"), one("b"), one("c")), send(one("c"), team("y", "a")))

	// Rate. The bucket is not filled again within a test.
	burst := func(n int) func(*amp.Limits) { return func(l *amp.Limits) { l.Rate, l.Burst = 0.001, n } }
	bound("rate", burst(10), send(many(10, "a")...), send(one("b")), send(one("bad-name")), send(one("b"), one("bad-name")), send(labelled("bare")))
	bound("rate: a request over the burst", burst(10), send(many(11, "a")...), send(many(11, "a")...), send(many(10, "a")...))
	bound("rate: only what is good counts", burst(3), send(one("bad-name"), one("worse-name"), one("a")), send(many(2, "b")...), send(one("c")))
	bound("rate: what the store refuses counts", func(l *amp.Limits) { burst(3)(l); l.Series = 1 }, send(many(3, "a")...), send(one("a", "i", "0")))
	bound("rate: exemplars count", burst(3), send(exemplified(one("a"), at(0), "trace_id", "abc")), send(one("b"), one("c")), send(one("b")))
	bound("rate: metadata counts", burst(3), with(describe("a", "", ""), one("a")), send(one("b"), one("c")), describe("a", "", ""), send(one("b")), describe("a", "", ""))
	bound("rate: native histograms count", burst(1), send(native("native", 0, 3, 1, 2, 3)), send(native("native", time.Second, 3, 1, 2, 3)))
	refilled := send(many(5, "b")...)
	refilled.after = 100 * time.Millisecond
	bound("rate: it fills again", func(l *amp.Limits) { l.Rate, l.Burst = 1000, 10 }, send(many(11, "a")...), send(many(10, "a")...), refilled)
	bound("rate of a fraction", func(l *amp.Limits) { l.Rate, l.Burst = 6666.666666666667, 5 }, send(many(6, "a")...))

	// The protocol.
	body := encode(send(one("good")).WriteRequest)
	add("HTTP: content types", raw(body, map[string]string{"Content-Type": ""}), raw(body, map[string]string{"Content-Type": "application/x-protobuf;proto=prometheus.WriteRequest"}),
		raw(body, map[string]string{"Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}), raw(body, map[string]string{"Content-Type": "text/plain"}),
		raw(body, map[string]string{"Content-Type": "application/json"}), raw(body, map[string]string{"Content-Type": "application/x-protobuf;proto=other"}))
	add("HTTP: encodings", raw(body, map[string]string{"Content-Encoding": ""}), raw(body, map[string]string{"Content-Encoding": "gzip"}), raw(body, map[string]string{"Content-Encoding": "zstd"}))
	add("HTTP: versions", raw(body, map[string]string{"X-Prometheus-Remote-Write-Version": ""}), raw(body, map[string]string{"X-Prometheus-Remote-Write-Version": "2.0.0"}))
	add("HTTP: methods", request{body: body, method: http.MethodGet}, request{body: body, method: http.MethodPut}, request{body: body, method: http.MethodDelete})
	add("HTTP: bodies", raw([]byte("no snappy"), nil), raw([]byte{0}, nil), raw([]byte{}, nil), raw(snappy.Encode(nil, []byte("no protobuf")), nil), raw(snappy.Encode(nil, []byte{0x0a, 0xff}), nil), send())
	return all
}

func encode(message prompb.WriteRequest) []byte {
	bytes, err := message.Marshal()
	if err != nil {
		panic(err)
	}
	return snappy.Encode(nil, bytes)
}
