package main

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"heyue/platform/config"
	"heyue/platform/pgtest"
	"heyue/platform/secret"
)

// installation is a database with the settings that reach it.
func installation(t *testing.T, db *pgtest.DB) map[string]string {
	t.Helper()
	return map[string]string{
		"DATABASE_URL": db.AppDSN, "DATABASE_SYSTEM_URL": db.SystemDSN, "HEYUE_DATA_DIR": t.TempDir(),
		"HEYUE_SECRET_KEY": base64.StdEncoding.EncodeToString(make([]byte, secret.Size)),
	}
}

// typed runs a command line with something on standard input.
func typed(t *testing.T, vars map[string]string, input string, args ...string) (code int, out, complaint string) {
	t.Helper()
	var o, e bytes.Buffer
	p := &process{machine: config.Machine{Vars: vars}, in: strings.NewReader(input), out: &o, err: &e}
	code = run(t.Context(), args, p)
	return code, o.String(), e.String()
}

func TestTenantsUsersAndTokens(t *testing.T) {
	t.Parallel()
	vars := installation(t, pgtest.New(t))
	for _, step := range []struct {
		input, line  string
		code         int
		out, problem string // regular expressions over all of it
	}{
		{line: "tenant list", out: ``},
		{line: "tenant create acme --name Acme", out: `tenant    acme\nemail     admin@acme\.example\npassword  ([a-z2-9]{5}-){3}[a-z2-9]{5}\n`},
		{line: "tenant create acme --name Acme", code: 1, problem: `heyue: slug: the slug acme is taken\n`},
		{line: "tenant create A --name Acme", code: 1, problem: `heyue: slug: a slug consists of .*\n`},
		{line: "tenant create globex --name Globex --admin-email Boss@globex.example --password-stdin", input: "two-words-and-3\n", out: `tenant    globex\nemail     Boss@globex\.example\n`},
		{line: "tenant create initech --name Initech --password-stdin", code: 1, problem: `heyue: the first line of standard input is empty; it should be the password\n`},
		{line: "tenant create initech --name Initech --password-stdin", input: "short", code: 1, problem: `heyue: admin\.password: a password needs at least 8 characters\n`},
		{line: "tenant suspend globex", out: `globex is suspended\n`},
		{line: "tenant list", out: `acme +ACTIVE +\d{4}-\d\d-\d\d\nglobex +SUSPENDED +\d{4}-\d\d-\d\d\n`},
		{line: "token --tenant globex --user boss@globex.example", code: 1, problem: `heyue: the tenant is suspended or not ready\n`},
		{line: "tenant resume globex", out: `globex is active\n`},
		{line: "tenant resume nobody", code: 1, problem: `heyue: slug: tenant not found\n`},
		{line: "token --tenant globex --user boss@globex.example", out: `ey[\w-]+\.[\w-]+\.[\w-]+\n`},
		{line: "token --tenant globex --user boss@globex.example --ttl 25h", code: 1, problem: `heyue: ttl: a token lives for .*\n`},
		{line: "user create --tenant acme --email li@acme.example --name Li --role sales --department ROOT", out: `tenant    acme\nemail     li@acme\.example\npassword  .{23}\n`},
		{line: "user create --tenant acme --email li@acme.example --name Li", code: 1, problem: `heyue: email: .*\n`},
		{line: "user create --tenant acme --email wu@acme.example --name Wu --role seller", code: 1, problem: `heyue: there is no role "seller"\n`},
		{line: "user create --tenant acme --email wu@acme.example --name Wu --role admin --as li@acme.example", code: 1, problem: `heyue: you lack the permission user:create\n`},
		{line: "token --tenant acme --user li@acme.example", out: `ey.*\n`},
		{line: "explain - --tenant acme", input: "{ customers(first: 3) { nodes { name contacts { totalCount } } } viewer { __typename } }", out: `(?s)customers is compiled:\nSELECT json_build_array.*\$1 = \d+\n.*Scan.*\n\nviewer is left to the resolvers: viewer: root\n\n`},
		{line: "explain {customers{totalCount}} --tenant acme --user li@acme.example", out: `(?s)customers is compiled:\n.*owner_id.*`},
		{line: "explain {dogs} --tenant acme", code: 1, problem: `heyue: the query cannot be carried out: .*dogs.*\n`},
		{line: "explain {customers{totalCount}} --tenant nobody", code: 1, problem: `heyue: .*not found\n`},
	} {
		code, out, complaint := typed(t, vars, step.input, strings.Fields(step.line)...)
		if code != step.code || !whole(step.out, out) || !whole(step.problem, complaint) {
			t.Errorf("%s: exit %d, output %q, complaint %q; want %d, %s, %s", step.line, code, out, complaint, step.code, step.out, step.problem)
		}
	}
}

func whole(pattern, text string) bool {
	return regexp.MustCompile(`\A(?:` + pattern + `)\z`).MatchString(text)
}

func TestInventedPasswordsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	letters := map[rune]bool{}
	for range 500 {
		p := invent()
		if len(p) != 23 || seen[p] {
			t.Fatalf("%q is too short or came twice", p)
		}
		seen[p] = true
		for _, r := range p {
			letters[r] = true
		}
	}
	if len(letters) != 32 {
		t.Errorf("%d signs are used; want 31 and the hyphen", len(letters))
	}
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	vars := installation(t, db)
	code, out, complaint := heyue(t, vars, "doctor")
	if code != 0 || complaint != "" || strings.Count(out, "ok     ") != 6 || strings.Contains(out, "FAULT") {
		t.Errorf("exit %d: %s%s", code, out, complaint)
	}
	if _, err := pgtest.Open(t, db.SuperDSN).ExecContext(t.Context(), `GRANT TRUNCATE ON contracts TO heyue_app`); err != nil {
		t.Fatal(err)
	}
	vars["REDIS_URL"] = "redis://127.0.0.1:1"
	code, out, complaint = heyue(t, vars, "doctor")
	for _, want := range []string{"FAULT  isolation: table-rights: contracts: heyue_app has TRUNCATE\n", "FAULT  redis: does not answer"} {
		if !strings.Contains(out, want) {
			t.Errorf("the doctor did not say %q:\n%s", want, out)
		}
	}
	if code != 1 || complaint != "heyue: 2 to mend\n" {
		t.Errorf("exit %d: %s", code, complaint)
	}
}

func TestDoctorOfAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	code, out, complaint := heyue(t, installation(t, pgtest.Empty(t)), "doctor")
	if code != 1 || !strings.Contains(out, "FAULT  migrations: the database has no migrations yet; run heyue migrate up") || complaint != "heyue: 1 to mend\n" {
		t.Errorf("exit %d: %s%s", code, out, complaint)
	}
}

// TestImport takes the demonstration's data over, twice.
func TestImport(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	vars := installation(t, db)
	if code, _, complaint := typed(t, vars, "", "tenant", "create", "acme", "--name", "Acme"); code != 0 {
		t.Fatal(complaint)
	}
	text, err := os.ReadFile("../../domain/demo/testdata/jalisco.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "jalisco.jsonl")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`jsonl: [1-9]\d* processes \(0 as before, 0 failed\); customers [1-9]`, `jsonl: (\d+) processes \((\d+) as before, 0 failed\); customers 0 new, 0 changed; .* contracts 0 new, 0 changed; 0 payments`} {
		code, out, complaint := heyue(t, vars, "import", "ocds", "--tenant", "acme", file)
		if code != 0 || strings.Count(out, "\n") != 1 || !regexp.MustCompile(want).MatchString(out) || !strings.Contains(complaint, "importing "+file) || !strings.Contains(complaint, " (100 %)\n") {
			t.Errorf("exit %d: %s%s; want %s", code, out, complaint, want)
		}
	}
	if code, _, complaint := heyue(t, vars, "import", "ocds", "--tenant", "acme", file, file+".missing"); code != 1 || !strings.Contains(complaint, "heyue: file: file "+file+".missing not found") {
		t.Errorf("exit %d: %s", code, complaint)
	}
	if code, out, complaint := heyue(t, vars, "doctor"); code != 0 {
		t.Errorf("the doctor after an import: %s%s", out, complaint)
	}
	if _, err := pgtest.Open(t, db.SuperDSN).ExecContext(t.Context(), `WITH one AS (SELECT id FROM obligations WHERE state = 'OPEN' LIMIT 1),
		r AS (DELETE FROM reminders WHERE obligation_id IN (SELECT id FROM one)), a AS (DELETE FROM alerts WHERE obligation_id IN (SELECT id FROM one))
		DELETE FROM obligations WHERE id IN (SELECT id FROM one)`); err != nil {
		t.Fatal(err)
	}
	if code, out, complaint := heyue(t, vars, "doctor"); code != 1 || strings.Count(out, "FAULT  reminders: acme: ") != 1 || !strings.Contains(out, "there is no open obligation") {
		t.Errorf("exit %d, the doctor after an obligation was lost: %s%s", code, out, complaint)
	}
}
