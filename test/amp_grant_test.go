package test

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

const (
	writeOnHome  = `{"Action":"aps:RemoteWrite","Effect":"Allow","Resource":"` + workspaceArn + `"}`
	queryOnHome  = `{"Action":["aps:GetLabels","aps:GetMetricMetadata","aps:GetSeries","aps:QueryMetrics"],"Effect":"Allow","Resource":"` + workspaceArn + `"}`
	roleNotOurs  = "roleNotChanged"
	policyNeeded = "resourcePolicyNeeded"
)

func roleOf(stack awscdk.Stack, id string) awsiam.Role {
	return awsiam.NewRole(stack, &id, &awsiam.RoleProps{AssumedBy: awsiam.NewAccountRootPrincipal()})
}

func importedRole(stack awscdk.Stack, id, account string, options *awsiam.FromRoleArnOptions) awsiam.IRole {
	return awsiam.Role_FromRoleArn(stack, &id, jsii.String("arn:aws:iam::"+account+":role/"+id), options)
}

// TestGrantToARoleThatCannotBeChangedWarns pins how the library finds out that awscdk dropped a statement.
func TestGrantToARoleThatCannotBeChangedWarns(t *testing.T) {
	immutable := &awsiam.FromRoleArnOptions{Mutable: jsii.Bool(false)}
	for name, tc := range map[string]struct {
		grantee  func(awscdk.Stack) awsiam.IGrantable
		warned   bool
		policies int
	}{
		"a role of the app": {func(s awscdk.Stack) awsiam.IGrantable { return roleOf(s, "Role") }, false, 1},
		"a role with a policy already": {func(s awscdk.Stack) awsiam.IGrantable {
			r := roleOf(s, "Role")
			r.AddToPolicy(anyStatement())
			return r
		}, false, 1},
		"a role that may be made later": {func(s awscdk.Stack) awsiam.IGrantable { return lazyRole(s) }, false, 0},
		"a role made when needed":       {func(s awscdk.Stack) awsiam.IGrantable { r := lazyRole(s); r.RoleArn(); return r }, false, 1},
		"a user":                        {func(s awscdk.Stack) awsiam.IGrantable { return awsiam.NewUser(s, jsii.String("User"), nil) }, false, 1},
		"a group":                       {func(s awscdk.Stack) awsiam.IGrantable { return awsiam.NewGroup(s, jsii.String("Group"), nil) }, false, 1},
		"an imported role":              {func(s awscdk.Stack) awsiam.IGrantable { return importedRole(s, "mine", home, nil) }, false, 1},
		"an immutable role":             {func(s awscdk.Stack) awsiam.IGrantable { return importedRole(s, "fixed", home, immutable) }, true, 0},
		"a role without policy updates": {func(s awscdk.Stack) awsiam.IGrantable { return roleOf(s, "Role").WithoutPolicyUpdates(nil) }, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			stack := homeStack(t)
			w := importedWorkspace(stack)
			grant := w.GrantRemoteWrite(tc.grantee(stack))
			if !*grant.Success() {
				t.Error("the grant is no success")
			}
			if n := len(synth(t, stack).all("AWS::IAM::Policy")); n != tc.policies {
				t.Errorf("%d policies, want %d", n, tc.policies)
			}
			if tc.warned {
				assertWarning(t, w, roleNotOurs, writeOnHome)
			} else {
				assertNoWarnings(t, w)
			}
		})
	}
}

// TestGrantAllowsAnyActionOnTheWorkspace, by the same ways as the named grants.
func TestGrantAllowsAnyActionOnTheWorkspace(t *testing.T) {
	stack := homeStack(t)
	w := newWorkspace(stack, nil)
	if !*w.Grant(roleOf(stack, "Role"), jsii.String("aps:ListRules"), jsii.String("aps:GetAlertManagerStatus")).Success() {
		t.Error("the grant is no success")
	}
	w.Grant(awsiam.NewAccountPrincipal(jsii.String(away)), jsii.String("aps:ListAlerts"))
	tmpl := synth(t, stack)
	assertJSON(t, "role", tmpl.statements("RoleDefaultPolicy"), `[{"Action":["aps:GetAlertManagerStatus","aps:ListRules"],"Effect":"Allow","Resource":`+asJSON(resolved(stack, w.WorkspaceArn()))+`}]`)
	assertResourcePolicy(t, tmpl.one("AWS::APS::ResourcePolicy"), `{"Version":"2012-10-17","Statement":[{
		"Action":"aps:ListAlerts","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Resource":"<Workspace.Arn>"}]}`)
	assertNoWarnings(t, w)

	imported := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Imported"), jsii.String(workspaceArn))
	imported.Grant(importedRole(stack, "fixed", home, &awsiam.FromRoleArnOptions{Mutable: jsii.Bool(false)}), jsii.String("aps:ListRules"))
	assertWarning(t, imported, roleNotOurs, `{"Action":"aps:ListRules","Effect":"Allow","Resource":"`+workspaceArn+`"}`)
}

func anyStatement() awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: jsii.Strings("s3:GetObject"), Resources: jsii.Strings("arn:aws:s3:::b/*")})
}

func lazyRole(stack awscdk.Stack) awsiam.LazyRole {
	return awsiam.NewLazyRole(stack, jsii.String("Lazy"), &awsiam.LazyRoleProps{AssumedBy: awsiam.NewAccountRootPrincipal()})
}

func TestWarningOfAGrantCanBeAcknowledged(t *testing.T) {
	stack := homeStack(t)
	w := importedWorkspace(stack)
	w.GrantQuery(importedRole(stack, "fixed", home, &awsiam.FromRoleArnOptions{Mutable: jsii.Bool(false)}))
	assertWarning(t, w, roleNotOurs, queryOnHome)
	awscdk.Annotations_Of(w).AcknowledgeWarning(jsii.String(warningPrefix+roleNotOurs), jsii.String("the platform team attached it"))
	assertNoWarnings(t, w)
}

// TestGrantToAnotherAccountTakesBothSides: IAM wants the action allowed in the account of the principal and in that of
// the workspace.
func TestGrantToAnotherAccountTakesBothSides(t *testing.T) {
	t.Run("workspace imported", func(t *testing.T) {
		stack := newStackIn(newApp(t), "Stack", away, "eu-west-1")
		w := importedWorkspace(stack)
		w.GrantRemoteWrite(awsiam.NewRole(stack, jsii.String("Role"), &awsiam.RoleProps{
			AssumedBy: awsiam.NewAccountRootPrincipal(), RoleName: jsii.String("writer"),
		}))
		tmpl := synth(t, stack)
		assertJSON(t, "this side", tmpl.statements("RoleDefaultPolicy"), "["+writeOnHome+"]")
		if n := len(tmpl.all("AWS::APS::ResourcePolicy")); n != 0 {
			t.Errorf("%d resource policies in the wrong account", n)
		}
		assertWarning(t, w, policyNeeded, `{"Action":"aps:RemoteWrite","Effect":"Allow",
			"Principal":{"AWS":{"Fn::GetAtt":["Role1ABCC5F0","Arn"]}},"Resource":"`+workspaceArn+`"}`)
	})
	t.Run("workspace of this app", func(t *testing.T) {
		stack := homeStack(t)
		w := newWorkspace(stack, nil)
		role := importedRole(stack, "writer", away, nil)
		if !*w.GrantRemoteWrite(role).Success() {
			t.Error("the grant is no success")
		}
		assertResourcePolicy(t, synth(t, stack).one("AWS::APS::ResourcePolicy"), `{"Version":"2012-10-17","Statement":[{
			"Action":"aps:RemoteWrite","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/writer"},"Resource":"<Workspace.Arn>"}]}`)
		assertWarning(t, w, roleNotOurs, `{"Action":"aps:RemoteWrite","Effect":"Allow","Resource":`+asJSON(resolved(stack, w.WorkspaceArn()))+`}`)
	})
	t.Run("both of this app", func(t *testing.T) {
		app := newApp(t)
		platform, service := newStackIn(app, "Platform", home, "eu-west-1"), newStackIn(app, "Service", away, "us-east-1")
		w := newWorkspace(platform, nil)
		w.GrantRemoteWrite(awsiam.NewRole(service, jsii.String("Role"), &awsiam.RoleProps{
			AssumedBy: awsiam.NewAccountRootPrincipal(), RoleName: jsii.String("writer"),
		}))
		// By a condition: the role does not exist yet when the workspace is deployed.
		assertResourcePolicy(t, synth(t, platform).one("AWS::APS::ResourcePolicy"), `{"Version":"2012-10-17","Statement":[{
			"Action":"aps:RemoteWrite","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Resource":"<Workspace.Arn>",
			"Condition":{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/writer"}}}]}`)
		statements := synth(t, service).statements("RoleDefaultPolicy")
		if len(statements) != 1 {
			t.Errorf("%d statements, want one", len(statements))
		}
		assertContains(t, asJSON(statements), `"Action":"aps:RemoteWrite"`, `"StackName":"Platform"`)
		assertNoWarnings(t, w)
	})
	t.Run("accounts not known", func(t *testing.T) {
		stack := newStack(t)
		w := newWorkspace(stack, nil)
		w.GrantRemoteWrite(roleOf(stack, "Role"))
		imported := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Imported"), jsii.String(workspaceArn))
		imported.GrantRemoteWrite(roleOf(stack, "Role2"))
		if n := len(synth(t, stack).all("AWS::APS::ResourcePolicy")); n != 0 {
			t.Errorf("%d resource policies for accounts that may be the same", n)
		}
		assertNoWarnings(t, w, imported)
	})
}

func TestPrincipalWithoutAPolicyGoesThroughTheResourcePolicy(t *testing.T) {
	grafana := awsiam.NewServicePrincipal(jsii.String("grafana.amazonaws.com"), &awsiam.ServicePrincipalOpts{
		Conditions: &map[string]interface{}{"StringEquals": map[string]string{"aws:SourceAccount": home}},
	})
	stack := homeStack(t)
	w := newWorkspace(stack, nil)
	if !*w.GrantQuery(grafana).Success() {
		t.Error("the grant is no success")
	}
	w.GrantRemoteWrite(awsiam.NewAccountPrincipal(jsii.String(away)))
	tmpl := synth(t, stack)
	assertResourcePolicy(t, tmpl.one("AWS::APS::ResourcePolicy"), `{"Version":"2012-10-17","Statement":[
		{"Action":["aps:GetLabels","aps:GetMetricMetadata","aps:GetSeries","aps:QueryMetrics"],"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}},
			"Effect":"Allow","Principal":{"Service":"grafana.amazonaws.com"},"Resource":"<Workspace.Arn>"},
		{"Action":"aps:RemoteWrite","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Resource":"<Workspace.Arn>"}]}`)

	imported := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Imported"), jsii.String(workspaceArn))
	if *imported.GrantQuery(grafana).Success() {
		t.Error("a grant that needs the resource policy of an imported workspace is called a success")
	}
	assertWarning(t, imported, policyNeeded, `{"Action":["aps:GetLabels","aps:GetMetricMetadata","aps:GetSeries","aps:QueryMetrics"],
		"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}},"Effect":"Allow","Principal":{"Service":"grafana.amazonaws.com"},"Resource":"`+workspaceArn+`"}`)
}

func TestResourcePolicyOfAnEncryptedWorkspaceWarnsOfTheKey(t *testing.T) {
	stack := homeStack(t)
	w := newWorkspace(stack, &amp.WorkspaceProps{EncryptionKey: awskms.NewKey(stack, jsii.String("Key"), nil)})
	w.GrantQuery(roleOf(stack, "Role"))
	assertNoWarnings(t, w)
	w.GrantQuery(awsiam.NewAccountPrincipal(jsii.String(away)))
	assertWarned(t, w, "keyGrantNeeded", "needs a KMS grant")
}

// TestWildcardPrincipalsAreNarrowedDown: statements that a user writes are taken as well.
func TestWildcardPrincipalsAreNarrowedDown(t *testing.T) {
	stack := homeStack(t)
	w := newWorkspace(stack, nil)
	amp.NewResourcePolicy(stack, jsii.String("Policy"), &amp.ResourcePolicyProps{
		Workspace: w,
		Queriers:  &[]awsiam.IPrincipal{awsiam.NewOrganizationPrincipal(jsii.String("o-1234567890"))},
		Statements: &[]awsiam.PolicyStatement{awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions: jsii.Strings("aps:ListRules"), Principals: &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()},
			Conditions: &map[string]interface{}{"ArnLike": map[string]string{"aws:PrincipalArn": "arn:aws:iam::444455556666:role/x-*"}},
		})},
	})
	w.GrantRemoteWrite(awsiam.NewOrganizationPrincipal(jsii.String("o-2234567890")))
	assertResourcePolicy(t, synth(t, stack).one("AWS::APS::ResourcePolicy"), `{"Version":"2012-10-17","Statement":[
		{"Action":["aps:GetLabels","aps:GetMetricMetadata","aps:GetSeries","aps:QueryMetrics"],"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1234567890"}},
			"Effect":"Allow","Principal":{"AWS":"*"},"Resource":"<Workspace.Arn>"},
		{"Action":"aps:ListRules","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/x-*"}},"Effect":"Allow","Principal":{"AWS":"*"},"Resource":"<Workspace.Arn>"},
		{"Action":"aps:RemoteWrite","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-2234567890"}},"Effect":"Allow","Principal":{"AWS":"*"},"Resource":"<Workspace.Arn>"}]}`)
}

// TestWorkspaceOfAnotherStackIsReferredTo, also from another region: the URL stays that of the workspace.
func TestWorkspaceOfAnotherStackIsReferredTo(t *testing.T) {
	for _, region := range []string{"eu-west-1", "us-east-1"} {
		t.Run(region, func(t *testing.T) {
			app := newApp(t)
			shared := newStackIn(app, "Shared", home, "eu-west-1")
			w := newWorkspace(shared, nil)
			service := newStackIn(app, "Service", home, region)
			w.GrantRemoteWrite(roleOf(service, "Role"))
			tmpl := synth(t, service)
			statement := tmpl.statements("RoleDefaultPolicy")[0].(object)
			assertContains(t, asJSON(statement["Resource"]), "Shared")
			if n := len(tmpl.all("AWS::APS::Workspace")) + len(tmpl.all("AWS::APS::ResourcePolicy")); n != 0 {
				t.Errorf("%d resources of AMP in the service's stack", n)
			}
			assertContains(t, asJSON(resolved(service, w.RemoteWriteUrl())), "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/")
		})
	}
}
