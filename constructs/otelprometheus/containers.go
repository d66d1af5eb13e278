package otelprometheus

import (
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
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
	if props == nil {
		return s.base.AddContainer(id, props) // awscdk says what is missing
	}
	options := *props
	if options.Logging == nil {
		if s.containerLogGroup == nil {
			l := s.settings.logging
			s.containerLogGroup = s.logGroup(idContainerLogGroup, l.ContainerLogGroup, l.ContainerLogGroupName)
		}
		options.Logging = s.awsLogs(s.containerLogGroup)
	}
	options.Environment = s.environment(options.Environment, options.Secrets)
	container := s.base.AddContainer(id, &options)
	s.waitForCollector(container)
	return container
}

// environment adds to a container's variables those that lead its SDK to the collector, unless it sets its own.
func (s *sidecar) environment(own *map[string]*string, secrets *map[string]awsecs.Secret) *map[string]*string {
	if !s.settings.otlp {
		return own
	}
	env := map[string]*string{}
	if own != nil {
		maps.Copy(env, *own)
	}
	taken := slices.Collect(maps.Keys(env))
	if secrets != nil {
		taken = slices.AppendSeq(taken, maps.Keys(*secrets))
	}
	protocol := protocolHTTP
	if p := env[envOtlpProtocol]; p != nil {
		protocol = *p
	}
	for name, value := range s.otlpEnvironment(protocol) {
		// An endpoint of one's own speaks a protocol of its own.
		if !slices.Contains(taken, name) && !(name == envOtlpProtocol && slices.Contains(taken, envOtlpEndpoint)) {
			env[name] = jsii.String(value)
		}
	}
	return &env
}

func (s *sidecar) otlpEnvironment(protocol string) map[string]string {
	endpoint := s.settings.config.OTLP.HTTPEndpoint
	if protocol == protocolGRPC {
		endpoint = s.settings.config.OTLP.GRPCEndpoint
	}
	return map[string]string{
		envOtlpEndpoint: "http://" + endpoint,
		envOtlpProtocol: protocol,
		// The remote write exporter drops delta data.
		envOtlpTemporality: "cumulative",
	}
}

// waitForCollector makes ECS start the collector before the container and stop it after.
func (s *sidecar) waitForCollector(container awsecs.ContainerDefinition) {
	container.AddContainerDependencies(&awsecs.ContainerDependency{
		Container: s.collector,
		Condition: s.settings.container.StartOrder,
	})
	s.adopted[*container.Node().Path()] = true
}

// adopter is an aspect for containers that did not come through AddContainer, such as those made with
// awsecs.NewContainerDefinition. It runs inside a callback from Node and must not panic.
type adopter struct{ s *sidecar }

// Visit implements awscdk.IAspect.
func (a *adopter) Visit(node constructs.IConstruct) {
	container, ok := node.(awsecs.ContainerDefinition)
	if !ok {
		return
	}
	if _, router := node.(awsecs.FirelensLogRouter); router {
		return // It must outlive the collector, whose log it may carry.
	}
	path := *container.Node().Path()
	if path == *a.s.collector.Node().Path() || a.s.adopted[path] {
		return
	}
	a.s.waitForCollector(container)
}
