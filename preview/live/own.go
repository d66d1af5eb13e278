package live

import (
	"context"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/dashboards"
)

// maxOwn is how many metrics of the application get a panel by themselves. The tab of metrics lists all.
const maxOwn = 24

// drawOwn draws the application's metrics that are stored by now, unless the user has dashboards. Types and units are not stored (AMP gets no
// metadata from the sidecar), so both follow from the names, by the conventions of Prometheus.
func (p *Preview) drawOwn(ctx context.Context) error {
	p.drawing.Lock()
	defer p.drawing.Unlock()
	if !p.ownDashboards {
		return nil
	}
	series, err := p.world.Store.Series(ctx, `{__name__!~"ecs_.+|container_.+|otelcol_.+|scrape_.+|up|target_info|ALERTS.*",job!~"ecs|otelcol"}`, p.task.Started)
	if err != nil {
		return err
	}
	own := ownMetrics(series)
	if p.drawn > 0 && reflect.DeepEqual(own, p.own) {
		return nil
	}
	all, err := dashboards.All(dashboards.Options{CollectionInterval: p.options.Interval, Application: own})
	if err != nil {
		return err
	}
	p.own, p.options.Dashboards = own, all
	p.drawn++
	for _, dashboard := range all {
		p.dashboard[dashboard.UID] = dashboard
	}
	return nil
}

// ofRuntime are metrics of a language's runtime and of the process.
var ofRuntime = regexp.MustCompile(`^(go|process|promhttp|jvm|python|nodejs)_`)

// ownMetrics are panels for series, without those of the runtime, unless there are no others.
func ownMetrics(series []labels.Labels) []dashboards.Metric {
	histograms := map[string]bool{}
	for _, s := range series {
		if name, is := strings.CutSuffix(s.Get(model.MetricNameLabel), "_bucket"); is && s.Has(model.BucketLabel) {
			histograms[name] = true
		}
	}
	kinds := map[string]dashboards.MetricKind{}
	for _, s := range series {
		name := s.Get(model.MetricNameLabel)
		base := name
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			base = strings.TrimSuffix(base, suffix)
		}
		switch {
		case strings.Contains(name, ":"), strings.HasSuffix(name, "_created"), strings.HasSuffix(name, "_info"):
		case histograms[base]:
			kinds[base] = dashboards.Histogram
		case strings.HasSuffix(name, "_total"), strings.HasSuffix(name, "_count"), strings.HasSuffix(name, "_sum"):
			kinds[name] = dashboards.Counter
		default:
			kinds[name] = dashboards.Gauge
		}
	}
	var own, runtime []dashboards.Metric
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		m := dashboards.Metric{Title: name, Kind: kinds[name], Selector: name}
		if ofRuntime.MatchString(name) {
			runtime = append(runtime, m)
		} else {
			own = append(own, m)
		}
	}
	if len(own) == 0 {
		own = runtime
	}
	return own[:min(len(own), maxOwn)]
}
