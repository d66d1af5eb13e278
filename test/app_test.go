package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed86154836/cdk-otel-prometheus/stacks"
)

// buildApp compiles the app and gives the way to run it in a folder.
func buildApp(t *testing.T) func(dir string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "app")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return func(dir string, args ...string) (string, string, error) {
		var stdout, stderr strings.Builder
		cmd := exec.Command(program, args...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
		err := cmd.Run()
		return stdout.String(), stderr.String(), err
	}
}

func TestAppFlags(t *testing.T) {
	run := buildApp(t)

	t.Run("list names every sample with its description", func(t *testing.T) {
		stdout, stderr, err := run(t.TempDir(), "-list")
		if err != nil {
			t.Fatal(err, stderr)
		}
		lines := strings.Split(strings.TrimSpace(stdout), "\n")
		if len(lines) != len(stacks.All) {
			t.Fatalf("%d lines for %d samples:\n%s", len(lines), len(stacks.All), stdout)
		}
		for i, sample := range stacks.All {
			if name, description, _ := strings.Cut(lines[i], " "); name != sample.Name || strings.TrimSpace(description) != sample.Description || sample.Description == "" {
				t.Errorf("got %q, want %s and %q", lines[i], sample.Name, sample.Description)
			}
		}
	})

	t.Run("stack synthesizes only that sample, as the golden files have it", func(t *testing.T) {
		dir := folderToSynthesizeIn(t)
		if _, stderr, err := run(dir, "-stack", "FargateScrape"); err != nil {
			t.Fatal(err, stderr)
		}
		files, err := filepath.Glob(filepath.Join(dir, "cdk.out", "*.template.json"))
		if err != nil || len(files) != 1 {
			t.Fatalf("templates %v, %v; want only FargateScrape's", files, err)
		}
		var template any
		readJSON(t, files[0], &template)
		golden := read(t, "test/testdata/golden/FargateScrape.template.yaml")
		if got := goldenYAML(t, template); string(got) != golden {
			t.Errorf("not what the golden file has: %s", firstDifference(string(got), golden))
		}
	})

	t.Run("a sample of several stacks keeps them all", func(t *testing.T) {
		dir := folderToSynthesizeIn(t)
		if _, stderr, err := run(dir, "-stack", "SharedWorkspace"); err != nil {
			t.Fatal(err, stderr)
		}
		var manifest struct {
			Artifacts map[string]struct{ Type string }
		}
		readJSON(t, filepath.Join(dir, "cdk.out", "manifest.json"), &manifest)
		var names []string
		for name, artifact := range manifest.Artifacts {
			if artifact.Type == "aws:cloudformation:stack" {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		if want := []string{"SharedWorkspace", "SharedWorkspaceOrders", "SharedWorkspacePayments"}; !slices.Equal(names, want) {
			t.Errorf("stacks are %v, want %v", names, want)
		}
	})

	for _, test := range []struct {
		what string
		args []string
		want string
	}{
		{"an unknown sample is refused with the names of all", []string{"-stack", "Nowhere"}, `no sample is called "Nowhere", expected one of FargateScrape, `},
		{"a name without its flag is refused", []string{"FargateScrape"}, `unexpected argument "FargateScrape"`},
		{"another folder is refused", []string{"-stack", "FargateScrape"}, "expected to run in the repository's root"},
	} {
		t.Run(test.what, func(t *testing.T) {
			dir := t.TempDir()
			if _, stderr, err := run(dir, test.args...); err == nil || !strings.Contains(stderr, test.want) {
				t.Errorf("got %v and %q, want %q", err, stderr, test.want)
			}
			if _, err := os.Stat(filepath.Join(dir, "cdk.out")); err == nil {
				t.Error("wrote cdk.out all the same")
			}
		})
	}
}

// folderToSynthesizeIn has what the samples read, so that nothing is written into the repository.
func folderToSynthesizeIn(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"cdk.json", "sampleapp/Dockerfile"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(read(t, name)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestReadmeDescribesTheSamplesAsTheAppDoes keeps the README's table of samples and stacks.All the same.
func TestReadmeDescribesTheSamplesAsTheAppDoes(t *testing.T) {
	rows := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| \[(\w+)\]\(stacks/[^)]*\) \| (.*) \|$`).FindAllStringSubmatch(read(t, "README.md"), -1) {
		rows[row[1]] = strings.ReplaceAll(row[2], "`", "")
	}
	for _, sample := range stacks.All {
		if rows[sample.Name] != sample.Description {
			t.Errorf("the README says of %s %q, stacks.All %q", sample.Name, rows[sample.Name], sample.Description)
		}
		delete(rows, sample.Name)
	}
	for name := range rows {
		t.Errorf("the README has %s, stacks.All does not", name)
	}
}

// cdk.json is the app's contract with the CDK CLI: it runs the app without flags.
func TestCdkCommandHasNoFlags(t *testing.T) {
	var file struct{ App string }
	readJSON(t, "cdk.json", &file)
	if !strings.HasSuffix(file.App, "go run .") {
		t.Errorf("cdk.json runs %q, want it to end in go run .", file.App)
	}
}
