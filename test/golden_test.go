package test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/stacks"
)

// assetHash matches the fingerprint of the sample app, which changes with every line of it.
var assetHash = regexp.MustCompile(`[0-9a-f]{64}`)

// TestSampleTemplatesMatchGolden compares each sample's whole template with a file that a reviewer can read: it is
// written as YAML, in which the collector's configuration keeps its lines.
func TestSampleTemplatesMatchGolden(t *testing.T) {
	for _, sample := range stacks.All {
		t.Run(sample.Name, func(t *testing.T) {
			stack := sample.New(newApp(t), sample.Name)
			got := goldenYAML(t, assertions.Template_FromStack(stack, nil).ToJSON())
			file := filepath.Join("test", "testdata", "golden", sample.Name+".template.yaml")
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
				t.Errorf("the template differs from %s; if it should, run make golden and read the difference\n%s", file, firstDifference(string(got), string(want)))
			}
		})
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
