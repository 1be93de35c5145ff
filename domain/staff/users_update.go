package staff

import (
	"context"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/user"
	"heyue/identity/account"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Reasons that sessions end with.
const (
	ReasonDisabled = "DISABLED"
	ReasonPassword = "PASSWORD_CHANGED"
)

// Update changes a user. Needs user:update reaching them as they are and as they will be. A new department widens what
// DEPARTMENT and SUBTREE permissions show, so the caller must reach there with each of those that the user has (A3).
// Faults: those of UserChange.Validate, NOT_FOUND, VERSION_CONFLICT, then the user as they are now comes with the
// error, and NOT_FOUND, WRONG_STATE (archived) and NOT_ALLOWED at departmentId.
func (s *Users) Update(ctx context.Context, ch UserChange) (*ent.User, error) {
	access, err := s.Policies.Require(ctx, policies.UserUpdate)
	if err != nil {
		return nil, err
	}
	if err := ch.Validate(); err != nil {
		return nil, err
	}
	holds, err := s.Policies.Of(ctx, ch.ID)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, access, UserTarget{ch.ID, ch.ExpectedVersion}, "update", func(tx *ent.Tx, old *ent.User, m *ent.UserMutation) error {
		ch.apply(m)
		if err := ch.line(ctx, tx, m); err != nil {
			return err
		}
		to := ch.department(old.DepartmentID)
		if orTop(to) == orTop(old.DepartmentID) {
			return nil
		}
		if err := s.move(ctx, tx, access, old, to); err != nil {
			return err
		}
		if lacking := access.Grants().Lacking(holds.Scopes(), to); to != nil && len(lacking) > 0 {
			return fault.New(fault.Invalid, fault.NotAllowed,
				"the user may %s, and would do so in a department where you may not", lacking[0]).At("departmentId")
		}
		if to == nil {
			m.ClearDepartmentID()
			return nil
		}
		m.SetDepartmentID(*to)
		return nil
	})
}

// move checks a user's new department and has permissions decided anew.
func (s *Users) move(ctx context.Context, tx *ent.Tx, access policies.Access, u *ent.User, to *publicid.DepartmentID) error {
	all, err := locked(ctx, tx)
	if err != nil {
		return err
	}
	if err := all.usable(to, "departmentId"); err != nil {
		return err
	}
	if !access.Covers(&u.ID, to) {
		return outOfReach()
	}
	return policies.Bump(ctx, tx)
}

// Disable keeps a user from signing in and ends their sessions; their history stays (B6). Needs user:update reaching
// them. Faults: NOT_FOUND, VERSION_CONFLICT with the user as they are now, WRONG_STATE when they are disabled already,
// NOT_ALLOWED for the last active administrator.
func (s *Users) Disable(ctx context.Context, t UserTarget) (*ent.User, error) {
	access, err := s.Policies.Require(ctx, policies.UserUpdate)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, access, t, "disable", func(tx *ent.Tx, old *ent.User, m *ent.UserMutation) error {
		if old.State == account.Disabled {
			return fault.New(fault.State, fault.WrongState, "the user is disabled already").At("id")
		}
		m.SetState(account.Disabled)
		return s.Sessions.RevokeAll(ctx, tx, old.ID, ReasonDisabled)
	})
}

// Enable lets a disabled user sign in again. Needs user:update reaching them, and everything that they may do, since
// it is given back (A3). Faults: NOT_FOUND, VERSION_CONFLICT with the user as they are now, WRONG_STATE when they are
// active or their department is archived, NOT_ALLOWED.
func (s *Users) Enable(ctx context.Context, t UserTarget) (*ent.User, error) {
	access, err := s.Policies.Require(ctx, policies.UserUpdate)
	if err != nil {
		return nil, err
	}
	holds, err := s.Policies.Of(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, access, t, "enable", func(tx *ent.Tx, old *ent.User, m *ent.UserMutation) error {
		if old.State == account.Active {
			return fault.New(fault.State, fault.WrongState, "the user is active already").At("id")
		}
		if err := commands(access, holds, old); err != nil {
			return err
		}
		all, err := locked(ctx, tx)
		if err != nil {
			return err
		}
		m.SetState(account.Active)
		return all.usable(old.DepartmentID, "id")
	})
}

// SetPassword gives a user a new password and ends their sessions. Needs user:update reaching them, and everything that
// they may do: whoever knows the password can do it too (A3). Faults: those of the password policy at password,
// NOT_FOUND, VERSION_CONFLICT with the user as they are now, NOT_ALLOWED.
func (s *Users) SetPassword(ctx context.Context, ch PasswordChange) (*ent.User, error) {
	access, err := s.Policies.Require(ctx, policies.UserUpdate)
	if err != nil {
		return nil, err
	}
	u, err := s.Client.User.Query().Where(user.ID(ch.ID), reach(access)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.NoSuch("user", "id")
	}
	if err != nil {
		return nil, tenancy.Fault(err, "load a user")
	}
	holds, err := s.Policies.Of(ctx, ch.ID)
	if err != nil {
		return nil, err
	}
	if err := commands(access, holds, u); err != nil {
		return nil, err
	}
	var c fault.Check
	s.PasswordPolicy.Check(&c, "password", ch.Password, u.Email, u.Name)
	if err := c.Err(); err != nil {
		return nil, err
	}
	hash, err := s.Hasher.Hash(ctx, ch.Password) // outside the transaction: it takes some 20 ms
	if err != nil {
		return nil, err
	}
	return s.change(ctx, access, UserTarget{ch.ID, ch.ExpectedVersion}, "set_password", func(tx *ent.Tx, old *ent.User, m *ent.UserMutation) error {
		m.SetPasswordHash(hash)
		return s.Sessions.RevokeAll(ctx, tx, old.ID, ReasonPassword)
	})
}

// commands wants the caller to hold all that the user may do, seen from the user's department.
func commands(access policies.Access, holds *policies.Grants, u *ent.User) error {
	if lacking := access.Grants().Lacking(holds.Scopes(), u.DepartmentID); len(lacking) > 0 {
		return fault.New(fault.Invalid, fault.NotAllowed,
			"the user may %s, which you do not hold as widely; somebody who does must do this", lacking[0]).At("id")
	}
	return nil
}

// change loads and locks a user, lets edit alter them, and writes them with the audit entry in one transaction. On a
// version conflict it returns the user as they are beside the error.
func (s *Users) change(ctx context.Context, access policies.Access, t UserTarget, action string,
	edit func(*ent.Tx, *ent.User, *ent.UserMutation) error,
) (now *ent.User, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		if _, err := tenancy.Lock(ctx, tx); err != nil {
			return err
		}
		old, err := tx.User.Query().Where(user.ID(t.ID), reach(access)).ForUpdate().Only(ctx)
		switch {
		case ent.IsNotFound(err):
			return fault.NoSuch("user", "id")
		case err != nil:
			return tenancy.Fault(err, "load a user")
		case old.Version != t.ExpectedVersion:
			now = old
			return fault.Stale("user")
		}
		update := tx.User.UpdateOne(old).AddVersion(1)
		if err := edit(tx, old, update.Mutation()); err != nil {
			return err
		}
		after, err := update.Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "write a user")
		}
		now = after
		if after.State != old.State {
			if err := policies.KeepAdmin(ctx, tx); err != nil {
				return err
			}
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "user", ID: t.ID.UUID(), Before: old, After: now})
	})
	return beside(now, err)
}
