package sessions

import (
	"context"

	"heyue/ent"
	"heyue/tenancy"
)

// Enter opens the session of a user of ctx's tenant who has proved elsewhere to be one, or leaves it waiting for their
// second factor. Its callers have checked the proof. Faults: UNAUTHENTICATED when the user or the tenant may not sign in;
// UNAVAILABLE.
func (s *Service) Enter(ctx context.Context, u *ent.User, userAgent string) (*Tokens, error) {
	t, err := s.Client.Tenant.Query().Only(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read the tenant of a sign-in")
	}
	who := claimant{tenant: t.ID, authz: t.AuthzVersion, stands: t.Standing, user: u}
	if err := who.known(); err != nil {
		return nil, refused(err.Error())
	}
	challenge, err := s.challenge(ctx, who)
	if err != nil {
		return nil, err
	}
	if challenge != nil {
		return &Tokens{Challenge: challenge}, nil
	}
	return s.open(ctx, who, Credentials{UserAgent: userAgent}, false)
}
