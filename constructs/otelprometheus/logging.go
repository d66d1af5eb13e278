package otelprometheus

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"
)

// containerLogging logs to the group of the containers without logging of their own.
func (s *Sidecar) containerLogging() awsecs.LogDriver {
	if s.containerLogGroup == nil {
		s.containerLogGroup = s.logGroup(idContainerLogGroup, s.settings.logging.ContainerLogGroup)
	}
	return s.awsLogs(s.containerLogGroup)
}

func (s *Sidecar) logGroup(id string, given awslogs.ILogGroup) awslogs.ILogGroup {
	if given != nil {
		return given
	}
	l := s.settings.logging
	props := &awslogs.LogGroupProps{Retention: l.Retention, RemovalPolicy: l.RemovalPolicy}
	if l.EncryptionKey != nil {
		props.EncryptionKey = l.EncryptionKey
		s.allowLogs(l.EncryptionKey)
	}
	return awslogs.NewLogGroup(s.task, jsii.String(id), props)
}

// allowLogs lets CloudWatch Logs use the key for log groups of this account and region; a log group cannot be made otherwise.
//
// Source: Amazon CloudWatch Logs User Guide, encrypt log data using AWS KMS.
func (s *Sidecar) allowLogs(key awskms.IKey) {
	if s.keyAllowed {
		return
	}
	s.keyAllowed = true
	key.GrantEncryptDecrypt(awsiam.NewServicePrincipal(jsii.String("logs."+*s.stack.region+".amazonaws.com"), &awsiam.ServicePrincipalOpts{
		Conditions: &map[string]any{"ArnLike": map[string]any{"kms:EncryptionContext:aws:logs:arn": s.stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("logs"), Resource: jsii.String("log-group"), ResourceName: jsii.String("*"), ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
		})}},
	}))
}

func (s *Sidecar) awsLogs(group awslogs.ILogGroup) awsecs.LogDriver {
	return awsecs.LogDrivers_AwsLogs(&awsecs.AwsLogDriverProps{LogGroup: group, StreamPrefix: s.settings.logging.StreamPrefix})
}
