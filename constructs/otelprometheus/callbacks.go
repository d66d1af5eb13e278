package otelprometheus

import (
	"fmt"
	"sync"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// callbacks are what a stack's sidecars share of calls from Node, each of which costs as much as several constructs.
type callbacks struct {
	stack    *stackParts
	sidecars []*Sidecar
}

var callbacksOf = map[*stackParts]*callbacks{}

// register adds a sidecar to those of its stack. The first one brings the validation and the aspect.
func register(s *Sidecar) {
	c := callbacksOf[s.stack]
	if c == nil {
		c = &callbacks{stack: s.stack}
		callbacksOf[s.stack] = c
		s.stack.Node().AddValidation(&stackChecks{c})
		// It hangs on a collector, which has no children: below the stack it would be called for every construct there.
		awscdk.Aspects_Of(s.collector).Add(&adopter{c}, beforeOthers())
	}
	c.sidecars = append(c.sidecars, s)
}

// beforeOthers has the aspect run before those that only look. It asks Node once.
var beforeOthers = sync.OnceValue(func() *awscdk.AspectOptions {
	return &awscdk.AspectOptions{Priority: awscdk.AspectPriority_MUTATING()}
})

// afterOthers is more than the priority of any other aspect. awscdk refuses one that is added to a construct which an aspect with a
// greater number has visited.
const afterOthers = 1_000_000

// adopter is an aspect for what does not come through our own methods: containers made with awsecs.NewContainerDefinition, all
// containers of a task definition that has the sidecar as an extension, links, which depend on scrape jobs that may still be added,
// and roles that awscdk makes when it first needs them.
type adopter struct{ of *callbacks }

// Visit implements awscdk.IAspect. It is called for the collector of the first task definition, when later ones may still get
// containers from the user's aspects, and then for that of the last one. Task definitions whose containers all come through
// AddContainer wait for the second time; that it came, stackChecks makes sure.
func (a *adopter) Visit(node constructs.IConstruct) {
	answer(node, func() {
		all := a.of.sidecars
		last := all[len(all)-1].collector
		early := node == constructs.IConstruct(all[0].collector) && last != all[0].collector
		if early {
			awscdk.Aspects_Of(last).Add(a, &awscdk.AspectOptions{Priority: jsii.Number(afterOthers)})
		}
		for _, s := range all {
			if !early || s.needsAspect {
				s.adoptAll()
			}
		}
		if !early {
			measure(a.of)
		}
	})
}

// stackChecks looks at the whole tasks of a stack once all containers are known. It runs inside a callback from Node and must not
// panic; its result must not be nil.
type stackChecks struct{ of *callbacks }

// Validate implements constructs.IValidation.
func (c *stackChecks) Validate() *[]*string {
	f := input.Faults{}
	failed := try(func() {
		for i, t := range renderedTasks(c.of.stack.Stack, c.of.sidecars) {
			s, own := c.of.sidecars[i], input.Faults{}
			check(s, t, &own)
			if len(own) > 0 {
				f.AddAll(*s.task.Node().Path(), own...)
			}
		}
	})
	f.AddAll("", failed)
	return jsii.Strings(f...)
}

// answer runs f inside a callback from Node. A Go panic there would never be answered, and Node would die of it later
// (TestPanicsInCallbacksAreReported); so it becomes an error of the construct, which fails the synthesis.
func answer(node constructs.IConstruct, f func()) {
	if failed := try(f); failed != "" {
		awscdk.Annotations_Of(node).AddError(&failed)
	}
}

// try runs f, and says what it panics with.
func try(f func()) (failed string) {
	defer func() {
		if r := recover(); r != nil {
			failed = fmt.Sprint(r)
		}
	}()
	f()
	return ""
}
