package sessions

import (
	"context"
	"log/slog"

	"heyue/identity"
	"heyue/platform/logging"
	"heyue/tenancy"
)

// Authenticate proves who a request comes from and returns its context: tenant, caller, the version of the tenant's
// permissions that the request must be decided by at least, and the tenant's number for the log. It costs one
// statement. It fails with UNAUTHENTICATED when bearer is no access token of ours or its session, user or tenant is
// out; and with UNAVAILABLE or INTERNAL when that could not be read.
func (s *Service) Authenticate(ctx context.Context, bearer string) (context.Context, error) {
	claims, err := s.Authority.Verify(bearer)
	if err != nil {
		return nil, err
	}
	ctx = tenancy.With(ctx, claims.TenantID)
	st, err := read(ctx, s.Client, claims.TenantID, claims.SessionID)
	if err != nil {
		return nil, err
	}
	if err := st.check(s.Clock.Now()); err != nil {
		return nil, err
	}
	if st.user != claims.UserID {
		return nil, refused("the session is another user's")
	}
	caller := claims.Caller()
	caller.AuthzVersion = st.authz
	if st.expires.Before(caller.ExpiresAt) {
		caller.ExpiresAt = st.expires.UTC()
	}
	return logging.With(identity.With(ctx, caller), slog.Int64("tenant", caller.TenantID)), nil
}
