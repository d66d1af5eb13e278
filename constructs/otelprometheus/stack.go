package otelprometheus

import (
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// stackParts is what the sidecars of a stack share: what Node was asked of the stack, and the callbacks from Node, which cost as much
// as making several constructs each.
type stackParts struct {
	awscdk.Stack
	region, account *string
	sidecars        []*Sidecar

	// What Node makes once for all of them.
	defaultImage awsecs.ContainerImage
	durations    map[time.Duration]awscdk.Duration
	workspaces   map[amp.IWorkspace]*workspaceParts
}

// workspaceParts is what the sidecars of a stack ask of a workspace.
type workspaceParts struct {
	workspace       amp.IWorkspace
	region, account *string
	write           awsiam.PolicyStatement
}

func (p *stackParts) of(w amp.IWorkspace) *workspaceParts {
	if p.workspaces[w] == nil {
		env := w.Env()
		p.workspaces[w] = &workspaceParts{workspace: w, region: env.Region, account: env.Account}
	}
	return p.workspaces[w]
}

// statement allows to write to the workspace.
func (w *workspaceParts) statement() awsiam.PolicyStatement {
	if w.write == nil {
		w.write = awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: jsii.Strings("aps:RemoteWrite"), Resources: &[]*string{w.workspace.WorkspaceArn()}})
	}
	return w.write
}

func (p *stackParts) image() awsecs.ContainerImage {
	if p.defaultImage == nil {
		p.defaultImage = awsecs.ContainerImage_FromRegistry(jsii.String(defaultImage), nil)
	}
	return p.defaultImage
}

func (p *stackParts) seconds(d time.Duration) awscdk.Duration {
	if p.durations[d] == nil {
		p.durations[d] = awscdk.Duration_Seconds(jsii.Number(d.Seconds()))
	}
	return p.durations[d]
}

var stacks = map[awscdk.Stack]*stackParts{}

// stackOf is the stack of a scope.
func stackOf(scope constructs.IConstruct) *stackParts {
	stack, ok := scope.(awscdk.Stack)
	if !ok {
		stack = awscdk.Stack_Of(scope)
	}
	if stacks[stack] == nil {
		stacks[stack] = &stackParts{
			Stack: stack, region: stack.Region(), account: stack.Account(),
			durations: map[time.Duration]awscdk.Duration{}, workspaces: map[amp.IWorkspace]*workspaceParts{},
		}
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

// afterOthers is more than the priority of any other aspect. awscdk refuses one that is added to a construct which an aspect with a
// greater number has visited.
const afterOthers = 1_000_000

// adopter is an aspect for what does not come through our own methods: containers made with awsecs.NewContainerDefinition, all
// containers of a task definition that has the sidecar as an extension, links, which depend on scrape jobs that may still be added,
// and roles that awscdk makes when it first needs them.
type adopter struct{ stack *stackParts }

// Visit implements awscdk.IAspect. It is called for the collector of the first task definition, when later ones may still get
// containers from the user's aspects, and then for that of the last one. Task definitions whose containers all come through
// AddContainer wait for the second time; that it came, stackChecks makes sure.
func (a *adopter) Visit(node constructs.IConstruct) {
	answer(node, func() {
		all := a.stack.sidecars
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
	})
}

// stackChecks looks at the whole tasks of a stack once all containers are known. It runs inside a callback from Node and must not
// panic; its result must not be nil.
type stackChecks struct{ stack *stackParts }

// Validate implements constructs.IValidation.
func (c *stackChecks) Validate() *[]*string {
	f := input.Faults{}
	failed := try(func() {
		for i, t := range renderedTasks(c.stack.Stack, c.stack.sidecars) {
			s, own := c.stack.sidecars[i], input.Faults{}
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
