package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Process is one running container: a child process and its log.
type Process struct {
	Name string

	cmd  *exec.Cmd
	log  logBuffer
	done chan struct{}
	err  error     // of cmd.Wait, once done is closed
	end  time.Time // once done is closed
	peak atomic.Int64
	anon atomic.Int64
}

// logBuffer collects a child's output.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// start runs a program under another argv[0], with exactly this environment.
func start(name, path, argv0 string, args, env []string, dir string) (*Process, error) {
	p := &Process{Name: name, done: make(chan struct{})}
	p.cmd = &exec.Cmd{Path: path, Args: append([]string{argv0}, args...), Env: env, Dir: dir, Stdout: &p.log, Stderr: &p.log}
	p.cmd.WaitDelay = time.Second // for what it has started and left behind, which may keep its log open
	contain(p.cmd)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() {
		p.err, p.end = p.cmd.Wait(), time.Now()
		if errors.Is(p.err, exec.ErrWaitDelay) {
			p.err = nil
		}
		killAll(p.cmd)
		close(p.done)
	}()
	go func() {
		for {
			peak, anon := residentMemory(p.Pid())
			p.peak.Store(max(p.peak.Load(), peak))
			p.anon.Store(max(p.anon.Load(), anon))
			select {
			case <-p.done:
				return
			case <-time.After(250 * time.Millisecond):
			}
		}
	}()
	return p, nil
}

// Log is everything the process has written.
func (p *Process) Log() string { return p.log.String() }

// LogLines gives the lines of the collector's log at a level: "warn", "error".
func (p *Process) LogLines(level string) []string {
	var lines []string
	for line := range strings.SplitSeq(p.Log(), "\n") {
		if strings.Contains(line, "\t"+level+"\t") {
			lines = append(lines, line)
		}
	}
	return lines
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Ended is when a process that has ended did so.
func (p *Process) Ended() time.Time {
	<-p.done
	return p.end
}

// Pid is the process id, for measurements.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Kill is a SIGKILL: a crash.
func (p *Process) Kill() {
	select {
	case <-p.done: // its id may be another's by now
	default:
		killAll(p.cmd)
		<-p.done
	}
}

// Stop does what ECS does: SIGTERM, and SIGKILL after the grace. It is an error if SIGKILL was needed, or if the process had
// already ended, or ended with a failure.
func (p *Process) Stop(grace time.Duration) error {
	select {
	case <-p.done:
		return fmt.Errorf("%s ended by itself: %v\n%s", p.Name, p.err, p.Tail(20))
	default:
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(grace):
		p.Kill()
		return fmt.Errorf("%s did not stop within %s\n%s", p.Name, grace, p.Tail(20))
	}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGTERM {
		return nil // has no handler for SIGTERM: an orderly end for an app
	}
	if p.err != nil {
		return fmt.Errorf("%s: %w\n%s", p.Name, p.err, p.Tail(20))
	}
	return nil
}

// Usage gives CPU time and peak resident memory of a process that has ended. Memory is 0 where the system does not tell it.
func (p *Process) Usage() (cpu time.Duration, peakBytes int64) {
	<-p.done
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime(), p.peak.Load()
}

// CPU is the time that a running process has used so far.
func (p *Process) CPU() time.Duration { return cpuTime(p.Pid()) }

// Peak is the most resident memory so far, in bytes; 0 where the system does not tell it. private is the part that is not a copy
// of a file, which the kernel could not take back: what counts against the limit of a container in the end.
func (p *Process) Peak() (all, private int64) { return p.peak.Load(), p.anon.Load() }

// Tail is the end of the log, for messages.
func (p *Process) Tail(lines int) string {
	all := strings.Split(strings.TrimSpace(p.Log()), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// eventually polls until check gives no error, the process ends or the time is over.
func eventually(ctx context.Context, timeout time.Duration, p *Process, check func() error) error {
	deadline := time.After(timeout)
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.Done():
			return fmt.Errorf("%s ended: %v\n%s", p.Name, p.err, p.Tail(20))
		case <-deadline:
			return fmt.Errorf("after %s: %w", timeout, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
