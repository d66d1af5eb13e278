package observability

import (
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsaps"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
	"github.com/seed86154836/cdk-otel-prometheus/internal/rules"
	"github.com/seed86154836/cdk-otel-prometheus/internal/sent"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// ServiceRulesProps configures [NewServiceRules].
type ServiceRulesProps struct {
	// Workspace that evaluates the rules, in the account and region of the stack. Required.
	Workspace amp.IWorkspace

	// Name of the rule groups namespace, unique in its workspace.
	//
	// Default: made from the path of the construct.
	Name *string

	// Service is the ECS service that the rules are for. What its task definition says follows from it: ServiceName with its Environment,
	// or TaskFamily; TaskMetrics; and Cluster where the label policy keeps it. Where the rules are in another stack, the name of a cluster that awscdk
	// names is left out: it would make that stack depend on the service's, which may write to a workspace of this one. Rules on what
	// the task definition does not send are refused; so add scrape jobs before. One that gets its collector from AddToAll gets it later,
	// so only its family is known here.
	//
	// Default: none; set one of Service, TaskDefinition, ServiceName and TaskFamily, or Matchers.
	Service awsecs.BaseService

	// TaskDefinition is that of tasks which no service runs. The same follows from it, but for Cluster.
	//
	// Default: none.
	TaskDefinition awsecs.TaskDefinition

	// ServiceName is the label service_name: LabelsProps.Service of the task definition's telemetry. 1 to 255 characters.
	//
	// Default: that of Service or TaskDefinition, or none.
	ServiceName *string

	// TaskFamily is the family of the service's task definition: 1 to 255 letters, digits, dashes and underscores. On Fargate
	// the metrics do not name the service, so its family and cluster identify it where the telemetry gives it no name.
	//
	// Default: that of Service or TaskDefinition where these have no ServiceName, or none.
	TaskFamily *string

	// Cluster is the name of the service's cluster. Leave it out under the label policy LabelsIdentity, which does not keep
	// it.
	//
	// Default: that of Service, or any.
	Cluster *string

	// Matchers are further labels with their values. Every series of the service must have them.
	//
	// Default: none.
	Matchers *map[string]*string

	// TaskMetrics are the ECS metrics that the sidecar keeps, as in TaskMetricsProps.Metrics of the task definition's
	// telemetry, such as ecs.task.memory.utilized. Rules on others are left out; a threshold of such a rule is refused, and so
	// is a metric that ECS does not have. An empty list says that there are none.
	//
	// Default: what the task definition of Service or TaskDefinition sends. Where that is not known, what a sidecar keeps by default,
	// with Containers also of containers.
	TaskMetrics *[]*string

	// Tasks are recording rules for the service, and alerts on CPU, memory, network and storage of its tasks and on tasks that
	// keep being replaced.
	//
	// Default: all, with their default thresholds.
	Tasks *TaskAlerts

	// Containers are alerts on CPU, memory, network and storage of each container. They need
	// TaskMetricsProps.Containers in the task definition's telemetry.
	//
	// Default: none.
	Containers *ContainerAlerts

	// Scrape are alerts on the endpoints that the sidecar scrapes: they are down, slow, or over a limit.
	//
	// Default: none.
	Scrape *ScrapeAlerts

	// Collector are alerts on the sidecar: its queue fills up, it drops or refuses data, sends fail, it restarts. They need
	// CollectorMetrics in the task definition's telemetry.
	//
	// Default: none.
	Collector *CollectorAlerts

	// Targets are alerts on a service that a scrape service of package central scrapes: too few of its tasks are scraped, or none.
	//
	// Default: none.
	Targets *TargetAlerts

	// Discovery are alerts on a service of ScrapeService.Services of package central: it does not find tasks any more.
	//
	// Default: none.
	Discovery *DiscoveryAlerts

	// WorkspaceAlarms adds CloudWatch alarms to the workspace, as its AddAlarms does. They see what AMP refuses, which the
	// sidecar's own metrics do not. A workspace takes them once, so set this for one of its services.
	//
	// Default: none.
	WorkspaceAlarms *amp.AlarmsProps

	// Absence are alerts on data that is not there.
	//
	// Default: that no task of the service sends ECS metrics.
	Absence *AbsenceAlerts

	// SLOs are service level objectives, each with recording rules and alerts on how fast its error budget is used up. The
	// same slice can go to dashboards.Options.SLOs.
	//
	// Default: none.
	SLOs *[]*slo.SLO

	// Alerts changes single alerts, by their names, such as [AlertTaskCpuHigh].
	//
	// Default: none is changed.
	Alerts *map[string]*Alert

	// Labels are set on every alert, beside severity and those that select the service.
	//
	// Default: none.
	Labels *map[string]*string

	// PageSeverity is the label severity of alerts that someone must look at now.
	//
	// Default: page.
	// Source of this and the next: Google, The Site Reliability Workbook, chapter 5.
	PageSeverity *string

	// TicketSeverity is the label severity of alerts that can wait for the morning.
	//
	// Default: ticket.
	TicketSeverity *string

	// RunbookUrl is the page with a section for each alert, whose name in lower case becomes the fragment. An http or https
	// URL without a fragment.
	//
	// Default: [DefaultRunbookUrl].
	RunbookUrl *string

	// CheckExpr checks a PromQL expression, as in amp.RuleGroupsNamespaceProps.
	//
	// Default: no check beyond that of package amp.
	CheckExpr func(expr string) error
}

// NewServiceRules adds an AWS::APS::RuleGroupsNamespace with the rules for one service to scope, with WorkspaceAlarms also an
// AWS::CloudWatch::Alarm for each threshold to the workspace, and grants nothing. It panics when scope or id is missing or a prop is wrong, with every error in the message, before it has built anything.
func NewServiceRules(scope constructs.Construct, id *string, props *ServiceRulesProps) *amp.RuleGroupsNamespace {
	if props == nil {
		props = &ServiceRulesProps{}
	}
	var groups []rules.Group
	input.Must("NewServiceRules", scope, id, func(f *input.Faults) { groups = props.resolve(scope, f) })
	if props.WorkspaceAlarms != nil {
		props.Workspace.AddAlarms(props.WorkspaceAlarms)
	}
	namespace := amp.NewRuleGroupsNamespace(scope, id, &amp.RuleGroupsNamespaceProps{
		Workspace: props.Workspace, Name: props.Name, Groups: ampGroups(groups), CheckExpr: props.CheckExpr,
	})
	// Of an imported workspace nobody knows here.
	if cfn, made := props.Workspace.Node().DefaultChild().(awsaps.CfnWorkspace); made && cfn.AlertManagerDefinition() == nil {
		input.Warn(namespace, "noAlertManager", "workspace %s has no alert manager, so alerts that fire tell nobody; set amp.WorkspaceProps.AlertManager, or look at them in Grafana and acknowledge this warning",
			*props.Workspace.Node().Path())
	}
	if input.Known(props.TaskFamily) || input.Known(props.ServiceName) {
		namespace.Node().AddValidation(&nameCheck{namespace, props})
	}
	return namespace
}

// nameCheck warns of a name that the app does not have, once all task definitions are known. It is called from Node and must not
// panic; its result must not be nil.
type nameCheck struct {
	namespace *amp.RuleGroupsNamespace
	props     *ServiceRulesProps
}

// Validate implements constructs.IValidation.
func (c *nameCheck) Validate() *[]*string {
	families, services := sent.Names(c.namespace)
	for _, n := range []struct {
		id, prop, what string
		name           *string
		known          []string
	}{
		{"unknownFamily", "TaskFamily", "this family", c.props.TaskFamily, families},
		{"unknownService", "ServiceName", "this Labels.Service", c.props.ServiceName, services},
	} {
		// A token may be any name, and an app without collectors has rules for another one.
		if !input.Known(n.name) || len(families) == 0 || slices.Contains(n.known, *n.name) || slices.ContainsFunc(n.known, func(f string) bool { return token.In(f) }) {
			continue
		}
		have := strings.Join(slices.Compact(slices.Sorted(slices.Values(n.known))), ", ")
		if have == "" {
			have = "none"
		}
		input.Warn(c.namespace, n.id, "%s is %q, and no task definition with a collector in this app has %s; there is %s. "+
			"If the service is of another app, acknowledge this warning", n.prop, *n.name, n.what, have)
	}
	return &[]*string{}
}

// resolve makes the rules, and reports everything that is wrong with the props.
func (p *ServiceRulesProps) resolve(scope constructs.Construct, f *input.Faults) []rules.Group {
	f.RulesIn(scope, p.Workspace, p.Name)
	selected, environment := p.selected(scope, f)
	config := selected.config(f)
	config.Environment = environment
	groups, err := config.Groups()
	f.AddError("", err)
	return groups
}

// selected are the props with what the task definition says of itself, and its environment.
func (p *ServiceRulesProps) selected(scope constructs.Construct, f *input.Faults) (_ *ServiceRulesProps, environment string) {
	s := *p
	ways := 0
	for _, set := range []bool{p.Service != nil, p.TaskDefinition != nil, p.ServiceName != nil, p.TaskFamily != nil} {
		if set {
			ways++
		}
	}
	if ways > 1 {
		f.Add("Service, TaskDefinition, ServiceName and TaskFamily are ways to say the same; set one of them")
		return &s, ""
	}
	td := p.TaskDefinition
	if p.Service != nil {
		td = p.Service.TaskDefinition()
	}
	if td == nil {
		return &s, ""
	}
	sends, shared := sent.By(td)
	here := awscdk.Stack_Of(td) == awscdk.Stack_Of(scope)
	// What a scrape service reads does not have the name that a sidecar gives to its own series.
	named := sends != nil && sends.Service != "" && p.Targets == nil && (here || !token.In(sends.Service))
	if named {
		s.ServiceName = &sends.Service
	}
	if !named || shared && sends.Has(prom.LabelFamily) {
		s.TaskFamily = td.Family()
	}
	if p.Service != nil && p.Cluster == nil && (sends == nil || sends.Has(prom.LabelCluster)) {
		s.Cluster = clusterName(p.Service.Cluster(), awscdk.Stack_Of(p.Service) == awscdk.Stack_Of(scope))
	}
	if sends == nil {
		return &s, ""
	}
	s.refuseUnsent(sends, f)
	if p.TaskMetrics == nil {
		s.TaskMetrics = jsii.Strings(sends.TaskMetrics...)
	}
	if named && (here || !token.In(sends.Environment)) {
		environment = sends.Environment
	}
	return &s, environment
}

// ofContainers says whether alerts on containers can look at a metric; that of a container that ended is kept by default.
func ofContainers(metric string) bool {
	return strings.HasPrefix(metric, "container.") && metric != "container.duration"
}

// refuseUnsent reports rules that would look at what the task definition does not send.
func (p *ServiceRulesProps) refuseUnsent(sends *sent.Metrics, f *input.Faults) {
	for _, source := range []struct {
		prop  string
		set   bool
		sent  bool
		needs string
	}{
		{"Scrape", p.Scrape != nil, sends.Scrape || p.Targets != nil, "has no scrape job; add one before the rules"},
		{"Containers", p.Containers != nil, slices.ContainsFunc(sends.TaskMetrics, ofContainers), "sends no metrics of containers; set TaskMetrics.Containers in its telemetry"},
		{"Collector", p.Collector != nil, sends.Collector, "does not send the collector's own metrics; set CollectorMetrics in its telemetry"},
	} {
		if source.set && !source.sent {
			f.Add("%s is set, but the task definition %s, or leave %s out", source.prop, source.needs, source.prop)
		}
	}
	if p.Discovery != nil && sends.Replica {
		f.Add("Discovery is set, but of two replicas AMP stores the metrics of one only, so the alert on the other would never end; leave it out: Targets of the services that are scraped says when none is found")
	}
	if !slices.ContainsFunc(sends.TaskMetrics, ofContainers) {
		p.Containers = nil // said above
	}
	for _, by := range []struct {
		label string
		value *string
	}{{prom.LabelCluster, p.Cluster}, {prom.LabelFamily, p.TaskFamily}} {
		if by.value != nil && !sends.Has(by.label) {
			f.Add("the label policy of the task definition does not keep %s, by which the rules select: no rule would ever see a series; keep it in Labels.Keep (%s), "+
				"or set Labels.Service to a name and leave Cluster out", by.label, map[string]string{prom.LabelCluster: prom.LabelCluster, prom.LabelFamily: "aws.ecs.task.family"}[by.label])
		}
	}
	for _, m := range input.Strings(p.TaskMetrics) {
		if !slices.Contains(sends.TaskMetrics, m) {
			f.Add("TaskMetrics has %s, which the task definition does not send; leave TaskMetrics out, so that it follows from the task definition", m)
		}
	}
}

// clusterName is nil where it can only be referred to and that is not wanted.
func clusterName(cluster awsecs.ICluster, refer bool) *string {
	name := cluster.ClusterName()
	if refer || input.Known(name) {
		return name
	}
	if cfn, is := cluster.Node().DefaultChild().(awsecs.CfnCluster); is && input.Known(cfn.ClusterName()) {
		return cfn.ClusterName()
	}
	return nil
}
