package template

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Values are the test values that deployment would supply: the pseudo parameters, and what follows from them.
type Values struct {
	Region, Account, Partition, URLSuffix, StackName string
	// Parameters are values for the template's own parameters; a parameter's Default is used otherwise.
	Parameters map[string]string
}

// pseudo gives the value of a pseudo parameter.
func (v Values) pseudo(name string) (string, bool) {
	switch name {
	case "AWS::Region":
		return v.Region, true
	case "AWS::AccountId":
		return v.Account, true
	case "AWS::Partition":
		return v.Partition, true
	case "AWS::URLSuffix":
		return v.URLSuffix, true
	case "AWS::StackName":
		return v.StackName, true
	}
	return "", false
}

// WorkspaceID is the id that an AWS::APS::Workspace of this logical id gets: shaped as AMP's, and always the same.
func (v Values) WorkspaceID(logicalID string) string {
	sum := sha256.Sum256([]byte(v.StackName + "/" + logicalID))
	h := hex.EncodeToString(sum[:16])
	return fmt.Sprintf("ws-%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
}

// arn is how this deployment would name a resource; service is the lower-case service name.
func (v Values) arn(service, resource string) string {
	return strings.Join([]string{"arn", v.Partition, service, v.Region, v.Account, resource}, ":")
}

// ref is what Ref gives for a resource, and getAtt what Fn::GetAtt gives. A type not listed has a name derived from its
// logical id and an ARN; any other attribute is an error, because a made-up value could pass a test that AWS would fail.
func (v Values) ref(logicalID string, r Resource) string {
	switch r.Type {
	case "AWS::APS::Workspace":
		return v.arn("aps", "workspace/"+v.WorkspaceID(logicalID))
	case "AWS::ECS::TaskDefinition":
		return v.arn("ecs", "task-definition/"+logicalID+":1")
	}
	return v.StackName + "-" + logicalID
}

func (v Values) getAtt(logicalID, attribute string, r Resource) (string, error) {
	switch {
	case r.Type == "AWS::APS::Workspace" && attribute == "Arn":
		return v.ref(logicalID, r), nil
	case r.Type == "AWS::APS::Workspace" && attribute == "WorkspaceId":
		return v.WorkspaceID(logicalID), nil
	case r.Type == "AWS::IAM::Role" && attribute == "Arn":
		return fmt.Sprintf("arn:%s:iam::%s:role/%s", v.Partition, v.Account, v.ref(logicalID, r)), nil
	case r.Type == "AWS::Logs::LogGroup" && attribute == "Arn":
		return v.arn("logs", "log-group:"+v.ref(logicalID, r)+":*"), nil
	case attribute == "Arn":
		parts := strings.Split(r.Type, "::")
		if len(parts) != 3 {
			return "", fmt.Errorf("type %q has no ARN", r.Type)
		}
		return v.arn(strings.ToLower(parts[1]), strings.ToLower(parts[2])+"/"+v.ref(logicalID, r)), nil
	}
	return "", fmt.Errorf("no test value for attribute %s of %s (%s)", attribute, logicalID, r.Type)
}
