package harness

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

// network emulates how the containers of one task find each other. In the modes awsvpc and host they share the loopback
// interface, as the child processes do. In mode bridge each has its own, and a name for each container that it is linked to.
// The names are emulated: they lead to linkedAddress, where only what listens on all addresses can be reached, and nothing
// else has a name. That a container of mode bridge cannot reach the loopback interface of another one is checked instead.
type network struct {
	bridge bool
	dir    string
}

func newNetwork(dir, mode string, containers []*template.Container) (*network, error) {
	n := &network{bridge: mode == "bridge", dir: dir}
	if mode != "bridge" && mode != "awsvpc" && mode != "host" {
		return nil, fmt.Errorf("network mode %q is not emulated", mode)
	}
	for _, c := range containers {
		if len(c.Links) > 0 && !n.bridge {
			return nil, fmt.Errorf("container %s: links %v in network mode %s", c.Name, c.Links, mode)
		}
		if err := n.checkLoopback(c, containers); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// checkLoopback refuses a container of mode bridge that means another one by a loopback address.
func (n *network) checkLoopback(c *template.Container, containers []*template.Container) error {
	for _, other := range containers {
		if other == c || !n.bridge {
			continue
		}
		for _, mapping := range other.PortMappings {
			for _, variable := range c.Environment {
				for _, host := range []string{"127.0.0.1", "localhost"} {
					if address := fmt.Sprintf("%s:%d", host, mapping.ContainerPort); strings.Contains(variable.Value, address) {
						return fmt.Errorf("container %s: %s names %s; in network mode bridge that is the container itself, not %s",
							c.Name, variable.Name, address, other.Name)
					}
				}
			}
		}
	}
	return nil
}

// resolve replaces the linked container that an app sends OTLP to by its address, because a program that is not ours cannot be
// told how to resolve names. A name without a link is an error.
func (n *network) resolve(c *template.Container, env []string) ([]string, error) {
	if !n.bridge {
		return env, nil
	}
	env = slices.Clone(env)
	for i, variable := range env {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "OTEL_EXPORTER_OTLP_") || !strings.HasSuffix(name, "ENDPOINT") {
			continue
		}
		u, err := url.Parse(value)
		if err != nil {
			return nil, fmt.Errorf("container %s: %s: %w", c.Name, name, err)
		}
		if _, linked := c.LinkNames()[u.Hostname()]; !linked {
			return nil, fmt.Errorf("container %s: %s is %s, but the container has no link to %q", c.Name, name, value, u.Hostname())
		}
		u.Host = net.JoinHostPort(linkedAddress, u.Port())
		env[i] = name + "=" + u.String()
	}
	return env, nil
}

// entryPoint is the argv[0] of the collector. In mode bridge its directory holds the names that the collector can resolve, so
// that neither arguments nor environment differ from the template's.
func (n *network) entryPoint(c *template.Container) (string, error) {
	if !n.bridge {
		return entryPointName, nil
	}
	var names []string
	for name := range c.LinkNames() {
		names = append(names, name)
	}
	dir := filepath.Join(n.dir, "container-"+c.Name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return filepath.Join(dir, entryPointName), os.WriteFile(filepath.Join(dir, linksFile), []byte(strings.Join(names, " ")), 0o600)
}

// linksFile is the file of names beside the entry point.
const linksFile = "links"

// useLinks makes this process resolve the names of its links, and no others.
func useLinks(entryPoint string) error {
	dir := filepath.Dir(entryPoint)
	if dir == "." {
		return nil // not in mode bridge
	}
	raw, err := os.ReadFile(filepath.Join(dir, linksFile))
	if err != nil {
		return err
	}
	names := strings.Fields(string(raw))
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(_ context.Context, _, _ string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer func() { _ = server.Close() }()
			_ = answerNames(server, names)
		}()
		return client, nil
	}}
	return nil
}

// answerNames is a name server for one question over a stream, as DNS over TCP is.
func answerNames(conn io.ReadWriter, names []string) error {
	var length uint16
	if err := binary.Read(conn, binary.BigEndian, &length); err != nil {
		return err
	}
	raw := make([]byte, length)
	if _, err := io.ReadFull(conn, raw); err != nil {
		return err
	}
	var message dnsmessage.Message
	if err := message.Unpack(raw); err != nil {
		return err
	}
	question := message.Questions[0]
	message.Response, message.RecursionAvailable, message.Additionals = true, true, nil
	switch {
	case !slices.Contains(names, strings.TrimSuffix(question.Name.String(), ".")):
		message.RCode = dnsmessage.RCodeNameError
	case question.Type == dnsmessage.TypeA:
		message.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: question.Name, Class: question.Class},
			Body:   &dnsmessage.AResource{A: [4]byte(net.ParseIP(linkedAddress).To4())},
		}}
	}
	raw, err := message.Pack()
	if err != nil {
		return err
	}
	_, err = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(raw))), raw...))
	return err
}
