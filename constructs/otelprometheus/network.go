package otelprometheus

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

const (
	loopback      = "127.0.0.1"
	anyAddress    = "0.0.0.0"
	firstEligible = "" // a scrape job that does not name its container reads the first one
)

// task is what matters of a task definition's own props.
type task struct {
	compatibility awsecs.Compatibility
	networkMode   awsecs.NetworkMode
	platform      *awsecs.RuntimePlatform
	cpu           *float64 // nil where it is not known or there is none
	memoryMiB     *float64 // nil where it is not known or there is none
	ownTaskRole   bool     // the user gave one
	family        *string  // nil where awscdk makes one up
	region        *string  // of the stack
}

// withDefaults fills in the network mode as awsecs does.
func (t task) withDefaults() task {
	if t.networkMode == "" {
		t.networkMode = awsecs.NetworkMode_BRIDGE
		// awsecs v2.276.0 takes the combination of all three for none of them; TestAllThreeLaunchTypes pins that.
		if t.compatibility != awsecs.Compatibility_FARGATE_AND_EC2_AND_MANAGED_INSTANCES && (t.on("FARGATE") || t.on("MANAGED_INSTANCES")) {
			t.networkMode = awsecs.NetworkMode_AWS_VPC
		}
	}
	return t
}

// on says whether the task can run on a launch type.
func (t task) on(launchType string) bool {
	return strings.Contains(string(t.compatibility), launchType)
}

// launchType is what the collector will detect, or empty where that is not known yet.
func (t task) launchType() string {
	switch t.compatibility {
	case awsecs.Compatibility_FARGATE:
		return "fargate"
	case awsecs.Compatibility_EC2:
		return "ec2"
	}
	return ""
}

// bridge says whether each container has a network namespace of its own. In the other modes all of them share one, and
// find each other on the loopback interface.
func (t task) bridge() bool { return t.networkMode == awsecs.NetworkMode_BRIDGE }

// listenHost is the address that receivers listen on.
func (t task) listenHost() string {
	if t.bridge() {
		return anyAddress // reached through links only; no port is published
	}
	return loopback
}

// validate refuses tasks that the collector cannot join.
func (t task) validate(f *input.Faults) {
	switch t.compatibility {
	case awsecs.Compatibility_EXTERNAL:
		f.Add("Compatibility is EXTERNAL; the ADOT integration does not support ECS Anywhere; use EC2, FARGATE or MANAGED_INSTANCES")
	case "":
		f.Add("Compatibility is not set; use awsecs.Compatibility_FARGATE, _EC2, _MANAGED_INSTANCES or a combination")
	}
	switch t.networkMode {
	case awsecs.NetworkMode_NONE:
		f.Add("NetworkMode is none; the collector could not reach anything; use awsvpc, bridge or host")
	case awsecs.NetworkMode_NAT:
		f.Add("NetworkMode is NAT, which is for Windows; there is no ADOT collector image for Windows; use awsvpc, bridge or host")
	}
	if p := t.platform; p != nil && p.OperatingSystemFamily != nil && *p.OperatingSystemFamily.IsWindows() {
		f.Add("RuntimePlatform is Windows; there is no ADOT collector image for Windows; use OperatingSystemFamily_LINUX")
	}
}

// validateDirections refuses what links cannot carry.
func (t task) validateDirections(c collector.Config, f *input.Faults) {
	if t.bridge() && len(c.Scrape) > 0 && (c.OTLP != nil || c.StatsD != nil) {
		f.Add("network mode bridge: scraping needs links from the collector to the containers, OTLP and StatsD need them the other way, " +
			"and links cannot be circular; use network mode awsvpc or host, or turn one of them off")
	}
}

// linkScraped leads the scrape jobs that read a container to it. Only with network mode bridge.
func (s *sidecar) linkScraped(container awsecs.ContainerDefinition, name string) (linked bool) {
	config := s.settings.config
	for i, wanted := range s.settings.scraped {
		if wanted != name && (wanted != firstEligible || s.firstScraped != "" && s.firstScraped != name) {
			continue
		}
		if wanted == firstEligible {
			s.firstScraped = name
		}
		config.Scrape[i].Targets = []string{name + ":" + portOf(config.Scrape[i].Targets[0])}
		linked = true
	}
	if linked {
		s.collector.AddLink(container, nil)
		s.update()
	}
	return linked
}

// familyName is what an unnamed job is called.
func (t task) familyName() string { return input.StringOr(t.family, pendingFamily) }

func portOf(address string) string { return address[strings.LastIndex(address, ":")+1:] }
