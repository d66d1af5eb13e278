package amp

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsaps"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/internal/alertmanager"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// RuleGroupsNamespaceProps configures a [RuleGroupsNamespace]: Groups, or Yaml.
type RuleGroupsNamespaceProps struct {
	// Workspace that evaluates the rules, in the account and region of the stack. Required.
	Workspace IWorkspace

	// Name of the namespace, unique in its workspace: 1 to 64 letters, digits, dots, dashes and underscores, the first a
	// letter or digit. Changing it replaces the namespace.
	//
	// Default: made from the path of the construct.
	// Source: AWS::APS::RuleGroupsNamespace, Name and Arn.
	Name *string

	// Groups of rules. Required unless Yaml is set.
	Groups *[]*RuleGroup

	// Yaml is a Prometheus rule file. It is sent unchanged, and checked as Groups are.
	//
	// Default: made from Groups.
	Yaml *string

	// CheckExpr checks a PromQL expression; its error is reported with those of this library. Without it expressions are
	// checked for what needs no parser: that there is one, that brackets and quotes are closed, that no character or
	// operator is in a wrong place, and that functions exist. Types are then found by AMP only, at deployment. A complete
	// check, which costs the app a dependency, is that of Prometheus:
	//
	//	func(expr string) error {
	//		_, err := parser.NewParser(parser.Options{}).ParseExpr(expr) // github.com/prometheus/prometheus/promql/parser
	//		return err
	//	}
	//
	// Default: no further check.
	CheckExpr func(expr string) error
}

// RuleGroup is a list of rules, evaluated one after the other.
type RuleGroup struct {
	// Name of the group, unique in its namespace. Required.
	Name *string

	// Interval between evaluations, at least 30 seconds.
	//
	// Default: as AMP has it, 60 seconds.
	// Sources: Amazon Managed Service for Prometheus User Guide, Create a rules file and Service quotas.
	Interval awscdk.Duration

	// QueryOffset is how far in the past the rules are evaluated, at least 0.
	//
	// Default: RuleQueryOffset of the workspace.
	// Source: Amazon Managed Service for Prometheus User Guide, Configure your workspace.
	QueryOffset awscdk.Duration

	// Limit is the number of series or alerts that a rule may make; with more it fails. A whole number; 0 is no limit.
	// We have not verified that AMP supports it.
	//
	// Default: no limit.
	// Source: Prometheus configuration, rule_group.
	Limit *float64

	// Rules in the order of evaluation: [RecordingRule] and [AlertingRule]. Required.
	Rules *[]Rule
}

// Rule is a [RecordingRule] or an [AlertingRule].
type Rule interface{ node() ruleNode }

// RecordingRule stores the result of an expression as new series.
type RecordingRule struct {
	// Record is the name of the new series, such as job:http_requests:rate5m. Required.
	Record *string

	// Expr is the PromQL expression. Required.
	Expr *string

	// Labels are set on the new series.
	//
	// Default: none.
	Labels *map[string]*string
}

// AlertingRule raises an alert for each series that an expression gives.
type AlertingRule struct {
	// Alert is the name of the alert. Required.
	Alert *string

	// Expr is the PromQL expression. Required.
	Expr *string

	// For is how long a series must be there before its alert fires, at least 0.
	//
	// Default: 0, at once.
	For awscdk.Duration

	// KeepFiringFor is how long an alert continues after its series is gone, at least 0. We have not verified that AMP
	// supports it.
	//
	// Default: 0, not at all.
	// Source: Prometheus configuration, rule.
	KeepFiringFor awscdk.Duration

	// Labels are set on the alert; the alert manager routes by them. Values are Go templates.
	//
	// Default: none.
	Labels *map[string]*string

	// Annotations tell people about the alert. Values are Go templates.
	//
	// Default: none.
	Annotations *map[string]*string
}

// ruleFile is a Prometheus rule file.
// Source: Prometheus v0.313.2, model/rulefmt.
type ruleFile struct {
	Groups []ruleGroupNode `yaml:"groups"`
}

type ruleGroupNode struct {
	Name        string            `yaml:"name"`
	Interval    string            `yaml:"interval,omitempty"`
	QueryOffset string            `yaml:"query_offset,omitempty"`
	Limit       wholeNumber       `yaml:"limit,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Rules       []ruleNode        `yaml:"rules"`
}

// wholeNumber is a number or the token of one, without quotes, which a token's text would get.
type wholeNumber string

// MarshalYAML implements yaml.Marshaler.
func (n wholeNumber) MarshalYAML() (any, error) {
	return &yaml.Node{Kind: yaml.ScalarNode, Value: string(n)}, nil
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (n *wholeNumber) UnmarshalYAML(node *yaml.Node) error {
	var value int
	*n = wholeNumber(node.Value)
	return node.Decode(&value)
}

type ruleNode struct {
	Record        string            `yaml:"record,omitempty"`
	Alert         string            `yaml:"alert,omitempty"`
	Expr          string            `yaml:"expr"`
	For           string            `yaml:"for,omitempty"`
	KeepFiringFor string            `yaml:"keep_firing_for,omitempty"`
	Labels        map[string]string `yaml:"labels,omitempty"`
	Annotations   map[string]string `yaml:"annotations,omitempty"`
}

func (r *RecordingRule) node() ruleNode {
	return ruleNode{Record: input.StringOr(r.Record, ""), Expr: input.StringOr(r.Expr, ""), Labels: input.Map(r.Labels)}
}

func (r *AlertingRule) node() ruleNode {
	return ruleNode{
		Alert: input.StringOr(r.Alert, ""), Expr: input.StringOr(r.Expr, ""), For: promText(r.For), KeepFiringFor: promText(r.KeepFiringFor),
		Labels: input.Map(r.Labels), Annotations: input.Map(r.Annotations),
	}
}

// RuleGroupsNamespace is a rule file of a workspace.
type RuleGroupsNamespace struct {
	awscdk.Resource
	arn, name *string
}

// NewRuleGroupsNamespace adds an AWS::APS::RuleGroupsNamespace to scope. It panics when scope or id is missing or a prop is
// wrong, with every error of every rule in the message, before it has built anything. Two rules of one name with the same labels
// cause a warning, and so does a group of more than 20 rules, which AMP refuses unless AWS has raised that quota.
func NewRuleGroupsNamespace(scope constructs.Construct, id *string, props *RuleGroupsNamespaceProps) *RuleGroupsNamespace {
	if props == nil {
		props = &RuleGroupsNamespaceProps{}
	}
	var data string
	var warnings []ruleWarning
	input.Must("NewRuleGroupsNamespace", scope, id, func(f *input.Faults) { data, warnings = props.validate(scope, f) })
	r := &RuleGroupsNamespace{name: props.Name}
	awscdk.NewResource_Override(r, scope, id, nil)
	for _, warning := range warnings {
		input.Warn(r, warning.id, "%s", warning.text)
	}
	if r.name == nil {
		r.name = awscdk.Names_UniqueResourceName(r, &awscdk.UniqueResourceNameOptions{MaxLength: jsii.Number(64), Separator: jsii.String("-")})
	}
	cfn := awsaps.NewCfnRuleGroupsNamespace(r, jsii.String("Resource"), &awsaps.CfnRuleGroupsNamespaceProps{
		Workspace: props.Workspace.WorkspaceArn(), // the ARN, whatever the property's description says
		Name:      r.name,
		Data:      jsii.String(data),
	})
	r.arn = cfn.AttrArn()
	return r
}

// RuleGroupsNamespaceArn is the ARN of the namespace.
func (r *RuleGroupsNamespace) RuleGroupsNamespaceArn() *string { return r.arn }

// RuleGroupsNamespaceName is the name of the namespace.
func (r *RuleGroupsNamespace) RuleGroupsNamespaceName() *string { return r.name }

// validate gives back the rule file, and likely mistakes in it.
func (p *RuleGroupsNamespaceProps) validate(scope constructs.Construct, f *input.Faults) (data string, warnings []ruleWarning) {
	f.RulesIn(scope, p.Workspace, p.Name)
	if p.Yaml != nil {
		if p.Groups != nil {
			f.Add("Yaml is set together with Groups; it is the whole file, so leave one out")
		}
		if token.In(*p.Yaml) {
			return *p.Yaml, nil
		}
		var file ruleFile
		if err := decodeStrict(*p.Yaml, &file); err != nil {
			f.Add("Yaml is not a rule file: %s", prom.OneLine(err))
			return "", nil
		}
		if size := len(*p.Yaml); size > alertmanager.MaxBytes {
			f.Add("Yaml has %d bytes; AMP takes at most 1 MiB, so make two namespaces of it", size)
		}
		return *p.Yaml, file.validate(p.CheckExpr, f)
	}
	file := p.file(f)
	warnings = file.validate(p.CheckExpr, f)
	if len(*f) > 0 {
		return "", nil
	}
	return encodeYAML(file), warnings
}

// file turns groups into a rule file, and reports what that file would not show.
func (p *RuleGroupsNamespaceProps) file(f *input.Faults) ruleFile {
	var file ruleFile
	if p.Groups == nil {
		return file
	}
	for i, g := range *p.Groups {
		where := fmt.Sprintf("Groups[%d]", i)
		if g == nil {
			f.Add("%s is nil; remove it or describe a group", where)
			continue
		}
		promDuration(f, where+".Interval", g.Interval, true)
		promDuration(f, where+".QueryOffset", g.QueryOffset, false)
		f.NumberIn(where+".Limit", g.Limit, 0, maxWholeNumber)
		node := ruleGroupNode{
			Name: input.StringOr(g.Name, ""), Interval: promText(g.Interval), QueryOffset: promText(g.QueryOffset), Limit: wholeNumber(input.Number(g.Limit)),
		}
		if g.Rules != nil {
			for j, r := range *g.Rules {
				where := fmt.Sprintf("%s.Rules[%d]", where, j)
				alert, isAlert := r.(*AlertingRule)
				record, isRecord := r.(*RecordingRule)
				switch {
				case !isAlert && !isRecord, isAlert && alert == nil, isRecord && record == nil:
					f.Add("%s is nil; remove it or describe a rule", where)
					continue
				case isAlert:
					promDuration(f, where+".For", alert.For, false)
					promDuration(f, where+".KeepFiringFor", alert.KeepFiringFor, false)
				}
				node.Rules = append(node.Rules, r.node())
			}
		}
		file.Groups = append(file.Groups, node)
	}
	return file
}
