package otelprometheus

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/endpoint"
	"github.com/seed86154836/cdk-otel-prometheus/internal/grants"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// Ids that awscdk gives to the roles it creates below a task definition; TestRolesProps pins them.
const (
	idTaskRole      = "TaskRole"
	idExecutionRole = "ExecutionRole"
)

// validateAccess reports options that contradict each other.
func (s *settings) validateAccess(f *input.Faults) {
	if r := s.telemetry.RemoteWrite; r != nil && r.AssumeRole == nil {
		if r.ExternalId != nil || r.StsRegion != nil {
			f.Add("Telemetry.RemoteWrite: ExternalId and StsRegion go with AssumeRole, which is not set")
		}
	}
	s.validateEndpoint(f)
	if r := s.telemetry.Roles; r != nil {
		if s.task.ownTaskRole && (input.BoolOr(r.ManagedPolicy, false) || r.TaskRoleName != nil) {
			f.Add("Telemetry.Roles: ManagedPolicy and TaskRoleName change a task role that is created, but one is given; change that one, or leave it out")
		}
		if input.BoolOr(r.ManagedPolicy, false) && s.assumedRole() != nil {
			f.Add("Telemetry.Roles.ManagedPolicy lets the task role write, but Telemetry.RemoteWrite.AssumeRole writes as another; leave one out")
		}
	}
}

// validateEndpoint looks at the endpoint before there is a workspace: a new one will be in the region of the stack.
func (s *settings) validateEndpoint(f *input.Faults) {
	r := s.telemetry.RemoteWrite
	if r == nil || r.Endpoint == nil {
		return
	}
	region := s.task.region
	if w := s.telemetry.Workspace; w != nil {
		region = w.Env().Region
	}
	f.AddAll("Telemetry.RemoteWrite.Endpoint", endpoint.Options(*r.Endpoint).Check(endpoint.In(region))...)
}

func (s *settings) assumedRole() awsiam.IRole {
	if r := s.telemetry.RemoteWrite; r != nil {
		return r.AssumeRole
	}
	return nil
}

// remoteWrite is where the collector writes, given the workspace's URL and region and those of the task.
func (s *settings) remoteWrite(endpoint, region, taskRegion string) collector.RemoteWrite {
	w := collector.RemoteWrite{Endpoint: endpoint, Region: region}
	if r := s.telemetry.RemoteWrite; r != nil {
		w.Region = input.StringOr(r.Region, region)
		if r.AssumeRole != nil {
			w.AssumeRole = &collector.AssumeRole{
				ARN:        *r.AssumeRole.RoleArn(),
				STSRegion:  input.StringOr(r.StsRegion, taskRegion),
				ExternalID: input.StringOr(r.ExternalId, ""),
			}
		}
	}
	return w
}

// remoteWrite is where the collector writes, once the workspace is there.
func (s *sidecar) remoteWrite() collector.RemoteWrite {
	var endpoint *amp.EndpointOptions
	if r := s.settings.telemetry.RemoteWrite; r != nil {
		endpoint = r.Endpoint
	}
	return s.settings.remoteWrite(*amp.RemoteWriteUrlFor(s.workspace, endpoint), *s.workspace.Env().Region, s.region())
}

// grantWrite gives the task role the one way in that it uses.
func (s *sidecar) grantWrite() {
	role := s.task.TaskRole()
	roles := s.settings.telemetry.Roles
	switch {
	case s.settings.assumedRole() != nil:
		s.allow(s.settings.assumedRole().RoleArn(), "sts:AssumeRole")
	case roles != nil && input.BoolOr(roles.ManagedPolicy, false):
		role.AddManagedPolicy(awsiam.ManagedPolicy_FromAwsManagedPolicyName(jsii.String("AmazonPrometheusRemoteWriteAccess")))
	default:
		s.workspace.GrantRemoteWrite(role)
	}
	if roles != nil && roles.TaskRoleName != nil {
		s.created(idTaskRole).SetRoleName(roles.TaskRoleName)
	}
}

// allow lets the task role do something, or says in a warning what it lacks.
func (s *sidecar) allow(resource *string, actions ...string) {
	s.warnWithoutEffect(awsiam.Grant_AddToPrincipal(&awsiam.GrantOnPrincipalOptions{
		Grantee: s.task.TaskRole(), Actions: jsii.Strings(actions...), ResourceArns: &[]*string{resource},
	}), *resource, actions...)
}

// warnWithoutEffect names the statement that a task role needs, where a grant could not change it.
func (s *sidecar) warnWithoutEffect(grant awsiam.Grant, resource string, actions ...string) {
	role := s.task.TaskRole()
	if grants.TookEffect(role.GrantPrincipal(), grant) {
		return
	}
	slices.Sort(actions)
	statement, err := json.Marshal(map[string]any{"Effect": "Allow", "Action": actions, "Resource": resource})
	if err != nil {
		panic(err) // strings can always be written
	}
	input.Warn(s.task, "taskRoleNotChanged", "the task role %s cannot be changed by this app; attach this statement to it: %s", *role.RoleArn(), statement)
}

// created is a role that awscdk made below the task definition, or nil.
func (s *sidecar) created(id string) awsiam.CfnRole {
	if role := s.task.Node().TryFindChild(&id); role != nil {
		return role.Node().DefaultChild().(awsiam.CfnRole)
	}
	return nil
}

// restrictTrust adds the conditions to the roles that awscdk made. The execution role comes with the first container that
// needs it, so this runs from the aspect.
func (s *sidecar) restrictTrust() {
	if roles := s.settings.telemetry.Roles; roles == nil || !input.BoolOr(roles.RestrictTrust, false) {
		return
	}
	for _, id := range []string{idTaskRole, idExecutionRole} {
		if role := s.created(id); role != nil {
			s.restrict(role)
		}
	}
}

func (s *sidecar) restrict(role awsiam.CfnRole) {
	role.AddPropertyOverride(jsii.String("AssumeRolePolicyDocument.Statement.0.Condition"), map[string]any{
		"StringEquals": map[string]any{"aws:SourceAccount": s.stack.Account()},
		"ArnLike": map[string]any{"aws:SourceArn": s.stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("ecs"), Resource: jsii.String("*"), ArnFormat: awscdk.ArnFormat_NO_RESOURCE_NAME,
		})},
	})
}

// addVpcEndpoints adds what the task needs in subnets without a way to the internet. An endpoint that an earlier call added to
// the VPC is used again.
func (s *sidecar) addVpcEndpoints(vpc awsec2.IVpc, props *VpcEndpointsProps) {
	if vpc == nil {
		panic(*s.task.Node().Path() + ": AddVpcEndpoints: vpc is nil; pass the VPC that the task runs in")
	}
	if props == nil {
		props = &VpcEndpointsProps{}
	}
	add := func(id string, service awsec2.InterfaceVpcEndpointAwsService) awsec2.InterfaceVpcEndpoint {
		id = "OtelPrometheus" + id
		if there := vpc.Node().TryFindChild(&id); there != nil {
			return there.(awsec2.InterfaceVpcEndpoint)
		}
		return vpc.AddInterfaceEndpoint(&id, &awsec2.InterfaceVpcEndpointOptions{Service: service, Subnets: props.Subnets})
	}
	add("EcrApi", awsec2.InterfaceVpcEndpointAwsService_ECR())
	add("EcrDocker", awsec2.InterfaceVpcEndpointAwsService_ECR_DOCKER())
	add("Logs", awsec2.InterfaceVpcEndpointAwsService_CLOUDWATCH_LOGS())
	if s.settings.assumedRole() != nil {
		add("Sts", awsec2.InterfaceVpcEndpointAwsService_STS())
	}
	if s.parameter != nil || s.settings.source.parameter != nil || input.BoolOr(props.Ssm, false) {
		add("Ssm", awsec2.InterfaceVpcEndpointAwsService_SSM())
	}
	if s.tracing() {
		add("Xray", awsec2.InterfaceVpcEndpointAwsService_XRAY())
	}
	if input.BoolOr(props.SecretsManager, false) {
		add("SecretsManager", awsec2.InterfaceVpcEndpointAwsService_SECRETS_MANAGER())
	}
	// Whoever uses this endpoint, it leads to this workspace only.
	add("Aps", awsec2.InterfaceVpcEndpointAwsService_PROMETHEUS_WORKSPACES()).AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()},
		Actions:    jsii.Strings("aps:GetLabels", "aps:GetMetricMetadata", "aps:GetSeries", "aps:QueryMetrics", "aps:RemoteWrite"),
		Resources:  &[]*string{s.workspace.WorkspaceArn()},
	}))
	s.addS3Endpoint(vpc)
	if image := *s.collector.ImageName(); strings.HasPrefix(image, "public.ecr.aws/") {
		input.Warn(s.task, "publicImage", "the collector's image %s is in a public registry, which no VPC endpoint leads to; copy it to a private one, "+
			"for example with awsecs.ContainerImage_FromAsset and a Dockerfile of one line, and set CollectorProps.Image", image)
	}
}

// addS3Endpoint adds the gateway through which ECR serves the layers of images.
//
// Source: Amazon ECR User Guide, interface VPC endpoints, minimum Amazon S3 bucket permissions.
func (s *sidecar) addS3Endpoint(vpc awsec2.IVpc) {
	const id = "OtelPrometheusS3"
	gateway, there := vpc.Node().TryFindChild(jsii.String(id)).(awsec2.GatewayVpcEndpoint)
	if !there {
		gateway = vpc.AddGatewayEndpoint(jsii.String(id), &awsec2.GatewayVpcEndpointOptions{Service: awsec2.GatewayVpcEndpointAwsService_S3()})
		s.allowRead(gateway, fmt.Sprintf("arn:%s:s3:::prod-%s-starport-layer-bucket/*", *s.stack.Partition(), *s.stack.Region()))
	}
	if c := s.settings.source; c.bucket != nil {
		s.allowRead(gateway, *c.bucket.ArnForObjects(&c.key))
	} else if s.asset != nil {
		s.allowRead(gateway, *s.asset.Bucket().ArnForObjects(s.asset.S3ObjectKey()))
	}
}

func (s *sidecar) allowRead(gateway awsec2.GatewayVpcEndpoint, objects string) {
	gateway.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()}, Actions: jsii.Strings("s3:GetObject"), Resources: &[]*string{&objects},
	}))
}
