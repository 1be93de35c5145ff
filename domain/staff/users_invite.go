package staff

import (
	"context"

	"heyue/ent"
	"heyue/ent/user"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Invitee is a user whose invitation is sent, sent again or taken back.
type Invitee struct{ ID publicid.UserID }

// Invite sends a user who has no password a mail with which they choose their first one. Sent again, only the newest is
// good. Needs user:update reaching them. Faults: NOT_FOUND; WRONG_STATE for somebody who has a password or is disabled, and
// when this installation sends no mail; RATE_LIMITED.
func (s *Users) Invite(ctx context.Context, i Invitee) (*ent.User, error) {
	return s.reachedLocked(ctx, i.ID, s.Invitations.Invite)
}

// Uninvite takes the invitation of a user back. Needs user:update reaching them. Faults: NOT_FOUND, WRONG_STATE when none
// is open.
func (s *Users) Uninvite(ctx context.Context, i Invitee) (*ent.User, error) {
	return s.reachedLocked(ctx, i.ID, s.Invitations.Uninvite)
}

// reachedLocked does something to a user whom the caller's user:update reaches, with their row locked.
func (s *Users) reachedLocked(ctx context.Context, id publicid.UserID, do func(context.Context, *ent.Tx, *ent.User) error) (u *ent.User, err error) {
	access, err := s.Policies.Require(ctx, policies.UserUpdate)
	if err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		u, err = tx.User.Query().Where(user.ID(id), reach(access)).ForUpdate().Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NoSuch("user", "id")
		}
		if err != nil {
			return tenancy.Fault(err, "lock a user")
		}
		return do(ctx, tx, u)
	})
	if err != nil {
		return nil, err
	}
	return u, nil
}
