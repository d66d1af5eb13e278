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
	// Buckets are cumulative: all are alike where the first one has everything.
	const buckets = `sum by (__name__, job, le) ({__name__=~".+_bucket"})`
	each(fmt.Sprintf("(min by (__name__, job) (%s) == on (__name__, job) max by (__name__, job) (%s)) >= %d", buckets, buckets, enough),
		func(s promql.Sample) {
			name := strings.TrimSuffix(s.Metric.Get("__name__"), "_bucket")
			list = append(list, fmt.Sprintf("histogram %s: all %.0f values are in the first bucket, so its quantiles say nothing; give it smaller buckets, or look at the unit of what it measures", name, s.F))
		})
	slices.Sort(list)
	return list
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
