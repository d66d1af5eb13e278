package grafana

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// Plugins for Prometheus data sources. The one for AMP is in Amazon Managed Grafana from version 12 on, and Grafana 13
// deprecates the other one with SigV4. A dashboard's variable of type prometheus offers both.
//
// Source: Amazon Managed Grafana User Guide, Connect to an Amazon Managed Service for Prometheus data source; Grafana 13
// documentation, Migrate from Prometheus SigV4 to Amazon Managed Service for Prometheus.
const (
	prometheusPlugin      = "prometheus"
	ampPlugin             = "grafana-amazonprometheus-datasource"
	firstVersionWithAMP   = 12
	serviceAccountName    = "cdk-otel-prometheus-setup"
	tokenLifetimeSeconds  = 900
	sigV4WorkspaceRole    = "ec2_iam_role" // what Grafana calls the role of the workspace
	defaultDashboardsPath = "dashboards"
)

// SetupCommands is a bash script that does what CloudFormation cannot: it adds the AMP workspaces as data sources, signed
// with the role of the workspace, and imports the dashboards in folder, a JSON file each, as [dashboards.Write] leaves them.
// It can be run again. It needs bash, curl, jq and the AWS CLI, version 2, and has to be run from where the workspace can be
// reached. Its values are known after deployment, so make it an output of the stack:
//
//	awscdk.NewCfnOutput(stack, jsii.String("GrafanaSetup"), &awscdk.CfnOutputProps{Value: workspace.SetupCommands(nil)})
//
// The script makes a service account with the role of an administrator, with a token for 15 minutes, and deletes it at the end.
// folder is nil for that of WorkspaceProps.Dashboards, or else "dashboards". It panics as QueryUrl of an AMP workspace does.
//
// [dashboards.Write]: https://pkg.go.dev/github.com/seed86154836/cdk-otel-prometheus/constructs/dashboards#Write
func (w *Workspace) SetupCommands(folder *string) *string {
	path := w.dashboards
	if folder != nil {
		path = *folder
	}
	plugin := ampPlugin
	if n := major(w.version); n > 0 && n < firstVersionWithAMP {
		plugin = prometheusPlugin
	}
	script := lines(
		"#!/usr/bin/env bash",
		"set -euo pipefail",
		"export AWS_REGION="+*awscdk.Stack_Of(w).Region(),
		"workspace="+*w.WorkspaceId(),
		"url="+*w.Url(),
		"",
		"account=$(aws grafana create-workspace-service-account --workspace-id $workspace \\",
		"  --name "+serviceAccountName+" --grafana-role ADMIN --query id --output text)",
		"trap 'aws grafana delete-workspace-service-account --workspace-id $workspace --service-account-id $account > /dev/null' EXIT",
		"token=$(aws grafana create-workspace-service-account-token --workspace-id $workspace \\",
		fmt.Sprintf("  --service-account-id $account --name setup --seconds-to-live %d --query serviceAccountToken.key --output text)", tokenLifetimeSeconds),
		"",
		"grafana() { # method, path; the body comes from standard input",
		`  curl --fail-with-body --silent --show-error --request "$1" "$url/api/$2" --data @- \`,
		`    --header 'Content-Type: application/json' --config <(printf 'header = "Authorization: Bearer %s"\n' "$token") && echo`,
		"}",
		"data_source() { # uid, URL, region",
		`  local body method=POST path=datasources`,
		`  body=$(jq --null-input --arg uid "$1" --arg url "$2" --arg region "$3" '{uid: $uid, name: "AMP \($uid)", access: "proxy", url: $url,`,
		fmt.Sprintf(`    type: "%s", jsonData: {httpMethod: "POST", sigV4Auth: true, sigV4AuthType: "%s", sigV4Region: $region, timeInterval: "60s"}}')`, plugin, sigV4WorkspaceRole),
		`  if grafana GET "datasources/uid/$1" < /dev/null > /dev/null 2>&1; then method=PUT path="datasources/uid/$1"; fi`,
		`  grafana $method "$path" <<< "$body"`,
		"}",
		"",
	)
	for _, workspace := range w.workspaces {
		script += fmt.Sprintf("data_source %s %s %s\n", *workspace.WorkspaceId(), *workspace.QueryUrl(), *workspace.Env().Region)
	}
	script += lines(
		"for file in '"+strings.ReplaceAll(path, "'", `'\''`)+"'/*.json; do",
		`  jq '{dashboard: ., overwrite: true}' "$file" | grafana POST dashboards/db`,
		"done",
	)
	return jsii.String(script)
}
