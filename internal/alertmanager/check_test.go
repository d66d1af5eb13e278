package alertmanager

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestDefinitions: the end-to-end tests ask Alertmanager's own parser about the same cases.
func TestDefinitions(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "cases.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct{ Name, Text, Refused, Warned, Alertmanager string }
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			faults, warnings := Check(c.Text)
			expect(t, "faults", faults, c.Refused)
			expect(t, "warnings", warnings, c.Warned)
		})
	}
}

// expect wants one text, or none.
func expect(t *testing.T, what string, got []string, want string) {
	t.Helper()
	switch {
	case want == "" && len(got) > 0, want != "" && (len(got) != 1 || !strings.Contains(got[0], want)):
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestEveryFaultIsReported(t *testing.T) {
	faults, _ := Check("alertmanager_config: |\n  route: {receiver: x, group_wait: soon}\n  receivers: [{name: a, slack_configs: []}]\n")
	if len(faults) != 3 {
		t.Errorf("%q", faults)
	}
}

func TestTokensAreKnownOnlyAtDeployment(t *testing.T) {
	for _, text := range []string{
		"alertmanager_config: ${Token[Config.1]}",
		"alertmanager_config: |\n  route: {receiver: a}\n  receivers: [{name: a, sns_configs: [{topic_arn: \"${Token[Topic.1]}\", sigv4: {region: \"${Token[Region.1]}\"}}]}]\n",
	} {
		if faults, warnings := Check(text); len(faults)+len(warnings) > 0 {
			t.Errorf("%s: %q, %q", text, faults, warnings)
		}
	}
}
