package collector

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// CheckOptions relaxes [Check].
type CheckOptions struct {
	// AllowUnknownComponents accepts components that ADOT does not have, for your own image.
	AllowUnknownComponents bool
}

// Check reports, all at once, what would keep a collector from starting with a configuration that was written by hand:
// that it parses to a mapping, that every component a pipeline names is defined and is part of ADOT, that the memory
// limiter comes first, that the ${…} forms are valid, and that remote write to AMP is signed. It does not know the
// settings of each component; the collector does.
func Check(text string, options CheckOptions) error {
	return errors.Join(check(text, options)...)
}

func check(text string, options CheckOptions) []error {
	root, err := parseMapping(text)
	if err != nil {
		return []error{err}
	}
	flat, err := withoutAliases(root)
	if err != nil {
		return []error{err}
	}
	c := checker{root: flat, options: options}
	c.sections()
	c.components()
	c.pipelines()
	c.remoteWrite()
	c.expansions(root)
	return c.list
}

// withoutAliases is the same tree with anchors and merge keys resolved, as the collector sees it.
func withoutAliases(root *yaml.Node) (*yaml.Node, error) {
	var plain map[string]any
	if err := root.Decode(&plain); err != nil {
		return nil, err // parseMapping decoded it before
	}
	text, err := encode(plain)
	if err != nil {
		return nil, err
	}
	return parseMapping(text)
}

// checkMerged checks the configuration with Extra merged into it.
func (c Config) checkMerged(v *faults) {
	if _, err := parseMapping(c.Extra); err != nil {
		v.add("Config: the extra YAML is %v", err)
		return
	}
	text, err := c.render()
	if err != nil {
		v.addTo("%v", err)
		return
	}
	for _, fault := range check(text, CheckOptions{}) {
		v.add("Config: with the extra YAML, %v", fault)
	}
}

var componentID = regexp.MustCompile(`^([a-zA-Z][0-9a-zA-Z_]{0,62})(?:/.+)?$`)

type checker struct {
	root    *yaml.Node
	options CheckOptions
	faults
}

// kinds are the sections that define components, in the order in which ADOT's own files have them.
var kinds = []string{"extensions", "receivers", "processors", "exporters", "connectors"}

func (c *checker) sections() {
	known := append(slices.Clone(kinds), "service")
	for i := 0; i < len(c.root.Content); i += 2 {
		if name := c.root.Content[i].Value; !slices.Contains(known, name) {
			c.add("unknown section %q%s", name, suggestion(name, known))
		}
	}
	for _, kind := range kinds {
		if section := valueOf(c.root, kind); section != nil && section.Kind != yaml.MappingNode && section.Tag != "!!null" {
			c.add("%s is not a mapping of components", kind)
		}
	}
}

// defined lists the components of a kind.
func (c *checker) defined(kind string) []string {
	return keysOf(valueOf(c.root, kind))
}

func keysOf(mapping *yaml.Node) []string {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	var keys []string
	for i := 0; i < len(mapping.Content); i += 2 {
		keys = append(keys, mapping.Content[i].Value)
	}
	return keys
}

func (c *checker) components() {
	for _, kind := range kinds {
		for _, id := range c.defined(kind) {
			match := componentID.FindStringSubmatch(id)
			if match == nil {
				c.add("%s: %q is not type or type/name", kind, id)
				continue
			}
			if known := adotComponents[kind]; !c.options.AllowUnknownComponents && !slices.Contains(known, match[1]) {
				c.add("%s: %s is not part of ADOT %s%s", kind, match[1], ADOTVersion, suggestion(match[1], known))
			}
		}
	}
}

func (c *checker) pipelines() {
	service := valueOf(c.root, "service")
	if service == nil {
		c.add("service is missing; it says which pipelines run")
		return
	}
	c.references("service: extensions", "extension", listOf(valueOf(service, "extensions")), c.defined("extensions"))
	pipelines := valueOf(service, "pipelines")
	if len(keysOf(pipelines)) == 0 {
		c.add("service has no pipelines")
		return
	}
	connectors := c.defined("connectors")
	for _, id := range keysOf(pipelines) {
		p := valueOf(pipelines, id)
		where := "pipeline " + id
		if signal, _, _ := strings.Cut(id, "/"); !slices.Contains([]string{"metrics", "traces", "logs"}, signal) {
			c.add("%s is neither of metrics nor of traces nor of logs", where)
		}
		receivers, processors, exporters := listOf(valueOf(p, "receivers")), listOf(valueOf(p, "processors")), listOf(valueOf(p, "exporters"))
		if len(receivers) == 0 || len(exporters) == 0 {
			c.add("%s needs at least one receiver and one exporter", where)
		}
		c.references(where, "receiver", receivers, append(c.defined("receivers"), connectors...))
		c.references(where, "processor", processors, c.defined("processors"))
		c.references(where, "exporter", exporters, append(c.defined("exporters"), connectors...))
		for i, processor := range processors {
			if kind, _, _ := strings.Cut(processor, "/"); kind == processorMemoryLimiter && i > 0 {
				c.add("%s: %s comes after %s; it must be the first processor, or data that it refuses is lost", where, processor, processors[i-1])
			}
		}
	}
}

func (c *checker) references(where, kind string, names, defined []string) {
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			c.add("%s: %s %s is named twice", where, kind, name)
		} else if !slices.Contains(defined, name) {
			c.add("%s: %s %s is not defined%s", where, kind, name, suggestion(name, defined))
		}
	}
}

// listOf are the strings of a sequence.
func listOf(sequence *yaml.Node) []string {
	if sequence == nil || sequence.Kind != yaml.SequenceNode {
		return nil
	}
	var items []string
	for _, item := range sequence.Content {
		items = append(items, item.Value)
	}
	return items
}

// remoteWrite reports exporters whose requests AMP would refuse for want of a signature.
func (c *checker) remoteWrite() {
	exporters := valueOf(c.root, "exporters")
	running := listOf(valueOf(valueOf(c.root, "service"), "extensions"))
	for _, id := range c.defined("exporters") {
		kind, _, _ := strings.Cut(id, "/")
		if kind != "prometheus_remote_write" && kind != "prometheusremotewrite" {
			continue
		}
		exporter := valueOf(exporters, id)
		endpoint := valueOf(exporter, "endpoint")
		if endpoint == nil || endpoint.Value == "" {
			c.add("exporter %s has no endpoint", id)
			continue
		}
		// Another store may ask for another kind of access.
		if !strings.Contains(endpoint.Value, "aps-workspaces") && !strings.Contains(endpoint.Value, "AWS_PROMETHEUS_ENDPOINT") {
			continue
		}
		auth := valueOf(valueOf(exporter, "auth"), "authenticator")
		switch {
		case auth == nil || auth.Value == "":
			c.add("exporter %s has no auth: authenticator; AMP takes signed requests only, so name a sigv4auth extension", id)
		case !slices.Contains(running, auth.Value):
			c.add("exporter %s: authenticator %s is not among the extensions of service%s", id, auth.Value, suggestion(auth.Value, running))
		}
	}
}

// expansions reports ${…} that the collector would refuse, in every value of the tree.
func (c *checker) expansions(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		value := placeholder.ReplaceAllString(n.Value, "")
		for i := 0; i < len(value); i++ {
			if value[i] != '$' {
				continue
			}
			if strings.HasPrefix(value[i:], "$$") {
				i++ // a $ that stands for itself
			} else if uri, closed := strings.CutPrefix(value[i:], "${"); closed {
				if uri, _, closed = strings.Cut(uri, "}"); closed { // else the collector takes it as text
					c.expansion(n, uri)
				}
			}
		}
	}
	for _, child := range n.Content {
		c.expansions(child)
	}
}

func (c *checker) expansion(n *yaml.Node, uri string) {
	scheme, name, found := strings.Cut(uri, ":")
	if !found {
		scheme, name = "env", uri
	}
	switch {
	case !slices.Contains(configSources, scheme):
		c.add("line %d: ${%s}: unknown source %q%s", n.Line, uri, scheme, suggestion(scheme, configSources))
	case strings.Contains(name, "$"):
		c.add("line %d: ${%s}: a name cannot hold a $", n.Line, uri)
	case scheme == "env":
		if variable, _, _ := strings.Cut(name, ":-"); !variableName.MatchString(variable) {
			c.add("line %d: ${%s}: %q is not the name of an environment variable", n.Line, uri, variable)
		}
	}
}
