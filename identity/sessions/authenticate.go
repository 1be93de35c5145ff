package sessions

import (
	"context"
	"log/slog"

	"heyue/identity"
	"heyue/identity/opaque"
	"heyue/platform/logging"
	"heyue/tenancy"
)

// Authenticate proves who a request comes from and returns its context: tenant, caller, the version of the tenant's
// permissions that the request must be decided by at least, and the tenant's number for the log. It costs one
// statement. It fails with UNAUTHENTICATED when bearer is neither an access token of ours nor an API key, or its session, user or tenant is
// out; and with UNAVAILABLE or INTERNAL when that could not be read.
func (s *Service) Authenticate(ctx context.Context, bearer string) (context.Context, error) {
	if opaque.IsKey(bearer) {
		return s.program(ctx, bearer)
	}
	claims, err := s.Authority.Verify(bearer)
	if err != nil {
		return nil, err
	}
	caller := claims.Caller()
	return s.admit(logging.With(ctx, slog.Int64("tenant", caller.TenantID)), caller)
}

// Renew is Authenticate for a caller of ctx who was let in earlier, on a connection that stays: it returns the context
// of what they do next. Nobody stays nobody. Faults as of Authenticate.
func (s *Service) Renew(ctx context.Context) (context.Context, error) {
	caller, ok := identity.Signed(ctx)
	if !ok {
		return ctx, nil
	}
	if !s.Clock.Now().Before(caller.ExpiresAt) {
		return nil, refused("the token that opened the connection has expired")
	}
	return s.admit(ctx, caller)
}

// admit lets a proven caller in if their session still stands.
func (s *Service) admit(ctx context.Context, caller identity.Caller) (context.Context, error) {
	ctx = tenancy.With(ctx, caller.TenantID)
	st, err := read(ctx, s.Client, caller.TenantID, caller.SessionID)
	if err != nil {
		return nil, err
	}
	if err := st.check(s.Clock.Now()); err != nil {
		return nil, err
	}
	if st.user != caller.UserID {
		return nil, refused("the session is another user's")
	}
	caller.AuthzVersion, caller.Confined = st.authz, st.confined()
	if st.expires.Before(caller.ExpiresAt) {
		caller.ExpiresAt = st.expires.UTC()
	}
	return identity.With(ctx, caller), nil
}
