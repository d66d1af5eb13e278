package otelprometheus

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// addVpcEndpoints adds what the task needs in subnets without a way to the internet. An endpoint that an earlier call added to
// the VPC is used again.
func (s *Sidecar) addVpcEndpoints(vpc awsec2.IVpc, props *VpcEndpointsProps) {
	if vpc == nil {
		panic(*s.task.Node().Path() + ": AddVpcEndpoints: vpc is nil; pass the VPC that the task runs in")
	}
	if props == nil {
		props = &VpcEndpointsProps{}
	}
	source := s.settings.source
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
	if s.settings.write.AssumeRole != nil {
		add("Sts", awsec2.InterfaceVpcEndpointAwsService_STS())
	}
	if source != nil && source.parameter != nil || input.BoolOr(props.Ssm, false) {
		add("Ssm", awsec2.InterfaceVpcEndpointAwsService_SSM())
	}
	if s.settings.tracing {
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
		input.Warn(s.task, "publicImage", "the collector's image %s is in a public registry, which cannot be reached through a VPC endpoint; copy it to a private one, "+
			"for example with awsecs.ContainerImage_FromAsset and a Dockerfile of one line, and set CollectorProps.Image", image)
	}
}

// addS3Endpoint adds the gateway through which ECR serves the layers of images.
//
// Source: Amazon ECR User Guide, interface VPC endpoints, minimum Amazon S3 bucket permissions.
func (s *Sidecar) addS3Endpoint(vpc awsec2.IVpc) {
	const id = "OtelPrometheusS3"
	gateway, there := vpc.Node().TryFindChild(jsii.String(id)).(awsec2.GatewayVpcEndpoint)
	if !there {
		gateway = vpc.AddGatewayEndpoint(jsii.String(id), &awsec2.GatewayVpcEndpointOptions{Service: awsec2.GatewayVpcEndpointAwsService_S3()})
		s.allowRead(gateway, fmt.Sprintf("arn:%s:s3:::prod-%s-starport-layer-bucket/*", *s.stack.Partition(), *s.stack.region))
	}
	if c := s.settings.source; c != nil && c.bucket != nil {
		s.allowRead(gateway, *c.bucket.ArnForObjects(&c.key))
	} else if s.asset != nil {
		s.allowRead(gateway, *s.asset.Bucket().ArnForObjects(s.asset.S3ObjectKey()))
	}
}

func (s *Sidecar) allowRead(gateway awsec2.GatewayVpcEndpoint, objects string) {
	gateway.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()}, Actions: jsii.Strings("s3:GetObject"), Resources: &[]*string{&objects},
	}))
}
