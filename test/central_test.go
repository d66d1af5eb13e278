package test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/central"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/observability"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

func fleetCluster(scope constructs.Construct) awsecs.Cluster {
	return awsecs.NewCluster(scope, jsii.String("Cluster"), &awsecs.ClusterProps{Vpc: awsec2.NewVpc(scope, jsii.String("Vpc"), &awsec2.VpcProps{MaxAzs: jsii.Number(2)})})
}

// onFargate is a service whose only container maps port 8080.
func onFargate(scope constructs.Construct, id string, cluster awsecs.ICluster) awsecs.FargateService {
	td := awsecs.NewFargateTaskDefinition(scope, jsii.String(id+"Task"), &awsecs.FargateTaskDefinitionProps{Family: &id})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080)}}})
	return awsecs.NewFargateService(scope, &id, &awsecs.FargateServiceProps{Cluster: cluster, TaskDefinition: td})
}

func metricsJob() *otelprometheus.ScrapeJob {
	return &otelprometheus.ScrapeJob{Port: jsii.Number(8080)}
}

// collectorsOf are the task definitions of collectors, by their construct.
func (tmpl template) collectorsOf(id string) map[string]object {
	found := map[string]object{}
	for name, r := range tmpl.Resources {
		if r.Type == "AWS::ECS::TaskDefinition" && strings.HasPrefix(name, id+"Task") {
			found[name[:len(id+"Task0")]] = r.Properties
		}
	}
	return found
}

// collectorConfig is the configuration in a task definition of a collector, as a tree.
func collectorConfig(t *testing.T, td object) (text string, tree object) {
	t.Helper()
	text = environment(td["ContainerDefinitions"].([]any)[0].(object))["COLLECTOR_CONFIG"].(string)
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	return text, tree
}

func TestScrapeServiceRunsOneTaskForEachShard(t *testing.T) {
	stack := newStack(t)
	cluster := fleetCluster(stack)
	fleet := central.NewScrapeService(stack, jsii.String("Fleet"), &central.ScrapeServiceProps{Cluster: cluster, Tasks: jsii.Number(5000)}) // a million series
	fleet.Scrape(onFargate(stack, "orders", cluster), metricsJob())
	if len(fleet.Services()) != 2 || len(fleet.TaskDefinitions()) != 2 {
		t.Fatalf("%d services of collectors, want 2", len(fleet.Services()))
	}
	tmpl := synth(t, stack)
	for id, td := range tmpl.collectorsOf("Fleet") {
		_, config := collectorConfig(t, td)
		rules := config["receivers"].(object)["prometheus/fleet"].(object)["config"].(object)["scrape_configs"].([]any)[0].(object)["relabel_configs"]
		assertJSON(t, id+": shard", rules.([]any)[1:3], `[{"action":"hashmod","modulus":2,"source_labels":["__meta_ecs_source"],"target_label":"__tmp_shard"},
			{"action":"keep","regex":"`+id[len(id)-1:]+`","source_labels":["__tmp_shard"]}]`)
		assertJSON(t, id+": size", []any{td["Cpu"], td["Memory"]}, `["1024","2048"]`)
	}
	count := 0
	for id, r := range tmpl.Resources {
		if r.Type == "AWS::ECS::Service" && strings.HasPrefix(id, "FleetService") {
			count++
			assertJSON(t, id, []any{r.Properties["DesiredCount"], r.Properties["LaunchType"], r.Properties["DeploymentConfiguration"]},
				`[1,"FARGATE",{"DeploymentCircuitBreaker":{"Enable":true,"Rollback":true},"MaximumPercent":200,"MinimumHealthyPercent":100}]`)
		}
	}
	if count != 2 {
		t.Errorf("%d services of collectors, want 2", count)
	}
	assertNoWarnings(t, fleet)
}

// TestScrapeServiceIsSizedFromItsSeries also pins the queue, which holds half an hour.
func TestScrapeServiceIsSizedFromItsSeries(t *testing.T) {
	for name, tc := range map[string]struct {
		props  central.ScrapeServiceProps
		shards int
		want   string // CPU units, memory, GOMEMLIMIT, MiB of queue
	}{
		"default":             {central.ScrapeServiceProps{}, 1, `["256","1024","819MiB",512]`},
		"500 tasks":           {central.ScrapeServiceProps{Tasks: jsii.Number(500)}, 1, `["256","1024","819MiB",573]`},
		"200,000 series":      {central.ScrapeServiceProps{Series: jsii.Number(200_000)}, 1, `["512","2048","1638MiB",1145]`},
		"a million, one task": {central.ScrapeServiceProps{Series: jsii.Number(1e6), Shards: jsii.Number(1)}, 1, `["2048","4096","3276MiB",5723]`},
		"a million":           {central.ScrapeServiceProps{Series: jsii.Number(1e6)}, 2, `["1024","2048","1638MiB",2862]`},
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStack(t)
			cluster := fleetCluster(stack)
			tc.props.Cluster = cluster
			central.NewScrapeService(stack, jsii.String("Fleet"), &tc.props).Scrape(onFargate(stack, "orders", cluster), metricsJob())
			all := synth(t, stack).collectorsOf("Fleet")
			if len(all) != tc.shards {
				t.Errorf("%d collectors, want %d", len(all), tc.shards)
			}
			for _, td := range all {
				_, config := collectorConfig(t, td)
				queue := config["exporters"].(object)["otlp_http/delivery_unsuffixed"].(object)["sending_queue"].(object)
				if queue["storage"] != "file_storage" {
					t.Error("the queue is not on disk")
				}
				assertJSON(t, "size", []any{td["Cpu"], td["Memory"], environment(td["ContainerDefinitions"].([]any)[0].(object))["GOMEMLIMIT"], queue["queue_size"].(int) >> 20}, tc.want)
			}
		})
	}
}

func TestScrapeServiceMayLookAtItsClusterOnly(t *testing.T) {
	stack := newStack(t)
	cluster := fleetCluster(stack)
	workspace := newWorkspace(stack, nil)
	central.NewScrapeService(stack, jsii.String("Fleet"), &central.ScrapeServiceProps{Cluster: cluster, Workspace: workspace}).Scrape(onFargate(stack, "orders", cluster), metricsJob())
	assertJSON(t, "task role", synth(t, stack).statements("FleetTask0TaskRole"), `[
		{"Action":"aps:RemoteWrite","Effect":"Allow","Resource":{"Fn::GetAtt":["Workspace2F8C78CC","Arn"]}},
		{"Action":["ecs:DescribeContainerInstances","ecs:DescribeTasks","ecs:ListServices","ecs:ListTasks"],"Effect":"Allow","Resource":"*",
		 "Condition":{"ArnEquals":{"ecs:cluster":{"Fn::GetAtt":["ClusterEB0386A7","Arn"]}}}},
		{"Action":["ec2:DescribeInstances","ecs:DescribeTaskDefinition"],"Effect":"Allow","Resource":"*"}]`)
}

// TestScrapeAddsNothingToTheTask but a rule of its security group.
func TestScrapeAddsNothingToTheTask(t *testing.T) {
	build := func(scrape bool) template {
		stack := newStack(t)
		cluster := fleetCluster(stack)
		service := onFargate(stack, "orders", cluster)
		if scrape {
			central.NewScrapeService(stack, jsii.String("Fleet"), &central.ScrapeServiceProps{Cluster: cluster}).Scrape(service, metricsJob())
		}
		return synth(t, stack)
	}
	without, with := build(false), build(true)
	for id, r := range without.Resources {
		if asJSON(with.Resources[id]) != asJSON(r) {
			t.Errorf("%s\n was %s\n is %s", id, asJSON(r), asJSON(with.Resources[id]))
		}
	}
	rule := with.one("AWS::EC2::SecurityGroupIngress")
	assertJSON(t, "rule", []any{rule["FromPort"], rule["ToPort"], rule["IpProtocol"]}, `[8080,8080,"tcp"]`)
	assertContains(t, asJSON(rule["GroupId"]), "ordersSecurityGroup")
	assertContains(t, asJSON(rule["SourceSecurityGroupId"]), "FleetSecurityGroup")
}

// TestScrapeLetsItselfInToInstances: behind which ports of an instance containers in network mode bridge are. Services share the group
// of the instances, and so its rules.
func TestScrapeLetsItselfInToInstances(t *testing.T) {
	for _, known := range []bool{true, false} {
		stack := newStack(t)
		cluster := fleetCluster(stack)
		instances := awsautoscaling.NewAutoScalingGroup(stack, jsii.String("Group"), &awsautoscaling.AutoScalingGroupProps{
			Vpc: cluster.Vpc(), InstanceType: awsec2.NewInstanceType(jsii.String("t3.small")), MachineImage: awsecs.EcsOptimizedImage_AmazonLinux2023(awsecs.AmiHardwareType_STANDARD, nil),
		})
		cluster.AddAsgCapacityProvider(awsecs.NewAsgCapacityProvider(stack, jsii.String("Provider"), &awsecs.AsgCapacityProviderProps{AutoScalingGroup: instances, EnableManagedDraining: jsii.Bool(true)}), nil)
		props := &central.ScrapeServiceProps{Cluster: cluster}
		if known {
			props.Instances = &[]awsec2.IConnectable{instances}
		}
		fleet := central.NewScrapeService(stack, jsii.String("Fleet"), props)
		for _, s := range []struct {
			id       string
			mode     awsecs.NetworkMode
			hostPort *float64
		}{{"dynamic", awsecs.NetworkMode_BRIDGE, jsii.Number(0)}, {"unset", awsecs.NetworkMode_BRIDGE, nil}, {"fixed", awsecs.NetworkMode_BRIDGE, jsii.Number(9000)}, {"host", awsecs.NetworkMode_HOST, nil}} {
			td := awsecs.NewEc2TaskDefinition(stack, jsii.String(s.id+"Task"), &awsecs.Ec2TaskDefinitionProps{NetworkMode: s.mode, Family: &s.id})
			td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{
				Image: anyImage(), MemoryLimitMiB: jsii.Number(64), PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080), HostPort: s.hostPort}},
			})
			fleet.Scrape(awsecs.NewEc2Service(stack, &s.id, &awsecs.Ec2ServiceProps{Cluster: cluster, TaskDefinition: td}), metricsJob())
		}
		if !known {
			assertContains(t, warnings(fleet), "the security groups of the instances of Stack/dynamic are not known, so none lets the collectors in to ports 32768 to 65535; set Instances")
			continue
		}
		assertNoWarnings(t, fleet)
		rules := map[string]bool{}
		for _, rule := range synth(t, stack).some("AWS::EC2::SecurityGroupIngress") {
			assertContains(t, asJSON(rule["GroupId"]), "GroupInstanceSecurityGroup")
			rules[fmt.Sprint(rule["FromPort"], "-", rule["ToPort"])] = true
		}
		assertJSON(t, "ports", rules, `{"32768-65535":true,"8080-8080":true,"9000-9000":true}`)
	}
}

func TestScrapeServiceWorksAcrossStacks(t *testing.T) {
	app := newApp(t)
	stackOf := func(id string) awscdk.Stack { return awscdk.NewStack(app, &id, nil) }
	network, platform, shop, observers := stackOf("Network"), stackOf("Platform"), stackOf("Shop"), stackOf("Observers")
	cluster := fleetCluster(network)
	workspace := amp.NewWorkspace(platform, jsii.String("Workspace"), nil)

	// The collector's group is its own: its stack comes after those of the services.
	orders := onFargate(shop, "orders", cluster)
	central.NewScrapeService(observers, jsii.String("Fleet"), &central.ScrapeServiceProps{Cluster: cluster, Workspace: workspace}).Scrape(orders, metricsJob())

	// A service that writes to a workspace beside the collectors comes after them, so the rule is its own.
	group := awsec2.NewSecurityGroup(network, jsii.String("Collectors"), &awsec2.SecurityGroupProps{Vpc: cluster.Vpc()})
	other := central.NewScrapeService(platform, jsii.String("Fleet"), &central.ScrapeServiceProps{Cluster: cluster, Workspace: workspace, SecurityGroup: group})
	later := stackOf("Later")
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(later, jsii.String("Task"), nil, &otelprometheus.TelemetryProps{Workspace: workspace})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080)}}})
	other.Scrape(awsecs.NewFargateService(later, jsii.String("Service"), &awsecs.FargateServiceProps{Cluster: cluster, TaskDefinition: td}), metricsJob())

	for stack, rules := range map[awscdk.Stack]int{observers: 1, shop: 0, platform: 0, later: 1, network: 0} { // synth would report a cycle
		if got := len(synth(t, stack).all("AWS::EC2::SecurityGroupIngress")); got != rules {
			t.Errorf("%s has %d rules, want %d", *stack.StackName(), got, rules)
		}
	}
}

// TestScrapeServiceTakesSeveralServicesOfATask once, and lets the collectors in to each.
func TestScrapeServiceTakesSeveralServicesOfATask(t *testing.T) {
	stack := newStack(t)
	cluster := fleetCluster(stack)
	first := onFargate(stack, "orders", cluster)
	second := awsecs.NewFargateService(stack, jsii.String("second"), &awsecs.FargateServiceProps{Cluster: cluster, TaskDefinition: first.TaskDefinition()})
	fleet := central.NewScrapeService(stack, jsii.String("Fleet"), &central.ScrapeServiceProps{Cluster: cluster})
	fleet.Scrape(first, metricsJob())
	fleet.Scrape(second, metricsJob())
	assertRefused(t, func() { fleet.Scrape(second, &otelprometheus.ScrapeJob{Port: jsii.Number(9090)}) },
		"task definition Stack/ordersTask is scraped already with other jobs; pass all of its jobs in one call")
	tmpl := synth(t, stack)
	text, _ := collectorConfig(t, tmpl.collectorsOf("Fleet")["FleetTask0"])
	if strings.Count(text, "arn_pattern") != 1 || len(tmpl.all("AWS::EC2::SecurityGroupIngress")) != 2 {
		t.Errorf("%d rules, and the configuration\n%s", len(tmpl.all("AWS::EC2::SecurityGroupIngress")), text)
	}
}

// TestSecretsOfScrapeJobsReachEveryCollector, each under a name of its own.
func TestSecretsOfScrapeJobsReachEveryCollector(t *testing.T) {
	stack := newStack(t)
	cluster := fleetCluster(stack)
	fleet := central.NewScrapeService(stack, jsii.String("Fleet"), &central.ScrapeServiceProps{Cluster: cluster, Shards: jsii.Number(2)})
	for _, name := range []string{"orders", "stock"} {
		token := awsecs.Secret_FromSecretsManager(awssecretsmanager.NewSecret(stack, jsii.String(name+"Token"), nil), nil)
		fleet.Scrape(onFargate(stack, name, cluster), &otelprometheus.ScrapeJob{Port: jsii.Number(8080), BearerToken: token})
	}
	for id, td := range synth(t, stack).collectorsOf("Fleet") {
		var names []any
		for _, s := range td["ContainerDefinitions"].([]any)[0].(object)["Secrets"].([]any) {
			names = append(names, s.(object)["Name"])
		}
		assertJSON(t, id, names, `["SCRAPE_1_TOKEN","SCRAPE_2_TOKEN"]`)
		text, _ := collectorConfig(t, td)
		assertContains(t, text, "SCRAPE_1_TOKEN", "SCRAPE_2_TOKEN")
	}
}

func TestScrapeServiceRefuses(t *testing.T) {
	yes, no := jsii.Bool(true), jsii.Bool(false)
	for name, tc := range map[string]struct {
		change func(*central.ScrapeServiceProps)
		wants  []string
	}{
		"no cluster": {func(p *central.ScrapeServiceProps) { p.Cluster = nil }, []string{"Cluster is not set; give the cluster"}},
		"several": {func(p *central.ScrapeServiceProps) {
			p.Tasks, p.Series, p.RefreshInterval = jsii.Number(0), jsii.Number(1.5), awscdk.Duration_Seconds(jsii.Number(5))
		}, []string{"Stack/Fleet: NewScrapeService: 3 errors", "Tasks is 0; it must be a whole number from 1 to 100000", "Series is 1.5", "RefreshInterval is 5s; it must be at least 10s"}},
		"token":     {func(p *central.ScrapeServiceProps) { p.Series = awscdk.Token_AsNumber("x") }, []string{"Series is a token; it must be known at synthesis"}},
		"too much":  {func(p *central.ScrapeServiceProps) { p.Series, p.Shards = jsii.Number(3e6), jsii.Number(2) }, []string{"each of 2 collectors would have 1500000 series", "raise Shards to 6"}},
		"essential": {func(p *central.ScrapeServiceProps) { p.Collector = &otelprometheus.CollectorProps{Essential: no} }, []string{"Collector.Essential is false, but the collector is the only container"}},
		"drain": {func(p *central.ScrapeServiceProps) {
			p.Delivery = &otelprometheus.DeliveryProps{DrainTime: awscdk.Duration_Seconds(jsii.Number(5))}
		}, []string{"Delivery.DrainTime is set, but"}},
		"all labels": {func(p *central.ScrapeServiceProps) {
			p.Labels = &otelprometheus.LabelsProps{Policy: otelprometheus.LabelsAll}
		}, []string{"Labels.Policy is LabelsAll", "use LabelsTask or LabelsList"}},
		"zone": {func(p *central.ScrapeServiceProps) {
			p.Labels = &otelprometheus.LabelsProps{Keep: jsii.Strings("cloud.availability_zone")}
		},
			[]string{`Labels.Keep[0] is "cloud.availability_zone", which is not known of a task of another host; the ECS API tells aws.ecs.task.family`}},
		"props of the telemetry": {func(p *central.ScrapeServiceProps) {
			p.Delivery = &otelprometheus.DeliveryProps{OneHop: yes, QueueOnDisk: yes}
			p.Logging = &otelprometheus.LoggingProps{}
			p.Collector = &otelprometheus.CollectorProps{MemoryLimitMiB: jsii.Number(64)}
		}, []string{"Fleet: NewScrapeService: 2 errors", "\n  - Collector.MemoryLimitMiB is 64", "\n  - Delivery.QueueOnDisk is set together with OneHop"}},
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStack(t)
			props := &central.ScrapeServiceProps{Cluster: fleetCluster(stack)}
			tc.change(props)
			assertRefused(t, func() { central.NewScrapeService(stack, jsii.String("Fleet"), props) }, tc.wants...)
			if stack.Node().TryFindChild(jsii.String("Fleet")) != nil {
				t.Error("something was built")
			}
		})
	}
	assertRefused(t, func() { central.NewScrapeService(nil, nil, nil) }, "scope is nil", "id is empty", "Cluster is not set")
}

func TestScrapeRefuses(t *testing.T) {
	mapped := func(ports ...float64) *[]*awsecs.PortMapping {
		var all []*awsecs.PortMapping
		for _, p := range ports {
			all = append(all, &awsecs.PortMapping{ContainerPort: &p})
		}
		return &all
	}
	for name, tc := range map[string]struct {
		props awsecs.TaskDefinitionProps
		ports *[]*awsecs.PortMapping
		jobs  []*otelprometheus.ScrapeJob
		wants []string
	}{
		"not mapped": {awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_EC2, NetworkMode: awsecs.NetworkMode_BRIDGE}, nil, []*otelprometheus.ScrapeJob{metricsJob()},
			[]string{"Stack/Fleet: ScrapeTaskDefinition: jobs[0].Port is 8080, for which task definition Stack/Task has no port mapping, and the ECS API tells of no other port; give the container PortMappings with ContainerPort 8080, before this call"}},
		"host on Managed Instances": {awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_MANAGED_INSTANCES, NetworkMode: awsecs.NetworkMode_HOST, Cpu: jsii.String("512"), MemoryMiB: jsii.String("1024")}, mapped(8080),
			[]*otelprometheus.ScrapeJob{metricsJob()}, []string{"task definition Stack/Task can run on Managed Instances with network mode", "use awsvpc"}},
		"none": {awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_EC2, NetworkMode: awsecs.NetworkMode_NONE}, nil, []*otelprometheus.ScrapeJob{metricsJob()},
			[]string{"2 errors", "task definition Stack/Task has network mode none, so nothing can reach its tasks"}},
		"External": {awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_EXTERNAL, NetworkMode: awsecs.NetworkMode_BRIDGE}, mapped(8080), []*otelprometheus.ScrapeJob{metricsJob()},
			[]string{"task definition Stack/Task is EXTERNAL, and the ECS API does not tell where such tasks run"}},
		"no job":  {awsecs.TaskDefinitionProps{}, mapped(8080), nil, []string{"there is no job; say what to scrape"}},
		"nil job": {awsecs.TaskDefinitionProps{}, mapped(8080), []*otelprometheus.ScrapeJob{nil, {}}, []string{"2 errors", "jobs[0] is nil", "jobs[1].Port is not set"}},
		"bad regular expressions": {awsecs.TaskDefinitionProps{}, mapped(8080), []*otelprometheus.ScrapeJob{{Port: jsii.Number(8080), KeepMetrics: jsii.Strings("a("), DropMetrics: jsii.Strings("b[")}},
			[]string{"2 errors", `jobs[0].KeepMetrics is "a(", which is not a regular expression`, `jobs[0].DropMetrics is "b["`}},
		"another container": {awsecs.TaskDefinitionProps{}, mapped(8080), []*otelprometheus.ScrapeJob{{Port: jsii.Number(8080), ContainerName: jsii.String("web")}},
			[]string{"jobs[0].ContainerName is web, which task definition Stack/Task does not have"}},
		"one name": {awsecs.TaskDefinitionProps{}, mapped(8080, 9090), []*otelprometheus.ScrapeJob{metricsJob(), {Port: jsii.Number(9090)}},
			[]string{`jobs[1].Name is "StackTask`, "as that of jobs[0] for the same task definition; give each job its own name"}},
		"one endpoint": {awsecs.TaskDefinitionProps{}, mapped(8080), []*otelprometheus.ScrapeJob{metricsJob(), {Port: jsii.Number(8080), Name: jsii.String("b")}},
			[]string{"jobs[1] reads what jobs[0] reads, port 8080 of container app with the same path"}},
		"labels honored": {awsecs.TaskDefinitionProps{}, mapped(8080), []*otelprometheus.ScrapeJob{{Port: jsii.Number(8080), HonorLabels: jsii.Bool(true)}},
			[]string{"jobs[0].HonorLabels is set, but then an endpoint could take the label instance away"}},
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStack(t)
			fleet := central.NewScrapeService(stack, jsii.String("Fleet"), &central.ScrapeServiceProps{Cluster: fleetCluster(stack)})
			if tc.props.Compatibility == "" {
				tc.props = awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_FARGATE, Cpu: jsii.String("512"), MemoryMiB: jsii.String("1024")}
			}
			td := awsecs.NewTaskDefinition(stack, jsii.String("Task"), &tc.props)
			td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), MemoryLimitMiB: jsii.Number(128), PortMappings: tc.ports})
			assertRefused(t, func() { fleet.ScrapeTaskDefinition(td, tc.jobs...) }, tc.wants...)
		})
	}
}

func TestScrapeRefusesWhatASidecarScrapes(t *testing.T) {
	stack := newStack(t)
	cluster := fleetCluster(stack)
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), nil, &otelprometheus.TelemetryProps{Scrape: &[]*otelprometheus.ScrapeJob{metricsJob()}})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(8080)}, {ContainerPort: jsii.Number(9090)}}})
	service := awsecs.NewFargateService(stack, jsii.String("Service"), &awsecs.FargateServiceProps{Cluster: cluster, TaskDefinition: td})
	fleet := central.NewScrapeService(stack, jsii.String("Fleet"), &central.ScrapeServiceProps{Cluster: cluster})
	assertRefused(t, func() { fleet.Scrape(service, metricsJob()) }, "Stack/Fleet: Scrape: jobs[0].Port is 8080, which the sidecar of task definition Stack/Task scrapes too")
	fleet.Scrape(service, &otelprometheus.ScrapeJob{Port: jsii.Number(9090)}) // beside a sidecar for another port
	assertRefused(t, func() { fleet.Scrape(nil, metricsJob()) }, "service is nil")
	assertRefused(t, func() { fleet.ScrapeTaskDefinition(nil, metricsJob()) }, "the task definition is nil")
	if err := td.ScrapeTasks(td, metricsJob()); err == nil || !strings.Contains(err.Error(), "generate its configuration with ConfigForCluster") {
		t.Errorf("got %v", err)
	}
}

// TestScrapeServiceWithoutJobsFailsTheSynthesis: it would run, and scrape nothing.
func TestScrapeServiceWithoutJobsFailsTheSynthesis(t *testing.T) {
	stack := newStack(t)
	central.NewScrapeService(stack, jsii.String("Fleet"), &central.ScrapeServiceProps{Cluster: fleetCluster(stack)})
	assertRefused(t, func() { synth(t, stack) }, "[Stack/Fleet] it scrapes nothing; call Scrape for each service")
}

func TestScrapeServiceWarns(t *testing.T) {
	stack := newStack(t)
	cluster := fleetCluster(stack)
	fleet := central.NewScrapeService(stack, jsii.String("Fleet"), &central.ScrapeServiceProps{Cluster: cluster, Tasks: jsii.Number(3)})
	for i := range 2 {
		td := onFargate(stack, fmt.Sprint("orders", i), cluster).TaskDefinition()
		service := awsecs.NewFargateService(stack, jsii.String(fmt.Sprint("Service", i)), &awsecs.FargateServiceProps{Cluster: cluster, TaskDefinition: td, DesiredCount: jsii.Number(2)})
		fleet.Scrape(service, metricsJob())
	}
	assertWarned(t, fleet, "moreTasks", "the services that are scraped have more than 3 tasks, which the collectors are sized for; set Tasks")
}

// TestRulesOfATaskThatIsScrapedFromOutside select by its family: what the scrape service reads does not have the name that the sidecar gives.
func TestRulesOfATaskThatIsScrapedFromOutside(t *testing.T) {
	stack := newStack(t)
	shop := service(stack, &otelprometheus.TelemetryProps{Labels: &otelprometheus.LabelsProps{Service: jsii.String("orders")}})
	text, _ := rulesOf(t, &observability.ServiceRulesProps{Service: shop, Scrape: &observability.ScrapeAlerts{}, Targets: &observability.TargetAlerts{}})
	assertContains(t, text, `up{aws_ecs_cluster_name="shop",aws_ecs_task_family="StackTask`)
	if strings.Contains(text, "service_name") {
		t.Errorf("the rules select by a name that scraped series do not have:\n%s", text)
	}
}

// TestHighAvailabilityRunsTwoCollectors: of one group, with a name each, whose samples AMP stores once.
func TestHighAvailabilityRunsTwoCollectors(t *testing.T) {
	stack := newStack(t)
	shop := service(stack, &otelprometheus.TelemetryProps{Otlp: &otelprometheus.OtlpProps{}})
	shop.TaskDefinition().FindContainer(jsii.String("app")).AddPortMappings(&awsecs.PortMapping{ContainerPort: jsii.Number(8080)})
	fleet := central.NewScrapeService(stack, jsii.String("Fleet"), &central.ScrapeServiceProps{Cluster: shop.Cluster(), HighAvailability: jsii.Bool(true)})
	fleet.Scrape(shop, &otelprometheus.ScrapeJob{Port: jsii.Number(8080)})
	tmpl := synth(t, stack)
	for _, replica := range []string{"a", "b"} {
		text := configText(containerIn(t, tmpl, "FleetTask0"+replica, collectorName))
		assertContains(t, text, "__replica__: "+replica, "cluster: Stack/Fleet/0", "aws_ecs_task_id|cluster)")
	}
	if n := len(fleet.Services()); n != 2 || len(tmpl.some("AWS::ECS::Service")) != 3 {
		t.Errorf("there are %d services of collectors, expected 2", n)
	}
	assertRefused(t, func() {
		central.NewScrapeService(stack, jsii.String("Clash"), &central.ScrapeServiceProps{
			Cluster: shop.Cluster(), HighAvailability: jsii.Bool(true), Labels: &otelprometheus.LabelsProps{External: labels("cluster", "a")},
		})
	}, "Labels.External has cluster, by which AMP finds the replicas of a collector")
	assertRefused(t, func() {
		otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Half"), nil, &otelprometheus.TelemetryProps{
			Config: otelprometheus.ConfigForCluster(jsii.String("shop"), &otelprometheus.ConfigForClusterOptions{Replica: jsii.String("a")}),
		})
	}, `Replica is "a" and ReplicaGroup is ""; set both, or none`)
	assertRefused(t, func() {
		serviceRules(stack, &observability.ServiceRulesProps{
			Service: fleet.Services()[1], Collector: &observability.CollectorAlerts{}, Discovery: &observability.DiscoveryAlerts{},
		})
	}, "Discovery is set, but of two replicas AMP stores the metrics of one only, so the alert on the other would never end")
	assertRefused(t, func() {
		otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Token"), nil, &otelprometheus.TelemetryProps{
			Config: otelprometheus.ConfigForCluster(jsii.String("shop"), &otelprometheus.ConfigForClusterOptions{
				Shards: awscdk.Token_AsNumber(awscdk.NewCfnParameter(stack, jsii.String("Shards"), &awscdk.CfnParameterProps{Type: jsii.String("Number")}).ValueAsNumber()),
			}),
		})
	}, "Shards is a token; it must be known at synthesis")
}
