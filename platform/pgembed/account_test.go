//go:build unix

package pgembed_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"heyue/platform/pgembed"
)

func TestServerRunsAsTheRightAccount(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	wanted, other := currentUser(t), ""
	if wanted == "root" {
		wanted, other = "nobody", "postgres"
	}
	first := start(t, pgembed.Options{DataDir: dir, User: wanted})
	if got := userOf(t, first.PostgresPID); got != wanted {
		t.Errorf("the server runs as %s, want %s", got, wanted)
	}
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	second := start(t, pgembed.Options{DataDir: dir, User: other})
	if got := userOf(t, second.PostgresPID); got != wanted {
		t.Errorf("the cluster's owner is %s but its server runs as %s", wanted, got)
	}
}

func currentUser(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "id", "-un").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func userOf(t *testing.T, pid int) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ps", "-o", "user=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// An ordinary user cannot enter a folder without the permission, root's server cannot pass through it: both
// must hear which folder it is.
func TestUnreachableFolderIsNamed(t *testing.T) {
	t.Parallel()
	closed := filepath.Dir(dataDir(t))
	mode := os.FileMode(0o700)
	if currentUser(t) != "root" {
		mode = 0
	}
	if err := os.Chmod(closed, mode); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(closed, 0o700) })
	_, err := pgembed.Start(t.Context(), pgembed.Options{DataDir: filepath.Join(closed, "data")})
	if err == nil || !strings.Contains(err.Error(), closed) {
		t.Errorf("got %v, want an error that names %s", err, closed)
	}
}

func TestDefaultDataDir(t *testing.T) {
	root := currentUser(t) == "root"
	for name, c := range map[string]struct{ state, want string }{
		"state folder set":      {"/some/state", "/some/state/heyue"},
		"state folder relative": {"state", "/home/user/.local/state/heyue"},
		"state folder unset":    {"", "/home/user/.local/state/heyue"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("XDG_STATE_HOME", c.state)
			t.Setenv("HOME", "/home/user")
			if root {
				c.want = "/var/lib/heyue"
			}
			got, err := pgembed.DefaultDataDir()
			if err != nil || got != c.want {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
		})
	}
}
