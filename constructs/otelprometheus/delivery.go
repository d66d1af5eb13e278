package otelprometheus

import (
	"fmt"
	"math"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

const (
	idDrain           = "Drain"
	idLinuxParameters = "LinuxParameters"

	drainName         = "drain"
	defaultDrainImage = "public.ecr.aws/docker/library/busybox:1.37.0"
	drainMemoryMiB    = 16
	// drainMargin is what the waiting container gets to end by itself before it is killed.
	drainMargin = 2 * time.Second

	queueVolume    = "collector-queue"
	queueDirectory = "/var/lib/awscollector"
	rootUser       = "0"
)

// resolveDelivery gives the collector's part of the delivery, and reports what does not go together.
func (s *settings) resolveDelivery(f *input.Faults) collector.Delivery {
	const where = "Telemetry.Delivery"
	d := DeliveryProps{}
	if s.telemetry.Delivery != nil {
		d = *s.telemetry.Delivery
	}
	r := collector.Delivery{OneHop: input.BoolOr(d.OneHop, false), Port: input.Number(d.Port)}
	if d.QueueSize != nil {
		if *d.QueueSize.IsUnresolved() {
			f.Add("%s.QueueSize is a token; it must be known at synthesis", where)
		} else if mib := *d.QueueSize.ToMebibytes(&awscdk.SizeConversionOptions{Rounding: awscdk.SizeRoundingBehavior_FLOOR}); mib < 1 || mib > math.MaxInt32 {
			f.Add("%s.QueueSize is %.0f MiB; it must be at least 1 MiB", where, mib)
		} else {
			r.QueueSizeMiB = int(mib)
		}
	}
	if input.BoolOr(d.QueueOnDisk, false) {
		r.QueueDirectory = queueDirectory
	} else if d.QueueVolume != nil {
		f.Add("%s.QueueVolume holds a queue on disk, but QueueOnDisk is not set", where)
	}
	if d.DrainTime == nil && d.DrainImage != nil {
		f.Add("%s.DrainImage is the image of a container that there is only with DrainTime", where)
	}
	if t := f.Duration(where+".DrainTime", d.DrainTime); t != nil {
		switch {
		case *t < time.Second || *t%time.Second != 0:
			f.Add("%s.DrainTime is %s; it must be a whole number of seconds, at least one", where, *t)
		case s.task.on("FARGATE") && *t > maxFargateStopTimeout-drainMargin:
			f.Add("%s.DrainTime is %s; Fargate takes at most %.0f seconds", where, *t, (maxFargateStopTimeout - drainMargin).Seconds())
		}
		s.drain = *t
	}
	return r
}

// ownsQueueVolume says whether the queue is in a volume that is added to the task.
func (s *settings) ownsQueueVolume() bool {
	return s.config.Delivery.QueueDirectory != "" && s.telemetry.Delivery.QueueVolume == nil
}

// addQueue mounts the volume of the queue into the collector.
func (s *sidecar) addQueue() {
	if s.settings.config.Delivery.QueueDirectory == "" {
		return
	}
	name := s.settings.telemetry.Delivery.QueueVolume
	if s.settings.ownsQueueVolume() {
		name = jsii.String(queueVolume)
		s.task.AddVolume(&awsecs.Volume{Name: name})
	}
	s.collector.AddMountPoints(&awsecs.MountPoint{
		SourceVolume: name, ContainerPath: jsii.String(queueDirectory), ReadOnly: jsii.Bool(false),
	})
}

// queueUser makes the collector the owner of a volume that ECS gives to root, and takes from root what it does not need for that.
func (s *sidecar) queueUser(o *awsecs.ContainerDefinitionOptions) {
	given := s.settings.telemetry.Collector
	if !s.settings.ownsQueueVolume() || given != nil && given.User != nil {
		return
	}
	o.User = jsii.String(rootUser)
	o.LinuxParameters = awsecs.NewLinuxParameters(s.task, jsii.String(idLinuxParameters), nil)
	o.LinuxParameters.DropCapabilities(awsecs.Capability_ALL)
}

// addDrain adds the container that keeps ECS from stopping the collector for a while. As process 1 it gets SIGTERM only because of
// the trap; it then ends in good order.
func (s *sidecar) addDrain() {
	if s.settings.drain == 0 {
		return
	}
	image := s.settings.telemetry.Delivery.DrainImage
	if image == nil {
		image = awsecs.ContainerImage_FromRegistry(jsii.String(defaultDrainImage), nil)
	}
	wait := fmt.Sprintf("trap 'kill $!; sleep %.0f; exit 0' TERM; while :; do sleep 3600 & wait $!; done", s.settings.drain.Seconds())
	container := s.base.AddContainer(jsii.String(idDrain), &awsecs.ContainerDefinitionOptions{
		Image:                  image,
		ContainerName:          jsii.String(drainName),
		EntryPoint:             jsii.Strings("sh", "-c"),
		Command:                jsii.Strings(wait),
		Essential:              jsii.Bool(false),
		MemoryLimitMiB:         jsii.Number(drainMemoryMiB),
		ReadonlyRootFilesystem: jsii.Bool(true),
		User:                   jsii.String("65534"),
		StopTimeout:            seconds(s.settings.drain + drainMargin),
		Logging:                s.collectorLogging,
	})
	container.AddContainerDependencies(&awsecs.ContainerDependency{
		Container: s.collector, Condition: awsecs.ContainerDependencyCondition_START,
	})
}

// drainName is the name of the container that waits, or empty where there is none.
func (s *sidecar) drainName() string {
	if s.settings.drain == 0 {
		return ""
	}
	return drainName
}
