// Package central scrapes the tasks of a whole ECS cluster with one collector, for fleets in which a sidecar in every task costs too much.
//
// A scrape service for two services of a cluster:
//
//	fleet := central.NewScrapeService(stack, jsii.String("Fleet"), &central.ScrapeServiceProps{Cluster: cluster, Tasks: jsii.Number(300)})
//	fleet.Scrape(orders, &otelprometheus.ScrapeJob{Port: jsii.Number(8080)})
//	fleet.Scrape(stock, &otelprometheus.ScrapeJob{Port: jsii.Number(8080), Path: jsii.String("/admin/metrics")})
//
// The collector finds the tasks through the ECS API. Nothing is added to them but a rule of their security group. Their series have the labels
// that a sidecar gives them, without the availability zone, which the API does not tell, and with the name of the ECS service. So rules and
// dashboards are the same for both ways.
//
// A sidecar stays the better way for what is pushed (OTLP, StatsD), for ECS task metrics, and where the last samples of a task
// matter. docs/central.md compares the two, with what each costs and loses.
//
// Nothing here was run on AWS: it was measured against an emulation of the ECS API.
package central
