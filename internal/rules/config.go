package rules

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
)

// Config describes the rules for one service.
type Config struct {
	// Service says which series are the service's. Required.
	Service Service

	// TaskMetrics are the ECS metrics that the sidecar keeps, by the names in [collector.KnownTaskMetrics]. Rules on others
	// would never see a sample, so they are left out, and refused where a threshold asks for them. An empty list that is
	// not nil says that there are none.
	//
	// Default: nil, what a sidecar keeps by default, with Containers also of containers.
	TaskMetrics []string

	// Tasks are rules on whole tasks.
	//
	// Default: nil, all of them with their defaults.
	Tasks *Tasks

	// Containers are rules on each container. They need metrics of containers, which a sidecar sends on request.
	//
	// Default: nil, none.
	Containers *Containers

	// Scrape are rules on the endpoints that the sidecar scrapes.
	//
	// Default: nil, none.
	Scrape *Scrape

	// Collector are rules on the sidecar itself. They need its own metrics, which it sends on request.
	//
	// Default: nil, none.
	Collector *Collector

	// Absence are rules on data that should be there and is not.
	//
	// Default: nil, that the service has no task.
	Absence *Absence

	// SLOs are service level objectives.
	//
	// Default: none.
	SLOs []*SLO

	// Alerts changes single alerts, by the names in [Names].
	//
	// Default: none is changed.
	Alerts map[string]Alert

	// Labels are set on every alert, beside severity and those of the service.
	//
	// Default: none.
	Labels map[string]string

	// PageSeverity and TicketSeverity are the values of the label severity: of alerts that someone must look at now, and
	// of those that can wait for the morning.
	//
	// Default: page and ticket.
	// Source: Google, The Site Reliability Workbook, chapter 5.
	PageSeverity, TicketSeverity string

	// RunbookURL is the page with a section for each alert; the name of the alert in lower case becomes the fragment. An
	// http or https URL without a fragment.
	//
	// Default: [DefaultRunbookURL].
	RunbookURL string

	// CheckExpr checks an expression in Alerts further than this package does, which looks for what needs no parser of PromQL.
	//
	// Default: nil, no further check.
	CheckExpr func(expr string) error
}

// DefaultRunbookURL is docs/alerts.md of this library.
const DefaultRunbookURL = "https://github.com/seed86154836/cdk-otel-prometheus/blob/main/docs/alerts.md"

// Defaults of [Config].
const (
	DefaultPageSeverity   = "page"
	DefaultTicketSeverity = "ticket"
)

// Service selects the series of a service. On Fargate the task metadata does not name the service, so its task family and
// cluster stand for it.
type Service struct {
	// TaskFamily is the family of its task definition: 1 to 255 letters, digits, dashes and underscores. Required unless
	// Matchers has something else to go by.
	TaskFamily string

	// Cluster is the name of its cluster, of the same characters. The label policy LabelsIdentity does not keep it: leave it
	// out there.
	//
	// Default: any.
	Cluster string

	// Matchers are further labels with their values. Every series of the service must have them.
	//
	// Default: none.
	Matchers map[string]string
}

// Alert changes an alert.
type Alert struct {
	// Disabled leaves the alert out.
	Disabled bool

	// Expr is the PromQL expression in place of the one that is made from thresholds. Refused for alerts on SLOs, of which
	// there is one for each.
	//
	// Default: made from thresholds.
	Expr string

	// For is how long the condition must hold; at least 0.
	//
	// Default: nil, as docs/alerts.md has it.
	For *time.Duration

	// KeepFiringFor is how long the alert goes on after its condition; at least 0.
	//
	// Default: nil, 0.
	KeepFiringFor *time.Duration

	// Labels are added to the alert's, and win over them; among them severity.
	//
	// Default: none.
	Labels map[string]string

	// Annotations are added to the alert's, and win over them: summary, description and runbook_url.
	//
	// Default: none.
	Annotations map[string]string
}

// Group is a list of rules, evaluated one after the other.
type Group struct {
	Name  string
	Rules []Rule
}

// Rule is a recording rule, which has Record, or an alert.
type Rule struct {
	Record, Alert, Expr string
	For, KeepFiringFor  time.Duration
	Labels, Annotations map[string]string
}

// Groups makes the rules. An error lists everything that is wrong; the groups that come with it are made with defaults where
// a value is faulty.
func (c Config) Groups() ([]Group, error) {
	b := &builder{Config: c, seen: map[string]int{}}
	b.validate()
	if b.TaskMetrics == nil {
		b.TaskMetrics = collector.DefaultTaskMetrics()
		if c.Containers != nil {
			b.TaskMetrics = append(b.TaskMetrics, collector.DefaultContainerMetrics()...)
		}
	}
	b.tasks()
	b.containers()
	b.scrape()
	b.collector()
	b.absence()
	b.slos()
	b.validateAlerts()
	return b.groups, errors.Join(b.faults...)
}

// labels of the service, on every alert and on all that is recorded.
func (s Service) labels() map[string]string {
	labels := maps.Clone(s.Matchers)
	if labels == nil {
		labels = map[string]string{}
	}
	for name, value := range map[string]string{familyLabel: s.TaskFamily, clusterLabel: s.Cluster} {
		if value != "" {
			labels[name] = value
		}
	}
	return labels
}

const (
	familyLabel   = "aws_ecs_task_family"
	clusterLabel  = "aws_ecs_cluster_name"
	revisionLabel = "aws_ecs_task_revision"
)

// title names the service in texts.
func (s Service) title() string {
	switch {
	case s.TaskFamily != "" && s.Cluster != "":
		return s.TaskFamily + " in " + s.Cluster
	case s.TaskFamily != "":
		return s.TaskFamily
	default:
		return "the service"
	}
}

// has says whether the sidecar keeps all of these metrics.
func (c Config) has(metrics ...string) bool {
	return !slices.ContainsFunc(metrics, func(m string) bool { return !slices.Contains(c.TaskMetrics, m) })
}
