// Package grafana makes Amazon Managed Grafana workspaces that may query AMP workspaces, and nothing else.
//
//	workspace := grafana.NewWorkspace(stack, jsii.String("Grafana"), &grafana.WorkspaceProps{
//		Name:       jsii.String("shop"),
//		Workspaces: &[]amp.IWorkspace{td.Workspace()},
//		Dashboards: &dashboards.Options{},
//	})
//
// CloudFormation makes the workspace and its role. It can neither add a data source nor import a dashboard, switch Grafana
// alerting on or let users of IAM Identity Center in: [Workspace.SetupCommands] and docs/grafana.md say what to run for
// that.
package grafana
