package test

import (
	"slices"
	"strings"
	"testing"

	"github.com/seed86154836/cdk-otel-prometheus/stacks"
)

// documented lists every field of the task definition that AWS documents, by its path, with the document's placeholders.
//
// Source: Amazon ECS Developer Guide, "Exporting application metrics to Amazon Managed Service for Prometheus", example
// task definition.
var documented = map[string]string{
	"family": "otel-using-cloudwatch",
	// The document's JSON has AmazonECS_OpenTelemetryCloudWatchRole, the role of another page; its steps create this one.
	"taskRoleArn":               "arn:aws:iam::111122223333:role/AmazonECS_OpenTelemetryPrometheusRole",
	"executionRoleArn":          "arn:aws:iam::111122223333:role/ecsTaskExecutionRole",
	"networkMode":               "awsvpc",
	"requiresCompatibilities.0": "FARGATE",
	"cpu":                       "1024",
	"memory":                    "3072",

	"aws-otel-emitter.image":                                          "application-image",
	"aws-otel-emitter.logConfiguration.logDriver":                     "awslogs",
	"aws-otel-emitter.logConfiguration.options.awslogs-create-group":  "true",
	"aws-otel-emitter.logConfiguration.options.awslogs-group":         "/ecs/aws-otel-emitter",
	"aws-otel-emitter.logConfiguration.options.awslogs-region":        "aws-region",
	"aws-otel-emitter.logConfiguration.options.awslogs-stream-prefix": "ecs",
	"aws-otel-emitter.dependsOn.0.containerName":                      "aws-otel-collector",
	"aws-otel-emitter.dependsOn.0.condition":                          "START",

	"aws-otel-collector.image":                                          "public.ecr.aws/aws-observability/aws-otel-collector:v0.25.0",
	"aws-otel-collector.essential":                                      "true",
	"aws-otel-collector.command.0":                                      "--config=/etc/ecs/ecs-amp.yaml",
	"aws-otel-collector.environment.0.name":                             "AWS_PROMETHEUS_ENDPOINT",
	"aws-otel-collector.environment.0.value":                            "https://aps-workspaces.aws-region.amazonaws.com/workspaces/ws-a1b2c3d4-5678-90ab-cdef-EXAMPLE11111/api/v1/remote_write",
	"aws-otel-collector.logConfiguration.logDriver":                     "awslogs",
	"aws-otel-collector.logConfiguration.options.awslogs-create-group":  "True",
	"aws-otel-collector.logConfiguration.options.awslogs-group":         "/ecs/ecs-aws-otel-sidecar-collector",
	"aws-otel-collector.logConfiguration.options.awslogs-region":        "aws-region",
	"aws-otel-collector.logConfiguration.options.awslogs-stream-prefix": "ecs",

	// CDK writes what ECS assumes for a container that does not say whether it is essential.
	"aws-otel-emitter.essential": "true",
}

// TestDocumentedTaskDefinitionMatchesFieldByField compares the sample with the document: no field is missing, different
// or in addition. Containers are compared by name: their order means nothing to ECS.
func TestDocumentedTaskDefinitionMatchesFieldByField(t *testing.T) {
	tmpl := synth(t, stacks.NewDocumented(newApp(t), "Documented"))
	got := map[string]string{}
	tmpl.flatten(got, "", tmpl.one("AWS::ECS::TaskDefinition"))

	for path, want := range documented {
		if got[path] != want {
			t.Errorf("%s\n got %q\nwant %q", path, got[path], want)
		}
	}
	for id, r := range tmpl.Resources {
		if strings.HasPrefix(id, "TaskTaskRole") {
			assertJSON(t, "policies of the task role", r.Properties["ManagedPolicyArns"],
				`[{"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},":iam::aws:policy/AmazonPrometheusRemoteWriteAccess"]]}]`)
		}
	}
	if s := tmpl.statements("TaskTaskRole"); len(s) != 0 {
		t.Errorf("statements beside the managed policy: %v", s)
	}
	for path, value := range got {
		if _, ok := documented[path]; !ok {
			t.Errorf("%s is %q, which the document does not have", path, value)
		}
	}
}

// flatten writes the leaves of a task definition's properties by path, in the spelling of the ECS API.
func (tmpl template) flatten(into map[string]string, path string, v any) {
	switch v := v.(type) {
	case object:
		if reference, ok := tmpl.reference(v); ok {
			into[path] = reference
			return
		}
		for key, child := range v {
			if key == "ContainerDefinitions" {
				for _, c := range child.([]any) {
					c := c.(object)
					name := c["Name"].(string)
					delete(c, "Name")
					tmpl.flatten(into, name, c)
				}
				continue
			}
			tmpl.flatten(into, join(path, strings.ToLower(key[:1])+key[1:]), child)
		}
	case []any:
		for i, child := range v {
			tmpl.flatten(into, join(path, asJSON(i)), child)
		}
	case string:
		into[path] = v
	default:
		into[path] = asJSON(v)
	}
}

func join(path, key string) string { return strings.TrimPrefix(path+"."+key, ".") }

// reference resolves what the sample refers to, with the document's example values.
func (tmpl template) reference(v object) (string, bool) {
	switch {
	case v["Ref"] == "AWS::Region":
		return "aws-region", true
	case v["Ref"] == "AWS::URLSuffix":
		return "amazonaws.com", true
	case v["Fn::Join"] != nil:
		return joined(v, func(ref object) string {
			text, _ := tmpl.reference(ref)
			return text
		}), true
	case v["Fn::GetAtt"] != nil:
		at := v["Fn::GetAtt"].([]any)
		resource := tmpl.Resources[at[0].(string)]
		if slices.Equal(at[1:], []any{"Arn"}) && resource.Type == "AWS::IAM::Role" {
			return "arn:aws:iam::111122223333:role/" + resource.Properties["RoleName"].(string), true
		}
		if slices.Equal(at[1:], []any{"WorkspaceId"}) {
			return "ws-a1b2c3d4-5678-90ab-cdef-EXAMPLE11111", true
		}
	}
	return "", false
}
