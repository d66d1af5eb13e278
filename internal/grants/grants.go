// Package grants finds out whether a grant changed a policy.
package grants

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
)

// TookEffect says whether a grant changed a policy. awscdk calls it a success, too, where it left no trace: a role imported with
// Mutable false, a role of another account, and one WithoutPolicyUpdates take every statement and drop it. Nothing then depends
// on the grant. That is so with a role of this app as well, which splits its policy at synthesis only; but it has a policy.
// TestGrantToARoleThatCannotBeChangedWarns pins it, with roles of every kind.
func TookEffect(principal awsiam.IPrincipal, grant awsiam.Grant) bool {
	if !*grant.Success() {
		return false
	}
	if _, created := principal.(awsiam.Role); created || len(*constructs.Dependable_Of(grant).DependencyRoots()) > 0 {
		return true // imported ones are only an awsiam.IRole
	}
	c, ok := principal.(constructs.IConstruct)
	return !ok || slices.ContainsFunc(*c.Node().FindAll(constructs.ConstructOrder_PREORDER), func(child constructs.IConstruct) bool {
		_, isPolicy := child.(awsiam.Policy)
		return isPolicy
	})
}
