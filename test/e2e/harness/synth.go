package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Synth runs the project's own app, without the CDK CLI, and leaves its templates in out. root is the repository.
func Synth(ctx context.Context, root, out string) error {
	raw, err := os.ReadFile(filepath.Join(root, "cdk.json"))
	if err != nil {
		return err
	}
	var cdk struct{ Context json.RawMessage }
	if err := json.Unmarshal(raw, &cdk); err != nil {
		return fmt.Errorf("cdk.json: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "run", ".")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), // of this process: go and node need it
		"CDK_OUTDIR="+out, "CDK_CONTEXT_JSON="+string(cdk.Context), "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=1",
		"CDK_VALIDATION=false", // make synth validates; it costs seconds
	)
	return run(cmd)
}

// Build compiles a package, as seen from dir, to the program out.
func Build(ctx context.Context, dir, pkg, out string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", out, pkg)
	cmd.Dir = dir
	return run(cmd)
}

func run(cmd *exec.Cmd) error {
	cmd.WaitDelay = 5 * time.Second // for what a killed program has started, which keeps its output open
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s in %s: %w\n%s", cmd, cmd.Dir, err, output)
	}
	return nil
}
