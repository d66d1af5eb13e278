package harness

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

var listeners = regexp.MustCompile(`\bendpoint: "?(?:127\.0\.0\.1|0\.0\.0\.0):(\d+)|\bhost: (?:127\.0\.0\.1|0\.0\.0\.0)\n\s+port: (\d+)`)

// Ports are those that the container of a collector listens on.
func Ports(collector *template.Container) (ports []string) {
	for _, found := range listeners.FindAllStringSubmatch(collector.Settings(), -1) {
		if port := found[1] + found[2]; !slices.Contains(ports, port) {
			ports = append(ports, port)
		}
	}
	return ports
}

// PortsFree reports the first of some loopback ports that something else listens on: a clearer message than the one a
// collector gives.
func PortsFree(ports ...string) error {
	for _, port := range ports {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			return fmt.Errorf("port %s must be free to run a task: %w", port, err)
		}
		_ = listener.Close()
	}
	return nil
}

// nextPort is below the ports that the system gives to clients, so that no connection takes one before its server listens.
var nextPort atomic.Int32

// FreePort is a port that nothing listens on, for TCP and UDP, as are the two after it: delivery takes two, and CloudWatch the third.
func FreePort() (string, error) {
	for range 100 {
		port := 20000 + int(nextPort.Add(3))
		if free(port) && free(port+1) && free(port+2) {
			return strconv.Itoa(port), nil
		}
	}
	return "", errors.New("no free port")
}

func free(port int) bool {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	defer func() { _ = listener.Close() }()
	packets, err := net.ListenPacket("udp", address)
	if err != nil {
		return false
	}
	return packets.Close() == nil
}
