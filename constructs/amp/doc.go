// Package amp holds constructs for Amazon Managed Service for Prometheus (AMP): workspaces that are created or imported,
// their logs, alert manager and alarms, rules, resource policies, endpoints, and grants to write and to query. It knows
// nothing of ECS or of collectors.
//
// Tags are awscdk's own: awscdk.Tags_Of(workspace).Add reaches the workspace, and so it does with rule groups.
package amp
