// Package sent knows which metrics the task definitions of an app send, so that rules need not be told again.
package sent

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
)

// Metrics are what the collector of a task definition sends.
type Metrics struct {
	// Service is the label service_name, or empty.
	Service string

	// Labels are the task's labels on every series; MoreLabels says that there may be others.
	Labels     []string
	MoreLabels bool

	// TaskMetrics are the ECS metrics that are kept.
	TaskMetrics []string

	// Scrape says that there are scrape jobs, and Collector that the collector's own metrics are among what is sent.
	Scrape, Collector bool
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
func By(taskDefinition constructs.IConstruct) *Metrics {
	path := *taskDefinition.Node().Path()
	for _, s := range senders[awscdk.Stack_Of(taskDefinition)] {
		if s.path == "" {
			s.path = *s.construct.Node().Path()
		}
		if s.path == path {
			return s.metrics()
		}
	}
	return nil
}

// Families are those of all task definitions with a collector in the app of scope.
func Families(scope constructs.IConstruct) (all []string) {
	app := scope.Node().Root()
	for stack, some := range senders {
		if apps[stack] == app {
			for _, s := range some {
				all = append(all, s.family)
			}
		}
	}
	return all
}
