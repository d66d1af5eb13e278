package rules

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

// Config describes the rules for one service. Package observability documents what it has in common with ServiceRulesProps.
type Config struct {
	Service

	// TaskMetrics are the ECS metrics that the sidecar keeps; nil is its default.
	TaskMetrics []string

	// Which groups of alerts there are.
	Tasks, Containers, Scrape, Collector, Absence, Targets, Discovery bool

	// Thresholds are those that do not have their default, by the prop that sets them, such as Tasks.CpuUtilization.
	Thresholds map[string]float64

	// AbsentMetrics are what Absence watches beside the tasks.
	AbsentMetrics []string

	// SLOs are the objectives.
	SLOs []*slo.SLO

	// Alerts changes single alerts, by the names in [Names].
	Alerts map[string]Alert

	// Labels are set on every alert.
	Labels map[string]string

	// PageSeverity and TicketSeverity are page and ticket where they are empty.
	PageSeverity, TicketSeverity string

	// RunbookUrl is the page with a section for each alert. Without it alerts have no link.
	RunbookUrl string

	// CheckExpr checks an expression in Alerts further than this package does. May be nil.
	CheckExpr func(expr string) error
}

// Service selects the series of a service.
type Service struct {
	ServiceName, Environment, TaskFamily, Cluster string
	Matchers                                      map[string]string
}

// Alert changes an alert. Nil and empty is what the alert has without it.
type Alert struct {
	Enabled             *bool
	Expr                string
	For, KeepFiringFor  *time.Duration
	Labels, Annotations map[string]string
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
// a value is wrong.
func (c Config) Groups() ([]Group, error) {
	b := &builder{Config: c, made: map[string]int{}}
	b.validate()
	if b.TaskMetrics == nil {
		b.TaskMetrics = collector.DefaultTaskMetrics()
		if c.Containers {
			b.TaskMetrics = append(b.TaskMetrics, collector.DefaultContainerMetrics()...)
		}
	}
	if c.Tasks {
		b.tasks()
	}
	if c.Containers {
		b.containers()
	}
	if c.Scrape {
		b.scrape()
	}
	if c.Collector {
		b.collector()
	}
	if c.Absence {
		b.absence()
	}
	if c.Targets {
		b.targets()
	}
	if c.Discovery {
		b.discovery()
	}
	b.slos()
	b.validateAlerts()
	return b.groups, errors.Join(b.errs...)
}

// labels of the service, on every alert and on all that is recorded.
func (s Service) labels() map[string]string {
	labels := maps.Clone(s.Matchers)
	if labels == nil {
		labels = map[string]string{}
	}
	for name, value := range map[string]string{prom.LabelService: s.ServiceName, prom.LabelEnvironment: s.Environment, prom.LabelFamily: s.TaskFamily, prom.LabelCluster: s.Cluster} {
		if value != "" {
			labels[name] = value
		}
	}
	return labels
}

// title names the service in texts.
func (s Service) title() string {
	name := cmp.Or(s.ServiceName, s.TaskFamily, "the service")
	if s.Cluster != "" && name != "the service" {
		name += " in " + s.Cluster
	}
	return name
}

// has says whether the sidecar keeps all of these metrics.
func (c Config) has(metrics ...string) bool {
	return !slices.ContainsFunc(metrics, func(m string) bool { return !slices.Contains(c.TaskMetrics, m) })
}
