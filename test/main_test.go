// Package test asserts on synthesized templates, through the public API only.
package test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

func TestMain(m *testing.M) {
	// Template validation costs time in every test; the feature flag of strictApp turns it on all the same, as its canary shows.
	os.Setenv("CDK_VALIDATION", "false")
	os.Setenv("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
	// Asset paths are relative to the repository root, where the app runs.
	if err := os.Chdir(".."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	jsii.Close() // a deferred call would be skipped by os.Exit
	os.Exit(code)
}

// cdkJSON is what the CDK CLI hands to the app.
type cdkJSON struct {
	Context map[string]any `json:"context"`
}

func readCdkJSON(t *testing.T) cdkJSON {
	t.Helper()
	var c cdkJSON
	readJSON(t, "cdk.json", &c)
	return c
}

func readJSON(t *testing.T, file string, v any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// strictApp is an app with the feature flags of cdk.json, among them those that validate every template and fail on
// warnings.
func strictApp(t *testing.T) awscdk.App {
	t.Helper()
	context := readCdkJSON(t).Context
	return awscdk.NewApp(&awscdk.AppProps{Context: &context})
}

// newApp is an app with the same flags, but for the validation: it costs time, and is for the samples.
func newApp(t *testing.T) awscdk.App {
	t.Helper()
	context := readCdkJSON(t).Context
	context["@aws-cdk/core:validateAgainstDefaultRules"] = false
	context["@aws-cdk/core:strictCfnValidateErrors"] = false
	return awscdk.NewApp(&awscdk.AppProps{Context: &context})
}

func newStack(t *testing.T) awscdk.Stack {
	t.Helper()
	return awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
}

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

// one is the only resource of a type.
func (tmpl template) one(resourceType string) object {
	tmpl.t.Helper()
	found := tmpl.all(resourceType)
	if len(found) != 1 {
		tmpl.t.Fatalf("%d resources of type %s, want 1", len(found), resourceType)
	}
	return found[0]
}

// statements lists the policy statements of the roles whose logical id starts with prefix.
func (tmpl template) statements(prefix string) []any {
	var all []any
	for id, r := range tmpl.Resources {
		if r.Type == "AWS::IAM::Policy" && len(id) > len(prefix) && id[:len(prefix)] == prefix {
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

// asJSON renders a value for comparison and for messages.
func asJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
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

const collectorName = "aws-otel-collector"

var anyImage = func() awsecs.ContainerImage { return awsecs.ContainerImage_FromRegistry(jsii.String("app:1"), nil) }

// fargateTask is a small task definition with the given telemetry and one container.
func fargateTask(stack awscdk.Stack, telemetry *otelprometheus.TelemetryProps, app *awsecs.ContainerDefinitionOptions) *otelprometheus.OtelPrometheusFargateTaskDefinition {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &otelprometheus.OtelPrometheusFargateTaskDefinitionProps{
		FargateTaskDefinitionProps: awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)},
		Telemetry:                  telemetry,
	})
	if app == nil {
		app = &awsecs.ContainerDefinitionOptions{}
	}
	if app.Image == nil {
		app.Image = anyImage()
	}
	td.AddContainer(jsii.String("app"), app)
	return td
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

// warnings are the annotations of a construct, as one text.
func warnings(c constructs.IConstruct) string {
	var b strings.Builder
	for _, m := range *c.Node().Metadata() {
		if *m.Type == "aws:cdk:warning" {
			fmt.Fprintln(&b, m.Data)
		}
	}
	return b.String()
}
