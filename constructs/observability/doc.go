// Package observability puts recording and alerting rules for an ECS service into an AMP workspace. The service is one whose
// metrics a sidecar of this library sends; package otelprometheus makes those.
//
//	observability.NewServiceRules(stack, jsii.String("Rules"), &observability.ServiceRulesProps{
//		Workspace:  td.Workspace(),
//		TaskFamily: td.Family(),
//		Cluster:    cluster.ClusterName(),
//		Scrape:     &observability.Scrape{},
//		SLOs: &[]*observability.SLO{{
//			Name: jsii.String("availability"), Objective: jsii.Number(0.999),
//			Requests: &observability.Series{Metric: jsii.String("http_requests_total")},
//			Errors:   &observability.Series{Metric: jsii.String("http_requests_total"), Matchers: jsii.Strings(`code=~"5.."`)},
//		}},
//	})
//
// docs/alerts.md describes every alert, what it needs, and what to do when it fires. A rule that fires reaches nobody by
// itself: amp.WorkspaceProps.AlertManager routes alerts to SNS.
//
// The rules themselves are made by package rules, without CDK.
package observability
