package collector

import (
	"errors"
	"fmt"
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

// Check reports, all at once, what would keep a collector from starting with a configuration that was written by hand, and
// requests to AMP that would not be signed. Keys, types and signals are those of ADOT's own configuration structs (keys.txt); rules.go has what
// components want of their values. What comes from an expansion is not judged.
func Check(text string, options CheckOptions) error {
	return errors.Join(check(text, options, true)...)
}

func check(text string, options CheckOptions, lines bool) []error {
	root, err := parseMapping(text)
	if err != nil {
		return []error{err}
	}
	c := checker{root: newTree(root), options: options, lines: lines}
	c.sections()
	c.components()
	c.service()
	c.listeners()
	c.remoteWrite()
	c.expansions(root)
	return c.list
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
	for _, fault := range check(text, CheckOptions{}, false) {
		v.add("Config: with the extra YAML, %v", fault)
	}
}

// Source: collector v0.158.0, component.ID; it takes spaces around a name, but then does not find the settings.
var componentID = regexp.MustCompile(`^([a-zA-Z][0-9a-zA-Z_]{0,62})(?:/[^\pZ\pC\pS]+)?$`)

type checker struct {
	root       *tree
	options    CheckOptions
	lines      bool // whether the user knows the lines of the text
	prometheus bool // inside of the configuration that the prometheus receiver hands to Prometheus
	faults
}

// fault reports a value. Where the user wrote it, it comes with its line.
func (c *checker) fault(v *tree, format string, args ...any) {
	if c.lines && v != nil && v.line > 0 {
		format = fmt.Sprintf("line %d: ", v.line) + format
	}
	c.add(format, args...)
}

// kinds are the sections that define components, in the order in which ADOT's own files have them.
var kinds = []string{"extensions", "receivers", "processors", "exporters", "connectors"}

func (c *checker) sections() {
	known := append(slices.Clone(kinds), "service")
	for _, e := range c.root.entries {
		if !slices.Contains(known, e.key) {
			c.add("unknown section %q%s", e.key, suggestion(e.key, known))
		}
	}
	for _, kind := range kinds {
		if section := c.root.at(kind); !section.null() && section.kind != unknown && section.kind != mapping {
			c.add("%s is not a mapping of components", kind)
		}
	}
	for _, kind := range []string{"receivers", "exporters"} {
		if section := c.root.at(kind); section.null() || section.kind == mapping && len(section.entries) == 0 {
			c.add("there are no %s; the collector needs one at least", kind)
		}
	}
}

// typeOf is the type of a component, which stands before the slash of its id.
func typeOf(id string) string {
	kind, _, _ := strings.Cut(id, "/")
	return strings.TrimSpace(kind)
}

func (c *checker) components() {
	for _, kind := range kinds {
		for _, e := range c.root.at(kind).all() {
			match := componentID.FindStringSubmatch(e.key)
			if match == nil {
				c.add("%s: %q is not type or type/name", kind, e.key)
				continue
			}
			known := adotComponents[kind]
			if !slices.Contains(known, match[1]) {
				if !c.options.AllowUnknownComponents {
					c.add("%s: %s is not part of ADOT %s%s", kind, match[1], ADOTVersion, instead(kind, match[1]))
				}
				continue
			}
			if keys, described := table().components[kind][match[1]]; described {
				at := kind + "." + e.key
				t := typed{checker: c, owner: match[1], base: at, starts: c.running(kind, e.key)}
				settings := e.value
				if settings.null() {
					settings = &tree{kind: mapping, line: settings.line}
				}
				t.value(at, settings, keys.kind)
				if t.starts {
					c.extensionsRun(t.ids)
				}
			}
		}
	}
}

// all are the entries of a mapping.
func (t *tree) all() []entry {
	if t == nil {
		return nil
	}
	return t.entries
}

// instead is what to write for a component that ADOT does not have.
func instead(kind, name string) string {
	if kind == "exporters" && name == "logging" {
		return "; write debug"
	}
	return suggestion(name, adotComponents[kind])
}

// running says whether a component is started: an extension that service names, or what a pipeline names. What is not known is not
// taken for running.
func (c *checker) running(section, id string) bool {
	service := c.root.at("service")
	if section == "extensions" {
		return slices.Contains(service.at("extensions").texts(), id)
	}
	for _, pipeline := range service.at("pipelines").all() {
		for _, role := range []string{"receivers", "processors", "exporters"} {
			if (role == section || section == "connectors") && slices.Contains(pipeline.value.at(role).texts(), id) {
				return true
			}
		}
	}
	return false
}

// extensionsRun reports ids of extensions that a running component asks for, and that do not run.
func (c *checker) extensionsRun(ids []idAt) {
	extensions := c.root.at("service", "extensions")
	for _, ref := range ids {
		if running := extensions.texts(); !ref.id.open() && extensions.certain() && !slices.Contains(running, ref.id.text()) {
			c.fault(ref.id, "%s names the extension %s, which is not among the extensions of service%s", ref.path, ref.id.text(), suggestion(ref.id.text(), running))
			continue
		}
		role := ref.path[strings.LastIndex(ref.path, ".")+1:]
		serves := role == "authenticator" && strings.HasPrefix(ref.path, "receivers.") // sigv4auth signs requests, and verifies none
		able, kind := extensionRoles[role], typeOf(ref.id.text())
		if slices.Contains(adotComponents["extensions"], kind) && (able != "" && able != kind || serves) {
			c.fault(ref.id, "%s names the extension %s, which is none for that; %s", ref.path, ref.id.text(), map[bool]string{true: "ADOT has none", false: "ADOT has " + able}[serves])
		}
	}
}

// extensionRoles are the keys that name extensions, with the one of ADOT's that can be named there.
var extensionRoles = map[string]string{"authenticator": "sigv4auth", "storage": "file_storage"}

func (c *checker) service() {
	service := c.root.at("service")
	if service.null() {
		c.add("service is missing; it says which pipelines run")
		return
	}
	t := typed{checker: c, owner: "service", starts: true}
	t.value("service", service, table().components["service"]["service"].kind)
	if telemetry := service.at("telemetry"); telemetry != nil {
		t.value("service.telemetry", telemetry, table().components["service"]["telemetry"].kind)
	}
	c.references("service: extensions", "extension", service.at("extensions"), c.root.at("extensions"))
	pipelines := service.at("pipelines")
	if pipelines.null() || pipelines.kind == mapping && len(pipelines.entries) == 0 {
		c.add("service has no pipelines")
		return
	}
	for _, e := range pipelines.all() {
		c.pipeline(e.key, e.value)
	}
}

func (c *checker) pipeline(id string, p *tree) {
	where := "pipeline " + id
	signal := typeOf(id)
	switch {
	case !slices.Contains([]string{"metrics", "traces", "logs"}, signal):
		c.add("%s is neither of metrics nor of traces nor of logs", where)
	case !componentID.MatchString(id):
		c.add("service: pipelines: %q is not signal or signal/name", id)
	}
	if p.kind == unknown {
		return
	}
	for _, role := range []string{"receivers", "exporters"} {
		if l := p.at(role); l.null() || l.kind == list && len(l.items) == 0 {
			c.add("%s needs at least one receiver and one exporter", where)
			break
		}
	}
	for _, role := range []string{"receivers", "processors", "exporters"} {
		defined, other := c.root.at(role), (*tree)(nil)
		if role != "processors" {
			other = c.root.at("connectors")
		}
		c.references(where, strings.TrimSuffix(role, "s"), p.at(role), defined, other)
		for _, name := range p.at(role).texts() {
			c.signal(where, role, signal, name)
		}
	}
	for i, processor := range p.at("processors").texts() {
		if typeOf(processor) == processorMemoryLimiter && i > 0 {
			c.add("%s: %s comes after %s; it must be the first processor, or data that it refuses is lost", where, processor, p.at("processors").texts()[i-1])
		}
	}
}

// signal reports a component in a pipeline of a signal that it does not have.
func (c *checker) signal(where, role, signal, id string) {
	if connector := c.root.at("connectors", id); connector != nil {
		return
	}
	have := table().components[role][typeOf(id)].signals
	if have == nil {
		have = leftOutSignals[role][typeOf(id)]
	}
	if have != nil && !slices.Contains(have, signal) {
		c.add("%s: %s %s has no %s; it is for %s", where, strings.TrimSuffix(role, "s"), id, signal, strings.Join(have, " and "))
	}
}

// references compares a list of ids with the sections that may define them.
func (c *checker) references(where, kind string, names *tree, sections ...*tree) {
	var defined []string
	open := false
	for _, section := range sections {
		open = open || section != nil && section.kind == unknown
		defined = append(defined, section.keys()...)
	}
	var seen []string
	for _, item := range names.list() {
		if item.open() || item.kind != scalar {
			continue
		}
		name := item.text()
		switch {
		case slices.Contains(seen, name) && kind == "processor":
			c.add("%s: %s %s is named twice", where, kind, name)
		case !open && !slices.Contains(defined, name):
			c.add("%s: %s %s is not defined%s", where, kind, name, suggestion(name, defined))
		}
		seen = append(seen, name)
	}
}

// remoteWrite reports exporters whose requests AMP would refuse for want of a signature.
func (c *checker) remoteWrite() {
	for _, e := range c.root.at("exporters").all() {
		kind := typeOf(e.key)
		if kind != "prometheus_remote_write" && kind != "prometheusremotewrite" || !c.running("exporters", e.key) || e.value.kind == unknown {
			continue
		}
		endpoint := e.value.at("endpoint")
		if endpoint.null() || !endpoint.open() && endpoint.text() == "" {
			c.add("exporter %s has no endpoint", e.key)
			continue
		}
		// Another store may ask for another kind of access.
		if text := fmt.Sprint(endpoint.scalar); !strings.Contains(text, "aps-workspaces") && !strings.Contains(text, "AWS_PROMETHEUS_ENDPOINT") {
			continue
		}
		if auth := e.value.at("auth", "authenticator"); auth.null() || !auth.open() && auth.text() == "" {
			c.add("exporter %s has no auth: authenticator; AMP takes signed requests only, so name a sigv4auth extension", e.key)
		}
	}
}

// expansions reports ${…} that the collector would refuse, and names of variables that it does not expand.
func (c *checker) expansions(n *yaml.Node) { c.expansionsAt(n, "") }

func (c *checker) expansionsAt(n *yaml.Node, key string) {
	switch n.Kind {
	case yaml.ScalarNode:
		e := expand(n.Value)
		for _, uri := range e.uris {
			c.expansion(n, uri)
		}
		if name := nakedVariable(e.rest, key); name != "" {
			c.fault(&tree{line: n.Line}, "%q: $%s is not expanded; write ${env:%s}, or $$%s for the text itself", n.Value, name, name, name)
		}
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			c.expansionsAt(n.Content[i+1], n.Content[i].Value)
		}
	default:
		for _, child := range n.Content {
			c.expansionsAt(child, key)
		}
	}
}

// substitutions are keys whose value names the groups of a regular expression with a $.
var substitutions = []string{"replacement", "new_name", "new_value", "target_label", "to_attributes"}

var (
	variableInText = regexp.MustCompile(`\$+([A-Za-z_][A-Za-z0-9_]*)`)
	likeVariable   = regexp.MustCompile(`^[A-Z_][A-Z0-9_]+$`)
)

// nakedVariable is the name of a variable in a text that the collector takes as it is: $NAME with capitals, or $name and nothing else.
func nakedVariable(text, key string) string {
	if slices.Contains(substitutions, key) {
		return ""
	}
	for _, match := range variableInText.FindAllStringSubmatch(text, -1) {
		dollars := len(match[0]) - len(match[1])
		if dollars%2 == 1 && (likeVariable.MatchString(match[1]) || match[0] == text) {
			return match[1]
		}
	}
	return ""
}

func (c *checker) expansion(n *yaml.Node, uri string) {
	shown := strings.ReplaceAll(uri, result, "…")
	scheme, name, found := strings.Cut(uri, ":")
	if !found {
		scheme, name = "env", uri
	}
	at := &tree{line: n.Line}
	switch {
	case strings.Contains(scheme, result):
	case !slices.Contains(configSources, scheme):
		c.fault(at, "${%s}: unknown source %q%s", shown, scheme, suggestion(scheme, configSources))
	case strings.Contains(name, "$"):
		c.fault(at, "${%s}: a name cannot hold a $", shown)
	case scheme == "env":
		if variable, _, _ := strings.Cut(name, ":-"); !variableName.MatchString(variable) && !strings.Contains(variable, result) {
			c.fault(at, "${%s}: %q is not the name of an environment variable", shown, variable)
		}
	}
}
