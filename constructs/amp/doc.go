// Package amp holds constructs for Amazon Managed Service for Prometheus (AMP): workspaces that are created or imported,
// and grants on them. It knows nothing of ECS or of collectors.
package amp
