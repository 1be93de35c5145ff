package app

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"heyue/platform/config"
	"heyue/platform/pgtest"
	"heyue/platform/secret"
)

// against makes the resources of a process on a database of the test's own. Extra settings come in pairs.
func against(t *testing.T, db *pgtest.DB, extra ...string) *Resources {
	t.Helper()
	vars := map[string]string{
		"DATABASE_URL": db.AppDSN, "DATABASE_SYSTEM_URL": db.SystemDSN, "HEYUE_DATA_DIR": t.TempDir(),
		"HEYUE_SECRET_KEY": base64.StdEncoding.EncodeToString(make([]byte, secret.Size)),
		"HEYUE_ADDR":       "127.0.0.1:0", "HEYUE_INTERNAL_ADDR": "127.0.0.1:0",
		"HEYUE_DRAIN_DELAY": "0s", "HEYUE_STREAM_DRAIN_JITTER": "1ms",
	}
	for i := 0; i+1 < len(extra); i += 2 {
		vars[extra[i]] = extra[i+1]
	}
	cfg, err := config.Read(config.Machine{Vars: vars})
	if err != nil {
		t.Fatal(err)
	}
	r := NewResources(Options{Config: cfg, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// serving is a process that serves.
type serving struct {
	services      *Services
	api, internal string
	stop          context.CancelFunc
	done          chan error
}

func serve(t *testing.T, r *Resources, roles Roles) *serving {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	s := &serving{stop: stop, done: make(chan error, 1)}
	up := make(chan struct{})
	go func() {
		s.done <- r.Serve(ctx, ServeOptions{
			Roles: roles, Version: "test",
			Before:    func(_ context.Context, all *Services) error { s.services = all; return nil },
			Listening: func(api, internal string) { s.api, s.internal = api, internal; close(up) },
		})
	}()
	select {
	case <-up:
	case err := <-s.done:
		t.Fatal(err)
	}
	return s
}

// end stops the process in order, before its resources are closed.
func (s *serving) end(t *testing.T) {
	t.Helper()
	s.stop()
	if err := <-s.done; err != nil {
		t.Error(err)
	}
}

func (s *serving) get(t *testing.T, url string) (int, string) {
	t.Helper()
	return exchange(t, http.MethodGet, url, "")
}

func (s *serving) post(t *testing.T, body string) (int, string) {
	t.Helper()
	return exchange(t, http.MethodPost, "http://"+s.api+"/graphql", body)
}

func exchange(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // it has been read
	return res.StatusCode, string(text)
}

func TestServe(t *testing.T) {
	t.Parallel()
	s := serve(t, against(t, pgtest.New(t)), Roles{API: true, Worker: true})
	for _, c := range []struct {
		document, want string
		status         int
	}{
		{`{"query":"{__typename}"}`, `{"data":{"__typename":"Query"}}`, 200},
		{`{"query":"{viewer{user{name}}}"}`, `{"data":{"viewer":null}}`, 200},
		{`{"query":"{__schema{types{name}}}"}`, `INTROSPECTION_DISABLED`, 400},
		{`{"query":"mutation{a:login(input:{tenant:\"a\",email:\"b\",password:\"c\"}){userErrors{code}} b:login(input:{tenant:\"a\",email:\"b\",password:\"d\"}){userErrors{code}}}"}`, `DOCUMENT_TOO_COMPLEX`, 400},
		{`{"query":"mutation{login(input:{tenant:\"a\",email:\"b\",password:\"c\"}){signIn{accessToken} userErrors{code}}}"}`, `{"data":{"login":{"signIn":null,"userErrors":[{"code":"WRONG_CREDENTIALS"}]}}}`, 200},
		{`{"query":"{customers{totalCount}}"}`, `UNAUTHENTICATED`, 200},
	} {
		if status, text := s.post(t, c.document); status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s: %d %s; want %d with %s", c.document, status, text, c.status, c.want)
		}
	}
	for path, want := range map[string]string{"/livez": "live", "/readyz": `"status":"ready"`} {
		if status, text := s.get(t, "http://"+s.internal+path); status != 200 || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	_, metrics := s.get(t, "http://"+s.internal+"/metrics")
	for _, want := range []string{
		`heyue_build_info{version="test"} 1`,
		`heyue_operation_seconds_count{field="__typename",kind="query",outcome="ok"} 1`,
		`heyue_operation_seconds_count{field="customers",kind="query",outcome="UNAUTHENTICATED"} 1`,
		`heyue_operation_seconds_count{field="",kind="",outcome="DOCUMENT_TOO_COMPLEX"} 1`,
		`heyue_sql_seconds_count{outcome="ok"} `, `go_sql_open_connections{db_name="heyue_app"} `, `go_sql_open_connections{db_name="heyue_system"} `,
		`heyue_subscribers 0`, `heyue_snapshots_asked_total `, `heyue_outbox_lag_seconds_count `, `heyue_scan_lag_seconds_count `,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if status, text := s.get(t, "http://"+s.api+"/"); status != 200 || !strings.Contains(text, "/graphql") {
		t.Errorf("/: %d %s", status, text)
	}
	if status, _ := s.get(t, "http://"+s.api+"/metrics"); status != 404 {
		t.Error("callers can read the metrics")
	}
	s.end(t)
}

// TestServeRefusesWhatDoesNotKeepTenantsApart starts on databases that a migration or an operator has spoilt.
func TestServeRefusesWhatDoesNotKeepTenantsApart(t *testing.T) {
	t.Parallel()
	empty := pgtest.Empty(t)
	refused(t, against(t, empty), "run heyue migrate up")

	spoilt := pgtest.New(t)
	if _, err := pgtest.Open(t, spoilt.SuperDSN).ExecContext(t.Context(), `ALTER TABLE customers NO FORCE ROW LEVEL SECURITY`); err != nil {
		t.Fatal(err)
	}
	refused(t, against(t, spoilt), "row-security: customers: row security is not forced")

	db := pgtest.New(t)
	refused(t, against(t, db, "DATABASE_URL", db.OwnerDSN), "connected-as: heyue_owner: this connection must be heyue_app's")
}

func refused(t *testing.T, r *Resources, why string) {
	t.Helper()
	err := r.Serve(t.Context(), ServeOptions{
		Roles: Roles{API: true}, Listening: func(string, string) { t.Error("it serves") },
	})
	if err == nil || !strings.Contains(err.Error(), why) {
		t.Errorf("error %v; want %s", err, why)
	}
}

// TestSocketsEndWithTheirReason opens three: one whose tenant is suspended, one whose session ends and one that the
// process leaves behind.
func TestSocketsEndWithTheirReason(t *testing.T) {
	t.Parallel()
	s := serve(t, against(t, pgtest.New(t)), Roles{API: true})
	suspended, ended, left := s.socket(t, "acme"), s.socket(t, "globex"), s.socket(t, "initech")
	if err := s.services.SuspendTenant(t.Context(), "acme"); err != nil {
		t.Error(err)
	}
	if code := suspended.closed(t); code != 4403 {
		t.Errorf("a socket of a suspended tenant was closed with %d", code)
	}
	inside, err := s.services.Sessions.Authenticate(t.Context(), ended.token)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.services.Sessions.Logout(inside); err != nil {
		t.Error(err)
	}
	if code := ended.closed(t); code != 4403 {
		t.Errorf("a socket whose session has ended was closed with %d", code)
	}
	s.stop()
	if code := left.closed(t); code != websocket.StatusServiceRestart {
		t.Errorf("a stop closed a socket with %d", code)
	}
	s.end(t)
}

// socket is an open websocket and the token it was opened with.
type socket struct {
	*websocket.Conn
	token string
}

func (s *serving) socket(t *testing.T, tenant string) *socket {
	t.Helper()
	admin := "boss@" + tenant + ".example"
	err := s.services.CreateTenant(t.Context(), NewTenant{Slug: tenant, Name: tenant, AdminEmail: admin, AdminName: "Boss", AdminPassword: "two-words-and-3"})
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.services.AccessToken(t.Context(), tenant, admin, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	conn, _, err := websocket.Dial(t.Context(), "ws://"+s.api+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	hello, _ := json.Marshal(map[string]any{"type": "connection_init", "payload": map[string]string{"token": token}})
	if err := conn.Write(t.Context(), websocket.MessageText, hello); err != nil {
		t.Fatal(err)
	}
	if _, text, err := conn.Read(t.Context()); err != nil || !strings.Contains(string(text), "connection_ack") {
		t.Fatalf("%s, %v", text, err)
	}
	return &socket{conn, token}
}

// closed reads until the server closes the socket and returns its code.
func (k *socket) closed(t *testing.T) websocket.StatusCode {
	t.Helper()
	for {
		if _, _, err := k.Read(t.Context()); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

// TestTheRoleWorkerHasNoCallers watches a process that only works.
func TestTheRoleWorkerHasNoCallers(t *testing.T) {
	t.Parallel()
	s := serve(t, against(t, pgtest.New(t)), Roles{Worker: true})
	if s.api != "" {
		t.Errorf("it answers at %s", s.api)
	}
	if status, text := s.get(t, "http://"+s.internal+"/readyz"); status != 200 {
		t.Errorf("%d %s", status, text)
	}
	s.end(t)
}

// TestServeEndsWithItsDatabase kills the built-in server under a process that serves, as the kernel might.
func TestServeEndsWithItsDatabase(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "heyue-serve-") // PostgreSQL's account cannot pass t.TempDir's mode as root
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r := against(t, &pgtest.DB{}, "HEYUE_DATA_DIR", dir, "HEYUE_PG_BINDIR", os.Getenv("HEYUE_PG_BINDIR"))
	s := serve(t, r, Roles{API: true, Worker: true})
	if err := syscall.Kill(r.database.server.PostgresPID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-s.done; !errors.Is(err, errDatabaseEnded) {
		t.Errorf("Serve ended with %v", err)
	}
	s.stop()
	if err := r.Close(); err == nil || !strings.Contains(err.Error(), "did not end well") {
		t.Errorf("Close: %v", err)
	}
}
