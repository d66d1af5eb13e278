package amp

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/regioninfo"
	"github.com/aws/jsii-runtime-go"

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

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`)

// fipsRegions are those for which aps-workspaces-fips is documented (User Guide, Supported Regions).
var fipsRegions = []string{
	"us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "ca-west-1", "us-gov-east-1", "us-gov-west-1",
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
	at := locate(workspace)
	var f input.Faults
	if options.validate(at, &f); len(f) > 0 {
		f.PanicIfAny(*workspace.Node().Path() + ": endpoint")
	}
	return jsii.String(fmt.Sprintf("https://%s/workspaces/%s", options.host(at), *workspace.WorkspaceId()))
}

// Validate reports options that contradict each other, and an endpoint that AWS does not document for a workspace in region, which
// may be a token. An error has a line for each fault.
func (o *EndpointOptions) Validate(region *string) error {
	at := location{region: region}
	if p := partitionOf(region); p != nil {
		at.partition = *p
	}
	var f input.Faults
	if o.validate(at, &f); len(f) == 0 {
		return nil
	}
	return errors.New(strings.Join(f, "\n"))
}

func (o *EndpointOptions) validate(at location, f *input.Faults) {
	fips, dualStack := input.BoolOr(o.Fips, false), input.BoolOr(o.DualStack, false)
	if o.Host != nil {
		if input.Known(o.Host) && !hostName.MatchString(*o.Host) {
			f.Add("Host is %q; give the name of a host alone, such as vpce-0123-abcd.aps-workspaces.eu-west-1.vpce.amazonaws.com", *o.Host)
		}
		if fips || dualStack {
			f.Add("Host is set together with Fips or DualStack, which choose a host too; leave one out")
		}
		return
	}
	if at.partition == "aws-cn" {
		f.Add("the workspace is in the partition aws-cn, where AWS documents no endpoint of AMP; set Host")
		return
	}
	if fips && input.Known(at.region) && !slices.Contains(fipsRegions, *at.region) {
		f.Add("Fips is set, but AWS documents no FIPS endpoint of AMP in %s, only in %s; leave it out, or set Host", *at.region, strings.Join(fipsRegions, ", "))
	}
	if dualStack && at.partition != "" && at.partition != "aws" && at.partition != "aws-us-gov" {
		f.Add("DualStack is set, but AWS documents no dual-stack endpoint of AMP in the partition %s; leave it out, or set Host", at.partition)
	}
}

func (o *EndpointOptions) host(at location) string {
	if o.Host != nil {
		return *o.Host
	}
	service, suffix := "aps-workspaces", at.suffix
	if input.BoolOr(o.Fips, false) {
		service = "aps-workspaces-fips"
	}
	if input.BoolOr(o.DualStack, false) {
		suffix = "api.aws"
	}
	return service + "." + *at.region + "." + suffix
}

// location is where a workspace is.
type location struct {
	account, region *string
	partition       string // empty where it is not known
	suffix          string // of the names of hosts
}

// locate says where a workspace is. The partition of its ARN counts, or that of its region, before that of the stack:
// an imported workspace may be in another one.
func locate(workspace IWorkspace) location {
	w, ours := workspace.(*Workspace)
	if ours && w.at != nil {
		return *w.at
	}
	env := workspace.Env()
	at := location{account: env.Account, region: env.Region, suffix: *workspace.Stack().UrlSuffix()}
	if ours && input.Known(w.partition) {
		at.partition = *w.partition
	} else if p := partitionOf(at.region); p != nil {
		at.partition = *p
	}
	switch at.partition {
	case "":
	case "aws", "aws-us-gov":
		at.suffix = "amazonaws.com"
	default:
		if input.Known(at.region) {
			if s := regioninfo.RegionInfo_Get(at.region).DomainSuffix(); s != nil {
				at.suffix = *s
			}
		}
	}
	if ours {
		w.at = &at
	}
	return at
}

// partitionOf is the partition of a region that is known to awscdk, else nil.
func partitionOf(region *string) *string {
	if !input.Known(region) {
		return nil
	}
	return regioninfo.RegionInfo_Get(region).Partition()
}

// splitWorkspaceArn takes an ARN apart; what is not known becomes a token.
func splitWorkspaceArn(stack awscdk.Stack, arn *string) *awscdk.ArnComponents {
	return stack.SplitArn(arn, awscdk.ArnFormat_SLASH_RESOURCE_NAME)
}
