package policies_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"heyue/ent"
	"heyue/identity"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/tenancy"
	"heyue/tests/fixture"
)

func engine(t *testing.T, w *fixture.World, capacity int) *policies.Engine {
	t.Helper()
	e, err := policies.NewEngine(w.Client, w.Clock, capacity)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestRequireRefusesStrangers(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme, globex := w.Tenant(t, "acme"), w.Tenant(t, "globex")
	admin := fixture.Caller(t, acme.Admin)
	as := func(tenant int64, c identity.Caller) context.Context {
		return identity.With(tenancy.With(t.Context(), tenant), c)
	}
	moved := admin
	moved.TenantID = globex.ID
	tests := map[string]struct {
		ctx  context.Context
		want fault.Kind
	}{
		"nobody":                                    {acme.Ctx, fault.Unauthenticated},
		"a caller without a tenant":                 {as(acme.ID, identity.Caller{UserID: admin.UserID}), fault.Unauthenticated},
		"a user without roles":                      {w.User(t, acme, ""), fault.Denied},
		"a user who does not exist":                 {as(acme.ID, identity.Caller{TenantID: acme.ID, UserID: publicid.NewUserID()}), fault.Denied},
		"an administrator posing in another tenant": {as(globex.ID, moved), fault.Denied},
		"a caller of another tenant than ctx":       {as(globex.ID, admin), fault.Internal},
		"a caller in a context without a tenant":    {identity.With(t.Context(), admin), fault.Internal},
	}
	for name, tt := range tests {
		if _, err := w.Policies.Require(tt.ctx, policies.CustomerRead); err == nil || fault.KindOf(err) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Policies.Current(t.Context()); !errors.Is(err, tenancy.ErrNoTenant) {
		t.Errorf("permissions of no tenant: %v", err)
	}
	if _, err := w.Policies.Require(globex.Admin, policies.CustomerRead); err != nil {
		t.Errorf("the other tenant's own administrator is refused afterwards: %v", err)
	}
}

// TestARevocationHoldsFromTheNextRequestOn, while the one that is running keeps what it began with.
func TestARevocationHoldsFromTheNextRequestOn(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	acme.Roles["clerk"] = roleWith(t, w, acme, "clerk", line{policies.CustomerRead, grant.Tenant, grant.Allow})
	ctx := w.User(t, acme, "clerk")
	if _, err := w.Policies.Require(ctx, policies.CustomerRead); err != nil {
		t.Fatal(err)
	}
	elsewhere := engine(t, w, 10) // another instance, which hears of nothing
	if _, err := elsewhere.Require(ctx, policies.CustomerRead); err != nil {
		t.Fatal(err)
	}
	revoke(t, w, acme, acme.Roles["clerk"])
	for name, e := range map[string]*policies.Engine{"here": w.Policies, "elsewhere": elsewhere} {
		if _, err := e.Require(ctx, policies.CustomerRead); err != nil {
			t.Errorf("%s: within the running request: %v", name, err)
		}
		if _, err := e.Require(w.Next(t, ctx), policies.CustomerRead); fault.KindOf(err) != fault.Denied {
			t.Errorf("%s: in the next request: %v", name, err)
		}
		g, err := e.Of(ctx, fixture.Caller(t, ctx).UserID)
		if err != nil || len(g.Scopes()) != 0 {
			t.Errorf("%s: asked for now: %v, %v", name, g.Scopes(), err)
		}
	}
}

func revoke(t *testing.T, w *fixture.World, tn *fixture.Tenant, role publicid.RoleID) {
	t.Helper()
	w.Write(t, tn.Ctx, func(tx *ent.Tx) error {
		deny := tx.RoleGrant.Create().SetRoleID(role).SetObject(policies.CustomerRead.Object).SetAction(policies.CustomerRead.Action)
		if err := deny.SetScope(grant.Tenant).SetEffect(grant.Deny).Exec(tn.Ctx); err != nil {
			return err
		}
		return policies.Bump(tn.Ctx, tx)
	})
}

// TestAChangeThatRollsBackRaisesNothing: the version is part of the change.
func TestAChangeThatRollsBackRaisesNothing(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	before, err := w.Policies.Current(acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	failed := errors.New("the change fails")
	err = tenancy.Write(acme.Ctx, w.Client, func(tx *ent.Tx) error { return errors.Join(policies.Bump(acme.Ctx, tx), failed) })
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	after, err := w.Policies.Current(acme.Ctx)
	if err != nil || after != before {
		t.Errorf("the snapshot of version %d became one of %d, %v", before.Version, after.Version, err)
	}
}

func TestTheLeastRecentlyUsedSnapshotGoesFirst(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	tenants := []*fixture.Tenant{w.Tenant(t, "one"), w.Tenant(t, "two"), w.Tenant(t, "three")}
	e := engine(t, w, 2)
	snapshot := func(i int) *policies.Snapshot {
		s, err := e.Current(tenants[i].Ctx)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	one, two := snapshot(0), snapshot(1)
	if snapshot(0) != one || snapshot(1) != two {
		t.Fatal("a snapshot that fits was built again")
	}
	snapshot(0)
	snapshot(2) // two is the least recently used now
	if snapshot(0) != one {
		t.Error("a snapshot that was just used is gone")
	}
	if snapshot(1) == two {
		t.Error("three snapshots are kept, where two may be")
	}
	if _, err := policies.NewEngine(w.Client, w.Clock, 0); err == nil {
		t.Error("an engine that may keep nothing was made")
	}
}

// TestRevocationsHoldWhileEverybodyAsks: a writer takes one permission after another away while callers ask. Whoever
// carries a version never gets what that version or an earlier one took.
func TestRevocationsHoldWhileEverybodyAsks(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	all := policies.All()
	var lines []line
	for _, p := range all {
		lines = append(lines, line{p, grant.Tenant, grant.Allow})
	}
	acme.Roles["clerk"] = roleWith(t, w, acme, "clerk", lines...)
	start := w.User(t, acme, "clerk")
	first := fixture.Caller(t, start).AuthzVersion

	var version atomic.Int64
	version.Store(first)
	var callers sync.WaitGroup
	for n := range 4 {
		callers.Go(func() {
			for {
				c := fixture.Caller(t, start)
				c.AuthzVersion = version.Load()
				taken := int(c.AuthzVersion - first)
				ctx := identity.With(start, c)
				for i, p := range all[:taken] {
					if _, err := w.Policies.Require(ctx, p); fault.KindOf(err) != fault.Denied {
						t.Errorf("caller %d at version %d has %s, which version %d took: %v", n, c.AuthzVersion, p, first+int64(i)+1, err)
						return
					}
				}
				if taken == len(all) {
					return
				}
			}
		})
	}
	for _, p := range all {
		w.Write(t, acme.Ctx, func(tx *ent.Tx) error {
			err := tx.RoleGrant.Create().SetRoleID(acme.Roles["clerk"]).SetObject(p.Object).SetAction(p.Action).
				SetScope(grant.Tenant).SetEffect(grant.Deny).Exec(acme.Ctx)
			if err != nil {
				return err
			}
			return policies.Bump(acme.Ctx, tx)
		})
		version.Add(1)
	}
	callers.Wait()
}
