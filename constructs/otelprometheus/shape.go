package otelprometheus

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// shape is what the collector must know of the task to report ECS' numbers as they are meant.
func (t task) shape(collectorName string) collector.TaskShape {
	modes := map[awsecs.NetworkMode]string{awsecs.NetworkMode_BRIDGE: "bridge", awsecs.NetworkMode_HOST: "host"}
	return collector.TaskShape{
		NetworkMode: modes[t.networkMode], Container: collectorName, Instances: t.instances(), NoCPU: t.noCpu, NoMemory: t.noMemory,
	}
}

// instances says whether the task can run on an EC2 instance.
func (t task) instances() bool { return t.compatibility != awsecs.Compatibility_FARGATE }

// measure tells the collectors what their tasks set aside, where only the containers say so, once all of these are known.
func measure(c *callbacks) {
	for _, s := range c.sidecars {
		s.warnOfHost()
		if m := s.settings.config.TaskMetrics; m != nil && (m.Task.NoCPU || m.Task.NoMemory) {
			s.setAside()
		}
	}
}

// setAside writes the configuration again, with the sums over the containers. To resolve the task definition would be one call, but
// awscdk keeps what it gives: the configuration in the template would stay the old one.
func (s *Sidecar) setAside() {
	var cpu, memory sum
	for _, container := range *s.task.Containers() {
		c := container.RenderContainerDefinition(s.task)
		cpu.add(c.Cpu, s.ownName(*container.ContainerName()))
		if c.Memory == nil {
			c.Memory = c.MemoryReservation
		}
		memory.add(c.Memory, false)
	}
	changed := *s.settings
	metrics := *changed.config.TaskMetrics
	metrics.Task.CPUUnits, metrics.Task.MemoryMiB = cpu.known(), memory.known()
	changed.config.TaskMetrics = &metrics
	var f input.Faults
	changed.render(&f)
	f.PanicIfAny("the collector's configuration") // it was rendered before; answer makes it an error of the construct
	s.settings = &changed
	s.update(changed.secrets)
}

// sum is what the containers of a task set aside together. It is not known where one has no number: its use is then no share of
// anything. That of CPU is known all the same where only containers of ours have none.
type sum struct {
	total   float64
	unknown bool
}

func (s *sum) add(n *float64, maybe bool) {
	switch {
	case n == nil || *n == 0:
		s.unknown = s.unknown || !maybe
	case token.Is(*n):
		s.unknown = true
	default:
		s.total += *n
	}
}

// known is the sum, or 0.
func (s *sum) known() float64 {
	if s.unknown {
		return 0
	}
	return s.total
}

// warnOfHost says what is not known on the instances of the stack.
func (s *Sidecar) warnOfHost() {
	m := s.settings.config.TaskMetrics
	if m == nil || !s.settings.task.instances() || !m.Keeps("storage.") && !m.Keeps("memory.utilized") || !s.stack.hasAmazonLinux2023() {
		return
	}
	input.Warn(s.task, "controlGroups", "the stack has instances with Amazon Linux 2023, whose control groups are of version 2; ADOT "+ADOTVersion+" does not know there what a task reads and writes, "+
		"nor its memory without the page cache, so ecs_task_storage_* and ecs_task_memory_utilized are not stored and their alerts stay silent; "+
		"use ecs_task_memory_usage, which includes the cache, and acknowledge this")
}

// hasAmazonLinux2023 looks for the parameter that awsecs.EcsOptimizedImage_AmazonLinux2023 adds to a stack.
func (p *stackParts) hasAmazonLinux2023() bool {
	if p.amazonLinux2023 == nil {
		found := false
		for _, child := range *p.Node().Children() {
			found = found || strings.Contains(*child.Node().Id(), "ecs--optimized-ami--amazon-linux-2023")
		}
		p.amazonLinux2023 = &found
	}
	return *p.amazonLinux2023
}
