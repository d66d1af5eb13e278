package otelprometheus

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// Variables of OpenTelemetry SDKs. Source: OpenTelemetry specification, OTLP exporter and metrics SDK configuration.
const (
	envOtlpEndpoint    = "OTEL_EXPORTER_OTLP_ENDPOINT"
	envOtlpProtocol    = "OTEL_EXPORTER_OTLP_PROTOCOL"
	envOtlpTemporality = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"

	protocolHTTP = "http/protobuf"
	protocolGRPC = "grpc"
)

// addContainer adds one of the user's containers. awscdk's own code calls it too, from JavaScript, where a Go panic would
// never be answered; so it validates nothing itself.
func (s *sidecar) addContainer(id *string, props *awsecs.ContainerDefinitionOptions) awsecs.ContainerDefinition {
	if props == nil || id == nil || s.settings.container(nameOf(id, props)).optOut() {
		return s.base.AddContainer(id, props)
	}
	options := *props
	if options.Logging == nil {
		options.Logging = s.containerLogging()
	}
	own := map[string]*string{}
	if props.Environment != nil {
		maps.Copy(own, *props.Environment)
	}
	var secrets []string
	if props.Secrets != nil {
		secrets = slices.Collect(maps.Keys(*props.Secrets))
	}
	maps.Copy(own, s.otlpVariables(own, secrets))
	if len(own) > 0 {
		options.Environment = &own
	}
	container := s.base.AddContainer(id, &options)
	name := nameOf(id, props)
	s.prepared[name] = true
	if !s.settings.task.bridge() {
		s.connect(container, name) // links depend on jobs that may still be added; the aspect makes them
	}
	return container
}

func nameOf(id *string, props *awsecs.ContainerDefinitionOptions) string {
	return input.StringOr(props.ContainerName, *id)
}

// containerLogging logs to the group of the containers without logging of their own.
func (s *sidecar) containerLogging() awsecs.LogDriver {
	if s.containerLogGroup == nil {
		l := s.settings.logging
		s.containerLogGroup = s.logGroup(idContainerLogGroup, l.ContainerLogGroup, l.ContainerLogGroupName)
	}
	return s.awsLogs(s.containerLogGroup)
}

// otlpVariables are those that lead an SDK to the collector, without those that a container sets itself.
func (s *sidecar) otlpVariables(own map[string]*string, secrets []string) map[string]*string {
	otlp := s.settings.config.OTLP
	if otlp == nil {
		return nil
	}
	protocol := protocolHTTP
	if p := own[envOtlpProtocol]; p != nil {
		protocol = *p
	}
	address := otlp.HTTPEndpoint
	if protocol == protocolGRPC {
		address = otlp.GRPCEndpoint
	}
	if s.settings.task.bridge() {
		address = *s.settings.collector.ContainerName + ":" + portOf(address)
	}
	variables := map[string]*string{
		envOtlpEndpoint: jsii.String("http://" + address),
		envOtlpProtocol: &protocol,
		// The remote write exporter drops delta data.
		envOtlpTemporality: jsii.String("cumulative"),
	}
	taken := append(slices.Collect(maps.Keys(own)), secrets...)
	if slices.Contains(taken, envOtlpEndpoint) {
		delete(variables, envOtlpProtocol) // an endpoint of one's own speaks a protocol of its own
	}
	maps.DeleteFunc(variables, func(name string, _ *string) bool { return slices.Contains(taken, name) })
	return variables
}

// connect makes ECS start the collector before the container and stop it after, and links the two where they do not share
// a network namespace. A container that the collector is linked to has to be there first, so there the order is reversed.
func (s *sidecar) connect(container awsecs.ContainerDefinition, name string) {
	if s.connected[name] {
		return
	}
	s.connected[name] = true
	if s.settings.task.bridge() {
		if s.linkScraped(container, name) {
			return
		}
		if s.settings.config.OTLP != nil || s.settings.config.StatsD != nil {
			container.AddLink(s.collector, nil)
		}
	}
	condition := s.settings.collector.StartOrder
	if c := s.settings.container(name); c != nil && c.StartOrder != "" {
		condition = c.StartOrder
	}
	container.AddContainerDependencies(&awsecs.ContainerDependency{Container: s.collector, Condition: condition})
}

// adopt does for a container that is there already what addContainer does for one that is to be.
func (s *sidecar) adopt(container awsecs.ContainerDefinition) {
	if _, router := container.(awsecs.FirelensLogRouter); router {
		return // It must outlive the collector, whose log it may carry.
	}
	name := *container.ContainerName()
	if name == *s.settings.collector.ContainerName || name == s.drainName() || s.settings.container(name).optOut() {
		return
	}
	if !s.prepared[name] {
		s.prepared[name] = true
		s.prepare(container)
	}
	s.connect(container, name)
}

func (s *sidecar) prepare(container awsecs.ContainerDefinition) {
	rendered := container.RenderContainerDefinition(s.task)
	own := map[string]*string{}
	for _, variable := range s.named(rendered.Environment) {
		own[variable.Name] = &variable.Value
	}
	var secrets []string
	for _, variable := range s.named(rendered.Secrets) {
		secrets = append(secrets, variable.Name)
	}
	variables := s.otlpVariables(own, secrets)
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
func (s *sidecar) named(property any) []variable {
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
func (s *sidecar) overrideLogging(container awsecs.ContainerDefinition) {
	config := s.containerLogging().Bind(container, container)
	for i, c := range *s.task.Containers() {
		if *c.ContainerName() == *container.ContainerName() {
			options := map[string]any{}
			for name, value := range *config.Options {
				options[name] = value
			}
			s.rendered.AddPropertyOverride(jsii.String(fmt.Sprintf("ContainerDefinitions.%d.LogConfiguration", i)),
				map[string]any{"LogDriver": config.LogDriver, "Options": options})
		}
	}
}

// adopter is an aspect for what does not come through our own methods: containers made with awsecs.NewContainerDefinition, all
// containers of a task definition that has the sidecar as an extension, and roles that awscdk makes when it first needs them.
type adopter struct{ s *sidecar }

// Visit implements awscdk.IAspect. It is called for the collector's container, and sees the task from there.
func (a *adopter) Visit(node constructs.IConstruct) {
	answer(node, func() {
		a.s.restrictTrust()
		containers := *a.s.task.Containers()
		if len(containers) == a.s.ownContainers() && !a.s.settings.task.bridge() {
			return // all came through AddContainer
		}
		for _, container := range containers {
			a.s.adopt(container)
		}
	})
}

// ownContainers counts the containers that are as they should be.
func (s *sidecar) ownContainers() int {
	n := len(s.connected) + 1
	if s.drainName() != "" {
		n++
	}
	return n
}

// answer runs f inside a callback from Node. A Go panic there would never be answered, and Node would die of it later
// (TestPanicsInCallbacksAreReported); so it becomes an error of the construct, which fails the synthesis.
func answer(node constructs.IConstruct, f func()) {
	defer func() {
		if r := recover(); r != nil {
			awscdk.Annotations_Of(node).AddError(jsii.String(fmt.Sprint(r)))
		}
	}()
	f()
}
