//go:build !linux

package harness

import (
	"os/exec"
	"time"
)

// linkedAddress is 127.0.0.1 where that may be the only loopback address; a server that wrongly listens on it alone is not noticed.
const linkedAddress = "127.0.0.1"

func contain(*exec.Cmd) {}

func killAll(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func residentMemory(int) (peak, anonymous int64) { return 0, 0 }

func cpuTime(int) time.Duration { return 0 }
