package rules

import (
	"fmt"
	"maps"
	"slices"

	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

// threshold is a number that a condition compares with.
type threshold struct {
	byDefault, low, high float64
	whole                bool // only whole numbers
}

const (
	maxCpu            = 100 // times what is set aside
	maxBytesPerSecond = 1e12
)

// thresholds by the prop of package observability that sets them.
var thresholds = map[string]threshold{
	"Tasks.CpuUtilization":              {byDefault: 0.9, low: 0.01, high: maxCpu},
	"Tasks.MemoryUtilization":           {byDefault: 0.9, low: 0.001, high: 1},
	"Tasks.EphemeralStorageUtilization": {byDefault: 0.8, low: 0.001, high: 1},
	"Tasks.NetworkBytesPerSecond":       {byDefault: 1e8, low: 1, high: maxBytesPerSecond},
	"Tasks.StorageBytesPerSecond":       {byDefault: 5e7, low: 1, high: maxBytesPerSecond},
	"Tasks.Replacements":                {byDefault: 2, low: 1, high: 10_000, whole: true},
	"Containers.CpuUtilization":         {byDefault: 1, low: 0.01, high: maxCpu},
	"Containers.MemoryUtilization":      {byDefault: 0.9, low: 0.001, high: 1},
	"Containers.NetworkBytesPerSecond":  {byDefault: 1e8, low: 1, high: maxBytesPerSecond},
	"Containers.StorageBytesPerSecond":  {byDefault: 5e7, low: 1, high: maxBytesPerSecond},
	"Scrape.DurationSeconds":            {byDefault: 8, low: 0.001, high: 3600},
	"Scrape.SampleLimit":                {byDefault: 20_000, low: 1, high: 1e9, whole: true},
	"Collector.QueueUtilization":        {byDefault: 0.5, low: 0.001, high: 1},
	"Collector.FailedRatio":             {byDefault: 0.05, low: 0.001, high: 1},
	"Collector.RefusedRatio":            {byDefault: 0.05, low: 0.001, high: 1},
	"Targets.Tasks":                     {byDefault: 1, low: 1, high: 100_000, whole: true},
	"Discovery.StaleSeconds":            {byDefault: 180, low: 60, high: 86_400},
	"Collector.Restarts":                {byDefault: 1, low: 0, high: 1000, whole: true},
}

// Threshold is the default and the range of a threshold, for the test that compares them with what is documented.
func Threshold(name string) (byDefault, low, high float64, known bool) {
	t, known := thresholds[name]
	return t.byDefault, t.low, t.high, known
}

// threshold is what a prop is set to, or its default.
func (b *builder) threshold(name string) string {
	t := thresholds[name]
	n, set := b.Thresholds[name]
	if !set {
		return prom.Number(t.byDefault)
	}
	problem := prom.CheckNumber(name, n, t.low, t.high)
	if problem == "" && t.whole && n != float64(int64(n)) {
		problem = fmt.Sprintf("%s is %s; it must be a whole number from %s to %s", name, prom.Number(n), prom.Number(t.low), prom.Number(t.high))
	}
	if problem != "" {
		b.errorf("%s", problem)
		return prom.Number(t.byDefault)
	}
	return prom.Number(n)
}

// validateThresholds reports names that no condition asks for.
func (b *builder) validateThresholds() {
	for _, name := range slices.Sorted(maps.Keys(b.Thresholds)) {
		if _, known := thresholds[name]; !known {
			b.errorf("there is no threshold %s", name)
		}
	}
}
