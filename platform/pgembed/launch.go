//go:build unix

package pgembed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"heyue/platform/child"
	"heyue/platform/filelock"
)

// launching is what a start has found and made before the server runs.
type launching struct {
	bin      binaries
	as       *account
	lock     *filelock.Lock
	settings map[string]string
}

// prepare leaves a cluster and a socket folder that the server can use. The caller holds the folder's lock.
func (s *Server) prepare(ctx context.Context, options Options) (*launching, error) {
	major, err := s.dir.major()
	if err != nil {
		return nil, err
	}
	l := &launching{}
	if l.bin, err = find(ctx, options.BinDir, major); err != nil {
		return nil, err
	}
	if l.as, err = chooseAccount(s.dir.cluster(), options.User); err != nil {
		return nil, err
	}
	if err := errors.Join(l.as.reach(string(s.dir)), l.as.reach(l.bin.dir)); err != nil {
		return nil, err
	}
	if l.lock, err = s.waitForOrphan(ctx); err != nil {
		return nil, err
	}
	if err := s.makeFolders(ctx, l); err != nil {
		_ = l.lock.Release()
		return nil, err
	}
	s.Info = Info{PID: os.Getpid(), Version: l.bin.version, SocketDir: s.SocketDir, Port: port}
	l.settings = settings(s.SocketDir, options)
	return l, nil
}

// waitForOrphan waits for a server whose parent was killed: it got its signal to shut down, and holds this
// lock until it and its last helper are gone.
func (s *Server) waitForOrphan(ctx context.Context) (*filelock.Lock, error) {
	ctx, cancel := context.WithTimeout(ctx, fastStop)
	defer cancel()
	lock, err := filelock.Wait(ctx, s.dir.childLock())
	if errors.Is(err, filelock.ErrHeld) {
		old, _ := s.dir.read()
		return nil, fmt.Errorf("a PostgreSQL server of an earlier run (process %d) still works on %s and has not stopped: %w",
			old.PostgresPID, s.dir.cluster(), err)
	}
	return lock, err
}

func (s *Server) makeFolders(ctx context.Context, l *launching) error {
	if old, ok := s.dir.read(); ok {
		s.dir.forget(old.SocketDir)
	}
	if err := s.initialise(ctx, l); err != nil {
		return err
	}
	dir, err := s.dir.socketDir()
	if err != nil {
		return err
	}
	s.SocketDir = dir
	return l.as.own(dir)
}

// initialise makes the cluster if there is none. It becomes visible under its name only when it is complete.
func (s *Server) initialise(ctx context.Context, l *launching) error {
	if _, err := os.Stat(s.dir.cluster()); err == nil {
		return nil
	}
	defer func() { _ = os.RemoveAll(s.dir.fresh()) }()
	var problem error
	for _, locale := range locales {
		if err := os.RemoveAll(s.dir.fresh()); err != nil {
			return fmt.Errorf("remove what an interrupted start left: %w", err)
		}
		if err := l.as.own(s.dir.fresh()); err != nil {
			return err
		}
		if problem = l.initdb(ctx, s.dir, locale); problem == nil {
			break
		}
		if !strings.Contains(problem.Error(), "locale") {
			return problem
		}
	}
	if problem != nil {
		return problem
	}
	if err := os.Rename(s.dir.fresh(), s.dir.cluster()); err != nil {
		return fmt.Errorf("put the new cluster in its place: %w", err)
	}
	return nil
}

// locales are tried in order: names sort by code point everywhere, and characters outside ASCII are letters,
// without which trigram search would drop every Chinese one. A Mac has no C.UTF-8.
var locales = [...][]string{
	{"--locale=C.UTF-8"},
	{"--locale=C", "--lc-ctype=en_US.UTF-8"},
	{"--locale=C", "--lc-ctype=UTF-8"},
}

func (l *launching) initdb(ctx context.Context, dir folder, locale []string) error {
	// Trust is safe: only the server's account and root may enter the folder of the only socket.
	args := []string{"-D", dir.fresh(), "-U", superuser, "-E", "UTF8", "--auth=trust", "--no-sync", "--no-instructions"}
	cmd := l.command("initdb", dir, append(args, locale...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	p, err := child.Start(cmd, syscall.SIGKILL)
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.Kill()
		return fmt.Errorf("make a database cluster: %w", ctx.Err())
	}
	if p.Err() != nil {
		return fmt.Errorf("make a database cluster with initdb: %w: %s", p.Err(), strings.TrimSpace(out.String()))
	}
	return nil
}

// command runs a program of PostgreSQL as the account, in a folder the account may be in, with nothing from
// our environment that could steer it. A Mac's postgres wants a locale there to be sure of one thread.
func (l *launching) command(program string, dir folder, args ...string) *exec.Cmd {
	cmd := exec.Command(l.bin.path(program), args...)
	cmd.Dir = string(dir)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = l.as.attributes()
	return cmd
}

// settings are the server's, weakest first: ours, those for tests, the caller's.
func settings(socketDir string, options Options) map[string]string {
	all := map[string]string{
		"listen_addresses":        "",
		"unix_socket_directories": `"` + strings.ReplaceAll(socketDir, `"`, `""`) + `"`,
		"unix_socket_permissions": "0700",
		"port":                    strconv.Itoa(port),
		"cluster_name":            Database,
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"lc_messages":             "C",
		"logging_collector":       "off",
		"log_line_prefix":         "%m [%p] %q%u@%d ",
		"jit":                     "off", // costs more than it saves on statements of a few milliseconds
		"max_connections":         "200",
	}
	if options.NoSync {
		maps.Copy(all, map[string]string{
			"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off",
			"wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "512MB",
		})
	}
	maps.Copy(all, options.Settings)
	return all
}

// launch runs the server and waits until it accepts connections.
func (s *Server) launch(ctx context.Context, l *launching) error {
	log, err := openLog(s.dir.log())
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	mark, err := log.Seek(0, 2)
	if err != nil {
		return fmt.Errorf("find the end of the server's log: %w", err)
	}
	args := []string{"-D", s.dir.cluster()}
	for _, name := range slices.Sorted(maps.Keys(l.settings)) {
		args = append(args, "-c", name+"="+l.settings[name])
	}
	cmd := l.command("postgres", s.dir, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{l.lock.File()}
	if s.process, err = child.Start(cmd, syscall.SIGINT); err != nil {
		return err
	}
	s.PostgresPID = s.process.PID()
	if err := s.awaitReady(ctx); err != nil {
		return fmt.Errorf("start PostgreSQL: %w%s", err, tail(s.dir.log(), mark))
	}
	return nil
}

func (s *Server) awaitReady(ctx context.Context) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		select {
		case <-s.process.Done():
			return errors.Join(errors.New("it ended at once"), s.process.Err())
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if s.ready() {
				return nil
			}
		}
	}
}

// ready reads the server's own pid file, whose first line is its process and whose eighth its state.
func (s *Server) ready() bool {
	text, err := os.ReadFile(filepath.Join(s.dir.cluster(), "postmaster.pid"))
	if err != nil {
		return false
	}
	lines := strings.Split(string(text), "\n")
	return len(lines) > 7 && lines[0] == strconv.Itoa(s.PostgresPID) && strings.TrimSpace(lines[7]) == "ready"
}
