// Package central collects the metrics of a cluster's services without a collector in their tasks.
//
// [NewAgentlessScrape] has AWS scrape small services through their DNS names: up to 8 tasks each, and no agent at all.
//
//	central.NewAgentlessScrape(stack, jsii.String("Agentless"), &central.AgentlessScrapeProps{
//		Workspace: workspace,
//		Services: &[]*central.AgentlessService{
//			{Service: orders, Name: jsii.String("orders"), Port: jsii.Number(8080)},
//		},
//	})
package central
