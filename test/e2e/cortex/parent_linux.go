package cortex

import (
	"os/exec"
	"syscall"
)

// endWithParent has the kernel kill the child when a test run is killed, so that it does not keep its ports.
func endWithParent(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
