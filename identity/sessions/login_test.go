package sessions_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/tenants/standing"
	"heyue/ent"
	"heyue/ent/auditentry"
	"heyue/ent/user"
	"heyue/identity"
	"heyue/identity/password"
	"heyue/identity/sessions"
	"heyue/identity/throttle"
	"heyue/platform/fault"
	"heyue/tenancy"
	"heyue/tests/fixture"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	o := open(t)
	before, err := o.Client.User.Get(o.tenant.Ctx, fixture.Caller(t, o.caller).UserID)
	if err != nil {
		t.Fatal(err)
	}
	o.who.Email = "  " + strings.ToUpper(o.who.Email) + " "
	tokens := o.login(t)
	if tokens.User.ID != before.ID || !tokens.ExpiresAt.Equal(fixture.Start().Add(fixture.TokenTTL)) || tokens.RefreshToken == "" {
		t.Errorf("tokens %+v", tokens)
	}
	ctx, err := o.Sessions.Authenticate(t.Context(), tokens.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	caller, err := identity.From(ctx)
	if tid, ok := tenancy.From(ctx); err != nil || !ok || tid != o.tenant.ID || caller.TenantID != tid || caller.UserID != before.ID ||
		!caller.ExpiresAt.Equal(tokens.ExpiresAt) || caller.AuthzVersion != fixture.Caller(t, o.Next(t, o.caller)).AuthzVersion {
		t.Errorf("caller %+v, %v", caller, err)
	}
	if tid, _ := tenancy.From(ctx); tid != o.tenant.ID {
		t.Errorf("tenant %d", tid)
	}
	after, err := o.Client.User.Get(ctx, before.ID)
	if err != nil || after.LastLoginAt == nil || !after.LastLoginAt.Equal(fixture.Start()) || !after.UpdatedAt.Equal(before.UpdatedAt) || after.Version != before.Version {
		t.Errorf("the user after a sign-in: %+v, %v; before: %+v", after, err, before)
	}
	row, err := o.Client.Session.Get(ctx, caller.SessionID)
	if err != nil || row.UserAgent != "a test" || !row.ExpiresAt.Equal(fixture.Start().Add(sessions.DefaultRefreshTTL)) {
		t.Errorf("session %+v, %v", row, err)
	}
	if d := cmp.Diff([]string{sessions.LoggedIn}, o.events(t)); d != "" {
		t.Error(d)
	}
	entry, err := o.Client.AuditEntry.Query().Only(ctx)
	if err != nil || entry.ActorID == nil || *entry.ActorID != before.ID {
		t.Errorf("journal %+v, %v", entry, err)
	}
}

// TestEveryRefusalLooksTheSame: the whole answer is equal, whatever is wrong.
func TestEveryRefusalLooksTheSame(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, o *office){
		"wrong slug":      func(_ *testing.T, o *office) { o.who.Tenant = "globex" },
		"slug's case":     func(_ *testing.T, o *office) { o.who.Tenant = "ACME" },
		"wrong e-mail":    func(_ *testing.T, o *office) { o.who.Email = "nobody@acme.example" },
		"wrong password":  func(_ *testing.T, o *office) { o.who.Password += "!" },
		"disabled user":   func(t *testing.T, o *office) { o.disable(t) },
		"suspended":       func(t *testing.T, o *office) { o.suspend(t) },
		"other tenant's":  func(t *testing.T, o *office) { o.who.Tenant = o.Tenant(t, "globex").Slug },
		"without any":     func(t *testing.T, o *office) { o.who.Email = emailOf(t, *o, o.tenant.Admin) },
		"directory only":  func(t *testing.T, o *office) { o.who.Tenant = reserve(t, *o, "halfmade") },
		"suspended there": func(t *testing.T, o *office) { standingIs(t, *o, standing.Suspended) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			spoil(t, &o)
			tokens, err := o.Sessions.Login(t.Context(), o.who)
			all := fault.All(err)
			if tokens != nil || len(all) != 1 {
				t.Fatalf("Login = %v, %v", tokens, err)
			}
			got := *all[0]
			got.Cause = nil
			if d := cmp.Diff(*identity.Unauthenticated(nil), got); d != "" {
				t.Error(d)
			}
			if n := o.Client.Session.Query().CountX(o.tenant.Ctx); n != 2 { // the administrator's and the caller's own
				t.Errorf("%d sessions", n)
			}
		})
	}
}

func emailOf(t *testing.T, o office, ctx context.Context) string {
	t.Helper()
	u, err := o.Client.User.Get(ctx, fixture.Caller(t, ctx).UserID)
	if err != nil {
		t.Fatal(err)
	}
	return u.Email
}

func reserve(t *testing.T, o office, slug string) string {
	t.Helper()
	_, err := o.Directory.Create(t.Context(), slug)
	if err == nil {
		_, err = o.Directory.SetStanding(t.Context(), slug, standing.Active)
	}
	if err != nil {
		t.Fatal(err)
	}
	return slug
}

func standingIs(t *testing.T, o office, s standing.Standing) {
	t.Helper()
	if _, err := o.Directory.SetStanding(t.Context(), o.tenant.Slug, s); err != nil {
		t.Fatal(err)
	}
}

// TestWhoIsSignedInMaySignInAnew sends a token along, as clients do that put one on every request.
func TestWhoIsSignedInMaySignInAnew(t *testing.T) {
	t.Parallel()
	o := open(t)
	if _, err := o.Sessions.Login(o.caller, o.who); err != nil {
		t.Error(err)
	}
}

func TestCredentialsAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 2000)
	err := sessions.Credentials{Tenant: long, Email: long, Password: long}.Validate()
	var got []string
	for _, f := range append(fault.All(err), fault.All(sessions.Credentials{}.Validate())...) {
		got = append(got, f.Field[0]+" "+string(f.Code))
	}
	want := []string{"tenant TOO_LONG", "email TOO_LONG", "password TOO_LONG", "tenant REQUIRED", "email REQUIRED", "password REQUIRED"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	fine := sessions.Credentials{Tenant: long[:63], Email: long[:sessions.MaxEmail], Password: long[:sessions.MaxPassword]}
	if err := fine.Validate(); err != nil {
		t.Error(err)
	}
}

func TestPasswordIsRehashedWhenTheCostChanges(t *testing.T) {
	t.Parallel()
	o := open(t)
	dearer := password.New(password.Cost{MemoryKiB: 32, Passes: 1, Lanes: 1}, 0)
	o.Sessions.Passwords = dearer
	id := fixture.Caller(t, o.caller).UserID
	old := o.Client.User.GetX(o.tenant.Ctx, id).PasswordHash
	o.login(t)
	hash := o.Client.User.GetX(o.tenant.Ctx, id).PasswordHash
	if hash == old || dearer.NeedsRehash(hash) {
		t.Errorf("the hash is still %s", hash)
	}
	o.login(t) // with the new one
	if again := o.Client.User.GetX(o.tenant.Ctx, id).PasswordHash; again != hash {
		t.Error("a hash of the right cost was replaced")
	}
}

func TestUserAgentIsMadeFit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sent, kept string }{
		"long":    {strings.Repeat("合", 500), strings.Repeat("合", 300)},
		"no text": {"a\x00b\xffc", "abc"},
		"none":    {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			o.who.UserAgent = c.sent
			o.login(t)
			rows := o.Client.Session.Query().Order(ent.Desc("id")).Limit(1).AllX(o.tenant.Ctx)
			if rows[0].UserAgent != c.kept {
				t.Errorf("kept %q", rows[0].UserAgent)
			}
		})
	}
}

// guarded is an office that counts tries: three are free.
func guarded(t *testing.T) office {
	t.Helper()
	o := open(t)
	rule := throttle.Rule{Free: 3, Wait: time.Minute, Most: time.Hour, Leak: time.Hour}
	o.Sessions.Attempts = &throttle.Throttle{System: o.System, Clock: o.Clock, Account: rule, Address: rule, Trust: time.Hour}
	return o
}

// TestGuessesAreSlowedDownAlike: an account that exists, one that does not and a tenant that does not get the same answers
// to the same tries, and each refusal at the door says when to come back.
func TestGuessesAreSlowedDownAlike(t *testing.T) {
	t.Parallel()
	for name, aim := range map[string]func(o *office){
		"a user":            func(*office) {},
		"nobody":            func(o *office) { o.who.Email = "nobody@acme.example" },
		"nobody's tenant":   func(o *office) { o.who.Tenant = "nowhere" },
		"spelt differently": func(o *office) { o.who.Email = strings.ToUpper(o.who.Email) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := guarded(t)
			right := o.who
			aim(&o)
			o.who.Password = "wrong"
			for range 4 {
				_, err := o.Sessions.Login(t.Context(), o.who)
				wantUnauthenticated(t, "a wrong one", err)
			}
			o.who.Password = right.Password
			_, err := o.Sessions.Login(t.Context(), o.who)
			all := fault.All(err)
			if len(all) != 1 || all[0].Code != fault.CodeRateLimited || all[0].RetryAfter != time.Minute {
				t.Fatalf("one too many: %v", err)
			}
			entries := o.Client.AuditEntry.Query().Where(auditentry.Action("lock_out")).AllX(o.tenant.Ctx)
			if strings.EqualFold(o.who.Email, right.Email) && o.who.Tenant == right.Tenant {
				o.Clock.Advance(time.Minute)
				o.login(t)
				if len(entries) != 1 || entries[0].Object != "user" || entries[0].ObjectID != fixture.Caller(t, o.caller).UserID.UUID() || entries[0].ActorID != nil {
					t.Errorf("the audit has %v", entries)
				}
			} else if o.who.Tenant == right.Tenant && (len(entries) != 1 || entries[0].Object != "sign_in" || strings.Contains(string(entries[0].Changes), "nobody")) {
				t.Errorf("the audit has %v", entries)
			} else if o.who.Tenant != right.Tenant && len(entries) != 0 {
				t.Errorf("another tenant's audit has %v", entries)
			}
		})
	}
}

// TestRightSignInsAreNotCounted however many there are.
func TestRightSignInsAreNotCounted(t *testing.T) {
	t.Parallel()
	o := guarded(t)
	for range 10 {
		o.login(t)
	}
}

func TestIssue(t *testing.T) {
	t.Parallel()
	o := open(t)
	tokens, err := o.Sessions.Issue(t.Context(), "acme", o.who.Email, time.Hour)
	if err != nil || tokens.RefreshToken != "" || !tokens.ExpiresAt.Equal(fixture.Start().Add(time.Hour)) {
		t.Fatalf("Issue = %+v, %v", tokens, err)
	}
	o.Clock.Advance(time.Hour - time.Second)
	if !o.works(t, tokens) {
		t.Error("it ended before its time")
	}
	o.Clock.Advance(time.Second)
	if o.works(t, tokens) {
		t.Error("it outlived its time")
	}
	if d := cmp.Diff([]string{sessions.Issued}, o.events(t)); d != "" {
		t.Error(d)
	}
}

func TestIssueSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Write(t, o.tenant.Ctx, func(tx *ent.Tx) error {
		return tx.User.Update().Where(user.ID(fixture.Caller(t, o.tenant.Admin).UserID)).SetState("DISABLED").Exec(o.tenant.Ctx)
	})
	for name, c := range map[string]struct {
		slug, email string
		ttl         time.Duration
		want        fault.Code
	}{
		"short":    {"acme", o.who.Email, time.Minute - 1, fault.OutOfRange},
		"long":     {"acme", o.who.Email, sessions.MaxIssue + 1, fault.OutOfRange},
		"tenant":   {"globex", o.who.Email, time.Minute, fault.Missing},
		"user":     {"acme", "nobody@acme.example", time.Minute, fault.Missing},
		"disabled": {"acme", emailOf(t, o, o.tenant.Admin), time.Minute, fault.WrongState},
		"unready":  {reserve(t, o, "halfmade"), o.who.Email, time.Minute, fault.WrongState},
	} {
		if _, err := o.Sessions.Issue(t.Context(), c.slug, c.email, c.ttl); len(fault.All(err)) != 1 || fault.All(err)[0].Code != c.want {
			t.Errorf("%s: %v; want %s", name, err, c.want)
		}
	}
	o.suspend(t)
	if _, err := o.Sessions.Issue(t.Context(), "acme", o.who.Email, time.Minute); fault.KindOf(err) != fault.State {
		t.Errorf("suspended: %v", err)
	}
}
