// Package ecstypes reads the samples' task definitions with code that others wrote: the types, the enumerations and the
// client-side checks of the AWS SDK, which AWS generates from the model of the ECS API.
package ecstypes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/stacks"
)

func TestMain(m *testing.M) {
	os.Setenv("CDK_VALIDATION", "false") // the root's tests validate; it costs seconds
	os.Setenv("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
	if err := os.Chdir("../.."); err != nil { // asset paths are relative to the root
		panic(err)
	}
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

type object = map[string]any

// TestSamplesAreWhatTheEcsApiTakes: CloudFormation hands a task definition's properties to RegisterTaskDefinition. A name, a type
// or a value that the API does not have fails there, minutes into a deployment.
func TestSamplesAreWhatTheEcsApiTakes(t *testing.T) {
	definitions := taskDefinitions(t)
	if len(definitions) < len(stacks.All) {
		t.Errorf("%d task definitions in %d samples, want at least one each", len(definitions), len(stacks.All))
	}
	for _, name := range slices.Sorted(maps.Keys(definitions)) {
		t.Run(name, func(t *testing.T) {
			if err := check(t.Context(), definitions[name]); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestCanaries have one fault each, which must be found: a check that finds nothing would pass everything.
func TestCanaries(t *testing.T) {
	definitions := taskDefinitions(t)
	for _, test := range []struct {
		fault string
		place func(definition, collector object)
		want  string
	}{
		{"none", func(_, _ object) {}, ""},
		{"misspelt field of the task", func(d, _ object) { d["NetworkMod"] = "awsvpc" }, "NetworkMod"},
		{"misspelt field of a container", func(_, c object) { c["ReadOnlyRootFilesystem"] = true }, "ReadOnlyRootFilesystem"},
		{"wrong enumeration value of the task", func(d, _ object) { d["NetworkMode"] = "vpc" }, `NetworkMode is "vpc"`},
		{"wrong enumeration value in a list", func(d, _ object) { d["RequiresCompatibilities"] = []any{"FARGATE_SPOT"} }, `RequiresCompatibilities[0] is "FARGATE_SPOT"`},
		{"wrong log driver", func(_, c object) { c["LogConfiguration"].(object)["LogDriver"] = "cloudwatch" }, `LogDriver is "cloudwatch"`},
		{"text for a number", func(_, c object) { c["StopTimeout"] = "2 minutes" }, "StopTimeout"},
		{"a fraction of a number", func(_, c object) { c["StopTimeout"] = 1.5 }, "StopTimeout"},
		{"required field left out", func(d, _ object) { delete(d, "Family") }, "Family"},
		{"required field of a list left out", func(_, c object) { c["Secrets"] = []any{object{"Name": "TOKEN"}} }, "ValueFrom"},
	} {
		t.Run(test.fault, func(t *testing.T) {
			definition := clone(t, definitions["FargateScrape"])
			for _, c := range definition["ContainerDefinitions"].([]any) {
				if c := c.(object); c["Name"] == "aws-otel-collector" {
					test.place(definition, c)
				}
			}
			err := check(t.Context(), definition)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

// check decodes a task definition into the SDK's request, and has the SDK's client check and encode it. CloudFormation's names
// are the SDK's field names but for EFS, FSx and proxy settings, which no sample uses; one that does is reported here, and
// then needs its names mapped.
func check(ctx context.Context, definition object) error {
	faults := walk("", definition, reflect.TypeFor[ecs.RegisterTaskDefinitionInput]())
	raw, err := json.Marshal(definition)
	if err != nil {
		return err
	}
	var input ecs.RegisterTaskDefinitionInput
	if err := json.Unmarshal(raw, &input); err != nil {
		return errors.Join(append(faults, err)...)
	}
	client := ecs.New(ecs.Options{Region: "eu-west-1", Credentials: aws.AnonymousCredentials{}, HTTPClient: nowhere{}})
	_, err = client.RegisterTaskDefinition(ctx, &input)
	return errors.Join(append(faults, err)...)
}

// nowhere answers in place of ECS: nothing leaves the process.
type nowhere struct{}

func (nowhere) Do(request *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: request}, nil
}

// walk compares a value with the SDK's type for it. It is stricter than encoding/json, which ignores case and takes any text for an
// enumeration.
func walk(path string, value any, want reflect.Type) []error {
	for want.Kind() == reflect.Pointer {
		want = want.Elem()
	}
	if value, ok := value.(string); ok && want.Kind() == reflect.String {
		return enumeration(path, value, want)
	}
	var faults []error
	switch v := value.(type) {
	case object:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			item := want
			switch want.Kind() {
			case reflect.Map:
				item = want.Elem()
			case reflect.Struct:
				field, ok := want.FieldByName(key)
				if !ok || !field.IsExported() {
					faults = append(faults, fmt.Errorf("%s.%s: %s has no such field", path, key, want))
					continue
				}
				item = field.Type
			default:
				return []error{fmt.Errorf("%s is an object, %s expected", path, want)}
			}
			faults = append(faults, walk(path+"."+key, v[key], item)...)
		}
		return faults
	case []any:
		if want.Kind() != reflect.Slice {
			return []error{fmt.Errorf("%s is a list, %s expected", path, want)}
		}
		for i, item := range v {
			faults = append(faults, walk(fmt.Sprintf("%s[%d]", path, i), item, want.Elem())...)
		}
		return faults
	case bool:
		if want.Kind() == reflect.Bool {
			return nil
		}
	case float64:
		if want.Kind() == reflect.Int32 && v == math.Trunc(v) && math.Abs(v) <= math.MaxInt32 {
			return nil
		}
	}
	return []error{fmt.Errorf("%s is %v, %s expected", path, value, want)}
}

// enumeration asks the SDK which values it knows: its string types have a method Values that lists them.
func enumeration(path, value string, want reflect.Type) []error {
	method := reflect.Zero(want).MethodByName("Values")
	if !method.IsValid() {
		return nil
	}
	known := method.Call(nil)[0]
	for i := range known.Len() {
		if known.Index(i).String() == value {
			return nil
		}
	}
	return []error{fmt.Errorf("%s is %q, expected one of %v", path, value, known)}
}

// taskDefinitions are the properties of every task definition of the samples, by stack name. What only a deployment knows is a
// placeholder.
func taskDefinitions(t *testing.T) map[string]object {
	t.Helper()
	data, err := os.ReadFile("cdk.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	file.Context["@aws-cdk/core:validateAgainstDefaultRules"] = false
	file.Context["@aws-cdk/core:strictCfnValidateErrors"] = false
	out := t.TempDir()
	app := awscdk.NewApp(&awscdk.AppProps{Context: &file.Context, Outdir: &out})
	stacks.Build(app)
	app.Synth(nil)

	files, err := filepath.Glob(filepath.Join(out, "*.template.json"))
	if err != nil {
		t.Fatal(err)
	}
	definitions := map[string]object{}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var template struct {
			Resources map[string]struct {
				Type       string
				Properties object
			}
		}
		if err := json.Unmarshal(data, &template); err != nil {
			t.Fatal(err)
		}
		for id, resource := range template.Resources {
			if resource.Type != "AWS::ECS::TaskDefinition" {
				continue
			}
			name := strings.TrimSuffix(filepath.Base(path), ".template.json")
			if _, taken := definitions[name]; taken {
				name += "/" + id
			}
			definitions[name] = withoutTokens(resource.Properties).(object)
		}
	}
	return definitions
}

// withoutTokens puts a text where an intrinsic function stands, and leaves out what is AWS::NoValue.
func withoutTokens(value any) any {
	switch v := value.(type) {
	case object:
		for name := range v {
			if len(v) == 1 && (name == "Ref" || strings.HasPrefix(name, "Fn::")) {
				return "known-at-deployment"
			}
		}
		out := object{}
		for key, item := range v {
			if !isNoValue(item) {
				out[key] = withoutTokens(item)
			}
		}
		return out
	case []any:
		out := []any{}
		for _, item := range v {
			if !isNoValue(item) {
				out = append(out, withoutTokens(item))
			}
		}
		return out
	}
	return value
}

func isNoValue(value any) bool {
	v, ok := value.(object)
	return ok && len(v) == 1 && v["Ref"] == "AWS::NoValue"
}

func clone(t *testing.T, definition object) object {
	t.Helper()
	data, err := json.Marshal(definition)
	if err != nil {
		t.Fatal(err)
	}
	var copied object
	if err := json.Unmarshal(data, &copied); err != nil {
		t.Fatal(err)
	}
	return copied
}
