// Package dashboards makes Grafana dashboards, as JSON to import, for the metrics that this library delivers: an overview
// of services, the tasks of a service, the health of the collectors, and service level objectives.
//
// [Write] puts them into a folder, and [All] gives them as values. docs/grafana.md says how they get into a Grafana.
//
// A service is its cluster and the family of its tasks, or with Options.ServiceLabel the name that its telemetry gives it: on Fargate
// the task metadata does not name the ECS service. So the series need the labels of the policy LabelsTask, the default, or LabelsAll;
// under LabelsIdentity, which has no cluster, choose the cluster All.
//
// The package is plain Go, without awscdk or jsii, and the same [Options] always give the same text.
package dashboards
