package otelprometheus

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

func (s *settings) resolveCloudWatch(props *CloudWatchProps, c *collector.Config, f *input.Faults) {
	if props == nil {
		return
	}
	const at = where + "CloudWatch"
	c.CloudWatch = &collector.CloudWatch{}
	input.Copy(f, at, c.CloudWatch, props, "LogGroup", "Retention")
	s.copiedTo, s.copiedFor = props.LogGroup, props.Retention
	if s.copiedTo != nil && s.copiedFor != "" {
		f.Add("%s.Retention is set together with %s.LogGroup, which has its own; leave one out", at, at)
	}
}

// addCloudWatch makes the log group, and lets the task role write to it.
func (s *Sidecar) addCloudWatch() {
	if s.settings.config.CloudWatch == nil {
		return
	}
	if s.copied = s.settings.copiedTo; s.copied == nil {
		l := s.settings.logging
		props := &awslogs.LogGroupProps{Retention: s.settings.copiedFor, RemovalPolicy: l.RemovalPolicy}
		if props.Retention == "" {
			props.Retention = awslogs.RetentionDays_ONE_DAY
		}
		if props.RemovalPolicy == "" {
			props.RemovalPolicy = awscdk.RemovalPolicy_DESTROY
		}
		if l.EncryptionKey != nil {
			props.EncryptionKey = l.EncryptionKey
			s.allowLogs(l.EncryptionKey)
		}
		s.copied = awslogs.NewLogGroup(s.task, jsii.String(idCloudWatchLogGroup), props)
	}
	s.allow(s.copied.LogGroupArn(), "logs:CreateLogStream", "logs:PutLogEvents")
}

// CloudWatchMetric is a metric that Telemetry.CloudWatch copies, with the namespace, name and dimensions that the collector writes, for
// scaling policies, alarms and dashboards. It panics when the metric is not copied, or the cluster is missing.
func (s *Sidecar) CloudWatchMetric(name *string, options *CloudWatchMetricOptions) awscloudwatch.Metric {
	var f input.Faults
	if options == nil {
		options = &CloudWatchMetricOptions{}
	}
	copied := s.copiedMetric("name", name, options.Cluster, "options.Cluster", &f)
	f.PanicIfAny(*s.task.Node().Path() + ": CloudWatchMetric")
	statistic := "Average"
	if copied.IsCounter() {
		statistic = "Sum"
	}
	period := options.Period
	if period == nil {
		period = awscdk.Duration_Minutes(jsii.Number(1))
	}
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String(s.settings.config.CloudWatch.NamespaceOrDefault()), MetricName: &copied.Name, DimensionsMap: s.copiedDimensions(options.Cluster),
		Statistic: jsii.String(input.StringOr(options.Statistic, statistic)), Period: period, Label: options.Label,
	})
}

// copiedMetric finds a metric, or reports why it has none; nameAt and clusterAt say where the two come from.
func (s *Sidecar) copiedMetric(nameAt string, name *string, cluster awsecs.ICluster, clusterAt string, f *input.Faults) (m collector.CopiedMetric) {
	w := s.settings.config.CloudWatch
	if w == nil {
		f.Add("no metric is copied to CloudWatch; name those that are needed in %sCloudWatch.Metrics", where)
		return m
	}
	var found bool
	if m, found = w.Metric(input.StringOr(name, "")); !found {
		f.Add("%s is %q, which is not copied to CloudWatch; use one of %s, or add it to %sCloudWatch.Metrics", nameAt, input.StringOr(name, ""), strings.Join(w.Names(), ", "), where)
	}
	switch {
	case w.Dimensions == nil && cluster == nil:
		f.Add("%s is not set, and the cluster's name is a dimension; give the cluster that the service runs in, or set %sCloudWatch.Dimensions", clusterAt, where)
	case w.Dimensions != nil && cluster != nil:
		f.Add("%s is set, but %sCloudWatch.Dimensions replaces the cluster's name; leave it out", clusterAt, where)
	}
	return m
}

func (s *Sidecar) copiedDimensions(cluster awsecs.ICluster) *map[string]*string {
	dimensions := map[string]*string{}
	for name, value := range s.settings.config.CloudWatch.Dimensions {
		dimensions[name] = &value
	}
	if s.settings.config.CloudWatch.Dimensions == nil {
		dimensions[collector.DimensionCluster], dimensions[collector.DimensionFamily] = cluster.ClusterName(), s.family
	}
	return &dimensions
}

// BacklogPerTask is the backlog per task as metric math, for alarms, dashboards and step scaling. awscdk's target tracking takes no metric
// math: use ScaleOnBacklog. It panics when props are wrong.
func (s *Sidecar) BacklogPerTask(props *BacklogProps) awscloudwatch.MathExpression {
	var f input.Faults
	s.validateBacklog("props", props, &f)
	f.PanicIfAny(*s.task.Node().Path() + ": BacklogPerTask")
	expression, metrics := s.backlog(props)
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: &expression, UsingMetrics: &map[string]awscloudwatch.IMetric{depthID: metrics[depthID], valuesID: metrics[valuesID]},
		Label: jsii.String("backlog per task"), Period: awscdk.Duration_Minutes(jsii.Number(1)),
	})
}

// Names in the expression of the backlog.
const (
	depthID   = "depth"
	valuesID  = "tasks"
	backlogID = "backlog"
)

// backlog is the expression with its metrics.
func (s *Sidecar) backlog(props *BacklogProps) (expression string, metrics map[string]awscloudwatch.Metric) {
	options := CloudWatchMetricOptions{Cluster: props.Cluster, Statistic: jsii.String("SampleCount")}
	metrics = map[string]awscloudwatch.Metric{valuesID: s.CloudWatchMetric(props.Metric, &options), depthID: props.Depth}
	if props.Depth == nil {
		options.Statistic = jsii.String("Average")
		metrics[depthID] = s.CloudWatchMetric(props.Metric, &options)
	}
	return depthID + " / " + valuesID, metrics
}

func (s *Sidecar) validateBacklog(at string, props *BacklogProps, f *input.Faults) {
	if props == nil {
		f.Add("%s is nil; name the copied metric that tells the depth of the queue", at)
		return
	}
	before := len(*f)
	m := s.copiedMetric(at+".Metric", props.Metric, props.Cluster, at+".Cluster", f)
	if len(*f) > before {
		return
	}
	c := s.settings.config
	if !c.IsScraped(m) {
		f.Add("%s.Metric is %q, which is not scraped: only of a scraped metric does each task write one value a minute, by which tasks are counted", at, m.Name)
	}
	if len(c.Scrape) > 1 {
		input.Warn(s.task, "backlogOfSeveralEndpoints", "%s.Metric is %q, and %d endpoints of the task are scraped: each that serves it writes a value, and tasks are counted by these; "+
			"if only one serves it, acknowledge this warning", at, m.Name, len(c.Scrape))
	}
	if m.IsCounter() {
		f.Add("%s.Metric is %q, a counter, whose first value a task leaves out; name a metric that tells a level", at, m.Name)
	}
	if i := c.CloudWatch.IntervalOrDefault(); i != time.Minute {
		f.Add("%sCloudWatch.Interval is %s, and tasks are counted by the values of a minute; leave it out", where, i)
	}
}

// ScaleOnBacklog adds a target tracking policy to scope of service.AutoScaleTaskCount that keeps the backlog per task at a target. It panics
// when props are wrong.
func (s *Sidecar) ScaleOnBacklog(id *string, count awsecs.ScalableTaskCount, props *ScaleOnBacklogProps) awsapplicationautoscaling.CfnScalingPolicy {
	var f input.Faults
	if props == nil {
		props = &ScaleOnBacklogProps{}
	}
	if input.StringOr(id, "") == "" {
		f.Add("id is empty; pass a name that is unique in its scope")
	}
	if count == nil {
		f.Add("count is nil; pass what AutoScaleTaskCount of the service gives")
	}
	s.validateBacklog("props.Backlog", props.Backlog, &f)
	if t := props.TargetPerTask; t == nil || input.Number(t) != "" && *t <= 0 {
		f.Add("props.TargetPerTask is %s; it must be more than 0: the longest time that a message may wait, divided by the time that a task takes for one", valueOrNone(t))
	}
	f.DurationIn("props.ScaleInCooldown", props.ScaleInCooldown, "seconds", 0, math.Inf(1), "")
	f.DurationIn("props.ScaleOutCooldown", props.ScaleOutCooldown, "seconds", 0, math.Inf(1), "")
	f.PanicIfAny(*s.task.Node().Path() + ": ScaleOnBacklog")

	expression, metrics := s.backlog(props.Backlog)
	queries := []*awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricDataQueryProperty{
		{Id: jsii.String(backlogID), Expression: &expression, ReturnData: jsii.Bool(true)},
	}
	for _, name := range []string{depthID, valuesID} {
		queries = append(queries, &awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricDataQueryProperty{
			Id: jsii.String(name), ReturnData: jsii.Bool(false),
			MetricStat: &awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricStatProperty{
				Stat: metrics[name].Statistic(), Metric: trackedMetric(metrics[name]),
			},
		})
	}
	return awsapplicationautoscaling.NewCfnScalingPolicy(count, id, &awsapplicationautoscaling.CfnScalingPolicyProps{
		PolicyName: jsii.String(*awscdk.Names_UniqueId(count) + *id),
		PolicyType: jsii.String("TargetTrackingScaling"), ScalingTargetId: count,
		TargetTrackingScalingPolicyConfiguration: &awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingScalingPolicyConfigurationProperty{
			TargetValue: props.TargetPerTask, DisableScaleIn: props.DisableScaleIn,
			ScaleInCooldown: input.CountOf(props.ScaleInCooldown, "seconds"), ScaleOutCooldown: input.CountOf(props.ScaleOutCooldown, "seconds"),
			CustomizedMetricSpecification: &awsapplicationautoscaling.CfnScalingPolicy_CustomizedMetricSpecificationProperty{Metrics: queries},
		},
	})
}

// trackedMetric is a metric in the form of a policy.
func trackedMetric(m awscloudwatch.Metric) *awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricProperty {
	tracked := &awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricProperty{Namespace: m.Namespace(), MetricName: m.MetricName()}
	var dimensions []*awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricDimensionProperty
	if all := m.Dimensions(); all != nil {
		names := make([]string, 0, len(*all))
		for name := range *all {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			value, _ := (*all)[name].(string)
			dimensions = append(dimensions, &awsapplicationautoscaling.CfnScalingPolicy_TargetTrackingMetricDimensionProperty{Name: jsii.String(name), Value: &value})
		}
	}
	if len(dimensions) > 0 {
		tracked.Dimensions = dimensions
	}
	return tracked
}

func valueOrNone(n *float64) string {
	if n == nil {
		return "not set"
	}
	return input.Number(n)
}
