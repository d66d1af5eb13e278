package otelprometheus

import (
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

// validate refuses tasks that the collector cannot join.
func (t task) validate(f *faults) {
	switch t.compatibility {
	case awsecs.Compatibility_FARGATE:
	case "":
		f.add("Compatibility is not set; use awsecs.Compatibility_FARGATE")
	case awsecs.Compatibility_EXTERNAL:
		f.add("Compatibility is EXTERNAL; the ADOT integration does not support ECS Anywhere; use FARGATE")
	default:
		f.add("Compatibility is %s; only FARGATE is supported so far", t.compatibility)
	}
	if p := t.platform; p != nil && p.OperatingSystemFamily != nil && *p.OperatingSystemFamily.IsWindows() {
		f.add("RuntimePlatform is Windows; there is no ADOT collector image for Windows; use OperatingSystemFamily_LINUX")
	}
}

func (s *settings) validateContainer(t task, f *faults) {
	c := &s.container
	const where = "Telemetry.Collector"
	if name := *c.ContainerName; name == "" {
		f.add("%s.ContainerName is empty", where)
	}
	f.numberIn(where+".Cpu", c.Cpu, 1, maxContainerCpuUnit)
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
	f.durationIn(where+".StopTimeout", c.StopTimeout, time.Second, maxFargateStopTimeout)
	switch c.StartOrder {
	case awsecs.ContainerDependencyCondition_START:
	case awsecs.ContainerDependencyCondition_HEALTHY:
		if !s.healthOn {
			f.add("%s.StartOrder is HEALTHY, but the health check is off; turn it on or use START", where)
		}
	default:
		f.add("%s.StartOrder is %s; a collector runs as long as the task, so use START or HEALTHY", where, c.StartOrder)
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
		if codes := s.restart.IgnoredExitCodes; codes != nil && len(*codes) > maxRestartIgnoredExitCodes {
			f.add("%s.RestartPolicy.IgnoredExitCodes has %d entries; ECS takes at most %d", where, len(*codes), maxRestartIgnoredExitCodes)
		}
	}
	s.validateEnvironment(f)
}

// validateEnvironment refuses variables that would take the configuration away from the library.
func (s *settings) validateEnvironment(f *faults) {
	var names []string
	if e := s.container.Environment; e != nil {
		for name := range *e {
			names = append(names, name)
		}
	}
	if e := s.container.Secrets; e != nil {
		for name := range *e {
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
