// Package sent knows which metrics the task definitions of an app send, so that rules need not be told again.
package sent

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
)

// Metrics are what the collector of a task definition sends.
type Metrics struct {
	// Service and Environment are the labels service_name and deployment_environment_name, or empty.
	Service, Environment string

	// Labels are the task's labels on every series; MoreLabels says that there may be others.
	Labels     []string
	MoreLabels bool

	// TaskMetrics are the ECS metrics that are kept.
	TaskMetrics []string

	// Scrape says that there are scrape jobs, and Collector that the collector's own metrics are among what is sent.
	Scrape, Collector bool

	// Replica says that AMP stores what this collector sends only while it is the one of its group that it takes.
	Replica bool
}

// Has says whether every series has a label.
func (m *Metrics) Has(label string) bool { return m.MoreLabels || slices.Contains(m.Labels, label) }

// sender is a task definition. Its path is asked of Node only where somebody looks for it.
type sender struct {
	construct constructs.IConstruct
	path      string
	family    string
	metrics   func() *Metrics
}

// senders are those of each stack, whose app is in apps.
var (
	senders = map[awscdk.Stack][]*sender{}
	apps    = map[awscdk.Stack]constructs.IConstruct{}
)

// Tell keeps what a task definition sends; nil is not known. It is asked when rules are made, because scrape jobs may be added until then.
func Tell(stack awscdk.Stack, taskDefinition constructs.IConstruct, family string, metrics func() *Metrics) {
	if apps[stack] == nil {
		apps[stack] = stack.Node().Root()
	}
	senders[stack] = append(senders[stack], &sender{construct: taskDefinition, family: family, metrics: metrics})
}

// By is what a task definition sends, or nil where that is not known: it has no collector of this library, or gets it at synthesis.
// shared says that another task definition of the app has the same name and environment.
func By(taskDefinition constructs.IConstruct) (sends *Metrics, shared bool) {
	path, stack := *taskDefinition.Node().Path(), awscdk.Stack_Of(taskDefinition)
	for _, s := range senders[stack] {
		if s.path == "" {
			s.path = *s.construct.Node().Path()
		}
		if s.path != path {
			continue
		}
		sends = s.metrics()
		for _, other := range of(apps[stack]) {
			if other != s && sends != nil && sends.Service != "" {
				m := other.metrics()
				shared = shared || m != nil && m.Service == sends.Service && m.Environment == sends.Environment
			}
		}
		return sends, shared
	}
	return nil, false
}

// of are the senders of an app.
func of(app constructs.IConstruct) (all []*sender) {
	for stack, some := range senders {
		if apps[stack] == app {
			all = append(all, some...)
		}
	}
	return all
}

// Names are the families of all task definitions with a collector in the app of scope, and the names of their services.
func Names(scope constructs.IConstruct) (families, services []string) {
	for _, s := range of(scope.Node().Root()) {
		families = append(families, s.family)
		if m := s.metrics(); m != nil && m.Service != "" {
			services = append(services, m.Service)
		}
	}
	return families, services
}
