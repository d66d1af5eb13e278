package test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

const (
	modulePath = "github.com/seed86154836/cdk-otel-prometheus"

	awscdkModule     = "github.com/aws/aws-cdk-go/awscdk/v2"
	constructsModule = "github.com/aws/constructs-go/constructs/v10"
	jsiiModule       = "github.com/aws/jsii-runtime-go"
	yamlModule       = "go.yaml.in/yaml/v3"
	grafanaModule    = "github.com/grafana/grafana-foundation-sdk/go"
)

// requirements are what the library costs whoever imports it, and why each is worth it.
var requirements = map[string]string{
	awscdkModule:     "the constructs",
	constructsModule: "the constructs' scopes",
	jsiiModule:       "the constructs' values",
	yamlModule:       "reads hand-written collector configurations and rules, and writes generated ones",
	grafanaModule:    "the dashboards' types, in constructs/dashboards only: the model that Grafana itself publishes; it brings no module of its own",
}

// TestRequirementsOfTheLibrary: what the root module requires, every user downloads and audits.
func TestRequirementsOfTheLibrary(t *testing.T) {
	var file struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(goCommand(t, "mod", "edit", "-json"), &file); err != nil {
		t.Fatal(err)
	}
	var direct []string
	for _, r := range file.Require {
		if !r.Indirect {
			direct = append(direct, r.Path)
		}
	}
	slices.Sort(direct)
	if want := slices.Sorted(maps.Keys(requirements)); !slices.Equal(direct, want) {
		t.Errorf("go.mod requires\n %s\nwant\n %s\nWhat only tests or tools need belongs in a nested module, as test/e2e and tools are. What the constructs cannot do without is "+
			"added to the table above this test, with the reason; the commit and the changelog say so too.", strings.Join(direct, "\n "), strings.Join(want, "\n "))
	}
}

// TestPreviewReplacesWhatTheEndToEndTestsReplace: a replacement holds in its own module only.
func TestPreviewReplacesWhatTheEndToEndTestsReplace(t *testing.T) {
	replaced := func(module string) (lines []string) {
		var file struct {
			Replace []struct {
				Old, New struct{ Path, Version string }
			}
		}
		if err := json.Unmarshal(goCommand(t, "mod", "edit", "-json", module+"/go.mod"), &file); err != nil {
			t.Fatal(err)
		}
		for _, r := range file.Replace {
			if !strings.HasPrefix(r.Old.Path, modulePath) {
				lines = append(lines, r.Old.Path+" => "+r.New.Path+" "+r.New.Version)
			}
		}
		slices.Sort(lines)
		return lines
	}
	if got, want := replaced("preview"), replaced("test/e2e"); !slices.Equal(got, want) || len(got) == 0 {
		t.Errorf("preview/go.mod replaces\n%s\nwant what test/e2e/go.mod replaces\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// arrows say what each package may import beyond the standard library: a module with its packages, or a package of this one.
// CONTRIBUTING.md draws them. A new package gets a line here.
var arrows = map[string][]string{
	".":                         {awscdkModule, jsiiModule, "stacks"},
	"stacks":                    {awscdkModule, constructsModule, jsiiModule, "constructs/amp", "constructs/central", "constructs/otelprometheus"},
	"constructs/otelprometheus": {awscdkModule, constructsModule, jsiiModule, "constructs/amp", "internal/collector", "internal/endpoint", "internal/grants", "internal/input", "internal/prom", "internal/sent", "internal/token"},
	"constructs/amp":            {awscdkModule, constructsModule, jsiiModule, yamlModule, "internal/alertmanager", "internal/endpoint", "internal/grants", "internal/input", "internal/prom", "internal/token"},
	"internal/alertmanager":     {yamlModule, "internal/prom", "internal/token"},
	"internal/collector":        {yamlModule, "internal/prom"},
	"constructs/grafana":        {awscdkModule, constructsModule, jsiiModule, "constructs/amp", "constructs/dashboards", "internal/input"},
	"constructs/dashboards":     {grafanaModule, "constructs/slo", "internal/prom", "internal/token"},
	"constructs/central":        {awscdkModule, constructsModule, jsiiModule, yamlModule, "constructs/amp", "constructs/otelprometheus", "internal/input", "internal/prom"},
	"constructs/slo":            {"internal/prom", "internal/token"},
	"constructs/observability":  {awscdkModule, constructsModule, jsiiModule, "constructs/amp", "constructs/slo", "internal/input", "internal/prom", "internal/rules", "internal/sent", "internal/token"},
	"internal/rules":            {"constructs/slo", "internal/collector", "internal/prom", "internal/token"},
	"internal/panels":           {"internal/prom"},
	"internal/endpoint":         {awscdkModule, "internal/input"},
	"internal/grants":           {awscdkModule, constructsModule},
	"internal/input":            {awscdkModule, constructsModule, jsiiModule, "internal/prom", "internal/token"},
	"internal/prom":             {"internal/token"},
	"internal/sent":             {awscdkModule, constructsModule},
	"internal/token":            {},
}

// mayImport are imports that a sample needs not to have: the stacks show every package in the end.
var mayImport = map[string][]string{
	"stacks": {"constructs/grafana", "constructs/dashboards", "constructs/observability", "constructs/slo"},
}

func TestImportsGoOneWay(t *testing.T) {
	for line := range strings.Lines(string(goCommand(t, "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, ".", "./stacks/...", "./constructs/...", "./internal/..."))) {
		imports := strings.Fields(line)
		name := shortName(imports[0])
		allowed, known := arrows[name]
		if !known {
			t.Errorf("%s is new: add it to the arrows, and to CONTRIBUTING.md", name)
			continue
		}
		used := map[string]bool{}
		for _, path := range imports[1:] {
			if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
				continue // the standard library
			}
			to := slices.IndexFunc(allowed, func(a string) bool { return covers(a, path) })
			switch {
			case to >= 0:
				used[allowed[to]] = true
			case !slices.Contains(mayImport[name], shortName(path)):
				t.Errorf("%s imports %s, expected nothing but the standard library and %v: move the code to the package that may, or hand it the value as an argument", name, shortName(path), allowed)
			}
		}
		for _, a := range allowed {
			if !used[a] {
				t.Errorf("%s does not import %s any more: remove it from the arrows", name, a)
			}
		}
	}
}

// covers says whether an entry of the arrows allows an import path: modules allow their packages, packages only themselves.
func covers(allowed, path string) bool {
	if strings.Contains(allowed, ".") {
		return path == allowed || strings.HasPrefix(path, allowed+"/")
	}
	return shortName(path) == allowed
}

// shortName is a package of this module by its folder; other packages keep their name.
func shortName(path string) string {
	if path == modulePath {
		return "."
	}
	return strings.TrimPrefix(path, modulePath+"/")
}
