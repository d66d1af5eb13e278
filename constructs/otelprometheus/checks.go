package otelprometheus

import (
	"fmt"
	"maps"
	"slices"
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
	answer(c.s.task, func() {
		c.ports(&f)
		c.size(&f)
		c.volumes(&f)
		c.order(&f)
		c.scraped(&f)
		c.exceptions(&f)
	})
	return jsii.Strings(f...)
}

// ports reports a port that two containers of the task would listen on. With network mode bridge each container has ports
// of its own, and only those of the instance can clash.
func (c *synthChecks) ports(f *faults) {
	type listener struct{ port, protocol string }
	seen := map[listener]string{}
	listen := func(name, port, protocol string) {
		l := listener{port, protocol}
		if other, ok := seen[l]; ok {
			f.add("containers %s and %s both use %s port %s, and share one network namespace; give one of them another port", other, name, protocol, port)
			return
		}
		seen[l] = name
	}
	if len(*c.s.collector.PortMappings()) > 0 {
		f.add("the collector has port mappings; its receivers have no authentication and are for the containers of the task only, so remove them, "+
			"and point load balancers at container %s", c.appName())
	}
	bridge := c.s.settings.task.bridge()
	if !bridge {
		name := *c.s.collector.ContainerName()
		for _, address := range c.s.settings.config.ListenAddresses() {
			listen(name, portOf(address), "tcp")
		}
		if statsd := c.s.settings.config.StatsD; statsd != nil {
			listen(name, portOf(statsd.Endpoint), "udp")
		}
	}
	for _, container := range *c.s.task.Containers() {
		for _, m := range *container.PortMappings() {
			f.numberIn("container "+*container.ContainerName()+": port", m.ContainerPort, 0, maxPort)
			f.numberIn("container "+*container.ContainerName()+": host port", m.HostPort, 0, maxPort)
			port := m.ContainerPort
			if bridge {
				port = m.HostPort
			}
			if port == nil || *port == 0 || unresolved(port) {
				continue
			}
			protocol := "tcp"
			if m.Protocol == awsecs.Protocol_UDP {
				protocol = "udp"
			}
			listen(*container.ContainerName(), number(port), protocol)
		}
	}
}

const maxPort = 65535

// appName is the container that a load balancer should have.
func (c *synthChecks) appName() string {
	if d := c.s.task.DefaultContainer(); d != nil {
		return *d.ContainerName()
	}
	return "of the application"
}

// volumes reports mounts of volumes that are not there, and volumes that Fargate does not have.
func (c *synthChecks) volumes(f *faults) {
	known := map[string]bool{}
	volumes, _ := c.s.task.Stack().Resolve(c.s.cfn().Volumes()).([]any)
	for _, v := range volumes {
		fields, _ := v.(map[string]any)
		name, _ := fields["name"].(string)
		known[name] = true
		if host, _ := fields["host"].(map[string]any); host["sourcePath"] != nil && c.s.settings.task.on("FARGATE") {
			f.add("volume %s is a path of the host, which Fargate does not give; leave out Host, or use EFS", name)
		}
	}
	for _, container := range *c.s.task.Containers() {
		for _, m := range *container.MountPoints() {
			if m.SourceVolume != nil && !unresolved(*m.SourceVolume) && !known[*m.SourceVolume] {
				f.add("container %s mounts volume %s, which the task does not have; add it with AddVolume", *container.ContainerName(), *m.SourceVolume)
			}
		}
	}
}

// exceptions reports names in Telemetry.Containers that no container has.
func (c *synthChecks) exceptions(f *faults) {
	if all := c.s.settings.telemetry.Containers; all != nil {
		for _, name := range slices.Sorted(maps.Keys(*all)) {
			if c.s.task.FindContainer(&name) == nil {
				f.add("Telemetry.Containers names container %s, which is not in the task", name)
			}
		}
	}
}

// size reports containers that do not fit into the task. awscdk itself checks the sum of their CPU units.
func (c *synthChecks) size(f *faults) {
	task := c.s.settings.task
	if task.memoryMiB == nil {
		return
	}
	var sum float64
	var parts []string
	for _, container := range *c.s.task.Containers() {
		rendered := container.RenderContainerDefinition(c.s.task)
		limit, reserved := knownNumber(rendered.Memory, 0), knownNumber(rendered.MemoryReservation, 0)
		if limit == nil || reserved == nil {
			return // a token; ECS will tell
		}
		if *limit > *task.memoryMiB {
			f.add("container %s has a memory limit of %s MiB, more than the task's %s MiB", *container.ContainerName(), number(limit), number(task.memoryMiB))
		}
		if rendered.MemoryReservation == nil {
			reserved = limit
		}
		if *reserved > 0 {
			sum += *reserved
			parts = append(parts, fmt.Sprintf("%s %s", *container.ContainerName(), number(reserved)))
		}
	}
	if sum > *task.memoryMiB {
		f.add("the containers set aside %s MiB of memory together (%s), more than the task's %s MiB; lower a limit or give the task more memory%s",
			number(&sum), strings.Join(parts, ", "), number(task.memoryMiB), task.smallestFit(sum))
	}
}

// fargateSizes are the memory sizes, in MiB, that Fargate has for CPU units: from, to and step.
//
// Source: Amazon ECS Developer Guide, Fargate task CPU and memory.
var fargateSizes = []struct{ cpu, from, to, step float64 }{
	{256, 512, 2048, 512}, // 512, 1024 and 2048; 1536 is not offered
	{512, 1024, 4096, 1024},
	{1024, 2048, 8192, 1024},
	{2048, 4096, 16384, 1024},
	{4096, 8192, 30720, 1024},
	{8192, 16384, 61440, 4096},
	{16384, 32768, 122880, 8192},
}

// smallestFit names the smallest Fargate size with the task's CPU units or more that holds memory.
func (t task) smallestFit(memoryMiB float64) string {
	if !t.on("FARGATE") || t.cpu == nil {
		return ""
	}
	for _, size := range fargateSizes {
		for m := size.from; m <= size.to; m += size.step {
			if size.cpu >= *t.cpu && m >= memoryMiB && !(size.cpu == 256 && m == 1536) {
				return fmt.Sprintf("; the smallest Fargate size that fits is %.0f CPU units with %.0f MiB", size.cpu, m)
			}
		}
	}
	return ""
}

// order reports containers that wait for each other.
func (c *synthChecks) order(f *faults) {
	waitsFor := map[string][]string{}
	for _, container := range *c.s.task.Containers() {
		name := *container.ContainerName()
		for _, d := range *container.ContainerDependencies() {
			waitsFor[name] = append(waitsFor[name], *d.Container.ContainerName())
		}
	}
	if c.s.settings.task.bridge() {
		// A link needs the other container to run, as a dependency does.
		for _, container := range *c.s.task.Containers() {
			name := *container.ContainerName()
			if links := container.RenderContainerDefinition(c.s.task).Links; links != nil {
				for _, l := range *links {
					target, _, _ := strings.Cut(*l, ":")
					waitsFor[name] = append(waitsFor[name], target)
				}
			}
		}
	}
	for _, container := range *c.s.task.Containers() {
		name := *container.ContainerName()
		if path := cycle(waitsFor, name, nil); path != nil {
			f.add("containers wait for each other: %s; remove one of these dependencies or links, or opt the container out with Telemetry.Containers",
				strings.Join(path, " → "))
			return
		}
	}
}

// cycle is a way from name back to name, or nil.
func cycle(edges map[string][]string, name string, path []string) []string {
	path = append(slices.Clone(path), name)
	for _, next := range edges[name] {
		if next == path[0] {
			return append(path, next)
		}
		if slices.Contains(path, next) {
			continue
		}
		if found := cycle(edges, next, path); found != nil {
			return found
		}
	}
	return nil
}

// scraped reports jobs that read a container which is not there.
func (c *synthChecks) scraped(f *faults) {
	for i, wanted := range c.s.settings.scraped {
		job := c.s.settings.config.Scrape[i].Name
		switch {
		case wanted == *c.s.collector.ContainerName():
			f.add("scrape job %s reads the collector itself; use Telemetry.CollectorMetrics", job)
		case wanted != firstEligible && c.s.task.FindContainer(&wanted) == nil:
			f.add("scrape job %s reads container %s, which is not in the task", job, wanted)
		case wanted != firstEligible && c.s.settings.task.bridge() && strings.HasPrefix(c.s.settings.config.Scrape[i].Targets[0], loopback+":"):
			f.add("scrape job %s reads container %s, which opted out or routes logs, so the collector is not linked to it; let it in, or use network mode awsvpc", job, wanted)
		case wanted == firstEligible && c.s.settings.task.bridge() && c.s.firstScraped == "":
			f.add("scrape job %s has no container to read; add one, or name it in ScrapeJob.ContainerName", job)
		}
	}
}
