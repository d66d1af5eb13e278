package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

const (
	home         = "111122223333"
	away         = "444455556666"
	homeArn      = "arn:aws:aps:eu-west-1:" + home + ":workspace/ws-1"
	writeOnHome  = `{"Action":"aps:RemoteWrite","Effect":"Allow","Resource":"` + homeArn + `"}`
	queryOnHome  = `{"Action":["aps:GetLabels","aps:GetMetricMetadata","aps:GetSeries","aps:QueryMetrics"],"Effect":"Allow","Resource":"` + homeArn + `"}`
	roleNotOurs  = "cdk-otel-prometheus:roleNotChanged"
	policyNeeded = "cdk-otel-prometheus:resourcePolicyNeeded"
)

func roleOf(stack awscdk.Stack) awsiam.Role {
	return awsiam.NewRole(stack, jsii.String("Role"), &awsiam.RoleProps{AssumedBy: awsiam.NewAccountRootPrincipal()})
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
		"a role of the app":             {func(s awscdk.Stack) awsiam.IGrantable { return roleOf(s) }, false, 1},
		"a role with a policy already":  {func(s awscdk.Stack) awsiam.IGrantable { r := roleOf(s); r.AddToPolicy(anyStatement()); return r }, false, 1},
		"a role that may be made later": {func(s awscdk.Stack) awsiam.IGrantable { return lazyRole(s) }, false, 0},
		"a role made when needed":       {func(s awscdk.Stack) awsiam.IGrantable { r := lazyRole(s); r.RoleArn(); return r }, false, 1},
		"a user":                        {func(s awscdk.Stack) awsiam.IGrantable { return awsiam.NewUser(s, jsii.String("User"), nil) }, false, 1},
		"a group":                       {func(s awscdk.Stack) awsiam.IGrantable { return awsiam.NewGroup(s, jsii.String("Group"), nil) }, false, 1},
		"an imported role":              {func(s awscdk.Stack) awsiam.IGrantable { return importedRole(s, "mine", home, nil) }, false, 1},
		"an immutable role":             {func(s awscdk.Stack) awsiam.IGrantable { return importedRole(s, "fixed", home, immutable) }, true, 0},
		"a role without policy updates": {func(s awscdk.Stack) awsiam.IGrantable { return roleOf(s).WithoutPolicyUpdates(nil) }, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStackIn(newApp(t), "Stack", home, "eu-west-1")
			w := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Workspace"), jsii.String(homeArn))
			grant := w.GrantRemoteWrite(tc.grantee(stack))
			if !*grant.Success() {
				t.Error("the grant is no success")
			}
			if n := len(synth(t, stack).all("AWS::IAM::Policy")); n != tc.policies {
				t.Errorf("%d policies, want %d", n, tc.policies)
			}
			if tc.warned {
				assertWarning(t, w, roleNotOurs, writeOnHome)
			} else if got := warnings(w); got != "" {
				t.Errorf("unexpected warning %q", got)
			}
		})
	}
}

func anyStatement() awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: jsii.Strings("s3:GetObject"), Resources: jsii.Strings("arn:aws:s3:::b/*")})
}

func lazyRole(stack awscdk.Stack) awsiam.LazyRole {
	return awsiam.NewLazyRole(stack, jsii.String("Lazy"), &awsiam.LazyRoleProps{AssumedBy: awsiam.NewAccountRootPrincipal()})
}

func TestWarningOfAGrantCanBeAcknowledged(t *testing.T) {
	stack := newStackIn(newApp(t), "Stack", home, "eu-west-1")
	w := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Workspace"), jsii.String(homeArn))
	w.GrantQuery(importedRole(stack, "fixed", home, &awsiam.FromRoleArnOptions{Mutable: jsii.Bool(false)}))
	awscdk.Annotations_Of(w).AcknowledgeWarning(jsii.String(roleNotOurs), jsii.String("the platform team attached it"))
	if got := warnings(w); got != "" {
		t.Errorf("unexpected warning %q", got)
	}
}

// TestGrantToAnotherAccountTakesBothSides: IAM wants the action allowed in the account of the principal and in that of
// the workspace.
func TestGrantToAnotherAccountTakesBothSides(t *testing.T) {
	t.Run("workspace imported", func(t *testing.T) {
		stack := newStackIn(newApp(t), "Stack", away, "eu-west-1")
		w := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Workspace"), jsii.String(homeArn))
		w.GrantQuery(awsiam.NewRole(stack, jsii.String("Role"), &awsiam.RoleProps{
			AssumedBy: awsiam.NewAccountRootPrincipal(), RoleName: jsii.String("writer"),
		}))
		tmpl := synth(t, stack)
		assertJSON(t, "this side", tmpl.statements("RoleDefaultPolicy"), "["+queryOnHome+"]")
		if n := len(tmpl.all("AWS::APS::ResourcePolicy")); n != 0 {
			t.Errorf("%d resource policies in the wrong account", n)
		}
		assertWarning(t, w, policyNeeded, `{"Action":["aps:GetLabels","aps:GetMetricMetadata","aps:GetSeries","aps:QueryMetrics"],"Effect":"Allow",
			"Principal":{"AWS":{"Fn::GetAtt":["Role1ABCC5F0","Arn"]}},"Resource":"`+homeArn+`"}`)
	})
	t.Run("workspace of this app", func(t *testing.T) {
		stack := newStackIn(newApp(t), "Stack", home, "eu-west-1")
		w := newWorkspace(stack, nil)
		role := importedRole(stack, "writer", away, nil)
		if !*w.GrantRemoteWrite(role).Success() {
			t.Error("the grant is no success")
		}
		assertResourcePolicy(t, stack, synth(t, stack).one("AWS::APS::ResourcePolicy"), `{"Version":"2012-10-17","Statement":[{
			"Action":"aps:RemoteWrite","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/writer"},"Resource":"<Workspace.Arn>"}]}`)
		assertWarning(t, w, roleNotOurs, `{"Action":"aps:RemoteWrite","Effect":"Allow","Resource":{"Fn::GetAtt":["Workspace`+logicalSuffix(t, stack)+`","Arn"]}}`)
	})
	t.Run("both of this app", func(t *testing.T) {
		app := newApp(t)
		platform, service := newStackIn(app, "Platform", home, "eu-west-1"), newStackIn(app, "Service", away, "us-east-1")
		w := newWorkspace(platform, nil)
		w.GrantRemoteWrite(awsiam.NewRole(service, jsii.String("Role"), &awsiam.RoleProps{
			AssumedBy: awsiam.NewAccountRootPrincipal(), RoleName: jsii.String("writer"),
		}))
		// By a condition: the role does not exist yet when the workspace is deployed.
		assertResourcePolicy(t, platform, synth(t, platform).one("AWS::APS::ResourcePolicy"), `{"Version":"2012-10-17","Statement":[{
			"Action":"aps:RemoteWrite","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Resource":"<Workspace.Arn>",
			"Condition":{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/writer"}}}]}`)
		statements := synth(t, service).statements("RoleDefaultPolicy")
		if got := asJSON(statements); len(statements) != 1 || !strings.Contains(got, `"Action":"aps:RemoteWrite"`) || !strings.Contains(got, `"StackName":"Platform"`) {
			t.Errorf("statements %s", got)
		}
		if got := warnings(w); got != "" {
			t.Errorf("unexpected warning %q", got)
		}
	})
	t.Run("accounts not known", func(t *testing.T) {
		stack := newStack(t)
		w := newWorkspace(stack, nil)
		w.GrantRemoteWrite(roleOf(stack))
		imported := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Imported"), jsii.String(homeArn))
		imported.GrantRemoteWrite(roleOf2(stack))
		if n := len(synth(t, stack).all("AWS::APS::ResourcePolicy")); n != 0 {
			t.Errorf("%d resource policies for accounts that may be the same", n)
		}
		if got := warnings(w) + warnings(imported); got != "" {
			t.Errorf("unexpected warning %q", got)
		}
	})
}

func roleOf2(stack awscdk.Stack) awsiam.Role {
	return awsiam.NewRole(stack, jsii.String("Role2"), &awsiam.RoleProps{AssumedBy: awsiam.NewAccountRootPrincipal()})
}

// logicalSuffix is what awscdk puts behind Workspace in the logical id of the only workspace.
func logicalSuffix(t *testing.T, stack awscdk.Stack) string {
	t.Helper()
	for id, r := range synth(t, stack).Resources {
		if r.Type == "AWS::APS::Workspace" {
			return strings.TrimPrefix(id, "Workspace")
		}
	}
	t.Fatal("no workspace")
	return ""
}

func TestPrincipalWithoutAPolicyGoesThroughTheResourcePolicy(t *testing.T) {
	grafana := awsiam.NewServicePrincipal(jsii.String("grafana.amazonaws.com"), &awsiam.ServicePrincipalOpts{
		Conditions: &map[string]interface{}{"StringEquals": map[string]string{"aws:SourceAccount": home}},
	})
	stack := newStackIn(newApp(t), "Stack", home, "eu-west-1")
	w := newWorkspace(stack, nil)
	if !*w.GrantQuery(grafana).Success() {
		t.Error("the grant is no success")
	}
	w.GrantRemoteWrite(awsiam.NewAccountPrincipal(jsii.String(away)))
	tmpl := synth(t, stack)
	assertResourcePolicy(t, stack, tmpl.one("AWS::APS::ResourcePolicy"), `{"Version":"2012-10-17","Statement":[
		{"Action":["aps:GetLabels","aps:GetMetricMetadata","aps:GetSeries","aps:QueryMetrics"],"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}},
			"Effect":"Allow","Principal":{"Service":"grafana.amazonaws.com"},"Resource":"<Workspace.Arn>"},
		{"Action":"aps:RemoteWrite","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Resource":"<Workspace.Arn>"}]}`)

	imported := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Imported"), jsii.String(homeArn))
	if *imported.GrantQuery(grafana).Success() {
		t.Error("a grant that needs the resource policy of an imported workspace is called a success")
	}
	assertWarning(t, imported, policyNeeded, `{"Action":["aps:GetLabels","aps:GetMetricMetadata","aps:GetSeries","aps:QueryMetrics"],
		"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}},"Effect":"Allow","Principal":{"Service":"grafana.amazonaws.com"},"Resource":"`+homeArn+`"}`)
}

func TestResourcePolicyOfAnEncryptedWorkspaceWarnsOfTheKey(t *testing.T) {
	stack := newStackIn(newApp(t), "Stack", home, "eu-west-1")
	w := newWorkspace(stack, &amp.WorkspaceProps{EncryptionKey: awskms.NewKey(stack, jsii.String("Key"), nil)})
	w.GrantQuery(roleOf(stack))
	if got := warnings(w); got != "" {
		t.Errorf("unexpected warning %q", got)
	}
	w.GrantQuery(awsiam.NewAccountPrincipal(jsii.String(away)))
	if got := warnings(w); !strings.Contains(got, "needs a KMS grant") || !strings.Contains(got, "cdk-otel-prometheus:keyGrantNeeded") {
		t.Errorf("no warning of the key in %q", got)
	}
}

// TestWildcardPrincipalsAreNarrowedDown: such statements of one's own are taken as well.
func TestWildcardPrincipalsAreNarrowedDown(t *testing.T) {
	stack := newStackIn(newApp(t), "Stack", home, "eu-west-1")
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
	assertResourcePolicy(t, stack, synth(t, stack).one("AWS::APS::ResourcePolicy"), `{"Version":"2012-10-17","Statement":[
		{"Action":["aps:GetLabels","aps:GetMetricMetadata","aps:GetSeries","aps:QueryMetrics"],"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1234567890"}},
			"Effect":"Allow","Principal":{"AWS":"*"},"Resource":"<Workspace.Arn>"},
		{"Action":"aps:ListRules","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/x-*"}},"Effect":"Allow","Principal":{"AWS":"*"},"Resource":"<Workspace.Arn>"},
		{"Action":"aps:RemoteWrite","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-2234567890"}},"Effect":"Allow","Principal":{"AWS":"*"},"Resource":"<Workspace.Arn>"}]}`)
}

func TestGrantsThatAreRefused(t *testing.T) {
	app := newApp(t)
	stack := newStackIn(app, "Stack", home, "eu-west-1")
	w := newWorkspace(stack, nil)
	for name, tc := range map[string]struct {
		grantee awsiam.IGrantable
		want    []string
	}{
		"nobody":    {nil, []string{"Stack/Workspace: GrantRemoteWrite: grantee is nil"}},
		"everybody": {awsiam.NewAnyPrincipal(), []string{"Stack/Workspace: GrantRemoteWrite: it allows everybody (*)"}},
		"the star":  {awsiam.NewStarPrincipal(), []string{"allows everybody (*)"}},
	} {
		t.Run(name, func(t *testing.T) {
			message := panicOf(func() { w.GrantRemoteWrite(tc.grantee) })
			for _, want := range tc.want {
				if !strings.Contains(message, want) {
					t.Errorf("%q is missing in\n%s", want, message)
				}
			}
		})
	}
	if w.Node().TryFindChild(jsii.String("ResourcePolicy")) != nil {
		t.Error("a refused grant left a resource policy behind")
	}
}

// TestWorkspaceOfAnotherStackIsReferredTo, also from another region: the URL stays that of the workspace.
func TestWorkspaceOfAnotherStackIsReferredTo(t *testing.T) {
	for _, region := range []string{"eu-west-1", "us-east-1"} {
		t.Run(region, func(t *testing.T) {
			app := newApp(t)
			shared := newStackIn(app, "Shared", home, "eu-west-1")
			w := newWorkspace(shared, nil)
			service := newStackIn(app, "Service", home, region)
			w.GrantRemoteWrite(roleOf(service))
			tmpl := synth(t, service)
			statement := tmpl.statements("RoleDefaultPolicy")[0].(object)
			if got := asJSON(statement["Resource"]); !strings.Contains(got, "Shared") {
				t.Errorf("the statement names %s", got)
			}
			if n := len(tmpl.all("AWS::APS::Workspace")) + len(tmpl.all("AWS::APS::ResourcePolicy")); n != 0 {
				t.Errorf("%d resources of AMP in the service's stack", n)
			}
			if got := asJSON(resolved(service, w.RemoteWriteUrl())); !strings.Contains(got, "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/") {
				t.Errorf("URL %s", got)
			}
		})
	}
}
