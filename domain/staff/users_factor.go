package staff

import (
	"context"

	"heyue/ent"
	"heyue/ent/user"
	"heyue/identity"
	"heyue/platform/fault"
	"heyue/policies"
	"heyue/tenancy"
)

// ReasonFactor is why the sessions of somebody end whose second factor was taken away.
const ReasonFactor = "SECOND_FACTOR_RESET"

// ResetSecondFactor takes the authenticator of somebody who has lost it away, and ends their sessions. Needs user:update
// reaching them, and everything that they may do, since only their password is between them and whoever knows it then (A3).
// Faults: NOT_FOUND, VERSION_CONFLICT with the user as they are now, WRONG_STATE when they have none, NOT_ALLOWED.
func (s *Users) ResetSecondFactor(ctx context.Context, t UserTarget) (*ent.User, error) {
	access, err := s.Policies.Require(ctx, policies.UserUpdate)
	if err != nil {
		return nil, err
	}
	u, err := s.Client.User.Query().Where(user.ID(t.ID), reach(access)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.NoSuch("user", "id")
	}
	if err != nil {
		return nil, tenancy.Fault(err, "load a user")
	}
	holds, err := s.Policies.Of(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	if err := commands(access, holds, u); err != nil {
		return nil, err
	}
	return s.change(ctx, access, t, "reset_second_factor", func(tx *ent.Tx, old *ent.User, _ *ent.UserMutation) error {
		had, err := s.Factors.Clear(ctx, tx, old.ID)
		if err != nil {
			return err
		}
		if !had {
			return fault.New(fault.State, fault.WrongState, "the user has no authenticator").At("id")
		}
		return s.Sessions.RevokeAll(ctx, tx, old.ID, ReasonFactor)
	})
}

// SecondFactor tells whether the viewer signs in with a code, and how many recovery codes they have left.
func (s *Users) SecondFactor(ctx context.Context, v *Viewer) (on bool, left int, err error) {
	if _, err := identity.From(ctx); err != nil {
		return false, 0, err
	}
	if on, err = s.Factors.Enrolled(ctx, v.User.ID); err != nil || !on {
		return false, 0, err
	}
	left, err = s.Factors.Left(ctx, v.User.ID)
	return on, left, err
}
