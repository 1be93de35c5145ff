package resolver_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/dictionaries"
	"heyue/ent"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/tests/fixture"
)

// TestOrganisationEdgesCostAConstantNumberOfStatements: owners, departments, roles and labels of twenty rows cost what
// those of two cost, in both forms of a connection and in plain lists.
func TestOrganisationEdgesCostAConstantNumberOfStatements(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	acme := a.Tenant(t, "acme")
	a.Write(t, acme.Ctx, func(tx *ent.Tx) error { return dictionaries.Seed(acme.Ctx, tx) })
	for i := range 20 {
		department := a.Department(t, acme, fmt.Sprintf("D%02d", i))
		owner := fixture.Caller(t, a.User(t, acme, []string{"sales", "finance"}[i%2], department)).UserID
		a.Write(t, acme.Ctx, func(tx *ent.Tx) error {
			code := fmt.Sprintf("C%02d", i)
			return tx.Customer.Create().SetName(code).SetCode(code).SetSource([]string{"PHONE", "WEBSITE"}[i%2]).SetRegion("310000").
				SetOwnerID(owner).SetDepartmentID(department).Exec(acme.Ctx)
		})
	}
	const customer = `owner { name department { name parent { name } } roles { code grants { object } } }
		department { name children { name } } sourceEntry { labelZh } regionEntry { labelEn }`
	document := func(n int) string {
		return fmt.Sprintf(`{ customers(first: %d) { nodes { %s } edges { node { %s } } }
			users(first: %d) { edges { node { department { name } roles { code } lastLoginAt } } }
			departments { parent { name } children { name } } }`, n, customer, customer, n)
	}
	ctx := a.Next(t, acme.Admin)
	a.ask(t, ctx, nil, `{ departments { id } }`) // loads the permissions
	cost := map[int][]string{}
	for _, n := range []int{2, 20} {
		a.statements.take()
		var got struct {
			Customers struct {
				Edges []struct {
					Node struct {
						Owner struct {
							Roles      []struct{ Grants []struct{ Object string } }
							Department struct{ Parent struct{ Name string } }
						}
						SourceEntry, RegionEntry struct{ LabelZh, LabelEn string }
					}
				}
			}
		}
		if codes := a.ask(t, ctx, &got, document(n)); len(codes) > 0 {
			t.Fatal(codes)
		}
		cost[n] = a.statements.take()
		for i, e := range got.Customers.Edges {
			if c := e.Node; len(c.Owner.Roles) != 1 || len(c.Owner.Roles[0].Grants) == 0 || c.Owner.Department.Parent.Name == "" ||
				c.SourceEntry.LabelZh == "" || c.RegionEntry.LabelEn == "" {
				t.Fatalf("row %d lacks its edges: %+v", i, c)
			}
		}
	}
	if len(cost[2]) != len(cost[20]) {
		slices.Sort(cost[20])
		t.Errorf("2 rows cost %d statements, 20 cost %d: %s", len(cost[2]), len(cost[20]), tables(cost[20]))
	}
	t.Logf("%d statements", len(cost[20]))
}

// TestNodesAndListsAgree: whoever asks, node finds exactly the departments, users and roles that the lists show, and
// another tenant's never.
func TestNodesAndListsAgree(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	acme, globex := a.Tenant(t, "acme"), a.Tenant(t, "globex")
	north, south := a.Department(t, acme, "NORTH"), a.Department(t, acme, "SOUTH")
	a.role(t, acme, "near", map[policies.Permission]grant.Scope{policies.UserRead: grant.Department, policies.RoleRead: grant.Own})
	a.role(t, acme, "chart", map[policies.Permission]grant.Scope{policies.DepartmentRead: grant.Own})
	callers := map[string]context.Context{
		"admin": acme.Admin, "sales": a.User(t, acme, "sales", north), "near": a.User(t, acme, "near", north),
		"far": a.User(t, acme, "near", south), "chart": a.User(t, acme, "chart"), "stranger": a.User(t, acme, ""), "foreigner": globex.Admin,
	}
	every := a.ids(t, acme.Ctx)
	for name, ctx := range callers {
		ctx = a.Next(t, ctx)
		listed, found := []string{}, []string{}
		for _, list := range []string{"users { nodes { id } }", "departments { id }", "roles { id }"} {
			listed = append(listed, a.shown(t, ctx, list)...)
		}
		for _, id := range every {
			var got struct{ Node *struct{ ID string } }
			if codes := a.ask(t, ctx, &got, fmt.Sprintf(`{ node(id: %q) { id } }`, id)); len(codes) > 0 {
				t.Errorf("%s asks for %s: %v", name, id, codes)
			}
			if got.Node != nil {
				found = append(found, got.Node.ID)
			}
		}
		if name == "foreigner" {
			listed = slices.DeleteFunc(listed, func(id string) bool { return !slices.Contains(every, id) })
		}
		slices.Sort(listed)
		slices.Sort(found)
		if d := cmp.Diff(listed, found); d != "" {
			t.Errorf("%s lists (-) and finds (+): %s", name, d)
		}
		if (len(listed) == 0) != (name == "stranger" || name == "foreigner") {
			t.Errorf("%s sees %d objects", name, len(listed))
		}
	}
}

// TestOwnersAreForThoseWhoReadUsers: a record stays when its edges may not be seen.
func TestOwnersAreForThoseWhoReadUsers(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	acme := a.Tenant(t, "acme")
	a.role(t, acme, "records", map[policies.Permission]grant.Scope{policies.CustomerRead: grant.Tenant})
	a.Write(t, acme.Ctx, func(tx *ent.Tx) error {
		owner := fixture.Caller(t, acme.Admin).UserID
		return tx.Customer.Create().SetName("a").SetCode("a").SetRegion("310000").SetOwnerID(owner).SetDepartmentID(acme.Root).Exec(acme.Ctx)
	})
	var got struct {
		Customers struct {
			Nodes []struct {
				Name                           string
				Owner, Department, RegionEntry *struct{ ID string }
			}
		}
	}
	codes := a.ask(t, a.User(t, acme, "records"), &got, `{ customers { nodes { name owner { id } department { id } regionEntry { id } } } }`)
	if len(codes) > 0 || len(got.Customers.Nodes) != 1 {
		t.Fatalf("%v, %+v", codes, got)
	}
	if c := got.Customers.Nodes[0]; c.Name != "a" || c.Owner != nil || c.Department != nil || c.RegionEntry != nil {
		t.Errorf("%+v", c)
	}
}

// role makes a role of the tenant that gives what it says.
func (a *api) role(t *testing.T, tn *fixture.Tenant, code string, gives map[policies.Permission]grant.Scope) {
	t.Helper()
	a.Write(t, tn.Ctx, func(tx *ent.Tx) error {
		r, err := tx.Role.Create().SetCode(code).SetName(code).Save(tn.Ctx)
		if err != nil {
			return err
		}
		tn.Roles[code] = r.ID
		for p, scope := range gives {
			if err := tx.RoleGrant.Create().SetRoleID(r.ID).SetObject(p.Object).SetAction(p.Action).SetScope(scope).Exec(tn.Ctx); err != nil {
				return err
			}
		}
		return policies.Bump(tn.Ctx, tx)
	})
}

// ids are those of every user, department and role of a tenant.
func (a *api) ids(t *testing.T, ctx context.Context) []string {
	t.Helper()
	users := a.Client.User.Query().IDsX(ctx)
	departments := a.Client.Department.Query().IDsX(ctx)
	roles := a.Client.Role.Query().IDsX(ctx)
	return slices.Concat(texts(users), texts(departments), texts(roles))
}

func texts[T fmt.Stringer](ids []T) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id.String()
	}
	return out
}

// shown lists the ids that a query shows; none when the caller may not ask.
func (a *api) shown(t *testing.T, ctx context.Context, query string) []string {
	t.Helper()
	type object struct{ ID string }
	var got struct {
		Users              *struct{ Nodes []object }
		Departments, Roles []object
	}
	if codes := a.ask(t, ctx, &got, "{ "+query+" }"); len(codes) > 0 {
		if len(codes) != 1 || !slices.Contains([]string{"users FORBIDDEN", "departments FORBIDDEN", "roles FORBIDDEN"}, codes[0]) {
			t.Fatal(codes)
		}
		return nil
	}
	all := slices.Concat(got.Departments, got.Roles)
	if got.Users != nil {
		all = append(all, got.Users.Nodes...)
	}
	ids := make([]string, len(all))
	for i, o := range all {
		ids[i] = o.ID
	}
	return ids
}
