package sessions_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"heyue/ent"
	"heyue/identity"
	"heyue/identity/sessions"
	"heyue/identity/token"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/logging"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
	"heyue/tests/fixture"
)

func TestWhatEndsASessionHoldsAtTheNextRequest(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, o office, ctx *identity.Caller){
		"revoked": func(t *testing.T, o office, c *identity.Caller) {
			if err := o.Sessions.Logout(identity.With(o.tenant.Ctx, *c)); err != nil {
				t.Fatal(err)
			}
		},
		"all of the user": func(t *testing.T, o office, c *identity.Caller) {
			o.Write(t, o.tenant.Ctx, func(tx *ent.Tx) error {
				return o.Sessions.RevokeAll(o.tenant.Ctx, tx, c.UserID, "DISABLED")
			})
		},
		"disabled":      func(t *testing.T, o office, _ *identity.Caller) { o.disable(t) },
		"suspended":     func(t *testing.T, o office, _ *identity.Caller) { o.suspend(t) },
		"token expired": func(_ *testing.T, o office, _ *identity.Caller) { o.Clock.Advance(fixture.TokenTTL) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			tokens := o.login(t)
			ctx, err := o.Sessions.Authenticate(t.Context(), tokens.AccessToken)
			if err != nil {
				t.Fatal(err)
			}
			c := fixture.Caller(t, ctx)
			end(t, o, &c)
			_, err = o.Sessions.Authenticate(t.Context(), tokens.AccessToken)
			wantUnauthenticated(t, name, err)
			_, err = o.Sessions.Renew(ctx)
			wantUnauthenticated(t, name+", on a connection that stays", err)
		})
	}
}

// TestRenewSeesWhatChanged is an operation on a socket that was opened before.
func TestRenewSeesWhatChanged(t *testing.T) {
	t.Parallel()
	o := open(t)
	ctx, err := o.Sessions.Authenticate(t.Context(), o.login(t).AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	before := fixture.Caller(t, ctx)
	o.Write(t, o.tenant.Ctx, func(tx *ent.Tx) error { return policies.Bump(o.tenant.Ctx, tx) })
	next, err := o.Sessions.Renew(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if after := fixture.Caller(t, next); after.AuthzVersion != before.AuthzVersion+1 || after.SessionID != before.SessionID {
		t.Errorf("renewed %+v; before %+v", after, before)
	}
	if nobody, err := o.Sessions.Renew(t.Context()); err != nil || nobody != t.Context() {
		t.Errorf("nobody became %v, %v", nobody, err)
	}
}

// TestForgedTokens: each is signed with the right key, which only a bug of ours could do, and says something untrue;
// or it is not signed by us.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	o := open(t)
	globex := o.Tenant(t, "globex")
	tokens := o.login(t)
	good, err := o.Sessions.Authority.Verify(tokens.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(change func(*token.Claims)) string {
		c := good
		change(&c)
		text, _, err := o.Sessions.Authority.Issue(c)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	foreign, err := token.New(bytes.Repeat([]byte{8}, token.SeedSize), time.Hour, o.Clock)
	if err != nil {
		t.Fatal(err)
	}
	stranger, _, err := foreign.Issue(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"other tenant":    sign(func(c *token.Claims) { c.TenantID = globex.ID }),
		"no such tenant":  sign(func(c *token.Claims) { c.TenantID = 1 << 40 }),
		"other user":      sign(func(c *token.Claims) { c.UserID = fixture.Caller(t, o.tenant.Admin).UserID }),
		"no such session": sign(func(c *token.Claims) { c.SessionID = publicid.NewSessionID() }),
		"other session": sign(func(c *token.Claims) {
			c.SessionID = fixture.Caller(t, globex.Admin).SessionID
		}),
		"tampered":      tokens.AccessToken[:len(tokens.AccessToken)-10] + "AAAAAAAAAA",
		"stranger":      stranger,
		"refresh token": tokens.RefreshToken,
		"empty":         "",
	} {
		ctx, err := o.Sessions.Authenticate(t.Context(), text)
		wantUnauthenticated(t, name, err)
		if ctx != nil {
			t.Errorf("%s: a context came back", name)
		}
	}
	if !o.works(t, &sessions.Tokens{AccessToken: sign(func(*token.Claims) {})}) {
		t.Error("the unchanged claims do not work, so the others prove nothing")
	}
}

// TestClocksDiffer: instances whose clocks are some seconds apart take each other's tokens; one whose clock is beyond
// a token's end does not.
func TestClocksDiffer(t *testing.T) {
	t.Parallel()
	o := open(t)
	tokens := o.login(t)
	for ahead, want := range map[time.Duration]bool{
		-time.Minute: true, 30 * time.Second: true, fixture.TokenTTL - time.Second: true, fixture.TokenTTL: false, 24 * time.Hour: false,
	} {
		other := *o.Sessions
		clk := clock.At(fixture.Start().Add(ahead))
		authority, err := token.New(fixture.Seed(), fixture.TokenTTL, clk)
		if err != nil {
			t.Fatal(err)
		}
		other.Clock, other.Authority = clk, authority
		if _, err := other.Authenticate(t.Context(), tokens.AccessToken); (err == nil) != want {
			t.Errorf("%v ahead: %v", ahead, err)
		}
	}
}

// TestCallerEndsWithTheSession: a socket must not outlive a session that ends before its token.
func TestCallerEndsWithTheSession(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Sessions.RefreshTTL = time.Minute
	tokens := o.login(t)
	ctx, err := o.Sessions.Authenticate(t.Context(), tokens.AccessToken)
	if err != nil || !fixture.Caller(t, ctx).ExpiresAt.Equal(fixture.Start().Add(time.Minute)) {
		t.Fatalf("%+v, %v", ctx, err)
	}
	o.Clock.Advance(time.Minute)
	if o.works(t, tokens) {
		t.Error("the token outlived its session")
	}
}

func TestCallerCarriesThePresentPermissions(t *testing.T) {
	t.Parallel()
	o := open(t)
	tokens := o.login(t)
	version := func() int64 {
		ctx, err := o.Sessions.Authenticate(t.Context(), tokens.AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		return fixture.Caller(t, ctx).AuthzVersion
	}
	before := version()
	o.Write(t, o.tenant.Ctx, func(tx *ent.Tx) error { return policies.Bump(o.tenant.Ctx, tx) })
	if after := version(); after != before+1 {
		t.Errorf("version %d after %d and one change", after, before)
	}
}

func TestLinesCarryTheTenantAndNobodysName(t *testing.T) {
	t.Parallel()
	o := open(t)
	ctx, err := o.Sessions.Authenticate(t.Context(), o.login(t).AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	log, err := logging.New(&out, logging.Options{Level: "info", Format: "json"})
	if err != nil {
		t.Fatal(err)
	}
	log.LogAttrs(ctx, slog.LevelInfo, "hello")
	if line := out.String(); !strings.Contains(line, `"tenant":`) || strings.Contains(line, "@") || strings.Contains(line, "usr_") {
		t.Error(line)
	}
}

// TestNoDatabaseIsNoAnswer: never is somebody let in, or told that they are signed out, because nobody could look.
func TestNoDatabaseIsNoAnswer(t *testing.T) {
	t.Parallel()
	o := open(t)
	tokens := o.login(t)
	gone := tenancy.Defaults("postgres://heyue_app@127.0.0.1:1/none?sslmode=disable") // nobody listens on port 1
	pool, err := tenancy.Open(gone)
	if err != nil {
		t.Fatal(err)
	}
	system, err := tenancy.OpenSystem(gone)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = pool.Close(), system.Close() })
	down := *o.Sessions
	down.Client = tenancy.NewClient(tenancy.NewCells(pool))
	_, err = down.Authenticate(t.Context(), tokens.AccessToken)
	wantUnavailable(t, "authenticate", err)
	_, err = down.Refresh(t.Context(), tokens.RefreshToken)
	wantUnavailable(t, "refresh", err)
	_, err = down.Login(t.Context(), o.who)
	wantUnavailable(t, "login", err)
	wantUnavailable(t, "logout", down.Logout(o.caller))
	down.Directory.System = system
	_, err = down.Login(t.Context(), o.who)
	wantUnavailable(t, "login without a directory", err)
}

func wantUnavailable(t *testing.T, what string, err error) {
	t.Helper()
	if fault.KindOf(err) != fault.Unavailable {
		t.Errorf("%s: %v; want UNAVAILABLE", what, err)
	}
}
