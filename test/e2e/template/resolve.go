package template

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// noValue stands for AWS::NoValue, which removes the property that holds it.
type noValue struct{}

// Resolve evaluates every intrinsic function in a value. It reports all faults at once, each with its place.
func (t *Template) Resolve(value any) (any, error) {
	return t.resolve("", value)
}

func (t *Template) resolve(path string, value any) (any, error) {
	switch value := value.(type) {
	case map[string]any:
		if name, arg, ok := intrinsic(value); ok {
			resolved, err := t.call(path, name, arg)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", orRoot(path), name, err)
			}
			return resolved, nil
		}
		out, errs := map[string]any{}, []error(nil)
		for _, key := range slices.Sorted(maps.Keys(value)) {
			item, err := t.resolve(path+"."+key, value[key])
			errs = append(errs, err)
			if item != (noValue{}) {
				out[key] = item
			}
		}
		return out, errors.Join(errs...)
	case []any:
		out, errs := []any{}, []error(nil)
		for i, item := range value {
			item, err := t.resolve(fmt.Sprintf("%s[%d]", path, i), item)
			errs = append(errs, err)
			if item != (noValue{}) {
				out = append(out, item)
			}
		}
		return out, errors.Join(errs...)
	}
	return value, nil
}

func orRoot(path string) string {
	if path == "" {
		return "value"
	}
	return strings.TrimPrefix(path, ".")
}

// intrinsic recognises {"Ref": …}, {"Fn::…": …} and {"Condition": …}, the maps of one key that CloudFormation evaluates.
func intrinsic(m map[string]any) (name string, arg any, ok bool) {
	for name, arg = range m {
		return name, arg, len(m) == 1 && (name == "Ref" || strings.HasPrefix(name, "Fn::"))
	}
	return "", nil, false
}

func (t *Template) call(path, name string, arg any) (any, error) {
	switch name {
	case "Ref":
		id, _ := arg.(string)
		return t.ref(id)
	case "Fn::GetAtt":
		if s, ok := arg.(string); ok {
			id, attribute, _ := strings.Cut(s, ".")
			return t.getAtt(id, attribute)
		}
		parts, err := t.asStrings(path, arg)
		if err != nil || len(parts) != 2 {
			return nil, errors.Join(fmt.Errorf("expected [id, attribute], got %v", arg), err)
		}
		return t.getAtt(parts[0], parts[1])
	case "Fn::Join":
		separator, items, err := t.separated(path, arg)
		if err != nil {
			return nil, err
		}
		parts, err := t.asStrings(path, items)
		return strings.Join(parts, separator), err
	case "Fn::Split":
		separator, item, err := t.separated(path, arg)
		if err != nil {
			return nil, err
		}
		s, err := t.asString(path, item)
		parts := []any{}
		for part := range strings.SplitSeq(s, separator) {
			parts = append(parts, part)
		}
		return parts, err
	case "Fn::Select":
		return t.pick(path, arg)
	case "Fn::Sub":
		return t.sub(path, arg)
	case "Fn::ImportValue":
		export, err := t.asString(path, arg)
		if err != nil {
			return nil, err
		}
		return t.imported(export)
	}
	return nil, errors.New("unknown intrinsic function")
}

// separated takes apart the arguments of Join and Split: a literal separator, and what it is applied to.
func (t *Template) separated(path string, arg any) (separator string, rest any, err error) {
	list, _ := arg.([]any)
	if len(list) == 2 {
		if separator, ok := list[0].(string); ok {
			return separator, list[1], nil
		}
	}
	return "", nil, fmt.Errorf("expected [separator, value], got %v", arg)
}

func (t *Template) pick(path string, arg any) (any, error) {
	list, _ := arg.([]any)
	if len(list) != 2 {
		return nil, fmt.Errorf("expected [index, list], got %v", arg)
	}
	var index int
	if _, err := fmt.Sscan(fmt.Sprint(list[0]), &index); err != nil {
		return nil, fmt.Errorf("index %v: %w", list[0], err)
	}
	items, err := t.asStrings(path, list[1])
	if err != nil {
		return nil, err
	}
	if index < 0 || index >= len(items) {
		return nil, fmt.Errorf("index %d of %d items", index, len(items))
	}
	return items[index], nil
}

var placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)

// sub replaces ${Name} and ${Name.Attribute}; ${!Literal} becomes ${Literal}.
func (t *Template) sub(path string, arg any) (any, error) {
	text, local := arg, map[string]any{}
	if list, ok := arg.([]any); ok && len(list) == 2 {
		text = list[0]
		local, _ = list[1].(map[string]any)
	}
	pattern, ok := text.(string)
	if !ok {
		return nil, fmt.Errorf("expected a string or [string, map], got %v", arg)
	}
	var errs []error
	return placeholder.ReplaceAllStringFunc(pattern, func(match string) string {
		name := match[2 : len(match)-1]
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			return "${" + literal + "}"
		}
		var value any
		var err error
		if v, ok := local[name]; ok {
			value, err = t.resolve(path, v)
		} else if id, attribute, dotted := strings.Cut(name, "."); dotted {
			value, err = t.getAtt(id, attribute)
		} else {
			value, err = t.ref(name)
		}
		if _, ok := value.(string); !ok && err == nil {
			err = fmt.Errorf("${%s} is %v, not a string", name, value)
		}
		errs = append(errs, err)
		s, _ := value.(string)
		return s
	}), errors.Join(errs...)
}

func (t *Template) ref(id string) (any, error) {
	if id == "AWS::NoValue" {
		return noValue{}, nil
	}
	if value, ok := t.Values.pseudo(id); ok {
		if value == "" {
			return nil, fmt.Errorf("no test value for %s", id)
		}
		return value, nil
	}
	if parameter, ok := t.Parameters[id]; ok {
		if value, ok := t.Values.Parameters[id]; ok {
			return value, nil
		}
		if value, ok := parameter.Default.(string); ok && !strings.HasPrefix(parameter.Type, "AWS::SSM::") {
			return value, nil
		}
		return nil, fmt.Errorf("no test value for parameter %s (%s)", id, parameter.Type)
	}
	if resource, ok := t.Resources[id]; ok {
		return t.Values.ref(id, resource), nil
	}
	return nil, fmt.Errorf("%q is neither a parameter nor a resource", id)
}

func (t *Template) getAtt(id, attribute string) (any, error) {
	resource, ok := t.Resources[id]
	if !ok {
		return nil, fmt.Errorf("no resource %q", id)
	}
	return t.Values.getAtt(id, attribute, resource)
}

func (t *Template) asString(path string, value any) (string, error) {
	resolved, err := t.resolve(path, value)
	if err != nil {
		return "", err
	}
	s, ok := resolved.(string)
	if !ok {
		return "", fmt.Errorf("expected a string, got %v", resolved)
	}
	return s, nil
}

func (t *Template) asStrings(path string, value any) ([]string, error) {
	resolved, err := t.resolve(path, value)
	if err != nil {
		return nil, err
	}
	list, ok := resolved.([]any)
	if !ok {
		return nil, fmt.Errorf("expected a list, got %v", resolved)
	}
	var out []string
	for _, item := range list {
		s, ok := item.(string)
		if !ok {
			return nil, fmt.Errorf("expected a list of strings, got %v in it", item)
		}
		out = append(out, s)
	}
	return out, nil
}
