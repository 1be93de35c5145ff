// Package identity says who is calling. Its sub-packages know the pieces of a sign-in, each without a database:
// password hashes, access tokens, and the opaque secrets that renew them.
package identity

import (
	"context"
	"time"

	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies/grant"
)

// Caller is a user of one tenant, in one session, as proved by an access token that has been verified.
// It says nothing about permissions; package policies answers for those.
type Caller struct {
	TenantID  int64              // the tenant's number; always above zero
	UserID    publicid.UserID    // the user, within the tenant
	SessionID publicid.SessionID // the sign-in that the token came from; revoking it ends the token too
	ExpiresAt time.Time          // when the token ends, and with it a socket that was opened by it

	// AuthzVersion is the version of the tenant's permissions when the caller's session was last checked. Decisions
	// are made at this version or a newer one.
	AuthzVersion int64

	// Confined is a caller whose tenant requires a second factor that they have not shown: they may do nothing but set one
	// up. From tells everybody else.
	Confined bool

	// Key is what a program signed in with for the user; nil for a person.
	Key *Key
}

// Key is an API key. It bounds what its caller may do beside the user's own permissions.
type Key struct {
	ID    publicid.APIKeyID
	Lines []grant.Line // of a key they never change
}

type key struct{}

// With returns a context that carries c. Only the transport and the composition root call it: everything behind
// them trusts what it finds.
func With(ctx context.Context, c Caller) context.Context { return context.WithValue(ctx, key{}, c) }

// From returns the caller of ctx. It fails with UNAUTHENTICATED when nobody is signed in, and also when the
// caller's tenant is missing, so that a half-filled Caller is never taken for somebody; and with SECOND_FACTOR_REQUIRED for
// a caller who is confined.
func From(ctx context.Context) (Caller, error) {
	c, ok := Signed(ctx)
	if !ok {
		return Caller{}, Unauthenticated(nil)
	}
	if c.Confined {
		return Caller{}, fault.New(fault.Denied, CodeSecondFactorRequired, "your company requires a second factor; set one up, or sign in with it")
	}
	return c, nil
}

// CodeSecondFactorRequired is the answer to whatever a confined caller asks for.
const CodeSecondFactorRequired fault.Code = "SECOND_FACTOR_REQUIRED"

// Enrolling is Person for what a confined caller may do: set up a second factor, and sign out.
func Enrolling(ctx context.Context) (Caller, error) {
	c, ok := Signed(ctx)
	switch {
	case !ok:
		return Caller{}, Unauthenticated(nil)
	case c.Key != nil:
		return Caller{}, notForKeys()
	}
	return c, nil
}

// Person is From for what no program may do with a key, whatever the key is for: things by which a key that has leaked
// would outlive its end. It fails with FORBIDDEN for a key.
func Person(ctx context.Context) (Caller, error) {
	c, err := From(ctx)
	if err == nil && c.Key != nil {
		return Caller{}, notForKeys()
	}
	return c, err
}

func notForKeys() error {
	return fault.New(fault.Denied, fault.CodeForbidden, "an API key does not do this; sign in as a person")
}

// Signed is From for work that is done for nobody as well: it tells whether anybody is signed in.
func Signed(ctx context.Context) (Caller, bool) {
	c, ok := ctx.Value(key{}).(Caller)
	if !ok || c.TenantID <= 0 {
		return Caller{}, false
	}
	return c, true
}

// Unauthenticated is the one answer to a caller who is not signed in, whatever the reason. The reason goes to the
// log as cause; a text that told a wrong signature from an ended session would help whoever is guessing.
func Unauthenticated(cause error) *fault.Fault {
	f := fault.New(fault.Unauthenticated, fault.CodeUnauthenticated, "you are not signed in, or your sign-in has ended")
	f.Cause = cause
	return f
}
