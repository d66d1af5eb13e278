package otelprometheus

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

// Sidecar is the collector's part of a task definition of any kind.
type Sidecar struct {
	task     awsecs.TaskDefinition // the construct that users see
	base     awsecs.TaskDefinition // its awscdk part, whose AddContainer adds a container as it is
	cfn      awsecs.CfnTaskDefinition
	proxy    string // the container that the others go through, or empty
	stack    *stackParts
	family   *string
	settings *settings

	workspace         amp.IWorkspace
	collector         awsecs.ContainerDefinition
	collectorLogging  awsecs.LogDriver
	collectorLogGroup awslogs.ILogGroup
	containerLogGroup awslogs.ILogGroup
	copied            awslogs.ILogGroup // what CloudWatch makes metrics of
	keyAllowed        bool              // LoggingProps.EncryptionKey allows CloudWatch Logs to use it

	// asset holds the configuration where ConfigFromAsset does.
	asset awss3assets.Asset

	// prepared holds the containers that have their environment and logging, connected those that have their dependencies
	// and links, linked those that the collector is linked to, by name: a task takes a name once.
	prepared, connected, linked map[string]bool

	// identities are what containers that push say of themselves, and the container that says so.
	identities map[string]string

	// optedOut counts the containers that came through addContainer and are left alone, and hasVolumes says that there may be volumes.
	optedOut     int
	hasVolumes   bool
	throughProxy bool // the collector waits for the proxy

	// needsAspect says that containers do not come through addContainer, or that links or roles wait for the last of them.
	needsAspect bool

	// firstScraped is the container that jobs without a container read, once there is one.
	firstScraped string
}

// rendered is the resource of the task definition.
func (s *Sidecar) rendered() awsecs.CfnTaskDefinition {
	if s.cfn == nil {
		s.cfn = s.task.Node().DefaultChild().(awsecs.CfnTaskDefinition)
	}
	return s.cfn
}

// Collector is the collector's container.
func (s *Sidecar) Collector() awsecs.ContainerDefinition { return s.collector }

// Workspace is where the metrics are written.
func (s *Sidecar) Workspace() amp.IWorkspace { return s.workspace }

// CollectorLogGroup receives the collector's log. It is nil where CollectorProps.Logging is set.
func (s *Sidecar) CollectorLogGroup() awslogs.ILogGroup { return s.collectorLogGroup }

// ownName says whether a container is not the user's, or none of ours by the user's wish.
func (s *Sidecar) ownName(name string) bool {
	return name == *s.settings.container.ContainerName || name == drainName && s.settings.drain != 0 || name == s.proxy || s.settings.optOut[name]
}
