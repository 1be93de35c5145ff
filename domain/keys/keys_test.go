package keys_test

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"heyue/domain/keys"
	"heyue/domain/tenants/standing"
	"heyue/ent"
	"heyue/identity/sessions"
	"heyue/identity/throttle"
	"heyue/platform/clientip"
	"heyue/platform/fault"
	"heyue/platform/page"
	"heyue/platform/pgtest"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/tests/fixture"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(pgtest.ServerGoroutine))
}

// shop is a tenant with a salesperson who makes keys.
type shop struct {
	*fixture.World
	svc    *keys.Service
	tenant *fixture.Tenant
	sales  context.Context
	uses   *sessions.Uses
}

func open(t *testing.T) shop {
	t.Helper()
	w := fixture.New(t)
	tn := w.Tenant(t, "acme")
	limits := keys.DefaultLimits()
	limits.PerUser = 3
	s := shop{World: w, tenant: tn, sales: w.User(t, tn, "sales", tn.Root), uses: sessions.NewUses(w.Client, slog.New(slog.DiscardHandler)), svc: &keys.Service{
		Client: w.Client, Policies: w.Policies, Audit: w.Audit, Sessions: w.Sessions, Lister: w.Lister, Clock: w.Clock, Limits: limits,
	}}
	w.Sessions.Uses = s.uses
	return s
}

func draft() keys.Draft {
	return keys.Draft{Name: "ERP", Permissions: []*grant.Line{{Object: "customer", Action: "read", Scope: grant.Own}}, ExpiresAt: fixture.Start().Add(48 * time.Hour)}
}

func (s shop) key(t *testing.T) *keys.Secret {
	t.Helper()
	made, err := s.svc.Create(s.sales, draft())
	if err != nil {
		t.Fatal("make a key: ", err)
	}
	return made
}

// enter is a request of a program from an address.
func (s shop) enter(t *testing.T, secret, address string) (context.Context, error) {
	t.Helper()
	return s.Sessions.Authenticate(clientip.With(t.Context(), netip.MustParseAddr(address)), secret)
}

const here = "198.51.100.7"

func (s shop) refuses(t *testing.T, what, secret, address string) {
	t.Helper()
	if _, err := s.enter(t, secret, address); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("%s: %v, want UNAUTHENTICATED", what, err)
	}
}

func TestWhatEndsAKeyHoldsAtTheNextRequest(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testing.T, shop, *ent.APIKey){
		"revoked": func(t *testing.T, s shop, k *ent.APIKey) {
			if _, err := s.svc.Revoke(s.sales, keys.Target{ID: k.ID, ExpectedVersion: 1}); err != nil {
				t.Fatal(err)
			}
		},
		"the user's sign-ins ended": func(t *testing.T, s shop, k *ent.APIKey) {
			s.Write(t, s.tenant.Ctx, func(tx *ent.Tx) error { return s.Sessions.RevokeAll(s.tenant.Ctx, tx, k.UserID, "DISABLED") })
			if row, err := s.svc.Lookup(s.sales, k.ID); err != nil || s.svc.State(row) != keys.Revoked {
				t.Errorf("the key is %+v, %v", row, err)
			}
		},
		"the tenant is suspended": func(t *testing.T, s shop, _ *ent.APIKey) {
			s.Write(t, s.tenant.Ctx, func(tx *ent.Tx) error { return tx.Tenant.Update().SetStanding(standing.Suspended).Exec(s.tenant.Ctx) })
		},
		"over": func(_ *testing.T, s shop, _ *ent.APIKey) { s.Clock.Advance(48 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			made := s.key(t)
			ctx, err := s.enter(t, made.Text, here)
			if err != nil {
				t.Fatal(err)
			}
			end(t, s, made.Key)
			s.refuses(t, name, made.Text, here)
			if _, err := s.Sessions.Renew(ctx); fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("on a connection that stays: %v", err)
			}
		})
	}
}

func TestNothingButTheSecretOpens(t *testing.T) {
	t.Parallel()
	s := open(t)
	text := s.key(t).Text
	other := s.Tenant(t, "other")
	last := text[len(text)-1:]
	swapped := map[string]string{"A": "E"}[last]
	if swapped == "" {
		swapped = "A"
	}
	head, rest, _ := strings.Cut(strings.TrimPrefix(text, "hyk_"), "_")
	for name, secret := range map[string]string{
		"a changed secret": text[:len(text)-1] + swapped, "another tenant": "hyk_" + strings.Repeat("9", len(head)) + "_" + rest,
		"the other tenant": "hyk_" + itoa(other.ID) + "_" + rest, "another prefix": "hyk_" + head + "_000000000000" + rest[12:],
		"cut": text[:len(text)-4], "longer": text + "A", "nothing": "hyk_", "no tenant": "hyk__" + rest, "capitals": "hyk_" + head + "_" + strings.ToUpper(rest[:12]) + rest[12:],
		"a line break": text[:40] + "\n" + text[41:], "very long": text + strings.Repeat("A", 5000),
	} {
		s.refuses(t, name, secret, here)
	}
	if _, err := s.enter(t, text, here); err != nil {
		t.Error("the secret itself: ", err)
	}
}

func itoa(n int64) string { return string(rune('0' + n%10)) }

func TestAnOldSecretEndsWithTheOverlap(t *testing.T) {
	t.Parallel()
	s := open(t)
	first := s.key(t)
	opened, err := s.enter(t, first.Text, here)
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.svc.Rotate(s.sales, keys.Rotation{ID: first.Key.ID, ExpectedVersion: 1, OverlapSeconds: 600})
	if err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(599 * time.Second)
	for name, secret := range map[string]string{"the old": first.Text, "the new": second.Text} {
		if _, err := s.enter(t, secret, here); err != nil {
			t.Errorf("%s secret in the overlap: %v", name, err)
		}
	}
	ctx, err := s.Sessions.Renew(opened)
	if err != nil || !fixture.Caller(t, ctx).ExpiresAt.Equal(fixture.Start().Add(600*time.Second)) {
		t.Errorf("a socket of the old secret ends at %v, %v; want the end of the overlap", fixture.Caller(t, ctx).ExpiresAt, err)
	}
	s.Clock.Advance(time.Second)
	s.refuses(t, "the old secret after the overlap", first.Text, here)
	if _, err := s.Sessions.Renew(opened); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("a socket of the old secret after it: %v", err)
	}
	third, err := s.svc.Rotate(s.sales, keys.Rotation{ID: first.Key.ID, ExpectedVersion: 2})
	if err != nil {
		t.Fatal(err)
	}
	s.refuses(t, "the second secret, without an overlap", second.Text, here)
	if _, err := s.enter(t, third.Text, here); err != nil {
		t.Error("the third: ", err)
	}
}

func TestAKeyIsForItsNetworks(t *testing.T) {
	t.Parallel()
	s := open(t)
	d := draft()
	d.Networks = []string{"198.51.100.0/24", "2001:db8::/32"}
	made, err := s.svc.Create(s.sales, d)
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{"198.51.100.1", "::ffff:198.51.100.9", "2001:db8:1::1"} {
		if _, err := s.enter(t, made.Text, from); err != nil {
			t.Errorf("from %s: %v", from, err)
		}
	}
	s.refuses(t, "from elsewhere", made.Text, "203.0.113.1")
	if _, err := s.Sessions.Authenticate(t.Context(), made.Text); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("from an address that is not known: %v", err)
	}
	opened, err := s.enter(t, made.Text, "198.51.100.1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.svc.Update(s.sales, keys.Change{ID: made.Key.ID, ExpectedVersion: 1, Networks: []string{"203.0.113.1"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sessions.Renew(opened); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("a socket from a network that was taken away: %v", err)
	}
	if _, err := s.enter(t, made.Text, "203.0.113.1"); err != nil {
		t.Error("from the new network: ", err)
	}
}

// TestAKeyNeverHoldsMoreThanItsUser, whatever it was made for.
func TestAKeyNeverHoldsMoreThanItsUser(t *testing.T) {
	t.Parallel()
	s := open(t)
	admin := s.tenant.Admin
	d := draft()
	d.Permissions = []*grant.Line{
		{Object: "customer", Action: "read", Scope: grant.Tenant}, {Object: "contract", Action: "read", Scope: grant.Own},
	}
	made, err := s.svc.Create(admin, d)
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := s.enter(t, made.Text, here)
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[policies.Permission]grant.Scope{policies.CustomerRead: grant.Tenant, policies.ContractRead: grant.Own, policies.UserRead: ""} {
		access, err := s.Policies.Require(ctx, p)
		if access.Scope != want || (err == nil) != (want != "") {
			t.Errorf("%s reaches %q, %v; want %q", p, access.Scope, err, want)
		}
	}
	if g, err := s.Policies.Now(ctx); err != nil || len(g.Scopes()) != 2 {
		t.Errorf("now: %v, %v", g, err)
	}
	person, err := s.Policies.Caller(admin)
	if err != nil || len(person.Scopes()) < len(policies.All()) {
		t.Errorf("the person holds %d permissions, %v", len(person.Scopes()), err)
	}
	s.Write(t, s.tenant.Ctx, func(tx *ent.Tx) error {
		if _, err := tx.UserRole.Delete().Exec(s.tenant.Ctx); err != nil {
			return err
		}
		return policies.Bump(s.tenant.Ctx, tx)
	})
	if ctx, err = s.Sessions.Renew(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Policies.Require(ctx, policies.CustomerRead); fault.KindOf(err) != fault.Denied {
		t.Errorf("after the user lost their role: %v", err)
	}
}

func TestUsesAreNotedOnceAMinute(t *testing.T) {
	t.Parallel()
	s := open(t)
	made := s.key(t)
	used := func() *time.Time {
		t.Helper()
		if _, err := s.enter(t, made.Text, here); err != nil {
			t.Fatal(err)
		}
		s.uses.Write(t.Context())
		row, err := s.svc.Lookup(s.sales, made.Key.ID)
		if err != nil || !row.UpdatedAt.Equal(made.Key.UpdatedAt) {
			t.Fatalf("%+v, %v; using a key is no change of it", row, err)
		}
		return row.LastUsedAt
	}
	for _, step := range []struct{ after, want time.Duration }{{0, 0}, {59 * time.Second, 0}, {time.Second, time.Minute}} {
		s.Clock.Advance(step.after)
		if at := used(); at == nil || !at.Equal(fixture.Start().Add(step.want)) {
			t.Errorf("after %v: %v, want %v", step.after, at, step.want)
		}
	}
}

func TestGuessesFromAnAddressHaveToWait(t *testing.T) {
	t.Parallel()
	s := open(t)
	made := s.key(t)
	rule := throttle.Rule{Free: 3, Wait: time.Minute, Most: time.Hour, Leak: time.Hour}
	guesses, err := throttle.NewGuesses(&throttle.Throttle{System: s.System, Secret: [32]byte{1}, Clock: s.Clock, Account: rule, Address: rule, Trust: time.Hour}, "api key")
	if err != nil {
		t.Fatal(err)
	}
	s.Sessions.Guesses = guesses
	if _, err := s.enter(t, made.Text, here); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		s.refuses(t, "a guess", "hyk_1_000000000000_guess", here)
	}
	if _, err := s.enter(t, "hyk_1_000000000000_guess", here); fault.KindOf(err) != fault.Exhausted {
		t.Errorf("one guess too many: %v, want RATE_LIMITED", err)
	}
	if _, err := s.enter(t, made.Text, here); err != nil {
		t.Error("who was right from there before: ", err)
	}
	if _, err := s.enter(t, made.Text, "203.0.113.1"); err != nil {
		t.Error("another address: ", err)
	}
	s.Clock.Advance(2 * time.Minute)
	s.refuses(t, "a guess after the wait", "hyk_1_000000000000_guess", here)
}

func TestAUserHasSoManyKeys(t *testing.T) {
	t.Parallel()
	s := open(t)
	first := s.key(t)
	s.key(t)
	s.key(t)
	if _, err := s.svc.Create(s.sales, draft()); len(fault.All(err)) != 1 || fault.All(err)[0].Code != fault.LimitReached {
		t.Errorf("one too many: %v", err)
	}
	if _, err := s.svc.Revoke(s.sales, keys.Target{ID: first.Key.ID, ExpectedVersion: 1}); err != nil {
		t.Fatal(err)
	}
	s.key(t)
	two := 2
	list, err := s.svc.List(s.sales, page.Args{First: &two})
	if err != nil || len(list.Nodes()) != 2 || !list.PageInfo.HasNextPage {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestWhatAProgramDoesIsItsKeysOnRecord(t *testing.T) {
	t.Parallel()
	s := open(t)
	d := draft()
	d.Permissions = append(d.Permissions, &grant.Line{Object: "api_key", Action: "update", Scope: grant.Own})
	made, err := s.svc.Create(s.sales, d)
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := s.enter(t, made.Text, here)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.svc.Create(ctx, draft()); fault.KindOf(err) != fault.Denied {
		t.Errorf("a key makes a key: %v", err)
	}
	if _, err := s.svc.Revoke(ctx, keys.Target{ID: made.Key.ID, ExpectedVersion: 1}); err != nil {
		t.Fatal(err)
	}
	rows, err := s.Client.AuditEntry.Query().Order(ent.Asc("id")).All(s.tenant.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	last := rows[len(rows)-1]
	if last.Action != "revoke" || last.APIKeyID == nil || *last.APIKeyID != made.Key.ID || last.ActorID == nil || *last.ActorID != made.Key.UserID {
		t.Errorf("%+v", last)
	}
	for _, row := range rows {
		if strings.Contains(string(row.Changes), "hash") {
			t.Errorf("the record holds a secret's digest: %s", row.Changes)
		}
	}
}
