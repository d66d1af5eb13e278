package otelprometheus

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// CloudWatchProps copies a few metrics to CloudWatch, where Service Auto Scaling and alarms can read them; all of them go to AMP as well.
// The collector writes them to a log group in the embedded metric format, from a queue of its own: whatever CloudWatch Logs does, nothing
// that goes to AMP is lost or late. The task role may do logs:CreateLogStream and logs:PutLogEvents on the log group. Each metric is
// billed as a custom metric; docs/scaling.md has the costs.
//
// A task writes one value of a metric at a time, of all its labels together. Of a counter it is the increment since the value before: the
// statistic Sum over a minute is what all tasks counted in it, and Average what one task did. Of everything else it is the value itself.
// While CloudWatch Logs fails for more than half a minute, values are lost there: what is late scales nothing.
type CloudWatchProps struct {
	// Metrics to copy, 1 to 100. Required.
	Metrics *[]*CopiedMetric

	// Namespace in CloudWatch, 1 to 255 characters; not one of AWS, which start with AWS/.
	//
	// Default: ECS/Application.
	// Source: Amazon CloudWatch API Reference, PutMetricData.
	Namespace *string

	// Interval is the time between two values of a scraped metric, 10 to 60 seconds: its endpoint is read once more, for these metrics only.
	// What is pushed comes as often as applications push it, and ECS metrics every TaskMetricsProps.Interval.
	//
	// Default: 60 seconds, the period of the alarms that target tracking makes.
	Interval awscdk.Duration

	// Dimensions of every metric with their values, at most 10, such as Service with the name of a service that several clusters run. Names
	// of what each task has another of, such as TaskId, are refused.
	//
	// Default: ClusterName and TaskDefinitionFamily, as the collector finds them; Container Insights names them so.
	Dimensions *map[string]*string

	// LogGroup takes the log events. CloudWatch makes metrics of them when they arrive, in a group of the class STANDARD only.
	//
	// Default: a new log group, which is deleted with the stack, unless LoggingProps.RemovalPolicy says otherwise.
	LogGroup awslogs.ILogGroup

	// Retention of the new log group. It does not matter to the metrics. Not with LogGroup.
	//
	// Default: one day.
	Retention awslogs.RetentionDays
}

// CopiedMetric is a metric that is copied to CloudWatch, under the name that it has there.
type CopiedMetric struct {
	// Name that the metric's source gives it: of a scraped metric that of the endpoint, of a pushed one that of the instrument, such as
	// queue.depth, and of an ECS metric one of KnownTaskMetrics that is collected. Histograms and summaries are not copied. Required.
	Name *string

	// Counter says that the metric only counts up, so that increments are copied. A metric that turns out to be of the other kind is not
	// copied, and the collector's log names it.
	//
	// Default: true where the name ends in _total.
	Counter *bool

	// Aggregation makes one value of all labels of the metric. Increments are always added up.
	//
	// Default: AggregationSum.
	Aggregation Aggregation
}

// Aggregation makes one value of all label sets of a metric in a task.
type Aggregation string

// Aggregations of a [CopiedMetric].
const (
	AggregationSum  Aggregation = collector.AggregateSum
	AggregationMean Aggregation = collector.AggregateMean
	AggregationMax  Aggregation = collector.AggregateMax
	AggregationMin  Aggregation = collector.AggregateMin
)

// CloudWatchMetricOptions says which of a copied metric's data is meant.
type CloudWatchMetricOptions struct {
	// Cluster that the service runs in: its name is a dimension. Required, unless CloudWatchProps.Dimensions is set, and refused with it.
	Cluster awsecs.ICluster

	// Statistic over the values of all tasks, such as Average or Maximum.
	//
	// Default: Sum for a counter, Average for everything else.
	Statistic *string

	// Period that the statistic is over.
	//
	// Default: 1 minute.
	Period awscdk.Duration

	// Label in graphs.
	//
	// Default: the metric's name.
	Label *string
}

// BacklogProps describes a backlog per task: the depth of a queue, divided by the number of tasks that work on it. It falls when tasks are
// added, as target tracking needs it, and the depth alone does not.
//
// The number of tasks is that of the values in a minute of a metric that each task writes once a minute. So it needs no Container Insights,
// and a task counts from its first scrape on.
//
// Source: Application Auto Scaling User Guide, Create a target tracking scaling policy using metric math.
type BacklogProps struct {
	// Metric is a copied metric that is scraped, and no counter. It is the queue's depth as every task sees it, unless Depth is set; then it
	// only counts the tasks. Required.
	Metric *string

	// Depth is the queue's depth in CloudWatch, such as ApproximateNumberOfMessagesVisible of an SQS queue.
	//
	// Default: the average of Metric, which is the depth where every task sees the same queue.
	Depth awscloudwatch.Metric

	// Cluster that the service runs in: see CloudWatchMetricOptions.Cluster.
	Cluster awsecs.ICluster
}

// ScaleOnBacklogProps is a target for the backlog per task.
type ScaleOnBacklogProps struct {
	// Backlog to keep at the target. Required.
	Backlog *BacklogProps

	// TargetPerTask is how many messages may wait for each task, more than 0: the longest time that a message may wait, divided by the time
	// that a task takes for one. Required.
	TargetPerTask *float64

	// ScaleInCooldown is the time after scaling in before the next one, in whole seconds.
	//
	// Default: 300 seconds, as Application Auto Scaling has it for ECS.
	// Source: Application Auto Scaling API Reference, TargetTrackingScalingPolicyConfiguration.
	ScaleInCooldown awscdk.Duration

	// ScaleOutCooldown is the time after scaling out before the next one, in whole seconds.
	//
	// Default: 300 seconds, as Application Auto Scaling has it for ECS.
	ScaleOutCooldown awscdk.Duration

	// DisableScaleIn never removes a task because of this policy.
	//
	// Default: false.
	DisableScaleIn *bool
}
