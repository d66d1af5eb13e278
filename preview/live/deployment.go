package live

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

// deployment is what the emulated deployment of a template decides.
type deployment struct {
	template   *template.Template
	values     template.Values
	task       *template.TaskDefinition
	launchType ecs.LaunchType
	sidecar    *template.Container
	collector  string // the name of the sidecar
	cluster    string
	workspaces []string
	members    []*template.TaskDefinition // whose tasks the collector scrapes
}

// defaultRegion is used where nothing in the template names another one.
const defaultRegion = "eu-central-1"

func readDeployment(o Options) (*deployment, error) {
	d := &deployment{values: template.Values{
		Region: defaultRegion, Account: "111122223333", Partition: "aws", URLSuffix: "amazonaws.com", StackName: "Preview",
		Parameters: o.Parameters,
	}}
	if err := d.read(o); err != nil {
		return nil, err
	}
	// A stack with a region of its own, or a workspace of another stack, names them in the endpoint only.
	region := d.values.Region
	for _, endpoint := range remoteWrite.FindAllStringSubmatch(d.sidecar.Settings(), -1) {
		d.values.Region = endpoint[1]
		if !slices.Contains(d.workspaces, endpoint[2]) {
			d.workspaces = append(d.workspaces, endpoint[2])
		}
	}
	if d.values.Region != region {
		return d, d.read(o)
	}
	return d, nil
}

var remoteWrite = regexp.MustCompile(`aps-workspaces\.([a-z0-9-]+)\.[a-z0-9.-]+/workspaces/([A-Za-z0-9-]+)`)

func (d *deployment) read(o Options) (err error) {
	if d.template, err = template.Load(o.Template, d.values); err != nil {
		return err
	}
	ids := d.template.LogicalIDs("AWS::ECS::TaskDefinition")
	id := o.Task
	if id == "" && len(ids) == 1 {
		id = ids[0]
	}
	if id == "" {
		if id, d.members, err = d.findFleet(ids); err != nil {
			return err
		}
	}
	if !slices.Contains(ids, id) {
		return fmt.Errorf("-task is %q; expected the logical id of a task definition of %s: %s", o.Task, o.Template, strings.Join(ids, ", "))
	}
	only := *d.template
	only.Resources = maps.Clone(only.Resources)
	maps.DeleteFunc(only.Resources, func(other string, r template.Resource) bool { return other != id && slices.Contains(ids, other) })
	if d.task, err = only.TaskDefinition(); err != nil {
		return err
	}
	d.launchType = ecs.EC2
	if strings.Contains(fmt.Sprint(d.template.Resources[id].Properties["RequiresCompatibilities"]), string(ecs.Fargate)) {
		d.launchType = ecs.Fargate
	}
	d.workspaces = append(d.workspaces, d.template.WorkspaceIDs()...)
	d.cluster = defaultCluster
	if clusters := d.template.LogicalIDs("AWS::ECS::Cluster"); len(clusters) == 1 {
		name, err := d.template.Resolve(map[string]any{"Ref": clusters[0]})
		if err != nil {
			return err
		}
		d.cluster = fmt.Sprint(name)
	}
	return d.findCollector(o.Collector)
}

// collectorImage is part of the name of ADOT's image, and of the container that this library makes.
const collectorImage = "aws-otel-collector"

func (d *deployment) findCollector(name string) error {
	for _, candidate := range []func(c template.Container) bool{
		func(c template.Container) bool { return c.Name == name },
		func(c template.Container) bool { return name == "" && strings.Contains(c.Image, collectorImage) },
		func(c template.Container) bool { return name == "" && c.Name == collectorImage },
	} {
		if i := slices.IndexFunc(d.task.ContainerDefinitions, candidate); i >= 0 {
			d.sidecar = &d.task.ContainerDefinitions[i]
			d.collector = d.sidecar.Name
			return nil
		}
	}
	return fmt.Errorf("no container is the collector; name it with -collector: %s", strings.Join(d.names(), ", "))
}

func (d *deployment) names() (names []string) {
	for _, c := range d.task.ContainerDefinitions {
		names = append(names, c.Name)
	}
	return names
}

// apps are the essential containers beside the collector. What is not essential only helps, such as a container that holds the
// collector back at the end of a task.
func (d *deployment) apps() (names []string) {
	for _, c := range d.task.ContainerDefinitions {
		if c.Name != d.collector && c.IsEssential() {
			names = append(names, c.Name)
		}
	}
	return names
}
