package main

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"

	"heyue/platform/config"
)

// heyue runs one command line in an environment of its own.
func heyue(t *testing.T, vars map[string]string, args ...string) (code int, out, complaint string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, &process{machine: config.Machine{Vars: vars, Home: "/home/li"}, out: &o, err: &e})
	return code, o.String(), e.String()
}

func TestConfigPrintsSettings(t *testing.T) {
	t.Parallel()
	code, out, complaint := heyue(t, map[string]string{"DATABASE_URL": "postgres://app:hunter2@db/heyue", "HEYUE_PAGE_MAX": "50"}, "config")
	if code != 0 || complaint != "" {
		t.Fatalf("exit %d: %s", code, complaint)
	}
	for _, want := range []string{"HEYUE_PAGE_MAX", "50", "environment", "postgres://app:***@db/heyue", "/home/li/.local/state/heyue"} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "hunter2") {
		t.Error("the password is shown")
	}
}

func TestWrongSettingsAreOneLineEach(t *testing.T) {
	t.Parallel()
	code, out, complaint := heyue(t, map[string]string{"HEYUE_TENANT_SCOPE": "x", "HEYUE_ADDR": "y"}, "config")
	want := "heyue: HEYUE_ADDR is \"y\"; allowed: host:port, such as 127.0.0.1:8080\nheyue: HEYUE_TENANT_SCOPE is \"x\"; allowed: pipe or tx\n"
	if code != 1 || out != "" || complaint != want {
		t.Errorf("exit %d, output %q, complaint:\n%s", code, out, complaint)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	code, out, _ := heyue(t, nil, "version")
	if code != 0 || !strings.HasPrefix(out, "heyue ") || !strings.Contains(out, runtime.Version()) || strings.Count(out, "\n") != 1 {
		t.Errorf("exit %d: %q", code, out)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args  []string
		code  int
		out   string
		error string
	}{
		"help":            {[]string{"--help"}, 0, "Usage: heyue <command>", ""},
		"help of command": {[]string{"config", "--help"}, 0, "Usage: heyue config", ""},
		"nothing":         {nil, 2, "", `heyue: expected one of`},
		"unknown command": {[]string{"confg"}, 2, "", "heyue: unexpected argument confg"},
		"unknown flag":    {[]string{"config", "--all"}, 2, "", "heyue: unknown flag --all"},
	}
	for name, tt := range tests {
		code, out, complaint := heyue(t, nil, tt.args...)
		if code != tt.code || !strings.Contains(out, tt.out) || !strings.Contains(complaint, tt.error) || tt.out == "" && out != "" ||
			strings.Count(complaint, "\n") != strings.Count(tt.error, "heyue:") {
			t.Errorf("%s: exit %d, output %q, complaint %q", name, code, out, complaint)
		}
	}
}

func TestComplaintsAreOneLine(t *testing.T) {
	t.Parallel()
	var e bytes.Buffer
	p := &process{err: &e}
	code := p.complain(errors.Join(errors.New("first\n\tdetail"), errors.New("second")), exitFault)
	if code != 1 || e.String() != "heyue: first; detail; second\n" {
		t.Errorf("exit %d: %q", code, e.String())
	}
}
