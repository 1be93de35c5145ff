package bench

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"heyue/platform/child"
	"heyue/tests/fixture"
)

// target is a server in a process of its own.
type target struct {
	Name    string
	pid     int
	request func(op operation, p params) (*http.Request, error)
}

// start runs a server until the benchmark ends and waits for the line of its output that pattern is found in.
func start(b *testing.B, cmd *exec.Cmd, pattern string) (pid int, found string) {
	b.Helper()
	out, in, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	log, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = in, log
	p, err := child.Start(cmd, syscall.SIGKILL)
	if err != nil {
		b.Fatal(err)
	}
	_ = in.Close() // the server has it
	b.Cleanup(func() {
		p.Kill()
		_, _ = out.Close(), log.Close()
		if said, _ := os.ReadFile(log.Name()); b.Failed() && len(said) > 0 {
			b.Logf("%s said:\n%s", cmd.Path, said)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := regexp.MustCompile(pattern).FindStringSubmatch(lines.Text()); m != nil {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return p.PID(), m[1]
		}
	}
	said, _ := os.ReadFile(log.Name())
	b.Fatalf("%s ended:\n%s", cmd.Path, said)
	return 0, ""
}

// product is heyue as it is run, with budgets that nobody exhausts; the administrators of all tenants are signed in.
func product(b *testing.B, r *rows, binary string) target {
	b.Helper()
	var key [32]byte
	_, _ = rand.Read(key[:])
	cmd := exec.Command(binary, "serve") //nolint:noctx // ours; it ends with the benchmark
	cmd.Env = append(clean(), "DATABASE_URL="+r.DB.AppDSN, "DATABASE_SYSTEM_URL="+r.DB.SystemDSN, "DATABASE_OWNER_URL="+r.DB.OwnerDSN, "HEYUE_DATA_DIR="+b.TempDir(),
		"HEYUE_SECRET_KEY="+base64.StdEncoding.EncodeToString(key[:]), "HEYUE_ADDR=127.0.0.1:0", "HEYUE_INTERNAL_ADDR=127.0.0.1:0", "HEYUE_LOG_LEVEL=warn")
	for _, name := range []string{"TENANT", "TENANT_RATE", "USER", "USER_RATE", "ADDRESS", "ADDRESS_RATE"} {
		cmd.Env = append(cmd.Env, "HEYUE_BUDGET_"+name+"=1000000")
	}
	pid, address := start(b, cmd, `(http://\S+/graphql)`)
	tokens := map[int64]string{}
	for i, email := range r.login {
		document := fmt.Sprintf(`mutation { login(input: {tenant: "t%d", email: %q, password: %q}) { signIn { accessToken } userErrors { message } } }`, i+1, email, fixture.Password)
		req, err := post(address, map[string]any{"query": document})
		if err != nil {
			b.Fatal(err)
		}
		answer, err := send(req)
		m := regexp.MustCompile(`"accessToken":"([^"]+)"`).FindSubmatch(answer)
		if err != nil || m == nil {
			b.Fatalf("sign in: %v %s", err, answer)
		}
		tokens[int64(i+1)] = string(m[1])
	}
	return target{"heyue", pid, func(op operation, p params) (*http.Request, error) {
		req, err := post(address, map[string]any{"query": op.Product, "variables": p.Product})
		if err == nil {
			req.Header.Set("Authorization", "Bearer "+tokens[p.Tenant])
		}
		return req, err
	}}
}

// clean is the environment without what the product would take for settings of its own.
func clean() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "HEYUE_") })
}

// byHand is this program again, as the handler of statements.
func byHand(b *testing.B, name, scope, dsn string) target {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self) //nolint:noctx // ourselves; it ends with the benchmark
	cmd.Env = append(os.Environ(), "HEYUE_BENCH_LIMIT="+scope, "HEYUE_BENCH_DSN="+dsn)
	pid, address := start(b, cmd, `(http://\S+)`)
	return target{name, pid, func(op operation, p params) (*http.Request, error) {
		return post(address+"/"+op.Name, map[string]any{"args": p.Limit})
	}}
}

// postgraphile is the peer, as the product's role under its row security.
func postgraphile(b *testing.B, r *rows) target {
	b.Helper()
	dir := filepath.Join("postgraphile")
	install := exec.CommandContext(b.Context(), "npm", "ci", "--silent", "--no-audit", "--no-fund")
	install.Dir = dir
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "postgraphile")); err != nil {
		if said, err := install.CombinedOutput(); err != nil {
			b.Fatalf("npm ci: %v\n%s", err, said)
		}
	}
	u, err := url.Parse(r.DB.AppDSN)
	if err != nil {
		b.Fatal(err)
	}
	host, port := u.Query().Get("host"), u.Query().Get("port")
	if host == "" {
		host, port = u.Hostname(), u.Port()
	}
	name, password := u.Query().Get("user"), u.Query().Get("password")
	if u.User != nil {
		name = u.User.Username()
		password, _ = u.User.Password()
	}
	cmd := exec.Command("node", "server.mjs")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "NODE_ENV=production", "PGHOST="+host, "PGPORT="+port, "PGUSER="+name, "PGPASSWORD="+password, "PGDATABASE="+strings.TrimPrefix(u.Path, "/"))
	pid, at := start(b, cmd, `^(\d+)$`)
	return target{"PostGraphile 4", pid, func(op operation, p params) (*http.Request, error) {
		req, err := post("http://127.0.0.1:"+at+"/graphql", map[string]any{"query": op.Peer, "variables": p.Peer})
		if err == nil {
			req.Header.Set("X-Tenant", fmt.Sprint(p.Tenant))
		}
		return req, err
	}}
}

func post(address string, body any) (*http.Request, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPost, address, bytes.NewReader(text))
	if err == nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, err
}

func send(req *http.Request) ([]byte, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", resp.StatusCode)
	}
	return answer, err
}
