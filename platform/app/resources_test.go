package app_test

import (
	"context"
	"database/sql"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"heyue/platform/app"
	"heyue/platform/config"
	"heyue/platform/pgtest"
	"heyue/tenancy"
)

// settings reads a configuration whose data folder is this test's own.
func settings(t *testing.T, vars map[string]string) config.Config {
	t.Helper()
	all := map[string]string{"HEYUE_DATA_DIR": dataDir(t), "HEYUE_PG_BINDIR": os.Getenv("HEYUE_PG_BINDIR")}
	maps.Copy(all, vars)
	c, err := config.Read(config.Machine{Vars: all})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// dataDir is a folder that PostgreSQL's account can reach, which it cannot in the mode that t.TempDir gives as root.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "heyue-app-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "data")
}

func resources(t *testing.T, c config.Config, sole bool) *app.Resources {
	t.Helper()
	r := app.NewResources(app.Options{Config: c, Log: slog.New(slog.DiscardHandler), Sole: sole})
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func currentUser(t *testing.T, ctx context.Context, db *sql.DB) string {
	t.Helper()
	var name string
	if err := db.QueryRowContext(ctx, "SELECT current_user").Scan(&name); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestBuiltInServer walks through the life of a data folder: a server that stays, a short command beside it, a second
// server that is refused, and a command after it has ended.
func TestBuiltInServer(t *testing.T) {
	t.Parallel()
	c := settings(t, nil)
	ctx := t.Context()
	server := resources(t, c, true)
	pool, err := server.Pool(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got := currentUser(t, tenancy.With(ctx, 1), pool); got != "heyue_app" {
		t.Errorf("the pool is %s", got)
	}
	system, err := server.System(ctx)
	if err != nil || currentUser(t, ctx, system) != "heyue_system" {
		t.Fatalf("system pool: %v", err)
	}
	if again, err := server.Pool(ctx); again != pool || err != nil {
		t.Errorf("a second pool was made: %v", err)
	}

	command := resources(t, c, false)
	owner, err := command.Owner(ctx)
	if err != nil {
		t.Fatalf("owner beside a running server: %v", err)
	}
	plain, err := sql.Open("postgres", owner)
	if err != nil {
		t.Fatal(err)
	}
	if got := currentUser(t, ctx, plain); got != "heyue_owner" {
		t.Errorf("the owner is %s", got)
	}
	if err := plain.Close(); err != nil {
		t.Error(err)
	}
	if command.DatabaseEnded() != nil {
		t.Error("the command believes that it runs the server")
	}
	if err := command.Close(); err != nil {
		t.Fatal(err)
	}
	if got := currentUser(t, ctx, system); got != "heyue_system" {
		t.Error("the command's end took the server along")
	}

	second := resources(t, c, true)
	if _, err := second.Pool(ctx); err == nil || !strings.Contains(err.Error(), "already runs") || strings.Contains(err.Error(), "\n") {
		t.Errorf("a second server on the folder: %v", err)
	}

	ended := server.DatabaseEnded()
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	<-ended
	alone := resources(t, c, false)
	if _, err := alone.Pool(ctx); err != nil {
		t.Errorf("a command without a server beside it: %v", err)
	}
}

func TestGivenDatabase(t *testing.T) {
	t.Parallel()
	db := pgtest.Empty(t)
	r := resources(t, settings(t, map[string]string{
		"DATABASE_URL": db.AppDSN, "DATABASE_OWNER_URL": db.OwnerDSN, "DATABASE_SYSTEM_URL": db.SystemDSN, "HEYUE_TENANT_SCOPE": "tx",
	}), true)
	pool, err := r.Pool(t.Context())
	if err != nil || currentUser(t, tenancy.With(t.Context(), 1), pool) != "heyue_app" {
		t.Fatalf("pool: %v", err)
	}
	if owner, err := r.Owner(t.Context()); owner != db.OwnerDSN || err != nil {
		t.Errorf("owner %q, %v", owner, err)
	}
	if r.DatabaseEnded() != nil {
		t.Error("a server of its own runs though a database was given")
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r := resources(t, settings(t, map[string]string{"DATABASE_URL": "postgres://app:hunter2@" + free + "/heyue?sslmode=disable"}), false)
	ctx := t.Context()
	tests := map[string]func() error{
		"DATABASE_OWNER_URL":                    func() error { _, err := r.Owner(ctx); return err },
		"DATABASE_SYSTEM_URL":                   func() error { _, err := r.System(ctx); return err },
		"/heyue at " + free + " (DATABASE_URL)": func() error { _, err := r.Pool(ctx); return err },
	}
	for want, call := range tests {
		err := call()
		if err == nil || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\n") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("error %v; want one line with %q and no password", err, want)
		}
	}
	broken := resources(t, settings(t, map[string]string{"HEYUE_PG_BINDIR": "/nowhere"}), false)
	if _, err := broken.Pool(ctx); err == nil || !strings.Contains(err.Error(), "HEYUE_PG_BINDIR") || strings.Contains(err.Error(), "\n") {
		t.Errorf("no programs: %v", err)
	}
}

func TestSecretIsKept(t *testing.T) {
	t.Parallel()
	c := settings(t, nil)
	first, err := resources(t, c, false).Secret(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := resources(t, c, false)
	for range 2 {
		if again, err := r.Secret(t.Context()); err != nil || again != first {
			t.Errorf("the key changed: %v", err)
		}
	}
	info, err := os.Stat(filepath.Join(string(c.Storage.DataDir), "secret.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", info, err)
	}
	blocked := settings(t, map[string]string{"HEYUE_DATA_DIR": "/dev/null/x"})
	if _, err := resources(t, blocked, false).Secret(t.Context()); err == nil || !strings.Contains(err.Error(), "HEYUE_DATA_DIR") {
		t.Errorf("a folder that cannot be made: %v", err)
	}
}
