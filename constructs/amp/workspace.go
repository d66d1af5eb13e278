package amp

import (
	"fmt"
	"unicode/utf8"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsaps"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

// IWorkspace is an AMP workspace, created in this app or imported.
type IWorkspace interface {
	awscdk.IResource

	// WorkspaceArn is the ARN of the workspace.
	WorkspaceArn() *string

	// WorkspaceId is the id of the workspace; it starts with ws-.
	WorkspaceId() *string

	// RemoteWriteUrl is the URL that metrics are written to. It panics in the partition aws-cn, where AWS documents no
	// endpoint; [RemoteWriteUrlFor] takes another host, and chooses FIPS and dual-stack endpoints.
	RemoteWriteUrl() *string

	// QueryUrl is the base URL of the Prometheus query API, as a Grafana data source takes it. It panics as
	// RemoteWriteUrl does.
	QueryUrl() *string

	// Grant allows grantee to do actions on the ARN of this workspace, such as aps:ListRules. An action on another resource, such
	// as aps:PutRuleGroupsNamespace on a namespace, needs a statement of its own.
	//
	// The statement goes into the policy of grantee. A grantee of another account (both known), or one without a policy
	// of its own such as a service principal, needs one in the resource policy of the workspace too: a workspace of this
	// app gets it, for an imported one a warning shows it. If this app cannot change a role, a warning shows the
	// statement that the role needs. Accounts that are not known at synthesis are assumed to be the same. A role that this app
	// creates in another account needs a RoleName.
	//
	// It panics when grantee is everybody, and when no action is given or one is not AMP's.
	Grant(grantee awsiam.IGrantable, actions ...*string) awsiam.Grant

	// GrantRemoteWrite allows grantee to write metrics into this workspace, as Grant does it: aps:RemoteWrite.
	GrantRemoteWrite(grantee awsiam.IGrantable) awsiam.Grant

	// GrantQuery allows grantee to query this workspace, as Grant does it: aps:QueryMetrics, aps:GetSeries, aps:GetLabels and
	// aps:GetMetricMetadata.
	GrantQuery(grantee awsiam.IGrantable) awsiam.Grant

	// Metric is a metric of this workspace in the CloudWatch namespace AWS/Prometheus, such as RuleEvaluationFailures. Its
	// dimension Workspace is the id of the workspace. Some metrics have more dimensions, such as Reason of DiscardedSamples: name
	// their values in options, whose dimensions are added.
	//
	// Source: Amazon Managed Service for Prometheus User Guide, Use CloudWatch metrics, lists the metrics.
	Metric(metricName *string, options *awscloudwatch.MetricOptions) awscloudwatch.Metric

	// MetricActiveSeries counts the series that had a sample in the last two hours, as a maximum over 5 minutes.
	MetricActiveSeries(options *awscloudwatch.MetricOptions) awscloudwatch.Metric

	// MetricIngestionRate is the rate of samples taken in, in samples per second, as an average over 5 minutes.
	MetricIngestionRate(options *awscloudwatch.MetricOptions) awscloudwatch.Metric

	// MetricDiscardedSamples counts the samples that AMP refused, for any reason, in 5 minutes. No data means none.
	MetricDiscardedSamples(options *awscloudwatch.MathExpressionOptions) awscloudwatch.MathExpression

	// AddAlarms adds an alarm on discarded samples and, where props give thresholds, on active series and on the
	// ingestion rate. They look at periods of 5 minutes: discarded samples raise an alarm at once, the others after three
	// periods in a row. Missing data raises no alarm, because AMP publishes nothing when there is nothing to count. It
	// panics when a threshold is below 0, or the workspace has alarms already.
	AddAlarms(props *AlarmsProps) *Alarms
}

// WorkspaceProps configures a [Workspace].
type WorkspaceProps struct {
	// Alias is a name for people; it need not be unique. At most 100 characters.
	//
	// Default: none.
	// Source: AWS::APS::Workspace, Alias.
	Alias *string

	// EncryptionKey encrypts what the workspace stores: a symmetric KMS key in the region of the workspace; another known
	// region is refused. The policy of a key that this app creates gets the statement that AWS documents; for an imported
	// key a warning shows it. Changing the key replaces the workspace, without its metrics. One page of the user guide, Using an AWS
	// managed collector, has a note in old copies that managed collectors cannot write to a workspace with a key; newer copies that we read
	// do not have it, and nobody tried it for this library. [NewScraper] warns.
	//
	// Default: a key of AWS.
	// Source: Amazon Managed Service for Prometheus User Guide, Encryption at rest; AWS::APS::Workspace, KmsKeyArn.
	EncryptionKey awskms.IKey

	// RetentionPeriod is how long metrics are kept, in whole days from 1 to 1,095.
	//
	// Default: as AMP has it, 150 days.
	// Source: Amazon Managed Service for Prometheus User Guide, Configure your workspace.
	RetentionPeriod awscdk.Duration

	// OutOfOrderTimeWindow is how much older than the newest sample of the workspace a sample may be that is older than the
	// newest of its series, in whole seconds from 0 to 600. 0 refuses every sample out of order.
	//
	// Default: as AMP has it, 60 seconds.
	// Source: Amazon Managed Service for Prometheus User Guide, Configure your workspace; the workspace's newest sample is what
	// Cortex v1.21.1 counts from, and AWS does not say.
	OutOfOrderTimeWindow awscdk.Duration

	// RuleQueryOffset is how far in the past rules are evaluated, so that late samples are there; it delays alerts as
	// much. In whole seconds from 0 to 86,400. The QueryOffset of a rule group overrides it.
	//
	// Default: as AMP has it, 60 seconds for a new workspace.
	// Source: Amazon Managed Service for Prometheus User Guide, Configure your workspace.
	RuleQueryOffset awscdk.Duration

	// LimitsPerLabelSets bound the active series of parts of the workspace, so that one team or service cannot use up
	// the limit of all.
	//
	// Default: none.
	LimitsPerLabelSets *[]*LimitPerLabelSet

	// Logging sends the errors and warnings of rules and of the alert manager to CloudWatch Logs.
	//
	// Default: no logs.
	Logging *LoggingProps

	// QueryLogging sends expensive queries to CloudWatch Logs.
	//
	// Default: no logs.
	QueryLogging *QueryLoggingProps

	// AlertManager says where alerts are sent.
	//
	// Default: no alert manager; alerts fire, but nobody is told.
	AlertManager *AlertManagerDefinition

	// RemovalPolicy says what happens to the workspace and all metrics in it, and to the log groups made for it, when
	// they leave the stack.
	//
	// Default: RETAIN.
	RemovalPolicy awscdk.RemovalPolicy
}

// LimitPerLabelSet bounds the active series that match a label set.
type LimitPerLabelSet struct {
	// LabelSet are the labels that a series must all have. If it is empty, the limit is for the series that no other
	// label set matches. Names are those of Prometheus labels; values are not empty.
	//
	// Default: empty.
	// Source: AWS::APS::Workspace, Label. We have not verified that an empty set is the default bucket of the console.
	LabelSet *map[string]*string

	// MaxSeries is the number of active series, a whole number. 0 sets no limit, but makes AMP publish the metrics of
	// the label set. Required.
	// Source: AWS::APS::Workspace, LimitsPerLabelSetEntry.
	MaxSeries *float64
}

// Limits of a workspace. The window is a quota that AWS can raise for an account.
const (
	maxAliasLength         = 100
	maxRetentionDays       = 1095
	maxOutOfOrderSeconds   = 600
	maxRuleOffsetSeconds   = 86400
	maxWholeNumber         = 1 << 53 // of a float64
	outOfOrderQuotaMessage = "; where AWS raised the quota, use AddPropertyOverride on the CfnWorkspace"
)

// Workspace implements [IWorkspace] for a workspace that the stack creates or imports.
type Workspace struct {
	awscdk.Resource
	arn, id, partition *string
	created            bool
	encrypted          bool
	policy             *ResourcePolicy
	at                 *location // once somebody has asked
}

// NewWorkspace adds an AWS::APS::Workspace to scope and, as props ask for it: log groups with a resource policy for log
// delivery, an SNS topic policy, and a statement in the policy of the KMS key. It panics when scope or id is missing or
// a prop is wrong, with every error in the message, before it has built anything.
func NewWorkspace(scope constructs.Construct, id *string, props *WorkspaceProps) *Workspace {
	if props == nil {
		props = &WorkspaceProps{}
	}
	var warnings []string
	input.Must("NewWorkspace", scope, id, func(f *input.Faults) {
		props.validate(scope, f)
		warnings = props.AlertManager.validate(scope, f)
	})
	w := &Workspace{created: true, encrypted: props.EncryptionKey != nil}
	awscdk.NewResource_Override(w, scope, id, nil)
	for _, warning := range warnings {
		input.Warn(w, "alertManager", "%s", warning)
	}
	removal := props.RemovalPolicy
	if removal == "" {
		removal = awscdk.RemovalPolicy_RETAIN
	}
	cfnProps := &awsaps.CfnWorkspaceProps{
		Alias:                     props.Alias,
		WorkspaceConfiguration:    props.configuration(),
		LoggingConfiguration:      props.Logging.configuration(w, removal),
		QueryLoggingConfiguration: props.QueryLogging.configuration(w, removal),
	}
	if props.EncryptionKey != nil {
		cfnProps.KmsKeyArn = props.EncryptionKey.KeyArn()
		allowWorkspaceKey(w, props.EncryptionKey)
	}
	if props.AlertManager != nil {
		cfnProps.AlertManagerDefinition = jsii.String(props.AlertManager.yaml())
	}
	cfn := awsaps.NewCfnWorkspace(w, jsii.String("Resource"), cfnProps)
	cfn.ApplyRemovalPolicy(removal, nil)
	w.arn, w.id, w.partition = cfn.AttrArn(), cfn.AttrWorkspaceId(), awscdk.Stack_Of(w).Partition()
	props.AlertManager.allowTopics(w)
	return w
}

func (p *WorkspaceProps) validate(scope constructs.Construct, f *input.Faults) {
	if a := p.Alias; input.Known(a) && utf8.RuneCountInString(*a) > maxAliasLength {
		f.Add("Alias %q has %d characters; AMP takes at most %d", *a, utf8.RuneCountInString(*a), maxAliasLength)
	}
	f.DurationIn("RetentionPeriod", p.RetentionPeriod, "days", 1, maxRetentionDays, "")
	f.DurationIn("OutOfOrderTimeWindow", p.OutOfOrderTimeWindow, "seconds", 0, maxOutOfOrderSeconds, outOfOrderQuotaMessage)
	f.DurationIn("RuleQueryOffset", p.RuleQueryOffset, "seconds", 0, maxRuleOffsetSeconds, "")
	p.validateLimits(f)
	p.Logging.validate("Logging", f)
	if q := p.QueryLogging; q != nil {
		q.validate("QueryLogging", f)
		if q.QspThreshold == nil {
			f.Add("QueryLogging.QspThreshold is not set; give the number of samples from which on a query is logged, 0 for all")
		}
		f.NumberIn("QueryLogging.QspThreshold", q.QspThreshold, 0, maxWholeNumber)
	}
	if k := p.EncryptionKey; k != nil && scope != nil {
		if here := awscdk.Stack_Of(scope).Region(); input.Differ(k.Env().Region, here) {
			f.Add("EncryptionKey is in %s, the workspace in %s; use a key of %s", *k.Env().Region, *here, *here)
		}
	}
}

func (p *WorkspaceProps) validateLimits(f *input.Faults) {
	if p.LimitsPerLabelSets == nil {
		return
	}
	seen := map[string]int{}
	for i, limit := range *p.LimitsPerLabelSets {
		where := fmt.Sprintf("LimitsPerLabelSets[%d]", i)
		if limit == nil {
			f.Add("%s is nil; remove it or describe a limit", where)
			continue
		}
		if limit.MaxSeries == nil {
			f.Add("%s.MaxSeries is not set; give a number of active series, 0 for metrics without a limit", where)
		}
		f.NumberIn(where+".MaxSeries", limit.MaxSeries, 0, maxWholeNumber)
		labels := input.Map(limit.LabelSet)
		for _, name := range sortedKeys(labels) {
			f.AddAll(where+".LabelSet", prom.CheckLabelName(name))
			if labels[name] == "" {
				f.Add("%s.LabelSet: label %s has no value", where, name)
			}
		}
		key := fmt.Sprint(labels) // fmt sorts the keys
		if first, twice := seen[key]; twice {
			f.Add("%s has the label set of LimitsPerLabelSets[%d]; give each label set once", where, first)
		}
		seen[key] = i
	}
}

// configuration is nil where nothing is set, so that the template says nothing of it.
func (p *WorkspaceProps) configuration() any {
	if p.RetentionPeriod == nil && p.OutOfOrderTimeWindow == nil && p.RuleQueryOffset == nil && p.LimitsPerLabelSets == nil {
		return nil
	}
	c := &awsaps.CfnWorkspace_WorkspaceConfigurationProperty{
		RetentionPeriodInDays:         input.CountOf(p.RetentionPeriod, "days"),
		OutOfOrderTimeWindowInSeconds: input.CountOf(p.OutOfOrderTimeWindow, "seconds"),
		RuleQueryOffsetInSeconds:      input.CountOf(p.RuleQueryOffset, "seconds"),
	}
	if p.LimitsPerLabelSets != nil {
		limits := []*awsaps.CfnWorkspace_LimitsPerLabelSetProperty{}
		for _, limit := range *p.LimitsPerLabelSets {
			labels := []*awsaps.CfnWorkspace_LabelProperty{}
			values := input.Map(limit.LabelSet)
			for _, name := range sortedKeys(values) {
				labels = append(labels, &awsaps.CfnWorkspace_LabelProperty{Name: jsii.String(name), Value: jsii.String(values[name])})
			}
			limits = append(limits, &awsaps.CfnWorkspace_LimitsPerLabelSetProperty{
				LabelSet: labels,
				Limits:   &awsaps.CfnWorkspace_LimitsPerLabelSetEntryProperty{MaxSeries: limit.MaxSeries},
			})
		}
		c.LimitsPerLabelSets = limits
	}
	return c
}

// WorkspaceArn implements [IWorkspace].
func (w *Workspace) WorkspaceArn() *string { return w.arn }

// WorkspaceId implements [IWorkspace].
func (w *Workspace) WorkspaceId() *string { return w.id }

// RemoteWriteUrl implements [IWorkspace]. It is built from the workspace id, because AWS documents two different
// endings of the attribute PrometheusEndpoint.
func (w *Workspace) RemoteWriteUrl() *string { return RemoteWriteUrlFor(w, nil) }

// QueryUrl implements [IWorkspace].
func (w *Workspace) QueryUrl() *string { return QueryUrlFor(w, nil) }
