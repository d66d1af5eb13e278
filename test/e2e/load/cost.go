package load

import (
	"fmt"
	"time"
)

// Cost is what a sample costs a contender.
type Cost struct {
	CPU           float64 // µs of the whole process for each sample
	Bytes         float64 // of request bodies for each sample
	PeakMiB       float64 // most resident memory
	PrivateMiB    float64 // the most of it that is not of files
	Labels        int     // of most samples, with their name
	Lag, WorstLag time.Duration
}

// Measure runs a contender for a while in which nothing goes wrong. It is an error if a sample is lost.
func Measure(c Contender, o Options, warmUp, length time.Duration) (Cost, error) {
	r, err := Start(c, o)
	if err != nil {
		return Cost{}, err
	}
	defer func() { _ = r.Close() }()
	if err := r.sleep(warmUp); err != nil {
		return Cost{}, err
	}
	process, began := r.Task.Collector, time.Now()
	cpu, produced := process.CPU(), r.Produced()
	if err := r.sleep(length); err != nil {
		return Cost{}, err
	}
	cpu, produced = process.CPU()-cpu, r.Produced()-produced
	_, bytes, samples := r.Traffic(began)
	cost := Cost{
		CPU: float64(cpu.Microseconds()) / float64(produced), Bytes: float64(bytes) / float64(samples),
		Labels: r.Ledger.Labels(),
	}
	peak, private := process.Peak()
	cost.PeakMiB, cost.PrivateMiB = float64(peak)/(1<<20), float64(private)/(1<<20)
	if err := r.pause(); err != nil {
		return Cost{}, err
	}
	r.settle(-1, time.Now())
	if err := r.Task.Stop(); err != nil {
		return cost, fmt.Errorf("%s: %w", c.Name, err)
	}
	cost.Lag, cost.WorstLag = r.Ledger.Lag()
	if r.Lost() != 0 {
		return cost, fmt.Errorf("%s: %d of %d samples were lost without a fault", c.Name, r.Lost(), r.Produced())
	}
	return cost, nil
}
