// Package corpus reads small collector configurations, good and bad, which are judged by the library and, in test/e2e, by the
// collector's own factories.
//
// A file has several cases. Each starts with "--- " and a name, and holds what is laid over a pipeline of metrics from otlp to debug. Its
// components run: they are added to the pipeline and to the extensions of service, unless the case has a service of its own. Comments at its start
// say more:
//
//	# signal: traces      its components are for another signal
//	# whole               it is a whole configuration
//	# env: NAME=value     a variable that it names
//	# want: text          what the library's message must have
//	# policy              the collector starts with it; the library refuses it because it would not work
package corpus

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// Case is a configuration.
type Case struct {
	// Name is that of the file and of the case.
	Name string

	// Text is the whole configuration.
	Text string

	// Env are the variables that it names.
	Env map[string]string

	// Want is what the message must have.
	Want []string

	// Policy says that the collector starts with a bad one.
	Policy bool
}

// Read reads all cases of a folder.
func Read(dir string) ([]Case, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no files in %s: %w", dir, err)
	}
	var all []Case
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		prefix := strings.TrimSuffix(filepath.Base(file), ".yaml") + "/"
		for _, part := range strings.Split("\n"+string(text), "\n--- ")[1:] {
			name, body, _ := strings.Cut(part, "\n")
			c, err := parse(body)
			if err != nil {
				return nil, fmt.Errorf("%s%s: %w", prefix, name, err)
			}
			c.Name = prefix + name
			if slices.ContainsFunc(all, func(other Case) bool { return other.Name == c.Name }) {
				return nil, fmt.Errorf("two cases are named %s", c.Name)
			}
			all = append(all, c)
		}
	}
	return all, nil
}

func parse(body string) (Case, error) {
	c := Case{Text: body, Env: map[string]string{}}
	signal, whole := "metrics", false
	for line := range strings.Lines(body) {
		comment, found := strings.CutPrefix(strings.TrimSpace(line), "# ")
		if !found {
			break
		}
		what, value, _ := strings.Cut(comment, ": ")
		switch what {
		case "signal":
			signal = value
		case "whole":
			whole = true
		case "policy":
			c.Policy = true
		case "want":
			c.Want = append(c.Want, value)
		case "env":
			name, value, _ := strings.Cut(value, "=")
			c.Env[name] = value
		}
	}
	if whole {
		return c, nil
	}
	var parts map[string]yaml.Node
	if err := yaml.Unmarshal([]byte(body), &parts); err != nil {
		return c, err
	}
	pipeline := map[string][]string{"receivers": {"otlp"}, "exporters": {"debug"}}
	var extensions []string
	for section, node := range parts {
		for i := 0; i < len(node.Content); i += 2 {
			if id := node.Content[i].Value; section == "extensions" {
				extensions = append(extensions, id)
			} else if section != "service" && !slices.Contains(pipeline[section], id) {
				pipeline[section] = append(pipeline[section], id)
			}
		}
	}
	base, err := yaml.Marshal(map[string]any{
		"receivers": map[string]any{"otlp": map[string]any{"protocols": map[string]any{"http": map[string]any{"endpoint": "127.0.0.1:0"}}}},
		"exporters": map[string]any{"debug": nil},
		"service":   map[string]any{"extensions": extensions, "pipelines": map[string]any{signal: pipeline}},
	})
	if err != nil {
		return c, err
	}
	if service, own := parts["service"]; own { // its extensions and pipelines are the case's, not ours
		for i := 0; i < len(service.Content); i += 2 {
			if key := service.Content[i].Value; key != "telemetry" {
				if base, err = yaml.Marshal(map[string]any{
					"receivers": map[string]any{"otlp": map[string]any{"protocols": map[string]any{"http": map[string]any{"endpoint": "127.0.0.1:0"}}}},
					"exporters": map[string]any{"debug": nil},
					"service":   map[string]any{"pipelines": map[string]any{"metrics": map[string]any{"receivers": []string{"otlp"}, "exporters": []string{"debug"}}}},
				}); err != nil {
					return c, err
				}
			}
		}
	}
	c.Text, err = collector.Merge(string(base), body)
	return c, err
}
