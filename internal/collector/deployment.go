package collector

import (
	"fmt"
)

// Environment variables that a configuration names for what is known at deployment only. So its text is the same in every region
// and account, and a reviewer reads it as it is.
const (
	EnvEndpoint   = "AWS_PROMETHEUS_ENDPOINT"
	EnvRegion     = "AWS_PROMETHEUS_REGION"
	EnvTaskRegion = "AWS_REGION"
	EnvAccountID  = "AWS_ACCOUNT_ID"
	EnvFamily     = "ECS_TASK_FAMILY"
	EnvCluster    = "ECS_CLUSTER_NAME"
	EnvRoleARN    = "AWS_PROMETHEUS_ROLE_ARN"
	EnvSTSRegion  = "AWS_STS_REGION"
	EnvExternalID = "AWS_PROMETHEUS_EXTERNAL_ID"
	EnvLogGroup   = "CLOUDWATCH_LOG_GROUP"

	envValue = "CONFIG_VALUE_" // + a number: a value of the user's that is known at deployment only
)

// Deployment holds the values of these variables.
type Deployment struct {
	// Endpoint is the URL of the remote write API, and Region the region that requests to it are signed for.
	Endpoint, Region string

	// TaskRegion, AccountID and Family are those of the task.
	TaskRegion, AccountID, Family string

	// Cluster is the name of the cluster whose tasks a [Fleet] scrapes.
	Cluster string

	// RoleARN is the role that the collector assumes before it writes, STSRegion the region of the STS endpoint, and ExternalID what
	// is sent with the request.
	RoleARN, STSRegion, ExternalID string

	// LogGroup takes the log events that CloudWatch makes metrics of.
	LogGroup string
}

// Environment maps the variables that a configuration names to their values.
func (c Config) Environment(d Deployment) map[string]string {
	env := map[string]string{
		EnvEndpoint: d.Endpoint, EnvRegion: d.Region, EnvTaskRegion: d.TaskRegion, EnvAccountID: d.AccountID, EnvFamily: d.Family,
	}
	if c.Fleet != nil {
		env[EnvCluster] = d.Cluster
	}
	if c.CloudWatch != nil {
		env[EnvLogGroup] = d.LogGroup
	}
	if c.AssumeRole {
		env[EnvRoleARN], env[EnvSTSRegion] = d.RoleARN, d.STSRegion
		if c.ExternalID {
			env[EnvExternalID] = d.ExternalID
		}
	}
	return env
}

// expansion is what the collector replaces by the value of an environment variable. The empty default says to linters of templates
// that it is not a forgotten Fn::Sub.
func expansion(variable string) string { return "${env:" + variable + ":-}" }

// emptyExpansion makes an expansion beside it a text, whatever it looks like.
var emptyExpansion = expansion("NOTHING")

// reference is an expansion that is rendered as it is.
type reference string

func (r reference) MarshalYAML() (any, error) { return expansion(string(r)), nil }

// Externalize puts an expansion in the place of each placeholder of a text, and gives the variables with the placeholders.
func Externalize(text string) (constant string, variables map[string]string) {
	names := map[string]string{}
	variables = map[string]string{}
	constant = placeholder.ReplaceAllStringFunc(text, func(token string) string {
		if names[token] == "" {
			names[token] = fmt.Sprint(envValue, len(names)+1)
			variables[names[token]] = token
		}
		return expansion(names[token])
	})
	return constant, variables
}
