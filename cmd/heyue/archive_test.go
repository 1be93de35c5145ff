package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"heyue/platform/pgtest"
)

// TestTenantsMoveAndGo by the command line: out of one installation, into another with keys of its own, and erased.
func TestTenantsMoveAndGo(t *testing.T) {
	t.Parallel()
	db, other := pgtest.New(t), pgtest.New(t)
	vars, elsewhere := installation(t, db), installation(t, other)
	vars["DATABASE_OWNER_URL"], elsewhere["DATABASE_OWNER_URL"] = db.OwnerDSN, other.OwnerDSN
	elsewhere["HEYUE_SECRET_KEY"] = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="
	folder := t.TempDir()
	file, paper := filepath.Join(folder, "acme.zip"), filepath.Join(folder, "paper.json")
	certificate := ""
	for _, step := range []struct {
		vars         map[string]string
		line         string
		code         int
		out, problem string // regular expressions over all of it
	}{
		{vars: vars, line: "tenant create acme --name Acme", out: `(?s)tenant    acme\n.*`},
		{vars: vars, line: "tenant export nobody " + file, code: 1, problem: `heyue: slug: tenant not found\n`},
		{vars: vars, line: "tenant export acme " + file, out: file + `: \d\d+ rows of \d\d tables\n`},
		{vars: vars, line: "tenant export acme " + file, code: 1, problem: `heyue: .*acme\.zip is there already; name a new file\n`},
		{vars: elsewhere, line: "tenant import " + file + " --slug acme --name Elsewhere", out: `acme: \d\d+ rows of \d\d tables\n`},
		{vars: elsewhere, line: "tenant import " + file + " --slug acme", code: 1, problem: `heyue: slug: the slug acme is taken\n`},
		{vars: elsewhere, line: "token --tenant acme --user admin@acme.example", out: `ey.*\n`},
		{vars: elsewhere, line: "doctor", out: `(ok +.*\n)+`},
		{vars: elsewhere, line: "tenant rekey acme", out: `acme: 0 rows sealed anew\n`},
		{vars: elsewhere, line: "tenant rekey --all --wrapping", out: `acme: 0 rows sealed anew\n`},
		{vars: elsewhere, line: "tenant rekey", code: 1, problem: `heyue: name tenants or say --all\n`},
		{vars: vars, line: "tenant erase acme --confirm acme --by Wu", code: 1, problem: `heyue: slug: the tenant acme is in use; suspend it first\n`},
		{vars: vars, line: "tenant suspend acme", out: `acme is suspended\n`},
		{vars: vars, line: "tenant erase acme --confirm acme --by Wu", out: `(?s)\{\n  "slug": "acme".*"signature": .*\}\n`},
		{vars: vars, line: "tenant list", out: ``},
		{vars: vars, line: "tenant certificate acme", out: `(?s)\{\n  "slug": "acme".*\}\n`},
		{vars: vars, line: "tenant certificate --check " + paper, out: `the certificate of acme holds\n`},
		{vars: elsewhere, line: "tenant certificate --check " + paper, code: 1, problem: `heyue: the certificate does not hold: another installation has signed it: .*\n`},
		{vars: vars, line: "tenant create acme --name Acme", code: 1, problem: `heyue: slug: the slug acme is taken\n`},
	} {
		code, out, complaint := typed(t, step.vars, "", strings.Fields(step.line)...)
		if code != step.code || !whole(step.out, out) || !whole(step.problem, complaint) {
			t.Errorf("%s: exit %d, output %q, complaint %q; want %d, %s, %s", step.line, code, out, complaint, step.code, step.out, step.problem)
		}
		if strings.HasPrefix(step.line, "tenant erase") && code == 0 {
			certificate = out
			if err := os.WriteFile(paper, []byte(certificate), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the archive is %v, %v; nobody else may read it", info, err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 2 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}
