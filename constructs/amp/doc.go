// Package amp holds constructs for Amazon Managed Service for Prometheus (AMP): workspaces that are created or imported,
// their logs, alert manager and alarms, rules, anomaly detectors, scrapers, resource policies, endpoints, and grants to write and
// to query. It knows nothing of ECS or of collectors of yours. docs/aps.md lists what of AWS::APS it covers.
//
// A workspace, with one role that writes and another one that queries:
//
//	workspace := amp.NewWorkspace(stack, jsii.String("Workspace"), nil)
//	tasks := awsiam.NewServicePrincipal(jsii.String("ecs-tasks.amazonaws.com"), nil)
//	workspace.GrantRemoteWrite(awsiam.NewRole(stack, jsii.String("Writer"), &awsiam.RoleProps{AssumedBy: tasks}))
//	workspace.GrantQuery(awsiam.NewRole(stack, jsii.String("Reader"), &awsiam.RoleProps{AssumedBy: tasks}))
//
// A workspace is kept when its stack is deleted, unless [WorkspaceProps] says otherwise. Import one that was created elsewhere
// with [WorkspaceFromWorkspaceArn] or [WorkspaceFromWorkspaceAttributes]; it works the same.
//
// Constructors panic before they have built anything, with every error of the props in one message. A grant that cannot take
// effect in this app, such as on a role of another account, causes a warning with the statement that is missing.
//
// Tags are awscdk's own: awscdk.Tags_Of(workspace).Add adds one to the workspace, and works the same for rule groups.
package amp
