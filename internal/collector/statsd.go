package collector

import (
	"slices"
	"time"
)

// StatsD configures the receiver of StatsD messages over UDP.
//
// Gauges are stored as they are. Timers, histograms and distributions become summaries of one AggregationInterval: the
// quantiles hold for it, and the series _sum and _count start anew with each. Counters are increments, which Prometheus
// has no place for: those that Rates names are stored as a rate per second over AggregationInterval, so that
// sum_over_time(name[1h]) times the interval in seconds is what was counted in an hour; all others are dropped, and the
// collector's log names them.
type StatsD struct {
	// Endpoint is the host:port to listen on. Required.
	Endpoint string

	// AggregationInterval is the time over which messages are aggregated; more than 0.
	//
	// Default: nil, 60 seconds, as the receiver has it.
	AggregationInterval *time.Duration

	// Rates lists the counters to store as rates.
	//
	// Default: none.
	Rates []string
}

// DefaultStatsDInterval is the aggregation interval of the statsd receiver.
const DefaultStatsDInterval = 60 * time.Second

type statsdReceiver struct {
	Endpoint              text           `yaml:"endpoint"`
	AggregationInterval   duration       `yaml:"aggregation_interval"`
	IgnoreHost            bool           `yaml:"ignore_host"`
	TimerHistogramMapping []timerMapping `yaml:"timer_histogram_mapping"`
}

type timerMapping struct {
	StatsdType   string `yaml:"statsd_type"`
	ObserverType string `yaml:"observer_type"`
}

type deltaToRate struct {
	Metrics []text `yaml:"metrics"`
}

func (s *StatsD) validate(v *faults) {
	if s == nil {
		return
	}
	v.address("statsd", s.Endpoint)
	v.positive("statsd: aggregation interval", s.AggregationInterval)
	for i, r := range s.Rates {
		if r == "" || slices.Contains(s.Rates[:i], r) {
			v.add("statsd: rates: %q is empty or named twice", r)
		}
		v.literal("statsd: rates:", r)
		if hasPlaceholder(r) {
			v.add("statsd: rates: %q is known only at deployment; name the counter itself", r)
		}
		v.printable("statsd: rates:", r)
	}
}

func (s StatsD) receiver() statsdReceiver {
	r := statsdReceiver{
		Endpoint:            text(s.Endpoint),
		AggregationInterval: duration(valueOr(s.AggregationInterval, DefaultStatsDInterval)),
		IgnoreHost:          true, // every sender is a container of this task, with ports that come and go
	}
	for _, t := range []string{"timing", "histogram", "distribution"} {
		r.TimerHistogramMapping = append(r.TimerHistogramMapping, timerMapping{t, "summary"})
	}
	return r
}
