package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"heyue/ent"
	"heyue/ent/oidcattempt"
	"heyue/ent/oidcprovider"
	"heyue/identity/opaque"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Routes adds the two endpoints that browsers are sent to. They answer nobody when this installation has no public address.
func (s *Service) Routes(mux *http.ServeMux, wrap func(route string, h http.Handler) http.Handler) {
	mux.Handle("GET /auth/oidc/{tenant}/start", wrap("/auth/oidc/start", http.HandlerFunc(s.start)))
	mux.Handle("GET /auth/oidc/{tenant}/callback", wrap("/auth/oidc/callback", http.HandlerFunc(s.callback)))
}

// start sends a browser to a provider: with provider and challenge to sign in, with the state of Begin to link.
func (s *Service) start(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	if s.API == "" || s.Site == "" {
		http.Error(w, "this installation has no sign-in by providers", http.StatusNotFound)
		return
	}
	cookie := random()
	address, err := s.lead(r, opaque.Sum(cookie))
	if err != nil {
		s.answer(w, r, err)
		return
	}
	http.SetCookie(w, s.cookie(cookie, int(s.TTL.Seconds())))
	http.Redirect(w, r, address, http.StatusSeeOther) //nolint:gosec // G710: to a provider that an administrator has registered
}

// lead makes the address at the provider.
func (s *Service) lead(r *http.Request, browser opaque.Digest) (string, error) {
	ctx, q := r.Context(), r.URL.Query()
	listed, err := s.Directory.Find(ctx, r.PathValue("tenant"))
	if err != nil {
		return "", err
	}
	ctx = tenancy.With(ctx, listed.TenantID)
	var row *ent.OIDCAttempt
	var provider *ent.OIDCProvider
	state := q.Get("state")
	if state != "" {
		row, provider, err = s.taken(ctx, listed.TenantID, state, browser)
	} else {
		row, provider, state, err = s.fresh(ctx, q, browser)
	}
	if err != nil {
		return "", err
	}
	kept, err := s.secrets(row)
	if err != nil {
		return "", err
	}
	config, _, err := s.config(ctx, provider, listed.Slug)
	if err != nil {
		return "", err
	}
	return config.AuthCodeURL(state, oidc.Nonce(kept.Nonce), oauth2.S256ChallengeOption(kept.Verifier)), nil
}

// fresh begins a sign-in.
func (s *Service) fresh(ctx context.Context, q url.Values, browser opaque.Digest) (*ent.OIDCAttempt, *ent.OIDCProvider, string, error) {
	id, err := publicid.ParseOIDCProviderID(q.Get("provider"))
	if err != nil {
		return nil, nil, "", err
	}
	if !isChallenge(q.Get("challenge")) {
		return nil, nil, "", fault.New(fault.Invalid, fault.Malformed, "challenge is missing, or no SHA-256 in base64url without padding")
	}
	provider, err := s.provider(ctx, oidcprovider.ID(id))
	if err != nil {
		return nil, nil, "", err
	}
	row, state, err := s.attempt(ctx, provider, q.Get("challenge"), nil, browser.Hex())
	return row, provider, state, err
}

// taken gives an attempt that Begin made to the first browser that comes with its state.
func (s *Service) taken(ctx context.Context, tenant int64, state string, browser opaque.Digest) (*ent.OIDCAttempt, *ent.OIDCProvider, error) {
	claimed, digest, err := opaque.State.Parse(state)
	if err != nil || claimed != tenant {
		return nil, nil, gone()
	}
	match := oidcattempt.And(oidcattempt.StateHash(digest.Hex()), oidcattempt.AnsweredAtIsNil(), oidcattempt.ExpiresAtGT(s.Clock.Now()))
	n, err := s.Client.OIDCAttempt.Update().Where(match, oidcattempt.BrowserHash("")).SetBrowserHash(browser.Hex()).Save(ctx)
	if err != nil {
		return nil, nil, tenancy.Fault(err, "begin an attempt")
	}
	if n == 0 {
		return nil, nil, gone()
	}
	row, err := s.Client.OIDCAttempt.Query().Where(match).Only(ctx)
	if err != nil {
		return nil, nil, tenancy.Fault(err, "read an attempt")
	}
	provider, err := s.provider(ctx, oidcprovider.ID(row.ProviderID))
	return row, provider, err
}

// callback is where a provider leads back to. Whatever is wrong leads to the web application with an error; the log has the
// reason.
func (s *Service) callback(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	if s.API == "" || s.Site == "" {
		http.Error(w, "this installation has no sign-in by providers", http.StatusNotFound)
		return
	}
	http.SetCookie(w, s.cookie("", -1))
	code, err := s.proved(r)
	if err != nil {
		s.Log.LogAttrs(r.Context(), slog.LevelInfo, "a provider's answer was refused", slog.Any("reason", err))
		word := "refused"
		if fault.KindOf(err) == fault.Unavailable || errors.Is(err, errUnreachable) {
			word = "unavailable"
		}
		http.Redirect(w, r, s.Site+"/signed-in#error="+word, http.StatusSeeOther)
		return
	}
	http.Redirect(w, r, s.Site+"/signed-in#code="+url.QueryEscape(code), http.StatusSeeOther)
}

// errUnreachable is a provider that does not answer as it should.
var errUnreachable = errors.New("the provider cannot be asked")

// proved judges a provider's answer and makes the code that stands for it.
func (s *Service) proved(r *http.Request) (string, error) {
	ctx, q := r.Context(), r.URL.Query()
	listed, err := s.Directory.Find(ctx, r.PathValue("tenant"))
	if err != nil {
		return "", err
	}
	tenant, digest, err := opaque.State.Parse(q.Get("state"))
	if err != nil || tenant != listed.TenantID {
		return "", errors.New("no state of this tenant")
	}
	ctx = tenancy.With(ctx, tenant)
	row, err := s.answered(ctx, r, digest)
	if err != nil {
		return "", err
	}
	provider, err := s.provider(ctx, oidcprovider.ID(row.ProviderID))
	if err != nil {
		return "", err
	}
	if iss := q.Get("iss"); iss != "" && iss != provider.Issuer { // RFC 9207
		return "", errors.New("the answer is another provider's")
	}
	if q.Get("error") != "" || q.Get("code") == "" {
		return "", fmt.Errorf("the provider says %.40q", q.Get("error"))
	}
	subject, err := s.subject(ctx, row, provider, listed.Slug, q.Get("code"))
	if err != nil {
		return "", err
	}
	text, code := opaque.Code.New(tenant)
	err = s.Client.OIDCAttempt.Update().Where(oidcattempt.ID(row.ID)).SetCodeHash(code.Hex()).SetSubject(subject).SetExpiresAt(s.Clock.Now().Add(s.Code)).Exec(ctx)
	return text, tenancy.Fault(err, "keep a provider's answer")
}

// answered uses a state up, for the browser that began it and no other, before anything else is done with the answer.
func (s *Service) answered(ctx context.Context, r *http.Request, state opaque.Digest) (*ent.OIDCAttempt, error) {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil {
		return nil, errors.New("the answer came without the cookie")
	}
	row, err := s.Client.OIDCAttempt.Query().Where(oidcattempt.StateHash(state.Hex())).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, errors.New("no such state")
	}
	if err != nil {
		return nil, tenancy.Fault(err, "read an attempt")
	}
	if row.BrowserHash == "" || !opaque.DigestOf(row.BrowserHash).Equal(opaque.Sum(cookie.Value)) {
		return nil, errors.New("the answer came to another browser")
	}
	now := s.Clock.Now()
	n, err := s.Client.OIDCAttempt.Update().Where(oidcattempt.ID(row.ID), oidcattempt.AnsweredAtIsNil(), oidcattempt.ExpiresAtGT(now)).SetAnsweredAt(now).Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "use a state")
	}
	if n == 0 {
		return nil, errors.New("a state that was used, or is too old")
	}
	return row, nil
}

// subject exchanges the provider's code and returns whom its token names.
func (s *Service) subject(ctx context.Context, row *ent.OIDCAttempt, p *ent.OIDCProvider, slug, code string) (string, error) {
	kept, err := s.secrets(row)
	if err != nil {
		return "", err
	}
	config, found, err := s.config(ctx, p, slug)
	if err != nil {
		return "", err
	}
	token, err := config.Exchange(oidc.ClientContext(ctx, s.http), code, oauth2.VerifierOption(kept.Verifier))
	if err != nil {
		return "", fmt.Errorf("exchange the provider's code: %w", err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return "", errors.New("the provider has sent no id_token")
	}
	id, err := found.Verifier(&oidc.Config{ClientID: p.ClientID, Now: s.Clock.Now}).Verify(oidc.ClientContext(ctx, s.http), raw)
	if err != nil {
		return "", fmt.Errorf("the provider's token: %w", err)
	}
	var claims struct {
		AuthorizedParty string `json:"azp"`
		Email           string `json:"email"`
		EmailVerified   any    `json:"email_verified"`
	}
	if err := id.Claims(&claims); err != nil {
		return "", err
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(kept.Nonce)) != 1:
		return "", errors.New("the token is for another attempt")
	case claims.AuthorizedParty != "" && claims.AuthorizedParty != p.ClientID, len(id.Audience) > 1 && claims.AuthorizedParty == "":
		return "", errors.New("the token is for another client")
	case id.Subject == "" || len(id.Subject) > 255 || strings.ContainsRune(id.Subject, 0):
		return "", errors.New("the token names nobody")
	case !admitted(p.Domains, claims.Email, claims.EmailVerified):
		return "", errors.New("the e-mail address is of no domain that the tenant admits, or not verified")
	}
	return id.Subject, nil
}

// admitted reports whether an address that the provider has verified is of one of the domains; none admit everybody.
func admitted(domains []string, email string, verified any) bool {
	if len(domains) == 0 {
		return true
	}
	_, domain, ok := strings.Cut(strings.ToLower(email), "@")
	return ok && (verified == true || verified == "true") && slices.Contains(domains, domain)
}

// config is what a provider is asked with.
func (s *Service) config(ctx context.Context, p *ent.OIDCProvider, slug string) (*oauth2.Config, *oidc.Provider, error) {
	found, err := s.discover(ctx, p)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errUnreachable, err)
	}
	var password []byte
	if p.ClientSecret != nil && len(*p.ClientSecret) > 0 {
		if password, err = s.Box.Open(*p.ClientSecret, Place(p.TenantID, p.ID)); err != nil {
			return nil, nil, fault.Wrap(err, "open a client's secret")
		}
	}
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: string(password), Endpoint: found.Endpoint(),
		RedirectURL: s.API + path(slug, "callback"), Scopes: []string{oidc.ScopeOpenID, "email"},
	}, found, nil
}

func (s *Service) secrets(row *ent.OIDCAttempt) (kept secrets, err error) {
	plain, err := s.Box.Open(row.Sealed, attemptPlace(row.TenantID, row.ID))
	if err != nil {
		return kept, fault.Wrap(err, "open an attempt")
	}
	return kept, fault.Wrap(json.Unmarshal(plain, &kept), "read an attempt")
}

// cookie keeps an attempt in its browser. It goes along when the provider leads back, which is a navigation from another
// site: that is what Lax allows.
func (s *Service) cookie(value string, age int) *http.Cookie {
	return &http.Cookie{Name: s.cookieName(), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode} //nolint:gosec // G124: secure wherever the API is
}

// cookieName has the prefix by which browsers let no other host of the domain set it (RFC 6265bis section 4.1.3.2).
func (s *Service) cookieName() string {
	if s.secure() {
		return "__Host-heyue-oidc"
	}
	return "heyue-oidc"
}

func (s *Service) secure() bool { return strings.HasPrefix(s.API, "https://") }

// answer tells a browser that it goes nowhere, and the log why.
func (s *Service) answer(w http.ResponseWriter, r *http.Request, err error) {
	s.Log.LogAttrs(r.Context(), slog.LevelInfo, "a sign-in by a provider did not begin", slog.Any("reason", err))
	switch kind := fault.KindOf(err); {
	case errors.Is(err, errUnreachable):
		http.Error(w, "the sign-in provider cannot be reached", http.StatusBadGateway)
	case kind == fault.Unavailable:
		http.Error(w, "try again later", http.StatusServiceUnavailable)
	case kind == fault.NotFound || kind == fault.Invalid || kind == fault.BadRequest:
		http.Error(w, "this address leads nowhere; begin again", http.StatusNotFound)
	default:
		http.Error(w, "something went wrong", http.StatusInternalServerError)
	}
}

func gone() error { return fault.NoSuch("attempt") }
