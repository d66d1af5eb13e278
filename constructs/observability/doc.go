// Package observability puts recording and alerting rules for an ECS service into an AMP workspace. The service is one whose
// metrics a sidecar of this library sends; package otelprometheus makes those.
//
// docs/alerts.md describes every alert, what it needs, and what to do when it fires. The rules themselves are made by
// package rules, without CDK.
package observability
