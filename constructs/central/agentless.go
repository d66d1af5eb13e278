package central

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsservicediscovery"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

// AgentlessScrapeProps configures [NewAgentlessScrape].
type AgentlessScrapeProps struct {
	// Workspace that the metrics are written to. Required.
	Workspace amp.IWorkspace

	// Services to scrape, in one VPC. Required.
	Services *[]*AgentlessService

	// Namespace holds the DNS names of services that have none yet: a private DNS namespace of Cloud Map in their VPC.
	//
	// Default: the default namespace of each service's cluster.
	Namespace awsservicediscovery.INamespace

	// Interval is the time between two scrapes, at least 30 seconds.
	//
	// Default: 60 seconds.
	// Source: Amazon CloudWatch User Guide, Managed Prometheus collectors, Scraper configuration.
	Interval awscdk.Duration

	// Subnets of the scraper's network interfaces, in two availability zones at least.
	//
	// Default: the private subnets of the VPC, or the isolated ones where it has no others.
	Subnets *awsec2.SubnetSelection

	// Logging sends logs of the scraper to CloudWatch Logs.
	//
	// Default: no logs.
	Logging *amp.ScraperLoggingProps
}

// AgentlessService is an ECS service that serves metrics.
type AgentlessService struct {
	// Service that runs the tasks, with network mode awsvpc. Required.
	Service awsecs.BaseService

	// Name becomes the job label, and the service's name in the namespace, unless it has one: 1 to 63 lower-case letters, digits and dashes, unique here.
	// Required.
	Name *string

	// Port that the endpoint listens on, 1 to 65535. Required.
	Port *float64

	// Path is the HTTP path of the metrics.
	//
	// Default: /metrics.
	Path *string
}

// cloudMapAnswer is how many addresses Cloud Map gives for a name; which ones, is chance.
//
// Source: AWS Cloud Map Developer Guide, DnsConfig: routing policy MULTIVALUE answers with up to eight healthy instances.
const cloudMapAnswer = 8

const (
	shortestInterval = 30 * time.Second
	standardInterval = time.Minute
	dnsTTL           = 10 * time.Second
	refreshInterval  = "30s"
	labelOfCluster   = prom.LabelCluster
	labelOfFamily    = prom.LabelFamily
)

var dnsLabel = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// NewAgentlessScrape has AWS scrape ECS services, without any collector of yours: it adds an [amp.Scraper] to scope, gives services without a name in
// Cloud Map one, and lets the scraper in at their ports. It panics when scope or id is missing or a prop is wrong; what is wrong with the services is in
// one message, before anything is built. A service that may have more than 8 tasks is refused, because an answer of Cloud Map has 8 addresses at most,
// and the others would be missing at random; scaling that is added later is looked at in the synthesis. A deployment may start as many tasks again
// for a while, of which some are missing then, too.
//
// Series have the labels job, instance (address:port), aws_ecs_cluster_name and aws_ecs_task_family. DNS tells neither the task's id nor its revision
// or availability zone, so a restarted task is another instance with nothing to find it by, and rules that count tasks by their id do not fit. A sidecar
// or a scrape service with a collector has all labels.
//
// Nothing of it was run on AWS. Against a DNS that answers as Cloud Map does, 12 tasks left 67 % of the data, and 30 left 27 %.
func NewAgentlessScrape(scope constructs.Construct, id *string, props *AgentlessScrapeProps) *amp.Scraper {
	if props == nil {
		props = &AgentlessScrapeProps{}
	}
	input.Must("NewAgentlessScrape", scope, id, props.validate)
	var configuration struct {
		ScrapeConfigs []scrapeConfig `yaml:"scrape_configs"`
	}
	interval := standardInterval
	if d := props.Interval; d != nil {
		interval = time.Duration(*d.ToSeconds(nil)) * time.Second
	}
	for _, s := range *props.Services {
		configuration.ScrapeConfigs = append(configuration.ScrapeConfigs, s.scrape(prom.Duration(interval), s.name(props.Namespace)))
	}
	text, err := yaml.Marshal(configuration)
	if err != nil {
		panic(err) // texts and numbers can always be written
	}
	scraper := amp.NewScraper(scope, id, &amp.ScraperProps{
		Workspace: props.Workspace, Configuration: jsii.String(string(text)), Vpc: (*props.Services)[0].Service.Cluster().Vpc(), Subnets: props.Subnets, Logging: props.Logging,
	})
	for _, s := range *props.Services {
		s.Service.Connections().AllowFrom(scraper.SecurityGroup(), awsec2.Port_Tcp(s.Port), jsii.String("AMP scraper"))
	}
	scraper.Node().AddValidation(&lateScaling{*props.Services})
	return scraper
}

type scrapeConfig struct {
	JobName       string    `yaml:"job_name"`
	Interval      string    `yaml:"scrape_interval"`
	MetricsPath   string    `yaml:"metrics_path,omitempty"`
	DNS           []dnsName `yaml:"dns_sd_configs"`
	RelabelConfig []relabel `yaml:"relabel_configs"`
}

type dnsName struct {
	Names           []string `yaml:"names"`
	Type            string   `yaml:"type"`
	Port            float64  `yaml:"port"`
	RefreshInterval string   `yaml:"refresh_interval"`
}

type relabel struct {
	TargetLabel string `yaml:"target_label"`
	Replacement string `yaml:"replacement"`
}

func (s *AgentlessService) scrape(interval, name string) scrapeConfig {
	return scrapeConfig{
		JobName: *s.Name, Interval: interval, MetricsPath: input.StringOr(s.Path, ""),
		DNS: []dnsName{{Names: []string{name}, Type: "A", Port: *s.Port, RefreshInterval: refreshInterval}},
		RelabelConfig: []relabel{
			{labelOfCluster, *s.Service.Cluster().ClusterName()},
			{labelOfFamily, *s.Service.TaskDefinition().Family()},
		},
	}
}

// name is that of the service in DNS, which it gets unless it has one.
func (s *AgentlessService) name(namespace awsservicediscovery.INamespace) string {
	service := s.Service.CloudMapService()
	if service == nil {
		if namespace == nil {
			namespace = s.Service.Cluster().DefaultCloudMapNamespace()
		}
		service = s.Service.EnableCloudMap(&awsecs.CloudMapOptions{
			CloudMapNamespace: namespace, Name: s.Name, DnsRecordType: awsservicediscovery.DnsRecordType_A, DnsTtl: awscdk.Duration_Seconds(jsii.Number(dnsTTL.Seconds())),
		})
	}
	return *service.ServiceName() + "." + *service.Namespace().NamespaceName()
}

// tasks is how many tasks the service may have, as far as that is known; 0 is not known.
func (s *AgentlessService) tasks() float64 {
	if scaling := s.Service.Node().TryFindChild(jsii.String("TaskCount")); scaling != nil {
		if target := scaling.Node().TryFindChild(jsii.String("Target")); target != nil {
			if cfn, is := target.Node().DefaultChild().(awsapplicationautoscaling.CfnScalableTarget); is {
				return known(cfn.MaxCapacity())
			}
		}
	}
	cfn, is := s.Service.Node().TryFindChild(jsii.String("Service")).(awsecs.CfnService)
	if !is || cfn.DesiredCount() == nil {
		return 0
	}
	return known(cfn.DesiredCount())
}

// known is a number, or 0 for a token.
func known(n *float64) float64 {
	if n == nil || *awscdk.Token_IsUnresolved(n) {
		return 0
	}
	return *n
}

// tooMany says that a service may have more tasks than an answer has addresses, or nothing.
func (s *AgentlessService) tooMany() string {
	if n := s.tasks(); n > cloudMapAnswer {
		return fmt.Sprintf("service %s may have %.0f tasks, and an answer of Cloud Map has %d addresses at most: the others would not be scraped; use a sidecar or a scrape service, or fewer tasks",
			*s.Service.Node().Path(), n, cloudMapAnswer)
	}
	return ""
}

func (p *AgentlessScrapeProps) validate(f *input.Faults) {
	if p.Workspace == nil {
		f.Add("Workspace is not set; give the AMP workspace that the metrics are written to")
	}
	if d := p.Interval; d != nil {
		if interval := f.Duration("Interval", d); interval != nil {
			f.DurationIn("Interval", d, "seconds", shortestInterval.Seconds(), math.Inf(1), "")
		}
	}
	if p.Services == nil || len(*p.Services) == 0 {
		f.Add("Services is empty; name the services to scrape")
		return
	}
	var names []string
	var first awsec2.IVpc
	for i, s := range *p.Services {
		at := fmt.Sprintf("Services[%d]", i)
		if s == nil {
			f.Add("%s is nil; remove it", at)
			continue
		}
		name := input.StringOr(s.Name, "")
		switch {
		case !dnsLabel.MatchString(name):
			f.Add("%s.Name is %q; it must have 1 to 63 lower-case letters, digits and dashes", at, name)
		case slices.Contains(names, name):
			f.Add("%s.Name is %q, as that of another service; give each its own", at, name)
		}
		names = append(names, name)
		if s.Port == nil {
			f.Add("%s.Port is not set; name the port that the endpoint listens on", at)
		}
		f.NumberIn(at+".Port", s.Port, 1, 65535)
		if p := s.Path; p != nil && !strings.HasPrefix(*p, "/") {
			f.Add("%s.Path is %q; it must start with a slash", at, *p)
		}
		if s.Service == nil {
			f.Add("%s.Service is not set; give the ECS service", at)
			continue
		}
		s.validateService(at, p.Namespace, f)
		switch vpc := s.Service.Cluster().Vpc(); {
		case first == nil:
			first = vpc
		case first != vpc:
			f.Add("%s.Service is in another VPC than the first service; scrape the services of each VPC by themselves", at)
		}
	}
}

func (s *AgentlessService) validateService(at string, namespace awsservicediscovery.INamespace, f *input.Faults) {
	if mode := s.Service.TaskDefinition().NetworkMode(); mode != awsecs.NetworkMode_AWS_VPC {
		f.Add("%s.Service has network mode %s, in which a task has no address of its own; use awsvpc, or a sidecar", at, strings.ToLower(string(mode)))
	}
	f.AddAll(at+".Service", s.tooMany())
	switch service := s.Service.CloudMapService(); {
	case service != nil && service.DnsRecordType() != awsservicediscovery.DnsRecordType_A:
		f.Add("%s.Service is in Cloud Map with DNS records of type %s; the scraper needs A", at, service.DnsRecordType())
	case service == nil && namespace == nil && s.Service.Cluster().DefaultCloudMapNamespace() == nil:
		f.Add("%s.Service is not in Cloud Map; set Namespace, or call AddDefaultCloudMapNamespace of its cluster", at)
	case service == nil && namespace != nil && namespace.Type() != awsservicediscovery.NamespaceType_DNS_PRIVATE:
		f.Add("Namespace is of type %s; the scraper finds names in a private DNS namespace only", namespace.Type())
	}
}

// lateScaling looks at what AutoScaleTaskCount was told after the services were given. It runs inside a callback from Node, must not panic, and its
// result must not be nil.
type lateScaling struct{ services []*AgentlessService }

// Validate implements constructs.IValidation.
func (l *lateScaling) Validate() *[]*string {
	problems := []*string{}
	for _, s := range l.services {
		if problem := s.tooMany(); problem != "" {
			problems = append(problems, &problem)
		}
	}
	return &problems
}
