package test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
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
	assertWarning(t, td.Workspace(), roleNotOurs, `{"Action":"aps:RemoteWrite","Effect":"Allow","Resource":{"Fn::GetAtt":["OtelPrometheusWorkspaceF82D3C3F","Arn"]}}`)
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

// endpoints are the VPC endpoints of a template, by the last part of the service's name.
func endpoints(tmpl template) map[string][]object {
	found := map[string][]object{}
	for _, e := range tmpl.all("AWS::EC2::VPCEndpoint") {
		name := plainText(e["ServiceName"])
		name = strings.TrimPrefix(name[strings.Index(name, "}")+1:], ".")
		found[name] = append(found[name], e)
	}
	return found
}

func TestVpcEndpoints(t *testing.T) {
	stack := newStack(t)
	vpc := awsec2.NewVpc(stack, jsii.String("Vpc"), nil)
	fargateTask(stack, nil, nil).AddVpcEndpoints(vpc, nil)
	found := endpoints(synth(t, stack))
	if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, []string{"aps-workspaces", "ecr.api", "ecr.dkr", "logs", "s3"}) {
		t.Errorf("got endpoints for %q", got)
	}
	if len(found["aps-workspaces"][0]["SecurityGroupIds"].([]any)) != 1 {
		t.Error("no security group")
	}

	other := newStack(t)
	vpc = awsec2.NewVpc(other, jsii.String("Vpc"), nil)
	telemetry := withAssumedRole(other)
	telemetry.Traces = jsii.Bool(true)
	td := fargateTask(other, telemetry, nil)
	td.AddVpcEndpoints(vpc, &otelprometheus.VpcEndpointsProps{SecretsManager: jsii.Bool(true), Ssm: jsii.Bool(true)})
	td.AddVpcEndpoints(vpc, nil) // a second call uses what is there
	assertWarned(t, td, "publicImage", "in a public registry")
	found = endpoints(synth(t, other))
	for _, service := range []string{"sts", "ssm", "xray", "secretsmanager", "s3", "logs"} {
		if len(found[service]) != 1 {
			t.Errorf("%d endpoints for %s", len(found[service]), service)
		}
	}
}

// TestVpcEndpointsTakeNothingAway: another service of the VPC reads another bucket and another workspace.
func TestVpcEndpointsTakeNothingAway(t *testing.T) {
	stack := newStack(t)
	vpc := awsec2.NewVpc(stack, jsii.String("Vpc"), &awsec2.VpcProps{MaxAzs: jsii.Number(2)}) // public and private subnets, with NAT
	fargateTask(stack, nil, nil).AddVpcEndpoints(vpc, nil)
	for service, all := range endpoints(synth(t, stack)) {
		if policy := all[0]["PolicyDocument"]; policy != nil {
			t.Errorf("%s has a policy, which denies all that it does not allow: %s", service, asJSON(policy))
		}
	}
	tables := asJSON(endpoints(synth(t, stack))["s3"][0]["RouteTableIds"])
	if strings.Contains(tables, "Public") || strings.Count(tables, "Private") != 2 {
		t.Errorf("the S3 gateway is in route tables %s, expected the two of the private subnets", tables)
	}

	// On request they are restricted, to what all task definitions need, and a warning says so.
	stack = newStack(t)
	vpc = awsec2.NewVpc(stack, jsii.String("Vpc"), &awsec2.VpcProps{MaxAzs: jsii.Number(2)})
	restricted := &otelprometheus.VpcEndpointsProps{RestrictAccess: jsii.Bool(true)}
	first := fargateTask(stack, nil, nil)
	first.AddVpcEndpoints(vpc, restricted)
	second := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Second"), nil, &otelprometheus.TelemetryProps{
		Workspace: amp.NewWorkspace(stack, jsii.String("Other"), nil),
	})
	second.AddVpcEndpoints(vpc, &otelprometheus.VpcEndpointsProps{RestrictAccess: jsii.Bool(true), Subnets: &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PUBLIC}})
	assertWarned(t, first, "restrictedEndpoints", "is denied")
	found := endpoints(synth(t, stack))
	var allowed []string
	for _, statement := range found["aps-workspaces"][0]["PolicyDocument"].(object)["Statement"].([]any) {
		allowed = append(allowed, asJSON(statement.(object)["Action"])+asJSON(statement.(object)["Resource"]))
	}
	assertContains(t, strings.Join(allowed, " "), `"aps:*"`, `{"Fn::GetAtt":["OtelPrometheusWorkspace`, `{"Fn::GetAtt":["Other`)
	if tables := asJSON(found["s3"][0]["RouteTableIds"]); strings.Count(tables, "Public") != 2 || strings.Count(tables, "Private") != 2 {
		t.Errorf("the S3 gateway is in route tables %s, expected those of both task definitions", tables)
	}
}

// TestVpcEndpointsThatAreThereAreUsed: a second one for a service would fail to deploy.
func TestVpcEndpointsThatAreThereAreUsed(t *testing.T) {
	stack := newStack(t)
	vpc := awsec2.NewVpc(stack, jsii.String("Vpc"), &awsec2.VpcProps{MaxAzs: jsii.Number(2)})
	vpc.AddGatewayEndpoint(jsii.String("Mine"), &awsec2.GatewayVpcEndpointOptions{Service: awsec2.GatewayVpcEndpointAwsService_S3()})
	awsec2.NewInterfaceVpcEndpoint(stack, jsii.String("Logs"), &awsec2.InterfaceVpcEndpointProps{Vpc: vpc, Service: awsec2.InterfaceVpcEndpointAwsService_CLOUDWATCH_LOGS()})
	other := awsec2.NewVpc(stack, jsii.String("Other"), &awsec2.VpcProps{MaxAzs: jsii.Number(2)})
	other.AddInterfaceEndpoint(jsii.String("Ecr"), &awsec2.InterfaceVpcEndpointOptions{Service: awsec2.InterfaceVpcEndpointAwsService_ECR()})
	fargateTask(stack, nil, nil).AddVpcEndpoints(vpc, nil)
	found := endpoints(synth(t, stack))
	if len(found["s3"]) != 1 || len(found["logs"]) != 1 || len(found["ecr.api"]) != 2 {
		t.Errorf("%d gateways for S3, %d endpoints for logs, %d for ECR in two VPCs", len(found["s3"]), len(found["logs"]), len(found["ecr.api"]))
	}
}

// TestVpcEndpointsThatLeadElsewhereAreNamed: what an endpoint of the VPC does not reach.
func TestVpcEndpointsThatLeadElsewhereAreNamed(t *testing.T) {
	for id, telemetry := range map[string]func(stack awscdk.Stack) *otelprometheus.TelemetryProps{
		"endpointOfAnotherRegion": func(stack awscdk.Stack) *otelprometheus.TelemetryProps {
			return &otelprometheus.TelemetryProps{Workspace: amp.WorkspaceFromWorkspaceArn(stack, jsii.String("W"), jsii.String("arn:aws:aps:us-east-1:"+home+":workspace/ws-a"))}
		},
		"stsOfAnotherRegion": func(stack awscdk.Stack) *otelprometheus.TelemetryProps {
			telemetry := withAssumedRole(stack)
			telemetry.RemoteWrite.StsRegion = jsii.String("us-east-1")
			return telemetry
		},
		"endpointOfAnotherHost": func(awscdk.Stack) *otelprometheus.TelemetryProps {
			return &otelprometheus.TelemetryProps{RemoteWrite: &otelprometheus.RemoteWriteProps{Endpoint: &amp.EndpointOptions{DualStack: jsii.Bool(true)}}}
		},
		"secretsEndpoint": func(stack awscdk.Stack) *otelprometheus.TelemetryProps {
			secret := awsecs.Secret_FromSecretsManager(awssecretsmanager.NewSecret(stack, jsii.String("S"), nil), nil)
			return &otelprometheus.TelemetryProps{Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080), BearerToken: secret}}}
		},
		"publicImage": func(awscdk.Stack) *otelprometheus.TelemetryProps {
			return &otelprometheus.TelemetryProps{
				Collector: &otelprometheus.CollectorProps{Image: awsecs.ContainerImage_FromRegistry(jsii.String("mine/collector:1"), nil)},
				Delivery:  &otelprometheus.DeliveryProps{DrainTime: awscdk.Duration_Seconds(jsii.Number(30))},
			}
		},
	} {
		stack := homeStack(t)
		td := fargateTask(stack, telemetry(stack), nil)
		td.AddVpcEndpoints(awsec2.NewVpc(stack, jsii.String("Vpc"), nil), nil)
		assertWarned(t, td, id, "")
	}
}

// TestWorkspaceOfAnotherAccountsStack: its resource policy names the task role, by the name that it is given.
func TestWorkspaceOfAnotherAccountsStack(t *testing.T) {
	app := newApp(t)
	platform, payments := newStackIn(app, "Platform", "111122223333", "eu-west-1"), newStackIn(app, "Payments", "444455556666", "eu-west-1")
	workspace := amp.NewWorkspace(platform, jsii.String("Workspace"), nil)
	otelprometheus.NewOtelPrometheusFargateTaskDefinition(payments, jsii.String("Task"), nil,
		&otelprometheus.TelemetryProps{Workspace: workspace, Roles: &otelprometheus.RolesProps{TaskRoleName: jsii.String("payments-task")}},
	).AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: awsecs.ContainerImage_FromRegistry(jsii.String("app:1"), nil)})
	statement := asJSON(synth(t, platform).one("AWS::APS::ResourcePolicy"))
	assertContains(t, statement, "arn:aws:iam::444455556666:role/payments-task", "aps:RemoteWrite")
	assertContains(t, asJSON(synth(t, payments).all("AWS::IAM::Policy")), `"aps:RemoteWrite"`)

	assertRefused(t, func() {
		otelprometheus.NewOtelPrometheusFargateTaskDefinition(payments, jsii.String("Nameless"), nil, &otelprometheus.TelemetryProps{Workspace: workspace})
	}, "Telemetry.Workspace is in a stack of account 111122223333", "set Telemetry.Roles.TaskRoleName")
}

// TestTaskDefinitionsShareAWorkspace: those of a stack that name none share one, and a second one in the app draws a warning.
func TestTaskDefinitionsShareAWorkspace(t *testing.T) {
	app := newApp(t)
	shop, stock := awscdk.NewStack(app, jsii.String("Shop"), nil), awscdk.NewStack(app, jsii.String("Stock"), nil)
	first := otelprometheus.NewOtelPrometheusFargateTaskDefinition(shop, jsii.String("Orders"), nil, nil)
	second := otelprometheus.NewOtelPrometheusFargateTaskDefinition(shop, jsii.String("Mail"), nil, nil)
	other := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stock, jsii.String("Task"), nil, nil)
	if first.Workspace() != second.Workspace() || first.Workspace() == other.Workspace() {
		t.Error("a stack does not have one workspace")
	}
	assertNoWarnings(t, shop)
	assertWarned(t, stock, "secondWorkspace", "beside that of stack Shop")
	assertJSON(t, "alias", synth(t, shop).one("AWS::APS::Workspace")["Alias"], `"Shop"`)

	// Another stage is another deployment.
	stage := awscdk.NewStage(app, jsii.String("Production"), nil)
	production := awscdk.NewStack(stage, jsii.String("Shop"), nil)
	otelprometheus.NewOtelPrometheusFargateTaskDefinition(production, jsii.String("Task"), nil, nil)
	assertNoWarnings(t, production)
}
