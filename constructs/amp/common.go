package amp

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
)

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
