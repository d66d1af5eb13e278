package collector

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Merge lays the YAML document over on top of base: mappings are merged key by key, everything else is replaced. Both
// must be mappings.
func Merge(base, over string) (string, error) {
	b, err := parseMapping(base)
	if err != nil {
		return "", err
	}
	o, err := parseMapping(over)
	if err != nil {
		return "", err
	}
	mergeMapping(b, o)
	writeNulls(b)
	return encode(b)
}

// writeNulls gives values that were left empty a word: in {a: } the encoder would write an empty text for them, which no component takes.
func writeNulls(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Value == "" {
		n.Value = "null"
	}
	for _, child := range n.Content {
		writeNulls(child)
	}
}

func mergeMapping(base, over *yaml.Node) {
	for i := 0; i < len(over.Content); i += 2 {
		key, value := over.Content[i], over.Content[i+1]
		at := valueOf(base, key.Value)
		switch {
		case at == nil:
			base.Content = append(base.Content, key, value)
		case at.Kind == yaml.MappingNode && value.Kind == yaml.MappingNode:
			mergeMapping(at, value)
		default:
			*at = *value
		}
	}
}

// valueOf is the value of a key of a mapping, or nil.
func valueOf(mapping *yaml.Node, key string) *yaml.Node {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

func parseMapping(text string) (*yaml.Node, error) {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return nil, fmt.Errorf("not YAML: %w", err)
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("not a mapping of extensions, receivers, processors, exporters and service")
	}
	root := document.Content[0]
	// Decoding finds what parsing does not, such as a key that stands twice.
	var decoded map[string]any
	if err := root.Decode(&decoded); err != nil {
		return nil, fmt.Errorf("not a configuration: %w", err)
	}
	return root, nil
}
