package template

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var testValues = Values{
	Region: "eu-west-1", Account: "111122223333", Partition: "aws", URLSuffix: "amazonaws.com", StackName: "Test",
	Parameters: map[string]string{"Given": "given"},
}

const resources = `{
  "Parameters": {
    "Given": {"Type": "String"}, "Defaulted": {"Type": "String", "Default": "default"}, "Missing": {"Type": "String"},
    "Latest": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/path"}
  },
  "Resources": {
    "Workspace": {"Type": "AWS::APS::Workspace"},
    "Role": {"Type": "AWS::IAM::Role"},
    "Logs": {"Type": "AWS::Logs::LogGroup"},
    "Cluster": {"Type": "AWS::ECS::Cluster"}
  }
}`

func parse(t *testing.T, raw string) *Template {
	t.Helper()
	template, err := Parse([]byte(raw), testValues)
	if err != nil {
		t.Fatal(err)
	}
	return template
}

func TestIntrinsicsAreResolved(t *testing.T) {
	template := parse(t, resources)
	id := testValues.WorkspaceID("Workspace")
	arn := "arn:aws:aps:eu-west-1:111122223333:workspace/" + id
	for _, c := range []struct{ in, out string }{
		{`"plain ${AWS::Region}"`, `"plain ${AWS::Region}"`},
		{`{"a": 1, "b": [true, null, "x"]}`, `{"a": 1, "b": [true, null, "x"]}`},
		{`{"Ref": "AWS::Region"}`, `"eu-west-1"`},
		{`{"Ref": "Given"}`, `"given"`},
		{`{"Ref": "Defaulted"}`, `"default"`},
		{`{"Ref": "Workspace"}`, `"` + arn + `"`},
		{`{"Ref": "Logs"}`, `"Test-Logs"`},
		{`{"Fn::GetAtt": ["Workspace", "Arn"]}`, `"` + arn + `"`},
		{`{"Fn::GetAtt": "Workspace.WorkspaceId"}`, `"` + id + `"`},
		{`{"Fn::GetAtt": ["Role", "Arn"]}`, `"arn:aws:iam::111122223333:role/Test-Role"`},
		{`{"Fn::GetAtt": ["Cluster", "Arn"]}`, `"arn:aws:ecs:eu-west-1:111122223333:cluster/Test-Cluster"`},
		{`{"Fn::Join": ["", ["https://aps-workspaces.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}]]}`, `"https://aps-workspaces.eu-west-1.amazonaws.com"`},
		{`{"Fn::Join": ["-", {"Fn::Split": ["/", "a/b/c"]}]}`, `"a-b-c"`},
		{`{"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "Workspace"}]}]}`, `"` + id + `"`},
		{`{"Fn::Select": ["0", ["x", "y"]]}`, `"x"`},
		{`{"Fn::Sub": "${AWS::AccountId}.dkr/${Given}/${Workspace.WorkspaceId}/${!kept}"}`, `"111122223333.dkr/given/` + id + `/${kept}"`},
		{`{"Fn::Sub": ["${x}-${AWS::Partition}", {"x": {"Ref": "Given"}}]}`, `"given-aws"`},
		{`{"kept": 1, "dropped": {"Ref": "AWS::NoValue"}}`, `{"kept": 1}`},
		{`[{"Ref": "AWS::NoValue"}, 1]`, `[1]`},
		{`{"Ref": "x", "not": "an intrinsic"}`, `{"Ref": "x", "not": "an intrinsic"}`},
	} {
		var in, want any
		if err := json.Unmarshal([]byte(c.in), &in); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(c.out), &want); err != nil {
			t.Fatal(err)
		}
		if got, err := template.Resolve(in); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n gives %v, %v\n expected %v", c.in, got, err, want)
		}
	}
}

func TestUnresolvableIsAnError(t *testing.T) {
	template := parse(t, resources)
	for _, c := range []struct{ in, message string }{
		{`{"Ref": "Nobody"}`, `"Nobody" is neither a parameter nor a resource`},
		{`{"Ref": "Missing"}`, "no test value for parameter Missing"},
		{`{"Ref": "Latest"}`, "no test value for parameter Latest"},
		{`{"Ref": "AWS::StackId"}`, `"AWS::StackId" is neither`},
		{`{"Ref": 7}`, `"" is neither`},
		{`{"Fn::GetAtt": ["Nobody", "Arn"]}`, `no resource "Nobody"`},
		{`{"Fn::GetAtt": ["Workspace", "PrometheusEndpoint"]}`, "no test value for attribute PrometheusEndpoint"},
		{`{"Fn::GetAtt": ["Workspace"]}`, "expected [id, attribute]"},
		{`{"Fn::ImportValue": "x"}`, `no template beside this one exports "x"`},
		{`{"Fn::If": ["c", 1, 2]}`, "Fn::If: unknown intrinsic function"},
		{`{"Fn::Join": ["", [{"Fn::Transform": {}}]]}`, "Fn::Transform: unknown intrinsic function"},
		{`{"Fn::Join": ["", "no list"]}`, "expected a list"},
		{`{"Fn::Join": [",", [["nested"]]]}`, "expected a list of strings"},
		{`{"Fn::Join": [{"Ref": "Given"}, []]}`, "expected [separator, value]"},
		{`{"Fn::Select": [2, ["a", "b"]]}`, "index 2 of 2 items"},
		{`{"Fn::Select": ["x", ["a"]]}`, "index x"},
		{`{"Fn::Sub": "${Nobody}"}`, `"Nobody" is neither`},
		{`{"Fn::Sub": 1}`, "expected a string"},
		{`{"Environment": [{"Value": {"Ref": "Nobody"}}]}`, "Environment[0].Value: Ref"},
		{`{"a": {"Ref": "First"}, "b": {"Ref": "Second"}}`, "\"First\" is neither a parameter nor a resource\nb: Ref: \"Second\""},
	} {
		var in any
		if err := json.Unmarshal([]byte(c.in), &in); err != nil {
			t.Fatal(err)
		}
		if got, err := template.Resolve(in); err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s gives %v, %v\n expected an error with %q", c.in, got, err, c.message)
		}
	}
}

func TestWithoutURLSuffixNothingIsBlank(t *testing.T) {
	template := parse(t, resources)
	template.Values.URLSuffix = ""
	if got, err := template.Resolve(map[string]any{"Ref": "AWS::URLSuffix"}); err == nil {
		t.Errorf("got %q, expected an error", got)
	}
}

func TestTaskDefinitionIsRead(t *testing.T) {
	template := parse(t, `{"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
	  "Family": "family", "Cpu": "512", "Memory": "1024",
	  "ContainerDefinitions": [
	    {"Name": "app", "Essential": true, "Environment": [{"Name": "PORT", "Value": "8080"}], "Secrets": [{"Name": "S", "ValueFrom": "arn"}]},
	    {"Name": "collector", "Command": ["--config=env:C"], "StopTimeout": 60, "Memory": 256,
	     "Environment": [{"Name": "C", "Value": {"Fn::Join": ["", ["region: ", {"Ref": "AWS::Region"}]]}}]}
	  ]}}}}`)
	def, err := template.TaskDefinition()
	if err != nil {
		t.Fatal(err)
	}
	collector, err := def.Container("collector")
	if err != nil {
		t.Fatal(err)
	}
	env, err := collector.Env()
	if err != nil || len(env) != 1 || env[0] != "C=region: eu-west-1" || collector.Grace().Seconds() != 60 || collector.Memory != 256 {
		t.Errorf("got %v, %v, %+v", env, err, collector)
	}
	if _, err := def.Container("other"); err == nil || !strings.Contains(err.Error(), "only app, collector") {
		t.Errorf("got %v", err)
	}
	app, _ := def.Container("app")
	if _, err := app.Env(); err == nil || !strings.Contains(err.Error(), "no test value for secret S") {
		t.Errorf("got %v, expected an error for the secret", err)
	}
}

func TestImportsComeFromTheTemplatesBeside(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"Platform": `{"Resources": {"Workspace": {"Type": "AWS::APS::Workspace"}},
			"Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Workspace", "WorkspaceId"]}, "Export": {"Name": "Platform:Workspace"}}}}`,
		"Shop": `{"Resources": {"R": {"Type": "T", "Properties": {"P": {"Fn::ImportValue": "Platform:Workspace"}}}}}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name+".template.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	shop, err := Load(filepath.Join(dir, "Shop.template.json"), Values{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := shop.Resolve(map[string]any{"Fn::ImportValue": "Platform:Workspace"})
	if want := shop.Values.WorkspaceID("Workspace"); err != nil || got != want || !slices.Contains(shop.WorkspaceIDs(), want) {
		t.Errorf("got %v, %v, want %s, which is one of %v", got, err, want, shop.WorkspaceIDs())
	}
}
