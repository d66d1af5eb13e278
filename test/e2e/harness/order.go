package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

// inOrder starts the containers, each after what it depends on.
func (t *Task) inOrder(start func(*template.Container) error) error {
	pending := slices.Clone(t.containers)
	for len(pending) > 0 {
		i := slices.IndexFunc(pending, func(c *template.Container) bool {
			return !slices.ContainsFunc(c.Dependencies(), func(d template.Dependency) bool { return t.processes[d.ContainerName] == nil })
		})
		if i < 0 {
			return fmt.Errorf("container %s: cannot start, because it depends on itself or on a container that there is not: %v",
				pending[0].Name, pending[0].Dependencies())
		}
		for _, d := range pending[i].Dependencies() {
			if err := t.await(d); err != nil {
				return fmt.Errorf("container %s: %w", pending[i].Name, err)
			}
		}
		if err := start(pending[i]); err != nil {
			return err
		}
		pending = slices.Delete(pending, i, i+1)
	}
	return nil
}

// await waits until a container that has been started is as another one wants it.
func (t *Task) await(d template.Dependency) error {
	switch d.Condition {
	case "START":
		return nil
	case "HEALTHY":
		return t.awaitHealth(d.ContainerName)
	}
	return fmt.Errorf("dependsOn condition %s is not emulated", d.Condition)
}

// healthCheck is the health check of ADOT's image, and healthURL what that program asks.
var healthCheck = []string{"CMD", "/healthcheck"}

const healthURL = "http://127.0.0.1:13133/"

// awaitHealth does what the health check of a container does, only more often: ECS asks once in an interval, so that there the
// answer comes later. It gives up when ECS does.
func (t *Task) awaitHealth(name string) error {
	c, err := t.Container(name)
	if err != nil {
		return err
	}
	check := c.HealthCheck
	if check == nil || !slices.Equal(check.Command, healthCheck) {
		return fmt.Errorf("dependsOn HEALTHY of %s, whose health check is %+v; expected %v", name, check, healthCheck)
	}
	patience := time.Duration(check.StartPeriod+check.Retries*check.Interval) * time.Second
	if err := t.WaitHTTP(context.Background(), t.processes[name], healthURL, patience); err != nil {
		return fmt.Errorf("dependsOn HEALTHY of %s: %w", name, err)
	}
	return nil
}

// Stop stops the task in the order of ECS: each container when all that depend on it have stopped, with SIGTERM, its stop
// timeout, SIGKILL. All that did not end as it should is in the error.
func (t *Task) Stop() error { return t.stop("") }

// Wait waits until an essential container ends by itself, and then stops the others as ECS does. It is an error if that
// container failed, or was the collector, or if none ends in time. Restart policies are not emulated: nothing is restarted.
func (t *Task) Wait(timeout time.Duration) error {
	ended, stop := make(chan string), make(chan struct{})
	defer close(stop)
	for _, c := range t.containers {
		if !c.IsEssential() {
			continue
		}
		go func() {
			select {
			case <-t.processes[c.Name].Done():
			case <-stop:
			}
			select {
			case ended <- c.Name:
			case <-stop:
			}
		}()
	}
	select {
	case name := <-ended:
		return t.stop(name)
	case <-time.After(timeout):
		return errors.Join(fmt.Errorf("no essential container ended within %s", timeout), t.Stop())
	}
}

// stop stops all containers but one that has ended by itself, if there is such a one. The collector is never meant to.
func (t *Task) stop(ended string) error {
	stopped := map[string]chan struct{}{}
	for _, c := range t.containers {
		stopped[c.Name] = make(chan struct{})
	}
	errs := make([]error, len(t.containers))
	for i, c := range t.containers {
		go func() {
			defer close(stopped[c.Name])
			for _, other := range t.containers {
				if slices.ContainsFunc(other.Dependencies(), func(d template.Dependency) bool { return d.ContainerName == c.Name }) {
					<-stopped[other.Name]
				}
			}
			if p := t.processes[c.Name]; c.Name != ended || c.Name == t.collector {
				errs[i] = p.Stop(c.Grace())
			} else if p.err != nil {
				errs[i] = fmt.Errorf("%s: %w\n%s", p.Name, p.err, p.Tail(20))
			}
		}()
	}
	for _, c := range stopped {
		<-c
	}
	return errors.Join(append(errs, t.ECS.Close())...)
}
