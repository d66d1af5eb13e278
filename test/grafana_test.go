package test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/dashboards"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/grafana"
)

const grafanaType = "AWS::Grafana::Workspace"

// importedAmp is a list of one imported AMP workspace.
func importedAmp(stack awscdk.Stack) *[]amp.IWorkspace {
	return &[]amp.IWorkspace{amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Amp"), jsii.String(workspaceArn))}
}

// grafanaWith makes a workspace that queries an imported AMP workspace.
func grafanaWith(stack awscdk.Stack, props *grafana.WorkspaceProps) *grafana.Workspace {
	props.Workspaces = importedAmp(stack)
	return grafana.NewWorkspace(stack, jsii.String("Grafana"), props)
}

func TestGrafanaByDefault(t *testing.T) {
	stack := homeStack(t)
	w := grafanaWith(stack, &grafana.WorkspaceProps{})
	tmpl := synth(t, stack)
	assertJSON(t, "workspace", tmpl.one(grafanaType), `{
		"AccountAccessType": "CURRENT_ACCOUNT", "PermissionType": "CUSTOMER_MANAGED", "AuthenticationProviders": ["AWS_SSO"],
		"RoleArn": {"Fn::GetAtt": ["GrafanaRoleCE4ED1CA", "Arn"]}}`)
	assertJSON(t, "trust", tmpl.one("AWS::IAM::Role")["AssumeRolePolicyDocument"], `{"Version": "2012-10-17", "Statement": [{
		"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "grafana.amazonaws.com"},
		"Condition": {
			"StringEquals": {"aws:SourceAccount": "111122223333"},
			"StringLike": {"aws:SourceArn": "arn:aws:grafana:eu-west-1:111122223333:/workspaces/*"}}}]}`)
	assertJSON(t, "statements", tmpl.statements("GrafanaRole"),
		`[{"Action": ["aps:GetLabels", "aps:GetMetricMetadata", "aps:GetSeries", "aps:QueryMetrics"], "Effect": "Allow", "Resource": "`+workspaceArn+`"}]`)
	if n := len(tmpl.Resources); n != 3 {
		t.Errorf("%d resources, want workspace, role and policy", n)
	}
	for id, r := range tmpl.Resources {
		if r.Type == grafanaType && r.DeletionPolicy != "Retain" {
			t.Errorf("%s is deleted with the stack: %q", id, r.DeletionPolicy)
		}
	}
	assertJSON(t, "id", resolved(stack, w.WorkspaceId()), `{"Fn::GetAtt": ["Grafana43773C35", "Id"]}`)
	assertJSON(t, "URL", resolved(stack, w.Url()), `{"Fn::Join": ["", ["https://", {"Fn::GetAtt": ["Grafana43773C35", "Endpoint"]}]]}`)
	assertNoWarnings(t, w)
}

func TestGrafanaQueriesEachWorkspace(t *testing.T) {
	stack := homeStack(t)
	created := amp.NewWorkspace(stack, jsii.String("Created"), nil)
	grafana.NewWorkspace(stack, jsii.String("Grafana"), &grafana.WorkspaceProps{Workspaces: &[]amp.IWorkspace{(*importedAmp(stack))[0], created}})
	assertJSON(t, "resources", synth(t, stack).statements("GrafanaRole")[0].(object)["Resource"],
		`["`+workspaceArn+`", {"Fn::GetAtt": ["CreatedC1BBC76F", "Arn"]}]`)
}

func TestGrafanaWithAllOptions(t *testing.T) {
	stack := homeStack(t)
	vpc := awsec2.NewVpc(stack, jsii.String("Vpc"), &awsec2.VpcProps{MaxAzs: jsii.Number(2), RestrictDefaultSecurityGroup: jsii.Bool(false)})
	role := awsiam.Role_FromRoleArn(stack, jsii.String("Own"), jsii.String("arn:aws:iam::111122223333:role/own"), nil)
	grafanaWith(stack, &grafana.WorkspaceProps{
		Name: jsii.String("shop"), Description: jsii.String("All of the shop"), Role: role, GrafanaVersion: jsii.String("12.4"),
		IdentityCenter: jsii.Bool(true), PluginAdmin: jsii.Bool(false), RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
		Saml: &grafana.SamlProps{
			IdpMetadataUrl: jsii.String("https://idp.example/metadata"), AdminRoles: jsii.Strings("admins"), EditorRoles: jsii.Strings("devs"),
			AllowedOrganizations: jsii.Strings("shop"), LoginValidity: awscdk.Duration_Hours(jsii.Number(8)),
			EmailAttribute: jsii.String("mail"), GroupsAttribute: jsii.String("groups"), LoginAttribute: jsii.String("login"),
			NameAttribute: jsii.String("name"), OrgAttribute: jsii.String("org"), RoleAttribute: jsii.String("role"),
		},
		AllowedPrefixLists: &[]awsec2.IPrefixList{awsec2.PrefixList_FromPrefixListId(stack, jsii.String("Office"), jsii.String("pl-1"))},
		Vpc:                vpc,
	})
	tmpl := synth(t, stack)
	assertJSON(t, "workspace", tmpl.one(grafanaType), `{
		"AccountAccessType": "CURRENT_ACCOUNT", "PermissionType": "CUSTOMER_MANAGED", "AuthenticationProviders": ["AWS_SSO", "SAML"],
		"Name": "shop", "Description": "All of the shop", "GrafanaVersion": "12.4", "PluginAdminEnabled": false,
		"RoleArn": "arn:aws:iam::111122223333:role/own",
		"SamlConfiguration": {
			"IdpMetadata": {"Url": "https://idp.example/metadata"}, "LoginValidityDuration": 480, "AllowedOrganizations": ["shop"],
			"RoleValues": {"Admin": ["admins"], "Editor": ["devs"]},
			"AssertionAttributes": {"Email": "mail", "Groups": "groups", "Login": "login", "Name": "name", "Org": "org", "Role": "role"}},
		"NetworkAccessControl": {"PrefixListIds": ["pl-1"], "VpceIds": []},
		"VpcConfiguration": {
			"SubnetIds": [{"Ref": "VpcPrivateSubnet1Subnet536B997A"}, {"Ref": "VpcPrivateSubnet2Subnet3788AAA1"}],
			"SecurityGroupIds": [{"Fn::GetAtt": ["GrafanaSecurityGroup402F5EB5", "GroupId"]}]}}`)
	if n := len(tmpl.all("AWS::IAM::Role")); n != 0 {
		t.Errorf("%d roles are made, though one is given", n)
	}
	assertJSON(t, "statements", tmpl.statements("Own"),
		`[{"Action": ["aps:GetLabels", "aps:GetMetricMetadata", "aps:GetSeries", "aps:QueryMetrics"], "Effect": "Allow", "Resource": "`+workspaceArn+`"}]`)
}

func TestGrafanaThroughSamlOnly(t *testing.T) {
	stack := homeStack(t)
	w := grafanaWith(stack, &grafana.WorkspaceProps{Saml: &grafana.SamlProps{IdpMetadataXml: jsii.String("<EntityDescriptor/>")}})
	tmpl := synth(t, stack)
	assertJSON(t, "providers", tmpl.one(grafanaType)["AuthenticationProviders"], `["SAML"]`)
	assertJSON(t, "SAML", tmpl.one(grafanaType)["SamlConfiguration"], `{"IdpMetadata": {"Xml": "<EntityDescriptor/>"}}`)
	assertWarned(t, w, "grafanaWithoutAdmin", "nobody can administer the workspace")
}

// TestGrafanaTakesTokens: what is known at deployment only is not judged, and the template passes awscdk's own rules.
func TestGrafanaTakesTokens(t *testing.T) {
	app := strictApp(t)
	stack := awscdk.NewStack(app, jsii.String("Stack"), nil)
	parameter := func(id string) *string { return awscdk.NewCfnParameter(stack, jsii.String(id), nil).ValueAsString() }
	grafanaWith(stack, &grafana.WorkspaceProps{
		Name: parameter("Name"), Description: parameter("Description"), GrafanaVersion: parameter("Version"), PluginAdmin: jsii.Bool(true),
		Saml: &grafana.SamlProps{
			IdpMetadataUrl: parameter("Metadata"), AdminRoles: &[]*string{parameter("Admins")},
			RoleAttribute: parameter("Role"),
		},
	})
	assertJSON(t, "name", synth(t, stack).one(grafanaType)["Name"], `{"Ref": "Name"}`)
}

func TestGrafanaRejections(t *testing.T) {
	text := func(n int) *string { return jsii.String(strings.Repeat("a", n)) }
	saml := func(change func(*grafana.SamlProps)) func(awscdk.Stack, *grafana.WorkspaceProps) {
		return func(_ awscdk.Stack, p *grafana.WorkspaceProps) {
			p.Saml = &grafana.SamlProps{IdpMetadataUrl: jsii.String("https://idp.example/")}
			change(p.Saml)
		}
	}
	prefixLists := func(stack awscdk.Stack, n int) *[]awsec2.IPrefixList {
		list := []awsec2.IPrefixList{}
		for i := range n {
			list = append(list, awsec2.PrefixList_FromPrefixListId(stack, jsii.String(fmt.Sprint("List", i)), jsii.String(fmt.Sprint("pl-", i))))
		}
		return &list
	}
	for name, tc := range map[string]struct {
		change func(awscdk.Stack, *grafana.WorkspaceProps)
		want   []string
	}{
		"no workspace":  {func(_ awscdk.Stack, p *grafana.WorkspaceProps) { p.Workspaces = nil }, []string{"Stack/Grafana: NewWorkspace: Workspaces is empty; give the AMP workspaces"}},
		"nil workspace": {func(_ awscdk.Stack, p *grafana.WorkspaceProps) { p.Workspaces = &[]amp.IWorkspace{nil} }, []string{"Workspaces[0] is nil; remove it"}},
		"typed nil": {func(_ awscdk.Stack, p *grafana.WorkspaceProps) {
			p.Workspaces = &[]amp.IWorkspace{(*amp.Workspace)(nil)}
		}, []string{"Workspaces[0] is nil; remove it"}},
		"name":        {func(_ awscdk.Stack, p *grafana.WorkspaceProps) { p.Name = jsii.String("my shop") }, []string{`Name is "my shop"; it must be 1 to 255 letters`}},
		"description": {func(_ awscdk.Stack, p *grafana.WorkspaceProps) { p.Description = text(2049) }, []string{"Description has 2049 characters", "at most 2048"}},
		"no sign-in":  {func(_ awscdk.Stack, p *grafana.WorkspaceProps) { p.IdentityCenter = jsii.Bool(false) }, []string{"IdentityCenter is off and Saml is not set, so nobody could sign in"}},
		"version":     {func(_ awscdk.Stack, p *grafana.WorkspaceProps) { p.GrafanaVersion = jsii.String("12") }, []string{`GrafanaVersion is "12"; it must be a major and a minor version, such as 12.4`}},
		"plugins": {func(_ awscdk.Stack, p *grafana.WorkspaceProps) {
			p.GrafanaVersion, p.PluginAdmin = jsii.String("8.4"), jsii.Bool(true)
		}, []string{"PluginAdmin is set, but GrafanaVersion is 8.4; use version 9 or newer"}},
		"two metadata": {saml(func(s *grafana.SamlProps) { s.IdpMetadataXml = jsii.String("<a/>") }), []string{"IdpMetadataUrl and IdpMetadataXml; keep one"}},
		"no metadata":  {saml(func(s *grafana.SamlProps) { s.IdpMetadataUrl = nil }), []string{"Saml has no metadata of the identity provider"}},
		"metadata URL": {saml(func(s *grafana.SamlProps) { s.IdpMetadataUrl = jsii.String("idp.example") }), []string{`Saml.IdpMetadataUrl is "idp.example"; it must be an http or https address`}},
		"metadata XML": {saml(func(s *grafana.SamlProps) { s.IdpMetadataUrl, s.IdpMetadataXml = nil, jsii.String("https://idp") }), []string{`Saml.IdpMetadataXml starts with "https://idp"`}},
		"admins": {saml(func(s *grafana.SamlProps) { s.AdminRoles = jsii.Strings("a") }),
			[]string{"Saml has AdminRoles or EditorRoles, but no RoleAttribute"}},
		"role values": {saml(func(s *grafana.SamlProps) {
			s.AdminRoles, s.EditorRoles, s.RoleAttribute = &[]*string{nil}, &[]*string{}, text(257)
		}), []string{"Saml.AdminRoles[0] is nil", "Saml.EditorRoles is empty", "Saml.RoleAttribute has 257 characters; it must be 1 to 256"}},
		"organizations": {saml(func(s *grafana.SamlProps) { s.AllowedOrganizations = jsii.Strings("") }),
			[]string{"Saml.AllowedOrganizations[0] has 0 characters", "no OrgAttribute"}},
		"validity":  {saml(func(s *grafana.SamlProps) { s.LoginValidity = awscdk.Duration_Seconds(jsii.Number(90)) }), []string{"Saml.LoginValidity is 1.5 minutes; it must be a whole number"}},
		"no source": {func(_ awscdk.Stack, p *grafana.WorkspaceProps) { p.AllowedPrefixLists = &[]awsec2.IPrefixList{} }, []string{"nobody could connect"}},
		"many sources": {func(stack awscdk.Stack, p *grafana.WorkspaceProps) {
			p.AllowedPrefixLists, p.AllowedVpcEndpoints = prefixLists(stack, 6), &[]awsec2.IInterfaceVpcEndpoint{nil}
		}, []string{"AllowedPrefixLists has 6 elements; Amazon Managed Grafana takes at most 5", "AllowedVpcEndpoints[0] is nil"}},
		"no VPC": {func(_ awscdk.Stack, p *grafana.WorkspaceProps) {
			p.SecurityGroups = &[]awsec2.ISecurityGroup{}
		}, []string{"VpcSubnets or SecurityGroups is set without Vpc", "SecurityGroups is empty"}},
		"one subnet": {func(stack awscdk.Stack, p *grafana.WorkspaceProps) {
			p.Vpc = awsec2.NewVpc(stack, jsii.String("Vpc"), &awsec2.VpcProps{MaxAzs: jsii.Number(1)})
		}, []string{"VpcSubnets selects 1 subnets; it must be 2 to 6"}},
		"no subnet": {func(stack awscdk.Stack, p *grafana.WorkspaceProps) {
			p.Vpc, p.VpcSubnets = awsec2.NewVpc(stack, jsii.String("Vpc"), nil), &awsec2.SubnetSelection{SubnetGroupName: jsii.String("none")}
		}, []string{"VpcSubnets cannot be selected: ", "none"}},
		"all at once": {func(_ awscdk.Stack, p *grafana.WorkspaceProps) {
			*p = grafana.WorkspaceProps{Name: jsii.String(""), IdentityCenter: jsii.Bool(false), VpcSubnets: &awsec2.SubnetSelection{}}
		}, []string{"Stack/Grafana: NewWorkspace: 4 errors:", "Workspaces is empty", `Name is ""`, "nobody could sign in", "is set without Vpc"}},
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStack(t)
			props := &grafana.WorkspaceProps{Workspaces: importedAmp(stack)}
			tc.change(stack, props)
			assertRefused(t, func() { grafana.NewWorkspace(stack, jsii.String("Grafana"), props) }, tc.want...)
			if stack.Node().TryFindChild(jsii.String("Grafana")) != nil {
				t.Error("something was built")
			}
		})
	}
	assertRefused(t, func() { grafana.NewWorkspace(nil, nil, nil) },
		"NewWorkspace: 3 errors:", "scope is nil; pass the stack or construct to build in", "id is empty", "Workspaces is empty")
}

// setupScript is the script of a workspace, with its tokens replaced as a deployment would.
func setupScript(t *testing.T, version *string, folder, endpoint string) string {
	t.Helper()
	stack := homeStack(t)
	w := grafanaWith(stack, &grafana.WorkspaceProps{GrafanaVersion: version})
	return joined(resolved(stack, w.SetupCommands(jsii.String(folder))), func(ref object) string {
		return map[string]string{"Id": "g-0123456789", "Endpoint": endpoint}[ref["Fn::GetAtt"].([]any)[1].(string)]
	})
}

// TestGrafanaSetupIsDocumented: the script in the guide is the one that the construct gives.
func TestGrafanaSetupIsDocumented(t *testing.T) {
	script := setupScript(t, nil, "dashboards", "g-0123456789.grafana-workspace.eu-west-1.amazonaws.com")
	assertContains(t, read(t, "docs/grafana.md"), "```bash\n"+script+"```\n")
	for version, plugin := range map[string]string{"10.4": `"prometheus"`, "12.4": `"grafana-amazonprometheus-datasource"`} {
		assertContains(t, setupScript(t, &version, "d", "e"), "type: "+plugin)
	}
}

// TestGrafanaSetupRuns runs the script, twice, against a server that answers as Grafana does, with an AWS CLI that only
// remembers what it was asked.
func TestGrafanaSetupRuns(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil && os.Getenv("CI") != "" {
			t.Fatalf("the script needs %s", tool)
		} else if err != nil {
			t.Skipf("NOT RUN: the script needs %s", tool)
		}
	}
	sources := map[string]map[string]any{}
	imported := map[string]any{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cret" {
			http.Error(w, "who?", http.StatusUnauthorized)
			return
		}
		data, _ := io.ReadAll(r.Body)
		var body map[string]any
		_ = json.Unmarshal(data, &body)
		uid, _ := body["uid"].(string)
		switch path := r.Method + " " + r.URL.Path; {
		case strings.HasPrefix(path, "GET /api/datasources/uid/"):
			if sources[filepath.Base(path)] == nil {
				http.Error(w, "not found", http.StatusNotFound)
			}
		case path == "POST /api/datasources" && sources[uid] == nil, path == "PUT /api/datasources/uid/"+uid && sources[uid] != nil:
			sources[uid] = body
		case path == "POST /api/dashboards/db" && body["overwrite"] == true:
			imported[body["dashboard"].(map[string]any)["uid"].(string)] = body["dashboard"]
		default:
			http.Error(w, path, http.StatusBadRequest)
		}
	}))
	defer server.Close()

	folder := t.TempDir()
	if err := dashboards.Write(filepath.Join(folder, "it's here"), dashboards.Options{}); err != nil {
		t.Fatal(err)
	}
	aws := `#!/bin/sh
echo "$@" >> "$CALLS"
case "$2" in create-workspace-service-account) echo 7;; create-workspace-service-account-token) echo s3cret;; esac
`
	if err := os.WriteFile(filepath.Join(folder, "aws"), []byte(aws), 0o755); err != nil {
		t.Fatal(err)
	}
	script := strings.ReplaceAll(setupScript(t, nil, filepath.Join(folder, "it's here"), "HOST"), "https://HOST", server.URL)
	for range 2 {
		calls := filepath.Join(t.TempDir(), "calls")
		cmd := exec.Command("bash", "-c", script)
		cmd.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"), "CALLS="+calls, "no_proxy=127.0.0.1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s\n%s", err, out, script)
		}
		log, err := os.ReadFile(calls)
		if err != nil {
			t.Fatal(err)
		}
		want := "grafana create-workspace-service-account --workspace-id g-0123456789 --name cdk-otel-prometheus-setup --grafana-role ADMIN --query id --output text\n" +
			"grafana create-workspace-service-account-token --workspace-id g-0123456789 --service-account-id 7 --name setup --seconds-to-live 900 --query serviceAccountToken.key --output text\n" +
			"grafana delete-workspace-service-account --workspace-id g-0123456789 --service-account-id 7\n"
		if string(log) != want {
			t.Errorf("calls of the AWS CLI\n got %s\nwant %s", log, want)
		}
	}
	assertJSON(t, "data sources", sources, `{"ws-1": {
		"uid": "ws-1", "name": "AMP ws-1", "access": "proxy", "type": "grafana-amazonprometheus-datasource",
		"url": "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1",
		"jsonData": {"httpMethod": "POST", "sigV4Auth": true, "sigV4AuthType": "ec2_iam_role", "sigV4Region": "eu-west-1", "timeInterval": "60s"}}}`)
	if len(imported) != 3 || imported["ecs-service"] == nil {
		t.Errorf("imported are %v", imported)
	}
}

// TestGrafanaWritesItsDashboards beside the template, each workspace into a folder of its own, and leaves nothing of an earlier synthesis there.
func TestGrafanaWritesItsDashboards(t *testing.T) {
	stack := newStack(t)
	folder := filepath.Join(*awscdk.Stage_Of(stack).Outdir(), "Stack-dashboards")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "old.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	workspaces := &[]amp.IWorkspace{newWorkspace(stack, nil)}
	first := grafana.NewWorkspace(stack, jsii.String("First"), &grafana.WorkspaceProps{Workspaces: workspaces, Dashboards: &dashboards.Options{}})
	second := grafana.NewWorkspace(stack, jsii.String("Second"), &grafana.WorkspaceProps{Workspaces: workspaces, Dashboards: &dashboards.Options{UIDPrefix: "shop"}})
	for dir, want := range map[string][]string{
		folder: {"ecs-collector.json", "ecs-service.json", "ecs-task.json"},
		filepath.Join(filepath.Dir(folder), "Stack-Second-dashboards"): {"shop-collector.json", "shop-service.json", "shop-task.json"},
	} {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, file := range files {
			names = append(names, file.Name())
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s has %v, want %v", dir, names, want)
		}
	}
	// The template does not change with the folder of a test.
	assertContains(t, *first.SetupCommands(nil), "for file in 'cdk.out/Stack-dashboards'/*.json")
	assertContains(t, *second.SetupCommands(nil), "for file in 'cdk.out/Stack-Second-dashboards'/*.json")
	assertRefused(t, func() {
		grafana.NewWorkspace(stack, jsii.String("Third"), &grafana.WorkspaceProps{Workspaces: workspaces, Dashboards: &dashboards.Options{UIDPrefix: "a b"}})
	}, `Dashboards: UIDPrefix is "a b"`)
}
