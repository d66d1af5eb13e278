package prom

import (
	"strconv"
	"strings"
)

// BucketMatcher matches the upper bound of a histogram's bucket in each way it is written: a scrape stores 1.0 and 1e+06, as Prometheus
// does, OTLP stores 1 and 1000000.
func BucketMatcher(bound float64) string {
	plain, short := strconv.FormatFloat(bound, 'f', -1, 64), strconv.FormatFloat(bound, 'g', -1, 64)
	bounds := []string{plain}
	if !strings.Contains(plain, ".") {
		bounds = append(bounds, plain+".0")
	}
	if short != plain {
		bounds = append(bounds, short)
	}
	if len(bounds) == 1 {
		return `le="` + plain + `"`
	}
	return `le=~"` + strings.NewReplacer(".", "[.]", "+", "[+]").Replace(strings.Join(bounds, "|")) + `"`
}
