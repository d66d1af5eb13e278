package otelprometheus

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// Limits of Amazon ECS. Source: Amazon ECS task definition parameters.
const (
	minHealthInterval, maxHealthInterval       = 5 * time.Second, 300 * time.Second
	minHealthTimeout, maxHealthTimeout         = 2 * time.Second, 60 * time.Second
	minHealthRetries, maxHealthRetries         = 1, 10
	maxHealthStartPeriod                       = 300 * time.Second
	maxFargateStopTimeout                      = 120 * time.Second
	minRestartAttempt, maxRestartAttempt       = 60 * time.Second, 1800 * time.Second
	maxRestartIgnoredExitCodes                 = 50
	minCollectorMemoryMiB, maxContainerCpuUnit = 64, 196608
)

func (s *settings) validateContainer(t task, f *input.Faults) {
	c := &s.collector
	const where = "Telemetry.Collector"
	if name := *c.ContainerName; name == "" {
		f.Add("%s.ContainerName is empty", where)
	}
	f.NumberIn(where+".Cpu", c.Cpu, 1, maxContainerCpuUnit)
	if t.cpu != nil && c.Cpu != nil && *c.Cpu > *t.cpu {
		f.Add("%s.Cpu is %s, more than the task's %s; lower it or give the task more CPU", where, input.Number(c.Cpu), input.Number(t.cpu))
	}
	if m := s.memoryLimit; m != nil {
		f.NumberIn(where+".MemoryLimitMiB", m, minCollectorMemoryMiB, math.MaxInt32)
		withinTask(f, where+".MemoryLimitMiB", m, t)
	}
	if m := c.MemoryReservationMiB; m != nil {
		f.NumberIn(where+".MemoryReservationMiB", m, 1, math.MaxInt32)
		withinTask(f, where+".MemoryReservationMiB", m, t)
		if l := knownNumber(s.memoryLimit, 0); s.memoryLimit != nil && l != nil && *m > *l {
			f.Add("%s.MemoryReservationMiB %s is more than the memory limit %s", where, input.Number(m), input.Number(l))
		}
	}
	if given := s.telemetry.Collector; given == nil || given.StopTimeout == nil {
		// The default is known to be good.
	} else if d := f.Duration(where+".StopTimeout", given.StopTimeout); d != nil {
		switch {
		case *d < time.Second || *d%time.Second != 0:
			f.Add("%s.StopTimeout is %s; it must be a whole number of seconds, at least one", where, *d)
		case t.on("FARGATE") && *d > maxFargateStopTimeout:
			f.Add("%s.StopTimeout is %s; Fargate takes at most %.0f seconds", where, *d, maxFargateStopTimeout.Seconds())
		}
	}
	s.validateStartOrder(where+".StartOrder", c.StartOrder, f)
	if all := s.telemetry.Containers; all != nil {
		for _, name := range slices.Sorted(maps.Keys(*all)) {
			if c := (*all)[name]; c != nil && c.StartOrder != "" {
				s.validateStartOrder("Telemetry.Containers["+name+"].StartOrder", c.StartOrder, f)
			}
		}
	}
	if s.healthOn {
		h := s.health
		durationIn(f, where+".HealthCheck.Interval", h.Interval, minHealthInterval, maxHealthInterval)
		durationIn(f, where+".HealthCheck.Timeout", h.Timeout, minHealthTimeout, maxHealthTimeout)
		durationIn(f, where+".HealthCheck.StartPeriod", h.StartPeriod, 0, maxHealthStartPeriod)
		f.NumberIn(where+".HealthCheck.Retries", h.Retries, minHealthRetries, maxHealthRetries)
	}
	if s.restartOn {
		durationIn(f, where+".RestartPolicy.AttemptPeriod", s.restart.AttemptPeriod, minRestartAttempt, maxRestartAttempt)
		if codes := s.restart.IgnoredExitCodes; codes != nil {
			if len(*codes) > maxRestartIgnoredExitCodes {
				f.Add("%s.RestartPolicy.IgnoredExitCodes has %d entries; ECS takes at most %d", where, len(*codes), maxRestartIgnoredExitCodes)
			}
			if slices.Contains(*codes, nil) {
				f.Add("%s.RestartPolicy.IgnoredExitCodes holds nil; remove it", where)
			}
		}
	}
	s.validateEnvironment(f)
}

func (s *settings) validateStartOrder(where string, order awsecs.ContainerDependencyCondition, f *input.Faults) {
	switch order {
	case awsecs.ContainerDependencyCondition_START:
	case awsecs.ContainerDependencyCondition_HEALTHY:
		if !s.healthOn {
			f.Add("%s is HEALTHY, but the health check is off; turn it on or use START", where)
		}
	default:
		f.Add("%s is %s; a collector runs as long as the task, so use START or HEALTHY", where, order)
	}
}

// validateEnvironment refuses variables that would take the configuration away from the library.
func (s *settings) validateEnvironment(f *input.Faults) {
	var names []string
	if e := s.collector.Environment; e != nil {
		for _, name := range slices.Sorted(maps.Keys(*e)) {
			if (*e)[name] == nil {
				f.Add("Telemetry.Collector.Environment: %s is nil; give it a value, or remove it", name)
			}
			names = append(names, name)
		}
	}
	if e := s.collector.Secrets; e != nil {
		for _, name := range slices.Sorted(maps.Keys(*e)) {
			if (*e)[name] == nil {
				f.Add("Telemetry.Collector.Secrets: %s is nil; give it a secret, or remove it", name)
			}
			if slices.Contains(names, name) {
				f.Add("Telemetry.Collector: %s is both in Environment and in Secrets; keep one of them", name)
			}
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		switch name {
		case envConfig, envAotConfig, envConfigFingerprint, envConfigRevision:
			f.Add("Telemetry.Collector: variable %s would replace the collector's configuration; use Telemetry.Config", name)
		case envRemoteWriteUrl:
			if !s.source.generated {
				f.Add("Telemetry.Collector: variable %s is set from Telemetry.Workspace; import the workspace instead", name)
			}
		}
	}
}

// durationIn reports a duration that ECS does not take.
func durationIn(f *input.Faults, what string, d awscdk.Duration, low, high time.Duration) {
	if v := f.Duration(what, d); v != nil && (*v < low || *v > high || *v%time.Second != 0) {
		f.Add("%s is %s; ECS takes %.0f to %.0f whole seconds", what, *v, low.Seconds(), high.Seconds())
	}
}

// withinTask reports memory that the task does not have.
func withinTask(f *input.Faults, what string, m *float64, t task) {
	if t.memoryMiB != nil && *m > *t.memoryMiB {
		f.Add("%s is %s, more than the task's %s MiB; lower it or give the task more memory", what, input.Number(m), input.Number(t.memoryMiB))
	}
}
