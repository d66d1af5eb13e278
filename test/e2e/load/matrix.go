package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/amp"
)

// Matrix lists all scenarios but those of [Struggling], most of them with faults of a length.
func Matrix(length time.Duration) []Scenario {
	all := append(Endpoint(length),
		Scenario{Name: "reset mid-body", Length: length, Begin: Failing(amp.Failure{Reset: true}), End: Healthy, Drain: -1},
		Scenario{Name: "413", Length: length, Begin: Failing(amp.Failure{Status: http.StatusRequestEntityTooLarge}), End: Healthy, Drain: -1},
		Scenario{Name: "clock skew of 10 min", Length: length, End: Healthy, Drain: -1, Begin: func(r *Run) error {
			r.Skew(10 * time.Minute)
			return nil
		}},
		Scenario{Name: "400 for one of 10,000 series", Length: length, Drain: -1, Options: Options{
			Series: 10_000, Interval: 5 * time.Second, Trouble: func(int) Trouble { return Trouble{TooOld: true} },
		}},
		Scenario{Name: "credentials rotate every 10 s", Length: length, Drain: -1, Options: Options{Credentials: 10 * time.Second}},
	)
	every := func(n int, trouble Trouble) Options {
		return Options{Trouble: func(scrape int) Trouble {
			if scrape%n == 0 {
				return trouble
			}
			return Trouble{}
		}}
	}
	for _, app := range []Scenario{
		{Name: "/metrics slow", Options: every(5, Trouble{Delay: 3 * time.Second, Lost: true})},
		{Name: "/metrics huge", Options: every(5, Trouble{Extra: 800_000, Lost: true})},
		{Name: "/metrics malformed", Options: every(5, Trouble{Malformed: true, Lost: true})},
		{Name: "/metrics explodes", Options: every(5, Trouble{Extra: 30_000, Lost: true})},
	} {
		app.Length, app.Drain = length, -1
		all = append(all, app)
	}
	return append(all,
		Scenario{Name: "SIGTERM, nothing queued", Length: 5 * time.Second},
		Scenario{Name: "SIGTERM after a 503", Length: length, Begin: Failing(amp.Failure{Status: http.StatusServiceUnavailable}), End: Healthy},
		Scenario{Name: "all there within 20 s of a 503", Length: length, Begin: Failing(amp.Failure{Status: http.StatusServiceUnavailable}), End: Healthy, Drain: 20 * time.Second},
		Scenario{Name: "SIGKILL in a 503", Length: length, Begin: Failing(amp.Failure{Status: http.StatusServiceUnavailable}), Drain: -1, End: func(r *Run) error {
			if err := r.pause(); err != nil { // what it has not taken in yet is not its to keep
				return err
			}
			err := r.Task.Crash()
			r.App.Resume()
			time.Sleep(3 * time.Second) // it starts while the endpoint still fails
			return errors.Join(err, Healthy(r))
		}},
	)
}

// OnDisk keeps the queue in files of the run.
func OnDisk(c *collector.Config, t Target) error {
	c.Delivery.QueueDirectory = filepath.Join(t.Dir, "queue")
	return os.MkdirAll(c.Delivery.QueueDirectory, 0o700)
}

// OnSmallDisk keeps it in a file system of a few MiB, which only root can make.
func OnSmallDisk(c *collector.Config, t Target) error {
	if err := OnDisk(c, t); err != nil {
		return err
	}
	dir := c.Delivery.QueueDirectory
	t.Cleanup(func() error { return exec.Command("umount", dir).Run() })
	return exec.Command("mount", "-t", "tmpfs", "-o", "size=4m", "queue", dir).Run()
}

// RunAll runs scenarios with contenders, a few at a time: they wait more than they work.
func RunAll(ctx context.Context, atOnce int, scenarios []Scenario, contenders ...Contender) ([]Outcome, error) {
	outcomes := make([]Outcome, len(scenarios)*len(contenders))
	errs := make([]error, len(outcomes))
	places := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i := range outcomes {
		places <- struct{}{}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		all.Go(func() {
			defer func() { <-places }()
			outcomes[i], errs[i] = scenarios[i/len(contenders)].Run(contenders[i%len(contenders)])
		})
	}
	all.Wait()
	return outcomes, errors.Join(errs...)
}

// Table renders outcomes as Markdown.
func Table(outcomes []Outcome) string {
	var b strings.Builder
	b.WriteString("| fault | length | contender | produced | stored | lost | twice | out of order | peak MiB (private) | requests/s | all there after |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, o := range outcomes {
		recovery := "never"
		if o.Recovery > 0 {
			recovery = o.Recovery.Round(100 * time.Millisecond).String()
		} else if o.Lost == 0 {
			recovery = "at its end"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %d | %d (%.0f %%) | %d | %d | %d (%d) | %.1f | %s |\n", o.Scenario, o.Length, o.Contender, o.Produced, o.Stored,
			o.Lost, 100*float64(o.Lost)/float64(max(1, o.Produced)), o.Duplicates, o.OutOfOrder, o.PeakMiB, o.PrivateMiB, o.RequestsPerSecond, recovery)
	}
	return b.String()
}

// Named picks scenarios by name. It panics if there is none of a name.
func Named(scenarios []Scenario, names ...string) []Scenario {
	picked := slices.DeleteFunc(scenarios, func(s Scenario) bool { return !slices.Contains(names, s.Name) })
	if len(picked) != len(names) {
		panic(fmt.Sprintf("%d scenarios are named %q, expected %d", len(picked), names, len(names)))
	}
	return picked
}
