package main

import (
	"strings"
	"testing"

	"heyue/platform/pgtest"
)

func TestMigrate(t *testing.T) {
	t.Parallel()
	db := pgtest.Empty(t)
	vars := map[string]string{"DATABASE_URL": db.AppDSN, "DATABASE_OWNER_URL": db.OwnerDSN, "HEYUE_TYPO": "x"}
	_, before, _ := heyue(t, vars, "migrate", "status")
	if !strings.HasPrefix(before, "missing  2") || strings.Contains(before, "applied") {
		t.Errorf("status of an empty database:\n%s", before)
	}
	code, out, complaint := heyue(t, vars, "migrate", "up")
	if code != 0 || strings.HasPrefix(out, "0 applied") || !strings.HasSuffix(out, " applied; the database is at this version\n") {
		t.Fatalf("exit %d: %s%s", code, out, complaint)
	}
	if !strings.Contains(complaint, "variable=HEYUE_TYPO") {
		t.Errorf("no warning about the misspelt variable: %q", complaint)
	}
	if _, out, _ := heyue(t, vars, "migrate", "up"); !strings.HasPrefix(out, "0 applied") {
		t.Errorf("second time: %s", out)
	}
	_, after, _ := heyue(t, vars, "migrate", "status")
	if strings.Contains(after, "missing") || strings.Count(after, "\n") != strings.Count(before, "\n") {
		t.Errorf("status afterwards:\n%s", after)
	}
}

func TestMigrateFaultsAreOneLine(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		vars map[string]string
		want string
	}{
		"no owner": {map[string]string{"DATABASE_URL": "postgres://x/y"}, "DATABASE_OWNER_URL is needed"},
		"nobody there": {map[string]string{
			"DATABASE_URL": "postgres://x/y", "DATABASE_OWNER_URL": "postgres://o:hunter2@127.0.0.1:1/y?sslmode=disable",
		}, "migrate /y at 127.0.0.1:1"},
		"no programs":   {map[string]string{"HEYUE_PG_BINDIR": "/nowhere", "HEYUE_DATA_DIR": t.TempDir()}, "HEYUE_PG_BINDIR"},
		"wrong setting": {map[string]string{"HEYUE_LOG_LEVEL": "loud"}, "HEYUE_LOG_LEVEL is"},
	}
	for name, tt := range tests {
		code, out, complaint := heyue(t, tt.vars, "migrate", "up")
		if code != 1 || out != "" || !strings.Contains(complaint, tt.want) || strings.Count(complaint, "\n") != 1 || strings.Contains(complaint, "hunter2") {
			t.Errorf("%s: exit %d, output %q, complaint %q", name, code, out, complaint)
		}
	}
}
