package otelprometheus

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
)

// DeliveryProps says how metrics are delivered when the endpoint fails, and when the task stops. With all defaults nothing is
// lost while the endpoint fails in any way for 10 minutes at 1,000 samples per second; docs/delivery.md has the measurements.
type DeliveryProps struct {
	// OneHop leaves queue and retries to the remote write exporter. What it cannot deliver within 30 seconds is dropped. It
	// costs a little less CPU, and when the task stops, the collector still tries to send what is queued.
	//
	// Default: false.
	OneHop *bool

	// QueueSize bounds the queue of application metrics, in encoded bytes; at least 1 MiB. 1,000 samples take about 75 KiB. In
	// memory they take seven times as much, so a larger queue needs a larger CollectorProps.MemoryLimitMiB. When it is full, new
	// samples are refused, and counted in the collector's own metrics. What waits for more than 1 hour is sent, and AMP refuses it.
	// Where OTLP is on beside a scrape job or StatsD, each has a queue of half the size. Not with OneHop.
	//
	// Default: an eleventh of the collector's memory limit (46 MiB of 512), 512 MiB with QueueOnDisk.
	QueueSize awscdk.Size

	// QueueOnDisk keeps the queue in files, so that it survives a crash of the collector after which its restart policy
	// restarts it, and needs little memory. It is lost when the task ends. Not with OneHop.
	//
	// Without QueueVolume a volume is added to the task. ECS gives such a volume to root alone, so the collector then runs as
	// root, without any capability and still with a read-only root file system, unless CollectorProps.User says otherwise.
	// We have not verified that the volume is kept when the container restarts in place: nothing here was run on AWS.
	//
	// Default: false, the queue is in memory.
	// Source: Amazon ECS Developer Guide, Use bind mounts with Amazon ECS.
	QueueOnDisk *bool

	// QueueVolume is the name of a volume of the task definition that holds the queue instead. The collector's user must be
	// able to write to it. Needs QueueOnDisk.
	//
	// Default: a new volume.
	QueueVolume *string

	// Port is the first of two loopback ports that the two hops use, 1 to 65534. The one after them is that of CloudWatch. Not with OneHop.
	//
	// Default: 14318.
	Port *float64

	// DrainTime keeps the collector running after the other containers have stopped, so that it can deliver what is still queued,
	// and wait for an endpoint that fails. Without it, a collector with one hop tries what is queued, and one with two hops loses
	// it. Normally nothing is queued then; after an outage it is what has not been delivered yet. It adds a container that keeps
	// the collector running this long after the others stop. 1 to 118 seconds on Fargate; every stop of the task takes that long.
	// With network mode bridge, scraped containers stop after the collector: they get their SIGTERM that much later.
	//
	// Default: none.
	DrainTime awscdk.Duration

	// DrainImage is the image of that container. It needs sh and sleep. Needs DrainTime.
	//
	// Default: public.ecr.aws/docker/library/busybox:1.37.0.
	DrainImage awsecs.ContainerImage
}
