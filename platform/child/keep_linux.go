package child

import (
	"runtime"
	"syscall"
)

// keep starts the program and waits for it on one locked thread: the kernel sends the death signal when the
// thread that forked the child ends, not when the process does.
func (p *Process) keep(onDeath syscall.Signal, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p.cmd.SysProcAttr.Pdeathsig = onDeath
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	p.err = p.cmd.Wait()
	close(p.done)
}
