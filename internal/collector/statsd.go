package collector

import (
	"fmt"
	"slices"
	"time"
)

// Statsd configures the receiver of StatsD messages over UDP.
type Statsd struct {
	Port                Number
	AggregationInterval *Duration

	// Rates lists the counters to store as rates per second. All others are dropped: they are increments, which Prometheus has no
	// place for.
	Rates []string
}

const (
	defaultStatsdPort     = "8125"
	defaultStatsdInterval = Duration(60 * time.Second)
)

// UDPPort is the port that the receiver listens on.
func (s Statsd) UDPPort() Number { return stringOr(s.Port, defaultStatsdPort) }

type statsdReceiver struct {
	Endpoint              Text           `yaml:"endpoint"`
	AggregationInterval   Duration       `yaml:"aggregation_interval"`
	IgnoreHost            bool           `yaml:"ignore_host"`
	EnableSimpleTags      bool           `yaml:"enable_simple_tags"`
	TimerHistogramMapping []timerMapping `yaml:"timer_histogram_mapping"`
}

type timerMapping struct {
	StatsdType   string `yaml:"statsd_type"`
	ObserverType string `yaml:"observer_type"`
}

type deltaToRate struct {
	Metrics []Text `yaml:"metrics"`
}

func (s *Statsd) validate(v *faults) {
	if s == nil {
		return
	}
	v.port(v.at+"Statsd.Port", s.Port, maxPort)
	v.positive(v.at+"Statsd.AggregationInterval", s.AggregationInterval)
	for i, r := range s.Rates {
		at := fmt.Sprintf("%sStatsd.Rates[%d]", v.at, i)
		if r == "" || slices.Contains(s.Rates[:i], r) {
			v.addTo("%s is %q, which is empty or named twice; remove it", at, r)
		}
		v.literal(at, r)
		if hasPlaceholder(r) {
			v.addTo("%s is a token; name the counter itself", at)
		}
		v.printable(at, r)
	}
}

func (s Statsd) receiver(host string) statsdReceiver {
	r := statsdReceiver{
		Endpoint:            address(host, s.UDPPort()),
		AggregationInterval: valueOr(s.AggregationInterval, defaultStatsdInterval),
		IgnoreHost:          true, // every sender is a container of this task, with ports that come and go
		EnableSimpleTags:    true, // a tag without a value costs only itself, not its line
	}
	for _, t := range []string{"timing", "histogram", "distribution"} {
		r.TimerHistogramMapping = append(r.TimerHistogramMapping, timerMapping{t, "summary"})
	}
	return r
}
