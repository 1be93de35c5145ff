// Package token makes and checks access tokens: short-lived JSON Web Tokens (RFC 7519) signed with Ed25519. A token
// says who was signed in when it was made. Whether the session still lives is the business of whoever holds the
// sessions; Claims carries what they need to tell.
package token

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"heyue/identity"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// SeedSize is the length of a signing seed in bytes.
const SeedSize = ed25519.SeedSize

// Issuer and Audience of every token of the product. A token for another purpose must use another audience.
const (
	Issuer   = "heyue"
	Audience = "heyue-api"
)

const (
	mediaType = "at+jwt" // RFC 9068 section 2.1: an access token, so that no other JWT is taken for one
	algorithm = "EdDSA"
	maxLen    = 2048 // ours are about 400 characters; more is refused unread
)

// Claims is what a token says.
type Claims struct {
	TenantID  int64 // above zero
	UserID    publicid.UserID
	SessionID publicid.SessionID
	// Access is the version of the user's access when the token was made. A higher version in the session's record
	// makes the token worthless before its time.
	Access    int64
	IssuedAt  time.Time // whole seconds
	ExpiresAt time.Time // whole seconds; the token is good before this instant, not at it
}

// Caller returns the caller that the claims prove.
func (c Claims) Caller() identity.Caller {
	return identity.Caller{TenantID: c.TenantID, UserID: c.UserID, SessionID: c.SessionID, ExpiresAt: c.ExpiresAt}
}

// wire is the form inside the token. Names are short because every request carries them.
type wire struct {
	jwt.RegisteredClaims
	Tenant  int64  `json:"tid"`
	User    string `json:"uid"`
	Session string `json:"sid"`
	Access  int64  `json:"aver"`
}

// Authority makes and checks tokens. It is immutable and safe for concurrent use.
type Authority struct {
	private ed25519.PrivateKey
	public  ed25519.PublicKey
	keyID   string
	ttl     time.Duration
	clock   clock.Clock
	parser  *jwt.Parser
}

// New returns an Authority whose key comes from seed (SeedSize bytes; see package secret) and whose tokens live for
// ttl, at least one second. It fails on a seed of another length or a shorter life.
func New(seed []byte, ttl time.Duration, c clock.Clock) (*Authority, error) {
	if len(seed) != SeedSize || ttl < time.Second {
		return nil, fmt.Errorf("token: want a seed of %d bytes and a life of at least a second, got %d bytes and %v", SeedSize, len(seed), ttl)
	}
	private := ed25519.NewKeyFromSeed(seed)
	public := private.Public().(ed25519.PublicKey)
	sum := sha256.Sum256(public)
	return &Authority{
		private: private, public: public, ttl: ttl, clock: c,
		keyID: base64.RawURLEncoding.EncodeToString(sum[:8]),
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{algorithm}), jwt.WithIssuer(Issuer), jwt.WithAudience(Audience),
			jwt.WithExpirationRequired(), jwt.WithTimeFunc(c.Now), jwt.WithStrictDecoding(),
		),
	}, nil
}

// Issue signs a token for the caller, who has just proved a password or a refresh token. It sets IssuedAt and
// ExpiresAt itself and returns the claims as they stand in the token. It fails when the tenant, user or session is
// missing.
func (a *Authority) Issue(c Claims) (text string, issued Claims, err error) {
	return a.IssueFor(c, a.ttl)
}

// IssueFor is Issue with a life of its own, at least one second, for a token that an operator hands out.
func (a *Authority) IssueFor(c Claims, ttl time.Duration) (text string, issued Claims, err error) {
	if ttl < time.Second {
		return "", Claims{}, fault.Wrap(fmt.Errorf("a life of %v", ttl), "issue an access token")
	}
	if c.TenantID <= 0 || c.UserID.IsZero() || c.SessionID.IsZero() {
		return "", Claims{}, fault.Wrap(errors.New("tenant, user or session is missing"), "issue an access token")
	}
	c.IssuedAt = a.clock.Now().Truncate(time.Second)
	c.ExpiresAt = c.IssuedAt.Add(ttl).Truncate(time.Second)
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, wire{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: Issuer, Audience: jwt.ClaimStrings{Audience},
			IssuedAt: jwt.NewNumericDate(c.IssuedAt), ExpiresAt: jwt.NewNumericDate(c.ExpiresAt),
		},
		Tenant: c.TenantID, User: c.UserID.String(), Session: c.SessionID.String(), Access: c.Access,
	})
	t.Header["kid"], t.Header["typ"] = a.keyID, mediaType
	text, err = t.SignedString(a.private)
	return text, c, fault.Wrap(err, "sign an access token")
}

// Verify returns what the token says. On anything wrong with it, it fails with the same UNAUTHENTICATED fault; the
// cause, for the log, says what and never repeats the token.
func (a *Authority) Verify(text string) (Claims, error) {
	if text == "" || len(text) > maxLen {
		return Claims{}, identity.Unauthenticated(fmt.Errorf("a token of %d characters", len(text)))
	}
	var w wire
	if _, err := a.parser.ParseWithClaims(text, &w, a.key); err != nil {
		return Claims{}, identity.Unauthenticated(err)
	}
	c, err := w.claims()
	if err != nil {
		return Claims{}, identity.Unauthenticated(err)
	}
	return c, nil
}

// key picks the key by the header. The algorithm has been checked against the allowed one before.
func (a *Authority) key(t *jwt.Token) (any, error) {
	if t.Header["typ"] != mediaType {
		return nil, errors.New("not an access token")
	}
	if _, ok := t.Header["crit"]; ok { // RFC 7515 section 4.1.11; the library ignores it
		return nil, errors.New("demands an extension that we do not know")
	}
	if t.Header["kid"] != a.keyID {
		return nil, errors.New("signed with a key that is not ours")
	}
	return a.public, nil
}

func (w wire) claims() (Claims, error) {
	user, err := publicid.ParseUserID(w.User)
	if err != nil {
		return Claims{}, fmt.Errorf("uid: %w", err)
	}
	session, err := publicid.ParseSessionID(w.Session)
	if err != nil {
		return Claims{}, fmt.Errorf("sid: %w", err)
	}
	if w.Tenant <= 0 || w.IssuedAt == nil {
		return Claims{}, errors.New("tid or iat is missing")
	}
	return Claims{
		TenantID: w.Tenant, UserID: user, SessionID: session, Access: w.Access,
		IssuedAt: w.IssuedAt.UTC(), ExpiresAt: w.ExpiresAt.UTC(),
	}, nil
}
