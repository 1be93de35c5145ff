package sessions_test

import (
	"testing"
	"time"

	"heyue/ent"
	"heyue/ent/session"
	"heyue/identity/opaque"
	"heyue/identity/sessions"
	"heyue/policies/grant"
	"heyue/tests/fixture"
)

// TestForget: sessions go some time after their end, with their tokens; those that live and those of keys stay.
func TestForget(t *testing.T) {
	t.Parallel()
	const keep = 24 * time.Hour
	o := open(t)
	left := o.login(t)
	ctx, err := o.Sessions.Authenticate(t.Context(), left.AccessToken)
	if err == nil {
		err = o.Sessions.Logout(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	keyed := o.login(t)
	kctx, err := o.Sessions.Authenticate(t.Context(), keyed.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	key := fixture.Caller(t, kctx)
	prefix, _, digest := opaque.NewKey(key.TenantID)
	o.Write(t, kctx, func(tx *ent.Tx) error {
		return tx.APIKey.Create().SetName("k").SetUserID(key.UserID).SetSessionID(key.SessionID).SetPrefix(prefix).SetSecretHash(digest.Hex()).
			SetPermissions([]grant.Line{}).SetNetworks([]string{}).SetExpiresAt(o.Clock.Now()).Exec(kctx)
	})
	count := func() [2]int {
		return [2]int{o.Client.Session.Query().CountX(kctx), o.Client.RefreshToken.Query().CountX(kctx)}
	}
	before := count()
	forget := func(batch int) int {
		n, err := o.Sessions.Forget(t.Context(), keep, batch)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := forget(10); n != 0 || count() != before {
		t.Errorf("%d sessions were forgotten at once", n)
	}
	o.Clock.Advance(keep)
	if n, now := forget(10), count(); n != 1 || now[0] != before[0]-1 || now[1] != before[1]-1 {
		t.Errorf("%d sessions were forgotten, %v are left of %v; want the one that was logged out", n, now, before)
	}
	o.login(t)
	o.login(t)
	o.Clock.Advance(sessions.DefaultRefreshTTL + keep)
	if n, rest := forget(1), forget(10); n != 1 || rest < 1 {
		t.Errorf("%d, then %d sessions were forgotten", n, rest)
	}
	if left := o.Client.Session.Query().Where(session.ExpiresAtLT(o.Clock.Now())).AllX(kctx); len(left) != 1 || left[0].ID != key.SessionID {
		t.Errorf("of those that have ended %v are left, want the key's", left)
	}
}
