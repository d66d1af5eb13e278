package amp

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/grants"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// remoteWriteActions is all that the managed policy AmazonPrometheusRemoteWriteAccess allows.
var remoteWriteActions = jsii.Strings("aps:RemoteWrite")

// queryActions is all that the managed policy AmazonPrometheusQueryAccess allows.
var queryActions = jsii.Strings("aps:GetLabels", "aps:GetMetricMetadata", "aps:GetSeries", "aps:QueryMetrics")

// GrantRemoteWrite implements [IWorkspace].
func (w *Workspace) GrantRemoteWrite(grantee awsiam.IGrantable) awsiam.Grant {
	return w.grant("GrantRemoteWrite", grantee, remoteWriteActions)
}

// GrantQuery implements [IWorkspace].
func (w *Workspace) GrantQuery(grantee awsiam.IGrantable) awsiam.Grant {
	return w.grant("GrantQuery", grantee, queryActions)
}

// Grant implements [IWorkspace].
func (w *Workspace) Grant(grantee awsiam.IGrantable, actions ...*string) awsiam.Grant {
	var f input.Faults
	if len(actions) == 0 {
		f.Add("no action is given; name at least one, such as aps:QueryMetrics")
	}
	for i, action := range actions {
		if action == nil || input.Known(action) && !strings.HasPrefix(*action, "aps:") {
			f.Add("actions[%d] is %q; it must be an action of AMP, such as aps:QueryMetrics", i, input.StringOr(action, ""))
		}
	}
	f.PanicIfAny(*w.Node().Path() + ": Grant")
	return w.grant("Grant", grantee, &actions)
}

// grant is what every grant does; method is the one that warnings name.
func (w *Workspace) grant(method string, grantee awsiam.IGrantable, actions *[]*string) awsiam.Grant {
	if grantee == nil {
		panic(*w.Node().Path() + ": " + method + ": grantee is nil; pass a role or another principal")
	}
	principal := grantee.GrantPrincipal()
	foreign := input.Differ(principal.PrincipalAccount(), locate(w).account)

	options := &awsiam.GrantOnPrincipalOptions{Grantee: grantee, Actions: actions, ResourceArns: &[]*string{w.arn}}
	grant := awsiam.Grant_AddToPrincipal(options)
	inPrincipal := *grant.Success()
	if inPrincipal && !grants.TookEffect(principal, grant) {
		input.Warn(w, "roleNotChanged", "%s: %s cannot be changed by this app; attach this statement to it: %s",
			method, describe(grantee), render(w, w.statement(actions)))
	}
	if inPrincipal && !foreign {
		return grant
	}

	statement := w.statement(actions)
	statement.AddPrincipals(principal)
	var f input.Faults
	rejectEverybody(w, "it", statement, &f) // a principal for everybody has no policy, so nothing is changed yet
	f.PanicIfAny(*w.Node().Path() + ": " + method)
	if !w.created && w.policy == nil {
		input.Warn(w, "resourcePolicyNeeded",
			"%s: %s is %s, so the resource policy of the imported workspace must allow it; add this statement there, or let it assume a role of the workspace's account: %s",
			method, describe(grantee), reason(foreign, principal), render(w, statement))
		return grant
	}
	if w.encrypted {
		input.Warn(w, "keyGrantNeeded", "%s: %s gets access through the resource policy of the workspace, and also needs a KMS grant on its key, which CloudFormation cannot make", method, describe(grantee))
	}
	if w.policy == nil {
		newResourcePolicy(w, jsii.String("ResourcePolicy"), w)
	}
	return awsiam.Grant_AddToPrincipalAndResource(&awsiam.GrantOnPrincipalAndResourceOptions{
		Grantee: grantee, Actions: actions, ResourceArns: options.ResourceArns, Resource: &policyOf{w},
		ResourcePolicyPrincipal: w.resourcePolicyPrincipal(principal),
	})
}

// resourcePolicyPrincipal is whom the resource policy names. A role in a stack of another account is made after the
// workspace, which it refers to; AWS refuses policies with a principal that does not exist. So such a role is let in by
// its account and a condition, which come to the same.
func (w *Workspace) resourcePolicyPrincipal(principal awsiam.IPrincipal) awsiam.IPrincipal {
	role, ok := principal.(awsiam.IRole)
	if !ok || !input.Differ(awscdk.Stack_Of(role).Account(), locate(w).account) {
		return principal
	}
	return awsiam.NewPrincipalWithConditions(awsiam.NewAccountPrincipal(principal.PrincipalAccount()), &map[string]interface{}{
		"ArnEquals": map[string]interface{}{"aws:PrincipalArn": role.RoleArn()},
	})
}

// statement allows actions on this workspace.
func (w *Workspace) statement(actions *[]*string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: actions, Resources: &[]*string{w.arn}})
}

func reason(foreign bool, principal awsiam.IPrincipal) string {
	if foreign {
		return "of account " + *principal.PrincipalAccount()
	}
	return "no role with a policy of its own"
}

// describe names a grantee for people.
func describe(grantee awsiam.IGrantable) string {
	if role, ok := grantee.(awsiam.IRole); ok && input.Known(role.RoleArn()) {
		return *role.RoleArn()
	}
	if c, ok := grantee.(constructs.IConstruct); ok {
		return *c.Node().Path()
	}
	if s, ok := grantee.(interface{ ToString() *string }); ok {
		return *s.ToString()
	}
	return "the grantee"
}
