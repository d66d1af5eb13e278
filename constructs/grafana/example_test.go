package grafana_test

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/grafana"
)

// A Grafana with SAML sign-in that may query one workspace.
func ExampleNewWorkspace() {
	defer jsii.Close()
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Shop"), nil)

	console := grafana.NewWorkspace(stack, jsii.String("Grafana"), &grafana.WorkspaceProps{
		Workspaces: &[]amp.IWorkspace{amp.NewWorkspace(stack, jsii.String("Workspace"), nil)},
		Saml: &grafana.SamlProps{
			IdpMetadataUrl: jsii.String("https://idp.example.com/metadata"),
			RoleAttribute:  jsii.String("role"),
			AdminRoles:     jsii.Strings("platform"),
		},
	})
	// Data sources and dashboards are beyond CloudFormation: a script adds them after the deploy.
	awscdk.NewCfnOutput(stack, jsii.String("GrafanaSetup"), &awscdk.CfnOutputProps{Value: console.SetupCommands(nil)})

	fmt.Println(*console.Role().Node().Path())
	// Output: Shop/Grafana/Role
}
