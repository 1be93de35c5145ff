package sessions_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/ent"
	"heyue/ent/session"
	"heyue/identity/sessions"
	"heyue/platform/publicid"
	"heyue/tenancy"
	"heyue/tests/fixture"
)

func TestLogoutEndsOneSession(t *testing.T) {
	t.Parallel()
	o := open(t)
	var told []int64
	o.Sessions.Ended = func(tenant int64) { told = append(told, tenant) }
	laptop, phone := o.login(t), o.login(t)
	ctx, err := o.Sessions.Authenticate(t.Context(), laptop.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := o.Sessions.Logout(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if o.works(t, laptop) || !o.works(t, phone) {
		t.Error("the wrong session ended")
	}
	if d := cmp.Diff([]string{sessions.LoggedIn, sessions.LoggedIn, sessions.LoggedOut}, o.events(t)); d != "" {
		t.Error(d)
	}
	if !slices.Equal(told, []int64{o.tenant.ID}) {
		t.Errorf("told %v", told)
	}
	wantUnauthenticated(t, "nobody", o.Sessions.Logout(t.Context()))
}

// TestRevokingBelongsToItsTransaction: what is rolled back has ended nothing and told nobody.
func TestRevokingBelongsToItsTransaction(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Sessions.Ended = func(int64) { t.Error("an end that never was is told") }
	tokens := o.login(t)
	changed := errors.New("changed my mind")
	err := tenancy.Write(o.tenant.Ctx, o.Client, func(tx *ent.Tx) error {
		if err := o.Sessions.RevokeAll(o.tenant.Ctx, tx, tokens.User.ID, "DISABLED"); err != nil {
			t.Error(err)
		}
		if n, err := tx.Session.Query().Where(session.RevokedReason("DISABLED")).Count(o.tenant.Ctx); n != 2 || err != nil {
			t.Errorf("revoked %d, %v", n, err)
		}
		return changed
	})
	if !errors.Is(err, changed) || !o.works(t, tokens) {
		t.Errorf("%v; works: %v", err, o.works(t, tokens))
	}
}

func TestRevokingNobodysSessions(t *testing.T) {
	t.Parallel()
	o := open(t)
	globex := o.Tenant(t, "globex")
	o.Write(t, o.tenant.Ctx, func(tx *ent.Tx) error {
		for _, id := range []publicid.UserID{publicid.NewUserID(), fixture.Caller(t, globex.Admin).UserID} {
			if err := o.Sessions.RevokeAll(o.tenant.Ctx, tx, id, "DISABLED"); err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	for _, tn := range []*fixture.Tenant{o.tenant, globex} {
		if n := o.Client.Session.Query().Where(session.RevokedAtNotNil()).CountX(tn.Ctx); n != 0 {
			t.Errorf("%d sessions of %s ended", n, tn.Slug)
		}
	}
}

// broken is a journal that cannot be written.
type broken struct{ error }

func (b broken) Session(context.Context, *ent.Tx, string, publicid.SessionID) error { return b.error }

func (b broken) LockOut(context.Context, *ent.Tx, *publicid.UserID, time.Time, string) error {
	return b.error
}

// TestNothingHappensWithoutTheJournal: a sign-in that cannot be recorded is none.
func TestNothingHappensWithoutTheJournal(t *testing.T) {
	t.Parallel()
	o := open(t)
	tokens := o.login(t)
	o.Sessions.Journal = broken{errors.New("no paper")}
	if _, err := o.Sessions.Login(t.Context(), o.who); err == nil {
		t.Error("signed in")
	}
	ctx, err := o.Sessions.Authenticate(t.Context(), tokens.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Sessions.Logout(ctx); err == nil || !o.works(t, tokens) {
		t.Error("signed out")
	}
	if n := o.Client.Session.Query().CountX(o.tenant.Ctx); n != 3 {
		t.Errorf("%d sessions", n)
	}
}
