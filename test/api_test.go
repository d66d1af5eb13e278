package test

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestExportedNamesMatchGolden compares every exported name of the constructs, with its type, with a file: one line a name. A line
// that goes or changes breaks somebody's build, so docs/upgrading.md says when that is allowed.
func TestExportedNamesMatchGolden(t *testing.T) {
	var lines []string
	imports, own := compiledPackages(t)
	for _, path := range own {
		p, err := imports.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, exportedNames(p)...)
	}
	assertGolden(t, "api.txt", textOf(lines))
}

// compiledPackages reads types where the compiler left them, from the export data of the build cache, and lists the packages of the
// library that can be imported.
func compiledPackages(t *testing.T) (imports types.Importer, own []string) {
	t.Helper()
	exports := map[string]string{}
	for line := range strings.Lines(string(goCommand(t, "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}} {{.DepOnly}}", "./constructs/..."))) {
		var path, file string
		var dependency bool
		if n, _ := fmt.Sscan(line, &path, &file, &dependency); n == 3 {
			exports[path] = file
			if !dependency && !strings.Contains(path, "/internal/") {
				own = append(own, path)
			}
		}
	}
	slices.Sort(own)
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }), own
}

// exportedNames lists a package's exported constants, variables, functions and types, and the fields and methods of those types.
func exportedNames(p *types.Package) []string {
	qualifier := func(other *types.Package) string {
		if other == p {
			return ""
		}
		return other.Name()
	}
	var lines []string
	add := func(format string, args ...any) {
		lines = append(lines, shortName(p.Path())+": "+fmt.Sprintf(format, args...))
	}
	text := func(t types.Type) string { return types.TypeString(t, qualifier) }
	for _, name := range p.Scope().Names() {
		object := p.Scope().Lookup(name)
		if !object.Exported() {
			continue
		}
		switch object := object.(type) {
		case *types.Const:
			add("const %s %s = %s", name, text(object.Type()), object.Val().ExactString())
		case *types.Var:
			add("var %s %s", name, text(object.Type()))
		case *types.Func:
			add("func %s%s", name, strings.TrimPrefix(text(object.Type()), "func"))
		case *types.TypeName:
			if object.IsAlias() {
				add("type %s = %s", name, text(types.Unalias(object.Type())))
				continue
			}
			named := object.Type().(*types.Named)
			switch under := named.Underlying().(type) {
			case *types.Struct:
				add("type %s struct", name)
				for field := range under.Fields() {
					switch {
					case field.Embedded():
						add("type %s struct, embeds %s", name, text(field.Type()))
					case field.Exported():
						add("type %s struct, %s %s", name, field.Name(), text(field.Type()))
					}
				}
			case *types.Interface:
				add("type %s interface", name)
				for embedded := range under.EmbeddedTypes() {
					add("type %s interface, embeds %s", name, text(embedded))
				}
				for method := range under.ExplicitMethods() {
					if method.Exported() {
						add("type %s interface, %s%s", name, method.Name(), strings.TrimPrefix(text(method.Type()), "func"))
					} else {
						add("type %s interface, has unexported methods", name)
					}
				}
			default:
				add("type %s %s", name, text(under))
			}
			for method := range named.Methods() {
				if method.Exported() {
					signature := method.Signature()
					add("method (%s) %s%s", text(signature.Recv().Type()), method.Name(), strings.TrimPrefix(text(signature), "func"))
				}
			}
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}
