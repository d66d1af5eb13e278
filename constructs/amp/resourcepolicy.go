package amp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsaps"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// ResourcePolicyProps configures a [ResourcePolicy].
type ResourcePolicyProps struct {
	// Workspace that the policy is for, in the account and region of the stack. A workspace has one policy. Required.
	Workspace IWorkspace

	// RemoteWriters may write metrics: aps:RemoteWrite.
	//
	// Default: none.
	RemoteWriters *[]awsiam.IPrincipal

	// Queriers may query: aps:QueryMetrics, aps:GetSeries, aps:GetLabels and aps:GetMetricMetadata.
	//
	// Default: none.
	Queriers *[]awsiam.IPrincipal

	// Statements are added unchanged. One without resources gets the ARN of the workspace, the only one that AMP takes.
	// AMP ignores actions other than those of the Prometheus-compatible API.
	//
	// Default: none.
	// Source: Amazon Managed Service for Prometheus API Reference, PutResourcePolicy.
	Statements *[]awsiam.PolicyStatement
}

// ResourcePolicy says who may use a workspace, other accounts included. A principal of another account needs a statement
// in its own policy too. Of the two ways into a workspace from another account, this one needs no role to assume.
type ResourcePolicy struct {
	awscdk.Resource
	workspace IWorkspace
	document  awsiam.PolicyDocument
}

// NewResourcePolicy adds an AWS::APS::ResourcePolicy to scope. It grants nothing but what props say. It panics when scope
// or id is missing, when nobody or everybody is allowed, and when the workspace has a policy in this app already: grants
// on a workspace of this app make one when they need it, and use this one when it is there.
func NewResourcePolicy(scope constructs.Construct, id *string, props *ResourcePolicyProps) *ResourcePolicy {
	if props == nil {
		props = &ResourcePolicyProps{}
	}
	input.Must("NewResourcePolicy", scope, id, func(f *input.Faults) { props.validate(scope, f) })
	p := newResourcePolicy(scope, id, props.Workspace)
	p.allow(props.RemoteWriters, remoteWriteActions)
	p.allow(props.Queriers, queryActions)
	if props.Statements != nil {
		for _, s := range *props.Statements {
			p.add(s)
		}
	}
	return p
}

func newResourcePolicy(scope constructs.Construct, id *string, workspace IWorkspace) *ResourcePolicy {
	p := &ResourcePolicy{workspace: workspace, document: awsiam.NewPolicyDocument(nil)}
	awscdk.NewResource_Override(p, scope, id, nil)
	awsaps.NewCfnResourcePolicy(p, jsii.String("Resource"), &awsaps.CfnResourcePolicyProps{
		WorkspaceArn:   workspace.WorkspaceArn(),
		PolicyDocument: awscdk.Stack_Of(p).ToJsonString(p.document, nil),
	})
	if w, ok := workspace.(*Workspace); ok {
		w.policy = p
	}
	return p
}

// AddStatements adds statements, like [ResourcePolicyProps].Statements. It panics when one allows everybody.
func (p *ResourcePolicy) AddStatements(statements ...awsiam.PolicyStatement) {
	var f input.Faults
	for i, s := range statements {
		rejectEverybody(p, fmt.Sprintf("statement %d", i), s, &f)
	}
	f.PanicIfAny(*p.Node().Path() + ": AddStatements")
	for _, s := range statements {
		p.add(s)
	}
}

func (p *ResourcePolicy) allow(principals *[]awsiam.IPrincipal, actions *[]*string) {
	if principals == nil || len(*principals) == 0 {
		return
	}
	p.add(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: actions, Principals: principals}))
}

// add leaves the caller's statement as it is.
func (p *ResourcePolicy) add(statement awsiam.PolicyStatement) {
	if len(*statement.Resources()) == 0 && len(*statement.NotResources()) == 0 {
		statement = statement.Copy(&awsiam.PolicyStatementProps{Resources: &[]*string{p.workspace.WorkspaceArn()}})
	}
	p.document.AddStatements(statement)
}

func (p *ResourcePolicyProps) validate(scope constructs.Construct, f *input.Faults) {
	if scope == nil {
		return // an error already, and without a stack nothing can be resolved
	}
	if p.Workspace == nil {
		f.Add("Workspace is not set; give the AMP workspace that the policy is for")
	} else {
		f.InPlace(scope, p.Workspace, "resource policy")
		if w, ok := p.Workspace.(*Workspace); ok && w.policy != nil {
			f.Add("workspace %s has a resource policy already, at %s, and can have only one; add to it with AddStatements, or make this one before the grants",
				*w.Node().Path(), *w.policy.Node().Path())
		}
	}
	count := 0
	for _, list := range []struct {
		name       string
		principals *[]awsiam.IPrincipal
	}{{"RemoteWriters", p.RemoteWriters}, {"Queriers", p.Queriers}} {
		if list.principals == nil {
			continue
		}
		for i, principal := range *list.principals {
			where := fmt.Sprintf("%s[%d]", list.name, i)
			count++
			if principal == nil {
				f.Add("%s is nil; remove it or name a principal", where)
				continue
			}
			rejectEverybody(scope, where, awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
				Actions: remoteWriteActions, Principals: &[]awsiam.IPrincipal{principal},
			}), f)
		}
	}
	if p.Statements != nil {
		for i, s := range *p.Statements {
			count++
			rejectEverybody(scope, fmt.Sprintf("Statements[%d]", i), s, f)
		}
	}
	if count == 0 {
		f.Add("the policy allows nothing; name RemoteWriters, Queriers or Statements")
	}
}

// rejectEverybody reports a statement that allows a wildcard principal which no condition narrows down.
func rejectEverybody(scope constructs.Construct, where string, statement awsiam.PolicyStatement, f *input.Faults) {
	if statement == nil {
		f.Add("%s is nil; remove it", where)
		return
	}
	s := statementJSON(scope, statement)
	conditions, _ := s["Condition"].(map[string]any)
	switch {
	case s["Effect"] == "Deny":
	case s["NotPrincipal"] != nil:
		f.Add("%s allows everybody but some (NotPrincipal); name who is allowed", where)
	case s["Principal"] == nil:
		f.Add("%s has no principal; name who is allowed", where)
	case hasWildcard(s["Principal"]) && !narrows(conditions):
		f.Add("%s allows everybody (*); name a role, an account or an organization, or add a condition on one of %s", where, strings.Join(narrowingKeys, ", "))
	}
}

func hasWildcard(principal any) bool {
	switch p := principal.(type) {
	case string:
		return p == "*"
	case []any:
		return slices.ContainsFunc(p, hasWildcard)
	case map[string]any:
		for _, v := range p {
			if hasWildcard(v) {
				return true
			}
		}
	}
	return false
}

// narrowingKeys are the condition keys that say who a wildcard principal stands for.
var narrowingKeys = []string{
	"aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:SourceAccount", "aws:SourceArn",
}

// narrows says whether conditions restrict who a wildcard principal stands for.
func narrows(conditions map[string]any) bool {
	for operator, keys := range conditions {
		if operator == "Null" || strings.Contains(operator, "Not") {
			continue
		}
		values, _ := keys.(map[string]any)
		for key := range values {
			if slices.Contains(narrowingKeys, key) {
				return true
			}
		}
	}
	return false
}

// policyOf lets awscdk add to the resource policy of a workspace. Its methods are called from Node, so they must not
// panic: the policy is there before.
type policyOf struct{ workspace *Workspace }

// Env implements awsiam.IResourceWithPolicyV2.
func (p *policyOf) Env() *interfaces.ResourceEnvironment { return p.workspace.Env() }

// AddToResourcePolicy implements awsiam.IResourceWithPolicyV2.
func (p *policyOf) AddToResourcePolicy(statement awsiam.PolicyStatement) *awsiam.AddToResourcePolicyResult {
	policy := p.workspace.policy
	policy.document.AddStatements(statement)
	return &awsiam.AddToResourcePolicyResult{StatementAdded: jsii.Bool(true), PolicyDependable: policy}
}
