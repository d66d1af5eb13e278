package test

import (
	"fmt"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// apsCoverage says what package amp has for each property of each resource of AWS::APS, as Type.Field, or "not covered: " and the reason.
// A property with properties of its own is covered by those.
var apsCoverage = map[string]string{
	"Workspace.Alias":                            "WorkspaceProps.Alias",
	"Workspace.AlertManagerDefinition":           "WorkspaceProps.AlertManager",
	"Workspace.KmsKeyArn":                        "WorkspaceProps.EncryptionKey",
	"Workspace.Tags":                             "awscdk.Tags_Of",
	"Workspace.LoggingConfiguration.LogGroupArn": "LoggingProps.LogGroup",
	"Workspace.QueryLoggingConfiguration.Destinations.CloudWatchLogs.LogGroupArn": "LoggingProps.LogGroup",
	"Workspace.QueryLoggingConfiguration.Destinations.Filters.QspThreshold":       "QueryLoggingProps.QspThreshold",
	"Workspace.WorkspaceConfiguration.LimitsPerLabelSets.LabelSet.Name":           "LimitPerLabelSet.LabelSet",
	"Workspace.WorkspaceConfiguration.LimitsPerLabelSets.LabelSet.Value":          "LimitPerLabelSet.LabelSet",
	"Workspace.WorkspaceConfiguration.LimitsPerLabelSets.Limits.MaxSeries":        "LimitPerLabelSet.MaxSeries",
	"Workspace.WorkspaceConfiguration.OutOfOrderTimeWindowInSeconds":              "WorkspaceProps.OutOfOrderTimeWindow",
	"Workspace.WorkspaceConfiguration.RetentionPeriodInDays":                      "WorkspaceProps.RetentionPeriod",
	"Workspace.WorkspaceConfiguration.RuleQueryOffsetInSeconds":                   "WorkspaceProps.RuleQueryOffset",
	"RuleGroupsNamespace.Data":      "RuleGroupsNamespaceProps.Groups",
	"RuleGroupsNamespace.Name":      "RuleGroupsNamespaceProps.Name",
	"RuleGroupsNamespace.Tags":      "awscdk.Tags_Of",
	"RuleGroupsNamespace.Workspace": "RuleGroupsNamespaceProps.Workspace",
	"ResourcePolicy.PolicyDocument": "ResourcePolicyProps.Statements",
	"ResourcePolicy.WorkspaceArn":   "ResourcePolicyProps.Workspace",
	"AnomalyDetector.Alias":         "AnomalyDetectorProps.Alias",
	"AnomalyDetector.Configuration.RandomCutForest.IgnoreNearExpectedFromAbove.Amount":  "NearExpected.Amount",
	"AnomalyDetector.Configuration.RandomCutForest.IgnoreNearExpectedFromAbove.Ratio":   "NearExpected.Ratio",
	"AnomalyDetector.Configuration.RandomCutForest.IgnoreNearExpectedFromBelow.Amount":  "NearExpected.Amount",
	"AnomalyDetector.Configuration.RandomCutForest.IgnoreNearExpectedFromBelow.Ratio":   "NearExpected.Ratio",
	"AnomalyDetector.Configuration.RandomCutForest.Query":                               "AnomalyDetectorProps.Query",
	"AnomalyDetector.Configuration.RandomCutForest.SampleSize":                          "AnomalyDetectorProps.SampleSize",
	"AnomalyDetector.Configuration.RandomCutForest.ShingleSize":                         "AnomalyDetectorProps.ShingleSize",
	"AnomalyDetector.EvaluationIntervalInSeconds":                                       "AnomalyDetectorProps.EvaluationInterval",
	"AnomalyDetector.Labels.Key":                                                        "AnomalyDetectorProps.Labels",
	"AnomalyDetector.Labels.Value":                                                      "AnomalyDetectorProps.Labels",
	"AnomalyDetector.MissingDataAction.MarkAsAnomaly":                                   "AnomalyDetectorProps.MissingData",
	"AnomalyDetector.MissingDataAction.Skip":                                            "AnomalyDetectorProps.MissingData",
	"AnomalyDetector.Tags":                                                              "awscdk.Tags_Of",
	"AnomalyDetector.Workspace":                                                         "AnomalyDetectorProps.Workspace",
	"Scraper.Alias":                                                                     "ScraperProps.Alias",
	"Scraper.Destination.AmpConfiguration.WorkspaceArn":                                 "ScraperProps.Workspace",
	"Scraper.Destination.CloudWatchConfiguration.DatasetArn":                            "not covered: it leads to CloudWatch, not to AMP",
	"Scraper.Exporters.OpenSearchConfiguration.DomainArn":                               "ScraperProps.OpenSearchDomainArns",
	"Scraper.RoleConfiguration.SourceRoleArn":                                           "ScraperRoles.Source",
	"Scraper.RoleConfiguration.TargetRoleArn":                                           "ScraperRoles.Target",
	"Scraper.ScrapeConfiguration.ConfigurationBlob":                                     "ScraperProps.Configuration",
	"Scraper.ScraperLoggingConfiguration.LoggingDestination.CloudWatchLogs.LogGroupArn": "LoggingProps.LogGroup",
	"Scraper.ScraperLoggingConfiguration.ScraperComponents.Config.Options":              "ScraperLoggingProps.Options",
	"Scraper.ScraperLoggingConfiguration.ScraperComponents.Type":                        "ScraperLoggingProps.Components",
	"Scraper.Source.EksConfiguration.ClusterArn":                                        "ScraperProps.EksClusterArn",
	"Scraper.Source.EksConfiguration.SecurityGroupIds":                                  "ScraperProps.SecurityGroups",
	"Scraper.Source.EksConfiguration.SubnetIds":                                         "ScraperProps.Subnets",
	"Scraper.Source.VpcConfiguration.SecurityGroupIds":                                  "ScraperProps.SecurityGroups",
	"Scraper.Source.VpcConfiguration.SubnetIds":                                         "ScraperProps.Subnets",
	"Scraper.Tags": "awscdk.Tags_Of",
}

// apsNames lead from a property to the type with its own properties, where the name of that is another.
var apsNames = map[string]string{
	"Workspace.LoggingConfiguration": "LoggingConfiguration", "Workspace.QueryLoggingConfiguration": "QueryLoggingConfiguration",
	"Workspace.QueryLoggingConfiguration.Destinations": "LoggingDestination", "Workspace.QueryLoggingConfiguration.Destinations.CloudWatchLogs": "CloudWatchLogDestination",
	"Workspace.QueryLoggingConfiguration.Destinations.Filters": "LoggingFilter", "Workspace.WorkspaceConfiguration": "WorkspaceConfiguration",
	"Workspace.WorkspaceConfiguration.LimitsPerLabelSets": "LimitsPerLabelSet", "Workspace.WorkspaceConfiguration.LimitsPerLabelSets.LabelSet": "Label",
	"Workspace.WorkspaceConfiguration.LimitsPerLabelSets.Limits": "LimitsPerLabelSetEntry",
	"AnomalyDetector.Configuration":                              "AnomalyDetectorConfiguration", "AnomalyDetector.Configuration.RandomCutForest": "RandomCutForestConfiguration",
	"AnomalyDetector.Configuration.RandomCutForest.IgnoreNearExpectedFromAbove": "IgnoreNearExpected", "AnomalyDetector.Configuration.RandomCutForest.IgnoreNearExpectedFromBelow": "IgnoreNearExpected",
	"AnomalyDetector.Labels": "Label", "AnomalyDetector.MissingDataAction": "MissingDataAction",
	"Scraper.Destination": "Destination", "Scraper.Destination.AmpConfiguration": "AmpConfiguration", "Scraper.Destination.CloudWatchConfiguration": "CloudWatchConfiguration",
	"Scraper.Exporters": "ExporterConfiguration", "Scraper.Exporters.OpenSearchConfiguration": "OpenSearchConfiguration", "Scraper.RoleConfiguration": "RoleConfiguration",
	"Scraper.ScrapeConfiguration": "ScrapeConfiguration", "Scraper.ScraperLoggingConfiguration": "ScraperLoggingConfiguration",
	"Scraper.ScraperLoggingConfiguration.LoggingDestination": "ScraperLoggingDestination", "Scraper.ScraperLoggingConfiguration.LoggingDestination.CloudWatchLogs": "CloudWatchLogDestination",
	"Scraper.ScraperLoggingConfiguration.ScraperComponents": "ScraperComponent", "Scraper.ScraperLoggingConfiguration.ScraperComponents.Config": "ComponentConfig",
	"Scraper.Source": "Source", "Scraper.Source.EksConfiguration": "EksConfiguration", "Scraper.Source.VpcConfiguration": "VpcConfiguration",
}

// aps reads the types of awscdk's awsaps.
type aps struct {
	scope *types.Scope
	used  map[string]bool // of the types with properties
	paths []string
}

// walk lists the properties of a type that have none of their own, by their paths.
func (a *aps) walk(t *testing.T, path, name string) {
	object := a.scope.Lookup(name)
	if object == nil {
		t.Fatalf("awsaps has no %s any more: look at apsNames", name)
	}
	a.used[name] = true
	resource, _, _ := strings.Cut(path, ".")
	structure := object.Type().Underlying().(*types.Struct)
	for i := range structure.NumFields() {
		field := path + "." + structure.Field(i).Name()
		if inner, has := apsNames[field]; has {
			a.walk(t, field, fmt.Sprintf("Cfn%s_%sProperty", resource, inner))
		} else {
			a.paths = append(a.paths, field)
		}
	}
}

// TestCoverageOfAPSMatchesGolden: what awscdk adds to AWS::APS, a resource, a property or a type, must be covered by package amp, or left out with a reason.
// docs/aps.md has the table.
func TestCoverageOfAPSMatchesGolden(t *testing.T) {
	imports, _ := compiledPackages(t)
	read := func(path string) *types.Scope {
		p, err := imports.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		return p.Scope()
	}
	a := &aps{scope: read(awscdkModule + "/awsaps"), used: map[string]bool{}}
	own := read(modulePath + "/constructs/amp")
	for _, name := range a.scope.Names() {
		if resource, is := strings.CutSuffix(name, "Props"); is && strings.HasPrefix(name, "Cfn") {
			a.walk(t, strings.TrimPrefix(resource, "Cfn"), name)
		}
	}
	for _, name := range a.scope.Names() {
		if strings.HasSuffix(name, "Property") && !a.used[name] {
			t.Errorf("awsaps has %s, which no property leads to: add it to apsNames", name)
		}
	}
	var b strings.Builder
	b.WriteString(apsHeader)
	covered := 0
	for _, path := range a.paths {
		by, has := apsCoverage[path]
		if !has {
			t.Errorf("AWS::APS::%s is new: cover it in package amp, or say in apsCoverage why not", path)
			continue
		}
		resource, property, _ := strings.Cut(path, ".")
		shown := "`" + by + "`"
		switch owner, field, isField := strings.Cut(by, "."); {
		case strings.HasPrefix(by, "not covered: "):
			shown = by
		case owner == "awscdk":
			covered++
		case !isField || !hasField(own.Lookup(owner), field):
			t.Errorf("package amp has no %s, which is to cover AWS::APS::%s", by, path)
		default:
			covered++
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", resource, property, shown)
	}
	for path := range maps.Keys(apsCoverage) {
		if !slices.Contains(a.paths, path) {
			t.Errorf("awscdk has no AWS::APS::%s any more: remove it from apsCoverage", path)
		}
	}
	fmt.Fprintf(&b, "\n%d of %d properties are covered.\n", covered, len(a.paths))
	file := filepath.Join("docs", "aps.md")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != b.String() {
		t.Errorf("docs/aps.md is not what awscdk and package amp have (%v); run UPDATE_GOLDEN=1 go test ./test -run CoverageOfAPS", err)
	}
}

const apsHeader = `# What of AWS::APS is covered

Every property of every resource of AWS::APS in the pinned awscdk, with what package ` + "`amp`" + ` has for it. A test writes this page, and fails when awscdk
adds a resource or a property.

| resource | property | in package amp |
| --- | --- | --- |
`

// hasField says whether a type has a field, also of a struct in it.
func hasField(object types.Object, name string) bool {
	if object == nil {
		return false
	}
	found, _, _ := types.LookupFieldOrMethod(object.Type(), true, object.Pkg(), name)
	field, is := found.(*types.Var)
	return is && field.IsField()
}
