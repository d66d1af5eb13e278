package otelprometheus

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// addVpcEndpoints adds what the task needs in subnets without a way to the internet. An endpoint that is there is used.
func (s *Sidecar) addVpcEndpoints(vpc awsec2.IVpc, props *VpcEndpointsProps) {
	if vpc == nil {
		panic(*s.task.Node().Path() + ": AddVpcEndpoints: vpc is nil; pass the VPC that the task runs in")
	}
	if props == nil {
		props = &VpcEndpointsProps{}
	}
	there := endpointsOf(vpc)
	restrict := input.BoolOr(props.RestrictAccess, false)
	add := func(id, service string, kind awsec2.InterfaceVpcEndpointAwsService, allowed *awsiam.PolicyStatementProps) {
		id = "OtelPrometheus" + id
		endpoint, ours := vpc.Node().TryFindChild(&id).(awsec2.InterfaceVpcEndpoint)
		if !ours {
			if there[service] != nil {
				return
			}
			endpoint = vpc.AddInterfaceEndpoint(&id, &awsec2.InterfaceVpcEndpointOptions{Service: kind, Subnets: props.Subnets})
		}
		if restrict && allowed != nil {
			endpoint.AddToPolicy(awsiam.NewPolicyStatement(allowed))
		}
	}
	add("EcrApi", "ecr.api", awsec2.InterfaceVpcEndpointAwsService_ECR(), nil)
	add("EcrDocker", "ecr.dkr", awsec2.InterfaceVpcEndpointAwsService_ECR_DOCKER(), nil)
	add("Logs", "logs", awsec2.InterfaceVpcEndpointAwsService_CLOUDWATCH_LOGS(), nil)
	if s.settings.write.AssumeRole != nil {
		add("Sts", "sts", awsec2.InterfaceVpcEndpointAwsService_STS(), nil)
	}
	source := s.settings.source
	if source != nil && source.parameter != nil || input.BoolOr(props.Ssm, false) {
		add("Ssm", "ssm", awsec2.InterfaceVpcEndpointAwsService_SSM(), nil)
	}
	if s.settings.tracing {
		add("Xray", "xray", awsec2.InterfaceVpcEndpointAwsService_XRAY(), nil)
	}
	if input.BoolOr(props.SecretsManager, false) {
		add("SecretsManager", "secretsmanager", awsec2.InterfaceVpcEndpointAwsService_SECRETS_MANAGER(), nil)
	}
	add("Aps", "aps-workspaces", awsec2.InterfaceVpcEndpointAwsService_PROMETHEUS_WORKSPACES(), allowAnybody("aps:*", s.workspace.WorkspaceArn()))
	s.addS3Endpoint(vpc, there, props.Subnets, restrict)
	s.warnOfEndpoints(props, restrict)
}

// addS3Endpoint adds the gateway through which ECR serves the layers of images. It serves all buckets of the region: only the route
// tables of the task's subnets get it, and its policy takes nothing from others unless that is asked for.
//
// Source: Amazon ECR User Guide, interface VPC endpoints, minimum Amazon S3 bucket permissions.
func (s *Sidecar) addS3Endpoint(vpc awsec2.IVpc, there map[string]awsec2.CfnVPCEndpoint, subnets *awsec2.SubnetSelection, restrict bool) {
	id := "OtelPrometheusS3"
	gateway, ours := vpc.Node().TryFindChild(&id).(awsec2.GatewayVpcEndpoint)
	if !ours && there["s3"] != nil {
		return
	}
	if subnets == nil {
		subnets = &awsec2.SubnetSelection{}
	}
	if ours {
		addRouteTables(gateway.Node().DefaultChild().(awsec2.CfnVPCEndpoint), *vpc.SelectSubnets(subnets).Subnets)
	} else {
		gateway = vpc.AddGatewayEndpoint(&id, &awsec2.GatewayVpcEndpointOptions{
			Service: awsec2.GatewayVpcEndpointAwsService_S3(), Subnets: &[]*awsec2.SubnetSelection{subnets},
		})
	}
	if !restrict {
		return
	}
	objects := []*string{jsii.String(fmt.Sprintf("arn:%s:s3:::prod-%s-starport-layer-bucket/*", *s.stack.Partition(), *s.stack.region))}
	if c := s.settings.source; c != nil && c.bucket != nil {
		objects = append(objects, c.bucket.ArnForObjects(&c.key))
	} else if s.asset != nil {
		objects = append(objects, s.asset.Bucket().ArnForObjects(s.asset.S3ObjectKey()))
	}
	for _, object := range objects {
		gateway.AddToPolicy(awsiam.NewPolicyStatement(allowAnybody("s3:GetObject", object)))
	}
}

// addRouteTables lets more subnets through a gateway.
func addRouteTables(gateway awsec2.CfnVPCEndpoint, subnets []awsec2.ISubnet) {
	ids := slices.Clone(*gateway.RouteTableIds())
	for _, subnet := range subnets {
		id := subnet.RouteTable().RouteTableId()
		if !slices.ContainsFunc(ids, func(other *string) bool { return *other == *id }) {
			ids = append(ids, id)
		}
	}
	gateway.SetRouteTableIds(&ids)
}

func allowAnybody(action string, resource *string) *awsiam.PolicyStatementProps {
	return &awsiam.PolicyStatementProps{Principals: &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()}, Actions: &[]*string{&action}, Resources: &[]*string{resource}}
}

// endpointsOf are the endpoints of a VPC that its stack has, by the last part of the service's name, such as s3.
func endpointsOf(vpc awsec2.IVpc) map[string]awsec2.CfnVPCEndpoint {
	found := map[string]awsec2.CfnVPCEndpoint{}
	for _, child := range *awscdk.Stack_Of(vpc).Node().FindAll(constructs.ConstructOrder_PREORDER) {
		endpoint, is := child.(awsec2.CfnVPCEndpoint)
		if !is || endpoint.ServiceName() == nil || *endpoint.VpcId() != *vpc.VpcId() {
			continue
		}
		name := token.Without(*endpoint.ServiceName())
		for _, service := range []string{"ecr.api", "ecr.dkr", "logs", "sts", "ssm", "xray", "secretsmanager", "aps-workspaces", "s3"} {
			if strings.HasSuffix(name, "."+service) {
				found[service] = endpoint
			}
		}
	}
	return found
}

// warnOfEndpoints says what an endpoint of the VPC does not reach.
func (s *Sidecar) warnOfEndpoints(props *VpcEndpointsProps, restrict bool) {
	if restrict {
		input.Warn(s.task, "restrictedEndpoints", "the endpoints for S3 and AMP allow only what the task definitions that were passed to AddVpcEndpoints need; "+
			"all else in these subnets that uses S3 or AMP is denied. Leave VpcEndpointsProps.RestrictAccess out where that is not wanted")
	}
	if region := s.stack.of(s.workspace).region; input.Differ(region, s.stack.region) {
		input.Warn(s.task, "endpointOfAnotherRegion", "the workspace is in %s, and an endpoint of a VPC in %s does not lead there; the task needs another way, "+
			"such as a peered VPC with an endpoint and RemoteWrite.Endpoint with its host", *region, *s.stack.region)
	}
	if region := s.settings.write.StsRegion; region != nil && input.Differ(region, s.stack.region) {
		input.Warn(s.task, "stsOfAnotherRegion", "RemoteWrite.StsRegion is %s, and an endpoint of a VPC in %s does not lead there; leave StsRegion out", *region, *s.stack.region)
	}
	if e := s.settings.write.Endpoint; e != nil && (input.BoolOr(e.Fips, false) || input.BoolOr(e.DualStack, false)) {
		input.Warn(s.task, "endpointOfAnotherHost", "RemoteWrite.Endpoint chooses a FIPS or dual-stack host, and the private DNS name of the VPC endpoint is that of the default host; "+
			"leave Fips and DualStack out, or make sure that this host is reached")
	}
	if len(s.settings.secrets) > 0 && !input.BoolOr(props.SecretsManager, false) && !input.BoolOr(props.Ssm, false) {
		input.Warn(s.task, "secretsEndpoint", "the collector has secrets, but the endpoints that they are read through are not asked for; "+
			"set VpcEndpointsProps.SecretsManager or Ssm, by where the secrets are")
	}
	var public []string
	if image := *s.collector.ImageName(); strings.HasPrefix(image, "public.ecr.aws/") {
		public = append(public, image+" (CollectorProps.Image)")
	}
	if s.settings.drain != 0 && s.settings.delivery.DrainImage == nil {
		public = append(public, defaultDrainImage+" (DeliveryProps.DrainImage)")
	}
	if len(public) > 0 {
		input.Warn(s.task, "publicImage", "images in a public registry cannot be reached through a VPC endpoint: %s; copy them to a private one, "+
			"for example with awsecs.ContainerImage_FromAsset and a Dockerfile of one line, and name the copies in the fields in brackets", strings.Join(public, ", "))
	}
}
