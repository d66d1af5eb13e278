package otelprometheus

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/collector"
)

// warn says what may be meant, and may be a mistake. Each warning can be acknowledged by its id.
func (s *sidecar) warn() {
	add := func(id, message string) {
		awscdk.Annotations_Of(s.task).AddWarningV2(jsii.String("cdk-otel-prometheus:"+id), jsii.String(message))
	}
	if image := *s.collector.ImageName(); !pinned(image) {
		add("unpinnedImage", "the collector's image "+image+" is not pinned to a version; name a tag such as "+collector.ADOTVersion)
	}
	if d := s.settings.config.StatsD; d != nil && len(d.Rates) == 0 {
		add("statsdCounters", "StatsD counters are increments, which Prometheus cannot store; name those you need in Telemetry.Statsd.Rates, "+
			"or acknowledge that they are dropped")
	}
	if s.settings.task.compatibility == awsecs.Compatibility_FARGATE_AND_EC2_AND_MANAGED_INSTANCES {
		add("allLaunchTypes", "awscdk v2.270.0 writes no RequiresCompatibilities for FARGATE_AND_EC2_AND_MANAGED_INSTANCES, and makes bridge its network mode; "+
			"use a combination of two, or look at the template")
	}
	if s.settings.task.networkMode == awsecs.NetworkMode_HOST {
		add("hostNetwork", "with network mode host the collectors of all tasks on an instance share its ports; run one such task an instance, "+
			"with a daemon service or a distinctInstance constraint, or use awsvpc")
	}
}

// pinned says whether an image cannot change under a deployed task definition.
func pinned(image string) bool {
	name := image[strings.LastIndex(image, "/")+1:]
	return unresolved(image) || strings.Contains(name, "@") || strings.Contains(name, ":") && !strings.HasSuffix(name, ":latest")
}
