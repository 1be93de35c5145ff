package policies_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"heyue/ent"
	"heyue/ent/customer"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/tests/fixture"
)

// organisation is a tenant at random: departments, somebody for every scope in each of some of them, and customers of
// any owner and department, or of none.
type organisation struct {
	*fixture.Tenant
	callers     map[string]context.Context
	customers   []*ent.Customer
	departments []publicid.DepartmentID
	parents     map[publicid.DepartmentID]*publicid.DepartmentID
}

func organise(t *testing.T, w *fixture.World, seed uint64) organisation {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0)) // the same world for the same seed
	tn := w.Tenant(t, fmt.Sprintf("acme-%d", seed))
	departments := []publicid.DepartmentID{tn.Root}
	parents := map[publicid.DepartmentID]*publicid.DepartmentID{}
	for i := range 9 {
		below := departments[r.IntN(len(departments))]
		departments = append(departments, w.Department(t, tn, fmt.Sprintf("D%d", i), below))
		parents[departments[i+1]] = &below
	}
	o := organisation{Tenant: tn, callers: map[string]context.Context{}, departments: departments, parents: parents}
	owners := []*publicid.UserID{nil}
	for _, scope := range grant.Scope("").Values() {
		var lines []line
		for _, p := range []policies.Permission{policies.CustomerRead, policies.CustomerUpdate, policies.ContractRead, policies.ContractUpdate} {
			lines = append(lines, line{p, grant.Scope(scope), grant.Allow})
		}
		tn.Roles[scope] = roleWith(t, w, tn, scope, lines...)
		for i := range 3 {
			where := []publicid.DepartmentID{departments[r.IntN(len(departments))]}
			if i == 0 {
				where = nil // of no department
			}
			ctx := w.User(t, tn, scope, where...)
			o.callers[fmt.Sprintf("%s %d", scope, i)] = ctx //nolint:fatcontext // a caller each, none inside another
			id := fixture.Caller(t, ctx).UserID
			owners = append(owners, &id)
		}
	}
	homes := []*publicid.DepartmentID{nil}
	for _, d := range departments {
		homes = append(homes, &d)
	}
	w.Write(t, tn.Ctx, func(tx *ent.Tx) error {
		for i := range 60 {
			c, err := tx.Customer.Create().SetName("x").SetCode(fmt.Sprint(i)).SetNillableOwnerID(owners[r.IntN(len(owners))]).
				SetNillableDepartmentID(homes[r.IntN(len(homes))]).Save(tn.Ctx)
			if err != nil {
				return err
			}
			o.customers = append(o.customers, c)
			if err := tx.Contact.Create().SetName("y").SetCustomerID(c.ID).Exec(tn.Ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return o
}

type line struct {
	policies.Permission
	Scope  grant.Scope
	Effect grant.Effect
}

func roleWith(t *testing.T, w *fixture.World, tn *fixture.Tenant, code string, lines ...line) (id publicid.RoleID) {
	t.Helper()
	w.Write(t, tn.Ctx, func(tx *ent.Tx) error {
		role, err := tx.Role.Create().SetCode(code).SetName(code).Save(tn.Ctx)
		if err != nil {
			return err
		}
		id = role.ID
		for _, l := range lines {
			if err := tx.RoleGrant.Create().SetRoleID(id).SetObject(l.Object).SetAction(l.Action).SetScope(l.Scope).SetEffect(l.Effect).Exec(tn.Ctx); err != nil {
				return err
			}
		}
		return policies.Bump(tn.Ctx, tx)
	})
	return id
}

// TestListsAndChecksAgree: the rows of a list are exactly those whose check passes, and exactly those that a lookup
// with the same predicate finds (tenancy.md 6.1 L5). Rows of another tenant are never among them.
func TestListsAndChecksAgree(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	for seed := range uint64(4) {
		o := organise(t, w, seed)
		for name, ctx := range o.callers {
			access, err := w.Policies.Require(w.Next(t, ctx), policies.CustomerRead)
			if err != nil {
				t.Fatal(err)
			}
			listed, err := w.Client.Customer.Query().Where(access.Where).IDs(ctx)
			if err != nil {
				t.Fatal(err)
			}
			reached := 0
			for _, c := range o.customers {
				want := access.Covers(c.OwnerID, c.DepartmentID)
				found, err := w.Client.Customer.Query().Where(customer.ID(c.ID), access.Where).Exist(ctx)
				if err != nil || found != want || slices.Contains(listed, c.ID) != want {
					t.Errorf("seed %d, %s, owner %v, department %v: check %v, lookup %v, listed %v, %v",
						seed, name, c.OwnerID, c.DepartmentID, want, found, slices.Contains(listed, c.ID), err)
				}
				if want {
					reached++
				}
			}
			if reached != len(listed) {
				t.Errorf("seed %d, %s: %d rows listed, %d pass the check", seed, name, len(listed), reached)
			}
			contacts, err := w.Client.Contact.Query().Where(access.Through("customers", "customer_id", o.ID)).Count(ctx)
			if err != nil || contacts != reached {
				t.Errorf("seed %d, %s: %d contacts through %d customers, %v", seed, name, contacts, reached, err)
			}
		}
	}
}

// TestScopesContainEachOther says what each scope reaches, by hand, for one user.
func TestScopesContainEachOther(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	north := w.Department(t, acme, "NORTH")
	city := w.Department(t, acme, "CITY", north)
	other := publicid.NewUserID()
	tests := map[grant.Scope]struct{ mine, north, city, root, nobody bool }{
		grant.Own:        {mine: true},
		grant.Department: {mine: true, north: true},
		grant.Subtree:    {mine: true, north: true, city: true},
		grant.Tenant:     {true, true, true, true, true},
	}
	for scope, want := range tests {
		acme.Roles[string(scope)] = roleWith(t, w, acme, string(scope), line{policies.ContractRead, scope, grant.Allow})
		ctx := w.User(t, acme, string(scope), north)
		me := fixture.Caller(t, ctx).UserID
		a, err := w.Policies.Require(ctx, policies.ContractRead)
		if err != nil {
			t.Fatal(err)
		}
		got := struct{ mine, north, city, root, nobody bool }{
			a.Covers(&me, &acme.Root), a.Covers(&other, &north), a.Covers(&other, &city), a.Covers(&other, &acme.Root), a.Covers(nil, nil),
		}
		if got != want {
			t.Errorf("%s reaches %+v, want %+v", scope, got, want)
		}
		if a.User() != me || a.Home() == nil || *a.Home() != north {
			t.Errorf("%s: decided for %s of %v", scope, a.User(), a.Home())
		}
	}
	if (policies.Access{}).Covers(&other, &north) {
		t.Error("an access that was never granted reaches something")
	}
}
