package harness

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// linkedAddress is where a linked container is found: on loopback, but not where a server listens that means its own container.
const linkedAddress = "127.0.0.2"

// contain makes a container of a child: what it starts ends with it, and the kernel kills it when a test run is killed, so that
// it does not keep its ports.
func contain(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killAll kills the child and what it has started.
func killAll(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// residentMemory gives the high-water mark of a process, and how much of its memory now is not of files, in bytes; 0 if it has
// ended. It is not taken from Rusage, where Linux counts what the parent had at the time of the fork.
func residentMemory(pid int) (peak, anonymous int64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0
	}
	return field(status, "VmHWM:"), field(status, "RssAnon:")
}

func field(status []byte, name string) int64 {
	_, after, found := bytes.Cut(status, []byte(name))
	var kib int64
	if _, err := fmt.Sscan(string(after), &kib); !found || err != nil {
		return 0
	}
	return kib << 10
}

// cpuTime gives user and system time of a running process; 0 if it has ended.
func cpuTime(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]) // from the third on: the second may contain spaces
	var user, system int64
	if _, err := fmt.Sscan(string(fields[11])+" "+string(fields[12]), &user, &system); err != nil {
		return 0
	}
	const ticksPerSecond = 100 // USER_HZ, the same on all architectures that Go has
	return time.Duration(user+system) * time.Second / ticksPerSecond
}
