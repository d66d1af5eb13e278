package otelprometheus

import (
	"fmt"
	"math"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/collector"
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
func (s *settings) resolveDelivery(f *faults) collector.Delivery {
	const where = "Telemetry.Delivery"
	d := DeliveryProps{}
	if s.telemetry.Delivery != nil {
		d = *s.telemetry.Delivery
	}
	r := collector.Delivery{OneHop: boolOr(d.OneHop, false), Port: number(d.Port)}
	if d.QueueSize != nil {
		if *d.QueueSize.IsUnresolved() {
			f.add("%s.QueueSize is a token; it must be known at synthesis", where)
		} else if mib := *d.QueueSize.ToMebibytes(&awscdk.SizeConversionOptions{Rounding: awscdk.SizeRoundingBehavior_FLOOR}); mib < 1 || mib > math.MaxInt32 {
			f.add("%s.QueueSize is %.0f MiB; it must be at least 1 MiB", where, mib)
		} else {
			r.QueueSizeMiB = int(mib)
			s.validateQueueSize(where, int(mib), boolOr(d.QueueOnDisk, false), f)
		}
	}
	if boolOr(d.QueueOnDisk, false) {
		r.QueueDirectory = queueDirectory
	} else if d.QueueVolume != nil {
		f.add("%s.QueueVolume holds a queue on disk, but QueueOnDisk is not set", where)
	}
	if d.DrainTime == nil && d.DrainImage != nil {
		f.add("%s.DrainImage is the image of a container that there is only with DrainTime", where)
	}
	if t := f.duration(where+".DrainTime", d.DrainTime); t != nil {
		switch {
		case *t < time.Second || *t%time.Second != 0:
			f.add("%s.DrainTime is %s; it must be a whole number of seconds, at least one", where, *t)
		case s.task.on("FARGATE") && *t > maxFargateStopTimeout-drainMargin:
			f.add("%s.DrainTime is %s; Fargate takes at most %.0f seconds", where, *t, (maxFargateStopTimeout - drainMargin).Seconds())
		}
		s.drain = *t
	}
	return r
}

// memoryOfQueue is how much more memory a sample takes decoded than encoded. docs/delivery.md has the measurement.
const memoryOfQueue = 7

// validateQueueSize reports a queue in memory that the container has no room for: it would be killed before the queue is full.
func (s *settings) validateQueueSize(where string, mib int, onDisk bool, f *faults) {
	if need := mib * memoryOfQueue; !onDisk && s.memoryMiB != 0 && need > s.memoryMiB {
		f.add("%s.QueueSize is %d MiB, which takes about %d MiB of memory when it is full, more than the collector's limit of %d MiB; "+
			"lower it, raise Telemetry.Collector.MemoryLimitMiB, or set QueueOnDisk", where, mib, need, s.memoryMiB)
	}
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
	s.drainPath = *container.Node().Path()
}
