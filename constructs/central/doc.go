// Package central collects the metrics of a cluster's services without a collector in their tasks.
//
// [NewScrapeService] scrapes hundreds of tasks with one collector, which finds them through the ECS API:
//
//	fleet := central.NewScrapeService(stack, jsii.String("Fleet"), &central.ScrapeServiceProps{Cluster: cluster, Tasks: jsii.Number(300)})
//	fleet.Scrape(orders, &otelprometheus.ScrapeJob{Port: jsii.Number(8080)})
//	fleet.Scrape(stock, &otelprometheus.ScrapeJob{Port: jsii.Number(8080), Path: jsii.String("/admin/metrics")})
//
// Nothing is added to the tasks but a rule of their security group. Their series have the labels that a sidecar gives them, without the
// availability zone, which the API does not tell, and with the name of the ECS service. So rules and dashboards are the same for both ways.
//
// [NewAgentlessScrape] has AWS scrape small services through their DNS names: up to 8 tasks each, and no agent at all.
//
//	central.NewAgentlessScrape(stack, jsii.String("Agentless"), &central.AgentlessScrapeProps{
//		Workspace: workspace,
//		Services: &[]*central.AgentlessService{
//			{Service: orders, Name: jsii.String("orders"), Port: jsii.Number(8080)},
//		},
//	})
//
// A sidecar stays the better way for what is pushed (OTLP, StatsD), for ECS task metrics, and where the last samples of a task
// matter. docs/central.md compares the three, with what each costs and loses. Nothing here was run on AWS.
package central
