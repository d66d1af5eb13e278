// Package live runs the task of a template between an emulated ECS agent and an emulated AMP, and serves a page that draws
// dashboards from what is stored, while it is stored.
package live

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/dashboards"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

// Options say what to preview.
type Options struct {
	// Title is what the page calls it.
	Title string

	// Template is the file of a synthesized template. Required.
	Template string

	// Task is the logical id of the task definition. Required where the template has several.
	Task string

	// Parameters are values of the template's parameters.
	//
	// Default: their defaults in the template.
	Parameters map[string]string

	// Collector is the name of the collector's container.
	//
	// Default: the one with the image, or else the name, of ADOT's collector.
	Collector string

	// App says what runs as the other containers.
	App App

	// Interval is the longest time between two collections; longer ones of the template are shortened, so that there is
	// something to see soon. Whole seconds. Required.
	Interval time.Duration

	// Dashboards are what is drawn.
	//
	// Default: all of package dashboards, with the metrics of the application that arrive.
	Dashboards []dashboards.Dashboard

	// Dir is an empty directory for files. Required.
	Dir string
}

// App says what runs as the containers beside the collector: the sample app in all of them, or the user's in one of them.
type App struct {
	// Sample is the path of the sample app, which gets a gentle load.
	Sample string

	// Container is the name of the user's container.
	//
	// Default: the only one beside the collector.
	Container string

	// Command runs the user's app, with the environment of the container on top of this program's.
	Command string

	// Address is host:port, on loopback, of an app of the user that runs already.
	Address string
}

// Preview is a running task and the page about it. It is an http.Handler.
type Preview struct {
	options   Options
	world     *harness.World
	task      *harness.Task
	def       *template.TaskDefinition
	cluster   string
	rules     *ruleEvaluation
	measured  bool // CPU, memory and storage are those of the processes
	closers   []func()
	dashboard map[string]dashboards.Dashboard

	// Dashboards that follow what the application sends; drawn counts how often they changed.
	drawing       sync.Mutex
	ownDashboards bool
	own           []dashboards.Metric
	drawn         int
}

const defaultCluster = "preview"

// Start starts the task. The page is there at once, the data some seconds later.
func Start(o Options) (preview *Preview, err error) {
	if o.Interval < time.Second || o.Interval%time.Second != 0 {
		return nil, fmt.Errorf("the interval is %s; expected whole seconds, at least 1", o.Interval)
	}
	d, err := readDeployment(o)
	if err != nil {
		return nil, err
	}
	p := &Preview{options: o, def: d.task, cluster: d.cluster, dashboard: map[string]dashboards.Dashboard{}}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	if p.ownDashboards = o.Dashboards == nil; p.ownDashboards {
		if p.options.Dashboards, err = dashboards.All(dashboards.Options{CollectionInterval: o.Interval}); err != nil {
			return nil, err
		}
	}
	for _, dashboard := range p.options.Dashboards {
		p.dashboard[dashboard.UID] = dashboard
	}
	// One role's credentials last for the whole preview.
	if p.world, err = harness.NewWorld(o.Dir, d.values, d.workspaces, 12*time.Hour); err != nil {
		return nil, err
	}
	p.closers = append(p.closers, func() { _ = p.world.Close() })
	if d.members != nil {
		if err := p.startFleet(d); err != nil {
			return nil, err
		}
	}
	if err := p.startTask(d); err != nil {
		return nil, err
	}
	p.closers = append(p.closers, func() { _ = p.task.Stop() })
	if o.App.Sample != "" {
		if err := p.startLoad(d); err != nil {
			return nil, err
		}
	}
	return p, p.startRules(d)
}

// Tabs are the parts of the page that a picture can show.
func (p *Preview) Tabs() []string {
	var tabs []string
	for _, dashboard := range p.options.Dashboards {
		tabs = append(tabs, dashboard.UID)
	}
	return append(tabs, "rules", "metrics")
}

// Close stops everything, the last started first.
func (p *Preview) Close() {
	for _, end := range slices.Backward(p.closers) {
		end()
	}
	p.closers = nil
}

func (p *Preview) startTask(d *deployment) error {
	if err := harness.PortsFree(harness.Ports(d.sidecar)...); err != nil {
		return err
	}
	options := harness.TaskOptions{
		ID: ecs.NewID("preview"), LaunchType: d.launchType, CgroupV2: d.launchType == ecs.EC2, Collector: d.collector, Cluster: d.cluster, Zone: d.values.Region + "a",
		Programs: map[string]string{}, AppEnv: []string{fmt.Sprintf("OTEL_METRIC_EXPORT_INTERVAL=%d", p.options.Interval.Milliseconds())},
	}
	// A container that runs nothing sleeps: ECS would end the task without it.
	idle, err := exec.LookPath("sleep")
	if err != nil {
		return err
	}
	for _, name := range d.names() {
		options.Programs[name] = idle
	}
	edits := []func(*template.Container){func(c *template.Container) {
		if c.Name != d.collector {
			c.EntryPoint = nil
		}
		if options.Programs[c.Name] == idle && c.Name != d.collector {
			c.Command = []string{"2147483647"}
		}
	}}
	if p.options.App.Sample != "" {
		for _, name := range d.apps() {
			options.Programs[name] = p.options.App.Sample
		}
	} else {
		run, err := p.userApp(d, &options)
		if err != nil {
			return err
		}
		edits = append(edits, run)
	}
	edits = append(edits, func(c *template.Container) { harness.Shorten(c, p.options.Interval) })
	if d.members != nil {
		edits = append(edits, p.asFleet)
	}
	usage, err := newUsage(d)
	if err != nil {
		return err
	}
	if p.measured = usage != nil; p.measured {
		p.closers = append(p.closers, usage.close)
		edits = append(edits, usage.announce)
	}
	options.Edit = func(c *template.Container) {
		for _, edit := range edits {
			edit(c)
		}
	}
	if p.task, err = p.world.Start(d.task, options); err != nil {
		return err
	}
	if p.measured {
		usage.follow(p.task, d)
	}
	return nil
}

// userApp makes a shell run the user's command as the one container: an image cannot be run here.
func (p *Preview) userApp(d *deployment, options *harness.TaskOptions) (edit func(*template.Container), err error) {
	app, names := p.options.App, d.apps()
	if app.Container == "" && len(names) == 1 {
		app.Container = names[0]
	}
	switch {
	case app.Container == d.collector || !slices.Contains(d.names(), app.Container):
		return nil, fmt.Errorf("-container is %q; expected one of %s", app.Container, strings.Join(names, ", "))
	case (app.Command == "") == (app.Address == ""):
		return nil, fmt.Errorf("what runs as container %s? give either -app-command or -app-address", app.Container)
	}
	if app.Address != "" {
		if err := p.forward(d, app); err != nil {
			return nil, err
		}
	}
	directory, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	// The paths of an image mean nothing here.
	options.AppEnv = append(options.AppEnv, "PATH="+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"))
	if app.Command != "" {
		options.Programs[app.Container] = "/bin/sh"
	}
	return func(c *template.Container) {
		if c.Name == d.collector {
			return
		}
		if c.Name == app.Container && app.Command != "" {
			c.Command = []string{"-c", `cd "$0" && exec ` + app.Command, directory}
		}
		for _, secret := range c.Secrets { // as in the container, only that here the user sets them
			c.Environment = append(c.Environment, template.KeyValue{Name: secret.Name, Value: os.Getenv(secret.Name)})
		}
		c.Secrets = nil
	}, nil
}

// forward makes the user's app answer at the port that its container has, if it listens on another one.
func (p *Preview) forward(d *deployment, app App) error {
	host, port, err := net.SplitHostPort(app.Address)
	if err != nil {
		return err
	}
	ips, err := net.LookupIP(host)
	if err != nil || !ips[0].IsLoopback() {
		return fmt.Errorf("-app-address is %s; expected an address on loopback, such as 127.0.0.1:8080", app.Address)
	}
	container, err := d.task.Container(app.Container)
	if err != nil || len(container.PortMappings) == 0 {
		return err
	}
	wanted := fmt.Sprint(container.PortMappings[0].ContainerPort)
	if wanted == port {
		return nil
	}
	if d.task.NetworkMode == "bridge" {
		return errors.New("-app-address at another port than the container's is not possible in network mode bridge; use -app-command")
	}
	close, err := relay(net.JoinHostPort("127.0.0.1", wanted), app.Address)
	if err == nil {
		p.closers = append(p.closers, close)
	}
	return err
}

// problems are what keeps data from arriving, the worst first.
func (p *Preview) problems() (list []string) {
	list = []string{}
	ended := func(name string, p *harness.Process) {
		list = append(list, name+" has ended. The end of its log:\n"+p.Tail(8))
	}
	select {
	case <-p.task.Collector.Done():
		ended("the collector", p.task.Collector)
	default:
	}
	for _, app := range p.task.Apps {
		select {
		case <-app.Done():
			ended("container "+app.Name, app)
		default:
		}
	}
	for _, host := range p.world.Outsiders() {
		list = append(list, "the task tried to reach "+host+", which is not emulated")
	}
	if refused := p.world.AMP.Refused(); len(refused) > 0 {
		last := refused[len(refused)-1]
		list = append(list, fmt.Sprintf("AMP did not take all of %d requests. Its last answer: %d, %s", len(refused), last.Status, last.Message))
	}
	for _, level := range []struct{ name, what string }{{"error", "an error"}, {"warn", "a warning"}} {
		if lines := p.task.Collector.LogLines(level.name); len(lines) > 0 {
			list = append(list, fmt.Sprintf("The collector logged %s, the last of %d: %s", level.what, len(lines), plain(lines[len(lines)-1])))
		}
	}
	return list
}
