// Package template reads a task definition out of a synthesized CloudFormation template, as a deployment would: intrinsic
// functions are resolved with test values, and whatever cannot be resolved is an error, never blank.
package template

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
)

// Template is a synthesized template with the values of one emulated deployment.
type Template struct {
	Values     Values
	Resources  map[string]Resource
	Parameters map[string]Parameter
}

// Resource is one resource, unresolved.
type Resource struct {
	Type       string
	Properties map[string]any
}

// Parameter is one template parameter.
type Parameter struct {
	Type    string
	Default any
}

// Load reads a template file.
func Load(path string, values Values) (*Template, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(raw, values)
}

// Parse reads a template's JSON.
func Parse(raw []byte, values Values) (*Template, error) {
	t := &Template{Values: values}
	if err := json.Unmarshal(raw, t); err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	return t, nil
}

// LogicalIDs gives the sorted logical ids of a resource type.
func (t *Template) LogicalIDs(resourceType string) []string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		if t.Resources[id].Type == resourceType {
			ids = append(ids, id)
		}
	}
	return ids
}

// WorkspaceIDs gives the AMP workspace ids that this deployment creates.
func (t *Template) WorkspaceIDs() []string {
	var ids []string
	for _, id := range t.LogicalIDs("AWS::APS::Workspace") {
		ids = append(ids, t.Values.WorkspaceID(id))
	}
	return ids
}

// TaskDefinition resolves the template's only AWS::ECS::TaskDefinition.
func (t *Template) TaskDefinition() (*TaskDefinition, error) {
	ids := t.LogicalIDs("AWS::ECS::TaskDefinition")
	if len(ids) != 1 {
		return nil, fmt.Errorf("template has %d task definitions %v, expected 1", len(ids), ids)
	}
	resolved, err := t.Resolve(t.Resources[ids[0]].Properties)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ids[0], err)
	}
	raw, err := json.Marshal(resolved)
	if err != nil {
		return nil, err
	}
	var def TaskDefinition
	if err := json.Unmarshal(raw, &def); err != nil {
		return nil, fmt.Errorf("%s: %w", ids[0], err)
	}
	return &def, nil
}
