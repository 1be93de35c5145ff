package sessions

import (
	"context"
	"time"

	"heyue/domain/tenants/standing"
	"heyue/ent"
	"heyue/identity/account"
	"heyue/identity/token"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// How long a token that an operator hands out may live.
const (
	MinIssue = time.Minute
	MaxIssue = 24 * time.Hour
)

// Issue opens a session that cannot be renewed, for a user whose password nobody gave: it serves `heyue token`, which
// only whoever runs the installation can call, and never a request. Unlike Login it says what is wrong: INVALID at ttl,
// NOT_FOUND at tenant or email, WRONG_STATE when either may not sign in.
func (s *Service) Issue(ctx context.Context, slug, email string, ttl time.Duration) (*Tokens, error) {
	if ttl < MinIssue || ttl > MaxIssue {
		f := fault.New(fault.Invalid, fault.OutOfRange, "a token lives for %v to %v, not %v", MinIssue, MaxIssue, ttl)
		f.Field = []string{"ttl"}
		return nil, f
	}
	who, err := s.claimed(ctx, slug, account.NormalEmail(email))
	if err != nil {
		return nil, err
	}
	if err := who.known(); err != nil {
		return nil, err
	}
	ctx = tenancy.With(ctx, who.tenant)
	id := publicid.NewSessionID()
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		if err := s.start(ctx, tx, id, who.user.ID, "heyue token", s.Clock.Now().Add(ttl), true); err != nil {
			return err
		}
		return s.Journal.Session(ctx, tx, Issued, id)
	})
	if err != nil {
		return nil, tenancy.Fault(err, "open a session")
	}
	text, issued, err := s.Authority.IssueFor(token.Claims{TenantID: who.tenant, UserID: who.user.ID, SessionID: id, Access: who.authz}, ttl)
	if err != nil {
		return nil, err
	}
	return &Tokens{AccessToken: text, ExpiresAt: issued.ExpiresAt, User: who.user}, nil
}

// known tells an operator why there is nobody to sign in.
func (c claimant) known() error {
	switch {
	case c.tenant == nobody:
		return fault.NoSuch("tenant", "tenant")
	case c.stands != standing.Active:
		return fault.New(fault.State, fault.WrongState, "the tenant is suspended or not ready")
	case c.user == nil:
		return fault.NoSuch("user", "email")
	case c.user.State != account.Active:
		return fault.New(fault.State, fault.WrongState, "the user is disabled")
	}
	return nil
}
