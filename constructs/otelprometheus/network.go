package otelprometheus

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
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

// otlpVariables are those that lead an SDK to the collector, without those that a container sets itself.
func (s *Sidecar) otlpVariables(own map[string]*string, secrets []string) map[string]*string {
	otlp := s.settings.config.OTLP
	if otlp == nil {
		return nil
	}
	protocol := protocolHTTP
	if p := own[envOtlpProtocol]; p != nil {
		protocol = *p
	}
	host, port := loopback, otlp.HTTP()
	if protocol == protocolGRPC {
		port = otlp.GRPC()
	}
	if s.settings.task.bridge {
		host = *s.settings.container.ContainerName
	}
	variables := map[string]*string{
		envOtlpEndpoint: jsii.String("http://" + host + ":" + string(port)),
		envOtlpProtocol: &protocol,
		// The remote write exporter drops delta data.
		envOtlpTemporality: jsii.String("cumulative"),
	}
	taken := append(slices.Collect(maps.Keys(own)), secrets...)
	if slices.Contains(taken, envOtlpEndpoint) {
		delete(variables, envOtlpProtocol) // the container's own endpoint speaks a protocol of its own
	}
	maps.DeleteFunc(variables, func(name string, _ *string) bool { return slices.Contains(taken, name) })
	return variables
}

// linkScraped leads the scrape jobs that read a container to it. Only with network mode bridge.
func (s *Sidecar) linkScraped(container awsecs.ContainerDefinition, name string) bool {
	first := slices.Contains(s.settings.scraped, firstEligible) && (s.firstScraped == "" || s.firstScraped == name)
	if !first && !slices.Contains(s.settings.scraped, name) {
		return false
	}
	s.linked[name] = true
	s.collector.AddLink(container, nil)
	if first {
		s.firstScraped = name
		s.leadTo(name)
	}
	return true
}

// leadTo writes the configuration again, with the name of the first container.
func (s *Sidecar) leadTo(name string) {
	changed := *s.settings
	changed.config.Scrape = slices.Clone(changed.config.Scrape)
	for i, container := range changed.scraped {
		if container == firstEligible {
			job := &changed.config.Scrape[i]
			_, port, _ := strings.Cut(job.Targets[0], ":")
			job.Targets = []string{name + ":" + port}
		}
	}
	var f input.Faults
	changed.render(&f)
	f.PanicIfAny("the collector's configuration") // it was rendered before; answer makes it an error of the construct
	s.settings = &changed
	s.update(changed.secrets)
}
