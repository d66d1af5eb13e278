package input

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

// RulesIn reports a workspace or a name that a rule groups namespace cannot have; name may be nil.
func (f *Faults) RulesIn(scope constructs.Construct, workspace awscdk.IResource, name *string) {
	if workspace == nil {
		f.Add("Workspace is not set; give the AMP workspace that evaluates the rules")
	} else {
		f.InPlace(scope, workspace, "rules")
	}
	if name != nil {
		f.AddAll("", prom.CheckNamespace(*name))
	}
}
