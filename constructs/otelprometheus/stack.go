package otelprometheus

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// stackParts is what the sidecars of a stack share: what Node was asked of the stack, and what it made for all of them.
type stackParts struct {
	awscdk.Stack
	region, account *string

	// What Node makes once for all of them.
	defaultImage awsecs.ContainerImage
	durations    map[time.Duration]awscdk.Duration
	workspaces   map[amp.IWorkspace]*workspaceParts
	shared       amp.IWorkspace    // of the task definitions that name none
	families     map[string]string // the task definition of each

	amazonLinux2023 *bool // nil until somebody asks
}

// workspaceParts is what the sidecars of a stack ask of a workspace.
type workspaceParts struct {
	workspace       amp.IWorkspace
	region, account *string
	stack           awscdk.Stack
	write           awsiam.PolicyStatement
}

func (p *stackParts) of(w amp.IWorkspace) *workspaceParts {
	if p.workspaces[w] == nil {
		env := w.Env()
		p.workspaces[w] = &workspaceParts{workspace: w, region: env.Region, account: env.Account, stack: awscdk.Stack_Of(w)}
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

// sharedWorkspace is that of all task definitions of the stack that name none, as the cluster of ecs_patterns is. The alias says whose
// it is.
func (p *stackParts) sharedWorkspace() amp.IWorkspace {
	if p.shared != nil {
		return p.shared
	}
	alias := p.StackName()
	if !input.Known(alias) || len(*alias) > maxAliasLength {
		alias = awscdk.Names_UniqueResourceName(p.Stack, &awscdk.UniqueResourceNameOptions{MaxLength: jsii.Number(maxAliasLength)})
	}
	p.shared = amp.NewWorkspace(p.Stack, jsii.String(idWorkspace), &amp.WorkspaceProps{Alias: alias})
	stage := awscdk.Stage_Of(p.Stack)
	if first := firstShared[stage]; first == nil {
		firstShared[stage] = p
	} else {
		input.Warn(p.Stack, "secondWorkspace", "the task definitions of stack %s name no workspace and share a new one, beside that of stack %s; "+
			"to query both together and to have one set of rules, set Telemetry.Workspace", *p.StackName(), *first.StackName())
	}
	return p.shared
}

// maxAliasLength is what AMP takes.
const maxAliasLength = 100

// firstShared is the first stack of an app or a stage whose task definitions share a new workspace.
var firstShared = map[awscdk.Stage]*stackParts{}

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
			durations: map[time.Duration]awscdk.Duration{}, workspaces: map[amp.IWorkspace]*workspaceParts{}, families: map[string]string{},
		}
	}
	return stacks[stack]
}
