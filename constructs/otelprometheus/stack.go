package otelprometheus

import (
	"fmt"
	"sync"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// stackParts is what the sidecars of a stack share: what Node was asked of the stack, and the callbacks from Node, which cost as much
// as making several constructs each.
type stackParts struct {
	awscdk.Stack
	region, account *string
	sidecars        []*Sidecar
}

var stacks = map[awscdk.Stack]*stackParts{}

// stackOf is the stack of a scope.
func stackOf(scope constructs.IConstruct) *stackParts {
	stack, ok := scope.(awscdk.Stack)
	if !ok {
		stack = awscdk.Stack_Of(scope)
	}
	if stacks[stack] == nil {
		stacks[stack] = &stackParts{Stack: stack, region: stack.Region(), account: stack.Account()}
	}
	return stacks[stack]
}

// add registers a sidecar; the first one of a stack brings the callbacks.
func (p *stackParts) add(s *Sidecar) {
	p.sidecars = append(p.sidecars, s)
	if len(p.sidecars) > 1 {
		return
	}
	p.Node().AddValidation(&stackChecks{p})
	// It hangs on a collector, which has no children: below the stack it would be called for every construct there.
	awscdk.Aspects_Of(s.collector).Add(&adopter{p}, beforeOthers())
}

// beforeOthers has the aspect run before those that only look. It asks Node once.
var beforeOthers = sync.OnceValue(func() *awscdk.AspectOptions {
	return &awscdk.AspectOptions{Priority: awscdk.AspectPriority_MUTATING()}
})

// adopter is an aspect for what does not come through our own methods: containers made with awsecs.NewContainerDefinition, all
// containers of a task definition that has the sidecar as an extension, and roles that awscdk makes when it first needs them.
type adopter struct{ stack *stackParts }

// Visit implements awscdk.IAspect. It is called for the collector of the first task definition, when later ones may still get
// containers from the user's aspects, and then for that of the last one.
func (a *adopter) Visit(node constructs.IConstruct) {
	answer(node, func() {
		all := a.stack.sidecars
		last := all[len(all)-1].collector
		if node == constructs.IConstruct(all[0].collector) && last != all[0].collector {
			awscdk.Aspects_Of(last).Add(a, beforeOthers())
		}
		for _, s := range all {
			s.adoptAll()
		}
	})
}

// stackChecks looks at the whole tasks of a stack once all containers are known. It runs inside a callback from Node and must not
// panic; its result must not be nil.
type stackChecks struct{ stack *stackParts }

// Validate implements constructs.IValidation.
func (c *stackChecks) Validate() *[]*string {
	f := input.Faults{}
	for _, s := range c.stack.sidecars {
		answer(s.task, func() {
			s.adoptAll()
			own := input.Faults{}
			check(s, &own)
			if len(own) > 0 {
				f.AddAll(*s.task.Node().Path(), own...)
			}
		})
	}
	return jsii.Strings(f...)
}

// answer runs f inside a callback from Node. A Go panic there would never be answered, and Node would die of it later
// (TestPanicsInCallbacksAreReported); so it becomes an error of the construct, which fails the synthesis.
func answer(node constructs.IConstruct, f func()) {
	defer func() {
		if r := recover(); r != nil {
			awscdk.Annotations_Of(node).AddError(jsii.String(fmt.Sprint(r)))
		}
	}()
	f()
}
