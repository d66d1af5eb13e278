package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/constructs-go/constructs/v10"
)

// asJSON renders a value for comparison and for messages.
func asJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func readJSON(t *testing.T, file string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, file)), v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func assertJSON(t *testing.T, what string, got any, want string) {
	t.Helper()
	var w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("%s: bad expectation: %v", what, err)
	}
	if asJSON(got) != asJSON(w) {
		t.Errorf("%s\n got %s\nwant %s", what, asJSON(got), asJSON(w))
	}
}

// assertContains checks that a text has every part.
func assertContains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// assertRefused checks that f panics, with a message that has every part.
func assertRefused(t *testing.T, f func(), wants ...string) {
	t.Helper()
	message := panicOf(f)
	if message == "" {
		t.Errorf("it is accepted; expected to be refused with %q", wants)
		return
	}
	assertContains(t, message, wants...)
}

// panicOf is what f panics with, or empty.
func panicOf(f func()) (message string) {
	defer func() {
		if r := recover(); r != nil {
			message = fmt.Sprint(r)
		}
	}()
	f()
	return ""
}

// annotations are those of a construct of one kind, one a line.
func annotations(c constructs.IConstruct, kind string) string {
	var b strings.Builder
	for _, m := range *c.Node().Metadata() {
		if *m.Type == "aws:cdk:"+kind {
			fmt.Fprintln(&b, m.Data)
		}
	}
	return b.String()
}

func warnings(c constructs.IConstruct) string { return annotations(c, "warning") }

func errorsOf(c constructs.IConstruct) string { return annotations(c, "error") }

func assertNoWarnings(t *testing.T, all ...constructs.IConstruct) {
	t.Helper()
	for _, c := range all {
		if got := warnings(c); got != "" {
			t.Errorf("unexpected warning of %s: %s", *c.Node().Path(), got)
		}
	}
}

// warningPrefix stands before the ids of the library's warnings.
const warningPrefix = "cdk-otel-prometheus:"

// warningOf is the text of a construct's only warning of an id, without that id.
func warningOf(t *testing.T, c constructs.IConstruct, id string) string {
	t.Helper()
	var found []string
	for line := range strings.Lines(warnings(c)) {
		if text, ok := strings.CutSuffix(strings.TrimSpace(line), " [ack: "+warningPrefix+id+"]"); ok {
			found = append(found, text)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d warnings %s of %s, want 1, in\n%s", len(found), id, *c.Node().Path(), warnings(c))
	}
	return found[0]
}

// assertWarned checks that a construct has one warning of an id, with a text in it.
func assertWarned(t *testing.T, c constructs.IConstruct, id, text string) {
	t.Helper()
	assertContains(t, warningOf(t, c, id), text)
}

// assertWarning checks that a construct has one warning of an id, which ends in a JSON value.
func assertWarning(t *testing.T, c constructs.IConstruct, id, wantJSON string) {
	t.Helper()
	text := warningOf(t, c, id)
	i := strings.Index(text, ": {")
	if i < 0 {
		t.Fatalf("no statement in %q", text)
	}
	var statement any
	if err := json.Unmarshal([]byte(text[i+2:]), &statement); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	assertJSON(t, id, statement, wantJSON)
}

// joined is the text of a template's value, in which ref says what stands for a reference.
func joined(v any, ref func(object) string) string {
	switch v := v.(type) {
	case string:
		return v
	case object:
		join, ok := v["Fn::Join"].([]any)
		if !ok {
			return ref(v)
		}
		var b strings.Builder
		for _, part := range join[1].([]any) {
			b.WriteString(joined(part, ref))
		}
		return b.String()
	}
	return asJSON(v)
}

func plainText(v any) string { return joined(v, func(ref object) string { return asJSON(ref) }) }

// object is a JSON object of a template.
type object = map[string]any

// template is a synthesized template.
type template struct {
	t         *testing.T
	Resources map[string]struct {
		Type           string
		Properties     object
		DeletionPolicy string
	}
}

func synth(t *testing.T, stack awscdk.Stack) template {
	t.Helper()
	tmpl := template{t: t}
	data, err := json.Marshal(assertions.Template_FromStack(stack, nil).ToJSON())
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &tmpl); err != nil {
		t.Fatal(err)
	}
	return tmpl
}

// all lists the properties of the resources of a type.
func (tmpl template) all(resourceType string) []object {
	var found []object
	for _, r := range tmpl.Resources {
		if r.Type == resourceType {
			found = append(found, r.Properties)
		}
	}
	return found
}

// some is all, of which there must be any: a check of each would pass where there is none.
func (tmpl template) some(resourceType string) []object {
	tmpl.t.Helper()
	found := tmpl.all(resourceType)
	if len(found) == 0 {
		tmpl.t.Fatalf("no resources of type %s", resourceType)
	}
	return found
}

// one is the only resource of a type.
func (tmpl template) one(resourceType string) object {
	tmpl.t.Helper()
	found := tmpl.all(resourceType)
	if len(found) != 1 {
		tmpl.t.Fatalf("%d resources of type %s, want 1", len(found), resourceType)
	}
	return found[0]
}

// statements lists the statements of the policies whose logical id starts with prefix, which is that of their role, in the order of
// those ids.
func (tmpl template) statements(prefix string) []any {
	var all []any
	for _, id := range slices.Sorted(maps.Keys(tmpl.Resources)) {
		if r := tmpl.Resources[id]; r.Type == "AWS::IAM::Policy" && strings.HasPrefix(id, prefix) {
			all = append(all, r.Properties["PolicyDocument"].(object)["Statement"].([]any)...)
		}
	}
	return all
}

// container is a container of the only task definition.
func (tmpl template) container(name string) object {
	tmpl.t.Helper()
	var names []any
	for _, c := range tmpl.one("AWS::ECS::TaskDefinition")["ContainerDefinitions"].([]any) {
		if c := c.(object); c["Name"] == name {
			return c
		} else {
			names = append(names, c["Name"])
		}
	}
	tmpl.t.Fatalf("no container %s among %v", name, names)
	return nil
}

// environment is the environment of a container as a map.
func environment(container object) object {
	env := object{}
	if list, ok := container["Environment"].([]any); ok {
		for _, e := range list {
			env[e.(object)["Name"].(string)] = e.(object)["Value"]
		}
	}
	return env
}

func names(m object) []string { return slices.Sorted(maps.Keys(m)) }

// resolved is a value with its tokens resolved, as a template has it.
func resolved(stack awscdk.Stack, v any) any { return stack.Resolve(v) }

// assertResourcePolicy compares the document of a policy, in which the ARN of the stack's workspace is <Workspace.Arn>.
func assertResourcePolicy(t *testing.T, properties object, want string) {
	t.Helper()
	text := joined(properties["PolicyDocument"], func(ref object) string {
		if got := asJSON(ref); !strings.HasPrefix(got, `{"Fn::GetAtt":["Workspace`) {
			return strings.ReplaceAll(got, `"`, "'") // the text is JSON
		}
		return "<Workspace.Arn>"
	})
	var document any
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	assertJSON(t, "policy document", document, want)
}

func goCommand(t *testing.T, args ...string) []byte {
	t.Helper()
	var reason bytes.Buffer
	command := exec.Command("go", args...)
	command.Stderr = &reason
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, &reason)
	}
	return out
}
