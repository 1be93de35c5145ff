//go:build unix

package pgembed_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"heyue/platform/pgembed"
)

// dataDir is a fresh folder that the server's account can get to, which t.TempDir is not when we are root.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgembed")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "data")
}

func start(t *testing.T, options pgembed.Options) *pgembed.Server {
	t.Helper()
	options.NoSync = true
	options.BinDir = os.Getenv(pgembed.BinDirVariable)
	s, err := pgembed.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

func query[T any](t *testing.T, dsn, statement string) T {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var value T
	if err := db.QueryRowContext(t.Context(), statement).Scan(&value); err != nil {
		t.Fatal(statement, ": ", err)
	}
	return value
}

func TestServerLivesThroughRestarts(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	first := start(t, pgembed.Options{DataDir: dir, Settings: map[string]string{"work_mem": "7MB"}})
	if got := query[string](t, first.AppDSN(), "SHOW work_mem"); got != "7MB" {
		t.Errorf("the caller's setting: got %s", got)
	}
	for statement, want := range map[string]string{
		"SHOW server_encoding": "UTF8", "SHOW timezone": "UTC", "SHOW listen_addresses": "", "SHOW fsync": "off",
		"SELECT ('合' ~ '\\w')::text": "true", // a letter, or trigrams would not see it
	} {
		if got := query[string](t, first.AppDSN(), statement); got != want {
			t.Errorf("%s: got %q, want %q", statement, got, want)
		}
	}
	_ = query[int](t, first.OwnerDSN(), "CREATE TABLE kept AS SELECT 42 AS n; SELECT n FROM kept")
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, ok := pgembed.Find(t.Context(), dir); ok {
		t.Error("a stopped server is found")
	}
	second := start(t, pgembed.Options{DataDir: dir})
	if got := query[int](t, second.OwnerDSN(), "SELECT n FROM kept"); got != 42 {
		t.Errorf("the second start has other data: %d", got)
	}
}

func TestRolesAreNarrowAndAreNarrowedAgain(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	const all = `SELECT string_agg(format('%s login=%s super=%s bypass=%s create=%s', rolname, rolcanlogin, rolsuper,
		rolbypassrls, rolcreatedb OR rolcreaterole), '; ' ORDER BY rolname) FROM pg_roles WHERE rolname LIKE 'heyue%'`
	const want = "heyue_app login=t super=f bypass=f create=f; heyue_owner login=t super=f bypass=f create=f; " +
		"heyue_search login=f super=f bypass=t create=f; heyue_system login=t super=f bypass=f create=f"
	first := start(t, pgembed.Options{DataDir: dir})
	if got := query[string](t, first.AppDSN(), all); got != want {
		t.Errorf("roles\n got %s\nwant %s", got, want)
	}
	_ = query[int](t, first.SuperDSN(pgembed.Database), "ALTER ROLE heyue_app SUPERUSER BYPASSRLS CREATEDB; SELECT 1")
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	second := start(t, pgembed.Options{DataDir: dir})
	if got := query[string](t, second.AppDSN(), all); got != want {
		t.Errorf("roles after somebody widened them\n got %s\nwant %s", got, want)
	}
}

func TestOnlyOneOfManyStartsRunsTheServer(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	const many = 4
	servers, infos := make(chan *pgembed.Server, many), make(chan pgembed.Info, many)
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			s, err := pgembed.Start(t.Context(), pgembed.Options{DataDir: dir, NoSync: true})
			var running *pgembed.RunningError
			switch {
			case err == nil:
				servers <- s
			case errors.As(err, &running) && errors.Is(err, pgembed.ErrRunning):
				infos <- running.Info
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(servers) != 1 || len(infos) != many-1 {
		t.Fatalf("%d servers and %d references, want 1 and %d", len(servers), len(infos), many-1)
	}
	s, i := <-servers, <-infos
	if i != s.Info {
		t.Errorf("the reference %+v differs from the server %+v", i, s.Info)
	}
	if got := query[string](t, i.AppDSN(), "SELECT current_user::text"); got != pgembed.AppRole {
		t.Errorf("connected as %s", got)
	}
	found, ok := pgembed.Find(t.Context(), dir)
	if !ok || found != s.Info {
		t.Errorf("Find: got %+v %v", found, ok)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

func TestCancelledStartLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, sign := range map[string]string{
		"before anything": "server.lock", "in initdb": "pg.new/PG_VERSION",
		"in the server's start": "pg/postmaster.pid", "making the roles": "run/.s.PGSQL.5432",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := dataDir(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go cancelWhenThere(ctx, cancel, filepath.Join(dir, sign))
			s, err := pgembed.Start(ctx, pgembed.Options{DataDir: dir, NoSync: true})
			if err == nil { // it was ready before the cancellation was seen
				if err := s.Stop(); err != nil {
					t.Error(err)
				}
			}
			for _, left := range []string{"pg.new", "server.json", "pg/postmaster.pid", "run/.s.PGSQL.5432"} {
				if _, err := os.Stat(filepath.Join(dir, left)); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("%s is left (%v)", left, err)
				}
			}
			next := start(t, pgembed.Options{DataDir: dir})
			if got := query[int](t, next.AppDSN(), "SELECT 1"); got != 1 {
				t.Error(got)
			}
		})
	}
}

func cancelWhenThere(ctx context.Context, cancel func(), path string) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := os.Stat(path); err == nil {
				cancel()
			}
		}
	}
}

func TestSocketGoesToAFolderThatClientsCanName(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dir    string
		inside bool
	}{
		"blanks, quotes, Chinese": {`a "b" 合约`, true},
		"comma":                   {"a,b", false},
		"long":                    {strings.Repeat("a long name ", 10), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(dataDir(t), c.dir)
			s := start(t, pgembed.Options{DataDir: dir})
			if inside := strings.HasPrefix(s.SocketDir, dir); inside != c.inside {
				t.Errorf("socket folder %s", s.SocketDir)
			}
			if info, err := os.Stat(s.SocketDir); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("others can enter the socket folder: %v %v", info, err)
			}
			if got := query[int](t, s.AppDSN(), "SELECT 1"); got != 1 {
				t.Error(got)
			}
			if err := s.Stop(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(s.SocketDir); !c.inside && !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the socket folder is left: %v", err)
			}
		})
	}
}

func TestCrashOfTheServerIsSeenAndSurvived(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	first := start(t, pgembed.Options{DataDir: dir})
	if err := syscall.Kill(first.PostgresPID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-first.Done()
	if err := first.Stop(); err == nil {
		t.Error("Stop hides that the server had crashed")
	}
	second := start(t, pgembed.Options{DataDir: dir})
	if got := query[int](t, second.AppDSN(), "SELECT 1"); got != 1 {
		t.Error(got)
	}
}

func TestStartNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options func(dir string) pgembed.Options
		says    string
	}{
		"no folder":   {func(string) pgembed.Options { return pgembed.Options{} }, "needs a data folder"},
		"no programs": {func(dir string) pgembed.Options { return pgembed.Options{DataDir: dir, BinDir: "/nonexistent"} }, pgembed.BinDirVariable + "=/nonexistent"},
		"wrong setting": {func(dir string) pgembed.Options {
			return pgembed.Options{DataDir: dir, Settings: map[string]string{"no_such_setting": "1"}}
		}, `unrecognized configuration parameter "no_such_setting"`},
		"other release": {func(dir string) pgembed.Options {
			if err := os.MkdirAll(filepath.Join(dir, "pg"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "pg", "PG_VERSION"), []byte("7\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			return pgembed.Options{DataDir: dir}
		}, "written by PostgreSQL 7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := pgembed.Start(t.Context(), c.options(dataDir(t)))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want it to say %q", err, c.says)
			}
		})
	}
}
