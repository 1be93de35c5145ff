package policies_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"heyue/ent"
	"heyue/ent/auditentry"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/tests/fixture"
)

func administration(w *fixture.World) *policies.Administration {
	return &policies.Administration{Client: w.Client, Engine: w.Policies, Audit: w.Audit, Limits: policies.DefaultRoleLimits()}
}

// want checks the first fault of err: its code and the path of its field, joined by dots.
func want(t *testing.T, name string, err error, code fault.Code, field string) {
	t.Helper()
	faults := fault.All(err)
	if len(faults) == 0 || faults[0].Code != code || strings.Join(faults[0].Field, ".") != field {
		t.Errorf("%s: %v, want %s at %q", name, err, code, field)
	}
}

// done fails the test on an error.
func done[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ptr[T any](v T) *T { return &v }

func allow(p policies.Permission, s grant.Scope) *policies.GrantInput {
	return &policies.GrantInput{Object: p.Object, Action: p.Action, Scope: &s}
}

func deny(p policies.Permission) *policies.GrantInput {
	return &policies.GrantInput{Object: p.Object, Action: p.Action, Effect: ptr(grant.Deny)}
}

// clerk is somebody who may administer roles and hold little else.
func clerk(t *testing.T, w *fixture.World, tn *fixture.Tenant, lines ...line) context.Context {
	t.Helper()
	lines = append(lines, line{policies.RoleUpdate, grant.Tenant, grant.Allow}, line{policies.RoleRead, grant.Tenant, grant.Allow})
	tn.Roles["clerk"] = roleWith(t, w, tn, "clerk", lines...)
	return w.User(t, tn, "clerk", tn.Root)
}

func TestCreateRole(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme, globex := w.Tenant(t, "acme"), w.Tenant(t, "globex")
	a := administration(w)
	ctx := clerk(t, w, acme)

	r := done[*policies.Role](t)(a.CreateRole(acme.Admin, policies.RoleDraft{Code: "key-accounts", Name: " 大客户 ", Template: ptr("sales")}))
	template, _ := policies.TemplateNamed("sales")
	if r.Name != "大客户" || r.Template != "sales" || len(r.Grants) != len(template.Rules) || r.Grants[0].Origin != policies.FromTemplate {
		t.Errorf("made %+v", r)
	}
	if _, err := a.CreateRole(ctx, policies.RoleDraft{Code: "empty", Name: "Empty"}); err != nil {
		t.Errorf("a role that gives nothing: %v", err)
	}
	tests := map[string]struct {
		ctx   context.Context
		draft policies.RoleDraft
		code  fault.Code
		field string
	}{
		"a code that is taken":           {acme.Admin, policies.RoleDraft{Code: "key-accounts", Name: "x"}, fault.Duplicate, "code"},
		"a malformed code":               {acme.Admin, policies.RoleDraft{Code: "Key Accounts", Name: "x"}, fault.Malformed, "code"},
		"no name":                        {acme.Admin, policies.RoleDraft{Code: "x", Name: "  "}, fault.Required, "name"},
		"an unknown template":            {acme.Admin, policies.RoleDraft{Code: "x", Name: "x", Template: ptr("god")}, fault.UnknownValue, "template"},
		"a template beyond the caller's": {ctx, policies.RoleDraft{Code: "x", Name: "x", Template: ptr("sales")}, fault.NotAllowed, "template"},
		"nobody":                         {acme.Ctx, policies.RoleDraft{Code: "x", Name: "x"}, fault.CodeUnauthenticated, ""},
		"no permission":                  {w.User(t, acme, "manager"), policies.RoleDraft{Code: "x", Name: "x"}, fault.CodeForbidden, ""},
	}
	for name, tt := range tests {
		_, err := a.CreateRole(tt.ctx, tt.draft)
		want(t, name, err, tt.code, tt.field)
	}
	if _, err := a.CreateRole(globex.Admin, policies.RoleDraft{Code: "key-accounts", Name: "x"}); err != nil {
		t.Errorf("the same code in another tenant: %v", err)
	}
	a.Limits.Roles = len(done[[]*policies.Role](t)(a.Roles(acme.Admin)))
	_, err := a.CreateRole(acme.Admin, policies.RoleDraft{Code: "one-more", Name: "x"})
	want(t, "a role too many", err, fault.LimitReached, "")
}

func TestUpdateRole(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme, globex := w.Tenant(t, "acme"), w.Tenant(t, "globex")
	a := administration(w)
	id := acme.Roles["sales"]
	r := done[*policies.Role](t)(a.UpdateRole(acme.Admin, policies.RoleChange{ID: id, ExpectedVersion: 1, Name: ptr("Field sales")}))
	if r.Name != "Field sales" || r.Version != 2 {
		t.Errorf("renamed to %+v", r.Role)
	}
	stale, err := a.UpdateRole(acme.Admin, policies.RoleChange{ID: id, ExpectedVersion: 1, Name: ptr("Other")})
	want(t, "an old version", err, fault.VersionConflict, "expectedVersion")
	if stale == nil || stale.Name != "Field sales" {
		t.Errorf("the conflict shows %+v", stale)
	}
	_, err = a.UpdateRole(globex.Admin, policies.RoleChange{ID: id, ExpectedVersion: 2, Name: ptr("Ours")})
	want(t, "another tenant's role", err, fault.Missing, "id")
	_, err = a.UpdateRole(acme.Admin, policies.RoleChange{ID: id, ExpectedVersion: 2, Name: ptr("")})
	want(t, "an empty name", err, fault.Required, "name")
}

func TestSetGrantsRefusesWhatNobodyCanMean(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	a := administration(w)
	tests := map[string]struct {
		grants []*policies.GrantInput
		code   fault.Code
		field  string
	}{
		"an unknown object":                     {[]*policies.GrantInput{allow(policies.CustomerRead, grant.Own), {Object: "moon", Action: "read", Scope: ptr(grant.Own)}}, fault.UnknownValue, "grants.1.object"},
		"an unknown action":                     {[]*policies.GrantInput{{Object: "customer", Action: "eat", Scope: ptr(grant.Own)}}, fault.UnknownValue, "grants.0.action"},
		"an unknown scope":                      {[]*policies.GrantInput{allow(policies.CustomerRead, "WORLD")}, fault.UnknownValue, "grants.0.scope"},
		"no scope":                              {[]*policies.GrantInput{{Object: "customer", Action: "read"}}, fault.Required, "grants.0.scope"},
		"an unknown effect":                     {[]*policies.GrantInput{{Object: "customer", Action: "read", Scope: ptr(grant.Own), Effect: ptr(grant.Effect("MAYBE"))}}, fault.UnknownValue, "grants.0.effect"},
		"one permission twice":                  {[]*policies.GrantInput{allow(policies.CustomerRead, grant.Own), deny(policies.CustomerRead)}, fault.Duplicate, "grants.1.action"},
		"more lines than there are permissions": {slices.Repeat([]*policies.GrantInput{allow(policies.CustomerRead, grant.Own)}, len(policies.All())+1), fault.TooLong, "grants"},
	}
	for name, tt := range tests {
		_, err := a.SetGrants(acme.Admin, policies.GrantsChange{ID: acme.Roles["sales"], ExpectedVersion: 1, Grants: tt.grants})
		want(t, name, err, tt.code, tt.field)
	}
	both := fault.All((policies.GrantsChange{Grants: []*policies.GrantInput{{Object: "moon"}, {Object: "sun"}}}).Validate())
	if len(both) < 4 {
		t.Errorf("two bad lines give %v", both)
	}
	_, err := a.SetGrants(acme.Admin, policies.GrantsChange{ID: acme.Roles[policies.Admin], ExpectedVersion: 1, Grants: []*policies.GrantInput{deny(policies.AuditRead)}})
	want(t, "less for administrators", err, fault.NotAllowed, "grants")
	_, err = a.SetGrants(acme.Admin, policies.GrantsChange{ID: publicid.NewRoleID(), ExpectedVersion: 1})
	want(t, "no such role", err, fault.Missing, "id")
}

func TestSetGrantsReplacesTheTenantsLines(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	a := administration(w)
	id := acme.Roles["sales"]
	seller := w.User(t, acme, "sales")
	set := func(version int, grants ...*policies.GrantInput) *policies.Role {
		t.Helper()
		return done[*policies.Role](t)(a.SetGrants(w.Next(t, acme.Admin), policies.GrantsChange{ID: id, ExpectedVersion: version, Grants: grants}))
	}
	r := set(1, allow(policies.CustomerRead, grant.Tenant), deny(policies.ContractUpdate))
	if r.Version != 2 {
		t.Errorf("version %d", r.Version)
	}
	for _, l := range r.Grants {
		p := policies.Permission{Object: l.Object, Action: l.Action}
		if (l.Origin == policies.FromTenant) != (p == policies.CustomerRead && l.Scope == grant.Tenant || l.Effect == grant.Deny) {
			t.Errorf("origin of %+v", l)
		}
		if p == policies.ContractUpdate && l.InForce != (l.Effect == grant.Deny) {
			t.Errorf("beside a denial %+v", l)
		}
	}
	seller = w.Next(t, seller)
	if got, err := w.Policies.Require(seller, policies.CustomerRead); err != nil || got.Scope != grant.Tenant {
		t.Errorf("the widened permission: %v, %v", got.Scope, err)
	}
	if _, err := w.Policies.Require(seller, policies.ContractUpdate); fault.KindOf(err) != fault.Denied {
		t.Errorf("the denied permission: %v", err)
	}
	set(2)
	seller = w.Next(t, seller)
	if got, err := w.Policies.Require(seller, policies.CustomerRead); err != nil || got.Scope != grant.Own {
		t.Errorf("the template's permission: %v, %v", got.Scope, err)
	}
	if _, err := w.Policies.Require(seller, policies.ContractUpdate); err != nil {
		t.Errorf("the permission that is denied no more: %v", err)
	}
	entries, err := w.Client.AuditEntry.Query().Where(auditentry.Action("set_grants")).Order(ent.Asc("id")).All(acme.Ctx)
	if err != nil || len(entries) != 2 || !strings.Contains(string(entries[0].Changes), `"contract:update": [null, "DENY TENANT"]`) {
		t.Errorf("the audit says %v, %v", entries, err)
	}
}

// TestNobodyGivesWhatTheyDoNotHold (A3): neither by a line of a role, nor by lifting a denial, nor wider than their own.
func TestNobodyGivesWhatTheyDoNotHold(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	a := administration(w)
	ctx := clerk(t, w, acme, line{policies.CustomerRead, grant.Department, grant.Allow})
	target := roleWith(t, w, acme, "target", line{policies.ContractRead, grant.Own, grant.Allow}, line{policies.PaymentRecord, grant.Tenant, grant.Deny})
	kept := []*policies.GrantInput{allow(policies.ContractRead, grant.Own), deny(policies.PaymentRecord)}
	tests := map[string]struct {
		grants []*policies.GrantInput
		ok     bool
	}{
		"what is there already":             {kept, true},
		"less than is there":                {kept[1:], true},
		"what they hold":                    {append(slices.Clone(kept), allow(policies.CustomerRead, grant.Department)), true},
		"narrower than they hold":           {append(slices.Clone(kept), allow(policies.CustomerRead, grant.Own)), true},
		"another denial":                    {append(slices.Clone(kept), deny(policies.AuditRead)), true},
		"wider than they hold":              {append(slices.Clone(kept), allow(policies.CustomerRead, grant.Subtree)), false},
		"what they do not hold":             {append(slices.Clone(kept), allow(policies.AuditRead, grant.Own)), false},
		"wider than is there":               {[]*policies.GrantInput{allow(policies.ContractRead, grant.Tenant), kept[1]}, false},
		"a denial lifted":                   {kept[:1], false},
		"a denial turned into an allowance": {[]*policies.GrantInput{kept[0], allow(policies.PaymentRecord, grant.Own)}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			now := done[*policies.Role](t)(a.Lookup(acme.Admin, target))
			_, err := a.SetGrants(ctx, policies.GrantsChange{ID: target, ExpectedVersion: now.Version, Grants: tt.grants})
			if !tt.ok {
				want(t, name, err, fault.NotAllowed, "grants")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			done[*policies.Role](t)(a.SetGrants(w.Next(t, acme.Admin), policies.GrantsChange{ID: target, ExpectedVersion: now.Version + 1, Grants: kept}))
		})
	}
}

func TestDeleteRole(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	a := administration(w)
	w.User(t, acme, "sales")
	_, err := a.DeleteRole(w.Next(t, acme.Admin), policies.RoleTarget{ID: acme.Roles["sales"], ExpectedVersion: 1})
	want(t, "a role that somebody has", err, fault.InUse, "id")
	id := roleWith(t, w, acme, "spare", line{policies.ContractRead, grant.Own, grant.Allow})
	_, err = a.DeleteRole(acme.Admin, policies.RoleTarget{ID: id, ExpectedVersion: 7})
	want(t, "another version", err, fault.VersionConflict, "expectedVersion")
	if _, err = a.DeleteRole(acme.Admin, policies.RoleTarget{ID: id, ExpectedVersion: 1}); err != nil {
		t.Fatal(err)
	}
	if r, err := a.Lookup(acme.Admin, id); r != nil || err != nil {
		t.Errorf("after its removal: %v, %v", r, err)
	}
}
