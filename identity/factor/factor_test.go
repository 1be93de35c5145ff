package factor_test

import (
	"context"
	"encoding/base32"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"go.uber.org/goleak"

	"heyue/ent"
	"heyue/ent/authenticator"
	"heyue/identity"
	"heyue/identity/factor"
	"heyue/identity/sessions"
	"heyue/identity/throttle"
	"heyue/platform/fault"
	"heyue/platform/pgtest"
	"heyue/platform/secret"
	"heyue/policies"
	"heyue/tests/fixture"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(pgtest.ServerGoroutine))
}

// desk is a tenant with somebody who signs in with a password.
type desk struct {
	*fixture.World
	tenant  *fixture.Tenant
	who     sessions.Credentials
	factors *factor.Service
}

func open(t *testing.T) desk {
	t.Helper()
	w := fixture.New(t)
	tn := w.Tenant(t, "acme")
	d := desk{w, tn, w.SetPassword(t, tn, w.User(t, tn, "sales", tn.Root)), &factor.Service{
		Client: w.Client, Box: secret.NewBox(make([]byte, secret.Size)), Secret: [32]byte{1}, Sessions: w.Sessions, Journal: w.Audit, Clock: w.Clock,
	}}
	w.Sessions.Factors = d.factors
	return d
}

// login signs in with the password, and returns the context of the session when there is one.
func (d desk) login(t *testing.T) (context.Context, *sessions.Tokens) {
	t.Helper()
	tokens, err := d.Sessions.Login(t.Context(), d.who)
	if err != nil {
		t.Fatal("sign in: ", err)
	}
	if tokens.Challenge != nil {
		return nil, tokens
	}
	ctx, err := d.Sessions.Authenticate(t.Context(), tokens.AccessToken)
	if err != nil {
		t.Fatal("authenticate: ", err)
	}
	return ctx, tokens
}

// enrol sets an authenticator up, and returns its secret and the recovery codes.
func (d desk) enrol(t *testing.T, ctx context.Context) (key string, recovery []string) {
	t.Helper()
	made, err := d.factors.Begin(ctx)
	if err != nil {
		t.Fatal("begin: ", err)
	}
	recovery, err = d.factors.Confirm(ctx, d.code(t, made.Secret))
	if err != nil {
		t.Fatal("confirm: ", err)
	}
	d.Clock.Advance(30 * time.Second)
	return made.Secret, recovery
}

func (d desk) code(t *testing.T, key string) string {
	t.Helper()
	code, err := totp.GenerateCode(key, d.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func wrong(t *testing.T, what string, err error) {
	t.Helper()
	if all := fault.All(err); len(all) != 1 || all[0].Code != fault.WrongCredentials {
		t.Errorf("%s: %v, want WRONG_CREDENTIALS", what, err)
	}
}

// TestVectors are those of RFC 6238 appendix B for SHA-1, of which six digits are the last six of eight.
func TestVectors(t *testing.T) {
	t.Parallel()
	raw := []byte("12345678901234567890")
	for at, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		for off, want := range map[int64]bool{-60: false, -30: true, 0: true, 30: true, 60: false} {
			step, ok := factor.Match(raw, code, time.Unix(at/30*30+off, 0))
			if ok != want || ok && step != at/30 {
				t.Errorf("%s of %d, %d s away: %d, %v", code, at, off, step, ok)
			}
		}
	}
	if _, ok := factor.Match(raw, "", time.Unix(59, 0)); ok {
		t.Error("nothing is a code")
	}
}

func TestASignInNeedsBoth(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx, _ := d.login(t)
	key, recovery := d.enrol(t, ctx)
	if len(recovery) != 10 {
		t.Errorf("%d recovery codes", len(recovery))
	}
	_, tokens := d.login(t)
	if tokens.Challenge == nil || tokens.AccessToken != "" || tokens.RefreshToken != "" || tokens.User != nil {
		t.Fatalf("a password alone gives %+v", tokens)
	}
	_, err := d.Sessions.Second(t.Context(), sessions.SecondStep{Token: tokens.Challenge.Token, Code: "000000"})
	wrong(t, "a wrong code", err)
	in, err := d.Sessions.Second(t.Context(), sessions.SecondStep{Token: tokens.Challenge.Token, Code: d.code(t, key)})
	if err != nil || in.AccessToken == "" || in.RefreshToken == "" {
		t.Fatalf("the right code: %+v, %v", in, err)
	}
	_, err = d.Sessions.Second(t.Context(), sessions.SecondStep{Token: tokens.Challenge.Token, Code: recovery[0]})
	wrong(t, "a challenge twice", err)
	if _, err := d.Sessions.Refresh(t.Context(), in.RefreshToken); err != nil {
		t.Error("the session goes on: ", err)
	}
}

func TestAChallengeEnds(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx, _ := d.login(t)
	key, recovery := d.enrol(t, ctx)
	_, tokens := d.login(t)
	for range sessions.ChallengeTries {
		_, err := d.Sessions.Second(t.Context(), sessions.SecondStep{Token: tokens.Challenge.Token, Code: "000000"})
		wrong(t, "a wrong code", err)
	}
	_, err := d.Sessions.Second(t.Context(), sessions.SecondStep{Token: tokens.Challenge.Token, Code: d.code(t, key)})
	wrong(t, "the right code after too many wrong ones", err)
	_, tokens = d.login(t)
	d.Clock.Advance(sessions.ChallengeTTL)
	_, err = d.Sessions.Second(t.Context(), sessions.SecondStep{Token: tokens.Challenge.Token, Code: d.code(t, key)})
	wrong(t, "the right code too late", err)
	_, tokens = d.login(t)
	if _, err = d.Sessions.Second(t.Context(), sessions.SecondStep{Token: tokens.Challenge.Token, Code: recovery[3]}); err != nil {
		t.Error("a recovery code: ", err)
	}
	_, tokens = d.login(t)
	_, err = d.Sessions.Second(t.Context(), sessions.SecondStep{Token: tokens.Challenge.Token, Code: recovery[3]})
	wrong(t, "a recovery code twice", err)
	if n, err := d.factors.Left(ctx, fixture.Caller(t, ctx).UserID); err != nil || n != 9 {
		t.Errorf("%d recovery codes are left, %v", n, err)
	}
}

// TestACodeIsGoodOnce lets twenty sign-ins use one code at the same moment.
func TestACodeIsGoodOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx, _ := d.login(t)
	key, recovery := d.enrol(t, ctx)
	for name, code := range map[string]string{"an authenticator's": d.code(t, key), "a recovery code": recovery[5]} {
		challenges := make([]string, 20)
		for i := range challenges {
			_, tokens := d.login(t)
			challenges[i] = tokens.Challenge.Token
		}
		errs := make([]error, len(challenges))
		var wg sync.WaitGroup
		for i, token := range challenges {
			wg.Go(func() {
				_, errs[i] = d.Sessions.Second(t.Context(), sessions.SecondStep{Token: token, Code: code})
			})
		}
		wg.Wait()
		let := 0
		for _, err := range errs {
			if err == nil {
				let++
				continue
			}
			wrong(t, name, err)
		}
		if let != 1 {
			t.Errorf("%s let %d in, want 1", name, let)
		}
	}
}

func TestATenantMayRequireIt(t *testing.T) {
	t.Parallel()
	d := open(t)
	early, _ := d.login(t)
	d.Write(t, d.tenant.Ctx, func(tx *ent.Tx) error { return tx.Tenant.Update().SetSecondFactorRequired(true).Exec(d.tenant.Ctx) })
	required := func(what string, ctx context.Context) {
		t.Helper()
		_, err := d.Policies.Require(ctx, policies.CustomerRead)
		if all := fault.All(err); len(all) != 1 || all[0].Code != identity.CodeSecondFactorRequired {
			t.Errorf("%s: %v, want SECOND_FACTOR_REQUIRED", what, err)
		}
	}
	early, err := d.Sessions.Renew(early)
	if err != nil {
		t.Fatal(err)
	}
	required("a session from before", early)
	ctx, tokens := d.login(t)
	required("a session without one", ctx)
	if _, err := d.factors.Renew(ctx, "000000"); err == nil {
		t.Error("a confined session renews codes")
	}
	key, recovery := d.enrol(t, ctx)
	ctx, err = d.Sessions.Authenticate(t.Context(), tokens.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Policies.Require(ctx, policies.CustomerRead); err != nil {
		t.Error("after enrolment: ", err)
	}
	if err := d.factors.Disable(ctx, recovery[0]); fault.KindOf(err) != fault.State {
		t.Errorf("disable although it is required: %v", err)
	}
	required("the other session still", early)
	_, tokens = d.login(t)
	in, err := d.Sessions.Second(t.Context(), sessions.SecondStep{Token: tokens.Challenge.Token, Code: d.code(t, key)})
	if err != nil {
		t.Fatal(err)
	}
	if ctx, err = d.Sessions.Authenticate(t.Context(), in.AccessToken); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Policies.Require(ctx, policies.CustomerRead); err != nil {
		t.Error("with both: ", err)
	}
}

func TestItCanBeTakenAway(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx, _ := d.login(t)
	if err := d.factors.Disable(ctx, "000000"); fault.KindOf(err) != fault.State {
		t.Errorf("disable nothing: %v", err)
	}
	if _, err := d.factors.Confirm(ctx, "000000"); fault.KindOf(err) != fault.State {
		t.Errorf("confirm nothing: %v", err)
	}
	key, old := d.enrol(t, ctx)
	if _, err := d.factors.Begin(ctx); fault.KindOf(err) != fault.State {
		t.Errorf("begin again: %v", err)
	}
	fresh, err := d.factors.Renew(ctx, d.code(t, key))
	if err != nil {
		t.Fatal(err)
	}
	wrong(t, "an old recovery code", d.factors.Disable(ctx, old[0]))
	wrong(t, "the code that was just used", d.factors.Disable(ctx, d.code(t, key)))
	if err := d.factors.Disable(ctx, fresh[9]); err != nil {
		t.Fatal(err)
	}
	if in, _ := d.login(t); in == nil {
		t.Error("a password is not enough although there is no second factor")
	}
}

// TestASecretIsOfOneUser moves a sealed secret to another row: it opens nowhere else.
func TestASecretIsOfOneUser(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx, _ := d.login(t)
	key, _ := d.enrol(t, ctx)
	other := d.User(t, d.tenant, "sales", d.tenant.Root)
	d.Write(t, d.tenant.Ctx, func(tx *ent.Tx) error {
		mine, err := tx.Authenticator.Query().Where(authenticator.UserID(fixture.Caller(t, ctx).UserID)).Only(d.tenant.Ctx)
		if err != nil {
			return err
		}
		raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key)
		if err != nil || len(mine.Secret) <= len(raw) || string(mine.Secret[len(mine.Secret)-len(raw):]) == string(raw) {
			t.Errorf("the secret is not sealed: %v", err)
		}
		return tx.Authenticator.Create().SetUserID(fixture.Caller(t, other).UserID).SetSecret(mine.Secret).SetConfirmedAt(d.Clock.Now()).Exec(d.tenant.Ctx)
	})
	if _, err := d.factors.Renew(other, d.code(t, key)); fault.KindOf(err) != fault.Internal {
		t.Errorf("somebody else's secret: %v, want INTERNAL", err)
	}
}

func TestGuessesHaveToWait(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx, _ := d.login(t)
	key, _ := d.enrol(t, ctx)
	rule := throttle.Rule{Free: 3, Wait: time.Minute, Most: time.Hour, Leak: time.Hour}
	d.factors.Attempts = &throttle.Throttle{System: d.System, Secret: [32]byte{1}, Clock: d.Clock, Account: rule, Address: rule, Trust: time.Hour}
	d.Sessions.Attempts = d.factors.Attempts
	_, tokens := d.login(t)
	for range 2 {
		_, err := d.factors.Renew(ctx, "000000")
		wrong(t, "a guess", err)
	}
	for range 2 { // guesses at the sign-in and in a session are the same guesses
		_, err := d.Sessions.Second(t.Context(), sessions.SecondStep{Token: tokens.Challenge.Token, Code: "000000"})
		wrong(t, "a guess", err)
	}
	if _, err := d.factors.Renew(ctx, d.code(t, key)); fault.KindOf(err) != fault.Exhausted {
		t.Errorf("one too many: %v, want RATE_LIMITED", err)
	}
	if _, err := d.Sessions.Second(t.Context(), sessions.SecondStep{Token: tokens.Challenge.Token, Code: d.code(t, key)}); fault.KindOf(err) != fault.Exhausted {
		t.Errorf("one too many, at the sign-in: %v, want RATE_LIMITED", err)
	}
}

func TestAKeyHasNoSecondFactor(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx, _ := d.login(t)
	c := fixture.Caller(t, ctx)
	c.Key = &identity.Key{}
	if _, err := d.factors.Begin(identity.With(ctx, c)); fault.KindOf(err) != fault.Denied {
		t.Errorf("a key enrols: %v", err)
	}
	made, err := d.factors.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(made.URL)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Query().Get("secret") != made.Secret || u.Path != "/heyue acme:"+d.who.Email {
		t.Errorf("%s, %v", made.URL, err)
	}
}
