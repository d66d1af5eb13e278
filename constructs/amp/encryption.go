package amp

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// allowWorkspaceKey adds to the policy of a key of this app what AWS documents for a workspace, or shows it. Whoever
// deploys needs the same actions; the default role of the CDK bootstrap has them. We have not verified that a key policy
// that leaves all to IAM, as awscdk makes it, needs this statement.
// Source: Amazon Managed Service for Prometheus User Guide, Encryption at rest.
func allowWorkspaceKey(w *Workspace, key awskms.IKey) {
	stack := awscdk.Stack_Of(w)
	// It must not name the workspace: the workspace depends on the key.
	statement := awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:     jsii.String("AllowPrometheusForThisAccount"),
		Actions: jsii.Strings("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"),
		// "*" is every principal, and the conditions leave those of this account that come through AMP.
		Principals: &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()},
		Resources:  jsii.Strings("*"), // in a key policy: this key
		Conditions: &map[string]interface{}{"StringEquals": map[string]interface{}{
			"kms:CallerAccount": stack.Account(),
			"kms:ViaService":    jsii.String("aps." + *stack.Region() + ".amazonaws.com"),
		}},
	})
	if !*key.AddToResourcePolicy(statement, jsii.Bool(true)).StatementAdded {
		input.Warn(w, "keyNotChanged", "EncryptionKey: the policy of key %s cannot be changed by this app; it should have this statement: %s",
			*key.Node().Path(), render(w, statement))
	}
}
