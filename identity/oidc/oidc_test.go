package oidc_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"heyue/ent"
	"heyue/identity/factor"
	"heyue/identity/oidc"
	"heyue/platform/fault"
	"heyue/platform/pgtest"
	"heyue/platform/publicid"
	"heyue/platform/secret"
	"heyue/tests/fixture"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(pgtest.ServerGoroutine))
}

const (
	site     = "https://app.example"
	verifier = "a-verifier-that-a-program-has-made-for-itself"
)

// hall is a tenant with a provider, and a user who is sub-1 there.
type hall struct {
	*fixture.World
	*oidc.Service
	tenant   *fixture.Tenant
	ctx      context.Context // of the user
	provider *provider
	row      *ent.OIDCProvider
	api      *httptest.Server
}

func open(t *testing.T, domains ...string) hall {
	t.Helper()
	w := fixture.New(t)
	h := hall{World: w, tenant: w.Tenant(t, "acme"), provider: newProvider(t, w.Clock)}
	h.ctx = w.User(t, h.tenant, "sales", h.tenant.Root)
	mux := http.NewServeMux()
	h.api = httptest.NewServer(mux)
	t.Cleanup(h.api.Close)
	box := secret.NewBox(make([]byte, secret.Size))
	var err error
	h.Service, err = oidc.New(oidc.Service{
		Client: w.Client, Directory: w.Directory, Sessions: w.Sessions, Journal: w.Audit, Box: box, Clock: w.Clock, Log: slog.New(slog.DiscardHandler),
		API: h.api.URL, Site: site, TTL: oidc.DefaultTTL, Code: oidc.DefaultCodeTTL, Loopback: true,
	}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Service.Close)
	h.Service.Routes(mux, func(_ string, next http.Handler) http.Handler { return next })
	h.row = h.trust(t, h.tenant, box, domains)
	w.Write(t, h.tenant.Ctx, func(tx *ent.Tx) error {
		return tx.ExternalIdentity.Create().SetUserID(fixture.Caller(t, h.ctx).UserID).SetProviderID(h.row.ID).SetSubject("sub-1").Exec(h.tenant.Ctx)
	})
	return h
}

func (h hall) trust(t *testing.T, tn *fixture.Tenant, box secret.Box, domains []string) (row *ent.OIDCProvider) {
	t.Helper()
	id := publicid.NewOIDCProviderID()
	h.Write(t, tn.Ctx, func(tx *ent.Tx) (err error) {
		row, err = tx.OIDCProvider.Create().SetID(id).SetName("IdP").SetIssuer(h.provider.URL).SetClientID("heyue-test").
			SetClientSecret(box.Seal([]byte("s3cret"), oidc.Place(tn.ID, id))).SetDomains(append([]string{}, domains...)).Save(tn.Ctx)
		return err
	})
	return row
}

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// browser follows no redirect by itself.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// visit asks for an address and returns where it leads.
func visit(t *testing.T, b *http.Client, address string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := b.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode/100 != 3 {
		return fmt.Sprint(response.StatusCode)
	}
	return response.Header.Get("Location")
}

func (h hall) start(slug string) string {
	return h.api.URL + "/auth/oidc/" + slug + "/start?" + url.Values{"provider": {h.row.ID.String()}, "challenge": {challenge(verifier)}}.Encode()
}

// back goes from an address of ours to the provider, and returns the one that the provider leads to.
func (h hall) back(t *testing.T, b *http.Client, address string) string {
	t.Helper()
	at := visit(t, b, address)
	if !strings.HasPrefix(at, h.provider.URL+"/authorize?") {
		t.Fatalf("%s leads to %s", address, at)
	}
	return visit(t, b, at)
}

// code goes all the way and returns the code.
func (h hall) code(t *testing.T, address string) string {
	t.Helper()
	b := browser(t)
	end := visit(t, b, h.back(t, b, address))
	code, ok := strings.CutPrefix(end, site+"/signed-in#code=")
	if !ok {
		t.Fatalf("the way ends at %s", end)
	}
	return code
}

func refused(t *testing.T, what string, err error) {
	t.Helper()
	if all := fault.All(err); len(all) != 1 || all[0].Code != fault.WrongCredentials {
		t.Errorf("%s: %v, want WRONG_CREDENTIALS", what, err)
	}
}

func TestWhoIsBoundSignsIn(t *testing.T) {
	t.Parallel()
	h := open(t)
	tokens, err := h.SignIn(t.Context(), oidc.Proof{Code: h.code(t, h.start("acme")), Verifier: verifier, UserAgent: "a browser"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := h.World.Sessions.Authenticate(t.Context(), tokens.AccessToken)
	if err != nil || fixture.Caller(t, ctx).UserID != fixture.Caller(t, h.ctx).UserID {
		t.Errorf("%+v, %v", tokens, err)
	}
	if _, err := h.World.Sessions.Refresh(t.Context(), tokens.RefreshToken); err != nil {
		t.Error("the session goes on: ", err)
	}
	row, err := h.World.Client.ExternalIdentity.Query().Only(h.tenant.Ctx)
	if err != nil || row.LastUsedAt == nil || !row.LastUsedAt.Equal(fixture.Start()) {
		t.Errorf("%+v, %v", row, err)
	}
}

// TestTokensThatProveNothing bends one thing of a provider's answer each.
func TestTokensThatProveNothing(t *testing.T) {
	t.Parallel()
	say := func(name string, v any) func(*provider) {
		return func(p *provider) { p.bend = func(c jwt.MapClaims) { c[name] = v } }
	}
	for name, bend := range map[string]func(*provider){
		"another nonce":        say("nonce", "x"),
		"no nonce":             say("nonce", nil),
		"another issuer":       say("iss", "https://elsewhere.example"),
		"another client":       say("aud", "somebody-else"),
		"two clients, no azp":  say("aud", []string{"heyue-test", "somebody-else"}),
		"another azp":          say("azp", "somebody-else"),
		"nobody":               say("sub", ""),
		"a very long name":     say("sub", strings.Repeat("x", 256)),
		"another domain":       say("email", "somebody@elsewhere.example"),
		"an unverified e-mail": say("email_verified", false),
		"no e-mail":            say("email", nil),
		"over": func(p *provider) {
			p.bend = func(c jwt.MapClaims) { c["exp"] = p.clock.Now().Add(-time.Second).Unix() }
		},
		"no end": say("exp", nil),
		"not signed": func(p *provider) {
			p.sign = func(_ *provider, c jwt.MapClaims) string {
				text, _ := jwt.NewWithClaims(jwt.SigningMethodNone, c).SignedString(jwt.UnsafeAllowNoneSignatureType)
				return text
			}
		},
		"signed with the client's secret": func(p *provider) {
			p.sign = func(_ *provider, c jwt.MapClaims) string {
				text, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString([]byte("s3cret"))
				return text
			}
		},
		"signed with a key that is not published": func(p *provider) {
			p.sign = func(p *provider, c jwt.MapClaims) string {
				old := p.keys
				other := newProviderKey(p.t)
				t := jwt.NewWithClaims(jwt.SigningMethodRS256, c)
				t.Header["kid"] = p.kid
				text, _ := t.SignedString(other)
				p.keys = old
				return text
			}
		},
		"no token":           func(p *provider) { p.silent = true },
		"another provider's": func(p *provider) { p.iss = "https://elsewhere.example" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, "example.com")
			bend(h.provider)
			b := browser(t)
			if end := visit(t, b, h.back(t, b, h.start("acme"))); end != site+"/signed-in#error=refused" {
				t.Errorf("the way ends at %s", end)
			}
		})
	}
}

func TestKeysChange(t *testing.T) {
	t.Parallel()
	h := open(t, "example.com")
	h.code(t, h.start("acme"))
	h.provider.rotate("k2")
	if code := h.code(t, h.start("acme")); code == "" {
		t.Error("no code after the provider's keys have changed")
	}
}

// TestAnAnswerIsForOneBrowserOnce shows what becomes of states that are stolen, foisted on somebody, or old.
func TestAnAnswerIsForOneBrowserOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	other := h.Tenant(t, "other")
	const no = site + "/signed-in#error=refused"
	for name, come := range map[string]func(b *http.Client, answer string) string{
		"twice": func(b *http.Client, answer string) string {
			u, _ := url.Parse(h.api.URL)
			cookies := b.Jar.Cookies(u)
			visit(t, b, answer)
			b.Jar.SetCookies(u, cookies)
			return visit(t, b, answer)
		},
		"in another browser": func(_ *http.Client, answer string) string { return visit(t, browser(t), answer) },
		"in a browser that is on a way of its own": func(_ *http.Client, answer string) string {
			victim := browser(t)
			visit(t, victim, h.start("acme"))
			return visit(t, victim, answer)
		},
		"at another tenant": func(b *http.Client, answer string) string {
			return visit(t, b, strings.Replace(answer, "/acme/", "/"+other.Slug+"/", 1))
		},
		"at a tenant that does not exist": func(b *http.Client, answer string) string {
			return visit(t, b, strings.Replace(answer, "/acme/", "/nobody/", 1))
		},
		"with another's number": func(b *http.Client, answer string) string {
			return visit(t, b, strings.Replace(strings.Replace(answer, fmt.Sprintf("hyo_%d_", h.tenant.ID), fmt.Sprintf("hyo_%d_", other.ID), 1), "/acme/", "/other/", 1))
		},
		"without a state": func(b *http.Client, answer string) string {
			u, _ := url.Parse(answer)
			q := u.Query()
			q.Del("state")
			u.RawQuery = q.Encode()
			return visit(t, b, u.String())
		},
		"with an error": func(b *http.Client, answer string) string {
			return visit(t, b, strings.Replace(answer, "code=", "error=access_denied&x=", 1))
		},
		"with a made-up code": func(b *http.Client, answer string) string {
			return visit(t, b, strings.Replace(answer, "code=", "code=x", 1))
		},
	} {
		b := browser(t)
		if end := come(b, h.back(t, b, h.start("acme"))); end != no {
			t.Errorf("%s: the way ends at %s", name, end)
		}
	}
	b := browser(t)
	late := h.back(t, b, h.start("acme"))
	h.World.Clock.Advance(oidc.DefaultTTL)
	if end := visit(t, b, late); end != no {
		t.Errorf("too late: the way ends at %s", end)
	}
	for name, address := range map[string]string{
		"another tenant's provider": h.start("other"), "no such tenant": h.start("nobody"),
		"no challenge": strings.Replace(h.start("acme"), "challenge=", "x=", 1), "no provider": strings.Replace(h.start("acme"), "provider=", "x=", 1),
		"a made-up state": h.api.URL + "/auth/oidc/acme/start?state=hyo_1_x",
	} {
		if end := visit(t, browser(t), address); end != "404" {
			t.Errorf("%s: leads to %s", name, end)
		}
	}
}

func TestACodeIsForItsProgramOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	_, err := h.SignIn(t.Context(), oidc.Proof{Code: h.code(t, h.start("acme")), Verifier: "another program's"})
	refused(t, "another program's", err)
	code := h.code(t, h.start("acme"))
	h.World.Clock.Advance(oidc.DefaultCodeTTL)
	_, err = h.SignIn(t.Context(), oidc.Proof{Code: code, Verifier: verifier})
	refused(t, "too late", err)
	_, err = h.SignIn(t.Context(), oidc.Proof{Code: "nonsense", Verifier: verifier})
	refused(t, "nonsense", err)
	_, err = h.Link(h.ctx, oidc.Proof{Code: h.code(t, h.start("acme")), Verifier: verifier})
	refused(t, "a sign-in's code links nobody", err)

	code = h.code(t, h.start("acme"))
	errs := make([]error, 20)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = h.SignIn(t.Context(), oidc.Proof{Code: code, Verifier: verifier}) })
	}
	wg.Wait()
	in := 0
	for _, err := range errs {
		if err == nil {
			in++
			continue
		}
		refused(t, "a code twice", err)
	}
	if in != 1 {
		t.Errorf("one code let %d in", in)
	}
}

// TestNobodyIsLinkedByAnAddress signs in with the e-mail address of a user and another subject.
func TestNobodyIsLinkedByAnAddress(t *testing.T) {
	t.Parallel()
	h := open(t)
	u, err := h.World.Client.User.Get(h.tenant.Ctx, fixture.Caller(t, h.ctx).UserID)
	if err != nil {
		t.Fatal(err)
	}
	h.provider.subject = "sub-2"
	h.provider.bend = func(c jwt.MapClaims) { c["email"] = u.Email }
	_, err = h.SignIn(t.Context(), oidc.Proof{Code: h.code(t, h.start("acme")), Verifier: verifier})
	refused(t, "an address", err)
}

func TestACallerLinksWhatTheyShow(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.provider.subject = "sub-3"
	mine, other := h.User(t, h.tenant, "sales", h.tenant.Root), h.User(t, h.tenant, "sales", h.tenant.Root)
	begin := func(ctx context.Context) string {
		t.Helper()
		address, err := h.Begin(ctx, oidc.Beginning{OidcProviderID: h.row.ID, Challenge: challenge(verifier)})
		if err != nil {
			t.Fatal(err)
		}
		return address
	}
	_, err := h.Link(other, oidc.Proof{Code: h.code(t, begin(mine)), Verifier: verifier})
	refused(t, "what another has begun", err)
	_, err = h.SignIn(t.Context(), oidc.Proof{Code: h.code(t, begin(mine)), Verifier: verifier})
	refused(t, "a link's code signs nobody in", err)
	address := begin(mine)
	code := h.code(t, address)
	if end := visit(t, browser(t), address); end != "404" {
		t.Errorf("the address again leads to %s", end)
	}
	made, err := h.Link(mine, oidc.Proof{Code: code, Verifier: verifier})
	if err != nil || made.Subject != "sub-3" || made.UserID != fixture.Caller(t, mine).UserID {
		t.Fatalf("%+v, %v", made, err)
	}
	tokens, err := h.SignIn(t.Context(), oidc.Proof{Code: h.code(t, h.start("acme")), Verifier: verifier})
	if err != nil || tokens.User.ID != made.UserID {
		t.Errorf("%+v, %v", tokens, err)
	}
	if _, err := h.Link(other, oidc.Proof{Code: h.code(t, begin(other)), Verifier: verifier}); len(fault.All(err)) != 1 || fault.All(err)[0].Code != fault.Duplicate {
		t.Errorf("what is bound to another: %v", err)
	}
	if _, err := h.Begin(h.Tenant(t, "other").Admin, oidc.Beginning{OidcProviderID: h.row.ID, Challenge: challenge(verifier)}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another tenant's provider: %v", err)
	}
}

func TestASecondFactorIsAskedForStill(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.World.Sessions.Factors = &factor.Service{Client: h.World.Client, Clock: h.World.Clock}
	h.Write(t, h.tenant.Ctx, func(tx *ent.Tx) error {
		return tx.Authenticator.Create().SetUserID(fixture.Caller(t, h.ctx).UserID).SetSecret([]byte("sealed")).SetConfirmedAt(h.World.Clock.Now()).Exec(h.tenant.Ctx)
	})
	tokens, err := h.SignIn(t.Context(), oidc.Proof{Code: h.code(t, h.start("acme")), Verifier: verifier})
	if err != nil || tokens.Challenge == nil || tokens.AccessToken != "" {
		t.Errorf("%+v, %v", tokens, err)
	}
}

func TestADisabledProviderLetsNobodyIn(t *testing.T) {
	t.Parallel()
	h := open(t)
	code := h.code(t, h.start("acme"))
	h.Write(t, h.tenant.Ctx, func(tx *ent.Tx) error { return tx.OIDCProvider.UpdateOne(h.row).SetEnabled(false).Exec(h.tenant.Ctx) })
	_, err := h.SignIn(t.Context(), oidc.Proof{Code: code, Verifier: verifier})
	refused(t, "a code from before", err)
	if end := visit(t, browser(t), h.start("acme")); end != "404" {
		t.Errorf("a way to it leads to %s", end)
	}
}

func TestAttemptsAreForgotten(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.code(t, h.start("acme"))
	if n, err := h.Forget(t.Context(), 100); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	h.World.Clock.Advance(2 * time.Hour)
	if n, err := h.Forget(t.Context(), 100); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}
