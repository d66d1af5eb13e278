package amp

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsaps"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// vendedLogs starts the names of log groups that AWS services write to. CloudWatch Logs bounds the size of its resource
// policies, and covers all groups with this prefix at once.
// Source: Amazon Managed Service for Prometheus User Guide, Monitor events with CloudWatch Logs, Limitations.
const vendedLogs = "/aws/vendedlogs/"

// LoggingProps says where logs of a workspace go. Whoever deploys needs the permissions for log delivery that AWS
// documents (logs:CreateLogDelivery and others); the default role of the CDK bootstrap has them.
type LoggingProps struct {
	// LogGroup takes the logs. It keeps its own retention and policy; where it has no policy for log delivery, CloudWatch
	// Logs adds one when the workspace is deployed. A known name that does not start with /aws/vendedlogs/ causes a
	// warning, because the policy of all such groups together has a maximum size.
	//
	// Default: a new log group /aws/vendedlogs/prometheus/…, with a policy that lets CloudWatch Logs deliver to it from
	// this account, and the workspace's RemovalPolicy.
	LogGroup awslogs.ILogGroup

	// Retention of a new log group.
	//
	// Default: ONE_MONTH.
	Retention awslogs.RetentionDays
}

// QueryLoggingProps says which queries are logged, and where.
type QueryLoggingProps struct {
	LoggingProps

	// QspThreshold logs the queries that process more samples than this, a whole number from 0. Required.
	// Source: AWS::APS::Workspace, LoggingFilter.
	QspThreshold *float64
}

func (p *LoggingProps) validate(where string, f *input.Faults) {
	if p != nil && p.LogGroup != nil && p.Retention != "" {
		f.Add("%s.LogGroup and Retention are both set; a given log group keeps its own retention, so leave Retention out", where)
	}
}

// configuration is nil where nothing is logged.
func (p *LoggingProps) configuration(w *Workspace, removal awscdk.RemovalPolicy) any {
	if p == nil {
		return nil
	}
	return &awsaps.CfnWorkspace_LoggingConfigurationProperty{LogGroupArn: p.logGroupArn(w, "Logs", removal)}
}

func (p *QueryLoggingProps) configuration(w *Workspace, removal awscdk.RemovalPolicy) any {
	if p == nil {
		return nil
	}
	return &awsaps.CfnWorkspace_QueryLoggingConfigurationProperty{
		Destinations: []*awsaps.CfnWorkspace_LoggingDestinationProperty{{
			CloudWatchLogs: &awsaps.CfnWorkspace_CloudWatchLogDestinationProperty{LogGroupArn: p.logGroupArn(w, "QueryLogs", removal)},
			Filters:        &awsaps.CfnWorkspace_LoggingFilterProperty{QspThreshold: p.QspThreshold},
		}},
	}
}

// logGroupArn ends in :*, as AMP wants it; awscdk has it that way for log groups of its own and imported ones.
func (p *LoggingProps) logGroupArn(w constructs.Construct, id string, removal awscdk.RemovalPolicy) *string {
	if g := p.LogGroup; g != nil {
		if input.Known(g.LogGroupName()) && !strings.HasPrefix(*g.LogGroupName(), vendedLogs) {
			input.Warn(w, "logGroupName", "log group %s does not start with %s; CloudWatch Logs bounds the size of the policy for such groups, and log delivery stops being set up once it is full", *g.LogGroupName(), vendedLogs)
		}
		return g.LogGroupArn()
	}
	retention := p.Retention
	if retention == "" {
		retention = awslogs.RetentionDays_ONE_MONTH
	}
	stack := awscdk.Stack_Of(w)
	name := vendedLogs + "prometheus/" + *awscdk.Names_UniqueResourceName(w, &awscdk.UniqueResourceNameOptions{
		MaxLength: jsii.Number(200), Separator: jsii.String("-"),
	}) + "-" + id
	group := awslogs.NewLogGroup(w, jsii.String(id), &awslogs.LogGroupProps{
		LogGroupName: jsii.String(name), Retention: retention, RemovalPolicy: removal,
	})
	// The policy is the log group's own: an AWS::Logs::ResourcePolicy would be one of the ten that an account may have.
	// Source: CloudWatch Logs User Guide, Logs sent to CloudWatch Logs (V1 permissions); AWS::Logs::LogGroup,
	// ResourcePolicyDocument.
	group.Node().DefaultChild().(awslogs.CfnLogGroup).SetResourcePolicyDocument(awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{
		Statements: &[]awsiam.PolicyStatement{awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid:        jsii.String("AWSLogDeliveryWrite"),
			Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("delivery.logs.amazonaws.com"), nil)},
			Actions:    jsii.Strings("logs:CreateLogStream", "logs:PutLogEvents"),
			// By name: the ARN attribute would make the log group depend on itself. "*" is any stream of this group.
			Resources: &[]*string{stack.FormatArn(&awscdk.ArnComponents{
				Service: jsii.String("logs"), Resource: jsii.String("log-group"), ResourceName: jsii.String(name + ":log-stream:*"),
				ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
			})},
			Conditions: &map[string]interface{}{
				"StringEquals": map[string]interface{}{"aws:SourceAccount": stack.Account()},
				// "*": any log delivery of this account and region.
				"ArnLike": map[string]interface{}{"aws:SourceArn": stack.FormatArn(&awscdk.ArnComponents{
					Service: jsii.String("logs"), Resource: jsii.String("*"), ArnFormat: awscdk.ArnFormat_NO_RESOURCE_NAME,
				})},
			},
		})},
	}))
	return group.LogGroupArn()
}
