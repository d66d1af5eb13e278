package central

import (
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// Construct ids below the scrape service; those of a shard have its number behind them. They are part of the contract.
const (
	idSecurityGroup = "SecurityGroup"
	idTask          = "Task"
	idService       = "Service"
	idIngress       = "Ingress" // and what it leads to
)

// ScrapeService scrapes the tasks of a cluster.
type ScrapeService struct {
	awscdk.Resource
	settings *settings
	group    awsec2.ISecurityGroup
	ownGroup bool
	tasks    []*otelprometheus.OtelPrometheusFargateTaskDefinition
	services []awsecs.FargateService
	scraped  map[string][]*otelprometheus.ScrapeJob // by the path of the task definition
	allowed  map[string]bool                        // ports of security groups
	expected float64                                // tasks of the services that are scraped
	warned   bool
}

// NewScrapeService adds a service of one Fargate task for each shard to scope, with its task definition, roles and log group, and a
// security group unless one is given. The task role may list and describe the tasks, services and container instances of the cluster;
// describe task definitions and EC2 instances, which cannot be narrowed; and do aps:RemoteWrite on the workspace. Say with Scrape what
// to scrape. It panics when scope or id is missing or the props are wrong, with every error in the message, before it has built anything.
func NewScrapeService(scope constructs.Construct, id *string, props *ScrapeServiceProps) *ScrapeService {
	if props == nil {
		props = &ScrapeServiceProps{}
	}
	s := &ScrapeService{scraped: map[string][]*otelprometheus.ScrapeJob{}, allowed: map[string]bool{}}
	input.Must("NewScrapeService", scope, id, func(f *input.Faults) { s.settings = props.resolve(f) })
	awscdk.NewResource_Override(s, scope, id, nil)
	if s.group = props.SecurityGroup; s.group == nil {
		s.ownGroup = true
		s.group = awsec2.NewSecurityGroup(s, jsii.String(idSecurityGroup), &awsec2.SecurityGroupProps{
			Vpc: s.settings.Cluster.Vpc(), Description: jsii.String("collectors that scrape the tasks of a cluster"),
		})
	}
	for shard := range int(s.settings.shards) {
		if !input.BoolOr(props.HighAvailability, false) {
			s.addCollector(shard, fmt.Sprint(shard), "", "")
			continue
		}
		group := fmt.Sprintf("%s/%d", *s.Node().Path(), shard)
		for _, replica := range []string{"a", "b"} {
			s.addCollector(shard, fmt.Sprint(shard, replica), group, replica)
		}
	}
	s.Node().AddValidation(&hasJobs{s})
	return s
}

// addCollector adds a service of one task that scrapes a shard. number ends its ids.
func (s *ScrapeService) addCollector(shard int, number, group, replica string) {
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(s, jsii.String(idTask+number), &awsecs.FargateTaskDefinitionProps{
		Cpu: jsii.Number(s.settings.size.cpu), MemoryLimitMiB: jsii.Number(s.settings.size.memoryMiB),
	}, s.settings.telemetry(shard, group, replica))
	td.SetDefaultContainer(td.Collector()) // there is no other
	for _, statement := range s.access() {
		td.AddToTaskRolePolicy(statement)
	}
	s.tasks = append(s.tasks, td)
	s.services = append(s.services, awsecs.NewFargateService(s, jsii.String(idService+number), &awsecs.FargateServiceProps{
		Cluster: s.settings.Cluster, TaskDefinition: td, DesiredCount: jsii.Number(1), MinHealthyPercent: jsii.Number(100), MaxHealthyPercent: jsii.Number(200),
		CircuitBreaker: &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)}, SecurityGroups: &[]awsec2.ISecurityGroup{s.group},
		VpcSubnets: s.settings.VpcSubnets, AssignPublicIp: s.settings.AssignPublicIp,
	}))
}

// access is what finds tasks. A cluster that gets an EC2 instance later would stop the discovery where the last two actions are missing:
// the collector looks up the instance of every task, scraped or not.
func (s *ScrapeService) access() []awsiam.PolicyStatement {
	return []awsiam.PolicyStatement{
		awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions:    jsii.Strings("ecs:ListTasks", "ecs:DescribeTasks", "ecs:ListServices", "ecs:DescribeContainerInstances"),
			Resources:  jsii.Strings("*"), // of the cluster in the condition
			Conditions: &map[string]any{"ArnEquals": map[string]any{"ecs:cluster": s.settings.Cluster.ClusterArn()}},
		}),
		awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions:   jsii.Strings("ecs:DescribeTaskDefinition", "ec2:DescribeInstances"),
			Resources: jsii.Strings("*"), // they know no resources
		}),
	}
}

// Scrape scrapes the tasks of a service of the cluster, and lets the collectors in to the ports of the jobs. Services of one task
// definition are scraped together: call it for each of them, with the same jobs. It panics when a job is wrong or does not go with the
// others, with every error in the message.
func (s *ScrapeService) Scrape(service awsecs.BaseService, jobs ...*otelprometheus.ScrapeJob) {
	at := *s.Node().Path() + ": Scrape"
	if service == nil {
		panic(at + ": service is nil; pass the service to scrape, or use ScrapeTaskDefinition")
	}
	td := service.TaskDefinition()
	s.scrape(at, td, jobs)
	for _, job := range jobs {
		s.letIn(service, td, job)
	}
	s.expect(service)
}

// ScrapeTaskDefinition scrapes all tasks of a task definition in the cluster, such as those that no service runs. Who runs them lets the
// collectors in: SecurityGroup is theirs. It panics as Scrape does.
func (s *ScrapeService) ScrapeTaskDefinition(taskDefinition awsecs.TaskDefinition, jobs ...*otelprometheus.ScrapeJob) {
	s.scrape(*s.Node().Path()+": ScrapeTaskDefinition", taskDefinition, jobs)
}

func (s *ScrapeService) scrape(at string, td awsecs.TaskDefinition, jobs []*otelprometheus.ScrapeJob) {
	if td != nil {
		if known, again := s.scraped[*td.Node().Path()]; again {
			if !reflect.DeepEqual(known, jobs) {
				panic(fmt.Sprintf("%s: task definition %s is scraped already with other jobs; pass all of its jobs in one call, and the same ones for each of its services", at, *td.Node().Path()))
			}
			return
		}
	}
	for _, task := range s.tasks { // what is wrong with one is wrong with the first
		if err := task.ScrapeTasks(td, jobs...); err != nil {
			var f input.Faults
			f.AddError("", err)
			f.PanicIfAny(at)
		}
	}
	s.scraped[*td.Node().Path()] = slices.Clone(jobs)
}

// Services are those of the collectors: one for each shard, two with HighAvailability.
func (s *ScrapeService) Services() []awsecs.FargateService { return s.services }

// TaskDefinitions are those of the collectors, in the same order.
func (s *ScrapeService) TaskDefinitions() []*otelprometheus.OtelPrometheusFargateTaskDefinition {
	return s.tasks
}

// SecurityGroup is that of the collectors.
func (s *ScrapeService) SecurityGroup() awsec2.ISecurityGroup { return s.group }

// Workspace is where the metrics are written.
func (s *ScrapeService) Workspace() amp.IWorkspace { return s.tasks[0].Workspace() }

// Ports that Docker gives to a container in network mode bridge whose mapping names none of the host.
// Source: Amazon ECS API reference, PortMapping, hostPort.
const firstDynamic, lastDynamic = 32768, 65535

// letIn lets the collectors in to the port of a job.
func (s *ScrapeService) letIn(service awsecs.BaseService, td awsecs.TaskDefinition, job *otelprometheus.ScrapeJob) {
	from, to := *job.Port, *job.Port
	if td.NetworkMode() == awsecs.NetworkMode_BRIDGE {
		from, to = hostPorts(td, job)
	}
	groups := *service.Connections().SecurityGroups()
	if td.NetworkMode() != awsecs.NetworkMode_AWS_VPC && s.settings.Instances != nil {
		for _, instances := range *s.settings.Instances {
			groups = append(groups, *instances.Connections().SecurityGroups()...)
		}
	}
	if len(groups) == 0 {
		input.Warn(s, "noSecurityGroup", "the security groups of the instances of %s are not known, so none lets the collectors in to ports %.0f to %.0f; set Instances, or allow it from SecurityGroup and acknowledge this", *service.Node().Path(), from, to)
	}
	var scope constructs.Construct = s
	if !s.ownGroup && awscdk.Stack_Of(s.group) != awscdk.Stack_Of(s) {
		scope = service
	}
	for _, group := range groups {
		// The same group comes as another construct where a service imports that of its instances.
		key := fmt.Sprintf("%s %.0f-%.0f", *group.SecurityGroupId(), from, to)
		if s.allowed[key] {
			continue
		}
		s.allowed[key] = true
		id := fmt.Sprintf("%s%s%.0f", idIngress, (*group.Node().Addr())[:8], from)
		awsec2.NewCfnSecurityGroupIngress(scope, &id, &awsec2.CfnSecurityGroupIngressProps{
			GroupId: group.SecurityGroupId(), SourceSecurityGroupId: s.group.SecurityGroupId(), IpProtocol: jsii.String("tcp"),
			FromPort: &from, ToPort: &to, Description: jsii.String("scrapes of " + *service.Node().Id()),
		})
	}
}

// hostPorts are those of an instance behind which a container's port may be.
func hostPorts(td awsecs.TaskDefinition, job *otelprometheus.ScrapeJob) (from, to float64) {
	for _, c := range *td.Containers() {
		if job.ContainerName != nil && *job.ContainerName != *c.ContainerName() {
			continue
		}
		for _, m := range *c.PortMappings() {
			if m.ContainerPort != nil && *m.ContainerPort == *job.Port && m.HostPort != nil && *m.HostPort != 0 {
				return *m.HostPort, *m.HostPort
			}
		}
	}
	return firstDynamic, lastDynamic
}

// expect counts the tasks of a service, and warns once where there are more than the collectors are sized for.
func (s *ScrapeService) expect(service awsecs.BaseService) {
	count := 1.0
	if cfn, is := service.Node().TryFindChild(jsii.String("Service")).(awsecs.CfnService); is && cfn.DesiredCount() != nil && !*awscdk.Token_IsUnresolved(cfn.DesiredCount()) {
		count = math.Max(1, *cfn.DesiredCount())
	}
	s.expected += count
	if s.expected > s.settings.tasks && !s.warned {
		s.warned = true
		input.Warn(s, "moreTasks", "the services that are scraped have more than %.0f tasks, which the collectors are sized for; set Tasks to the most that there may be, and Series if a task has more than %d", s.settings.tasks, seriesPerTask)
	}
}

// hasJobs reports a scrape service that scrapes nothing.
type hasJobs struct{ of *ScrapeService }

// Validate implements constructs.IValidation. Its result must not be nil.
func (h *hasJobs) Validate() *[]*string {
	if len(h.of.scraped) == 0 {
		return jsii.Strings("it scrapes nothing; call Scrape for each service")
	}
	return &[]*string{}
}
