// Package template reads a task definition out of a synthesized CloudFormation template, as a deployment would: intrinsic
// functions are resolved with test values, and whatever cannot be resolved is an error, never blank.
package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Template is a synthesized template with the values of one emulated deployment.
type Template struct {
	Values     Values
	Resources  map[string]Resource
	Parameters map[string]Parameter
	Outputs    map[string]Output

	dir string // of the templates that it imports from; empty where it imports nothing
}

// Output is one output, unresolved.
type Output struct {
	Value  any
	Export struct{ Name any }
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
	t, err := Parse(raw, values)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(raw, []byte("Fn::ImportValue")) {
		t.dir = filepath.Dir(path)
	}
	return t, nil
}

// siblings are the other stacks of the app, by their templates beside this one.
func (t *Template) siblings() ([]*Template, error) {
	if t.dir == "" {
		return nil, nil
	}
	files, err := filepath.Glob(filepath.Join(t.dir, "*.template.json"))
	if err != nil {
		return nil, err
	}
	var all []*Template
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		sibling, err := Parse(raw, t.Values)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		all = append(all, sibling)
	}
	return all, nil
}

// imported is what another stack exports under a name.
func (t *Template) imported(name string) (any, error) {
	siblings, err := t.siblings()
	if err != nil {
		return nil, err
	}
	for _, sibling := range siblings {
		for _, id := range slices.Sorted(maps.Keys(sibling.Outputs)) {
			output := sibling.Outputs[id]
			if exported, err := sibling.Resolve(output.Export.Name); err == nil && exported == name {
				return sibling.Resolve(output.Value)
			}
		}
	}
	return nil, fmt.Errorf("no template beside this one exports %q", name)
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

// WorkspaceIDs gives the AMP workspace ids that this deployment creates, and those of the stacks that are deployed with it.
func (t *Template) WorkspaceIDs() []string {
	var ids []string
	siblings, _ := t.siblings() // what is wrong with one of them, an import of it says
	for _, stack := range append(siblings, t) {
		for _, id := range stack.LogicalIDs("AWS::APS::Workspace") {
			ids = append(ids, stack.Values.WorkspaceID(id))
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// TaskDefinition resolves the template's only AWS::ECS::TaskDefinition.
func (t *Template) TaskDefinition() (*TaskDefinition, error) {
	all, err := t.TaskDefinitions()
	if err == nil && len(all) != 1 {
		err = fmt.Errorf("template has %d task definitions %v, expected 1", len(all), t.LogicalIDs("AWS::ECS::TaskDefinition"))
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// TaskDefinitions resolves every AWS::ECS::TaskDefinition, in the order of their logical ids.
func (t *Template) TaskDefinitions() (all []*TaskDefinition, err error) {
	for _, id := range t.LogicalIDs("AWS::ECS::TaskDefinition") {
		resolved, err := t.Resolve(t.Resources[id].Properties)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		raw, err := json.Marshal(resolved)
		if err != nil {
			return nil, err
		}
		var def TaskDefinition
		if err := json.Unmarshal(raw, &def); err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		all = append(all, &def)
	}
	return all, nil
}
