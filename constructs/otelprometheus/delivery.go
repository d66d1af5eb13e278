package otelprometheus

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"
)

// writesFiles says whether there is a queue on disk, or a list of targets.
func (s *Sidecar) writesFiles() bool {
	return s.settings.config.Delivery.QueueDirectory != "" || s.settings.config.Fleet != nil
}

// ownsQueueVolume says whether the files are in a volume that is added to the task.
func (s *Sidecar) ownsQueueVolume() bool {
	return s.writesFiles() && s.settings.delivery.QueueVolume == nil
}

// addQueue mounts the volume of the queue into the collector.
func (s *Sidecar) addQueue() {
	if !s.writesFiles() {
		return
	}
	name := s.settings.delivery.QueueVolume
	if s.ownsQueueVolume() {
		name = jsii.String(queueVolume)
		s.addVolume(&awsecs.Volume{Name: name})
	}
	s.collector.AddMountPoints(&awsecs.MountPoint{
		SourceVolume: name, ContainerPath: jsii.String(queueDirectory), ReadOnly: jsii.Bool(false),
	})
}

// queueUser makes the collector the owner of a volume that ECS gives to root, and takes from root what it does not need for that.
func (s *Sidecar) queueUser(o *awsecs.ContainerDefinitionOptions) {
	if !s.ownsQueueVolume() || s.settings.userGiven {
		return
	}
	o.User = jsii.String(rootUser)
	o.LinuxParameters = awsecs.NewLinuxParameters(s.task, jsii.String(idLinuxParameters), nil)
	o.LinuxParameters.DropCapabilities(awsecs.Capability_ALL)
}

// addDrain adds the container that keeps ECS from stopping the collector for a while. As process 1 it gets SIGTERM only because of
// the trap; it then ends in good order.
func (s *Sidecar) addDrain() {
	if s.settings.drain == 0 {
		return
	}
	image := s.settings.delivery.DrainImage
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
		StopTimeout:            s.stack.seconds(s.settings.drain + drainMargin),
		Logging:                s.collectorLogging,
	})
	container.AddContainerDependencies(&awsecs.ContainerDependency{
		Container: s.collector, Condition: awsecs.ContainerDependencyCondition_START,
	})
}
