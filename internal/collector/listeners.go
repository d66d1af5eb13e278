package collector

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// listening lists where components listen: the path of the endpoint, its default, and the network.
// Source: createDefaultConfig of each component, collector v0.158.0 and contrib v0.158.0.
var listening = map[string][]struct{ path, standard, network string }{
	"receivers.otlp":          {{"protocols.grpc", "localhost:4317", "tcp"}, {"protocols.http", "localhost:4318", "tcp"}},
	"receivers.jaeger":        {{"protocols.grpc", "localhost:14250", "tcp"}, {"protocols.thrift_http", "localhost:14268", "tcp"}, {"protocols.thrift_binary", "localhost:6832", "udp"}, {"protocols.thrift_compact", "localhost:6831", "udp"}},
	"receivers.statsd":        {{"", "localhost:8125", "udp"}},
	"receivers.zipkin":        {{"", "localhost:9411", "tcp"}},
	"receivers.awsxray":       {{"", "localhost:2000", "udp"}, {"proxy_server", "localhost:2000", "tcp"}},
	"exporters.prometheus":    {{"", "", "tcp"}},
	"extensions.health_check": {{"", "localhost:13133", "tcp"}},
	"extensions.pprof":        {{"", "localhost:1777", "tcp"}},
	"extensions.zpages":       {{"", "localhost:55679", "tcp"}},
	"extensions.awsproxy":     {{"", "localhost:2000", "tcp"}},
}

// open is a port that a running component listens on.
type openPort struct {
	what, network, host string
	port                int
}

// listeners reports endpoints that nothing can listen on, and two running parts that listen on one port.
func (c *checker) listeners() {
	var ports []openPort
	for _, section := range []string{"extensions", "receivers", "exporters"} {
		for _, e := range c.root.at(section).all() {
			if !c.running(section, e.key) || e.value.kind == unknown {
				continue
			}
			for _, l := range listening[section+"."+typeOf(e.key)] {
				at, path := e.value, section+"."+e.key
				if l.path != "" {
					at, path = e.value.at(strings.Split(l.path, ".")...), path+"."+l.path
					if at == nil && strings.HasPrefix(l.path, "protocols.") {
						continue // this protocol is off
					}
				}
				if at.at("enabled").text() != "false" {
					ports = append(ports, c.endpoint(path, at, l.standard, l.network)...)
				}
			}
		}
	}
	ports = append(ports, c.ownMetrics()...)
	for i, p := range ports {
		for _, other := range ports[:i] {
			if p.port != 0 && p.port == other.port && p.network == other.network && (p.host == other.host || p.host == "" || other.host == "") {
				c.add("%s and %s both listen on port %d; give one of them another port", other.what, p.what, p.port)
			}
		}
	}
}

// endpoint is where a part listens, as far as it is known.
func (c *checker) endpoint(path string, at *tree, standard, network string) []openPort {
	switch transport := at.at("transport"); {
	case transport.open():
		return nil
	case !transport.null():
		network = strings.TrimRight(transport.text(), "46")
	}
	v := at.at("endpoint")
	if v.open() || v != nil && v.kind != scalar || network != "tcp" && network != "udp" {
		return nil
	}
	address := standard
	if !v.null() && v.text() != "" {
		address = v.text()
	}
	if needed := strings.HasPrefix(path, "extensions.") || strings.HasPrefix(path, "receivers.jaeger"); v != nil && needed && address == standard && v.text() == "" {
		c.fault(v, "%s.endpoint is empty; it must be host:port", path)
	}
	if address == "" {
		return nil
	}
	host, text, err := net.SplitHostPort(address)
	port, notNumber := strconv.Atoi(text)
	if err != nil || notNumber != nil || port < 0 || port > maxPort {
		c.fault(v, "%s.endpoint is %s; it must be host:port, with a port from 0 to %d", path, v.describe(), maxPort)
		return nil
	}
	return []openPort{{path, network, hostOf(host), port}}
}

// hostOf is empty for all addresses.
func hostOf(host string) string {
	switch {
	case slices.Contains([]string{"0.0.0.0", "::", ""}, host):
		return ""
	case host == "localhost":
		return "127.0.0.1"
	}
	return host
}

// ownMetrics are the ports of the collector's own metrics.
func (c *checker) ownMetrics() (ports []openPort) {
	metrics := c.root.at("service", "telemetry", "metrics")
	level, readers := metrics.at("level"), metrics.at("readers")
	if metrics.open() || level.open() || strings.EqualFold(level.text(), "none") || readers.open() {
		return nil
	}
	if readers.null() {
		return []openPort{{"the collector's own metrics", "tcp", "127.0.0.1", 8888}}
	}
	for i, reader := range readers.list() {
		at := reader.at("pull", "exporter", "prometheus")
		if port, isNumber := asFloat(valueOr(at.at("port"), tree{}).scalar); isNumber && !at.at("host").open() {
			ports = append(ports, openPort{fmt.Sprintf("service.telemetry.metrics.readers[%d]", i), "tcp", hostOf(at.at("host").text()), int(port)})
		}
	}
	return ports
}
