package test

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsservicediscovery"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/central"
)

// agentlessWorld is a cluster with a namespace.
type agentlessWorld struct {
	stack   awscdk.Stack
	vpc     awsec2.Vpc
	cluster awsecs.Cluster
}

func newAgentlessWorld(t *testing.T, namespace bool) agentlessWorld {
	stack := newStack(t)
	vpc := vpcIn(stack)
	cluster := awsecs.NewCluster(stack, jsii.String("Cluster"), &awsecs.ClusterProps{Vpc: vpc})
	if namespace {
		cluster.AddDefaultCloudMapNamespace(&awsecs.CloudMapNamespaceOptions{Name: jsii.String("shop.local")})
	}
	return agentlessWorld{stack, vpc, cluster}
}

func (w agentlessWorld) service(id string, desired float64, options *awsecs.CloudMapOptions) awsecs.FargateService {
	td := awsecs.NewFargateTaskDefinition(w.stack, jsii.String(id+"Task"), &awsecs.FargateTaskDefinitionProps{Family: jsii.String(id)})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080)}}})
	return awsecs.NewFargateService(w.stack, &id, &awsecs.FargateServiceProps{
		Cluster: w.cluster, TaskDefinition: td, DesiredCount: &desired, CloudMapOptions: options, MinHealthyPercent: jsii.Number(100),
		CircuitBreaker: &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)},
	})
}

func TestAgentlessScrape(t *testing.T) {
	w := newAgentlessWorld(t, true)
	orders, stock := w.service("Orders", 5, nil), w.service("Stock", 2, &awsecs.CloudMapOptions{Name: jsii.String("goods")})
	s := central.NewAgentlessScrape(w.stack, jsii.String("Agentless"), &central.AgentlessScrapeProps{
		Workspace: newWorkspace(w.stack, nil), Interval: seconds(30), Services: &[]*central.AgentlessService{
			{Service: orders, Name: jsii.String("orders"), Port: jsii.Number(8080)}, {Service: stock, Name: jsii.String("stock"), Port: jsii.Number(9090), Path: jsii.String("/admin")},
		},
	})
	assertNoWarnings(t, s)
	tmpl := synth(t, w.stack)
	configuration := joined(tmpl.one("AWS::APS::Scraper")["ScrapeConfiguration"].(object)["ConfigurationBlob"].(object)["Fn::Base64"], func(ref object) string { return "<" + asJSON(ref) + ">" })
	assertContains(t, configuration, "job_name: orders\n      scrape_interval: 30s\n      dns_sd_configs:\n        - names:\n            - <", "job_name: stock\n      scrape_interval: 30s\n      metrics_path: /admin",
		"type: A\n          port: 8080\n          refresh_interval: 30s", "target_label: aws_ecs_task_family\n          replacement: Orders", `target_label: aws_ecs_cluster_name
          replacement: <{"Ref":"ClusterEB0386A7"}>`, ".shop.local")
	names := tmpl.all("AWS::ServiceDiscovery::Service")
	assertContains(t, asJSON(names), `"DnsRecords":[{"TTL":10,"Type":"A"}]`, `"Name":"orders"`, `"Name":"goods"`)
	assertContains(t, asJSON(tmpl.all("AWS::EC2::SecurityGroupIngress")), `"FromPort":8080`, `"FromPort":9090`, `"SourceSecurityGroupId":{"Fn::GetAtt":["AgentlessSecurityGroup`)
}

func TestAgentlessScrapeLooksAtScaling(t *testing.T) {
	w := newAgentlessWorld(t, true)
	service := w.service("Orders", 7, nil)
	props := func() *central.AgentlessScrapeProps {
		return &central.AgentlessScrapeProps{Workspace: newWorkspace(w.stack, nil), Services: &[]*central.AgentlessService{{Service: service, Name: jsii.String("orders"), Port: jsii.Number(8080)}}}
	}
	central.NewAgentlessScrape(w.stack, jsii.String("Agentless"), props())
	service.AutoScaleTaskCount(&awsapplicationautoscaling.EnableScalingProps{MaxCapacity: jsii.Number(9)})
	assertRefused(t, func() { w.stack.Node().Root().(awscdk.App).Synth(nil) }, "service Stack/Orders may have 9 tasks, and an answer of Cloud Map has 8 addresses at most")
}

func TestAgentlessScrapeRejections(t *testing.T) {
	w := newAgentlessWorld(t, false)
	namespace := awsservicediscovery.NewPrivateDnsNamespace(w.stack, jsii.String("Namespace"), &awsservicediscovery.PrivateDnsNamespaceProps{Name: jsii.String("shop.local"), Vpc: w.vpc})
	public := awsservicediscovery.NewHttpNamespace(w.stack, jsii.String("Http"), &awsservicediscovery.HttpNamespaceProps{Name: jsii.String("http")})
	few, many := w.service("Few", 2, nil), w.service("Many", 9, nil)
	records := w.service("Records", 1, &awsecs.CloudMapOptions{CloudMapNamespace: namespace, DnsRecordType: awsservicediscovery.DnsRecordType_SRV})
	scaled := w.service("Scaled", 1, nil)
	scaled.AutoScaleTaskCount(&awsapplicationautoscaling.EnableScalingProps{MaxCapacity: jsii.Number(20)})
	bridgeTask := awsecs.NewEc2TaskDefinition(w.stack, jsii.String("BridgeTask"), nil)
	bridgeTask.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), MemoryLimitMiB: jsii.Number(128)})
	bridge := awsecs.NewEc2Service(w.stack, jsii.String("Bridge"), &awsecs.Ec2ServiceProps{Cluster: w.cluster, TaskDefinition: bridgeTask})
	otherCluster := awsecs.NewCluster(w.stack, jsii.String("Other"), &awsecs.ClusterProps{Vpc: awsec2.NewVpc(w.stack, jsii.String("OtherVpc"), nil)})
	elsewhere := awsecs.NewFargateService(w.stack, jsii.String("Elsewhere"), &awsecs.FargateServiceProps{Cluster: otherCluster, TaskDefinition: few.TaskDefinition()})
	one := func(s awsecs.BaseService) *central.AgentlessService {
		return &central.AgentlessService{Service: s, Name: jsii.String("a"), Port: jsii.Number(8080)}
	}
	workspace := newWorkspace(w.stack, nil)
	for name, tc := range map[string]struct {
		props *central.AgentlessScrapeProps
		want  []string
	}{
		"nothing":     {nil, []string{"2 errors", "Workspace is not set", "Services is empty"}},
		"interval":    {&central.AgentlessScrapeProps{Interval: seconds(15)}, []string{"Interval is 15 seconds; it must be a whole number from 30 on"}},
		"nil service": {&central.AgentlessScrapeProps{Services: &[]*central.AgentlessService{nil, {Path: jsii.String("a")}}}, []string{"Services[0] is nil", `Services[1].Name is ""`, "Services[1].Port is not set", "Services[1].Service is not set", `Services[1].Path is "a"; it must start with a slash`}},
		"port and names": {&central.AgentlessScrapeProps{Services: &[]*central.AgentlessService{{Service: few, Name: jsii.String("A_b"), Port: jsii.Number(0)}, one(few), one(few)}}, []string{
			`Services[0].Name is "A_b"; it must have 1 to 63 lower-case letters`, "Services[0].Port is 0", `Services[2].Name is "a", as that of another service`,
		}},
		"many":         {&central.AgentlessScrapeProps{Services: &[]*central.AgentlessService{one(many)}}, []string{"Services[0].Service: service Stack/Many may have 9 tasks, and an answer of Cloud Map has 8 addresses at most"}},
		"scaled":       {&central.AgentlessScrapeProps{Services: &[]*central.AgentlessService{one(scaled)}}, []string{"service Stack/Scaled may have 20 tasks"}},
		"bridge":       {&central.AgentlessScrapeProps{Services: &[]*central.AgentlessService{one(bridge)}}, []string{"Services[0].Service has network mode bridge, in which a task has no address of its own"}},
		"records":      {&central.AgentlessScrapeProps{Services: &[]*central.AgentlessService{one(records)}}, []string{"is in Cloud Map with DNS records of type SRV; the scraper needs A"}},
		"no namespace": {&central.AgentlessScrapeProps{Services: &[]*central.AgentlessService{one(few)}}, []string{"Services[0].Service is not in Cloud Map; set Namespace, or call AddDefaultCloudMapNamespace"}},
		"namespace":    {&central.AgentlessScrapeProps{Namespace: public, Services: &[]*central.AgentlessService{one(few)}}, []string{"Namespace is of type HTTP; the scraper finds names in a private DNS namespace only"}},
		"two VPCs":     {&central.AgentlessScrapeProps{Namespace: namespace, Services: &[]*central.AgentlessService{one(few), {Service: elsewhere, Name: jsii.String("b"), Port: jsii.Number(1)}}}, []string{"Services[1].Service is in another VPC than the first service"}},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.props != nil && name != "nothing" {
				tc.props.Workspace = workspace
			}
			assertRefused(t, func() { central.NewAgentlessScrape(w.stack, jsii.String("Agentless"), tc.props) }, append(tc.want, "NewAgentlessScrape: ")...)
		})
	}
}
