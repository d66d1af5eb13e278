package otelprometheus

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// Variables of OpenTelemetry SDKs, between which stands the signal, or nothing for all signals, and values of them.
// Source: OpenTelemetry specification, OTLP exporter and SDK environment variables.
const (
	envOtlp            = "OTEL_EXPORTER_OTLP_"
	envEndpoint        = "ENDPOINT"
	envHeaders         = "HEADERS"
	envProtocol        = "PROTOCOL"
	envOtlpTemporality = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"

	protocolGRPC = "grpc"
	protocolHTTP = "http/protobuf"
	protocolJSON = "http/json"
)

const metrics = "metrics"

// signals are those that SDKs send.
var signals = []string{metrics, "traces", "logs"}

// sdk is the SDK in a container, and the collector that it may send to.
type sdk struct {
	container  string
	own        map[string]*string // what the container sets; the value of a secret is nil
	hosts      []string           // of the collector, as the container sees it; the first is the one to use
	grpc, http string             // ports
	taken      []string           // signals
	variables  map[string]*string // to add
	identities map[string]string  // what containers say of themselves, and the first that does
	warn       func(id, format string, args ...any)
}

// sdkVariables lead the SDK of a container to the collector with each signal that the collector takes, and turn off those that
// would otherwise go to the same address and be refused. What the container says about a signal stays, and the rest follows it.
func (s *Sidecar) sdkVariables(container string, own map[string]*string, secrets []string) map[string]*string {
	otlp := s.settings.config.OTLP
	if otlp == nil {
		s.warnOfOtlpOff(container, own)
		return nil
	}
	k := sdk{
		container: container, own: map[string]*string{}, hosts: []string{loopback, "localhost"}, grpc: string(otlp.GRPC()), http: string(otlp.HTTP()),
		taken: s.settings.signals, variables: map[string]*string{},
		identities: s.identities, warn: func(id, format string, args ...any) { input.Warn(s.task, id, format, args...) },
	}
	if s.settings.task.bridge {
		k.hosts = []string{*s.settings.container.ContainerName}
	}
	for name, value := range own {
		k.own[name] = value
	}
	for _, name := range secrets {
		k.own[name] = nil
	}
	for _, signal := range signals {
		if slices.Contains(k.taken, signal) {
			k.lead(signal)
		} else {
			k.turnOff(signal)
		}
	}
	return k.variables
}

// warnOfOtlpOff names a container that pushes to a collector which does not listen.
func (s *Sidecar) warnOfOtlpOff(container string, own map[string]*string) {
	if s.settings.source != nil {
		return // The library does not know what its configuration takes.
	}
	defaults := collector.OTLP{}
	k := sdk{own: own, hosts: []string{loopback, "localhost", *s.settings.container.ContainerName}, grpc: string(defaults.GRPC()), http: string(defaults.HTTP())}
	if name, endpoint := k.setting(metrics, envEndpoint); name != "" {
		if _, ours := k.port(endpoint); ours {
			input.Warn(s.task, "otlpOff", "container %s sends its metrics to the collector, but OTLP is off, because %sScrape is set; set %sOtlp to &otelprometheus.OtlpProps{}, or remove %s",
				container, where, where, name)
		}
	}
}

// composeName is a host name that only a network of Docker knows.
var composeName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_-]*$`)

// doubt names an endpoint that an SDK refuses, or that a task cannot reach.
func (k *sdk) doubt(name, endpoint string) {
	scheme, rest, found := strings.Cut(endpoint, "://")
	host, _, _ := strings.Cut(rest, ":")
	switch {
	case endpoint == "":
	case !found:
		k.warn("otlpEndpoint", "container %s: %s is %q, which has no scheme, so SDKs do not take it; write http:// in front, or remove it to send to the collector", k.container, name, endpoint)
	case composeName.MatchString(host) && scheme != "unix":
		k.warn("otlpEndpoint", "container %s: %s is %q, and a task knows no host %s, unless it is linked to one; remove it to send to the collector", k.container, name, endpoint, host)
	}
}

// lead sends a signal to the collector, by the protocol that the container asks for.
func (k *sdk) lead(signal string) {
	endpointName, endpoint := k.setting(signal, envEndpoint)
	protocolName, protocol := k.setting(signal, envProtocol)
	ownPort, ours := k.port(endpoint)
	if signal == metrics && (!ours || !strings.Contains(endpoint, "://")) {
		k.doubt(endpointName, endpoint)
	}
	if endpointName != "" && !ours {
		return // It goes elsewhere.
	}
	if protocolName == "" {
		protocol = protocolHTTP
		if ownPort == k.grpc {
			protocol = protocolGRPC
		}
	}
	port := map[string]string{protocolGRPC: k.grpc, protocolHTTP: k.http, protocolJSON: k.http}[protocol]
	switch {
	case port == "":
		k.warn("otlpVariables", "container %s: the protocol in %s is not known at synthesis, or not one of %s, %s and %s, so the library does not send its %s to the collector; "+
			"set %s in Environment", k.container, protocolName, protocolGRPC, protocolHTTP, protocolJSON, signal, variableOf(signal, envEndpoint))
		return
	case ours && ownPort != port:
		k.warn("otlpVariables", "container %s sends its %s with protocol %s to port %s, but the collector expects another protocol there; remove %s, "+
			"or change %s", k.container, signal, protocol, ownPort, endpointName, protocolName)
		return
	}
	if !ours {
		address := "http://" + k.hosts[0] + ":" + port
		if protocol != protocolGRPC {
			address += "/v1/" + signal // An SDK adds the path only to the general endpoint.
		}
		k.variables[variableOf(signal, envEndpoint)] = &address
	}
	if protocolName == "" {
		k.variables[variableOf(signal, envProtocol)] = &protocol
	}
	if signal != metrics {
		return
	}
	if preference, set := k.own[envOtlpTemporality]; !set {
		k.variables[envOtlpTemporality] = jsii.String("cumulative") // The remote write exporter drops delta data.
	} else if preference != nil && (strings.EqualFold(*preference, "delta") || strings.EqualFold(*preference, "lowmemory")) {
		k.warn("deltaTemporality", "container %s sets %s to %s, and metrics with delta temporality cannot be stored; remove it", k.container, envOtlpTemporality, *preference)
	}
	k.tellApart()
}

// tellApart names the container in a header of each request, which leaves alone what the SDK says of itself. A header of the
// container's own stays beside it.
func (k *sdk) tellApart() {
	if identity := k.identity(); identity != "" {
		if other := k.identities[identity]; other != "" {
			k.warn("sameIdentity", "containers %s and %s both send as %s, so their series differ only in the label container_name; "+
				"give each its own OTEL_SERVICE_NAME, or acknowledge this warning if they are one service", other, k.container, identity)
		}
		k.identities[identity] = k.container
	}
	name := variableOf(metrics, envHeaders)
	header := collector.HeaderContainerName + "=" + k.container
	if own, set := k.own[name]; set {
		if own == nil || *own == "" {
			return // It is known only at deployment.
		}
		header = *own + "," + header
	}
	k.variables[name] = &header
}

// turnOff keeps an SDK from sending a signal to the collector, which answers that it does not know it. Where the container leads the
// signal elsewhere, or says by what it is exported, it stays on.
func (k *sdk) turnOff(signal string) {
	exporter := "OTEL_" + strings.ToUpper(signal) + "_EXPORTER"
	endpointName, endpoint := k.setting(signal, envEndpoint)
	_, ours := k.port(endpoint)
	if endpointName != "" && !ours {
		return
	}
	value, set := k.own[exporter]
	switch {
	case endpointName == variableOf(signal, envEndpoint), endpointName == "" && set && value != nil && *value == "otlp":
		way := "set " + variableOf(signal, envEndpoint) + " to an endpoint that accepts them"
		if signal == "traces" {
			way = "set " + where + "Traces, or " + way
		}
		k.warn("otlpVariables", "container %s sends its %s to the collector, which does not accept them; %s", k.container, signal, way)
	case !set:
		k.variables[exporter] = jsii.String("none")
	}
}

// setting is the variable that decides about a signal, and its value. The name is empty where the container sets none, and the
// value where it is known only at deployment.
func (k *sdk) setting(signal, kind string) (name, value string) {
	for _, name := range []string{variableOf(signal, kind), envOtlp + kind} {
		if v, set := k.own[name]; set {
			if v == nil || token.In(*v) {
				return name, ""
			}
			return name, *v
		}
	}
	return "", ""
}

func variableOf(signal, kind string) string { return envOtlp + strings.ToUpper(signal) + "_" + kind }

// port is the port of the collector that an endpoint names, if it names one.
func (k *sdk) port(endpoint string) (port string, ours bool) {
	address, _, _ := strings.Cut(strings.TrimPrefix(endpoint, "http://"), "/")
	host, port, _ := strings.Cut(address, ":")
	return port, slices.Contains(k.hosts, host) && (port == k.grpc || port == k.http)
}

// identity is what a container says of itself in its variables, or empty.
func (k *sdk) identity() string {
	own := func(name string) string {
		if v := k.own[name]; v != nil {
			return *v
		}
		return ""
	}
	attributes := map[string]string{}
	for pair := range strings.SplitSeq(own("OTEL_RESOURCE_ATTRIBUTES"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		attributes[name] = value
	}
	identity := attributes["service.name"]
	if name := own("OTEL_SERVICE_NAME"); name != "" {
		identity = name
	}
	if identity == "" {
		return ""
	}
	if namespace := attributes["service.namespace"]; namespace != "" {
		identity = namespace + "/" + identity
	}
	if id := attributes["service.instance.id"]; id != "" {
		identity += " " + id
	}
	return identity
}
