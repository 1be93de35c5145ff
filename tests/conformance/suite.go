package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
)

// Target is an endpoint and what to ask it.
type Target struct {
	// Handler serves the endpoint at every path.
	Handler http.Handler
	// Restart ends Handler's connections as a deploy does and returns the handler of the new process. It
	// is called by another goroutine than the test's.
	Restart func() http.Handler
	// Site serves every other path; nil leaves them out.
	Site http.Handler
	// Env is what the script's environment has besides, as NAME=value.
	Env []string
	// Documents are operations the schema must answer anonymously.
	Documents Documents
}

// Documents are operations with known outcomes.
type Documents struct {
	// Query has one result without errors.
	Query string `json:"query"`
	// Invalid does not validate.
	Invalid string `json:"invalid"`
	// Finite is a subscription of FiniteEvents events.
	Finite       string `json:"finite"`
	FiniteEvents int    `json:"finiteEvents"`
	// Endless is a subscription that gives an event soon and stays open. After a restart it must give
	// another one.
	Endless string `json:"endless"`
	// Refused is a subscription that passes validation and fails before its first event.
	Refused string `json:"refused"`
}

// finding is one line of a script's output.
type finding struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// Run runs a script of this directory (such as "http.mjs") against the target and reports every check in
// it as a subtest. Fewer checks than least means that the script ended early, which fails the test.
func Run(t *testing.T, script string, target Target, least int) {
	t.Helper()
	dir := directory(t)
	node := install(t, dir)
	var handler atomic.Pointer[http.Handler]
	handler.Store(&target.Handler)
	mux := http.NewServeMux()
	mux.HandleFunc("/graphql", func(w http.ResponseWriter, r *http.Request) { (*handler.Load()).ServeHTTP(w, r) })
	mux.HandleFunc("POST /restart", func(w http.ResponseWriter, _ *http.Request) {
		next := target.Restart()
		handler.Store(&next)
		w.WriteHeader(http.StatusNoContent)
	})
	if target.Site != nil {
		mux.Handle("/", target.Site)
	}
	server := httptest.NewServer(mux)
	defer server.Close()
	documents, err := json.Marshal(target.Documents)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, script, server.URL)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "DOCUMENTS="+string(documents)), target.Env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	n := report(t, output)
	if err != nil || n < least {
		t.Errorf("%s made %d checks of at least %d and ended with %v\n%s", script, n, least, err, &stderr)
	}
}

func report(t *testing.T, output []byte) int {
	t.Helper()
	n := 0
	lines := bufio.NewScanner(bytes.NewReader(output))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var f finding
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			t.Errorf("not a finding: %s", lines.Bytes())
			continue
		}
		n++
		t.Run(f.Name, func(t *testing.T) {
			if !f.OK {
				t.Error(f.Detail)
			}
		})
	}
	return n
}

func directory(t *testing.T) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	if dir := filepath.Dir(file); ok && filepath.IsAbs(dir) {
		return dir
	}
	// Built with -trimpath: tests run in their package's directory, so look from there up to go.mod.
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "tests", "conformance")
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the working directory: run the test inside the repository")
		}
	}
}

// install returns the node to use, with the packages of package-lock.json in place. Tests of several
// packages may get here at once; a file lock lets one of them install.
func install(t *testing.T, dir string) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("the conformance suites need Node 20 or newer; install it and put node and npm into PATH")
	}
	lock, err := os.OpenFile(filepath.Join(dir, ".install.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }() // gives the lock back
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	// Written last: without it, or with another one, there is half an installation or that of another version.
	installed := filepath.Join(dir, "node_modules", ".installed")
	if there, err := os.ReadFile(installed); err == nil && bytes.Equal(there, want) {
		return node
	}
	cmd := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund")
	cmd.Dir = dir
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm ci in %s: %v\n%s", dir, err, output)
	}
	if err := os.WriteFile(installed, want, 0o600); err != nil {
		t.Fatal(err)
	}
	return node
}
