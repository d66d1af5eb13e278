package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
)

func TestMain(m *testing.M) {
	os.Setenv("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

func TestShopHasCollectorThatScrapesIt(t *testing.T) {
	var file struct{ Context map[string]any }
	data, err := os.ReadFile("cdk.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	app := awscdk.NewApp(&awscdk.AppProps{Context: &file.Context, Outdir: jsii.String(t.TempDir())})
	template := assertions.Template_FromStack(NewShop(app, "Shop"), nil)

	template.ResourceCountIs(jsii.String("AWS::APS::Workspace"), jsii.Number(1))
	var names []string
	var config string
	for _, definition := range *template.FindResources(jsii.String("AWS::ECS::TaskDefinition"), nil) {
		containers := (*definition)["Properties"].(map[string]any)["ContainerDefinitions"].([]any)
		for _, c := range containers {
			c := c.(map[string]any)
			names = append(names, c["Name"].(string))
			if c["Name"] == "aws-otel-collector" {
				text, err := json.Marshal(c["Environment"])
				if err != nil {
					t.Fatal(err)
				}
				config = string(text)
			}
		}
	}
	slices.Sort(names)
	if want := []string{"aws-otel-collector", "shop"}; !slices.Equal(names, want) {
		t.Errorf("containers are %v, want %v", names, want)
	}
	if !strings.Contains(config, "127.0.0.1:8080") {
		t.Errorf("the collector's configuration does not scrape 127.0.0.1:8080: %s", config)
	}
}

// notForConsumers matches modules that only the tests and tools of the library need.
var notForConsumers = regexp.MustCompile(`open-?telemetry|prometheus/|VictoriaMetrics|cdk-nag|honnef\.co|golang\.org/x/vuln|aws-sdk-go|google\.golang\.org/(grpc|genproto|protobuf)`)

// TestNoTestDependencyReachesConsumers: whoever imports the constructs downloads and audits what they need, and nothing of what
// tests them.
func TestNoTestDependencyReachesConsumers(t *testing.T) {
	if !notForConsumers.MatchString("github.com/prometheus/prometheus v0.313.0") || !notForConsumers.MatchString("go.opentelemetry.io/collector/component v1.62.0") ||
		!notForConsumers.MatchString("honnef.co/go/tools v0.7.0") || !notForConsumers.MatchString("github.com/cdklabs/cdk-nag-go/cdknag/v2 v2.38.2") {
		t.Fatal("the pattern does not match what it is for")
	}
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	var reason strings.Builder
	list := exec.Command("go", "list", "-mod=readonly", "-m", "all")
	list.Stderr = &reason
	modules, err := list.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &reason)
	}
	for source, text := range map[string]string{"go.sum": string(sum), "go list -m all": string(modules)} {
		if len(strings.Fields(text)) < 10 {
			t.Errorf("%s lists next to nothing: %q", source, text)
		}
		for line := range strings.Lines(text) {
			module := strings.TrimSpace(line)
			if strings.HasPrefix(module, "github.com/seed86154836/cdk-otel-prometheus") {
				continue // the library's own name
			}
			if notForConsumers.MatchString(module) {
				t.Errorf("%s has %s: move what needs it into a nested module, as test/e2e is", source, module)
			}
		}
	}
}
