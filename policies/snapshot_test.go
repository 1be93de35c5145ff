package policies

import (
	"slices"
	"testing"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/platform/publicid"
	"heyue/policies/grant"
)

// lineOf draws a line about one of few permissions, so that roles meet on them.
func lineOf() *rapid.Generator[line] {
	few := All()[:4]
	scopes := []grant.Scope{grant.Own, grant.Department, grant.Subtree, grant.Tenant}
	return rapid.Custom(func(t *rapid.T) line {
		effect := grant.Allow
		if rapid.IntRange(0, 4).Draw(t, "deny") == 0 {
			effect = grant.Deny
		}
		return line{rapid.SampledFrom(few).Draw(t, "permission"), rapid.SampledFrom(scopes).Draw(t, "scope"), effect}
	})
}

// rulesOf draws a tenant with a few roles, users and departments, whose parents may even form cycles.
func rulesOf() *rapid.Generator[rules] {
	return rapid.Custom(func(t *rapid.T) rules {
		r := rules{
			Version: 1, Members: map[publicid.UserID][]publicid.RoleID{},
			Departments: map[publicid.DepartmentID]*publicid.DepartmentID{}, Homes: map[publicid.UserID]*publicid.DepartmentID{},
		}
		for range rapid.IntRange(1, 4).Draw(t, "roles") {
			r.Roles = append(r.Roles, roleRules{publicid.NewRoleID(), rapid.SliceOfN(lineOf(), 0, 6).Draw(t, "lines"), nil})
		}
		var departments []publicid.DepartmentID
		for range rapid.IntRange(1, 8).Draw(t, "departments") {
			departments = append(departments, publicid.NewDepartmentID())
		}
		for _, d := range departments {
			r.Departments[d] = nil
			if rapid.Bool().Draw(t, "below") {
				parent := rapid.SampledFrom(departments).Draw(t, "parent")
				r.Departments[d] = &parent
			}
		}
		for range rapid.IntRange(1, 4).Draw(t, "users") {
			u := publicid.NewUserID()
			home := rapid.SampledFrom(departments).Draw(t, "home")
			r.Homes[u] = &home
			for _, role := range r.Roles {
				if rapid.Bool().Draw(t, "member") {
					r.Members[u] = append(r.Members[u], role.ID)
				}
			}
		}
		return r
	})
}

func (r rules) linesOf(u publicid.UserID) []line {
	var lines []line
	for _, role := range r.Roles {
		if slices.Contains(r.Members[u], role.ID) {
			lines = append(lines, role.Lines...)
		}
	}
	return lines
}

// enforcer is casbin with the rules of a whole tenant, which snapshots do without.
func enforcer(t *rapid.T, r rules) *casbin.Enforcer {
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		t.Fatal(err)
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range r.Roles {
		if len(role.Lines) == 0 {
			continue
		}
		if _, err := e.AddPoliciesEx(role.policies()); err != nil {
			t.Fatal(err)
		}
	}
	for user, roles := range r.Members {
		for _, role := range roles {
			if _, err := e.AddGroupingPolicy(user.String(), role.String()); err != nil {
				t.Fatal(err)
			}
		}
	}
	return e
}

// TestASnapshotDecidesAsCasbin: what is compiled for a user is what casbin answers for every permission, with the
// widest of the scopes that any of their roles allows.
func TestASnapshotDecidesAsCasbin(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rulesOf().Draw(t, "rules")
		s, all := newSnapshot(r), enforcer(t, r)
		for u := range r.Homes {
			g, err := s.For(u)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range All() {
				allowed, err := all.Enforce(u.String(), p.Object, p.Action)
				if err != nil {
					t.Fatal(err)
				}
				access, ok := g.Access(p)
				if ok != allowed {
					t.Fatalf("%s: the grants say %v, casbin says %v", p, ok, allowed)
				}
				widest := grant.Scope("")
				for _, l := range r.linesOf(u) {
					if l.Permission == p && l.Effect == grant.Allow && l.Scope.Rank() > widest.Rank() {
						widest = l.Scope
					}
				}
				if ok && access.Scope != widest {
					t.Fatalf("%s reaches %s, the widest allowance is %s", p, access.Scope, widest)
				}
			}
			if diff := cmp.Diff(outcome(r.linesOf(u)), g.Scopes()); diff != "" {
				t.Fatal("role administration judges otherwise (-outcome +grants):\n", diff)
			}
		}
	})
}

// TestASubtreeIsAllThatLiesBelow compares the walk down with a walk up from every department, cycles included.
func TestASubtreeIsAllThatLiesBelow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rulesOf().Draw(t, "rules")
		s := newSnapshot(r)
		for root := range r.Departments {
			got := s.below(root)
			for d := range r.Departments {
				under := false
				for at, n := &d, 0; at != nil && n <= len(r.Departments); at, n = r.Departments[*at], n+1 {
					under = under || *at == root
				}
				if under != slices.Contains(got, d) {
					t.Fatalf("%s below %s: %v, the walk up says %v", d, root, !under, under)
				}
			}
		}
	})
}

func TestRolesUniteAndDenialsWin(t *testing.T) {
	t.Parallel()
	allow := func(p Permission, s grant.Scope) line { return line{p, s, grant.Allow} }
	deny := func(p Permission) line { return line{p, grant.Own, grant.Deny} }
	tests := map[string]struct {
		roles [][]line
		want  map[Permission]grant.Scope
	}{
		"no role":                        {nil, map[Permission]grant.Scope{}},
		"one role":                       {[][]line{{allow(CustomerRead, grant.Own)}}, map[Permission]grant.Scope{CustomerRead: grant.Own}},
		"the wider of two roles":         {[][]line{{allow(CustomerRead, grant.Own)}, {allow(CustomerRead, grant.Subtree)}}, map[Permission]grant.Scope{CustomerRead: grant.Subtree}},
		"the wider of two lines":         {[][]line{{allow(CustomerRead, grant.Tenant), allow(CustomerRead, grant.Own)}}, map[Permission]grant.Scope{CustomerRead: grant.Tenant}},
		"permissions of both":            {[][]line{{allow(CustomerRead, grant.Own)}, {allow(ContractRead, grant.Tenant)}}, map[Permission]grant.Scope{CustomerRead: grant.Own, ContractRead: grant.Tenant}},
		"a denial of the same role":      {[][]line{{allow(CustomerRead, grant.Tenant), deny(CustomerRead)}}, map[Permission]grant.Scope{}},
		"a denial of another role":       {[][]line{{allow(CustomerRead, grant.Tenant)}, {deny(CustomerRead)}}, map[Permission]grant.Scope{}},
		"a denial of something else":     {[][]line{{allow(CustomerRead, grant.Own), deny(CustomerUpdate)}}, map[Permission]grant.Scope{CustomerRead: grant.Own}},
		"a narrow denial of a wide line": {[][]line{{allow(ContractRead, grant.Tenant)}, {line{ContractRead, grant.Own, grant.Deny}}}, map[Permission]grant.Scope{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := publicid.NewUserID()
			r := rules{Members: map[publicid.UserID][]publicid.RoleID{}}
			for _, lines := range tt.roles {
				id := publicid.NewRoleID()
				r.Roles = append(r.Roles, roleRules{id, lines, nil})
				r.Members[u] = append(r.Members[u], id)
			}
			s := newSnapshot(r)
			g, err := s.For(u)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, g.Scopes()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTemplatesNameKnownPermissionsOnce(t *testing.T) {
	t.Parallel()
	for _, template := range Templates() {
		seen := map[Permission]bool{}
		for _, rule := range template.Rules {
			if !Known(rule.Permission) || seen[rule.Permission] || rule.Scope.Rank() == 0 {
				t.Errorf("%s: %v is unknown, named twice or without scope", template.Name, rule)
			}
			seen[rule.Permission] = true
		}
		if template.Name == Admin && len(seen) != len(All()) {
			t.Errorf("the administrator's template has %d of %d permissions", len(seen), len(All()))
		}
	}
}
