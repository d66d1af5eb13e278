package otelprometheus

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
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

func (s *settings) validateContainer(t task, f *faults) {
	c := &s.collector
	const where = "Telemetry.Collector"
	if name := *c.ContainerName; name == "" {
		f.add("%s.ContainerName is empty", where)
	}
	f.numberIn(where+".Cpu", c.Cpu, 1, maxContainerCpuUnit)
	if t.cpu != nil && c.Cpu != nil && !unresolved(c.Cpu) && *c.Cpu > *t.cpu {
		f.add("%s.Cpu is %s, more than the task's %s; lower it or give the task more CPU", where, number(c.Cpu), number(t.cpu))
	}
	if m := s.memoryLimit; m != nil {
		f.numberIn(where+".MemoryLimitMiB", m, minCollectorMemoryMiB, math.MaxInt32)
		f.withinTask(where+".MemoryLimitMiB", m, t)
	}
	if m := c.MemoryReservationMiB; m != nil {
		f.numberIn(where+".MemoryReservationMiB", m, 1, math.MaxInt32)
		f.withinTask(where+".MemoryReservationMiB", m, t)
		if l := knownNumber(s.memoryLimit, 0); s.memoryLimit != nil && l != nil && !unresolved(m) && *m > *l {
			f.add("%s.MemoryReservationMiB %s is more than the memory limit %s", where, number(m), number(l))
		}
	}
	if d := f.duration(where+".StopTimeout", c.StopTimeout); d != nil {
		switch {
		case *d < time.Second || *d%time.Second != 0:
			f.add("%s.StopTimeout is %s; it must be a whole number of seconds, at least one", where, *d)
		case t.on("FARGATE") && *d > maxFargateStopTimeout:
			f.add("%s.StopTimeout is %s; Fargate takes at most %.0f seconds", where, *d, maxFargateStopTimeout.Seconds())
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
		f.durationIn(where+".HealthCheck.Interval", h.Interval, minHealthInterval, maxHealthInterval)
		f.durationIn(where+".HealthCheck.Timeout", h.Timeout, minHealthTimeout, maxHealthTimeout)
		f.durationIn(where+".HealthCheck.StartPeriod", h.StartPeriod, 0, maxHealthStartPeriod)
		f.numberIn(where+".HealthCheck.Retries", h.Retries, minHealthRetries, maxHealthRetries)
	}
	if s.restartOn {
		f.durationIn(where+".RestartPolicy.AttemptPeriod", s.restart.AttemptPeriod, minRestartAttempt, maxRestartAttempt)
		if codes := s.restart.IgnoredExitCodes; codes != nil {
			if len(*codes) > maxRestartIgnoredExitCodes {
				f.add("%s.RestartPolicy.IgnoredExitCodes has %d entries; ECS takes at most %d", where, len(*codes), maxRestartIgnoredExitCodes)
			}
			if slices.Contains(*codes, nil) {
				f.add("%s.RestartPolicy.IgnoredExitCodes holds nil; remove it", where)
			}
		}
	}
	s.validateEnvironment(f)
}

func (s *settings) validateStartOrder(where string, order awsecs.ContainerDependencyCondition, f *faults) {
	switch order {
	case awsecs.ContainerDependencyCondition_START:
	case awsecs.ContainerDependencyCondition_HEALTHY:
		if !s.healthOn {
			f.add("%s is HEALTHY, but the health check is off; turn it on or use START", where)
		}
	default:
		f.add("%s is %s; a collector runs as long as the task, so use START or HEALTHY", where, order)
	}
}

// validateEnvironment refuses variables that would take the configuration away from the library.
func (s *settings) validateEnvironment(f *faults) {
	var names []string
	if e := s.collector.Environment; e != nil {
		for _, name := range slices.Sorted(maps.Keys(*e)) {
			if (*e)[name] == nil {
				f.add("Telemetry.Collector.Environment: %s is nil; give it a value, or remove it", name)
			}
			names = append(names, name)
		}
	}
	if e := s.collector.Secrets; e != nil {
		for _, name := range slices.Sorted(maps.Keys(*e)) {
			if (*e)[name] == nil {
				f.add("Telemetry.Collector.Secrets: %s is nil; give it a secret, or remove it", name)
			}
			if slices.Contains(names, name) {
				f.add("Telemetry.Collector: %s is both in Environment and in Secrets; keep one of them", name)
			}
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		switch name {
		case envConfig, envAotConfig, envConfigFingerprint, envConfigRevision:
			f.add("Telemetry.Collector: variable %s would replace the collector's configuration; use Telemetry.Config", name)
		case envRemoteWriteUrl:
			if !s.source.generated {
				f.add("Telemetry.Collector: variable %s is set from Telemetry.Workspace; import the workspace instead", name)
			}
		}
	}
}

// withinTask reports memory that the task does not have.
func (f *faults) withinTask(what string, m *float64, t task) {
	if t.memoryMiB != nil && !unresolved(m) && *m > *t.memoryMiB {
		f.add("%s is %s, more than the task's %s MiB; lower it or give the task more memory", what, number(m), number(t.memoryMiB))
	}
}
