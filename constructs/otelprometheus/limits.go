package otelprometheus

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// Limits of Amazon ECS. Source: Amazon ECS task definition parameters.
const (
	minHealthInterval, maxHealthInterval = 5 * time.Second, 300 * time.Second
	minHealthTimeout, maxHealthTimeout   = 2 * time.Second, 60 * time.Second
	minHealthRetries, maxHealthRetries   = 1, 10
	maxHealthStartPeriod                 = 300 * time.Second
	maxFargateStopTimeout                = 120 * time.Second
	minRestartAttempt, maxRestartAttempt = 60 * time.Second, 1800 * time.Second
	maxRestartIgnoredExitCodes           = 50
	maxContainerCpuUnit                  = 196608
)

// validateContainer reports what ECS would not take of the collector's container.
func validateContainer(s *settings, p CollectorProps, f *input.Faults) {
	const at = where + "Collector"
	c, t := s.container, s.task
	if *c.ContainerName == "" {
		f.Add("%s.ContainerName is empty; leave it out for %s", at, defaultContainerName)
	}
	f.NumberIn(at+".Cpu", c.Cpu, 1, maxContainerCpuUnit)
	if t.cpu != nil && c.Cpu != nil && *c.Cpu > *t.cpu {
		f.Add("%s.Cpu is %s, more than the task's %s; lower it or give the task more CPU", at, input.Number(c.Cpu), input.Number(t.cpu))
	}
	if m := c.MemoryLimitMiB; m != nil && p.MemoryLimitMiB == nil && *m < collector.MinMemoryLimitMiB {
		f.Add("the task's memory is %s MiB, and half of it is too little for the collector, which takes 110 MB at rest; give the task %d MiB or more", input.Number(t.memoryMiB), 2*collector.MinMemoryLimitMiB)
	} else if m != nil {
		f.NumberIn(at+".MemoryLimitMiB", m, collector.MinMemoryLimitMiB, math.MaxInt32)
		withinTask(f, at+".MemoryLimitMiB", m, t)
	}
	if m := c.MemoryReservationMiB; m != nil {
		f.NumberIn(at+".MemoryReservationMiB", m, 1, math.MaxInt32)
		withinTask(f, at+".MemoryReservationMiB", m, t)
		if l := knownNumber(c.MemoryLimitMiB, 0); c.MemoryLimitMiB != nil && l != nil && *m > *l {
			f.Add("%s.MemoryReservationMiB is %s, more than the memory limit of %s; lower it or raise MemoryLimitMiB", at, input.Number(m), input.Number(l))
		}
	}
	if d := f.Duration(at+".StopTimeout", p.StopTimeout); d != nil {
		switch {
		case *d < time.Second || *d%time.Second != 0:
			f.Add("%s.StopTimeout is %s; it must be a whole number of seconds, at least one", at, *d)
		case t.fargate && *d > maxFargateStopTimeout:
			f.Add("%s.StopTimeout is %s; Fargate takes at most %.0f seconds", at, *d, maxFargateStopTimeout.Seconds())
		}
	}
	validateCondition(at+".DependencyCondition", s.condition, c.HealthCheck != nil, f)
	if h := c.HealthCheck; h != nil && p.HealthCheck != nil {
		durationIn(f, at+".HealthCheck.Interval", h.Interval, minHealthInterval, maxHealthInterval)
		durationIn(f, at+".HealthCheck.Timeout", h.Timeout, minHealthTimeout, maxHealthTimeout)
		durationIn(f, at+".HealthCheck.StartPeriod", p.HealthCheck.StartPeriod, 0, maxHealthStartPeriod)
		f.NumberIn(at+".HealthCheck.Retries", h.Retries, minHealthRetries, maxHealthRetries)
	}
	durationIn(f, at+".RestartPolicy.AttemptPeriod", c.RestartAttemptPeriod, minRestartAttempt, maxRestartAttempt)
	if codes := c.RestartIgnoredExitCodes; codes != nil {
		if len(*codes) > maxRestartIgnoredExitCodes {
			f.Add("%s.RestartPolicy.IgnoredExitCodes has %d elements; ECS takes at most %d", at, len(*codes), maxRestartIgnoredExitCodes)
		}
		if slices.Contains(*codes, nil) {
			f.Add("%s.RestartPolicy.IgnoredExitCodes has an element that is nil; remove it", at)
		}
	}
	validateEnvironment(s, f)
}

func validateCondition(at string, condition awsecs.ContainerDependencyCondition, healthOn bool, f *input.Faults) {
	switch condition {
	case awsecs.ContainerDependencyCondition_START:
	case awsecs.ContainerDependencyCondition_HEALTHY:
		if !healthOn {
			f.Add("%s is HEALTHY, but the collector's health check is off; turn it on or use START", at)
		}
	default:
		f.Add("%s is %s; a collector runs as long as the task, so use START or HEALTHY", at, condition)
	}
}

// validateEnvironment refuses variables that the library sets.
func validateEnvironment(s *settings, f *input.Faults) {
	var names []string
	if e := s.container.Environment; e != nil {
		for _, name := range slices.Sorted(maps.Keys(*e)) {
			if (*e)[name] == nil {
				f.Add("%sCollector.Environment: %s is nil; give it a value, or remove it", where, name)
			}
			names = append(names, name)
		}
	}
	if e := s.container.Secrets; e != nil {
		for _, name := range slices.Sorted(maps.Keys(*e)) {
			if (*e)[name] == nil {
				f.Add("%sCollector.Secrets: %s is nil; give it a secret, or remove it", where, name)
			}
			if slices.Contains(names, name) {
				f.Add("%sCollector: %s is both in Environment and in Secrets; leave one out", where, name)
			}
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		switch name {
		case envConfig, envAotConfig, envConfigRevision:
			f.Add("%sCollector: variable %s would replace the collector's configuration; use %sConfig", where, name, where)
		case collector.EnvEndpoint, collector.EnvRegion:
			f.Add("%sCollector: variable %s is set from %sWorkspace; import the workspace instead", where, name, where)
		case collector.EnvTaskRegion, collector.EnvAccountID, collector.EnvFamily, collector.EnvCluster, collector.EnvRoleARN, collector.EnvSTSRegion, collector.EnvExternalID:
			if s.source == nil {
				f.Add("%sCollector: the library sets variable %s, which the generated configuration reads; leave it out", where, name)
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
