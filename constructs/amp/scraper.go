package amp

import (
	"maps"
	"regexp"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsaps"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// ScraperProps configures a [Scraper].
type ScraperProps struct {
	// Workspace that the metrics are written to. Required. One in another account needs Roles.
	Workspace IWorkspace

	// Configuration is a Prometheus configuration in YAML, of at most 256 KB: global with scrape_interval, scrape_timeout and external_labels, and
	// scrape_configs with the keys that AWS documents for managed collectors: job_name, metrics_path, scheme, scrape_interval, scrape_timeout,
	// static_configs, dns_sd_configs, relabel_configs, metric_relabel_configs and tls_config. With EksClusterArn also those of AWS' own
	// configuration for EKS: kubernetes_sd_configs, authorization, bearer_token_file and honor_labels. An interval is at least 30 seconds. Other
	// keys are refused by name. Required.
	// Source: Amazon CloudWatch User Guide, Managed Prometheus collectors, Scraper configuration.
	Configuration *string

	// UncheckedKeys are further keys of a scrape job that you know to be taken.
	//
	// Default: none.
	UncheckedKeys *[]*string

	// Vpc that the scraper gets network interfaces in. Required.
	Vpc awsec2.IVpc

	// Subnets of the network interfaces, in two availability zones at least.
	//
	// Default: the private subnets of the VPC, or the isolated ones where it has no others.
	Subnets *awsec2.SubnetSelection

	// SecurityGroups of the network interfaces, at most 5.
	//
	// Default: a new one, which lets everything out; with EksClusterArn that of the cluster.
	SecurityGroups *[]awsec2.ISecurityGroup

	// EksClusterArn is the ARN of an EKS cluster whose targets are found through its API. The cluster must let the scraper's role in, as AWS documents.
	//
	// Default: none, targets of the VPC are scraped.
	EksClusterArn *string

	// Alias is a name for people, of 1 to 100 letters, digits, dots, dashes and underscores, the first a letter or digit.
	//
	// Default: none.
	// Source: AWS::APS::Scraper, Alias.
	Alias *string

	// Roles are used to write to a workspace in another account.
	//
	// Default: a role that AMP makes.
	Roles *ScraperRoles

	// Logging sends logs of the scraper to CloudWatch Logs.
	//
	// Default: no logs.
	Logging *ScraperLoggingProps

	// OpenSearchDomainArns are domains of OpenSearch Service whose metrics are exported and scraped.
	//
	// Default: none.
	// Source: AWS::APS::Scraper, ExporterConfiguration.
	OpenSearchDomainArns *[]*string
}

// ScraperRoles lead from the account of the scraper to that of its workspace: AMP takes on Source, and with it Target, which may write to the
// workspace. Both are needed. This library changes neither of them nor what they trust, which we found in no document of AWS's and did not try.
//
// Source: AWS::APS::Scraper, RoleConfiguration.
type ScraperRoles struct {
	// Source is a role in the account of the scraper. Required.
	Source awsiam.IRole

	// Target is a role in the account of the workspace. Required.
	Target awsiam.IRole
}

// ScraperComponent is a part of a scraper that logs.
type ScraperComponent string

// Parts of a scraper.
const (
	ScraperServiceDiscovery ScraperComponent = "SERVICE_DISCOVERY"
	ScraperCollector        ScraperComponent = "COLLECTOR"
	ScraperExporter         ScraperComponent = "EXPORTER"
)

var scraperComponents = []ScraperComponent{ScraperServiceDiscovery, ScraperCollector, ScraperExporter}

// ScraperLoggingProps says what of a scraper is logged, and where.
type ScraperLoggingProps struct {
	LoggingProps

	// Components that log.
	//
	// Default: all.
	Components *[]ScraperComponent

	// Options of components, which AWS does not list: names of letters and digits, with their values.
	//
	// Default: none.
	// Source: AWS::APS::Scraper, ComponentConfig.
	Options *map[ScraperComponent]*map[string]*string
}

// Scraper is an AWS managed collector: it scrapes targets in a VPC or an EKS cluster without an agent, and writes to a workspace. Its series have
// the labels of the targets and of the configuration only: of an ECS task, DNS tells the address and nothing else.
//
// Nothing of it was run on AWS for this library.
type Scraper struct {
	awscdk.Resource
	arn, id, roleArn *string
	securityGroup    awsec2.ISecurityGroup
}

// Limits of a scraper. Sources: see the props.
const (
	maxScraperAlias   = 100
	maxSecurityGroups = 5
	minScraperSubnets = 2
	optionNamePattern = `^[A-Za-z0-9]+$`
)

var optionName = regexp.MustCompile(optionNamePattern)

// NewScraper adds an AWS::APS::Scraper to scope and, unless props give them, a security group, and a log group with a policy for log delivery. It
// grants nothing. It panics when scope or id is missing or a prop is wrong, with every error in the message, before it has built anything.
func NewScraper(scope constructs.Construct, id *string, props *ScraperProps) *Scraper {
	if props == nil {
		props = &ScraperProps{}
	}
	var subnets *awsec2.SelectedSubnets
	input.Must("NewScraper", scope, id, func(f *input.Faults) { subnets = props.validate(scope, f) })
	s := &Scraper{}
	awscdk.NewResource_Override(s, scope, id, nil)
	if w, made := props.Workspace.(*Workspace); made && w.encrypted {
		input.Warn(s, "encryptedWorkspace", "workspace %s has a key of its own; an old page of AWS says that managed collectors cannot write to such a workspace, newer ones do not: try it, and acknowledge this warning",
			*w.Node().Path())
	}
	cfnProps := &awsaps.CfnScraperProps{
		Alias: props.Alias,
		// The template keeps the text readable, and a token in it is resolved before it is encoded.
		ScrapeConfiguration: &awsaps.CfnScraper_ScrapeConfigurationProperty{ConfigurationBlob: awscdk.Fn_Base64(props.Configuration)},
		Destination: &awsaps.CfnScraper_DestinationProperty{
			AmpConfiguration: &awsaps.CfnScraper_AmpConfigurationProperty{WorkspaceArn: props.Workspace.WorkspaceArn()},
		},
		Source:                      props.source(s, subnets),
		ScraperLoggingConfiguration: props.Logging.configuration(s),
	}
	if r := props.Roles; r != nil {
		cfnProps.RoleConfiguration = &awsaps.CfnScraper_RoleConfigurationProperty{SourceRoleArn: r.Source.RoleArn(), TargetRoleArn: r.Target.RoleArn()}
	}
	if domains := input.Strings(props.OpenSearchDomainArns); domains != nil {
		var exporters []*awsaps.CfnScraper_ExporterConfigurationProperty
		for _, domain := range domains {
			exporters = append(exporters, &awsaps.CfnScraper_ExporterConfigurationProperty{
				OpenSearchConfiguration: &awsaps.CfnScraper_OpenSearchConfigurationProperty{DomainArn: jsii.String(domain)},
			})
		}
		cfnProps.Exporters = exporters
	}
	cfn := awsaps.NewCfnScraper(s, jsii.String("Resource"), cfnProps)
	s.arn, s.id, s.roleArn = cfn.AttrArn(), cfn.AttrScraperId(), cfn.AttrRoleArn()
	return s
}

// source is the network of the scraper, with a security group where there must be one.
func (p *ScraperProps) source(s *Scraper, subnets *awsec2.SelectedSubnets) any {
	groups := p.SecurityGroups
	if groups == nil && p.EksClusterArn == nil {
		groups = &[]awsec2.ISecurityGroup{awsec2.NewSecurityGroup(s, jsii.String("SecurityGroup"), &awsec2.SecurityGroupProps{
			Vpc: p.Vpc, Description: jsii.String("AMP scraper"),
		})}
	}
	var ids *[]*string
	if groups != nil {
		ids = &[]*string{}
		for _, g := range *groups {
			*ids = append(*ids, g.SecurityGroupId())
		}
		s.securityGroup = (*groups)[0]
	}
	if p.EksClusterArn != nil {
		return &awsaps.CfnScraper_SourceProperty{EksConfiguration: &awsaps.CfnScraper_EksConfigurationProperty{
			ClusterArn: p.EksClusterArn, SubnetIds: subnets.SubnetIds, SecurityGroupIds: ids,
		}}
	}
	return &awsaps.CfnScraper_SourceProperty{VpcConfiguration: &awsaps.CfnScraper_VpcConfigurationProperty{SubnetIds: subnets.SubnetIds, SecurityGroupIds: ids}}
}

func (p *ScraperLoggingProps) configuration(s *Scraper) any {
	if p == nil {
		return nil
	}
	components := scraperComponents
	if p.Components != nil {
		components = *p.Components
	}
	var all []*awsaps.CfnScraper_ScraperComponentProperty
	for _, c := range components {
		component := &awsaps.CfnScraper_ScraperComponentProperty{Type: jsii.String(string(c))}
		if p.Options != nil && (*p.Options)[c] != nil {
			component.Config = &awsaps.CfnScraper_ComponentConfigProperty{Options: (*p.Options)[c]}
		}
		all = append(all, component)
	}
	return &awsaps.CfnScraper_ScraperLoggingConfigurationProperty{
		LoggingDestination: &awsaps.CfnScraper_ScraperLoggingDestinationProperty{
			CloudWatchLogs: &awsaps.CfnScraper_CloudWatchLogDestinationProperty{LogGroupArn: p.logGroupArn(s, "Logs", awscdk.RemovalPolicy_RETAIN)},
		},
		ScraperComponents: all,
	}
}

// ScraperArn is the ARN of the scraper.
func (s *Scraper) ScraperArn() *string { return s.arn }

// ScraperId is the id of the scraper; it starts with s-.
func (s *Scraper) ScraperId() *string { return s.id }

// RoleArn is the ARN of the role that AMP makes for the scraper, which an EKS cluster must let in.
func (s *Scraper) RoleArn() *string { return s.roleArn }

// SecurityGroup is the first of the scraper's network interfaces: let it in at the targets. It is nil where an EKS cluster's is used.
func (s *Scraper) SecurityGroup() awsec2.ISecurityGroup { return s.securityGroup }

func (p *ScraperProps) validate(scope constructs.Construct, f *input.Faults) (subnets *awsec2.SelectedSubnets) {
	if p.Workspace == nil {
		f.Add("Workspace is not set; give the AMP workspace that the metrics are written to")
	} else if scope != nil {
		if here := awscdk.Stack_Of(scope).Account(); input.Differ(p.Workspace.Env().Account, here) && p.Roles == nil {
			f.Add("workspace %s is in account %s, the scraper in %s; give Roles that lead from one to the other", *p.Workspace.Node().Path(), *p.Workspace.Env().Account, *here)
		}
	}
	if r := p.Roles; r != nil && (r.Source == nil || r.Target == nil) {
		f.Add("Roles needs both Source and Target; give the one that is missing, or leave Roles out")
	}
	if a := p.Alias; input.Known(a) && (len(*a) > maxScraperAlias || !detectorAlias.MatchString(*a)) {
		f.Add("Alias is %q; it must have 1 to %d letters, digits, dots, dashes and underscores, the first a letter or digit", *a, maxScraperAlias)
	}
	checkScrapeConfiguration(input.StringOr(p.Configuration, ""), p.EksClusterArn != nil, input.Strings(p.UncheckedKeys), f)
	if p.Vpc == nil {
		f.Add("Vpc is not set; give the VPC that the targets are reached in")
	} else {
		subnets = p.selectSubnets()
		if n := len(*subnets.SubnetIds); n < minScraperSubnets {
			f.Add("Subnets selects %d subnets of the VPC; a scraper needs %d at least, in different availability zones", n, minScraperSubnets)
		}
	}
	if g := p.SecurityGroups; g != nil && (len(*g) == 0 || len(*g) > maxSecurityGroups || slices.Contains(*g, nil)) {
		f.Add("SecurityGroups has %d security groups, or one that is nil; give 1 to %d, or leave it out", len(*g), maxSecurityGroups)
	}
	for i, arn := range input.Strings(p.OpenSearchDomainArns) {
		if arn == "" {
			f.Add("OpenSearchDomainArns[%d] is empty; give the ARN of a domain, or remove it", i)
		}
	}
	p.Logging.validateScraper(f)
	return subnets
}

func (p *ScraperProps) selectSubnets() *awsec2.SelectedSubnets {
	selection := p.Subnets
	if selection == nil {
		selection = &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PRIVATE_WITH_EGRESS}
		if len(*p.Vpc.PrivateSubnets()) == 0 {
			selection.SubnetType = awsec2.SubnetType_PRIVATE_ISOLATED
		}
	}
	return p.Vpc.SelectSubnets(selection)
}

func (p *ScraperLoggingProps) validateScraper(f *input.Faults) {
	if p == nil {
		return
	}
	p.validate("Logging", f)
	if c := p.Components; c != nil {
		if len(*c) == 0 {
			f.Add("Logging.Components is empty; name a component, or leave Logging out")
		}
		for i, component := range *c {
			switch {
			case !slices.Contains(scraperComponents, component):
				f.Add("Logging.Components[%d] is %q; it must be ScraperServiceDiscovery, ScraperCollector or ScraperExporter", i, string(component))
			case slices.Contains((*c)[:i], component):
				f.Add("Logging.Components[%d] is %q, which is named twice; remove one", i, string(component))
			}
		}
	}
	if p.Options == nil {
		return
	}
	for _, component := range slices.Sorted(maps.Keys(*p.Options)) {
		if !slices.Contains(scraperComponents, component) || p.Components != nil && !slices.Contains(*p.Components, component) {
			f.Add("Logging.Options has %q, which is no component that logs; remove it", string(component))
		}
		for _, name := range sortedKeys(input.Map((*p.Options)[component])) {
			if !optionName.MatchString(name) {
				f.Add("Logging.Options[%q] has the name %q; it must have letters and digits only", string(component), name)
			}
		}
	}
}
