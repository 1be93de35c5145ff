//go:build unix

package crowd

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"heyue/platform/child"
	"heyue/platform/pgtest"
)

// connections is how many the pooler keeps to PostgreSQL for each role: fewer than callers, so that each serves all tenants.
const connections = 6

// pooler is pgbouncer in transaction mode before a test's database.
type pooler struct{ dir, port string }

// pool starts it. It must be installed (scripts/setup does that).
func pool(t testing.TB, db *pgtest.DB) pooler {
	t.Helper()
	binary, err := exec.LookPath("pgbouncer")
	if err != nil {
		binary = "/usr/sbin/pgbouncer" // where Debian puts it, which is not on everybody's path
	}
	u, err := url.Parse(db.AppDSN)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	host, port := q.Get("host"), q.Get("port")
	if host == "" {
		host, port = u.Hostname(), u.Port()
	}
	dir, err := os.MkdirTemp("", "heyue-pooler-") // the test's own folder has too long a name for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := pooler{dir: dir, port: "6432"}
	settings := fmt.Sprintf(`[databases]
%s = host=%s port=%s dbname=%[1]s
[pgbouncer]
unix_socket_dir = %[4]s
unix_socket_mode = 0777
listen_port = %[5]s
auth_type = trust
auth_file = %[4]s/users
pool_mode = transaction
default_pool_size = %[6]d
max_client_conn = 1000
ignore_startup_parameters = extra_float_digits
logfile = %[4]s/log
`, u.Path[1:], host, port, dir, p.port, connections)
	for name, text := range map[string]string{"settings": settings, "users": "\"heyue_app\" \"\"\n\"heyue_system\" \"\"\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(binary, filepath.Join(dir, "settings")) //nolint:noctx // ends with the test, by its id
	p.become(t, cmd)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	process, err := child.Start(cmd, syscall.SIGKILL)
	if err != nil {
		t.Fatal("pgbouncer, which `make test` installs: ", err)
	}
	t.Cleanup(process.Kill)
	for { // until its socket is there, or it has ended
		if _, err := os.Stat(filepath.Join(dir, ".s.PGSQL."+p.port)); err == nil {
			return p
		}
		select {
		case <-process.Done():
			t.Fatalf("pgbouncer: %v\n%s", process.Err(), said.String())
		case <-t.Context().Done():
			t.Fatal("pgbouncer did not begin")
		default:
		}
	}
}

// become runs cmd as PostgreSQL's account, for pgbouncer refuses root.
func (p pooler) become(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, err1 := strconv.ParseUint(account.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(account.Gid, 10, 32)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := os.Chown(p.dir, int(uid), int(gid)); err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// through is a database address by way of the pooler.
func (p pooler) through(t testing.TB, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("host", p.dir)
	q.Set("port", p.port)
	u.RawQuery = q.Encode()
	return u.String()
}
