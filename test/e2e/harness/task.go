package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

// TaskOptions say how a task definition is run. All of it is the template's but what is named here.
type TaskOptions struct {
	// ID, Cluster, Zone, Service and LaunchType are what ECS would decide.
	ID, Cluster, Zone string
	Service           string // in the metadata if set; see ecs.Task.ServiceName
	LaunchType        ecs.LaunchType
	CgroupV2          bool // of the host
	// Loads are what the containers use, by name. Default: each container another one.
	Loads map[string]ecs.Load
	// EphemeralStorageMiB is in use on Fargate. Default: little.
	EphemeralStorageMiB uint64
	// Collector is the name of the collector container.
	Collector string
	// CollectorProgram stands for the collector's image. Default: the program that the environment variable COLLECTOR_PROGRAM names, such as
	// ADOT's own; otherwise this program itself, which must call [RunIfCollector].
	CollectorProgram string
	// Programs stand for the images of the other containers, by container name. One without a program is an error.
	Programs map[string]string
	// ImageFiles stand for files of the collector's image: a path in the image, such as /etc/ecs/ecs-amp.yaml, to a file here.
	// A --config that names the one gets the other; that is the only change ever made to a command.
	ImageFiles map[string]string
	// Edit, if set, changes a copy of the resolved containers before they run, to break something on purpose or to shorten
	// an interval. Default: the template as it is.
	Edit func(*template.Container)
	// AppEnv is added to the environment of the other containers. Default: nothing.
	AppEnv []string
}

// Task is a running task.
type Task struct {
	Metadata  *ecs.Task
	ECS       *ecs.Server
	Collector *Process
	Apps      []*Process
	Started   time.Time

	containers []*template.Container // in the order of the template, as Apps is
	processes  map[string]*Process   // by container
	collector  string
	restart    func() (*Process, error)
}

// Start runs a task as ECS does: the agent's endpoints first, then each container as soon as what it depends on is as it wants
// it. It waits for nothing else to be ready, because ECS would not.
func (w *World) Start(def *template.TaskDefinition, o TaskOptions) (*Task, error) {
	t := &Task{Started: time.Now(), processes: map[string]*Process{}, collector: o.Collector}
	if _, err := def.Container(o.Collector); err != nil {
		return nil, err
	}
	for _, c := range def.ContainerDefinitions {
		clone := c.Clone()
		if o.Edit != nil {
			o.Edit(clone)
		}
		t.containers = append(t.containers, clone)
	}
	network, err := newNetwork(w.dir, def.NetworkMode, t.containers)
	if err != nil {
		return nil, err
	}
	t.Metadata = w.metadata(def, o, t.Started)
	t.ECS = &ecs.Server{Task: t.Metadata, Issue: func() ecs.IssuedCredentials {
		return w.issuer.issue("arn:" + w.Values.Partition + ":iam::" + w.Values.Account + ":role/task-role-of-" + def.Family)
	}}
	if err := t.ECS.Start(); err != nil {
		return nil, err
	}
	err = t.inOrder(func(c *template.Container) error { return w.startContainer(t, c, network, o) })
	if err != nil {
		return nil, errors.Join(err, t.kill())
	}
	t.Collector = t.processes[o.Collector]
	t.restart = func() (*Process, error) {
		c, err := t.Container(o.Collector)
		if err == nil {
			err = w.startContainer(t, c, network, o)
		}
		return t.processes[o.Collector], err
	}
	for _, c := range t.containers {
		if c.Name != o.Collector {
			t.Apps = append(t.Apps, t.processes[c.Name])
		}
	}
	return t, nil
}

// startContainer runs a container as a child process, and refuses what a child process cannot stand for, so that nothing is
// passed over.
func (w *World) startContainer(t *Task, c *template.Container, network *network, o TaskOptions) error {
	if len(c.EntryPoint) > 0 && (c.Name == o.Collector || filepath.Base(o.Programs[c.Name]) != c.EntryPoint[0]) {
		return fmt.Errorf("container %s: entry point %v instead of the image's is not emulated", c.Name, c.EntryPoint)
	}
	env, err := c.Env()
	if err != nil {
		return err
	}
	if c.Name == o.Collector {
		t.processes[c.Name], err = w.startCollector(t, c, env, network, o)
		return err
	}
	program, ok := o.Programs[c.Name]
	if !ok {
		return fmt.Errorf("no program for container %q", c.Name)
	}
	if env, err = network.resolve(c, env); err != nil {
		return err
	}
	env = slices.Concat(ecsEnv(t, c.Name), env, o.AppEnv)
	command := c.Command
	if len(c.EntryPoint) > 0 {
		command = slices.Concat(c.EntryPoint[1:], c.Command)
	}
	t.processes[c.Name], err = start(c.Name, program, filepath.Base(program), command, env, w.dir)
	return err
}

func (w *World) startCollector(t *Task, c *template.Container, env []string, network *network, o TaskOptions) (*Process, error) {
	executable, err := cmp.Or(o.CollectorProgram, os.Getenv("COLLECTOR_PROGRAM")), error(nil)
	if executable == "" {
		if executable, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	env = append(slices.Concat(ecsEnv(t, c.Name), w.collectorEnv()), env...)
	command := slices.Clone(c.Command)
	for i, arg := range command {
		for image, local := range o.ImageFiles {
			if arg == "--config="+image || arg == "--config=file:"+image {
				command[i] = "--config=file:" + local
			}
		}
	}
	argv0, err := network.entryPoint(c)
	if err != nil {
		return nil, err
	}
	return start(c.Name, executable, argv0, command, env, w.dir)
}

// ecsEnv is what ECS and the image add to the environment of a container. What the template sets comes after it and wins.
func ecsEnv(t *Task, container string) []string {
	env := []string{
		"ECS_CONTAINER_METADATA_URI_V4=" + t.ECS.MetadataURI(container),
		// ECS gives a relative URI on 169.254.170.2. The full one says the same for an address on loopback.
		"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + t.ECS.CredentialsURI(),
		"AWS_EXECUTION_ENV=AWS_ECS_" + string(t.Metadata.LaunchType),
		"HOME=/nonexistent", "PATH=/nonexistent", // the image has neither configuration files nor other programs
	}
	if t.Metadata.LaunchType == ecs.Fargate { // on EC2 the agent does not tell the region
		env = append(env, "AWS_REGION="+t.Metadata.Region, "AWS_DEFAULT_REGION="+t.Metadata.Region)
	}
	return env
}

// collectorEnv is the emulation's own addition to the collector's environment, and all of it.
func (w *World) collectorEnv() []string {
	return []string{
		"HTTPS_PROXY=" + w.proxy.url(), "HTTP_PROXY=" + w.proxy.url(), // the only way out; loopback needs none
		"SSL_CERT_FILE=" + w.authority.file, // the world's authority, and no other
		"AWS_EC2_METADATA_DISABLED=true",    // never look for the metadata of the machine that runs the test
	}
}

// metadata makes the emulated task: each container under a load of its own.
func (w *World) metadata(def *template.TaskDefinition, o TaskOptions, started time.Time) *ecs.Task {
	var cpu, memory float64
	_, _ = fmt.Sscan(def.CPU, &cpu) // without a task limit they stay 0
	_, _ = fmt.Sscan(def.Memory, &memory)
	task := &ecs.Task{
		Partition: w.Values.Partition, Region: w.Values.Region, Account: w.Values.Account, Zone: o.Zone,
		Cluster: o.Cluster, Family: def.Family, Revision: "7", ID: o.ID, LaunchType: o.LaunchType, ServiceName: o.Service,
		NetworkMode: def.NetworkMode, CgroupV2: o.CgroupV2, EphemeralMiB: o.EphemeralStorageMiB,
		VCPU: cpu / 1024, MemoryMiB: memory, Started: started,
	}
	for i, c := range def.ContainerDefinitions {
		n := uint64(i + 1)
		task.Containers = append(task.Containers, ecs.Container{
			Name: c.Name, Image: c.Image, CPUShares: c.CPU, MemoryMiB: c.Memory, ReservationMiB: c.MemoryReservation,
			LogOptions: c.LogConfiguration.Options, HealthCheck: c.HealthCheck != nil, RestartPolicy: c.RestartPolicy.Enabled, Ports: c.Ports(),
			Load: ecs.Load{
				VCPU: 0.0625 * float64(n), MemoryMiB: 40 * n, CacheMiB: 3 * n, RxBytesPerSecond: 1100 * n, TxBytesPerSecond: 700 * n,
				ReadBytesPerSecond: 4096 * n, WriteBytesPerSecond: 8192 * n,
			},
		})
	}
	if o.Loads != nil {
		for i := range task.Containers {
			task.Containers[i].Load = o.Loads[task.Containers[i].Name]
		}
	}
	return task
}

// Container gives the container definition that runs under a name, after Edit.
func (t *Task) Container(name string) (*template.Container, error) {
	for _, c := range t.containers {
		if c.Name == name {
			return c, nil
		}
	}
	return nil, fmt.Errorf("no container %q", name)
}

// Process gives what runs as a container.
func (t *Task) Process(name string) (*Process, error) {
	if p, ok := t.processes[name]; ok {
		return p, nil
	}
	return nil, fmt.Errorf("no container %q", name)
}

// asker does not wait for a server that accepts and never answers.
var asker = &http.Client{Timeout: 2 * time.Second}

// WaitHTTP waits until a URL on loopback answers 200.
func (t *Task) WaitHTTP(ctx context.Context, p *Process, url string, timeout time.Duration) error {
	return eventually(ctx, timeout, p, func() error {
		resp, err := asker.Get(url)
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", url, resp.Status)
		}
		return nil
	})
}

// Crash kills the collector and starts it again in place, as its restart policy has ECS do.
func (t *Task) Crash() (err error) {
	t.Collector.Kill()
	t.Collector, err = t.restart()
	return err
}

// Kill ends everything at once, whatever its state: for clean-up.
func (t *Task) Kill() { _ = t.kill() }

func (t *Task) kill() error {
	for _, p := range t.processes {
		if p != nil { // nil if it could not be started
			p.Kill()
		}
	}
	return t.ECS.Close()
}
