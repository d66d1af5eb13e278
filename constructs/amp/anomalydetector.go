package amp

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsaps"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// MissingData is what an [AnomalyDetector] does where its query gives nothing.
type MissingData string

const (
	// MissingDataSkip does not evaluate.
	MissingDataSkip MissingData = "skip"

	// MissingDataAnomaly takes it for an anomaly.
	MissingDataAnomaly MissingData = "markAsAnomaly"
)

// AnomalyDetectorProps configures an [AnomalyDetector].
type AnomalyDetectorProps struct {
	// Workspace that is queried, and gets the results, in the account and region of the stack. Required.
	Workspace IWorkspace

	// Query is the PromQL expression to watch, of 1 to 8,192 characters. It must be wrapped as a whole in one of the aggregations avg, count,
	// group, max, min, quantile, stddev, stdvar and sum, such as sum(rate(http_requests_total[5m])). Each series that it gives is watched by
	// itself. Required.
	// Source: Amazon Managed Service for Prometheus API Reference, RandomCutForestConfiguration.
	Query *string

	// Alias names the detector, and is the label alias of its results: 1 to 64 letters, digits, dots, dashes and underscores, the first a letter or
	// digit.
	//
	// Default: made from the path of the construct.
	// Source: Amazon Managed Service for Prometheus API Reference, CreateAnomalyDetector.
	Alias *string

	// EvaluationInterval is the time between two evaluations, in whole seconds from 30 to 86,400.
	//
	// Default: as AMP has it, 60 seconds.
	// Source: as Alias.
	EvaluationInterval awscdk.Duration

	// SampleSize is the number of values that the model learns from, 256 to 1,024.
	//
	// Default: as AMP has it, 256.
	// Source: as Query.
	SampleSize *float64

	// ShingleSize is the number of values in a row that are judged together, 2 to 1,024.
	//
	// Default: as AMP has it, 8.
	// Source: as Query.
	ShingleSize *float64

	// IgnoreNearExpectedFromAbove takes values a little above what is expected for normal.
	//
	// Default: none.
	IgnoreNearExpectedFromAbove *NearExpected

	// IgnoreNearExpectedFromBelow takes values a little below what is expected for normal.
	//
	// Default: none.
	IgnoreNearExpectedFromBelow *NearExpected

	// MissingData says what to do where the query gives nothing.
	//
	// Default: as AMP has it; its documentation does not say.
	MissingData MissingData

	// Labels are added to the results, with values of 1 to 256 characters.
	//
	// Default: none.
	// Source: AWS::APS::AnomalyDetector, Label, as awscdk v2.276.0 checks it.
	Labels *map[string]*string

	// CheckExpr checks the query, as in [RuleGroupsNamespaceProps].
	//
	// Default: no further check.
	CheckExpr func(expr string) error
}

// NearExpected is a distance from the expected value: Amount or Ratio.
//
// Source: Amazon Managed Service for Prometheus API Reference, IgnoreNearExpected.
type NearExpected struct {
	// Amount is the distance itself, at least 0. Not with Ratio.
	Amount *float64

	// Ratio is the distance as a share of the expected value, at least 0. Not with Amount.
	Ratio *float64
}

// AnomalyDetector learns how the result of a query usually runs, with a random cut forest, and writes how unusual it is into the workspace, as
// anomaly_detector:score{alias="…"}, between 0 and 1, beside anomaly_detector:value, :lower_band and :upper_band. Nothing of it was run on AWS
// for this library.
//
// Source: Amazon Managed Service for Prometheus User Guide, Anomaly detection and PreviewAnomalyDetector API; that page has the names with the
// prefix anomaly_detector_preview, public dashboards and rules of others have anomaly_detector.
type AnomalyDetector struct {
	awscdk.Resource
	arn, alias *string
	interval   time.Duration
}

// Limits of a detector. Sources: see the props.
const (
	maxDetectorAlias      = 64
	maxDetectorQuery      = 8192
	minDetectorInterval   = 30
	maxDetectorInterval   = 86400
	standardInterval      = 60 * time.Second
	minSamples            = 256
	maxSamples            = 1024
	minShingle            = 2
	maxShingle            = 1024
	maxDetectorLabelValue = 256
	standardScore         = 0.5
)

var detectorAlias = regexp.MustCompile(`^[0-9A-Za-z][-.0-9A-Z_a-z]*$`)

// NewAnomalyDetector adds an AWS::APS::AnomalyDetector to scope, and grants nothing. It panics when scope or id is missing or a prop is wrong,
// with every error in the message, before it has built anything.
func NewAnomalyDetector(scope constructs.Construct, id *string, props *AnomalyDetectorProps) *AnomalyDetector {
	if props == nil {
		props = &AnomalyDetectorProps{}
	}
	input.Must("NewAnomalyDetector", scope, id, func(f *input.Faults) { props.validate(scope, f) })
	d := &AnomalyDetector{alias: props.Alias, interval: standardInterval}
	awscdk.NewResource_Override(d, scope, id, nil)
	if d.alias == nil {
		d.alias = awscdk.Names_UniqueResourceName(d, &awscdk.UniqueResourceNameOptions{MaxLength: jsii.Number(maxDetectorAlias), Separator: jsii.String("-")})
	}
	if seconds := input.CountOf(props.EvaluationInterval, "seconds"); seconds != nil && !token.Is(*seconds) {
		d.interval = time.Duration(*seconds) * time.Second
	}
	cfnProps := &awsaps.CfnAnomalyDetectorProps{
		Alias: d.alias, Workspace: props.Workspace.WorkspaceArn(), EvaluationIntervalInSeconds: input.CountOf(props.EvaluationInterval, "seconds"),
		Configuration: &awsaps.CfnAnomalyDetector_AnomalyDetectorConfigurationProperty{
			RandomCutForest: &awsaps.CfnAnomalyDetector_RandomCutForestConfigurationProperty{
				Query: props.Query, SampleSize: props.SampleSize, ShingleSize: props.ShingleSize,
				IgnoreNearExpectedFromAbove: props.IgnoreNearExpectedFromAbove.configuration(),
				IgnoreNearExpectedFromBelow: props.IgnoreNearExpectedFromBelow.configuration(),
			},
		},
	}
	switch props.MissingData {
	case MissingDataSkip:
		cfnProps.MissingDataAction = &awsaps.CfnAnomalyDetector_MissingDataActionProperty{Skip: jsii.Bool(true)}
	case MissingDataAnomaly:
		cfnProps.MissingDataAction = &awsaps.CfnAnomalyDetector_MissingDataActionProperty{MarkAsAnomaly: jsii.Bool(true)}
	}
	if labels := input.Map(props.Labels); labels != nil {
		var all []*awsaps.CfnAnomalyDetector_LabelProperty
		for _, name := range sortedKeys(labels) {
			all = append(all, &awsaps.CfnAnomalyDetector_LabelProperty{Key: jsii.String(name), Value: jsii.String(labels[name])})
		}
		cfnProps.Labels = all
	}
	d.arn = awsaps.NewCfnAnomalyDetector(d, jsii.String("Resource"), cfnProps).AttrArn()
	return d
}

func (n *NearExpected) configuration() any {
	if n == nil {
		return nil
	}
	return &awsaps.CfnAnomalyDetector_IgnoreNearExpectedProperty{Amount: n.Amount, Ratio: n.Ratio}
}

func (p *AnomalyDetectorProps) validate(scope constructs.Construct, f *input.Faults) {
	if p.Workspace == nil {
		f.Add("Workspace is not set; give the AMP workspace that the query is for")
	} else {
		f.InPlace(scope, p.Workspace, "anomaly detector")
	}
	if a := p.Alias; input.Known(a) && (len(*a) > maxDetectorAlias || !detectorAlias.MatchString(*a)) {
		f.Add("Alias is %q; it must have 1 to %d letters, digits, dots, dashes and underscores, the first a letter or digit", *a, maxDetectorAlias)
	}
	p.validateQuery(f)
	f.DurationIn("EvaluationInterval", p.EvaluationInterval, "seconds", minDetectorInterval, maxDetectorInterval, "")
	f.NumberIn("SampleSize", p.SampleSize, minSamples, maxSamples)
	f.NumberIn("ShingleSize", p.ShingleSize, minShingle, maxShingle)
	p.IgnoreNearExpectedFromAbove.validate("IgnoreNearExpectedFromAbove", f)
	p.IgnoreNearExpectedFromBelow.validate("IgnoreNearExpectedFromBelow", f)
	if m := p.MissingData; m != "" && m != MissingDataSkip && m != MissingDataAnomaly {
		f.Add("MissingData is %q; it must be MissingDataSkip or MissingDataAnomaly", string(m))
	}
	labels := input.Map(p.Labels)
	for _, name := range sortedKeys(labels) {
		f.AddAll("Labels", prom.CheckLabelName(name))
		if name == "alias" {
			f.Add("Labels: label alias is the detector's Alias; set that, or choose another name")
		}
		if value := labels[name]; !token.In(value) && (value == "" || len(value) > maxDetectorLabelValue) {
			f.Add("Labels: label %s has %d characters; AMP takes 1 to %d", name, len(value), maxDetectorLabelValue)
		}
	}
}

func (p *AnomalyDetectorProps) validateQuery(f *input.Faults) {
	query := input.StringOr(p.Query, "")
	if problem := prom.CheckExpr(query, p.CheckExpr); problem != "" {
		f.Add("Query: %s", problem)
		return
	}
	switch {
	case token.In(query):
	case len(query) > maxDetectorQuery:
		f.Add("Query has %d characters; AMP takes at most %d", len(query), maxDetectorQuery)
	case !aggregated(query):
		f.Add("Query is %q, which is not wrapped in an aggregation as a whole; AMP wants one of avg, count, group, max, min, quantile, stddev, stdvar and sum around it, "+
			"such as sum(%s)", query, query)
	}
}

func (n *NearExpected) validate(what string, f *input.Faults) {
	switch {
	case n == nil:
	case n.Amount == nil && n.Ratio == nil:
		f.Add("%s is empty; give Amount or Ratio, or leave it out", what)
	case n.Amount != nil && n.Ratio != nil:
		f.Add("%s has Amount and Ratio, and AMP takes one of them; leave one out", what)
	default:
		for name, v := range map[string]*float64{"Amount": n.Amount, "Ratio": n.Ratio} {
			if v != nil && !token.Is(*v) && !(*v >= 0 && !math.IsInf(*v, 0)) {
				f.Add("%s.%s is %s; it must be at least 0", what, name, input.Number(v))
			}
		}
	}
}

var (
	aggregation = regexp.MustCompile(`(?i)^(avg|count|group|max|min|quantile|stddev|stdvar|sum)\b\s*`)
	grouping    = regexp.MustCompile(`(?i)^(by|without)\s*\([^()]*\)\s*`)
	lineComment = regexp.MustCompile(`(?m)#[^"'` + "`" + `\n]*$`)
)

// aggregated says whether an expression that scans is one aggregation.
func aggregated(expr string) bool {
	rest := strings.TrimSpace(lineComment.ReplaceAllString(expr, ""))
	for strings.HasPrefix(rest, "(") && closingAt(rest) == len(rest)-1 {
		rest = strings.TrimSpace(rest[1 : len(rest)-1])
	}
	operator := aggregation.FindString(rest)
	if operator == "" {
		return false
	}
	rest = rest[len(operator):]
	rest = rest[len(grouping.FindString(rest)):]
	if !strings.HasPrefix(rest, "(") {
		return false
	}
	rest = strings.TrimSpace(rest[closingAt(rest)+1:])
	return rest == "" || grouping.FindString(rest) == rest
}

// closingAt is where the bracket closes that a text starts with.
func closingAt(text string) int {
	depth, quote := 0, byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(text) - 1
}

// AnomalyDetectorArn is the ARN of the detector.
func (d *AnomalyDetector) AnomalyDetectorArn() *string { return d.arn }

// Alias is the label alias of the detector's results.
func (d *AnomalyDetector) Alias() *string { return d.alias }

// AnomalyAlertProps configures [AnomalyDetector.Alert].
type AnomalyAlertProps struct {
	// Name of the alert.
	//
	// Default: Anomaly.
	Name *string

	// Score above which the alert fires, 0 to 1; 1 is a confident anomaly.
	//
	// Default: 0.5, the middle. A number of this library, not of AWS.
	// Source: Amazon Managed Service for Prometheus User Guide, PreviewAnomalyDetector API.
	Score *float64

	// For is how long the score must stay above, at least 0.
	//
	// Default: 0: the model gets used to what lasts, and the score falls again.
	For awscdk.Duration

	// Labels are set on the alert, such as severity.
	//
	// Default: none.
	Labels *map[string]*string
}

// Alert is a rule that fires when the detector's score is high, for a group of rules. An anomaly may last for one evaluation only, so the rule looks
// back over two of them. It panics when props are wrong.
func (d *AnomalyDetector) Alert(props *AnomalyAlertProps) *AlertingRule {
	if props == nil {
		props = &AnomalyAlertProps{}
	}
	var f input.Faults
	score := standardScore
	if s := props.Score; s != nil {
		score = *s
		if !token.Is(score) && !(score >= 0 && score < 1) {
			f.Add("Score is %s; it must be at least 0 and less than 1", input.Number(s))
		} else if token.Is(score) {
			f.Add("Score is a token; it must be known at synthesis")
		}
	}
	f.PanicIfAny(*d.Node().Path() + ": Alert")
	selector := fmt.Sprintf(`{alias="%s"}`, *d.alias)
	return &AlertingRule{
		Alert: jsii.String(input.StringOr(props.Name, "Anomaly")), For: props.For, Labels: props.Labels,
		Expr: jsii.String(fmt.Sprintf("max_over_time(anomaly_detector:score%s[%s]) > %s", selector, prom.Duration(2*d.interval), prom.Number(score))),
		Annotations: &map[string]*string{
			"summary":     jsii.String(*d.alias + " behaves unusually"),
			"description": jsii.String("The anomaly detector " + *d.alias + " gives a score of {{ $value | humanize }}; compare anomaly_detector:value with anomaly_detector:lower_band and anomaly_detector:upper_band."),
		},
	}
}
