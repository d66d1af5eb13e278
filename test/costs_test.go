package test

import (
	"fmt"
	"testing"
)

// Prices of docs/costs.md, in US dollars; its table says where they come from.
const (
	samplePrice  = 0.90 / 10e6 // per sample, up to 2 billion a month
	storePrice   = 0.03        // per GB and month
	queryPrice   = 0.10 / 1e9  // per sample that a query processes
	vcpuPrice    = 0.04048     // per vCPU and hour
	memoryPrice  = 0.004445    // per GB and hour
	logPrice     = 0.50        // per GB
	logKeepPrice = 0.03        // per GB and month

	hours          = 730 // of a month
	bytesPerSample = 2
)

// TestDocsCostsAddUp works out the tables of docs/costs.md again.
func TestDocsCostsAddUp(t *testing.T) {
	text := words(read(t, "docs/costs.md"))
	for _, series := range []float64{200, 1000, 10000} {
		row := fmt.Sprintf("| %s |", thousands(series))
		for _, interval := range []float64{15, 30, 60} {
			samples := series * hours * 3600 / interval
			row += fmt.Sprintf(" %.1f M → $%.2f |", samples/1e6, samples*samplePrice)
		}
		assertContains(t, text, row)
	}
	const gib = 1 << 30
	samples := 1000.0 * hours * 3600 / 30
	assertContains(t, text, fmt.Sprintf("%.2f GB → $%.3f", samples*bytesPerSample*150/(hours/24.0)/gib, samples*bytesPerSample*150/(hours/24.0)/gib*storePrice))
	queries := 1000.0 * 120 * 60 * hours * 0.1 // 1,000 series over an hour, 120 samples each, every minute of a tenth of the time
	assertContains(t, text, fmt.Sprintf("%.2f billion → $%.2f", queries/1e9, queries*queryPrice))
	assertContains(t, text, fmt.Sprintf("$%.2f a month", hours*(0.5*vcpuPrice+1*memoryPrice)))
	assertContains(t, text, fmt.Sprintf("$%.2f a month", hours*(0.25*vcpuPrice+0.5*memoryPrice)))
	assertContains(t, text, fmt.Sprintf("$%.2f", hours*0.5*memoryPrice))
	assertContains(t, text, fmt.Sprintf("$%.2f", logPrice+logKeepPrice))
}

func thousands(n float64) string {
	s := fmt.Sprintf("%.0f", n)
	if len(s) > 3 {
		s = s[:len(s)-3] + "," + s[len(s)-3:]
	}
	return s
}
