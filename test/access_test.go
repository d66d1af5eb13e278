package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

func TestAssumedRoleIsTheOnlyWayIn(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, withAssumedRole(stack), nil)
	tmpl := synth(t, stack)
	assertJSON(t, "statements", tmpl.statements("TaskTaskRole"), `[{"Action":"sts:AssumeRole","Effect":"Allow","Resource":"`+writerArn+`"}]`)
	assertContains(t, configText(tmpl.container(collectorName)),
		"arn: ${env:AWS_PROMETHEUS_ROLE_ARN:-}", "external_id: ${env:AWS_PROMETHEUS_EXTERNAL_ID:-}", "sts_region: ${env:AWS_STS_REGION:-}", "region: ${env:AWS_PROMETHEUS_REGION:-}\n    service: aps")
	for name, want := range map[string]string{
		"AWS_PROMETHEUS_ROLE_ARN": `"` + writerArn + `"`, "AWS_PROMETHEUS_EXTERNAL_ID": `"x"`, "AWS_STS_REGION": `{"Ref":"AWS::Region"}`, "AWS_PROMETHEUS_REGION": `"eu-west-1"`,
	} {
		assertJSON(t, name, environment(tmpl.container(collectorName))[name], want)
	}
}

func TestEndpointsOfTheWorkspace(t *testing.T) {
	for want, remoteWrite := range map[string]*otelprometheus.RemoteWriteProps{
		`https://vpce-1.example.com/workspaces/ws-1/api/v1/remote_write`:               {Endpoint: &amp.EndpointOptions{Host: jsii.String("vpce-1.example.com")}},
		`https://aps-workspaces.eu-west-1.api.aws/workspaces/ws-1/api/v1/remote_write`: {Endpoint: &amp.EndpointOptions{DualStack: jsii.Bool(true)}},
	} {
		stack := newStack(t)
		workspace := importedWorkspace(stack)
		fargateTask(stack, &otelprometheus.TelemetryProps{Workspace: workspace, RemoteWrite: remoteWrite}, nil)
		assertContains(t, asJSON(environment(synth(t, stack).container(collectorName))["AWS_PROMETHEUS_ENDPOINT"]), want)
	}
}

func TestRolesProps(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, &otelprometheus.TelemetryProps{Roles: &otelprometheus.RolesProps{
		ManagedPolicy: jsii.Bool(true), TaskRoleName: jsii.String(otelprometheus.TaskRoleNameDocumented), RestrictTrust: jsii.Bool(true),
	}}, nil)
	tmpl := synth(t, stack)
	if s := tmpl.statements("TaskTaskRole"); len(s) != 0 {
		t.Errorf("statements beside the managed policy: %v", s)
	}
	condition := `{"ArnLike":{"aws:SourceArn":{"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},":ecs:",{"Ref":"AWS::Region"},":",{"Ref":"AWS::AccountId"},":*"]]}},` +
		`"StringEquals":{"aws:SourceAccount":{"Ref":"AWS::AccountId"}}}`
	roles := 0
	for id, r := range tmpl.Resources {
		if r.Type != "AWS::IAM::Role" {
			continue
		}
		roles++
		assertJSON(t, id, r.Properties["AssumeRolePolicyDocument"].(object)["Statement"].([]any)[0].(object)["Condition"], condition)
		if strings.HasPrefix(id, "TaskTaskRole") {
			assertJSON(t, "name", r.Properties["RoleName"], `"AmazonECS_OpenTelemetryPrometheusRole"`)
			assertJSON(t, "policies", r.Properties["ManagedPolicyArns"],
				`[{"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},":iam::aws:policy/AmazonPrometheusRemoteWriteAccess"]]}]`)
		}
	}
	if roles != 2 {
		t.Errorf("%d roles", roles)
	}
}

func TestTrustIsNotRestrictedByDefault(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, nil, nil)
	for _, r := range synth(t, stack).some("AWS::IAM::Role") {
		if c := r["AssumeRolePolicyDocument"].(object)["Statement"].([]any)[0].(object)["Condition"]; c != nil || r["RoleName"] != nil || r["ManagedPolicyArns"] != nil {
			t.Errorf("%v", r)
		}
	}
}

func TestPermissionsBoundaryReachesTheRoles(t *testing.T) {
	stack := newStack(t)
	td := fargateTask(stack, nil, nil)
	awsiam.PermissionsBoundary_Of(td).Apply(awsiam.ManagedPolicy_FromManagedPolicyArn(stack, jsii.String("Boundary"), jsii.String("arn:aws:iam::111122223333:policy/b")))
	for _, r := range synth(t, stack).some("AWS::IAM::Role") {
		assertJSON(t, "boundary", r["PermissionsBoundary"], `"arn:aws:iam::111122223333:policy/b"`)
	}
}

func TestImmutableRoleDrawsAWarningWithTheStatement(t *testing.T) {
	stack := newStack(t)
	role := awsiam.Role_FromRoleArn(stack, jsii.String("Given"), jsii.String("arn:aws:iam::111122223333:role/given"), &awsiam.FromRoleArnOptions{Mutable: jsii.Bool(false)})
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{TaskRole: role},
		nil)
	assertWarning(t, td.Workspace(), roleNotOurs, `{"Action":"aps:RemoteWrite","Effect":"Allow","Resource":{"Fn::GetAtt":["TaskWorkspaceCC2D2B01","Arn"]}}`)
}

func TestImmutableRoleIsToldOfEveryStatement(t *testing.T) {
	stack := newStack(t)
	telemetry := withAssumedRole(stack)
	telemetry.Traces = jsii.Bool(true)
	role := awsiam.Role_FromRoleArn(stack, jsii.String("Given"), jsii.String("arn:aws:iam::111122223333:role/given"), &awsiam.FromRoleArnOptions{Mutable: jsii.Bool(false)})
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
		&awsecs.FargateTaskDefinitionProps{TaskRole: role},
		telemetry)
	assertContains(t, warnings(td), `{"Action":["sts:AssumeRole"],"Effect":"Allow","Resource":"`+writerArn+`"}`,
		`{"Action":["xray:PutTelemetryRecords","xray:PutTraceSegments"],"Effect":"Allow","Resource":"*"}`)
	assertNoWarnings(t, fargateTask(newStack(t), &otelprometheus.TelemetryProps{Traces: jsii.Bool(true)}, nil)) // its role is made here
}

func TestVpcEndpoints(t *testing.T) {
	services := func(tmpl template) string {
		var all []string
		for _, e := range tmpl.all("AWS::EC2::VPCEndpoint") {
			name := plainText(e["ServiceName"])
			all = append(all, name[strings.Index(name, "}")+1:])
		}
		return strings.Join(all, " ")
	}
	stack := newStack(t)
	vpc := awsec2.NewVpc(stack, jsii.String("Vpc"), nil)
	fargateTask(stack, nil, nil).AddVpcEndpoints(vpc, nil)
	tmpl := synth(t, stack)
	assertContains(t, services(tmpl), ".aps-workspaces", ".logs", ".ecr.api", ".ecr.dkr", ".s3")
	for _, service := range []string{".sts", ".ssm", ".xray", ".secretsmanager"} {
		if strings.Contains(services(tmpl), service) {
			t.Errorf("an endpoint for %s, which is not used: %s", service, services(tmpl))
		}
	}
	for _, e := range tmpl.all("AWS::EC2::VPCEndpoint") {
		if strings.Contains(asJSON(e["ServiceName"]), "aps-workspaces") {
			assertJSON(t, "policy", e["PolicyDocument"].(object)["Statement"].([]any)[0].(object)["Resource"], `{"Fn::GetAtt":["TaskWorkspaceCC2D2B01","Arn"]}`)
			if len(e["SecurityGroupIds"].([]any)) != 1 {
				t.Error("no security group")
			}
		}
	}

	other := newStack(t)
	vpc = awsec2.NewVpc(other, jsii.String("Vpc"), nil)
	telemetry := withAssumedRole(other)
	telemetry.Traces = jsii.Bool(true)
	td := fargateTask(other, telemetry, nil)
	td.AddVpcEndpoints(vpc, &otelprometheus.VpcEndpointsProps{SecretsManager: jsii.Bool(true), Ssm: jsii.Bool(true)})
	td.AddVpcEndpoints(vpc, nil) // a second call uses what is there
	assertWarned(t, td, "publicImage", "in a public registry")
	all := services(synth(t, other))
	for _, service := range []string{".sts", ".ssm", ".xray", ".secretsmanager"} {
		if strings.Count(all, service) != 1 {
			t.Errorf("not one endpoint for %s: %s", service, all)
		}
	}
}
