package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql"
)

// enough is how many requests a histogram must have before its buckets are judged.
const enough = 20

// hints are what is stored but says little: a scrape job of which nothing is kept, a histogram whose buckets are too wide.
func (p *Preview) hints(ctx context.Context) (list []string) {
	list = []string{}
	each := func(query string, hint func(promql.Sample)) {
		value, err := p.world.Store.Query(ctx, query, time.Now())
		vector, is := value.(promql.Vector)
		if err != nil || !is {
			return // the store is closing
		}
		for _, sample := range vector {
			hint(sample)
		}
	}
	each(`scrape_samples_scraped > 0 and scrape_samples_post_metric_relabeling == 0`, func(s promql.Sample) {
		list = append(list, fmt.Sprintf("scrape job %s: 0 of %.0f samples are kept; look at its KeepMetrics, DropMetrics and Relabel", s.Metric.Get("job"), s.F))
	})
	// Buckets are cumulative: all are alike where the first one has everything, and those with a bound are 0 where the last one has.
	const finite = `sum by (__name__, job, le) ({__name__=~".+_bucket",le!="+Inf"})`
	all := fmt.Sprintf(`sum by (__name__, job) ({__name__=~".+_bucket",le="+Inf"}) >= %d`, enough)
	each(fmt.Sprintf("%s and on (__name__, job) (sum by (__name__, job) ({__name__=~\".+_bucket\",le=\"+Inf\"}) == on (__name__, job) min by (__name__, job) (%s))", all, finite),
		func(s promql.Sample) { list = append(list, histogramHint(s, "in the first bucket", "smaller")) })
	each(fmt.Sprintf("%s and on (__name__, job) (max by (__name__, job) (%s) == 0)", all, finite),
		func(s promql.Sample) { list = append(list, histogramHint(s, "above the last bucket", "larger")) })
	slices.Sort(list)
	return slices.Compact(list)
}

func histogramHint(s promql.Sample, where, size string) string {
	return fmt.Sprintf("histogram %s of job %s: all %.0f values are %s, so its quantiles say nothing; give it %s buckets, or look at the unit of what it measures",
		strings.TrimSuffix(s.Metric.Get("__name__"), "_bucket"), s.Metric.Get("job"), s.F, where, size)
}

// plain is the message of a line of the collector's log, with the error in it.
func plain(line string) string {
	fields := strings.SplitN(line, "\t", 5)
	if len(fields) < 4 {
		return line
	}
	text := fields[3]
	var more struct{ Error string }
	if len(fields) == 5 && json.Unmarshal([]byte(fields[4]), &more) == nil && more.Error != "" {
		text += ": " + more.Error
	}
	return text
}
