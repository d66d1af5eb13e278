package amp

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Names in Prometheus' classic grammar. Newer versions take any UTF-8; whether AMP does is not documented, and
// AWS::APS::Workspace takes only these as labels.
var (
	labelName  = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	metricName = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)
)

// faults collects what is wrong with the arguments of one call, to be reported together.
type faults []string

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

func (f faults) panicIfAny(where string) {
	switch len(f) {
	case 0:
	case 1:
		panic(where + ": " + f[0])
	default:
		panic(fmt.Sprintf("%s: %d faults:\n  - %s", where, len(f), strings.Join(f, "\n  - ")))
	}
}

// must panics with everything that is wrong with the arguments of a constructor, before anything is built.
func must(constructor string, scope constructs.Construct, id *string, validate func(*faults)) {
	var f faults
	where := constructor
	if scope == nil {
		f.add("scope is nil; pass the stack or construct to build in")
	}
	if id == nil || *id == "" {
		f.add("id is empty; pass a name that is unique in its scope")
	} else if scope != nil {
		where = strings.TrimPrefix(*scope.Node().Path()+"/"+*id, "/") + ": " + constructor
	}
	validate(&f)
	f.panicIfAny(where)
}

func unresolved(v any) bool { return *awscdk.Token_IsUnresolved(v) }

// known says whether s is set, and not a token. It asks no Node: a token in a string can be told by its mark.
func known(s *string) bool { return s != nil && !strings.Contains(*s, "${Token[") }

// differ says whether two strings are known and not the same.
func differ(a, b *string) bool { return known(a) && known(b) && *a != *b }

// numberIn reports a known number that is not a whole one in a range.
func (f *faults) numberIn(what string, n *float64, low, high float64) {
	if n == nil || unresolved(n) {
		return
	}
	if *n != float64(int64(*n)) || *n < low || *n > high {
		f.add("%s is %s; it must be a whole number from %s to %s", what, number(*n), number(low), number(high))
	}
}

// durationIn reports a duration that is not a whole number of unit, "seconds" or "days", in a range. A token passes when
// it counts in that unit: it cannot be converted.
func (f *faults) durationIn(what string, d awscdk.Duration, unit string, low, high float64, hint string) {
	switch {
	case d == nil:
	case *d.IsUnresolved():
		if *d.UnitLabel() != unit {
			f.add("%s is a token counted in %s; a token must be counted in %s", what, *d.UnitLabel(), unit)
		}
	default:
		if n := *countOf(d, unit); n != float64(int64(n)) || n < low || n > high {
			f.add("%s is %s %s; AMP takes a whole number from %s to %s%s", what, number(n), unit, number(low), number(high), hint)
		}
	}
}

// countOf is d as a number of unit.
func countOf(d awscdk.Duration, unit string) *float64 {
	fraction := &awscdk.TimeConversionOptions{Integral: jsii.Bool(false)}
	switch {
	case d == nil:
		return nil
	case unit == "days":
		return d.ToDays(fraction)
	default:
		return d.ToSeconds(fraction)
	}
}

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func boolOr(b *bool, d bool) bool {
	if b == nil {
		return d
	}
	return *b
}

func stringOr(s *string, d string) string {
	if s == nil {
		return d
	}
	return *s
}

// plainStrings copies a list; a nil element becomes empty.
func plainStrings(list *[]*string) []string {
	if list == nil {
		return nil
	}
	r := make([]string, len(*list))
	for i, s := range *list {
		r[i] = stringOr(s, "")
	}
	return r
}

// plainMap copies a map; a nil value becomes empty.
func plainMap(m *map[string]*string) map[string]string {
	if m == nil || len(*m) == 0 {
		return nil
	}
	r := make(map[string]string, len(*m))
	for k, v := range *m {
		r[k] = stringOr(v, "")
	}
	return r
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// statementJSON is a statement as the template has it. It is resolved as part of a document: what ToStatementJson gives
// has maps in the form in which jsii sends them (TestWildcardPrincipalsAreNarrowedDown).
func statementJSON(scope constructs.Construct, statement awsiam.PolicyStatement) map[string]any {
	document := awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &[]awsiam.PolicyStatement{statement}})
	resolved := awscdk.Stack_Of(scope).Resolve(document).(map[string]any)
	return resolved["Statement"].([]any)[0].(map[string]any)
}

// render is a statement for people to copy.
func render(scope constructs.Construct, statement awsiam.PolicyStatement) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(statementJSON(scope, statement)); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

// warn adds a warning that awscdk.Annotations.AcknowledgeWarning silences.
func warn(scope constructs.Construct, id, format string, args ...any) {
	awscdk.Annotations_Of(scope).AddWarningV2(jsii.String("cdk-otel-prometheus:"+id), jsii.String(fmt.Sprintf(format, args...)))
}
