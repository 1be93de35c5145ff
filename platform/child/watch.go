//go:build unix

package child

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// watcher waits on a pipe that only our process can write to. A line means that all is well and the watched
// program has ended; end of file without one means that we died.
const watcher = `read -r word; [ "$word" = done ] || kill -"$2" "$1"`

// watch starts a shell that signals pid when this process dies. The caller must call dismiss as soon as pid
// has been waited for, before the system can give the number to another process.
func watch(pid int, sig syscall.Signal) (dismiss func(), err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("pipe for the watcher: %w", err)
	}
	cmd := exec.Command("/bin/sh", "-c", watcher, "watch", strconv.Itoa(pid), strconv.Itoa(int(sig)))
	cmd.Stdin = read
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = cmd.Start()
	_ = read.Close()
	if err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("start the watcher: %w", err)
	}
	return func() {
		_, _ = write.WriteString("done\n")
		_ = write.Close()
		_ = cmd.Wait()
	}, nil
}
