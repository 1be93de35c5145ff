package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"heyue/platform/pgtest"
)

func TestAuditVerify(t *testing.T) {
	t.Parallel()
	vars := installation(t, pgtest.New(t))
	for _, slug := range []string{"globex", "acme"} {
		if code, _, problem := typed(t, vars, "", "tenant", "create", slug, "--name", slug); code != exitOK {
			t.Fatal(problem)
		}
	}
	anchors := func(text string) string {
		name := filepath.Join(t.TempDir(), "anchors")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	zero := strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		args         []string
		code         int
		out, problem string
	}{
		"all":                 {nil, exitOK, `acme 0 ` + zero + `\nglobex 0 ` + zero + `\n`, ``},
		"one":                 {[]string{"globex"}, exitOK, `globex 0 ` + zero + `\n`, ``},
		"none":                {[]string{"initech"}, exitFault, ``, `heyue: there is no tenant "initech"\n`},
		"as it was":           {[]string{"--anchors", anchors("acme 0 " + zero + "\n\nFAULT globex 3 x\n")}, exitOK, `acme 0 .*\nglobex 0 .*\n`, ``},
		"cut off":             {[]string{"--anchors", anchors("acme 7 " + zero)}, exitFault, `FAULT acme 1 the chain ends here; .* 7\nglobex .*\n`, `heyue: 1 of 2 audit trails do not hold\n`},
		"of another place":    {[]string{"--anchors", anchors("initech 7 " + zero)}, exitFault, ``, `heyue: there is no tenant "initech", of whose trail there is an anchor\n`},
		"no hash":             {[]string{"--anchors", anchors("acme 1 " + zero + "\nacme 7 xyz")}, exitFault, ``, `heyue: .*anchors, line 2: "xyz" is not a hash\n`},
		"no number":           {[]string{"--anchors", anchors("acme x " + zero)}, exitFault, ``, `heyue: .*anchors, line 1: "x" is not a number of entries\n`},
		"something else":      {[]string{"--anchors", anchors("acme")}, exitFault, ``, `heyue: .*anchors, line 1: a line has a tenant, a number and a hash\n`},
		"a file there is not": {[]string{"--anchors", "/nowhere/at/all"}, exitUsage, ``, `heyue: .*/nowhere/at/all.*\n`},
	} {
		code, out, problem := typed(t, vars, "", append([]string{"audit", "verify"}, c.args...)...)
		if code != c.code || !regexp.MustCompile(`^`+c.out+`$`).MatchString(out) || !regexp.MustCompile(`^`+c.problem+`$`).MatchString(problem) {
			t.Errorf("%s: code %d\n%s%s", name, code, out, problem)
		}
	}
}
