// Package keytable writes down what the collector's configuration structs take: the keys of every component, the types of
// their values, and the signals that a component has. internal/collector embeds the result, because it must not depend on the
// collector.
package keytable

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/service"
	yaml "go.yaml.in/yaml/v2" // Prometheus' own
)

const header = `# Written by make keytable from the configuration structs of the ADOT component set; internal/collector/keys.go reads it.
#
# component <section> <name> <signals> <type>, then one type a line: its name, and its keys with their types.
#   text texts bool int uint float duration promduration  a value; texts may also be one text with commas
#   id          the id of an extension that runs
#   a|b|        one of these words; ~ is the empty one, ^ says that capitals do not matter, # that it may be a number
#   headers     a mapping of texts, or a list of name and value
#   any         not known here
#   [x  {x      a list of x; a mapping with values x
#   ?x          x, or a mapping that may also have the key enabled
#   =x          as a key: there may be others, with values x
#   +name       the keys of that type, too
# Types whose name begins with yaml: are decoded by Prometheus, which takes any scalar for a text.
`

// Generate returns the table.
func Generate(f otelcol.Factories) string {
	g := generator{bodies: map[string]string{}, names: map[reflect.Type]string{}, named: map[string][]string{}}
	var components []string
	add := func(section string, name component.Type, signals string, factory component.Factory) {
		kind := g.componentType(factory.CreateDefaultConfig())
		components = append(components, strings.Join([]string{"component", section, name.String(), signals, kind}, " "))
	}
	for _, name := range sorted(f.Extensions) {
		add("extensions", name, "-", f.Extensions[name])
	}
	for _, name := range sorted(f.Receivers) {
		r := f.Receivers[name]
		add("receivers", name, signals(r.MetricsStability(), r.TracesStability(), r.LogsStability()), r)
	}
	for _, name := range sorted(f.Processors) {
		p := f.Processors[name]
		add("processors", name, signals(p.MetricsStability(), p.TracesStability(), p.LogsStability()), p)
	}
	for _, name := range sorted(f.Exporters) {
		e := f.Exporters[name]
		add("exporters", name, signals(e.MetricsStability(), e.TracesStability(), e.LogsStability()), e)
	}
	components = append(components,
		"component service telemetry - "+g.componentType(f.Telemetry.CreateDefaultConfig()),
		"component service service - "+g.typeOf(reflect.TypeFor[service.Config]()))
	lines := slices.Sorted(maps.Keys(g.bodies))
	for i, name := range lines {
		lines[i] = "type " + strings.TrimSpace(name+" "+g.bodies[name])
	}
	return header + strings.Join(append(components, lines...), "\n") + "\n"
}

func sorted[F any](factories map[component.Type]F) []component.Type {
	return slices.SortedFunc(maps.Keys(factories), func(a, b component.Type) int { return strings.Compare(a.String(), b.String()) })
}

func signals(metrics, traces, logs component.StabilityLevel) string {
	var have []string
	for i, level := range []component.StabilityLevel{metrics, traces, logs} {
		if level != component.StabilityLevelUndefined {
			have = append(have, []string{"metrics", "traces", "logs"}[i])
		}
	}
	return strings.Join(have, ",")
}

type generator struct {
	bodies map[string]string       // name of a type → its keys
	names  map[reflect.Type]string // types that have a name
	named  map[string][]string     // short name → the bodies that have it, in order
}

// componentType is the type of a configuration, probed with its defaults.
func (g *generator) componentType(config any) string {
	t := reflect.TypeOf(config)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if u, custom := config.(confmap.Unmarshaler); custom && !strict(u) {
		return g.openStruct(t)
	}
	return g.structOf(t, "mapstructure", false)
}

// unknownKey is one that no component has.
const unknownKey = "no_such_key"

// strict says whether a type that decodes itself refuses a key that it does not know.
func strict(u confmap.Unmarshaler) (refuses bool) {
	defer func() {
		if recover() != nil {
			refuses = false
		}
	}()
	err := u.Unmarshal(confmap.NewFromStringMap(map[string]any{unknownKey: 1}))
	return err != nil && strings.Contains(err.Error(), unknownKey)
}

var (
	duration     = reflect.TypeFor[time.Duration]()
	promDuration = reflect.TypeFor[model.Duration]()
	componentID  = reflect.TypeFor[component.ID]()
	configs      = reflect.TypeFor[discovery.Configs]()
	labelSet     = reflect.TypeFor[labels.Labels]()
	group        = reflect.TypeFor[targetgroup.Group]()
	promConfig   = reflect.TypeFor[promconfig.Config]()
	texts        = reflect.TypeFor[[]string]()
)

// typeOf describes what mapstructure decodes into t.
func (g *generator) typeOf(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	value := reflect.New(t).Interface()
	switch {
	case t == duration:
		return "duration"
	case t == componentID:
		return "id"
	case t == texts:
		return "texts"
	case strings.HasPrefix(t.Name(), "Optional["):
		field, _ := t.FieldByName("value")
		inner := g.typeOf(field.Type)
		if isStruct(field.Type) {
			return "?" + inner
		}
		return inner
	case strings.HasSuffix(t.PkgPath(), "configopaque") && t.Name() == "MapList", t.Kind() == reflect.Slice && t.Elem().Name() == "NameStringValuePair":
		return "headers"
	case isStruct(t) && !tagged(t, "mapstructure") && tagged(t, "yaml"): // hands its text to Prometheus
		return g.yamlOf(t)
	}
	if u, ok := value.(encoding.TextUnmarshaler); ok {
		kind := words(func(word string) error { return u.UnmarshalText([]byte(word)) })
		if k := t.Kind(); strings.HasSuffix(kind, "|") && k >= reflect.Int && k <= reflect.Float64 {
			kind += "#|"
		}
		return kind
	}
	switch t.Kind() {
	case reflect.String:
		return validated(t)
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "int"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "uint"
	case reflect.Float32, reflect.Float64:
		return "float"
	case reflect.Slice, reflect.Array:
		return "[" + g.typeOf(t.Elem())
	case reflect.Map:
		return "{" + g.typeOf(t.Elem())
	case reflect.Struct:
		if u, custom := value.(confmap.Unmarshaler); custom && !strict(u) {
			return g.openStruct(t)
		}
		return g.structOf(t, "mapstructure", false)
	}
	return "any"
}

// unsupported are the parts of Prometheus' configuration that the receiver refuses or ignores.
var unsupported = []string{"runtime", "alerting", "storage", "tracing", "remote_write", "remote_read", "otlp"}

// tagged says whether a struct has a field with a tag.
func tagged(t reflect.Type, tag string) bool {
	for i := range t.NumField() {
		if _, has := t.Field(i).Tag.Lookup(tag); has {
			return true
		}
	}
	return false
}

// validated is a text, or the words that its type takes for valid.
func validated(t reflect.Type) string {
	if _, validates := reflect.New(t).Interface().(interface{ Validate() error }); !validates {
		return "text"
	}
	return words(func(word string) error {
		value := reflect.New(t)
		value.Elem().SetString(word)
		return value.Interface().(interface{ Validate() error }).Validate()
	})
}

func isStruct(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct
}

// yamlOf describes what Prometheus' YAML decoder reads into t.
func (g *generator) yamlOf(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == promDuration:
		return "promduration"
	case t == labelSet: // and this, and the next one, decode themselves
		return "{text"
	case t == group:
		g.bodies["yaml:targetgroup.Group"] = "targets=[text labels={text"
		return "yaml:targetgroup.Group"
	case decodesItself(t) && scalar(t):
		return words(func(word string) error { return yaml.Unmarshal([]byte(word), reflect.New(t).Interface()) })
	case decodesItself(t) && isStruct(t) && yaml.UnmarshalStrict([]byte("{"+unknownKey+": a}"), reflect.New(t).Interface()) == nil:
		return g.structOf(t, "yaml", true)
	}
	switch t.Kind() {
	case reflect.String:
		return validated(t)
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "int"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "uint"
	case reflect.Float32, reflect.Float64:
		return "float"
	case reflect.Slice, reflect.Array:
		return "[" + g.yamlOf(t.Elem())
	case reflect.Map:
		return "{" + g.yamlOf(t.Elem())
	case reflect.Struct:
		return g.structOf(t, "yaml", false)
	}
	return "any"
}

// decodesItself says whether Prometheus' YAML decoder leaves the decoding to the type.
func decodesItself(t reflect.Type) bool {
	value := reflect.New(t).Interface()
	_, fromYAML := value.(yaml.Unmarshaler)
	_, fromText := value.(encoding.TextUnmarshaler)
	return fromYAML || fromText
}

// scalar says whether such a type reads a text, as a regular expression or a URL does, and not a mapping or a list.
func scalar(t reflect.Type) bool {
	return t.Kind() != reflect.Map && t.Kind() != reflect.Slice &&
		(!isStruct(t) || strings.Contains(fmt.Sprint(yaml.UnmarshalStrict([]byte("{"+unknownKey+": a}"), reflect.New(t).Interface())), "into string"))
}

// candidates are words that some option takes; which type takes which of them is found out by asking it.
var candidates = strings.Fields(`none basic normal detailed debug info warn error dpanic panic fatal gzip zlib deflate snappy x-snappy-framed zstd lz4
	items bytes requests tcp tcp4 tcp6 udp udp4 udp6 ip unix unixgram unixpacket npipe lowercase uppercase replace keep drop hashmod labelmap labeldrop labelkeep
	keepequal dropequal insert update upsert delete hash extract convert strict regexp cumulative delta proportional equalizing hash_seed
	PrometheusProto PrometheusText0.0.4 PrometheusText1.0.0 OpenMetricsText0.0.1 OpenMetricsText1.0.0 utf8 legacy underscores dots values allow-utf-8
	UnderscoreEscapingWithSuffixes UnderscoreEscapingWithoutSuffixes NoUTF8EscapingWithSuffixes NoTranslation
	http http/protobuf grpc json console Node Service Pod Endpoints Ingress EndpointSlice node service pod endpoints ingress endpointslice
	ignore silent propagate TLS10 TLS11 TLS12 TLS13 true false public private internal`)

// words lists the candidates that a type takes. One that takes anything, or none of them, is a text.
func words(decode func(string) error) (kind string) {
	accepts := func(word string) (ok bool) {
		defer func() {
			if recover() != nil {
				ok = false
			}
		}()
		return decode(word) == nil
	}
	var taken []string
	for _, word := range candidates {
		if accepts(word) {
			taken = append(taken, word)
		}
	}
	if accepts("qqq") || len(taken) == 0 {
		return "text"
	}
	if accepts("") {
		taken = append(taken, "~")
	}
	if lower := taken[0]; strings.ToUpper(lower) != lower && accepts(strings.ToUpper(lower)) {
		taken = append(taken, "^") // in capitals, too
	}
	return strings.Join(taken, "|") + "|"
}

// openStruct is a struct that takes keys which its fields do not show.
func (g *generator) openStruct(t reflect.Type) string { return g.structOf(t, "mapstructure", true) }

// structOf gives a struct a name, and its keys a line under that name.
func (g *generator) structOf(t reflect.Type, tag string, open bool) string {
	if name := g.names[t]; name != "" {
		return name
	}
	short := t.String()
	if t.Name() == "" {
		short = "inline"
	}
	if tag == "yaml" {
		short = "yaml:" + short
	}
	g.names[t] = short // for types that hold themselves; good enough where two have one name
	keys := g.keys(t, tag)
	if open {
		keys = append(keys, "=any")
	}
	body := strings.Join(grouped(keys), " ")
	index := slices.Index(g.named[short], body)
	if index < 0 {
		index = len(g.named[short])
		g.named[short] = append(g.named[short], body)
	}
	name := short
	if index > 0 {
		name = fmt.Sprint(short, "~", index+1)
	}
	g.names[t], g.bodies[name] = name, body
	return name
}

// grouped writes the keys of one type together: a,b=text.
func grouped(keys []string) (all []string) {
	names, order := map[string][]string{}, []string{}
	for _, key := range keys {
		name, kind, found := strings.Cut(key, "=")
		if !found || name == "" {
			all = append(all, key)
			continue
		}
		if names[kind] == nil {
			order = append(order, kind)
		}
		names[kind] = append(names[kind], name)
	}
	for _, kind := range order {
		all = append(all, strings.Join(names[kind], ",")+"="+kind)
	}
	return all
}

func (g *generator) keys(t reflect.Type, tag string) (keys []string) {
	describe := g.typeOf
	if tag == "yaml" {
		describe = g.yamlOf
	}
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get(tag), ",")
		inline := strings.Contains(options, "squash") || strings.Contains(options, "inline")
		switch {
		case field.Type == configs: // the kinds of service discovery, which register themselves
			all, err := discovery.MarshalYAMLWithInlineConfigs(&promconfig.ScrapeConfig{})
			if err != nil {
				panic(err)
			}
			dynamic := reflect.TypeOf(all).Elem()
			for j := range dynamic.NumField() {
				if f := dynamic.Field(j); strings.HasPrefix(f.Name, "AUTO_DISCOVERY_") {
					key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
					keys = append(keys, key+"="+g.yamlOf(f.Type))
				}
			}
		case !field.IsExported() && !(field.Anonymous && inline) || name == "-":
		case t.ConvertibleTo(promConfig) && slices.Contains(unsupported, name):
			keys = append(keys, name+"=any")
		case strings.Contains(options, "remain"):
			if field.Type.Kind() == reflect.Map { // else the decoder panics on a key that the struct does not have
				keys = append(keys, "="+describe(field.Type.Elem()))
			}
		case inline:
			inner := field.Type
			for inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() != reflect.Struct {
				keys = append(keys, "=any")
			} else {
				keys = append(keys, "+"+g.structOf(inner, tag, false))
			}
		case name == "" && tag == "yaml":
			keys = append(keys, strings.ToLower(field.Name)+"="+describe(field.Type))
		case name == "":
			keys = append(keys, field.Name+"="+describe(field.Type))
		default:
			kind := describe(field.Type)
			if tag == "mapstructure" && strings.HasPrefix(kind, "[") && g.bodies[kind[1:]] != "" && takesTexts(t, name) {
				kind = "[any"
			}
			keys = append(keys, name+"="+kind)
		}
	}
	return keys
}

// takesTexts says whether a struct that decodes itself takes texts in a list of structs, as the filter processor does.
func takesTexts(t reflect.Type, key string) bool {
	u, custom := reflect.New(t).Interface().(confmap.Unmarshaler)
	if !custom {
		return false
	}
	err := u.Unmarshal(confmap.NewFromStringMap(map[string]any{key: []any{"text"}}))
	return err == nil || !strings.Contains(err.Error(), "expected a map")
}
