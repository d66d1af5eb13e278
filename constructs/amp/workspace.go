package amp

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsaps"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// IWorkspace is an AMP workspace, created in this app or imported.
type IWorkspace interface {
	awscdk.IResource

	// WorkspaceArn is the ARN of the workspace.
	WorkspaceArn() *string

	// WorkspaceId is the id of the workspace; it starts with ws-.
	WorkspaceId() *string

	// RemoteWriteUrl is the URL that metrics are written to.
	RemoteWriteUrl() *string

	// QueryUrl is the base URL of the Prometheus query API, as a Grafana data source takes it.
	QueryUrl() *string

	// GrantRemoteWrite allows grantee to write metrics into this workspace: aps:RemoteWrite on its ARN.
	GrantRemoteWrite(grantee awsiam.IGrantable) awsiam.Grant

	// GrantQuery allows grantee to query this workspace: aps:QueryMetrics, aps:GetSeries, aps:GetLabels and
	// aps:GetMetricMetadata on its ARN.
	GrantQuery(grantee awsiam.IGrantable) awsiam.Grant
}

// WorkspaceProps configures a [Workspace].
type WorkspaceProps struct {
	// Alias is a name for people; it need not be unique. At most 100 characters.
	//
	// Default: none.
	// Source: AWS::APS::Workspace, Alias.
	Alias *string

	// RemovalPolicy says what happens to the workspace, and all metrics in it, when it leaves the stack.
	//
	// Default: RETAIN.
	RemovalPolicy awscdk.RemovalPolicy
}

// Workspace implements [IWorkspace] for a workspace that the stack creates or imports.
type Workspace struct {
	awscdk.Resource
	arn, id, region, urlSuffix *string
}

// NewWorkspace adds an AWS::APS::Workspace to scope. It panics when scope or id is missing or props are faulty.
func NewWorkspace(scope constructs.Construct, id *string, props *WorkspaceProps) *Workspace {
	must("NewWorkspace", scope, id, func() error { return props.validate() })
	if props == nil {
		props = &WorkspaceProps{}
	}
	w := &Workspace{}
	awscdk.NewResource_Override(w, scope, id, nil)
	cfn := awsaps.NewCfnWorkspace(w, jsii.String("Resource"), &awsaps.CfnWorkspaceProps{Alias: props.Alias})
	removal := props.RemovalPolicy
	if removal == "" {
		removal = awscdk.RemovalPolicy_RETAIN
	}
	cfn.ApplyRemovalPolicy(removal, nil)
	stack := awscdk.Stack_Of(w)
	w.arn, w.id, w.region, w.urlSuffix = cfn.AttrArn(), cfn.AttrWorkspaceId(), stack.Region(), stack.UrlSuffix()
	return w
}

func (p *WorkspaceProps) validate() error {
	if p == nil {
		return nil
	}
	var faults []error
	if a := p.Alias; a != nil && !unresolved(*a) && len(*a) > 100 {
		faults = append(faults, fmt.Errorf("alias %q has %d characters; at most 100 are allowed", *a, len(*a)))
	}
	return errors.Join(faults...)
}

// WorkspaceFromWorkspaceArn imports a workspace by its ARN, which may be a token. The workspace is taken to be in the
// account and region of the ARN. It panics when the ARN is not that of a workspace.
func WorkspaceFromWorkspaceArn(scope constructs.Construct, id *string, workspaceArn *string) IWorkspace {
	return WorkspaceFromWorkspaceAttributes(scope, id, &WorkspaceAttributes{WorkspaceArn: workspaceArn})
}

// WorkspaceAttributes describes an existing workspace, by its ARN or by its id.
type WorkspaceAttributes struct {
	// WorkspaceArn is the ARN of the workspace.
	//
	// Default: made from WorkspaceId, Region and Account.
	WorkspaceArn *string

	// WorkspaceId is the id of the workspace. Needed where WorkspaceArn is not given.
	WorkspaceId *string

	// Region of the workspace. Only with WorkspaceId.
	//
	// Default: the region of the stack.
	Region *string

	// Account of the workspace. Only with WorkspaceId.
	//
	// Default: the account of the stack.
	Account *string
}

// WorkspaceFromWorkspaceAttributes imports a workspace. It panics when the attributes do not describe one.
func WorkspaceFromWorkspaceAttributes(scope constructs.Construct, id *string, attrs *WorkspaceAttributes) IWorkspace {
	must("WorkspaceFromWorkspaceAttributes", scope, id, func() error { return attrs.validate() })
	stack := awscdk.Stack_Of(scope)
	arn := attrs.WorkspaceArn
	if arn == nil {
		arn = stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("aps"), Resource: jsii.String("workspace"), ResourceName: attrs.WorkspaceId,
			Region: attrs.Region, Account: attrs.Account,
		})
	}
	parts := stack.SplitArn(arn, awscdk.ArnFormat_SLASH_RESOURCE_NAME)
	w := &Workspace{}
	awscdk.NewResource_Override(w, scope, id, &awscdk.ResourceProps{Account: parts.Account, Region: parts.Region})
	workspaceId := attrs.WorkspaceId
	if workspaceId == nil {
		workspaceId = parts.ResourceName
	}
	w.arn, w.id, w.region, w.urlSuffix = arn, workspaceId, parts.Region, stack.UrlSuffix()
	return w
}

func (a *WorkspaceAttributes) validate() error {
	var faults []error
	add := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	switch {
	case a == nil || a.WorkspaceArn == nil && a.WorkspaceId == nil:
		add("neither the ARN nor the id of the workspace is given")
	case a.WorkspaceArn != nil && (a.WorkspaceId != nil || a.Region != nil || a.Account != nil):
		add("WorkspaceArn says it all; leave out WorkspaceId, Region and Account")
	case a.WorkspaceArn != nil && !unresolved(*a.WorkspaceArn) && !workspaceARN.MatchString(*a.WorkspaceArn):
		add("%q is not the ARN of a workspace, such as arn:aws:aps:eu-west-1:111122223333:workspace/ws-a1b2c3d4", *a.WorkspaceArn)
	case a.WorkspaceId != nil && !unresolved(*a.WorkspaceId) && !strings.HasPrefix(*a.WorkspaceId, "ws-"):
		add("%q is not the id of a workspace; it starts with ws-", *a.WorkspaceId)
	}
	return errors.Join(faults...)
}

// WorkspaceArn implements [IWorkspace].
func (w *Workspace) WorkspaceArn() *string { return w.arn }

// WorkspaceId implements [IWorkspace].
func (w *Workspace) WorkspaceId() *string { return w.id }

// RemoteWriteUrl implements [IWorkspace]. It is built from the workspace id: what the attribute PrometheusEndpoint ends
// in is documented in two ways.
func (w *Workspace) RemoteWriteUrl() *string {
	return jsii.String(*w.QueryUrl() + "/api/v1/remote_write")
}

// QueryUrl implements [IWorkspace].
func (w *Workspace) QueryUrl() *string {
	return jsii.String(fmt.Sprintf("https://aps-workspaces.%s.%s/workspaces/%s", *w.region, *w.urlSuffix, *w.id))
}

// GrantRemoteWrite implements [IWorkspace].
func (w *Workspace) GrantRemoteWrite(grantee awsiam.IGrantable) awsiam.Grant {
	return w.grant(grantee, remoteWriteActions)
}

// GrantQuery implements [IWorkspace].
func (w *Workspace) GrantQuery(grantee awsiam.IGrantable) awsiam.Grant {
	return w.grant(grantee, queryActions)
}

func (w *Workspace) grant(grantee awsiam.IGrantable, actions *[]*string) awsiam.Grant {
	return awsiam.Grant_AddToPrincipal(&awsiam.GrantOnPrincipalOptions{
		Grantee:      grantee,
		Actions:      actions,
		ResourceArns: &[]*string{w.arn},
	})
}
