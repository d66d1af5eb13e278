package otelprometheus

import (
	"encoding/json"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/grants"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// grantTraces allows the task role to write traces. X-Ray knows no resources, hence the *.
func (s *Sidecar) grantTraces() {
	if s.settings.tracing {
		s.allow(jsii.String("*"), "xray:PutTelemetryRecords", "xray:PutTraceSegments")
	}
}

// grantWrite gives the task role the one way in that it uses.
func (s *Sidecar) grantWrite() {
	roles := s.settings.roles
	switch assume := s.settings.write.AssumeRole; {
	case assume != nil:
		s.allow(assume.RoleArn(), "sts:AssumeRole")
	case roles.managedPolicy:
		s.task.TaskRole().AddManagedPolicy(awsiam.ManagedPolicy_FromAwsManagedPolicyName(jsii.String("AmazonPrometheusRemoteWriteAccess")))
	case !s.settings.task.ownTaskRole && !input.Differ(s.stack.of(s.workspace).account, s.stack.account):
		// The same as GrantRemoteWrite, which would ask Node whose the role is.
		s.task.AddToTaskRolePolicy(s.stack.of(s.workspace).statement())
	case !s.settings.task.ownTaskRole && s.settings.acrossAccounts(s.stack):
		s.grantAcrossAccounts()
	default:
		s.workspace.GrantRemoteWrite(s.task.TaskRole())
	}
	if roles.taskRoleName != nil {
		s.created(idTaskRole).SetRoleName(roles.taskRoleName)
	}
}

// acrossAccounts says whether the workspace is made, or imported, in a stack of another account.
func (s *settings) acrossAccounts(stack *stackParts) bool {
	if s.workspace == nil {
		return false
	}
	w := stack.of(s.workspace)
	return w.stack != stack.Stack && input.Differ(w.account, stack.account)
}

// validateAccess reports a task role that the policy of a workspace in another account cannot name.
func (s *settings) validateAccess(stack *stackParts, f *input.Faults) {
	if s.acrossAccounts(stack) && !s.task.ownTaskRole && s.write.AssumeRole == nil && s.roles.taskRoleName == nil {
		f.Add("%sWorkspace is in a stack of account %s, whose policy must name the task role, and a role that awscdk names has no name before it is deployed; "+
			"set %sRoles.TaskRoleName, or %sRemoteWrite.AssumeRole", where, *stack.of(s.workspace).account, where, where)
	}
}

// grantAcrossAccounts lets the task role into a workspace that this app makes in another account. Its resource policy names the role, which
// awscdk makes without a name that is known there.
func (s *Sidecar) grantAcrossAccounts() {
	s.task.AddToTaskRolePolicy(s.stack.of(s.workspace).statement())
	role := s.stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("iam"), Region: jsii.String(""), Resource: jsii.String("role"), ResourceName: s.settings.roles.taskRoleName,
	})
	s.workspace.GrantRemoteWrite(awsiam.NewPrincipalWithConditions(awsiam.NewAccountPrincipal(s.stack.account), &map[string]any{
		"ArnEquals": map[string]any{"aws:PrincipalArn": role},
	}))
}

// allow lets the task role do something, or says in a warning what it lacks.
func (s *Sidecar) allow(resource *string, actions ...string) {
	s.warnWithoutEffect(awsiam.Grant_AddToPrincipal(&awsiam.GrantOnPrincipalOptions{
		Grantee: s.task.TaskRole(), Actions: jsii.Strings(actions...), ResourceArns: &[]*string{resource},
	}), *resource, actions...)
}

// warnWithoutEffect names the statement that a task role needs, where a grant could not change it.
func (s *Sidecar) warnWithoutEffect(grant awsiam.Grant, resource string, actions ...string) {
	role := s.task.TaskRole()
	if grants.TookEffect(role.GrantPrincipal(), grant) {
		return
	}
	slices.Sort(actions)
	statement, err := json.Marshal(map[string]any{"Effect": "Allow", "Action": actions, "Resource": resource})
	if err != nil {
		panic(err) // strings can always be written
	}
	input.Warn(s.task, "taskRoleNotChanged", "the task role %s cannot be changed by this app; attach this statement to it: %s", *role.RoleArn(), statement)
}

// created is a role that awscdk made below the task definition, or nil.
func (s *Sidecar) created(id string) awsiam.CfnRole {
	if role := s.task.Node().TryFindChild(&id); role != nil {
		return role.Node().DefaultChild().(awsiam.CfnRole)
	}
	return nil
}

// restrictTrust adds the conditions to the roles that awscdk made. The execution role comes with the first container that
// needs it, so this runs from the aspect.
func (s *Sidecar) restrictTrust() {
	if !s.settings.roles.restrictTrust {
		return
	}
	for _, id := range []string{idTaskRole, idExecutionRole} {
		if role := s.created(id); role != nil {
			s.restrict(role)
		}
	}
}

func (s *Sidecar) restrict(role awsiam.CfnRole) {
	role.AddPropertyOverride(jsii.String("AssumeRolePolicyDocument.Statement.0.Condition"), map[string]any{
		"StringEquals": map[string]any{"aws:SourceAccount": s.stack.account},
		"ArnLike": map[string]any{"aws:SourceArn": s.stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("ecs"), Resource: jsii.String("*"), ArnFormat: awscdk.ArnFormat_NO_RESOURCE_NAME,
		})},
	})
}
