package template

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// TaskDefinition holds the properties of an AWS::ECS::TaskDefinition that running it needs.
type TaskDefinition struct {
	Family               string
	CPU                  string `json:"Cpu"`
	Memory               string
	NetworkMode          string
	ContainerDefinitions []Container
}

// Container is one container definition.
type Container struct {
	Name, Image         string
	Command, EntryPoint []string
	Environment         []KeyValue
	Secrets             []struct{ Name, ValueFrom string }
	DependsOn           []Dependency
	Links               []string
	PortMappings        []struct{ ContainerPort int }
	Essential           *bool
	HealthCheck         *HealthCheck
	CPU                 float64 `json:"Cpu"`
	Memory              float64
	MemoryReservation   float64
	RestartPolicy       struct{ Enabled bool }
	StopTimeout         int
	LogConfiguration    struct{ Options map[string]string }
}

// KeyValue is one environment variable.
type KeyValue struct{ Name, Value string }

// Dependency is one dependsOn.
type Dependency struct{ ContainerName, Condition string }

// HealthCheck is a container's health check; times are in seconds.
type HealthCheck struct {
	Command                                 []string
	Interval, Retries, StartPeriod, Timeout int
}

// Container finds a container by name.
func (d *TaskDefinition) Container(name string) (*Container, error) {
	var names []string
	for i := range d.ContainerDefinitions {
		if d.ContainerDefinitions[i].Name == name {
			return &d.ContainerDefinitions[i], nil
		}
		names = append(names, d.ContainerDefinitions[i].Name)
	}
	return nil, fmt.Errorf("no container %q in task definition %s, only %s", name, d.Family, strings.Join(names, ", "))
}

// Env gives the environment as os/exec wants it. Secrets have no test value: that is an error, not a missing variable.
func (c *Container) Env() ([]string, error) {
	if len(c.Secrets) > 0 {
		return nil, fmt.Errorf("container %s: no test value for secret %s (%s)", c.Name, c.Secrets[0].Name, c.Secrets[0].ValueFrom)
	}
	var env []string
	for _, kv := range c.Environment {
		env = append(env, kv.Name+"="+kv.Value)
	}
	return env, nil
}

// Lookup gives the value of an environment variable.
func (c *Container) Lookup(name string) (string, bool) {
	for _, kv := range c.Environment {
		if kv.Name == name {
			return kv.Value, true
		}
	}
	return "", false
}

// Settings are all that the container is told: its command and the values of its environment.
func (c *Container) Settings() string {
	settings := strings.Join(c.Command, "\n")
	for _, kv := range c.Environment {
		settings += "\n" + kv.Value
	}
	return settings
}

// Ports are those of the port mappings.
func (c *Container) Ports() (ports []int) {
	for _, m := range c.PortMappings {
		ports = append(ports, m.ContainerPort)
	}
	return ports
}

// Grace is how long ECS waits between SIGTERM and SIGKILL; 30 s is ECS' default.
func (c *Container) Grace() time.Duration {
	if c.StopTimeout == 0 {
		return 30 * time.Second
	}
	return time.Duration(c.StopTimeout) * time.Second
}

// IsEssential says whether the end of the container ends the task; true is ECS' default.
func (c *Container) IsEssential() bool { return c.Essential == nil || *c.Essential }

// Dependencies are what ECS waits for before it starts the container, and stops only after it: dependsOn, and the links, which
// the ECS agent takes for dependsOn START.
// Source: amazon-ecs-agent, agent/api/task/task.go, initializeContainerOrdering, and agent/engine/dependencygraph.
func (c *Container) Dependencies() []Dependency {
	all := slices.Clone(c.DependsOn)
	for _, target := range c.LinkNames() {
		all = append(all, Dependency{target, "START"})
	}
	return all
}

// LinkNames maps the names under which the container finds others to the names of those.
func (c *Container) LinkNames() map[string]string {
	names := map[string]string{}
	for _, link := range c.Links {
		target, alias, renamed := strings.Cut(link, ":")
		if !renamed {
			alias = target
		}
		names[alias] = target
	}
	return names
}

// Clone copies what a test may want to change.
func (c *Container) Clone() *Container {
	clone := *c
	clone.Environment, clone.Command = slices.Clone(c.Environment), slices.Clone(c.Command)
	clone.DependsOn, clone.Links = slices.Clone(c.DependsOn), slices.Clone(c.Links)
	return &clone
}
