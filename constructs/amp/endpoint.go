package amp

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/regioninfo"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/endpoint"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// EndpointOptions chooses one of the hosts that serve a workspace.
type EndpointOptions struct {
	// Fips uses the endpoint with FIPS 140 validated cryptography. AWS documents it for the regions of the United States,
	// of Canada and of AWS GovCloud (US); another known region is refused.
	//
	// Default: false.
	// Source: Amazon Managed Service for Prometheus User Guide, Supported Regions.
	Fips *bool

	// DualStack uses the endpoint that answers over IPv6 too, which ends in api.aws. AWS documents it for the partitions
	// aws and aws-us-gov; another known partition is refused.
	//
	// Default: false, an endpoint for IPv4.
	// Source: Amazon Managed Service for Prometheus User Guide, Supported Regions.
	DualStack *bool

	// Host is the name of another host that serves the API, such as the DNS name of an interface VPC endpoint for
	// aps-workspaces, optionally with a port. Not together with Fips or DualStack. The region to sign for stays that of
	// the workspace.
	//
	// Default: the endpoint of AMP in the region of the workspace.
	Host *string
}

// RemoteWriteUrlFor is the URL to write metrics of a workspace to, through the endpoint that options choose; nil means
// what [IWorkspace] gives as RemoteWriteUrl. It panics when options contradict each other or AWS documents no such
// endpoint: in the partition aws-cn there is none, so Host must be set.
func RemoteWriteUrlFor(workspace IWorkspace, options *EndpointOptions) *string {
	return jsii.String(*QueryUrlFor(workspace, options) + "/api/v1/remote_write")
}

// QueryUrlFor is the base URL of the Prometheus query API of a workspace, through the endpoint that options choose. It
// panics as [RemoteWriteUrlFor] does.
func QueryUrlFor(workspace IWorkspace, options *EndpointOptions) *string {
	if workspace == nil {
		panic("QueryUrlFor: workspace is nil")
	}
	if options == nil {
		options = &EndpointOptions{}
	}
	at, chosen := locate(workspace), endpoint.Options(*options)
	if problems := chosen.Check(at.Location); len(problems) > 0 {
		input.Faults(problems).PanicIfAny(*workspace.Node().Path() + ": endpoint")
	}
	return jsii.String(fmt.Sprintf("https://%s/workspaces/%s", chosen.Name(at.Location), *workspace.WorkspaceId()))
}

// location is where a workspace is.
type location struct {
	account *string
	endpoint.Location
}

// locate says where a workspace is. The partition of its ARN counts, or that of its region, before that of the stack:
// an imported workspace may be in another one.
func locate(workspace IWorkspace) location {
	w, ours := workspace.(*Workspace)
	if ours && w.at != nil {
		return *w.at
	}
	env := workspace.Env()
	at := location{env.Account, endpoint.Location{Region: env.Region, Suffix: *workspace.Stack().UrlSuffix()}}
	if ours && input.Known(w.partition) {
		at.Partition = *w.partition
	} else if p := endpoint.PartitionOf(at.Region); p != nil {
		at.Partition = *p
	}
	switch at.Partition {
	case "":
	case "aws", "aws-us-gov":
		at.Suffix = "amazonaws.com"
	default:
		if input.Known(at.Region) {
			if s := regioninfo.RegionInfo_Get(at.Region).DomainSuffix(); s != nil {
				at.Suffix = *s
			}
		}
	}
	if ours {
		w.at = &at
	}
	return at
}

// splitWorkspaceArn takes an ARN apart; what is not known becomes a token.
func splitWorkspaceArn(stack awscdk.Stack, arn *string) *awscdk.ArnComponents {
	return stack.SplitArn(arn, awscdk.ArnFormat_SLASH_RESOURCE_NAME)
}
