package live

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecsapi"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

const (
	// clusterVariable is set in a collector that finds its targets in a cluster.
	clusterVariable = "ECS_CLUSTER_NAME"

	// fleetDirectory is where such a collector writes.
	fleetDirectory = "/var/lib/awscollector"

	tasksOfService = 2
)

// findFleet finds the task definition whose collector scrapes the others, and those others; id is empty where there is none.
func (d *deployment) findFleet(ids []string) (id string, members []*template.TaskDefinition, err error) {
	all, err := d.template.TaskDefinitions()
	if err != nil {
		return "", nil, err
	}
	for i, def := range all {
		scrapes := false
		for _, c := range def.ContainerDefinitions {
			_, named := c.Lookup(clusterVariable)
			scrapes = scrapes || named
		}
		if scrapes && id == "" {
			id = ids[i]
		} else if !scrapes {
			members = append(members, def)
		}
	}
	return id, members, nil
}

// startFleet runs two tasks of every other task definition, each on an address of its own, and an ECS API that tells of them. Each runs the
// sample app.
func (p *Preview) startFleet(d *deployment) error {
	if p.options.App.Sample == "" {
		return fmt.Errorf("the template has a collector that scrapes %d task definitions, and a preview runs one app; name one with -task, or preview the sample Fleet", len(d.members))
	}
	name, _ := d.sidecar.Lookup(clusterVariable)
	cluster := &ecsapi.Cluster{
		Partition: d.values.Partition, Region: d.values.Region, Account: d.values.Account, Name: name, Verify: p.world.Verify, Latency: 20 * time.Millisecond,
	}
	for host, handler := range map[string]http.HandlerFunc{"ecs": cluster.ECS, "ec2": cluster.EC2} {
		if err := p.world.Serve(host+"."+d.values.Region+"."+d.values.URLSuffix, handler); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.closers = append(p.closers, cancel)
	n := 0
	for _, def := range d.members {
		definition := &ecsapi.Definition{Family: def.Family, Revision: 1, NetworkMode: def.NetworkMode}
		for _, c := range def.ContainerDefinitions {
			definition.Containers = append(definition.Containers, ecsapi.Container{Name: c.Name, Ports: c.Ports()})
		}
		app := &def.ContainerDefinitions[0]
		if len(app.Ports()) == 0 {
			continue
		}
		for range tasksOfService {
			n++
			task := &ecsapi.Task{ID: ecs.NewID(fmt.Sprint("preview", n)), Definition: definition, Service: def.Family, LaunchType: "FARGATE", Address: fmt.Sprintf("127.20.0.%d", n)}
			port := app.Ports()[0]
			if def.NetworkMode == "bridge" {
				task.LaunchType, task.Bindings = "EC2", map[int]int{port: 32768 + n}
				port = task.Bindings[port]
			}
			if err := p.startMember(ctx, app, net.JoinHostPort(task.Address, fmt.Sprint(port)), n); err != nil {
				return err
			}
			cluster.Run(task)
		}
	}
	return nil
}

// startMember runs the sample app behind an address, and shops there.
func (p *Preview) startMember(ctx context.Context, c *template.Container, address string, n int) error {
	port, err := harness.FreePort()
	if err != nil {
		return err
	}
	env, err := c.Env()
	if err != nil {
		return err
	}
	app := exec.Command(p.options.App.Sample)
	app.Env = append(env, "PORT="+port)
	if err := app.Start(); err != nil {
		return err
	}
	p.closers = append(p.closers, func() {
		_ = app.Process.Kill()
		_ = app.Wait()
	})
	close, err := relay(address, "127.0.0.1:"+port)
	if err != nil {
		return fmt.Errorf("a task cannot have the address %s on this machine: %w", address, err)
	}
	p.closers = append(p.closers, close)
	go shop(ctx, "http://127.0.0.1:"+port, float64(n))
	return nil
}

// asFleet makes the collector look as often as it scrapes, and write to a folder of the preview.
func (p *Preview) asFleet(c *template.Container) {
	interval := "refresh_interval: " + p.options.Interval.String()
	words := strings.NewReplacer(fleetDirectory, p.options.Dir, "refresh_interval: 30s", interval, "refresh_interval: 10s", interval)
	for i := range c.Environment {
		c.Environment[i].Value = words.Replace(c.Environment[i].Value)
	}
}
