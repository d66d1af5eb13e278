package otelprometheus

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// task is what matters of a task definition's own props.
type task struct {
	compatibility awsecs.Compatibility
	networkMode   awsecs.NetworkMode
	platform      *awsecs.RuntimePlatform
	cpu           *float64 // nil where it is not known or there is none
	memoryMiB     *float64 // nil where it is not known or there is none
	noCpu         bool     // it has no CPU units of its own, only its containers have
	noMemory      bool     // the same for memory
	ownTaskRole   bool     // the user gave one
	family        *string  // nil where awscdk makes one up
	volumes       bool     // it has some, or may have
	proxy         bool     // one of its containers is a proxy that the others go through

	// What follows from the above.
	fargate, ec2 bool   // the task can run there
	launchType   string // what the collector will detect, or empty where that is not known yet
	bridge       bool   // each container has its own network namespace; in the other modes all of them share one
	host         string // what receivers listen on
}

const (
	loopback   = "127.0.0.1"
	anyAddress = "0.0.0.0"
)

// withDefaults fills in the network mode as awsecs does, and what follows.
func (t task) withDefaults() task {
	on := func(launchType string) bool { return strings.Contains(string(t.compatibility), launchType) }
	if t.networkMode == "" {
		t.networkMode = awsecs.NetworkMode_BRIDGE
		// awsecs v2.276.0 takes the combination of all three for none of them; TestAllThreeLaunchTypes pins that.
		if t.compatibility != awsecs.Compatibility_FARGATE_AND_EC2_AND_MANAGED_INSTANCES && (on("FARGATE") || on("MANAGED_INSTANCES")) {
			t.networkMode = awsecs.NetworkMode_AWS_VPC
		}
	}
	t.fargate, t.ec2 = on("FARGATE"), on("EC2")
	switch t.compatibility {
	case awsecs.Compatibility_FARGATE:
		t.launchType = "fargate"
	case awsecs.Compatibility_EC2:
		t.launchType = "ec2"
	}
	t.host = loopback
	if t.bridge = t.networkMode == awsecs.NetworkMode_BRIDGE; t.bridge {
		t.host = anyAddress // reached through links only; no port is published
	}
	return t
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
	t.validateSize(f)
	if onWindows(t.platform) {
		f.Add("RuntimePlatform is Windows; there is no ADOT collector image for Windows; use OperatingSystemFamily_LINUX")
	}
}

func onWindows(p *awsecs.RuntimePlatform) bool {
	return p != nil && p.OperatingSystemFamily != nil && *p.OperatingSystemFamily.IsWindows()
}

// fargateSizes are the memory sizes, in MiB, that Fargate has for CPU units: from, to and step.
//
// Source: Amazon ECS Developer Guide, Fargate task CPU and memory.
var fargateSizes = []fargateSize{
	{256, 512, 2048, 512},
	{512, 1024, 4096, 1024},
	{1024, 2048, 8192, 1024},
	{2048, 4096, 16384, 1024},
	{4096, 8192, 30720, 1024},
	{8192, 16384, 61440, 4096},
	{16384, 32768, 122880, 8192},
}

// validateSize reports a size that Fargate does not have. More CPU units than the list has are not judged: Fargate may have grown.
func (t task) validateSize(f *input.Faults) {
	if !t.fargate || t.cpu == nil || t.memoryMiB == nil || t.noCpu || t.noMemory || *t.cpu > fargateSizes[len(fargateSizes)-1].cpu {
		return
	}
	var offered []string
	for _, size := range fargateSizes {
		if size.cpu == *t.cpu && size.has(*t.memoryMiB) {
			return
		}
		offered = append(offered, fmt.Sprintf("%.0f with %.0f to %.0f MiB in steps of %.0f", size.cpu, size.from, size.to, size.step))
	}
	f.Add("the task has %s CPU units and %s MiB of memory, a size that Fargate does not have; it has %s%s",
		input.Number(t.cpu), input.Number(t.memoryMiB), strings.Join(offered, ", "), t.smallestFit(*t.memoryMiB))
}

// fargateSize is a number of CPU units with the memory sizes for it, in MiB.
type fargateSize struct{ cpu, from, to, step float64 }

// has says whether Fargate offers these CPU units with so much memory.
func (s fargateSize) has(memoryMiB float64) bool {
	steps := (memoryMiB - s.from) / s.step
	return memoryMiB >= s.from && memoryMiB <= s.to && steps == math.Trunc(steps) && !(s.cpu == 256 && memoryMiB == 1536) // not offered
}

// smallestFit names the smallest Fargate size with the task's CPU units or more that holds memory.
func (t task) smallestFit(memoryMiB float64) string {
	if !t.fargate || t.cpu == nil {
		return ""
	}
	for _, size := range fargateSizes {
		for m := size.from; m <= size.to; m += size.step {
			if size.cpu >= *t.cpu && m >= memoryMiB && size.has(m) {
				return fmt.Sprintf("; the smallest Fargate size that fits is %.0f CPU units with %.0f MiB", size.cpu, m)
			}
		}
	}
	return ""
}

// knownNumber is n, d where n is nil, and nil where n is a token.
func knownNumber(n *float64, d float64) *float64 {
	switch {
	case n == nil:
		return &d
	case token.Is(*n):
		return nil
	default:
		return n
	}
}

// parseNumber reads the size of an awsecs.TaskDefinition; nil where it is not known. What awscdk does not understand
// either, it reports itself.
func parseNumber(s *string) *float64 {
	if !input.Known(s) {
		return nil
	}
	n, err := strconv.ParseFloat(*s, 64)
	if err != nil {
		return nil
	}
	return &n
}
