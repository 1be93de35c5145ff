//go:build unix

// Package child runs server programs (PostgreSQL, Redis) that must never outlive this process, not even when
// it is killed with SIGKILL and gets no chance to stop them.
package child

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// Process is a running program in a process group of its own, so that Ctrl-C in a terminal reaches us and
// not it: the program is stopped when we have finished with it.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Start runs cmd. When this process dies the program gets the signal onDeath: from the kernel on Linux, from
// a tiny watching shell elsewhere. Start takes over cmd.SysProcAttr's process group and death signal; what
// else the caller put there (a credential) stays. The error is that of exec.Cmd.Start.
func Start(cmd *exec.Cmd, onDeath syscall.Signal) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go p.keep(onDeath, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// PID is the process id; it names this program only until Done is closed.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the program has exited and was reaped.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is how the program ended: nil for exit status 0. It may be called only after Done is closed.
func (p *Process) Err() error { return p.err }

// Signal sends sig; os.ErrProcessDone when the program has already ended.
func (p *Process) Signal(sig os.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil {
		return fmt.Errorf("signal %s: %w", p.cmd.Path, err)
	}
	return nil
}

// Kill sends SIGKILL to the program's whole process group and waits for its end.
func (p *Process) Kill() {
	select {
	case <-p.done:
		return
	default:
	}
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL)
	<-p.done
}
