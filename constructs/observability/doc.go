// Package observability puts recording and alerting rules for an ECS service into an AMP workspace. The service is one whose
// metrics a sidecar of this library sends; package otelprometheus makes those.
//
//	observability.NewServiceRules(stack, jsii.String("Rules"), &observability.ServiceRulesProps{
//		Workspace: td.Workspace(),
//		Service:   service,
//		Scrape:    &observability.ScrapeAlerts{},
//		SLOs: &[]*slo.SLO{{
//			Name: "availability", Objective: 0.999,
//			Requests: `http_requests_total`, Errors: `http_requests_total{code=~"5.."}`,
//		}},
//	})
//
// docs/alerts.md describes every alert, what it needs, and what to do when it fires. An alert that fires sends no
// message by itself: amp.WorkspaceProps.AlertManager routes alerts to SNS.
package observability
