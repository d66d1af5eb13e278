// Package slo describes service level objectives: which share of the requests of a service must be good, and how fast the
// error budget may be used up before an alert.
//
// Alerts and dashboards can use the same slice of objectives: observability.ServiceRulesProps.SLOs takes a pointer to it,
// dashboards.Options.SLOs the slice itself.
//
//	objectives := []*slo.SLO{{
//		Name: "availability", Description: "Orders succeed", Objective: 0.999,
//		Requests: `http_requests_total`, Errors: `http_requests_total{code=~"5.."}`,
//	}}
//
// The package is plain Go, without awscdk or jsii.
package slo
