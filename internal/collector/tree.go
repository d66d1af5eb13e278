package collector

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// tree is a configuration as the collector sees it: aliases and merge keys resolved, and a key such as a::b taken for a mapping in
// a mapping. What an expansion gives is not known.
type tree struct {
	kind    treeKind
	entries []entry // of a mapping
	items   []*tree // of a list
	scalar  any     // string, int, float64, bool, nil, time.Time
	partial bool    // a text of which a part comes from an expansion
	line    int
}

type treeKind int

const (
	unknown treeKind = iota // an expansion: it may be anything
	mapping
	list
	scalar
)

type entry struct {
	key   string
	value *tree
}

// newTree reads a node that parses.
func newTree(n *yaml.Node) *tree {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	t := &tree{line: n.Line}
	switch n.Kind {
	case yaml.MappingNode:
		t.kind = mapping
		t.mergeKeys(n)
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Tag != "!!merge" {
				t.put(n.Content[i].Value, newTree(n.Content[i+1]))
			}
		}
	case yaml.SequenceNode:
		t.kind = list
		for _, item := range n.Content {
			t.items = append(t.items, newTree(item))
		}
	default:
		t.kind = scalar
		if err := n.Decode(&t.scalar); err != nil {
			t.scalar = n.Value
		}
		if text, isText := t.scalar.(string); isText {
			e := expand(text)
			t.partial = e.found
			if e.whole {
				t.kind = unknown
			}
		}
	}
	return t
}

// mergeKeys puts what << names, the first mapping that has a key first.
func (t *tree) mergeKeys(n *yaml.Node) {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Tag != "!!merge" {
			continue
		}
		merged := newTree(n.Content[i+1])
		sources := merged.items
		if merged.kind == mapping {
			sources = []*tree{merged}
		}
		for _, source := range slices.Backward(sources) {
			for _, e := range source.entries {
				t.set(e.key, e.value)
			}
		}
	}
}

// put adds a value under a key in which :: leads into mappings.
func (t *tree) put(key string, value *tree) {
	first, rest, nested := strings.Cut(key, "::")
	if !nested {
		if there := t.at(key); there != nil && there.kind == mapping && value.kind == mapping {
			for _, e := range value.entries {
				there.put(e.key, e.value)
			}
			return
		}
		t.set(key, value)
		return
	}
	inner := t.at(first)
	if inner == nil || inner.kind != mapping {
		inner = &tree{kind: mapping, line: value.line}
		t.set(first, inner)
	}
	inner.put(rest, value)
}

func (t *tree) set(key string, value *tree) {
	for i := range t.entries {
		if t.entries[i].key == key {
			t.entries[i].value = value
			return
		}
	}
	t.entries = append(t.entries, entry{key, value})
}

// at is the value under a path of keys, or nil. Of an expansion nothing is known, so it is what it leads to.
func (t *tree) at(path ...string) *tree {
	for _, key := range path {
		if t == nil || t.kind == unknown {
			return t
		}
		i := slices.IndexFunc(t.entries, func(e entry) bool { return e.key == key })
		if i < 0 {
			return nil
		}
		t = t.entries[i].value
	}
	return t
}

// null says whether a value is absent or empty; the collector then takes the default.
func (t *tree) null() bool { return t == nil || t.kind == scalar && t.scalar == nil }

// open says whether a value comes from an expansion, as a whole or in part.
func (t *tree) open() bool { return t != nil && (t.kind == unknown || t.partial) }

// text is the text of a value, or empty where there is none or an expansion is in it.
func (t *tree) text() string {
	if t == nil || t.kind != scalar || t.partial || t.scalar == nil {
		return ""
	}
	return strings.ReplaceAll(fmt.Sprint(t.scalar), "$$", "$")
}

// keys are those of a mapping.
func (t *tree) keys() []string {
	if t == nil {
		return nil
	}
	var keys []string
	for _, e := range t.entries {
		keys = append(keys, e.key)
	}
	return keys
}

// list are the items of a list; none where there is no list.
func (t *tree) list() []*tree {
	if t == nil {
		return nil
	}
	return t.items
}

// texts are those of a list, without what comes from an expansion.
func (t *tree) texts() []string {
	var all []string
	for _, item := range t.list() {
		if !item.open() {
			all = append(all, item.text())
		}
	}
	return all
}

// certain says whether all of a list is known.
func (t *tree) certain() bool {
	return t == nil || !t.open() && !slices.ContainsFunc(t.items, (*tree).open)
}

// describe says what a value is, for a message.
func (t *tree) describe() string {
	switch t.kind {
	case mapping:
		return "a mapping"
	case list:
		return "a list"
	}
	if text, isText := t.scalar.(string); isText {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprint(t.scalar)
}

// expanded is what the collector makes of the ${…} in a text.
type expanded struct {
	found, whole bool     // whether there is one, and whether it is the whole text
	uris         []string // what stands in the braces; a NUL stands for the result of an expansion inside
	rest         string   // the text, with a NUL for each expansion
}

const result = "\x00"

// expand finds expansions in the order in which the collector does, the inner ones first. A token of CDK is one, too.
// Source: confmap v1.62.0, findURI.
func expand(text string) expanded {
	e := expanded{rest: placeholder.ReplaceAllLiteralString(text, result)}
	e.found = e.rest != text
	at := 0
	for {
		end := strings.IndexByte(e.rest[at:], '}')
		if end < 0 {
			break
		}
		end += at
		start := strings.LastIndex(e.rest[:end], "${")
		if start < 0 {
			at = end + 1
			continue
		}
		dollars := 0
		for dollars < start && e.rest[start-1-dollars] == '$' {
			dollars++
		}
		if dollars%2 == 1 {
			break // escaped; the collector looks no further
		}
		uri := e.rest[start+2 : end]
		e.uris = append(e.uris, uri)
		e.rest = strings.ReplaceAll(e.rest, "${"+uri+"}", result)
		e.found, at = true, 0
	}
	e.whole = e.rest == result
	return e
}
