package amp

import (
	"fmt"
	"maps"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// Metric implements [IWorkspace].
func (w *Workspace) Metric(metricName *string, options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	if input.StringOr(metricName, "") == "" {
		panic(*w.Node().Path() + ": Metric: metricName is empty; name a metric of the namespace AWS/Prometheus, such as RuleEvaluationFailures")
	}
	return w.metric(awscloudwatch.MetricProps{
		Namespace: jsii.String(ownNamespace), MetricName: metricName, DimensionsMap: &map[string]*string{"Workspace": w.id},
	}, options)
}

// ownNamespace holds the metrics that AMP publishes about a workspace, beside the use of its quotas in AWS/Usage. The dimension
// Workspace is its id.
// Source: Amazon Managed Service for Prometheus User Guide, Use CloudWatch metrics; the dimension Workspace is that of
// the queries in the AWS blog post Optimizing metrics ingestion with Amazon Managed Service for Prometheus.
const ownNamespace = "AWS/Prometheus"

// metric is a metric of the workspace, with what options change. Their dimensions are added to its own.
func (w *Workspace) metric(props awscloudwatch.MetricProps, options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	props.Account, props.Region = w.elsewhere()
	metric := awscloudwatch.NewMetric(&props)
	if options == nil {
		return metric
	}
	merged := *options
	if options.DimensionsMap != nil {
		dimensions := maps.Clone(*props.DimensionsMap)
		maps.Copy(dimensions, *options.DimensionsMap)
		merged.DimensionsMap = &dimensions
	}
	return metric.With(&merged)
}

// MetricActiveSeries implements [IWorkspace].
func (w *Workspace) MetricActiveSeries(options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return w.usage("ActiveSeries", "Maximum", options)
}

// MetricIngestionRate implements [IWorkspace].
func (w *Workspace) MetricIngestionRate(options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return w.usage("IngestionRate", "Average", options)
}

// MetricDiscardedSamples implements [IWorkspace]. AMP publishes one metric for each reason; this is a query for the sum of all.
func (w *Workspace) MetricDiscardedSamples(options *awscloudwatch.MathExpressionOptions) awscloudwatch.MathExpression {
	props := awscloudwatch.MathExpressionProps{
		Expression:   jsii.String(fmt.Sprintf(`SELECT SUM(DiscardedSamples) FROM "%s" WHERE Workspace = '%s'`, ownNamespace, *w.id)),
		UsingMetrics: &map[string]awscloudwatch.IMetric{},
		Label:        jsii.String("DiscardedSamples"),
	}
	props.SearchAccount, props.SearchRegion = w.elsewhere()
	if o := options; o != nil {
		props.Color, props.Period = o.Color, o.Period
		if o.Label != nil {
			props.Label = o.Label
		}
		if o.SearchAccount != nil {
			props.SearchAccount = o.SearchAccount
		}
		if o.SearchRegion != nil {
			props.SearchRegion = o.SearchRegion
		}
	}
	return awscloudwatch.NewMathExpression(&props)
}

// usage is one of the metrics that AMP publishes as the use of a quota.
// Source: Amazon Managed Service for Prometheus User Guide, Use CloudWatch metrics; dimensions as in AWS'
// terraform-aws-observability-accelerator, module managed-prometheus-monitoring.
func (w *Workspace) usage(resource, statistic string, options *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return w.metric(awscloudwatch.MetricProps{
		Namespace:  jsii.String("AWS/Usage"),
		MetricName: jsii.String("ResourceCount"),
		DimensionsMap: &map[string]*string{
			"Service":    jsii.String("Prometheus"),
			"Type":       jsii.String("Resource"),
			"Class":      jsii.String("None"),
			"Resource":   jsii.String(resource),
			"ResourceId": w.id,
		},
		Statistic: jsii.String(statistic),
		Label:     jsii.String(resource),
	}, options)
}

// elsewhere is the account and region of a workspace that is known to be in others than its stack.
func (w *Workspace) elsewhere() (account, region *string) {
	at, stack := locate(w), awscdk.Stack_Of(w)
	if input.Differ(at.account, stack.Account()) {
		account = at.account
	}
	if input.Differ(at.Region, stack.Region()) {
		region = at.Region
	}
	return account, region
}

// AlarmsProps configures the alarms of a workspace.
type AlarmsProps struct {
	// DiscardedSamplesThreshold is the number of samples refused in 5 minutes above which the alarm goes off, at least 0.
	//
	// Default: 0.
	DiscardedSamplesThreshold *float64

	// ActiveSeriesThreshold is the number of active series above which the alarm goes off, at least 0; about 80 % of
	// the workspace's quota is usual. AMP adapts that quota to the use and AWS raises it on request, so there is no default.
	//
	// Default: no alarm.
	ActiveSeriesThreshold *float64

	// IngestionRateThreshold is the rate in samples per second above which the alarm goes off, at least 0; see
	// ActiveSeriesThreshold.
	//
	// Default: no alarm.
	IngestionRateThreshold *float64

	// Actions are taken when an alarm goes off and when it is over.
	//
	// Default: none.
	Actions *[]awscloudwatch.IAlarmAction
}

// Alarms are the alarms of a workspace; nil where AlarmsProps had no threshold.
type Alarms struct {
	DiscardedSamples awscloudwatch.Alarm
	ActiveSeries     awscloudwatch.Alarm
	IngestionRate    awscloudwatch.Alarm
}

const discardedSamplesAlarm = "DiscardedSamplesAlarm"

// AddAlarms implements [IWorkspace].
func (w *Workspace) AddAlarms(props *AlarmsProps) *Alarms {
	if props == nil {
		props = &AlarmsProps{}
	}
	discarded := props.DiscardedSamplesThreshold
	if discarded == nil {
		discarded = jsii.Number(0)
	}
	var f input.Faults
	atLeastZero(&f, "DiscardedSamplesThreshold", discarded)
	atLeastZero(&f, "ActiveSeriesThreshold", props.ActiveSeriesThreshold)
	atLeastZero(&f, "IngestionRateThreshold", props.IngestionRateThreshold)
	f.InPlace(w, w, "alarms")
	if w.Node().TryFindChild(jsii.String(discardedSamplesAlarm)) != nil {
		f.Add("the workspace has alarms already; add them once, with all thresholds")
	}
	f.PanicIfAny(*w.Node().Path() + ": AddAlarms")

	// Samples are lost already when one is discarded; a use that nears its quota may be a short peak.
	a := &Alarms{DiscardedSamples: w.alarm(discardedSamplesAlarm, w.MetricDiscardedSamples(nil), discarded, 1,
		"AMP discards samples: its logs and the metric's dimension Reason say why", props)}
	if t := props.ActiveSeriesThreshold; t != nil {
		a.ActiveSeries = w.alarm("ActiveSeriesAlarm", w.MetricActiveSeries(nil), t, 3, "active series near the workspace's quota", props)
	}
	if t := props.IngestionRateThreshold; t != nil {
		a.IngestionRate = w.alarm("IngestionRateAlarm", w.MetricIngestionRate(nil), t, 3, "ingestion rate near the workspace's quota", props)
	}
	return a
}

func atLeastZero(f *input.Faults, what string, n *float64) {
	if n != nil && !token.Is(*n) && *n < 0 {
		f.Add("%s is %s; it must be at least 0", what, input.Number(n))
	}
}

// alarmable is what awscloudwatch's metrics have in common.
type alarmable interface {
	CreateAlarm(scope constructs.Construct, id *string, props *awscloudwatch.CreateAlarmOptions) awscloudwatch.Alarm
}

func (w *Workspace) alarm(id string, metric alarmable, threshold *float64, periods float64, description string, props *AlarmsProps) awscloudwatch.Alarm {
	alarm := metric.CreateAlarm(w, jsii.String(id), &awscloudwatch.CreateAlarmOptions{
		Threshold:          threshold,
		EvaluationPeriods:  jsii.Number(periods),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
		AlarmDescription:   jsii.String(description),
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
	if props.Actions != nil {
		alarm.AddAlarmAction(*props.Actions...)
		alarm.AddOkAction(*props.Actions...)
	}
	return alarm
}
