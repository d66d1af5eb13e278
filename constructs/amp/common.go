package amp

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// remoteWriteActions is all that the managed policy AmazonPrometheusRemoteWriteAccess allows.
var remoteWriteActions = jsii.Strings("aps:RemoteWrite")

// queryActions is all that the managed policy AmazonPrometheusQueryAccess allows.
var queryActions = jsii.Strings("aps:GetLabels", "aps:GetMetricMetadata", "aps:GetSeries", "aps:QueryMetrics")

var workspaceARN = regexp.MustCompile(`^arn:aws[a-z-]*:aps:[a-z0-9-]+:[0-9]{12}:workspace/ws-[A-Za-z0-9-]+$`)

func unresolved(s string) bool { return *awscdk.Token_IsUnresolved(s) }

// must panics with everything that is wrong with the arguments of a constructor, before anything is built.
func must(constructor string, scope constructs.Construct, id *string, validate func() error) {
	var faults []string
	path := ""
	if scope == nil {
		faults = append(faults, "scope is nil; pass the stack or construct to build in")
	}
	if id == nil || *id == "" {
		faults = append(faults, "id is empty; pass a name that is unique in its scope")
	} else if scope != nil {
		path = strings.TrimPrefix(*scope.Node().Path()+"/"+*id, "/") + ": "
	}
	if err := validate(); err != nil {
		faults = append(faults, strings.Split(err.Error(), "\n")...)
	}
	if len(faults) > 0 {
		panic(fmt.Sprintf("%s%s: %s", path, constructor, strings.Join(faults, "\n  ")))
	}
}
