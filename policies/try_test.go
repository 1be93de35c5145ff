package policies_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/policies/mask"
	"heyue/tests/fixture"
)

// TestShippedRoles tries every file of testdata on the templates.
func TestShippedRoles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files: ", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		report, err := policies.TryTemplates(string(text), date.Of(2026, 6, 15))
		if err != nil {
			t.Fatal(name, ": ", err)
		}
		for _, r := range report.Results {
			if !r.Passed {
				t.Errorf("%s: %s:\n%s", name, r.Name, strings.Join(r.Problems, "\n"))
			}
		}
	}
}

// TestATenantTriesItsOwnRoles: what the tenant added to its roles counts, the file's departments stand beside the tenant's,
// and what is otherwise than wanted is told.
func TestATenantTriesItsOwnRoles(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	north := w.Department(t, acme, "NORTH")
	_ = w.Department(t, acme, "CITY", north)
	acme.Roles["clerk"] = roleWith(t, w, acme, "clerk", line{policies.ContractRead, grant.Subtree, grant.Allow}, line{policies.CustomerRead, grant.Tenant, grant.Deny})
	w.Write(t, acme.Ctx, func(tx *ent.Tx) error {
		if err := tx.RoleFieldRule.Create().SetRoleID(acme.Roles["clerk"]).SetObject("contract").SetField("amount").SetEffect(mask.Hide).Exec(acme.Ctx); err != nil {
			return err
		}
		return policies.Bump(acme.Ctx, tx)
	})
	roles := &policies.Administration{Client: w.Client, Engine: w.Policies, Audit: w.Audit, Limits: policies.DefaultRoleLimits()}
	report, err := roles.Try(w.Next(t, acme.Admin), `
departments: {ANNEX: NORTH}
users: {a: {roles: [clerk, sales], department: NORTH}, b: {roles: [clerk], department: CITY}}
records: {near: {kind: contract, department: ANNEX}, far: {kind: contract}}
tests:
  - {name: holds, user: a, can: ["contract:read near"], cannot: ["contract:read far", "customer:read"], hidden: [contract.amount], shown: [customer.phone]}
  - {name: does not hold, user: b, can: ["contract:read near"], shown: [contract.amount]}
`)
	if err != nil {
		t.Fatal(err)
	}
	if report.Passed != 1 || report.Failed != 1 || !report.Results[0].Passed ||
		strings.Join(report.Results[1].Problems, "; ") != "contract:read near: out of reach; contract.amount: hidden" {
		t.Errorf("%+v: %q", report, report.Results[1].Problems)
	}
	if _, err := roles.Try(w.User(t, acme, "sales"), "tests: []"); fault.KindOf(err) != fault.Denied {
		t.Errorf("somebody without role:read tries: %v", err)
	}
}

// TestTrialsNameTheirFaults: each wrong file is refused with what and where.
func TestTrialsNameTheirFaults(t *testing.T) {
	t.Parallel()
	const users = "users: {a: {roles: [sales]}}\n"
	for name, c := range map[string]struct{ text, want string }{
		"no YAML":              {"tests: [", "[1:8] "},
		"an unknown word":      {"user: {}\ntests: []", `[1:1] unknown field "user"`},
		"anchors":              {"users: &a {}\ntests: *a", "line 1: anchors and aliases are not allowed"},
		"nothing":              {"", "tests: there are none"},
		"too long":             {strings.Repeat("#", policies.DefaultTrialBytes+1), "the file has 65537 bytes, at most 65536 are allowed"},
		"no such user":         {"tests: [{name: x, user: b, can: [\"audit:read\"]}]", `tests[0].user: "b" is no user of this file`},
		"no such record":       {users + "tests: [{name: x, user: a, can: [\"contract:read c\"]}]", `tests[0]: "c" is no record of this file`},
		"no such permission":   {users + "tests: [{name: x, user: a, can: [\"contract:eat\"]}]", `there is no permission "contract:eat"`},
		"no such field":        {users + "tests: [{name: x, user: a, hidden: [contract.id]}]", `"contract.id" is no field that can be masked`},
		"no such role":         {"users: {a: {roles: [king]}}\ntests: [{name: x, user: a, can: [\"audit:read\"]}]", `users.a: there is no role "king"`},
		"no such department":   {"users: {a: {department: MOON}}\ntests: [{name: x, user: a, can: [\"audit:read\"]}]", `users.a: there is no department "MOON"`},
		"a circle":             {"departments: {A: B, B: A}\n" + users + "tests: [{name: x, user: a, can: [\"audit:read\"]}]", "departments.A: what is above it ends nowhere"},
		"a test of nothing":    {users + "tests: [{name: x, user: a}]", "tests[0]: wants nothing"},
		"a share with nobody":  {users + "records: {r: {kind: contract, shared: [{level: READ}]}}\ntests: [{name: x, user: a, can: [\"audit:read\"]}]", "records.r.shared[0]: give either user or department"},
		"a record of no kind":  {users + "records: {r: {kind: house}}\ntests: [{name: x, user: a, can: [\"audit:read\"]}]", `records.r.kind: "house" is none of contract, customer, service_record`},
		"a level that is none": {users + "records: {r: {kind: customer, shared: [{user: a, level: OWN}]}}\ntests: [{name: x, user: a, can: [\"audit:read\"]}]", `records.r.shared[0].level: "OWN" is neither READ nor WRITE`},
	} {
		_, err := policies.TryTemplates(c.text, date.Of(2026, 6, 15))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
