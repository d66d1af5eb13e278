// Package input reads what users pass to constructs, and collects what is wrong with it.
package input

import (
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// Known says whether s is set, and not a token.
func Known(s *string) bool { return s != nil && !token.In(*s) }

// Differ says whether two strings are known and not the same.
func Differ(a, b *string) bool { return Known(a) && Known(b) && *a != *b }

// Number renders a number, or the placeholder of one that is known only at deployment; nil is empty.
func Number(n *float64) string {
	switch {
	case n == nil:
		return ""
	case token.Is(*n):
		return *awscdk.Token_AsString(n, nil)
	default:
		return strconv.FormatFloat(*n, 'f', -1, 64)
	}
}

// StringOr is s, or d where s is not set.
func StringOr(s *string, d string) string {
	if s == nil {
		return d
	}
	return *s
}

// BoolOr is b, or d where b is not set.
func BoolOr(b *bool, d bool) bool {
	if b == nil {
		return d
	}
	return *b
}

// Strings copies a list. nil stays nil, and a nil element becomes empty.
func Strings(list *[]*string) []string {
	if list == nil {
		return nil
	}
	plain := make([]string, len(*list))
	for i, s := range *list {
		plain[i] = StringOr(s, "")
	}
	return plain
}

// Map copies a map. An empty one becomes nil, and a nil value empty.
func Map(m *map[string]*string) map[string]string {
	if m == nil || len(*m) == 0 {
		return nil
	}
	plain := make(map[string]string, len(*m))
	for name, value := range *m {
		plain[name] = StringOr(value, "")
	}
	return plain
}

// Lists copies a map of lists. An empty one becomes nil, and a nil list one without elements.
func Lists(m *map[string]*[]*string) map[string][]string {
	if m == nil || len(*m) == 0 {
		return nil
	}
	plain := make(map[string][]string, len(*m))
	for name, list := range *m {
		plain[name] = Strings(list)
	}
	return plain
}
