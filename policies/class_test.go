package policies

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/identity"
	"heyue/platform/publicid"
	"heyue/policies/grant"
	"heyue/policies/mask"
	"heyue/tenancy"
)

// TestOneClassIsOneReach draws tenants and wants of any two users of one class that they reach the same rows of everything, whoever
// these belong to, and are kept from the same fields.
func TestOneClassIsOneReach(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rulesOf().Draw(t, "rules")
		for i := range r.Roles {
			if rapid.Bool().Draw(t, "masked") {
				effect := rapid.SampledFrom([]mask.Effect{mask.Hide, mask.ReadOnly}).Draw(t, "effect")
				r.Roles[i].Masks = []FieldRule{{mask.Field{Object: "contract", Name: "amount"}, effect}}
			}
		}
		s := newSnapshot(r)
		byClass := map[string]*Grants{}
		for u := range r.Homes {
			g, err := s.For(u)
			if err != nil {
				t.Fatal(err)
			}
			other := byClass[g.Class()]
			byClass[g.Class()] = g
			if other == nil {
				continue
			}
			if d := cmp.Diff(other.Masks(), g.Masks()); d != "" {
				t.Fatal(d)
			}
			sameReach(t, r, other, g)
		}
	})
}

func sameReach(t *rapid.T, r rules, a, b *Grants) {
	for _, p := range All() {
		first, ok := a.Access(p)
		second, also := b.Access(p)
		if ok != also {
			t.Fatalf("one has %v, the other not", p)
		}
		for owner, home := range r.Homes {
			if ok && first.Covers(&owner, home) != second.Covers(&owner, home) {
				t.Fatalf("%v: one of a class reaches a row that the other does not", p)
			}
		}
	}
}

// TestAClassSaysWhatGrantsHold fails for what grants come to hold one day, until Class says it too.
func TestAClassSaysWhatGrantsHold(t *testing.T) {
	t.Parallel()
	said := map[string]bool{"scopes": true, "masks": true, "user": true, // with a scope that depends on them:
		"department": true, "subtree": true, "above": true, "shared": true}
	grants := reflect.TypeFor[Grants]()
	for i := range grants.NumField() {
		if name := grants.Field(i).Name; !said[name] {
			t.Errorf("Class does not say %s: two callers who differ in it would share executions", name)
		}
	}
}

// TestAPinIsItsCallers: a decision holds for the caller and the tenant it was made about, and nobody else.
func TestAPinIsItsCallers(t *testing.T) {
	t.Parallel()
	c := identity.Caller{TenantID: 7, UserID: publicid.NewUserID(), SessionID: publicid.NewSessionID()}
	g := &Grants{user: c.UserID, scopes: map[Permission]grant.Scope{AlertRead: grant.Tenant}}
	ctx := Pin(t.Context(), c, g)
	if got, ok := pinned(ctx, c); !ok || got != g {
		t.Error("a pin does not hold")
	}
	other := c
	other.UserID = publicid.NewUserID()
	elsewhere := c
	elsewhere.TenantID = 8
	session := c
	session.SessionID = publicid.NewSessionID()
	for name, stranger := range map[string]identity.Caller{"another user": other, "another tenant": elsewhere, "another session": session} {
		if _, ok := pinned(ctx, stranger); ok {
			t.Errorf("the pin holds for %s", name)
		}
	}
	if _, ok := pinned(tenancy.With(ctx, 8), c); ok {
		t.Error("the pin holds in another tenant's context")
	}
	if _, ok := pinned(t.Context(), c); ok {
		t.Error("there is a pin where there is none")
	}
}
