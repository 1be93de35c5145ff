//go:build unix

package child

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// helper makes this test binary act as a parent that starts a program and waits to be killed.
const helper = "HEYUE_TEST_CHILD_HELPER"

func TestMain(m *testing.M) {
	switch os.Getenv(helper) {
	case "child":
		parent(func() (int, error) {
			p, err := Start(sleeper(), syscall.SIGTERM)
			if err != nil {
				return 0, err
			}
			return p.PID(), nil
		})
	case "watch":
		parent(func() (int, error) {
			cmd := sleeper()
			if err := cmd.Start(); err != nil {
				return 0, err
			}
			_, err := watch(cmd.Process.Pid, syscall.SIGTERM)
			return cmd.Process.Pid, err
		})
	default:
		os.Exit(m.Run())
	}
}

// sleeper holds our standard output open, so that whoever reads it sees the end of the last holder.
func sleeper() *exec.Cmd {
	cmd := exec.Command("sleep", "1000")
	cmd.Stdout = os.Stdout
	return cmd
}

func parent(start func() (int, error)) {
	pid, err := start()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(pid)
	select {}
}

func TestProgramDiesWithItsKilledParent(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"child", "watch"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), helper+"="+mode)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(out)
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(line))
			if err != nil {
				t.Fatal(line)
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			// End of file: the parent and the program, the only holders of this pipe, are both gone.
			if rest, err := lines.ReadString(0); err == nil {
				t.Fatalf("unexpected output %q", rest)
			}
			_ = cmd.Wait()
			if alive(pid) {
				t.Errorf("program %d outlived its parent", pid)
			}
		})
	}
}

// alive tells whether pid runs; an orphan that has exited but was not reaped yet does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	out, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && !strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
}

func TestProcessReportsItsEnd(t *testing.T) {
	t.Parallel()
	p, err := Start(exec.Command("sh", "-c", "exit 3"), syscall.SIGTERM)
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	var exit *exec.ExitError
	if !errors.As(p.Err(), &exit) || exit.ExitCode() != 3 {
		t.Errorf("got %v, want exit status 3", p.Err())
	}
	if err := p.Signal(syscall.SIGTERM); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("signal after the end: got %v, want ErrProcessDone", err)
	}
	p.Kill()
}

func TestProcessHasAGroupOfItsOwn(t *testing.T) {
	t.Parallel()
	p, err := Start(exec.Command("sleep", "1000"), syscall.SIGTERM)
	if err != nil {
		t.Fatal(err)
	}
	group, err := syscall.Getpgid(p.PID())
	if err != nil {
		t.Fatal(err)
	}
	if group != p.PID() {
		t.Errorf("process group %d, want %d", group, p.PID())
	}
	p.Kill()
	<-p.Done()
}

func TestStartNamesAMissingProgram(t *testing.T) {
	t.Parallel()
	_, err := Start(exec.Command("/nonexistent/program"), syscall.SIGTERM)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "/nonexistent/program") {
		t.Errorf("got %v, want a not-exist error naming the program", err)
	}
}

func TestDismissedWatcherSignalsNobody(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	dismiss, err := watch(cmd.Process.Pid, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	dismiss()
	if !alive(cmd.Process.Pid) {
		t.Error("the dismissed watcher killed the program")
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}
