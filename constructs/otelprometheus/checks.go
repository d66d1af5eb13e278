package otelprometheus

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// checks looks at a whole task once all its containers are known.
type checks struct{ s *Sidecar }

// check reports what ECS would refuse of a task, or what would not work in it.
func check(s *Sidecar, t renderedTask, f *input.Faults) {
	c := checks{s}
	c.strangers(t, f)
	c.secondCollector(t, f)
	c.writes(t, f)
	c.names(t, f)
	c.ports(t, f)
	c.size(t, f)
	c.volumes(t, f)
	c.essential(t, f)
	c.dependencies(t, f)
	c.order(t, f)
	c.containers(t, f)
	c.scraped(t, f)
	c.exceptions(t, f)
	c.doubts(t)
}

// renderedTask is what the checks read.
type renderedTask struct {
	Containers []renderedContainer
	Volumes    []renderedVolume
}

type renderedContainer struct {
	Name                   string
	Image                  any
	User                   any
	ReadonlyRootFilesystem bool
	Memory                 any // a number, or what a token resolves to
	MemoryReservation      any
	PortMappings           []struct {
		ContainerPort, HostPort any
		ContainerPortRange      string
		Protocol                string
	}
	MountPoints []struct {
		SourceVolume, ContainerPath any
		ReadOnly                    bool
	}
	DependsOn            []struct{ ContainerName, Condition string }
	Links                []string
	Essential            any // false, true, or what a token resolves to
	HealthCheck          any
	StopTimeout          any
	Environment, Secrets []struct{ Name any }

	FirelensConfiguration any
}

type renderedVolume struct {
	Name string
	Host struct{ SourcePath any }

	EfsVolumeConfiguration, DockerVolumeConfiguration any
}

// renderedTasks are the tasks of sidecars, with their tokens resolved. They come over from Node in one call.
func renderedTasks(stack awscdk.Stack, sidecars []*Sidecar) []renderedTask {
	var properties []any
	for _, s := range sidecars {
		task := map[string]any{"Containers": s.rendered().ContainerDefinitions()}
		if s.hasVolumes || s.settings.task.volumes {
			task["Volumes"] = s.rendered().Volumes()
		}
		properties = append(properties, task)
	}
	var tasks []renderedTask
	data, err := json.Marshal(stack.Resolve(properties))
	if err == nil {
		err = json.Unmarshal(data, &tasks)
	}
	if err != nil {
		panic(fmt.Sprintf("cannot read the task definitions: %v", err)) // answer makes it an error of the construct
	}
	return tasks
}

func (t renderedTask) has(name string) bool {
	return slices.ContainsFunc(t.Containers, func(c renderedContainer) bool { return c.Name == name })
}

const maxPort = 65535

// ports reports a port that two containers of the task would listen on. With network mode bridge each container has ports
// of its own, and only those of the instance can clash.
func (c checks) ports(t renderedTask, f *input.Faults) {
	type listener struct {
		name, protocol string
		first, last    float64
	}
	var seen []listener
	listen := func(name string, first, last float64, protocol string) {
		for _, other := range seen {
			if both := max(first, other.first); other.protocol == protocol && both <= min(last, other.last) {
				f.Add("containers %s and %s both use %s port %.0f, and share one network namespace; give one of them another port", other.name, name, protocol, both)
				return
			}
		}
		seen = append(seen, listener{name, protocol, first, last})
	}
	collectorName, bridge := *c.s.settings.container.ContainerName, c.s.settings.task.bridge
	if !bridge {
		ports := map[string][]collector.Number{"tcp": c.s.settings.config.TCPPorts()}
		if statsd := c.s.settings.config.Statsd; statsd != nil {
			ports["udp"] = []collector.Number{statsd.UDPPort()}
		}
		for _, protocol := range []string{"tcp", "udp"} {
			for _, p := range ports[protocol] {
				if port, err := strconv.ParseFloat(string(p), 64); err == nil {
					listen(collectorName, port, port, protocol)
				}
			}
		}
	}
	for _, container := range t.Containers {
		if container.Name == collectorName && len(container.PortMappings) > 0 {
			f.Add("the collector has port mappings; its receivers have no authentication and are for the containers of the task only, so remove them, " +
				"and point load balancers at a container of the application")
			continue
		}
		for _, m := range container.PortMappings {
			port, known := m.ContainerPort.(float64)
			host, hostKnown := m.HostPort.(float64)
			f.NumberIn("container "+container.Name+": port", &port, 0, maxPort)
			f.NumberIn("container "+container.Name+": host port", &host, 0, maxPort)
			if bridge {
				port, known = host, hostKnown
			}
			protocol := "tcp"
			if m.Protocol != "" {
				protocol = m.Protocol
			}
			var first, last float64
			if n, _ := fmt.Sscanf(m.ContainerPortRange, "%f-%f", &first, &last); n == 2 && !bridge {
				listen(container.Name, first, last, protocol)
			} else if known && port != 0 {
				listen(container.Name, port, port, protocol)
			}
		}
	}
}

// strangers reports containers that neither addContainer nor the aspect has seen.
func (c checks) strangers(t renderedTask, f *input.Faults) {
	for _, container := range t.Containers {
		if name := container.Name; container.FirelensConfiguration == nil && !c.s.ownName(name) && !c.s.connected[name] {
			f.Add("container %s was added too late, so it has no dependency on the collector, no logging and no variables; add it with AddContainer, "+
				"before the synthesis, or opt it out with %sContainers", name, where)
		}
	}
}

// otherCollectors matches images of collectors that take the same ports: ADOT's and the community's.
var otherCollectors = regexp.MustCompile(`aws-otel-collector|opentelemetry-collector|otelcol`)

// secondCollector reports another collector in the task, under whatever name: it would fight for the same ports.
func (c checks) secondCollector(t renderedTask, f *input.Faults) {
	for _, container := range t.Containers {
		image, err := json.Marshal(container.Image)
		if err == nil && otherCollectors.Match(image) && !c.s.ownName(container.Name) {
			f.Add("container %s runs a collector, too: both listen on ports 4317, 4318 and 13133, and write the metrics of the task; remove it, "+
				"or, if it uses other ports and has another purpose, opt it out with %sContainers", container.Name, where)
		}
	}
}

// writes reports components of the configuration that write files where the collector cannot.
func (c checks) writes(t renderedTask, f *input.Faults) {
	i := slices.IndexFunc(t.Containers, func(container renderedContainer) bool { return container.Name == *c.s.settings.container.ContainerName })
	if i < 0 {
		return
	}
	own := t.Containers[i]
	root := own.User == rootUser || own.User == "root"
	for _, w := range c.s.settings.writes {
		m := slices.IndexFunc(own.MountPoints, func(m struct {
			SourceVolume, ContainerPath any
			ReadOnly                    bool
		}) bool {
			path, known := m.ContainerPath.(string)
			return !m.ReadOnly && (!known || w.Path == path || strings.HasPrefix(w.Path, strings.TrimSuffix(path, "/")+"/"))
		})
		switch {
		case m < 0 && own.ReadonlyRootFilesystem:
			f.Add("the configuration's %s writes to %s, but the collector's root file system is read-only; mount a volume there with Collector().AddMountPoints, "+
				"or set %sCollector.ReadonlyRootFilesystem to false", w.Component, w.Path, where)
		case m < 0 && !root:
			f.Add("the configuration's %s writes to %s, but the collector's user %v has no permission to write there; mount a volume there that this user can write to, "+
				"or set %sCollector.User", w.Component, w.Path, own.User, where)
		case m >= 0 && !root && c.s.settings.task.fargate && slices.ContainsFunc(t.Volumes, func(v renderedVolume) bool {
			return v.Name == own.MountPoints[m].SourceVolume && v.EfsVolumeConfiguration == nil && v.DockerVolumeConfiguration == nil
		}):
			f.Add("the configuration's %s writes to %s in volume %v, which Fargate gives to root alone; set %sCollector.User to 0, or use EFS with an access point",
				w.Component, w.Path, own.MountPoints[m].SourceVolume, where)
		}
	}
}

// names reports two containers of one name, and two volumes: the library adds some of its own.
func (c checks) names(t renderedTask, f *input.Faults) {
	seen := map[string]bool{}
	once := func(kind, name string) {
		if seen[kind+name] {
			f.Add("two %ss are named %s; names must be unique in a task, so rename yours", kind, name)
		}
		seen[kind+name] = true
	}
	for _, container := range t.Containers {
		once("container", container.Name)
	}
	for _, volume := range t.Volumes {
		once("volume", volume.Name)
	}
}

// volumes reports mounts of volumes that are not there, and volumes that Fargate does not have.
func (c checks) volumes(t renderedTask, f *input.Faults) {
	known := map[any]bool{}
	for _, v := range t.Volumes {
		known[v.Name] = true
		if v.Host.SourcePath != nil && c.s.settings.task.fargate {
			f.Add("volume %s uses a path of the host, which Fargate does not support; leave out Host, or use EFS", v.Name)
		}
	}
	for _, container := range t.Containers {
		for _, m := range container.MountPoints {
			if name, ok := m.SourceVolume.(string); ok && !known[name] {
				f.Add("container %s mounts volume %s, which the task does not have; add it with AddVolume", container.Name, name)
			}
		}
	}
}

// exceptions reports names in Telemetry.Containers that no container has.
func (c checks) exceptions(t renderedTask, f *input.Faults) {
	for _, name := range c.s.settings.exceptions {
		if !t.has(name) {
			f.Add("%sContainers names container %s, which is not in the task", where, name)
		}
	}
}

// size reports containers that do not fit into the task. awscdk itself checks the sum of their CPU units.
func (c checks) size(t renderedTask, f *input.Faults) {
	task := c.s.settings.task
	if task.memoryMiB == nil {
		return
	}
	var sum float64
	var parts []string
	for _, container := range t.Containers {
		limit, limitKnown := numberOrNone(container.Memory)
		reserved, reservedKnown := numberOrNone(container.MemoryReservation)
		if !limitKnown || !reservedKnown {
			return // a token; ECS will tell
		}
		if limit > *task.memoryMiB {
			f.Add("container %s has a memory limit of %s MiB, more than the task's %s MiB", container.Name, input.Number(&limit), input.Number(task.memoryMiB))
		}
		if container.MemoryReservation == nil {
			reserved = limit
		}
		if reserved > 0 {
			sum += reserved
			parts = append(parts, container.Name+" "+input.Number(&reserved))
		}
	}
	if sum > *task.memoryMiB {
		f.Add("the containers set aside %s MiB of memory together (%s), more than the task's %s MiB; lower a limit or give the task more memory%s",
			input.Number(&sum), strings.Join(parts, ", "), input.Number(task.memoryMiB), task.smallestFit(sum))
	}
}

// numberOrNone reads a resolved number; nil is 0, and a reference is not known.
func numberOrNone(v any) (float64, bool) {
	n, ok := v.(float64)
	return n, ok || v == nil
}

// essential reports a task that nothing would end. One without containers of the user's is not finished, and not judged.
func (c checks) essential(t renderedTask, f *input.Faults) {
	application := func(container renderedContainer) bool { return !c.s.ownName(container.Name) }
	essential := func(container renderedContainer) bool { return container.Essential != false }
	if slices.ContainsFunc(t.Containers, application) && !slices.ContainsFunc(t.Containers, essential) {
		f.Add("no container of the task is essential, and ECS wants one; set Essential of the application's container to true")
	}
}

// dependencies reports what the ECS agent never starts: a container that waits for the health of one without a health check, or
// for one that is not in the task.
//
// Source: amazon-ecs-agent, agent/engine/dependencygraph/graph.go, ValidDependencies.
func (c checks) dependencies(t renderedTask, f *input.Faults) {
	for _, container := range t.Containers {
		for _, d := range container.DependsOn {
			i := slices.IndexFunc(t.Containers, func(other renderedContainer) bool { return other.Name == d.ContainerName })
			switch {
			case i < 0:
				f.Add("container %s depends on container %s, which is not in the task, so ECS would never start it; remove the dependency, or add %s to this task definition",
					container.Name, d.ContainerName, d.ContainerName)
			case d.Condition != string(awsecs.ContainerDependencyCondition_HEALTHY) || t.Containers[i].HealthCheck != nil:
			case d.ContainerName == *c.s.settings.container.ContainerName:
				f.Add("container %s waits until the collector is HEALTHY, but the collector's health check is off, so ECS would never start it; turn %sCollector.HealthCheck on, or wait for START",
					container.Name, where)
			default:
				f.Add("container %s waits until container %s is HEALTHY, which has no health check, so ECS would never start it; give %s a HealthCheck, or wait for START",
					container.Name, d.ContainerName, d.ContainerName)
			}
		}
	}
}

// containers reports what ECS does not take of a single container.
func (c checks) containers(t renderedTask, f *input.Faults) {
	for _, container := range t.Containers {
		if stop, known := container.StopTimeout.(float64); known && c.s.settings.task.fargate && stop > maxFargateStopTimeout.Seconds() {
			f.Add("container %s has a stop timeout of %.0f seconds; Fargate takes at most %.0f", container.Name, stop, maxFargateStopTimeout.Seconds())
		}
		for _, variable := range slices.Concat(container.Environment, container.Secrets) {
			if variable.Name == "" {
				f.Add("container %s has an environment variable without a name; name it, or remove it", container.Name)
			}
		}
	}
}

// order reports containers that wait for each other. With network mode bridge a link needs the other container to run, as a
// dependency does.
func (c checks) order(t renderedTask, f *input.Faults) {
	waitsFor := map[string][]string{}
	for _, container := range t.Containers {
		for _, d := range container.DependsOn {
			waitsFor[container.Name] = append(waitsFor[container.Name], d.ContainerName)
		}
		for _, l := range container.Links {
			target, _, _ := strings.Cut(l, ":")
			waitsFor[container.Name] = append(waitsFor[container.Name], target)
		}
	}
	for _, container := range t.Containers {
		if path := cycle(waitsFor, container.Name, nil); path != nil {
			f.Add("containers wait for each other: %s; remove one of these dependencies or links, or opt the container out with Telemetry.Containers",
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
func (c checks) scraped(t renderedTask, f *input.Faults) {
	for i, wanted := range c.s.settings.scraped {
		at, bridge := c.s.settings.config.Scrape[i].At, c.s.settings.task.bridge
		switch {
		case wanted == *c.s.settings.container.ContainerName:
			f.Add("%s.ContainerName is %s, the collector itself; use %sCollectorMetrics", at, wanted, where)
		case wanted != firstEligible && !t.has(wanted):
			f.Add("%s.ContainerName is %s, which is not in the task", at, wanted)
		case wanted != firstEligible && bridge && !c.s.linked[wanted]:
			f.Add("%s.ContainerName is %s, which opted out or routes logs, so the collector is not linked to it; remove its opt-out or read another container, or use network mode awsvpc", at, wanted)
		case wanted == firstEligible && bridge && c.s.firstScraped == "":
			f.Add("%s has no container to read; add one, or name it in ContainerName", at)
		}
	}
}

// doubts warns of scrape jobs that likely read the wrong thing, which shows only beside all containers.
func (c checks) doubts(t renderedTask) {
	if !slices.ContainsFunc(t.Containers, func(container renderedContainer) bool {
		return container.Essential != false || !c.s.ownName(container.Name)
	}) {
		input.Warn(c.s.task, "noContainer", "the task has no container but the collector, which is not essential, and ECS takes no task without an essential one; add the application's with AddContainer")
	}
	jobs := c.s.settings.config.Scrape
	if len(jobs) > 0 && strings.HasSuffix(*c.s.task.Node().Path(), scheduledTask) {
		input.Warn(c.s.task, "scheduledScrape", "a scheduled task is scraped, and often ends before the first scrape, or loses what it counts after the last one; "+
			"push over OTLP instead, as docs/guides/short-lived.md has it")
	}
	for i, job := range jobs {
		if len(job.Targets) == 0 {
			continue
		}
		_, port, _ := strings.Cut(job.Targets[0], ":")
		mapping := t.mapping(port)
		wanted := c.s.settings.scraped[i]
		if wanted == firstEligible {
			wanted = c.s.firstScraped
		}
		switch {
		case c.s.settings.task.bridge && len(mapping) > 0 && !slices.Contains(mapping, wanted):
			input.Warn(c.s.task, "scrapedContainer", "%s reads port %s of container %s, but it is container %s that maps this port; set ContainerName", job.At, port, wanted, mapping[0])
		case !c.s.settings.task.bridge && len(mapping) == 0 && (port == "80" || port == "443"):
			input.Warn(c.s.task, "scrapedPort", "%s.Port is %s, which no container maps; if it is that of the load balancer, give the port that the container listens on", job.At, port)
		}
	}
}

// scheduledTask is the id of the task definitions that the scheduled tasks of ecs_patterns make.
const scheduledTask = "/ScheduledTaskDef"

// mapping names the containers that map a port.
func (t renderedTask) mapping(port string) (names []string) {
	for _, container := range t.Containers {
		for _, m := range container.PortMappings {
			if n, known := m.ContainerPort.(float64); known && input.Number(&n) == port {
				names = append(names, container.Name)
			}
		}
	}
	return names
}
