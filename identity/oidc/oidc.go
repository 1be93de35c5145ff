// Package oidc signs users in who have proved to a sign-in provider of their tenant who they are (OpenID Connect Core 1.0,
// authorization code with PKCE). Whoever the provider calls by a subject is the user that the two together are bound to,
// and nobody is anybody by an e-mail address.
//
// A way to the provider and back is one row. The browser that begins it gets a cookie, without which the provider's answer
// is worth nothing; state, nonce and the PKCE verifier are made for it alone. The browser is led back to the web
// application with a code behind #, which the program that began exchanges with a secret of its own: no token ever stands
// in an address, and neither a code nor an answer that was stolen, or foisted on somebody, signs anybody in.
package oidc

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"heyue/ent"
	"heyue/ent/externalidentity"
	"heyue/ent/oidcattempt"
	"heyue/ent/oidcprovider"
	"heyue/ent/predicate"
	"heyue/identity"
	"heyue/identity/opaque"
	"heyue/identity/sessions"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/platform/secret"
	"heyue/tenancy"
)

// Defaults of Service's two times (HEYUE_OIDC_…).
const (
	DefaultTTL     = 10 * time.Minute
	DefaultCodeTTL = time.Minute
)

// Linked is what the journal calls that somebody has linked their identity.
const Linked = "link_identity"

// Journal records what somebody did about their own way to sign in. It is the audit trail's Recorder.
type Journal interface {
	Account(ctx context.Context, tx *ent.Tx, event string, user publicid.UserID) error
}

// Sessions opens the session of a user who has proved to be one; sessions.Service does.
type Sessions interface {
	Enter(ctx context.Context, u *ent.User, userAgent string) (*sessions.Tokens, error)
}

// Service leads people to providers and back. All fields are needed; make it with New.
type Service struct {
	Client    *ent.Client
	Directory tenancy.Directory
	Sessions  Sessions
	Journal   Journal
	Box       secret.Box
	Clock     clock.Clock
	Log       *slog.Logger

	API  string // the public address of this API, which providers lead back to; "": nobody signs in this way
	Site string // the web application's, which gets the code
	TTL  time.Duration
	Code time.Duration // for which a code waits to be exchanged

	Loopback bool // providers may be at this machine, for tests and a developer's

	known *known
	http  *http.Client
}

// New returns s, ready to ask providers, each of which gets timeout for an answer.
func New(s Service, timeout time.Duration) (*Service, error) {
	s.http = client(timeout, s.Loopback)
	var err error
	s.known, err = newKnown(s.Clock)
	return &s, err
}

// Place is what a client's secret is sealed for.
func Place(tenant int64, id publicid.OIDCProviderID) string {
	return fmt.Sprintf("%d oidc_providers.client_secret %s", tenant, id)
}

func attemptPlace(tenant int64, id publicid.OIDCAttemptID) string {
	return fmt.Sprintf("%d oidc_attempts.sealed %s", tenant, id)
}

// secrets are what one attempt keeps from everybody.
type secrets struct {
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
}

// Beginning is a caller who wants to link their identity at a provider.
type Beginning struct {
	OidcProviderID publicid.OIDCProviderID
	Challenge      string
}

// Begin makes the address to which the caller's browser is sent for that. Faults: FORBIDDEN for an API key; MALFORMED at
// challenge; NOT_FOUND at oidcProviderId; UNAVAILABLE when this installation has no public address.
func (s *Service) Begin(ctx context.Context, b Beginning) (string, error) {
	me, err := identity.Person(ctx)
	if err != nil {
		return "", err
	}
	if s.API == "" {
		return "", fault.New(fault.Unavailable, fault.CodeUnavailable, "this installation has no public address for sign-in providers")
	}
	if !isChallenge(b.Challenge) {
		return "", fault.New(fault.Invalid, fault.Malformed, "a challenge is SHA-256 in base64url without padding").At("challenge")
	}
	p, err := s.provider(ctx, oidcprovider.ID(b.OidcProviderID))
	if err != nil {
		return "", err
	}
	t, err := s.Client.Tenant.Query().Only(ctx)
	if err != nil {
		return "", tenancy.Fault(err, "read the tenant of an attempt")
	}
	_, state, err := s.attempt(ctx, p, b.Challenge, &me.UserID, "")
	if err != nil {
		return "", err
	}
	return s.API + path(t.Slug, "start") + "?" + url.Values{"state": {state}}.Encode(), nil
}

// attempt makes the row of a way to a provider; browser is the digest of the cookie, "" while no browser has it.
func (s *Service) attempt(ctx context.Context, p *ent.OIDCProvider, challenge string, user *publicid.UserID, browser string) (*ent.OIDCAttempt, string, error) {
	id := publicid.NewOIDCAttemptID()
	state, digest := opaque.State.New(p.TenantID)
	plain, err := json.Marshal(secrets{Nonce: random(), Verifier: oauth2.GenerateVerifier()})
	if err != nil {
		return nil, "", fault.Wrap(err, "write an attempt")
	}
	var row *ent.OIDCAttempt
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) (err error) {
		row, err = tx.OIDCAttempt.Create().SetID(id).SetProviderID(p.ID).SetNillableUserID(user).SetStateHash(digest.Hex()).SetBrowserHash(browser).
			SetChallenge(challenge).SetSealed(s.Box.Seal(plain, attemptPlace(p.TenantID, id))).SetExpiresAt(s.Clock.Now().Add(s.TTL)).Save(ctx)
		return tenancy.Fault(err, "keep an attempt")
	})
	return row, state, err
}

// provider finds an enabled provider of ctx's tenant.
func (s *Service) provider(ctx context.Context, match predicate.OIDCProvider) (*ent.OIDCProvider, error) {
	p, err := s.Client.OIDCProvider.Query().Where(match, oidcprovider.Enabled(true)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.NoSuch("sign-in provider", "oidcProviderId")
	}
	return p, tenancy.Fault(err, "read a sign-in provider")
}

// Proof is what a provider has answered, in the hands of the program that asked.
type Proof struct {
	Code      string
	Verifier  string
	UserAgent string // the device, as in sessions.Credentials
}

// Validate reports what is missing or too long to be looked at.
func (p Proof) Validate() error {
	var c fault.Check
	c.That(p.Code != "", fault.Required, "code", "code is required")
	c.That(len(p.Code) <= 128, fault.TooLong, "code", "code has more than 128 bytes")
	c.That(p.Verifier != "", fault.Required, "verifier", "verifier is required")
	c.That(len(p.Verifier) <= 128, fault.TooLong, "verifier", "verifier has more than 128 bytes")
	return c.Err()
}

// SignIn opens a session for whoever a provider has named, or leaves it waiting for their second factor. Faults: those of
// Validate; WRONG_CREDENTIALS, one answer to whatever is wrong; UNAVAILABLE.
func (s *Service) SignIn(ctx context.Context, p Proof) (*sessions.Tokens, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	ctx, row, err := s.exchange(ctx, p, nil)
	if err != nil {
		return nil, err
	}
	bound, err := s.Client.ExternalIdentity.Query().Where(externalidentity.ProviderID(row.ProviderID), externalidentity.Subject(row.Subject),
		externalidentity.HasProviderWith(oidcprovider.Enabled(true))).WithUser().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, s.refused(ctx, errors.New("the identity is bound to nobody"))
	}
	if err != nil {
		return nil, tenancy.Fault(err, "look an identity up")
	}
	tokens, err := s.Sessions.Enter(ctx, bound.Edges.User, p.UserAgent)
	if fault.KindOf(err) == fault.Unauthenticated {
		return nil, s.refused(ctx, err)
	}
	if err != nil {
		return nil, err
	}
	err = s.Client.ExternalIdentity.Update().Where(externalidentity.ID(bound.ID)).SetLastUsedAt(s.Clock.Now()).Exec(ctx)
	return tokens, tenancy.Fault(err, "note the use of an identity")
}

// Link binds the identity that the caller has shown, after Begin, to them. Faults: FORBIDDEN for an API key; those of
// Validate; WRONG_CREDENTIALS, one answer to whatever is wrong, also to what another has begun; DUPLICATE at code when the
// identity is bound already.
func (s *Service) Link(ctx context.Context, p Proof) (made *ent.ExternalIdentity, err error) {
	me, err := identity.Person(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	ctx, row, err := s.exchange(ctx, p, &me)
	if err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		provider, err := tx.OIDCProvider.Get(ctx, row.ProviderID)
		if err != nil {
			return tenancy.Fault(err, "read a sign-in provider")
		}
		made, err = tx.ExternalIdentity.Create().SetUserID(me.UserID).SetProviderID(row.ProviderID).SetSubject(row.Subject).Save(ctx)
		if _, taken := tenancy.UniqueViolation(err); taken {
			return fault.New(fault.Invalid, fault.Duplicate, "the identity is bound already").At("code")
		}
		if err != nil {
			return tenancy.Fault(err, "bind an identity")
		}
		made.Edges.Provider = provider
		return s.Journal.Account(ctx, tx, Linked, me.UserID)
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// exchange uses a code up and returns what it stands for, with the context of its tenant. An attempt of a caller who wants
// to link is theirs alone, and one of nobody is for nobody who is signed in.
func (s *Service) exchange(ctx context.Context, p Proof, me *identity.Caller) (context.Context, *ent.OIDCAttempt, error) {
	tenant, digest, err := opaque.Code.Parse(p.Code)
	if err != nil || me != nil && me.TenantID != tenant {
		return nil, nil, s.refused(ctx, errors.Join(err, errors.New("no code of this tenant")))
	}
	ctx = tenancy.With(ctx, tenant)
	now := s.Clock.Now()
	n, err := s.Client.OIDCAttempt.Update().Where(oidcattempt.CodeHash(digest.Hex()), oidcattempt.ExchangedAtIsNil(), oidcattempt.ExpiresAtGT(now)).SetExchangedAt(now).Save(ctx)
	if err != nil {
		return nil, nil, tenancy.Fault(err, "use a code")
	}
	if n == 0 {
		return nil, nil, s.refused(ctx, errors.New("a code that is unknown, used or too old"))
	}
	row, err := s.Client.OIDCAttempt.Query().Where(oidcattempt.CodeHash(digest.Hex())).Only(ctx)
	if err != nil {
		return nil, nil, tenancy.Fault(err, "read an attempt")
	}
	shown := sha256.Sum256([]byte(p.Verifier))
	switch {
	case subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(shown[:])), []byte(row.Challenge)) != 1:
		err = errors.New("another program's code")
	case (row.UserID == nil) != (me == nil) || me != nil && *row.UserID != me.UserID:
		err = errors.New("a code for something else, or for somebody else")
	}
	if err != nil {
		return nil, nil, s.refused(ctx, err)
	}
	return ctx, row, nil
}

// refused is the one answer to a proof that is not good. The log has the reason.
func (s *Service) refused(ctx context.Context, why error) error {
	tenant, _ := tenancy.From(ctx)
	s.Log.LogAttrs(ctx, slog.LevelInfo, "a sign-in by a provider was refused", slog.Int64("tenant", tenant), slog.Any("reason", why))
	f := fault.New(fault.Invalid, fault.WrongCredentials, "nobody can sign in with this; begin again")
	f.Cause = why
	return f
}

// outlivedSQL finds the tenants with attempts whose time is over.
const outlivedSQL = `SELECT tenant_id FROM oidc_attempts WHERE expires_at <= $1 GROUP BY tenant_id ORDER BY tenant_id`

// Forget deletes attempts that ran out an hour ago or longer, of all tenants, up to a batch each, and returns how many.
func (s *Service) Forget(ctx context.Context, batch int) (forgotten int, err error) {
	before := s.Clock.Now().Add(-time.Hour)
	rows, err := s.Directory.System.QueryContext(ctx, outlivedSQL, before)
	if err != nil {
		return 0, tenancy.Fault(err, "find attempts to forget")
	}
	defer func() { _ = rows.Close() }() // Err tells what matters
	var tenants []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return 0, fault.Wrap(err, "read a tenant's number")
		}
		tenants = append(tenants, id)
	}
	if err := rows.Err(); err != nil {
		return 0, tenancy.Fault(err, "find attempts to forget")
	}
	for _, id := range tenants {
		inside := tenancy.With(ctx, id)
		err := tenancy.Write(inside, s.Client, func(tx *ent.Tx) error {
			old, err := tx.OIDCAttempt.Query().Where(oidcattempt.ExpiresAtLTE(before)).Limit(batch).IDs(inside)
			if err != nil {
				return tenancy.Fault(err, "find attempts to forget")
			}
			n, err := tx.OIDCAttempt.Delete().Where(oidcattempt.IDIn(old...)).Exec(inside)
			forgotten += n
			return tenancy.Fault(err, "forget attempts")
		})
		if err != nil {
			return forgotten, err
		}
	}
	return forgotten, nil
}

func isChallenge(text string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(b) == sha256.Size && !strings.ContainsAny(text, "\r\n")
}

func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process when the system has no randomness
	return base64.RawURLEncoding.EncodeToString(b)
}

// path is where an endpoint of a tenant lies.
func path(slug, end string) string { return "/auth/oidc/" + slug + "/" + end }
