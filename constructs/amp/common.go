package amp

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// durationIn reports a duration that is not a whole number of unit, "seconds" or "days", in a range. A token passes when
// it counts in that unit: it cannot be converted.
func durationIn(f *input.Faults, what string, d awscdk.Duration, unit string, low, high float64, hint string) {
	switch {
	case d == nil:
	case *d.IsUnresolved():
		if *d.UnitLabel() != unit {
			f.Add("%s is a token counted in %s; a token must be counted in %s", what, *d.UnitLabel(), unit)
		}
	default:
		if n := *countOf(d, unit); n != float64(int64(n)) || n < low || n > high {
			f.Add("%s is %s %s; AMP takes a whole number from %s to %s%s", what, input.Number(&n), unit, input.Number(&low), input.Number(&high), hint)
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
