package otelprometheus

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"
)

// synthChecks looks at the whole task once all containers are known. It runs inside a callback from Node and must not
// panic; its result must not be nil.
type synthChecks struct{ s *sidecar }

// Validate implements constructs.IValidation.
func (c *synthChecks) Validate() *[]*string {
	f := faults{}
	c.ports(&f)
	c.memory(&f)
	return jsii.Strings(f...)
}

// ports reports a port that two containers of the task would listen on: they share one network namespace.
func (c *synthChecks) ports(f *faults) {
	type listener struct{ port, protocol string }
	seen := map[listener]string{}
	config := c.s.settings.config
	for _, address := range config.ListenAddresses() {
		seen[listener{portOf(address), "tcp"}] = *c.s.collector.ContainerName()
	}
	if config.StatsD != nil {
		seen[listener{portOf(config.StatsD.Endpoint), "udp"}] = *c.s.collector.ContainerName()
	}
	for _, container := range *c.s.task.Containers() {
		for _, m := range *container.PortMappings() {
			if m.ContainerPort == nil || *m.ContainerPort == 0 || unresolved(m.ContainerPort) {
				continue
			}
			protocol := "tcp"
			if m.Protocol == awsecs.Protocol_UDP {
				protocol = "udp"
			}
			l := listener{number(m.ContainerPort), protocol}
			if other, ok := seen[l]; ok {
				f.add("containers %s and %s both use %s port %s, and share one network namespace; give one of them another port",
					other, *container.ContainerName(), protocol, l.port)
				continue
			}
			seen[l] = *container.ContainerName()
		}
	}
}

func portOf(address string) string { return address[strings.LastIndex(address, ":")+1:] }

// memory reports containers that do not fit into the task.
func (c *synthChecks) memory(f *faults) {
	task := c.s.settings.taskMemoryMiB
	if task == nil {
		return
	}
	var sum float64
	for _, container := range *c.s.task.Containers() {
		rendered := container.RenderContainerDefinition(c.s.task)
		limit, reserved := knownNumber(rendered.Memory, 0), knownNumber(rendered.MemoryReservation, 0)
		if limit == nil || reserved == nil {
			return // a token; ECS will tell
		}
		if *limit > *task {
			f.add("container %s has a memory limit of %s MiB, more than the task's %s MiB", *container.ContainerName(), number(limit), number(task))
		}
		if rendered.MemoryReservation != nil {
			sum += *reserved
		} else {
			sum += *limit
		}
	}
	if sum > *task {
		f.add("the containers set aside %s MiB of memory together, more than the task's %s MiB; lower a limit or give the task more memory",
			number(&sum), number(task))
	}
}
