// Package endpoint knows the hosts that serve AMP workspaces.
package endpoint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/regioninfo"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// Options have the fields of amp.EndpointOptions, which documents them, so that one converts to the other.
type Options struct {
	Fips, DualStack *bool
	Host            *string
}

// Location is where a workspace is.
type Location struct {
	Region    *string
	Partition string // empty where it is not known
	Suffix    string // of the names of hosts
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`)

// fipsRegions are those for which aws documents aps-workspaces-fips.
//
// Source: Amazon Managed Service for Prometheus User Guide, Supported Regions.
var fipsRegions = []string{
	"us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "ca-west-1", "us-gov-east-1", "us-gov-west-1",
}

// In is a location of which no more than the region is known, which may be a token.
func In(region *string) Location {
	at := Location{Region: region}
	if p := PartitionOf(region); p != nil {
		at.Partition = *p
	}
	return at
}

// PartitionOf is the partition of a region that is known to awscdk, else nil.
func PartitionOf(region *string) *string {
	if !input.Known(region) {
		return nil
	}
	return regioninfo.RegionInfo_Get(region).Partition()
}

// Check lists options that contradict each other, and an endpoint that AWS does not document.
func (o Options) Check(at Location) (problems []string) {
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	fips, dualStack := input.BoolOr(o.Fips, false), input.BoolOr(o.DualStack, false)
	if o.Host != nil {
		if input.Known(o.Host) && !hostName.MatchString(*o.Host) {
			add("Host is %q; give the name of a host alone, such as vpce-0123-abcd.aps-workspaces.eu-west-1.vpce.amazonaws.com", *o.Host)
		}
		if fips || dualStack {
			add("Host is set together with Fips or DualStack, which choose a host too; leave one out")
		}
		return problems
	}
	if at.Partition == "aws-cn" {
		add("the workspace is in the partition aws-cn, where AWS documents no endpoint of AMP; set Host")
		return problems
	}
	if fips && input.Known(at.Region) && !slices.Contains(fipsRegions, *at.Region) {
		add("Fips is set, but AWS documents no FIPS endpoint of AMP in %s, only in %s; leave it out, or set Host", *at.Region, strings.Join(fipsRegions, ", "))
	}
	if dualStack && at.Partition != "" && at.Partition != "aws" && at.Partition != "aws-us-gov" {
		add("DualStack is set, but AWS documents no dual-stack endpoint of AMP in the partition %s; leave it out, or set Host", at.Partition)
	}
	return problems
}

// Name is the host that the options choose.
func (o Options) Name(at Location) string {
	if o.Host != nil {
		return *o.Host
	}
	service, suffix := "aps-workspaces", at.Suffix
	if input.BoolOr(o.Fips, false) {
		service = "aps-workspaces-fips"
	}
	if input.BoolOr(o.DualStack, false) {
		suffix = "api.aws"
	}
	return service + "." + *at.Region + "." + suffix
}
