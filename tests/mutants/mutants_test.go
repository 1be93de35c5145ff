package mutants

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is how long a mutant's tests may take. A guard that is gone may well let something wait for ever.
const patience = 5 * time.Minute

func TestEveryGuardIsMissedWhenItIsTakenAway(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	all := os.Getenv("HEYUE_SOAK") != ""
	for _, g := range guards() {
		source, err := os.ReadFile(filepath.Join(root, g.File))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(source), g.Old); n != 1 {
			t.Errorf("%s: its text stands %d times in %s; say here what became of it", g.Name, n, g.File)
			continue
		}
		if !g.Everytime && !all {
			continue
		}
		t.Run(g.Name, func(t *testing.T) { // one after the other: each builds and runs tests
			answer := g.run(t, root, strings.Replace(string(source), g.Old, g.New, 1))
			if !strings.Contains(answer, "--- FAIL: "+g.Test) && !strings.Contains(answer, "panic: test timed out") {
				t.Errorf("%s of %s does not miss it:\n%s", g.Test, g.Package, answer)
			}
		})
	}
}

// run tests the guard's package with another source in place of its file.
func (g guard) run(t *testing.T, root, source string) string {
	t.Helper()
	dir := t.TempDir()
	mutant, overlay := filepath.Join(dir, filepath.Base(g.File)), filepath.Join(dir, "overlay.json")
	replaced, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, g.File): mutant}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(mutant, []byte(source), 0o600), os.WriteFile(overlay, replaced, 0o600)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	// With the race detector, so that whatever does not depend on the guard is built once for these tests and all others.
	cmd := exec.CommandContext(ctx, "go", "test", "-race", "-vet=off", "-run", "^"+g.Test+"$", "-timeout", "1m", "-overlay", overlay, g.Package)
	cmd.Dir = root
	answer, err := cmd.CombinedOutput()
	if err == nil || ctx.Err() != nil || strings.Contains(string(answer), "[build failed]") {
		t.Errorf("the tests ended with %v", err)
	}
	return string(answer)
}
