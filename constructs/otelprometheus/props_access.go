package otelprometheus

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

// RemoteWriteProps says how the workspace is written to.
type RemoteWriteProps struct {
	// Endpoint chooses another host of the workspace: FIPS, dual-stack, or your own host, such as a VPC endpoint.
	//
	// Default: the public endpoint of AMP in the workspace's region.
	Endpoint *amp.EndpointOptions

	// AssumeRole is a role to write as, such as one in the workspace's account. The task role is allowed to assume it, and nothing
	// else. The owner of the role must let it trust the task role, and allow it aps:RemoteWrite.
	//
	// Default: none, the task role writes itself.
	AssumeRole awsiam.IRole

	// ExternalId is sent with the request to assume the role. Only with AssumeRole.
	//
	// Default: none.
	ExternalId *string

	// StsRegion is the region of the STS endpoint. Only with AssumeRole.
	//
	// Default: the region of the stack.
	StsRegion *string
}

// TaskRoleNameDocumented is the name that AWS documents for the task role of this integration.
const TaskRoleNameDocumented = "AmazonECS_OpenTelemetryPrometheusRole"

// RolesProps changes the roles that the task definition creates. Roles that are given to it stay unchanged.
type RolesProps struct {
	// ManagedPolicy attaches the managed policy AmazonPrometheusRemoteWriteAccess to the task role, which allows it to write
	// to every workspace of the account, instead of a statement for the one workspace.
	//
	// Default: false.
	ManagedPolicy *bool

	// TaskRoleName names the task role, such as TaskRoleNameDocumented. A name can be used once in an account.
	//
	// Default: a generated name.
	TaskRoleName *string

	// RestrictTrust lets ECS assume the roles only for tasks of the stack's account and region: the trust policies get the
	// conditions aws:SourceAccount and aws:SourceArn.
	//
	// Default: false, as awscdk has it.
	// Source: Amazon ECS Developer Guide, task IAM role, confused deputy.
	RestrictTrust *bool
}

// VpcEndpointsProps configures AddVpcEndpoints.
type VpcEndpointsProps struct {
	// Subnets that the task runs in. They get an interface endpoint, and their route tables the gateway for S3.
	//
	// Default: the private subnets of the VPC, or the isolated ones where it has no others.
	Subnets *awsec2.SubnetSelection

	// Ssm adds the endpoint that containers with secrets from SSM parameters need. It is added anyway where the configuration is in
	// a parameter.
	//
	// Default: false.
	Ssm *bool

	// SecretsManager adds the endpoint that containers with secrets from Secrets Manager need.
	//
	// Default: false.
	SecretsManager *bool

	// RestrictAccess gives the endpoints for S3 and AMP a policy that allows only the layers of images in ECR, the configuration of
	// the collector, and the workspaces of the task definitions that AddVpcEndpoints is called on. It denies everything else in these
	// subnets that goes through them, and a warning says so. Endpoints that were there keep their policy.
	//
	// Default: false, the endpoints take nothing away from anybody.
	RestrictAccess *bool
}
