package otelprometheus

import (
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// warn names likely mistakes. Each warning can be acknowledged by its id.
func (s *Sidecar) warn() {
	if s.settings.pinImage {
		if image := *s.collector.ImageName(); !pinned(image) {
			input.Warn(s.task, "unpinnedImage", "the collector's image %s is not pinned to a version; name a tag such as %s", image, ADOTVersion)
		}
	}
	if s.settings.pinImage && s.settings.container.HealthCheck != nil && s.settings.healthByDefault {
		if image := *s.collector.ImageName(); !token.In(image) && !strings.Contains(image, "aws-otel-collector") {
			input.Warn(s.task, "healthCheckOfImage", "the health check runs /healthcheck, which is part of ADOT's image; if image %s does not have it, the collector never becomes healthy: "+
				"set %sCollector.HealthCheck with Enabled false, or acknowledge this warning", image, where)
		}
	}
	for _, j := range s.settings.config.Scrape {
		if j.Interval != nil && time.Duration(*j.Interval) > longestInterval {
			input.Warn(s.task, "longInterval", "%s.Interval is %s, and a query looks back 5 minutes for the last sample: panels and alerts would have gaps; use 5 minutes or less", j.At, time.Duration(*j.Interval))
		}
		for _, name := range j.KeepMetrics {
			if histogramName.MatchString(name) {
				input.Warn(s.task, "histogramName", "%s.KeepMetrics has %s, which as the name of a histogram or a summary keeps none of its series; write %s(_bucket|_sum|_count)?", j.At, name, name)
			}
		}
	}
	if region := s.stack.of(s.workspace).region; input.Differ(region, s.stack.region) {
		input.Warn(s.task, "workspaceOfAnotherRegion", "the workspace is in %s, and the task in %s: AWS charges for data that leaves a region, and an outage of either stops the metrics", *region, *s.stack.region)
	}
	if family := s.settings.task.family; input.Known(family) {
		if other := s.stack.families[*family]; other != "" {
			input.Warn(s.task, "sameFamily", "task definition %s has the same family, %s: ECS takes them for revisions of one, and their metrics have the same labels; give each its own Family", other, *family)
		}
		s.stack.families[*family] = *s.task.Node().Path()
	}
	if d := s.settings.config.Statsd; d != nil && len(d.Rates) == 0 {
		input.Warn(s.task, "statsdCounters", "StatsD counters are increments, which Prometheus cannot store; name those you need in Telemetry.Statsd.Rates, "+
			"or acknowledge that they are dropped")
	}
	if m := s.settings.config.TaskMetrics; m != nil && len(m.Unknown()) > 0 {
		input.Warn(s.task, "unknownMetrics", "%sTaskMetrics.Metrics has %s, which ECS does not know: with network mode awsvpc the containers share the task's network, with host the instance's; "+
			"they are not stored, so remove them, or use ecs.task.network.* with awsvpc", where, strings.Join(m.Unknown(), ", "))
	}
	if s.settings.task.compatibility == awsecs.Compatibility_FARGATE_AND_EC2_AND_MANAGED_INSTANCES {
		input.Warn(s.task, "allLaunchTypes", "awscdk v2.276.0 writes no RequiresCompatibilities for FARGATE_AND_EC2_AND_MANAGED_INSTANCES, and sets the network mode bridge; "+
			"use a combination of two, or look at the template")
	}
	if s.settings.task.networkMode == awsecs.NetworkMode_HOST {
		input.Warn(s.task, "hostNetwork", "with network mode host the collectors of all tasks on an instance share its ports; run one such task an instance, "+
			"with a daemon service or a distinctInstance constraint, or use awsvpc")
	}
}

// longestInterval is how far a query looks back. Source: Prometheus documentation, staleness.
const longestInterval = 5 * time.Minute

// histogramName is the whole name of what is most likely a histogram or a summary.
var histogramName = regexp.MustCompile(`^[a-zA-Z0-9_:]*(duration|latency)_(milli)?seconds$`)

// pinned says whether an image cannot change under a deployed task definition.
func pinned(image string) bool {
	name := image[strings.LastIndex(image, "/")+1:]
	return token.In(image) || strings.Contains(name, "@") || strings.Contains(name, ":") && !strings.HasSuffix(name, ":latest")
}
