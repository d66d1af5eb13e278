package test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
	"github.com/seed86154836/cdk-otel-prometheus/stacks"
)

// assetHash matches the fingerprint of the sample app, which changes with every line of it.
var assetHash = regexp.MustCompile(`[0-9a-f]{64}`)

// TestSamplesPassStrictTemplateValidation runs awscdk's own rules over each sample, where a warning is a failure too. The
// canary has a fault that they must find.
func TestSamplesPassStrictTemplateValidation(t *testing.T) {
	for _, sample := range append(slices.Clone(stacks.All), stacks.Sample{Name: "Canary", New: canary}) {
		app := strictApp(t)
		sample.New(app, sample.Name)
		message := panicOf(func() { app.Synth(nil) })
		if failed := message != ""; failed != (sample.Name == "Canary") {
			t.Errorf("%s: failed %v: %s", sample.Name, failed, message)
		}
	}
}

func canary(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)
	awscdk.NewCfnResource(stack, jsii.String("Bucket"), &awscdk.CfnResourceProps{
		Type: jsii.String("AWS::S3::Bucket"), Properties: &map[string]any{"BucketNam": "misspelt"},
	})
	return stack
}

// TestSampleTemplatesMatchGolden compares each sample's whole template with a file that a reviewer can read: it is
// written as YAML, in which the collector's configuration keeps its lines.
func TestSampleTemplatesMatchGolden(t *testing.T) {
	for _, stack := range sampleStacks(t) {
		t.Run(*stack.StackName(), func(t *testing.T) {
			assertGolden(t, filepath.Join("golden", *stack.StackName()+".template.yaml"), goldenYAML(t, assertions.Template_FromStack(stack, nil).ToJSON()))
		})
	}
}

var samples []awscdk.Stack

// sampleStacks are the stacks of all samples, which every test shares: an app synthesizes once.
func sampleStacks(t *testing.T) []awscdk.Stack {
	t.Helper()
	if samples != nil {
		return samples
	}
	for _, sample := range stacks.All {
		app := newApp(t)
		sample.New(app, sample.Name)
		for _, child := range *app.Node().Children() {
			if stack, ok := child.(awscdk.Stack); ok {
				samples = append(samples, stack)
			}
		}
	}
	return samples
}

// textOf is what a golden file holds of lines.
func textOf(lines []string) []byte { return []byte(strings.Join(lines, "\n") + "\n") }

// assertGolden compares text with a file that make golden rewrites.
func assertGolden(t *testing.T, file string, got []byte) {
	t.Helper()
	file = filepath.Join("test", "testdata", file)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if os.Getenv("CI") != "" {
			t.Fatal("golden files are not updated in CI; run make golden and commit the difference")
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run make golden", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; if it should, run make golden and read the difference\n%s", file, firstDifference(string(got), string(want)))
	}
}

func goldenYAML(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(assetHash.ReplaceAll(data, []byte("ASSET")), &tree); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(tree); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "first difference in line " + asJSON(i+1) + "\n got " + g[i] + "\nwant " + w[i]
		}
	}
	return "one is longer: got " + asJSON(len(g)) + " lines, want " + asJSON(len(w))
}

// TestCollectorImageFileNamesTheVersion: the sample that copies the image names the version that everything else takes from
// the constant.
func TestCollectorImageFileNamesTheVersion(t *testing.T) {
	assertContains(t, read(t, "stacks/collectorimage/Dockerfile"), "aws-otel-collector:"+otelprometheus.ADOTVersion+"\n")
}
