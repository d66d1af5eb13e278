package otelprometheus

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// addContainer adds one of the user's containers. awscdk's own code calls it too, from JavaScript, where a Go panic would
// never be answered; so it validates nothing itself.
func (s *Sidecar) addContainer(id *string, props *awsecs.ContainerDefinitionOptions) awsecs.ContainerDefinition {
	if props == nil || id == nil {
		return s.base.AddContainer(id, props)
	}
	name := input.StringOr(props.ContainerName, *id)
	if s.settings.optOut[name] {
		s.optedOut++
		return s.base.AddContainer(id, props)
	}
	options := *props
	if options.Logging == nil {
		options.Logging = s.containerLogging()
	}
	if name == s.proxy {
		proxy := s.base.AddContainer(id, &options)
		s.goThrough(proxy, props.HealthCheck != nil)
		return proxy
	}
	own := map[string]*string{}
	if props.Environment != nil {
		maps.Copy(own, *props.Environment)
	}
	var secrets []string
	if props.Secrets != nil {
		secrets = slices.Collect(maps.Keys(*props.Secrets))
	}
	maps.Copy(own, s.sdkVariables(name, own, secrets))
	if len(own) > 0 {
		options.Environment = &own
	}
	container := s.base.AddContainer(id, &options)
	s.prepared[name] = true
	if !s.settings.task.bridge {
		s.connect(container, name) // links depend on jobs that may still be added; the aspect makes them
	}
	return container
}

// addVolume adds a volume of the user's.
func (s *Sidecar) addVolume(volume *awsecs.Volume) {
	s.hasVolumes = true
	s.base.AddVolume(volume)
}

// adoptAll does for every container of the task what addContainer does for those that come through it.
func (s *Sidecar) adoptAll() {
	s.restrictTrust()
	ours := 1 // the collector
	if s.settings.drain != 0 {
		ours++
	}
	containers := *s.task.Containers()
	if len(containers) == ours+len(s.connected)+s.optedOut && !s.settings.task.bridge {
		return // all came through addContainer
	}
	for _, container := range containers {
		if _, router := container.(awsecs.FirelensLogRouter); !router { // It must outlive the collector, whose log it may carry.
			s.adopt(container)
		}
	}
}

func (s *Sidecar) adopt(container awsecs.ContainerDefinition) {
	name := *container.ContainerName()
	if name == s.proxy && !s.throughProxy {
		s.goThrough(container, container.RenderContainerDefinition(s.task).HealthCheck != nil)
	}
	if s.ownName(name) {
		return
	}
	if !s.prepared[name] {
		s.prepared[name] = true
		s.prepare(container)
	}
	s.connect(container, name)
}

// goThrough makes ECS start the proxy before the collector, and stop it after: the last samples of a task go through it, too.
func (s *Sidecar) goThrough(proxy awsecs.ContainerDefinition, healthCheck bool) {
	s.throughProxy = true
	s.optedOut++
	condition := awsecs.ContainerDependencyCondition_START
	if healthCheck {
		condition = awsecs.ContainerDependencyCondition_HEALTHY
	}
	s.collector.AddContainerDependencies(&awsecs.ContainerDependency{Container: proxy, Condition: condition})
}

// connect makes ECS start the collector before the container and stop it after, and links the two where they do not share
// a network namespace. A container that the collector is linked to has to be there first, so there the order is reversed.
func (s *Sidecar) connect(container awsecs.ContainerDefinition, name string) {
	if s.connected[name] {
		return
	}
	s.connected[name] = true
	if s.settings.task.bridge {
		if s.linkScraped(container, name) {
			return
		}
		if s.settings.config.OTLP != nil || s.settings.config.Statsd != nil {
			container.AddLink(s.collector, nil)
		}
	}
	condition := s.settings.conditions[name]
	if condition == "" {
		condition = s.settings.condition
	}
	container.AddContainerDependencies(&awsecs.ContainerDependency{Container: s.collector, Condition: condition})
}

func (s *Sidecar) prepare(container awsecs.ContainerDefinition) {
	rendered := container.RenderContainerDefinition(s.task)
	own := map[string]*string{}
	for _, variable := range s.named(rendered.Environment) {
		own[variable.Name] = &variable.Value
	}
	var secrets []string
	for _, variable := range s.named(rendered.Secrets) {
		secrets = append(secrets, variable.Name)
	}
	variables := s.sdkVariables(*container.ContainerName(), own, secrets)
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		container.AddEnvironment(&name, variables[name])
	}
	if container.LogDriverConfig() == nil {
		s.overrideLogging(container)
	}
}

// variable is one of a container's variables; a value that is known only at deployment is left empty.
type variable struct{ Name, Value string }

// named reads variables from a rendered property, whose items jsii hands out as objects without a type.
func (s *Sidecar) named(property any) []variable {
	if property == nil {
		return nil
	}
	var all []variable
	items, _ := s.stack.Resolve(property).([]any)
	for _, item := range items {
		fields, _ := item.(map[string]any)
		name, _ := fields["name"].(string)
		value, _ := fields["value"].(string)
		all = append(all, variable{name, value})
	}
	return all
}

// overrideLogging sets the logging of a container that exists. Its driver can no longer be set, only what is rendered.
func (s *Sidecar) overrideLogging(container awsecs.ContainerDefinition) {
	config := s.containerLogging().Bind(container, container)
	for i, c := range *s.task.Containers() {
		if *c.ContainerName() == *container.ContainerName() {
			options := map[string]any{}
			for name, value := range *config.Options {
				options[name] = value
			}
			s.rendered().AddPropertyOverride(jsii.String(fmt.Sprintf("ContainerDefinitions.%d.LogConfiguration", i)),
				map[string]any{"LogDriver": config.LogDriver, "Options": options})
		}
	}
}
