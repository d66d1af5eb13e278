package amp

import (
	"regexp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/endpoint"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

var (
	workspaceARN = regexp.MustCompile(`^arn:aws[a-z-]*:aps:[a-z0-9-]+:[0-9]{12}:workspace/ws-[A-Za-z0-9-]+$`)
	accountId    = regexp.MustCompile(`^[0-9]{12}$`)
)

// WorkspaceFromWorkspaceArn imports a workspace by its ARN, which may be a token. The workspace is taken to be in the
// partition, account and region of the ARN. It adds nothing to the stack, and panics when the ARN is not that of a
// workspace.
func WorkspaceFromWorkspaceArn(scope constructs.Construct, id *string, workspaceArn *string) IWorkspace {
	input.Must("WorkspaceFromWorkspaceArn", scope, id, func(f *input.Faults) {
		switch {
		case workspaceArn == nil:
			f.Add("the ARN of the workspace is nil")
		case !workspaceARN.MatchString(*workspaceArn) && !arnOfTokens(*workspaceArn):
			f.Add("%q is not the ARN of a workspace, such as arn:aws:aps:eu-west-1:111122223333:workspace/ws-a1b2c3d4", *workspaceArn)
		}
	})
	return importWorkspace(scope, id, workspaceArn, nil)
}

func importWorkspace(scope constructs.Construct, id, arn, workspaceId *string) IWorkspace {
	parts := splitWorkspaceArn(awscdk.Stack_Of(scope), arn)
	w := &Workspace{arn: arn, id: parts.ResourceName, partition: parts.Partition}
	if workspaceId != nil {
		w.id = workspaceId
	}
	awscdk.NewResource_Override(w, scope, id, &awscdk.ResourceProps{Account: parts.Account, Region: parts.Region})
	return w
}

// WorkspaceAttributes describes an existing workspace by its id. [WorkspaceFromWorkspaceArn] takes an ARN.
type WorkspaceAttributes struct {
	// WorkspaceId is the id of the workspace; it starts with ws-. Required.
	WorkspaceId *string

	// Region of the workspace. The partition is that of the region, where awscdk knows it.
	//
	// Default: the region of the stack.
	Region *string

	// Account of the workspace, 12 digits.
	//
	// Default: the account of the stack.
	Account *string
}

// WorkspaceFromWorkspaceAttributes imports a workspace. It adds nothing to the stack, and panics when the attributes do
// not describe a workspace.
func WorkspaceFromWorkspaceAttributes(scope constructs.Construct, id *string, attrs *WorkspaceAttributes) IWorkspace {
	input.Must("WorkspaceFromWorkspaceAttributes", scope, id, func(f *input.Faults) { attrs.validate(f) })
	arn := awscdk.Stack_Of(scope).FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("aps"), Resource: jsii.String("workspace"), ResourceName: attrs.WorkspaceId,
		Partition: endpoint.PartitionOf(attrs.Region), Region: attrs.Region, Account: attrs.Account,
	})
	return importWorkspace(scope, id, arn, attrs.WorkspaceId)
}

func (a *WorkspaceAttributes) validate(f *input.Faults) {
	if a == nil || a.WorkspaceId == nil {
		f.Add("WorkspaceId is not set; give the id of the workspace, or import it with WorkspaceFromWorkspaceArn")
		return
	}
	if !token.In(*a.WorkspaceId) && !strings.HasPrefix(*a.WorkspaceId, "ws-") {
		f.Add("WorkspaceId is %q; the id of a workspace starts with ws-", *a.WorkspaceId)
	}
	f.Region("Region", a.Region)
	if input.Known(a.Account) && !accountId.MatchString(*a.Account) {
		f.Add("Account is %q; give the 12 digits of an account", *a.Account)
	}
}

// arnOfTokens says whether an ARN has tokens and what is known of it fits a workspace. A token has no colon, so an ARN
// put together from tokens still shows its service; awscdk's SplitArn relies on the same.
func arnOfTokens(arn string) bool {
	if !token.In(arn) {
		return false
	}
	parts := strings.SplitN(arn, ":", 6)
	if parts[0] != "arn" {
		return token.In(parts[0]) // the whole ARN is one token
	}
	return len(parts) == 6 &&
		(parts[2] == "aps" || token.In(parts[2])) &&
		(strings.HasPrefix(parts[5], "workspace/") || token.In(strings.SplitN(parts[5], "/", 2)[0]))
}
