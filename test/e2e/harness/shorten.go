package harness

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

var intervals = regexp.MustCompile(`\b(scrape_interval|scrape_timeout|collection_interval): (\w+)`)

// Shorten makes the intervals of a configuration at most this long.
func Shorten(c *template.Container, longest time.Duration) {
	for i := range c.Environment {
		value := &c.Environment[i].Value
		*value = intervals.ReplaceAllStringFunc(*value, func(setting string) string {
			name, interval, _ := strings.Cut(setting, ": ")
			if d, err := time.ParseDuration(interval); err != nil || d <= longest {
				return setting
			}
			return fmt.Sprintf("%s: %s", name, longest)
		})
	}
}
