//go:build unix

// Package redistest gives tests a real redis-server. URL is a clean database on a server that all tests of
// the process share; Start is a server of the test's own that it may stop, freeze and bring back.
//
// Tests never skip for want of Redis: they fail and say how to get it.
package redistest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"heyue/platform/child"
)

// databases is how many databases a server has: one for each test of a process.
const databases = 4096

// Ports below those that systems hand out by themselves, so that a server finds its port free again after
// a restart.
const firstPort, ports = 20000, 12000

// ServerGoroutine is the function of the goroutine that waits for the shared server as long as the test
// process lives; a package that looks for leaked goroutines passes it to goleak.IgnoreAnyFunction.
const ServerGoroutine = "heyue/platform/child.(*Process).keep"

// shared is the process's server and the number of databases given away. It is global because a test process
// has no other place that all its tests reach; the kernel ends the server with the process.
var (
	shared = sync.OnceValues(func() (*Server, error) { return launch(context.Background()) })
	given  atomic.Int64
)

// URL gives a clean database on a shared server. Channels of publish and subscribe are not separated by
// database, so a test that listens to all of them takes a server of its own with Start.
func URL(t testing.TB) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal("a Redis server for tests: ", err)
	}
	n := given.Add(1)
	if n >= databases {
		t.Fatalf("more than %d tests of one process asked for a Redis database", databases)
	}
	return s.url(int(n))
}

// Server is a redis-server that belongs to one test.
type Server struct {
	port    int
	process *child.Process
	more    []string // arguments
}

// Start runs a server until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	return startWith(t)
}

// startWith runs a server with more arguments, of which the first may be a file of settings.
func startWith(t testing.TB, more ...string) *Server {
	t.Helper()
	s, err := launch(t.Context(), more...)
	if err != nil {
		t.Fatal("a Redis server for a test: ", err)
	}
	t.Cleanup(func() { s.process.Kill() })
	return s
}

// Addr is the server's host and port.
func (s *Server) Addr() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

// URL is the server's address; it stays the same over a restart.
func (s *Server) URL() string { return s.url(0) }

func (s *Server) url(database int) string {
	return "redis://127.0.0.1:" + strconv.Itoa(s.port) + "/" + strconv.Itoa(database)
}

// Stop ends the server at once, as a crash would: connections break and new ones are refused.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.process.Kill()
}

// Restart brings the server back, empty, on the same address. A running one is stopped first.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.process.Kill()
	process, err := run(t.Context(), s.port, s.more...)
	if err != nil {
		t.Fatal("restart Redis: ", err)
	}
	s.process = process
}

// Pause freezes the server: connections stay open and new ones are accepted, but nothing is answered.
func (s *Server) Pause(t testing.TB) {
	t.Helper()
	if err := s.process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal("pause Redis: ", err)
	}
}

// Resume thaws a paused server, which then answers what has waited.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	if err := s.process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal("resume Redis: ", err)
	}
}

// launch runs a server on some port.
func launch(ctx context.Context, more ...string) (*Server, error) {
	const attempts = 20
	var problem error
	for range attempts {
		port := firstPort + rand.IntN(ports)
		process, err := run(ctx, port, more...)
		if err == nil {
			return &Server{port: port, process: process, more: more}, nil
		}
		if problem = err; !errors.Is(err, errPort) {
			break
		}
	}
	return nil, problem
}

var errPort = errors.New("the port is taken")

// run starts redis-server and returns when it is ready. Nothing is kept on disk. A frozen process acts on no
// other signal than SIGKILL, hence that as the signal for our own death.
func run(ctx context.Context, port int, more ...string) (*child.Process, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("redis-server is not installed; install the package `redis-server` (Debian, Ubuntu) or `redis` (Fedora, Alpine, Homebrew): %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("pipe for Redis's log: %w", err)
	}
	args := []string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--databases", strconv.Itoa(databases), "--dir", os.TempDir(), "--daemonize", "no", "--logfile", ""}
	if len(more) > 0 && !strings.HasPrefix(more[0], "--") {
		args = append(more[:len(more):len(more)], args...)
	} else {
		args = append(args, more...)
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, args...)
	cmd.Stdout, cmd.Stderr = write, write
	process, err := child.Start(cmd, syscall.SIGKILL)
	_ = write.Close()
	if err != nil {
		_ = read.Close()
		return nil, err
	}
	if err := awaitReady(read); err != nil {
		process.Kill()
		return nil, err
	}
	return process, nil
}

// awaitReady reads the log until the server says that it accepts connections, and goes on reading it until
// the server ends, so that the server never waits for us.
func awaitReady(log *os.File) error {
	lines := bufio.NewReader(log)
	var said strings.Builder
	for {
		line, err := lines.ReadString('\n')
		said.WriteString(line)
		switch {
		case strings.Contains(line, "Ready to accept connections"), strings.Contains(line, "Sentinel ID is"):
			go func() {
				_, _ = io.Copy(io.Discard, lines)
				_ = log.Close()
			}()
			return nil
		case strings.Contains(line, "Address already in use"):
			_ = log.Close()
			return errPort
		case err != nil:
			_ = log.Close()
			return fmt.Errorf("redis-server did not start; it said: %s", said.String())
		}
	}
}
