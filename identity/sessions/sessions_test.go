package sessions_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"heyue/domain/tenants/standing"
	"heyue/ent"
	"heyue/ent/user"
	"heyue/identity/account"
	"heyue/identity/sessions"
	"heyue/platform/fault"
	"heyue/platform/pgtest"
	"heyue/tests/fixture"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(pgtest.ServerGoroutine))
}

// office is a tenant with a user who has a password.
type office struct {
	*fixture.World
	tenant *fixture.Tenant
	caller context.Context // the user in a session of their own, apart from what a test signs in
	who    sessions.Credentials
}

func open(t *testing.T) office {
	t.Helper()
	w := fixture.New(t)
	tn := w.Tenant(t, "acme")
	ctx := w.User(t, tn, "sales", tn.Root)
	return office{w, tn, ctx, w.SetPassword(t, tn, ctx)}
}

func (o office) login(t *testing.T) *sessions.Tokens {
	t.Helper()
	tokens, err := o.Sessions.Login(t.Context(), o.who)
	if err != nil {
		t.Fatal("sign in: ", err)
	}
	return tokens
}

// works reports what a request with the token gets: nil, or a fault of the kind UNAUTHENTICATED; nothing else.
func (o office) works(t *testing.T, tokens *sessions.Tokens) bool {
	t.Helper()
	_, err := o.Sessions.Authenticate(t.Context(), tokens.AccessToken)
	if err != nil && fault.KindOf(err) != fault.Unauthenticated {
		t.Fatal("authenticate: ", err)
	}
	return err == nil
}

func (o office) disable(t *testing.T) {
	t.Helper()
	o.Write(t, o.tenant.Ctx, func(tx *ent.Tx) error {
		return tx.User.Update().Where(user.ID(fixture.Caller(t, o.caller).UserID)).SetState(account.Disabled).Exec(o.tenant.Ctx)
	})
}

func (o office) suspend(t *testing.T) {
	t.Helper()
	o.Write(t, o.tenant.Ctx, func(tx *ent.Tx) error {
		return tx.Tenant.Update().SetStanding(standing.Suspended).Exec(o.tenant.Ctx)
	})
}

func wantUnauthenticated(t *testing.T, what string, err error) {
	t.Helper()
	if fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("%s: %v; want UNAUTHENTICATED", what, err)
	}
}

// events lists what the journal has of a session, oldest first.
func (o office) events(t *testing.T) []string {
	t.Helper()
	rows, err := o.Client.AuditEntry.Query().Order(ent.Asc("id")).All(o.tenant.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range rows {
		if r.Object == "session" {
			names = append(names, r.Action)
		}
	}
	return names
}
