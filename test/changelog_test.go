package test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const contractFile = "contract.txt"

// contractLine is how the changelog names the contract that it describes.
var contractLine = regexp.MustCompile("(?m)^Template contract: `([0-9a-f]{12})`$")

// TestTemplateContractMatchesGolden: an upgrade that changes a logical id replaces the resource behind it, and one that changes an
// IAM statement changes what a task may do. A file lists both, one a line.
func TestTemplateContractMatchesGolden(t *testing.T) {
	var lines []string
	for _, stack := range sampleStacks(t) {
		lines = append(lines, contract(*stack.StackName(), synth(t, stack))...)
	}
	slices.Sort(lines)
	assertGolden(t, contractFile, textOf(lines))
}

// TestChangelogNamesTheTemplateContract: whoever changes the file has to open the changelog, which names its fingerprint. Whether
// the entry there says what users need to know is for a reviewer to judge.
func TestChangelogNamesTheTemplateContract(t *testing.T) {
	sum := sha256.Sum256([]byte(read(t, "test/testdata/"+contractFile)))
	want := hex.EncodeToString(sum[:])[:12]
	// The first fingerprint is that of the newest section that has one.
	if named := contractLine.FindStringSubmatch(read(t, "CHANGELOG.md")); named == nil || named[1] != want {
		t.Errorf("logical ids or IAM statements of the samples are not those that CHANGELOG.md describes: say under Unreleased what changed and "+
			"what users have to do, and let that section have the line\nTemplate contract: `%s`", want)
	}
}

// contract lists a stack's logical ids, policy statements and managed policies.
func contract(stack string, tmpl template) []string {
	var lines []string
	for _, id := range slices.Sorted(maps.Keys(tmpl.Resources)) {
		resource := tmpl.Resources[id]
		lines = append(lines, fmt.Sprintf("%s: %s %s", stack, id, resource.Type))
		for _, what := range permissions(resource.Properties) {
			lines = append(lines, fmt.Sprintf("%s: %s %s", stack, id, assetHash.ReplaceAllString(what, "ASSET")))
		}
	}
	return lines
}

// permissions finds policy documents and managed policies wherever a resource has them.
func permissions(properties object) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		switch value := properties[name].(type) {
		case object:
			if statements, ok := value["Statement"].([]any); ok {
				for _, s := range statements {
					found = append(found, name+" "+asJSON(s))
				}
				continue
			}
			found = append(found, permissions(value)...)
		case []any:
			for _, item := range value {
				if name == "ManagedPolicyArns" {
					found = append(found, name+" "+asJSON(item))
				} else if item, ok := item.(object); ok {
					found = append(found, permissions(item)...)
				}
			}
		case string:
			// Policies of some resources are JSON in a string.
			var document struct{ Statement []any }
			if strings.HasPrefix(value, "{") && json.Unmarshal([]byte(value), &document) == nil {
				for _, s := range document.Statement {
					found = append(found, name+" "+asJSON(s))
				}
			}
		}
	}
	return found
}
