package template

import (
	"fmt"
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
	DependsOn           []struct{ ContainerName, Condition string }
	CPU                 float64 `json:"Cpu"`
	Memory              float64
	StopTimeout         int
	LogConfiguration    struct{ Options map[string]string }
}

// KeyValue is one environment variable.
type KeyValue struct{ Name, Value string }

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

// Grace is how long ECS waits between SIGTERM and SIGKILL; 30 s is ECS' default.
func (c *Container) Grace() time.Duration {
	if c.StopTimeout == 0 {
		return 30 * time.Second
	}
	return time.Duration(c.StopTimeout) * time.Second
}
