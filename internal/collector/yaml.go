package collector

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// placeholder matches what CDK writes for a value that is known only at deployment.
var placeholder = regexp.MustCompile(`\$\{Token\[[a-zA-Z0-9:._-]*\]\}`)

func hasPlaceholder(s string) bool { return placeholder.MatchString(s) }

// ReplacePlaceholders puts with in the place of every placeholder of s.
func ReplacePlaceholders(s, with string) string { return placeholder.ReplaceAllLiteralString(s, with) }

// isPlaceholder says whether s is one placeholder and nothing else, as a number that is not known yet must be.
func isPlaceholder(s string) bool { return placeholder.FindString(s) == s && s != "" }

// escape doubles every $ that does not belong to a placeholder, so that the collector reads it as a plain $.
func escape(s string) string {
	var b strings.Builder
	rest := s
	for {
		at := placeholder.FindStringIndex(rest)
		if at == nil {
			b.WriteString(strings.ReplaceAll(rest, "$", "$$"))
			return b.String()
		}
		b.WriteString(strings.ReplaceAll(rest[:at[0]], "$", "$$"))
		b.WriteString(rest[at[0]:at[1]])
		rest = rest[at[1]:]
	}
}

// Text is a string value. It is always rendered as a string, whatever it looks like.
type Text string

// MarshalYAML implements yaml.Marshaler. A value that is nothing but a placeholder becomes an expansion, whose result is read as
// YAML, and a password such as 0123 would become a number; a second, empty expansion beside it prevents that.
func (t Text) MarshalYAML() (any, error) {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: escape(string(t))}
	if isPlaceholder(string(t)) {
		n.Value += emptyExpansion
	}
	if hasPlaceholder(string(t)) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n, nil
}

// Number is a whole number, a size such as 16MB, or a placeholder for one; it is rendered bare.
type Number string

// MarshalYAML implements yaml.Marshaler.
func (n Number) MarshalYAML() (any, error) {
	return &yaml.Node{Kind: yaml.ScalarNode, Value: string(n)}, nil
}

// Duration is rendered in a form that Go and Prometheus both read.
type Duration time.Duration

// MarshalYAML implements yaml.Marshaler.
func (d Duration) MarshalYAML() (any, error) {
	if v := time.Duration(d); v%time.Second != 0 {
		return fmt.Sprintf("%dms", v.Milliseconds()), nil
	}
	return fmt.Sprintf("%ds", int64(time.Duration(d).Seconds())), nil
}

func texts(all []string) []Text {
	r := make([]Text, len(all))
	for i, s := range all {
		r[i] = Text(s)
	}
	return r
}

func encode(v any) (string, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("render collector configuration: %w", err)
	}
	return b.String(), enc.Close()
}

func valueOr[T any](p *T, d T) T {
	if p == nil {
		return d
	}
	return *p
}

func stringOr[T ~string](s, d T) T {
	if s == "" {
		return d
	}
	return s
}
