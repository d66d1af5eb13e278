package otelprometheus

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
)

// LoggingProps says where containers log. Logging that a container brings always wins.
type LoggingProps struct {
	// CollectorLogGroup receives the collector's log.
	//
	// Default: a new log group.
	CollectorLogGroup awslogs.ILogGroup

	// ContainerLogGroup receives the logs of containers without logging of their own.
	//
	// Default: a new log group, once there is such a container.
	ContainerLogGroup awslogs.ILogGroup

	// Retention of the new log groups.
	//
	// Default: one month.
	Retention awslogs.RetentionDays

	// EncryptionKey encrypts the new log groups.
	//
	// Default: CloudWatch Logs encrypts with its own key.
	EncryptionKey awskms.IKey

	// RemovalPolicy of the new log groups.
	//
	// Default: RETAIN, as awslogs has it.
	RemovalPolicy awscdk.RemovalPolicy

	// StreamPrefix starts the name of every log stream: prefix/container/task id.
	//
	// Default: ecs.
	StreamPrefix *string
}
