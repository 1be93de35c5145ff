//go:build unix && !linux

package child

import "syscall"

// keep starts the program with a watcher beside it, for systems without a parent-death signal.
func (p *Process) keep(onDeath syscall.Signal, started chan<- error) {
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	dismiss, err := watch(p.PID(), onDeath)
	if err != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		started <- err
		return
	}
	started <- nil
	p.err = p.cmd.Wait()
	dismiss()
	close(p.done)
}
