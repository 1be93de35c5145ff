package policies_test

import (
	"errors"
	"sync"
	"testing"

	"heyue/ent"
	"heyue/ent/auditentry"
	"heyue/identity/account"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/tenancy"
	"heyue/tests/fixture"
)

func TestAssign(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme, globex := w.Tenant(t, "acme"), w.Tenant(t, "globex")
	a := administration(w)
	ctx := w.User(t, acme, "")
	user := fixture.Caller(t, ctx).UserID
	give := func(role publicid.RoleID, to publicid.UserID) error {
		_, err := a.Assign(w.Next(t, acme.Admin), policies.Membership{UserID: to, RoleID: role})
		return err
	}
	if err := give(acme.Roles["sales"], user); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Policies.Require(w.Next(t, ctx), policies.CustomerRead); err != nil {
		t.Errorf("in the next request: %v", err)
	}
	want(t, "twice", give(acme.Roles["sales"], user), fault.Duplicate, "roleId")
	want(t, "no such role", give(publicid.NewRoleID(), user), fault.Missing, "roleId")
	want(t, "another tenant's role", give(globex.Roles["sales"], user), fault.Missing, "roleId")
	want(t, "another tenant's user", give(acme.Roles["sales"], fixture.Caller(t, globex.Admin).UserID), fault.Missing, "userId")
	_, err := a.Assign(w.Next(t, ctx), policies.Membership{UserID: user, RoleID: acme.Roles["finance"]})
	want(t, "by somebody without the permission", err, fault.CodeForbidden, "")
	a.Limits.PerUser = 1
	want(t, "a role too many", give(acme.Roles["finance"], user), fault.LimitReached, "roleId")

	byUser := done[map[publicid.UserID][]*policies.Role](t)(a.RolesOf(w.Next(t, acme.Admin), []publicid.UserID{user}))
	if len(byUser[user]) != 1 || byUser[user][0].Code != "sales" {
		t.Errorf("the user has %v", byUser)
	}
	n, err := w.Client.AuditEntry.Query().Where(auditentry.Action("assign_role"), auditentry.ObjectID(user.UUID())).Count(acme.Ctx)
	if err != nil || n != 1 {
		t.Errorf("%d audit entries, %v", n, err)
	}
	if _, err := a.Unassign(w.Next(t, acme.Admin), policies.Membership{UserID: user, RoleID: acme.Roles["sales"]}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Policies.Require(w.Next(t, ctx), policies.CustomerRead); fault.KindOf(err) != fault.Denied {
		t.Errorf("without the role: %v", err)
	}
	_, err = a.Unassign(w.Next(t, acme.Admin), policies.Membership{UserID: user, RoleID: acme.Roles["sales"]})
	want(t, "a role they do not have", err, fault.Missing, "roleId")
}

// TestAssignNeedsAllThatTheRoleGives, seen from the department of whoever gets it.
func TestAssignNeedsAllThatTheRoleGives(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	a := administration(w)
	north := w.Department(t, acme, "NORTH")
	city := w.Department(t, acme, "CITY", north)
	south := w.Department(t, acme, "SOUTH")
	acme.Roles["lead"] = roleWith(t, w, acme, "lead", line{policies.RoleUpdate, grant.Tenant, grant.Allow},
		line{policies.UserRead, grant.Tenant, grant.Allow}, line{policies.CustomerRead, grant.Subtree, grant.Allow})
	role := func(code string, p policies.Permission, s grant.Scope) publicid.RoleID {
		return roleWith(t, w, acme, code, line{p, s, grant.Allow})
	}
	own, department, subtree := role("own", policies.CustomerRead, grant.Own), role("department", policies.CustomerRead, grant.Department), role("subtree", policies.CustomerRead, grant.Subtree)
	tenant, other := role("tenant", policies.CustomerRead, grant.Tenant), role("other", policies.AuditRead, grant.Own)
	limiting := roleWith(t, w, acme, "limiting", line{policies.AuditRead, grant.Tenant, grant.Deny})
	tests := []struct {
		name string
		role publicid.RoleID
		home publicid.DepartmentID
		ok   bool
	}{
		{"own rows, anywhere", own, south, true},
		{"the lead's department", department, north, true},
		{"a department below", department, city, true},
		{"a department beside", department, south, false},
		{"the lead's subtree", subtree, north, true},
		{"the whole tree from above", subtree, acme.Root, false},
		{"the tenant", tenant, city, false},
		{"what the lead lacks", other, city, false},
		{"a role that only denies", limiting, city, true},
	}
	lead := w.User(t, acme, "lead", north)
	for _, tt := range tests {
		user := fixture.Caller(t, w.User(t, acme, "", tt.home)).UserID
		_, err := a.Assign(w.Next(t, lead), policies.Membership{UserID: user, RoleID: tt.role})
		if tt.ok && err != nil {
			t.Errorf("%s: %v", tt.name, err)
		} else if !tt.ok {
			want(t, tt.name, err, fault.NotAllowed, "roleId")
		}
	}
	acme.Roles["limiting"] = limiting
	limited := fixture.Caller(t, w.User(t, acme, "limiting", city)).UserID
	_, err := a.Unassign(w.Next(t, lead), policies.Membership{UserID: limited, RoleID: limiting})
	want(t, "taking a denial away that the lead could not have given", err, fault.NotAllowed, "roleId")
}

// TestAssignNeedsSightOfTheUser: whom the caller does not see is not found, as in lookups.
func TestAssignNeedsSightOfTheUser(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	a := administration(w)
	north, south := w.Department(t, acme, "NORTH"), w.Department(t, acme, "SOUTH")
	acme.Roles["near"] = roleWith(t, w, acme, "near", line{policies.RoleUpdate, grant.Tenant, grant.Allow}, line{policies.UserRead, grant.Department, grant.Allow})
	acme.Roles["blind"] = roleWith(t, w, acme, "blind", line{policies.RoleUpdate, grant.Tenant, grant.Allow})
	near, blind := w.User(t, acme, "near", north), w.User(t, acme, "blind", north)
	empty := roleWith(t, w, acme, "empty")
	here, there := fixture.Caller(t, w.User(t, acme, "", north)).UserID, fixture.Caller(t, w.User(t, acme, "", south)).UserID

	if _, err := a.Assign(w.Next(t, near), policies.Membership{UserID: here, RoleID: empty}); err != nil {
		t.Error(err)
	}
	_, err := a.Assign(w.Next(t, near), policies.Membership{UserID: there, RoleID: empty})
	want(t, "out of sight", err, fault.Missing, "userId")
	_, err = a.Unassign(w.Next(t, near), policies.Membership{UserID: there, RoleID: empty})
	want(t, "out of sight to take", err, fault.Missing, "userId")
	_, err = a.Unassign(w.Next(t, blind), policies.Membership{UserID: here, RoleID: empty})
	want(t, "without user:read", err, fault.CodeForbidden, "")
}

// TestATenantKeepsAnAdministrator, whichever way the last one would go.
func TestATenantKeepsAnAdministrator(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	a := administration(w)
	admin, limits := fixture.Caller(t, acme.Admin).UserID, roleWith(t, w, acme, "limits", line{policies.AuditRead, grant.Tenant, grant.Deny})
	last := policies.Membership{UserID: admin, RoleID: acme.Roles[policies.Admin]}
	ways := map[string]func() error{
		"losing the role": func() error { _, err := a.Unassign(w.Next(t, acme.Admin), last); return err },
		"getting a role that denies": func() error {
			_, err := a.Assign(w.Next(t, acme.Admin), policies.Membership{UserID: admin, RoleID: limits})
			return err
		},
	}
	for name, way := range ways {
		want(t, name, way(), fault.NotAllowed, "")
	}
	helper := roleWith(t, w, acme, "helper", line{policies.ContractRead, grant.Own, grant.Allow})
	done[*ent.User](t)(a.Assign(w.Next(t, acme.Admin), policies.Membership{UserID: admin, RoleID: helper}))
	_, err := a.SetGrants(w.Next(t, acme.Admin), policies.GrantsChange{ID: helper, ExpectedVersion: 1, Grants: []*policies.GrantInput{deny(policies.AuditRead)}})
	want(t, "a role of theirs denying something", err, fault.NotAllowed, "")

	second := fixture.Caller(t, w.User(t, acme, policies.Admin)).UserID
	setState(t, w, acme, second, account.Disabled)
	want(t, "losing the role beside a disabled administrator", ways["losing the role"](), fault.NotAllowed, "")
	setState(t, w, acme, second, account.Active)
	if err := ways["losing the role"](); err != nil {
		t.Errorf("beside another administrator: %v", err)
	}
}

func setState(t *testing.T, w *fixture.World, tn *fixture.Tenant, id publicid.UserID, s account.State) {
	t.Helper()
	w.Write(t, tn.Ctx, func(tx *ent.Tx) error { return tx.User.UpdateOneID(id).SetState(s).Exec(tn.Ctx) })
}

// TestTwoAdministratorsCannotLeaveAtOnce: of two changes at the same time the second sees the first.
func TestTwoAdministratorsCannotLeaveAtOnce(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	a := administration(w)
	leaving := []policies.Membership{
		{UserID: fixture.Caller(t, acme.Admin).UserID, RoleID: acme.Roles[policies.Admin]},
		{UserID: fixture.Caller(t, w.User(t, acme, policies.Admin)).UserID, RoleID: acme.Roles[policies.Admin]},
	}
	ctx := w.Next(t, acme.Admin)
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i, m := range leaving {
		wg.Go(func() { _, errs[i] = a.Unassign(ctx, m) })
	}
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("one of two may leave: %v", errs)
	}
	want(t, "the other one", errors.Join(errs...), fault.NotAllowed, "")
	err := tenancy.Write(acme.Ctx, w.Client, func(tx *ent.Tx) error { return policies.KeepAdmin(acme.Ctx, tx) })
	if err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestSeedRoles(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	tests := map[string]string{"zh-CN": "管理员", "zh": "管理员", "en": "Administrator", "fr": "Administrator"}
	for locale, name := range tests {
		tn := w.Tenant(t, "t-"+string([]rune(locale)[:2])+map[bool]string{true: "-cn"}[locale == "zh-CN"])
		w.Write(t, tn.Ctx, func(tx *ent.Tx) error { // the fixture has made its own; make room for the codes
			if _, err := tx.UserRole.Delete().Exec(tn.Ctx); err != nil {
				return err
			}
			if _, err := tx.Role.Delete().Exec(tn.Ctx); err != nil {
				return err
			}
			ids, err := policies.SeedRoles(tn.Ctx, tx, locale)
			if err != nil {
				return err
			}
			if len(ids) != len(policies.Templates()) {
				t.Errorf("%s: %v", locale, ids)
			}
			return policies.SeedMember(tn.Ctx, tx, fixture.Caller(t, tn.Admin).UserID, ids[policies.Admin])
		})
		roles := done[[]*policies.Role](t)(administration(w).Roles(w.Next(t, tn.Admin)))
		if len(roles) != len(policies.Templates()) || roles[0].Name != name {
			t.Errorf("%s: %d roles, the first is %q", locale, len(roles), roles[0].Name)
		}
	}
}
