package load

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/amp"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

// Options say how a contender is run.
type Options struct {
	Series   int
	Interval time.Duration
	// Credentials is how long those of the task role are valid. Default: an hour.
	Credentials time.Duration
	Trouble     func(scrape int) Trouble
	// Limits, if set, changes what AMP takes by default.
	Limits func(*amp.Limits)
}

// Run is a contender at work.
type Run struct {
	*harness.World
	Task    *harness.Task
	App     *App
	Ledger  *Ledger
	Started time.Time

	dir      string
	cleanups []func() error
}

var values = template.Values{
	Region: "eu-central-1", Account: "111122223333", Partition: "aws", URLSuffix: "amazonaws.com", StackName: "Load",
}

const workspaceID = "ws-load"

// Start runs a contender beside an application, in a world of their own.
func Start(c Contender, o Options) (*Run, error) {
	dir, err := os.MkdirTemp("", "load")
	if err != nil {
		return nil, err
	}
	r := &Run{dir: dir}
	if err := r.start(c, o); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", c.Name, err), r.Close())
	}
	return r, nil
}

func (r *Run) start(c Contender, o Options) (err error) {
	if o.Credentials == 0 {
		o.Credentials = time.Hour
	}
	limits := amp.DefaultLimits()
	if o.Limits != nil {
		o.Limits(&limits)
	}
	if r.World, err = harness.NewWorldWithLimits(r.dir, values, []string{workspaceID}, o.Credentials, limits); err != nil {
		return err
	}
	r.Ledger = NewLedger(r.Store)
	if r.App, err = NewApp(o.Series); err != nil {
		return err
	}
	r.App.Trouble = o.Trouble
	definition, err := c.Container(Target{
		App: r.App.Address(), Series: o.Series, Region: values.Region, Interval: o.Interval, Dir: r.dir,
		Cleanup:  func(f func() error) { r.cleanups = append(r.cleanups, f) },
		Endpoint: fmt.Sprintf("https://%s/workspaces/%s/api/v1/remote_write", r.AMPHost(), workspaceID),
	})
	if err != nil {
		return err
	}
	task := &template.TaskDefinition{Family: family, CPU: "512", Memory: "1024", NetworkMode: "awsvpc", ContainerDefinitions: []template.Container{definition}}
	r.Started = time.Now()
	r.Task, err = r.World.Start(task, harness.TaskOptions{
		ID: ecs.NewID(c.Name), Cluster: "shop", Zone: values.Region + "b", LaunchType: ecs.Fargate,
		Collector: containerName, CollectorProgram: c.Program,
	})
	return err
}

// Close ends whatever still runs and removes all files.
func (r *Run) Close() error {
	if r.Task != nil {
		r.Task.Kill()
	}
	var errs []error
	if r.App != nil {
		errs = append(errs, r.App.Close())
	}
	if r.World != nil {
		errs = append(errs, r.World.Close())
	}
	for _, f := range r.cleanups {
		errs = append(errs, f())
	}
	return errors.Join(append(errs, os.RemoveAll(r.dir))...)
}

// Produced is how many samples the application has handed out.
func (r *Run) Produced() int { return r.App.Served() * r.App.Series }

// Lost is how many of them have not been stored.
func (r *Run) Lost() int { return r.Produced() - r.Ledger.Arrived().Stored }

// Traffic sums up the requests since a time.
func (r *Run) Traffic(since time.Time) (requests, bytes, samples int) {
	for _, record := range r.AMP.Records() {
		if record.At.Before(since) {
			continue
		}
		requests++
		bytes += record.Bytes
		samples += record.Samples
	}
	return requests, bytes, samples
}
