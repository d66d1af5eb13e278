package otelprometheus

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// unresolved says what awscdk.Token_IsUnresolved says of strings and numbers, without asking Node, which takes as long as making
// a small construct. TestUnresolvedAgreesWithAwscdk pins the two marks of tokens.
func unresolved(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, "${Token[")
	case *string:
		return strings.Contains(*v, "${Token[")
	case *float64:
		return math.Float64bits(*v)>>48 == 0xFBFF
	default:
		return *awscdk.Token_IsUnresolved(v)
	}
}

// number renders a number, or the placeholder of one that is known only at deployment; nil is empty.
func number(n *float64) string {
	switch {
	case n == nil:
		return ""
	case unresolved(n):
		return *awscdk.Token_AsString(n, nil)
	default:
		return strconv.FormatFloat(*n, 'f', -1, 64)
	}
}

func numberOr(n *float64, d float64) string {
	if n == nil {
		n = &d
	}
	return number(n)
}

// knownNumber is n, d where n is nil, and nil where n is a token.
func knownNumber(n *float64, d float64) *float64 {
	switch {
	case n == nil:
		return &d
	case unresolved(n):
		return nil
	default:
		return n
	}
}

// parseNumber reads the size of an awsecs.TaskDefinition; nil where it is not known. What awscdk does not understand
// either, it reports itself.
func parseNumber(s *string) *float64 {
	if s == nil || unresolved(*s) {
		return nil
	}
	n, err := strconv.ParseFloat(*s, 64)
	if err != nil {
		return nil
	}
	return &n
}

func stringOr(s *string, d string) string {
	if s == nil {
		return d
	}
	return *s
}

func boolOr(b *bool, d bool) bool {
	if b == nil {
		return d
	}
	return *b
}

// trueOrNil leaves a property out of the template where false is what ECS assumes anyway.
func trueOrNil(b *bool) *bool {
	if boolOr(b, true) {
		return jsii.Bool(true)
	}
	return nil
}

func plainStrings(s *[]*string) []string {
	if s == nil {
		return nil
	}
	var r []string
	for _, v := range *s {
		r = append(r, stringOr(v, ""))
	}
	return r
}

func plainMap(m *map[string]*string) map[string]string {
	if m == nil {
		return nil
	}
	r := map[string]string{}
	for name, value := range *m {
		r[name] = stringOr(value, "")
	}
	return r
}

func seconds(d time.Duration) awscdk.Duration {
	return awscdk.Duration_Seconds(jsii.Number(d.Seconds()))
}
