// Package sessions signs users in and out, and tells for every request whose it is. A session is a sign-in on one
// device: a row that short-lived access tokens and a chain of refresh tokens hang from. Every request reads the row, so
// a session that is revoked, a user who is disabled and a tenant that is suspended are out with the next request, on
// every instance, whatever messages were lost.
//
// The package is apart from identity because that one must stay without a database: policies and audit import it.
package sessions

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"heyue/ent"
	"heyue/identity"
	"heyue/identity/opaque"
	"heyue/identity/password"
	"heyue/identity/throttle"
	"heyue/identity/token"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Defaults of Service's two durations (HEYUE_REFRESH_TTL, HEYUE_REFRESH_GRACE).
const (
	DefaultRefreshTTL   = 30 * 24 * time.Hour
	DefaultRefreshGrace = 5 * time.Second
)

// Limits of what a sign-in sends. They bound work and rows; whether a password is a good one is package password's.
const (
	MaxEmail     = 254 // RFC 5321 section 4.5.3.1.3, less the angle brackets
	MaxPassword  = 1024
	maxUserAgent = 300 // characters kept of the device's description
)

// Service opens, renews, checks and ends sessions. All fields but Attempts, Factors, Guesses, Uses and Ended are needed.
type Service struct {
	Client    *ent.Client
	Directory tenancy.Directory
	Passwords *password.Hasher
	Authority *token.Authority
	Journal   Journal
	Clock     clock.Clock
	Log       *slog.Logger

	RefreshTTL   time.Duration // life of a session that is not renewed; above zero
	RefreshGrace time.Duration // see Refresh; 0 for none

	ChallengeTTL   time.Duration // for which a right password waits for its second factor; 0 for the default
	ChallengeTries int           // wrong codes after which it waits no more; 0 for the default

	// Attempts slows down who guesses passwords, alike for accounts that exist and others; nil lets everybody try.
	Attempts *throttle.Throttle
	// Factors asks for second factors; nil: nobody has one.
	Factors Factors
	// Guesses slows down who guesses API keys; nil lets everybody try.
	Guesses *throttle.Guesses
	// Uses notes when keys were used; nil: nobody does.
	Uses *Uses
	// Ended is called after the commit of a transaction that ended sessions of a tenant, to hurry Watchers along; nil
	// for nobody. Ends that it does not tell are found by their poll.
	Ended func(tenant int64)
}

// What happens to a session, in the words of the journal.
const (
	LoggedIn  = "login"
	LoggedOut = "logout"
	Revoked   = "revoke"
	Replayed  = "replay" // a used refresh token came again; the session was revoked
	Issued    = "issue"  // an operator made a token
)

// Journal records what happened to a session in the transaction that made it happen. The actor is the caller of ctx, or
// nobody. It is the audit trail's Recorder.
type Journal interface {
	Session(ctx context.Context, tx *ent.Tx, event string, id publicid.SessionID) error
	// LockOut records that too many sign-ins as a user failed, nil for somebody who does not exist: until when the next
	// one has to wait, and the address that the last one came from.
	LockOut(ctx context.Context, tx *ent.Tx, user *publicid.UserID, until time.Time, from string) error
}

// Factors are the second factors of users; factor.Service keeps them.
type Factors interface {
	// Enrolled reports whether a user of ctx's tenant signs in with a code.
	Enrolled(ctx context.Context, user publicid.UserID) (bool, error)
	// Verify uses a code of a user up in tx, and fails with WRONG_CREDENTIALS.
	Verify(ctx context.Context, tx *ent.Tx, user publicid.UserID, code string) error
}

// Tokens are what a signed-in user goes on with, or what they have to do first.
type Tokens struct {
	AccessToken  string    // for the Authorization header
	RefreshToken string    // for Refresh, once; empty from Issue
	ExpiresAt    time.Time // when AccessToken ends
	User         *ent.User

	Challenge *Challenge // what the sign-in waits for; nil when it waits for nothing, and then the others are there
}

// grant writes the access token of a session. Call it after the commit.
func (s *Service) grant(c token.Claims, u *ent.User, refresh string) (*Tokens, error) {
	text, issued, err := s.Authority.Issue(c)
	if err != nil {
		return nil, err
	}
	return &Tokens{AccessToken: text, RefreshToken: refresh, ExpiresAt: issued.ExpiresAt, User: u}, nil
}

// link adds a refresh token to a session's chain and returns its text.
func (s *Service) link(ctx context.Context, tx *ent.Tx, tenant int64, id publicid.SessionID, now time.Time) (string, error) {
	text, digest := opaque.Refresh.New(tenant)
	err := tx.RefreshToken.Create().SetSessionID(id).SetTokenHash(digest.Hex()).SetIssuedAt(now).Exec(ctx)
	return text, tenancy.Fault(err, "keep a refresh token")
}

// as makes the journal see the user who has just proved who they are.
func as(ctx context.Context, tenant int64, u publicid.UserID, id publicid.SessionID) context.Context {
	return identity.With(ctx, identity.Caller{TenantID: tenant, UserID: u, SessionID: id})
}

// device makes a header fit for a row.
func device(userAgent string) string {
	clean := strings.ReplaceAll(strings.ToValidUTF8(userAgent, ""), "\x00", "")
	if utf8.RuneCountInString(clean) > maxUserAgent {
		clean = string([]rune(clean)[:maxUserAgent])
	}
	return strings.TrimSpace(clean)
}

// refused is UNAUTHENTICATED with a reason for the log.
func refused(why string) error { return identity.Unauthenticated(errors.New(why)) }

// isRefused tells a caller who is not let in from a fault of ours.
func isRefused(err error) bool { return fault.KindOf(err) == fault.Unauthenticated }
