package otelprometheus

import (
	"strings"

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

// pinned says whether an image cannot change under a deployed task definition.
func pinned(image string) bool {
	name := image[strings.LastIndex(image, "/")+1:]
	return token.In(image) || strings.Contains(name, "@") || strings.Contains(name, ":") && !strings.HasSuffix(name, ":latest")
}
