package collector

import (
	_ "embed"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// keysText is what the collector's own structs say; make keytable writes it, and test/e2e compares it with them.
//
//go:embed keys.txt
var keysText string

// keyTable knows the keys of each component, the types of their values, and the signals of each component.
type keyTable struct {
	components map[string]map[string]componentKeys // section → name
	types      map[string]structKeys
}

type componentKeys struct {
	signals []string
	kind    string
}

type structKeys struct {
	keys     map[string]string // key → type of its value
	includes []string
	others   string // type of the values of others that there may be, or empty
}

var table = sync.OnceValue(func() keyTable {
	t := keyTable{map[string]map[string]componentKeys{}, map[string]structKeys{}}
	for line := range strings.Lines(keysText) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 5 && fields[0] == "component":
			if t.components[fields[1]] == nil {
				t.components[fields[1]] = map[string]componentKeys{}
			}
			t.components[fields[1]][fields[2]] = componentKeys{strings.Split(fields[3], ","), fields[4]}
		case len(fields) > 1 && fields[0] == "type":
			s := structKeys{keys: map[string]string{}}
			for _, field := range fields[2:] {
				names, kind, _ := strings.Cut(field, "=")
				if included, yes := strings.CutPrefix(field, "+"); yes {
					s.includes = append(s.includes, included)
				} else if names == "" {
					s.others = kind
				} else {
					for name := range strings.SplitSeq(names, ",") {
						s.keys[name] = kind
					}
				}
			}
			t.types[fields[1]] = s
		}
	}
	return t
})

// find is the type of a key's value, and whether the struct or one that it includes has the key or may have it.
func (t keyTable) find(kind, key string) (value string, found bool) {
	s := t.types[kind]
	if value, found = s.keys[key]; found {
		return value, true
	}
	for _, included := range s.includes {
		if value, found = t.find(included, key); found {
			return value, true
		}
	}
	return s.others, s.others != ""
}

// all are the keys that a struct is known to have.
func (t keyTable) all(kind string) []string {
	s := t.types[kind]
	var keys []string
	for key := range s.keys {
		keys = append(keys, key)
	}
	for _, included := range s.includes {
		keys = append(keys, t.all(included)...)
	}
	return keys
}

// moved says where the collector has what people know by an older key.
var moved = map[string]string{
	"serviceservice.telemetry.metrics.address": "write readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 8888}}}}]",
	"debug.loglevel":                        "write verbosity: detailed",
	"prometheus_remote_write.sending_queue": "its queue is remote_write_queue",
	"prometheusremotewrite.sending_queue":   "its queue is remote_write_queue",
}

// typed compares values with the table. owner is the component, for messages.
type typed struct {
	*checker
	owner  string
	base   string // the path of the component
	starts bool   // whether the component runs
	off    bool   // whether this part is switched off
	ids    []idAt // ids of extensions that the component refers to
}

type idAt struct {
	path string
	id   *tree
}

func (c *typed) value(path string, v *tree, kind string) {
	if inner, optional := strings.CutPrefix(kind, "?"); optional {
		kind = inner
		if enabled := v.at("enabled"); v.kind == mapping && enabled != nil {
			if _, has := table().find(kind, "enabled"); !has {
				c.value(path+".enabled", enabled, "bool")
				if enabled.text() == "false" { // its keys count, its values do not
					off := *c
					off.off = true
					defer func(ids []idAt) { c.ids = ids }(c.ids)
					c = &off
				}
				v = &tree{kind: mapping, line: v.line, entries: slices.DeleteFunc(slices.Clone(v.entries), func(e entry) bool { return e.key == "enabled" })}
			}
		}
	}
	if v.kind == unknown || v.null() || kind == "any" {
		return
	}
	switch {
	case kind == "headers" && v.kind == list:
		for i, item := range v.items {
			if at := fmt.Sprintf("%s[%d]", path, i); item.kind != unknown && !item.null() && c.is(at, item, mapping, "a mapping of name and value") {
				for _, e := range item.entries {
					if e.key != "name" && e.key != "value" {
						c.fault(e.value, "%s.%s is neither name nor value", at, e.key)
					}
					c.value(at+"."+e.key, e.value, "text")
				}
			}
		}
	case kind == "headers":
		c.value(path, v, "{text")
	case kind == "texts" && v.kind == scalar:
		c.value(path, v, "text")
	case kind == "texts":
		c.value(path, v, "[text")
	case kind[0] == '[':
		if c.is(path, v, list, "a list") {
			for i, item := range v.items {
				at := fmt.Sprintf("%s[%d]", path, i)
				if _, isStruct := table().types[kind[1:]]; isStruct && item.null() {
					if c.prometheus {
						c.fault(item, "%s is empty", at)
						continue
					}
					item = &tree{kind: mapping, line: item.line} // which the rules judge
				}
				c.value(at, item, kind[1:])
			}
		}
	case kind[0] == '{':
		if c.is(path, v, mapping, "a mapping") {
			for _, e := range v.entries {
				c.value(path+"."+e.key, e.value, kind[1:])
			}
		}
	case table().types[kind].keys != nil:
		if c.is(path, v, mapping, "a mapping") {
			c.keys(path, v, kind)
		}
	default:
		c.scalarValue(path, v, kind)
	}
}

func (c *typed) is(path string, v *tree, kind treeKind, what string) bool {
	if v.kind != kind {
		c.fault(v, "%s is %s; it must be %s", path, v.describe(), what)
	}
	return v.kind == kind
}

func (c *typed) keys(path string, v *tree, kind string) {
	inner := c
	if strings.HasPrefix(kind, "yaml:") && !c.prometheus {
		prometheus := *c.checker
		prometheus.prometheus = true
		inner = &typed{checker: &prometheus, owner: c.owner, base: c.base, starts: c.starts, off: c.off}
		defer func() { c.list = prometheus.list }()
	}
	for _, e := range v.entries {
		value, found := table().find(kind, e.key)
		switch hint := moved[c.owner+strings.TrimPrefix(path+"."+e.key, c.base)]; {
		case found:
			inner.value(path+"."+e.key, e.value, value)
		case hint != "":
			inner.fault(e.value, "%s.%s is not a key of %s; %s", path, e.key, c.owner, hint)
		default:
			inner.fault(e.value, "%s.%s is not a key of %s%s", path, e.key, c.owner, suggestion(e.key, table().all(kind)))
		}
	}
	if !c.off {
		inner.judge(path, v, kind)
	}
}

// scalarValue follows mapstructure without weak typing, or Prometheus' YAML decoder.
// Source: confmap v1.62.0, internal/decoder.go.
func (c *typed) scalarValue(path string, v *tree, kind string) {
	if v.kind != scalar {
		c.fault(v, "%s is %s; it must be %s", path, v.describe(), noun(kind))
		return
	}
	text, isText := v.scalar.(string)
	number, isNumber := asFloat(v.scalar)
	_, isBool := v.scalar.(bool)
	ok, problem := true, "it must be "+noun(kind)
	switch kind {
	case "text":
		ok = isText || c.prometheus
		if !ok {
			problem = "it must be a text, so put it in quotes"
		}
	case "bool":
		ok = isBool || c.prometheus && slices.Contains([]string{"yes", "no", "on", "off"}, strings.ToLower(text))
	case "int", "float":
		ok = isNumber
	case "uint":
		ok = isNumber && number >= 0
	case "duration":
		if isText && !v.partial {
			_, err := time.ParseDuration(text)
			ok = err == nil
		} else {
			ok = isText || isNumber
		}
	case "promduration":
		ok = v.partial || prometheusDuration.MatchString(fmt.Sprint(v.scalar))
	case "id":
		if ok = isText && (v.partial || componentID.MatchString(text)); ok {
			c.ids = append(c.ids, idAt{path, v})
		}
	default: // one of some words
		taken := strings.Split(strings.TrimSuffix(kind, "|"), "|")
		word := text
		if slices.Contains(taken, "^") {
			word = strings.ToLower(text)
		}
		if word == "" {
			word = "~"
		}
		ok = v.partial || isText && slices.Contains(taken, word) || isNumber && slices.Contains(taken, "#")
		taken = slices.DeleteFunc(taken, func(w string) bool { return w == "~" || w == "^" || w == "#" })
		problem = "it must be one of " + strings.Join(taken, ", ")
	}
	if !ok {
		c.fault(v, "%s is %s; %s", path, v.describe(), problem)
	}
}

// Source: Prometheus, model.ParseDuration.
var prometheusDuration = regexp.MustCompile(`^(0|[0-9]+(y|w|d|h|m|s|ms)([0-9]+(w|d|h|m|s|ms))*)$`)

func asFloat(v any) (float64, bool) {
	switch n := v.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	case float64:
		return n, !math.IsNaN(n)
	}
	return 0, false
}

func noun(kind string) string {
	switch kind {
	case "text":
		return "a text"
	case "bool":
		return "true or false"
	case "int":
		return "a number"
	case "uint":
		return "a number from 0"
	case "float":
		return "a number"
	case "duration", "promduration":
		return "a duration such as 30s"
	case "id":
		return "the id of a component, type or type/name"
	}
	return "one of some words"
}
