package staff

import (
	"context"

	"heyue/audit"
	"heyue/domain/staff/leaving"
	"heyue/ent"
	"heyue/ent/department"
	"heyue/ent/user"
	"heyue/identity/account"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// ReasonLeft is why the sessions of somebody end who has left.
const ReasonLeft = "LEFT"

// Estate is one kind of thing that users hold; the package that owns it counts it and hands it over.
type Estate struct {
	Kind     leaving.Kind
	Held     func(ctx context.Context, user publicid.UserID) (int, error)
	HandOver func(ctx context.Context, tx *ent.Tx, h leaving.Handover) error
}

// Leaver is a user who leaves, at the version that the caller has seen, and who takes their place; without a successor
// their records go to the pool of their department.
type Leaver struct {
	ID              publicid.UserID
	ExpectedVersion int
	SuccessorID     *publicid.UserID
}

// Validate reports everything wrong with the request at once.
func (l Leaver) Validate() error {
	var c fault.Check
	c.That(l.SuccessorID == nil || *l.SuccessorID != l.ID, fault.Inconsistent, "successorId", "nobody is their own successor")
	return c.Err()
}

// Share is how much of one kind somebody holds.
type Share struct {
	Kind  leaving.Kind
	Count int
}

// PreviewLeave tells what Leave would hand over, by kind in the order of leaving.Kinds; nil when the caller may not see
// the user. Needs user:update reaching them.
func (s *Users) PreviewLeave(ctx context.Context, id publicid.UserID) ([]*Share, error) {
	access, err := s.Policies.Require(ctx, policies.UserUpdate)
	if err != nil {
		return nil, err
	}
	ok, err := s.Client.User.Query().Where(user.ID(id), reach(access)).Exist(ctx)
	if err != nil || !ok {
		return nil, tenancy.Fault(err, "look up a user")
	}
	estates := s.estates()
	out := make([]*Share, len(estates))
	for i, e := range estates {
		n, err := e.Held(ctx, id)
		if err != nil {
			return nil, err
		}
		out[i] = &Share{e.Kind, n}
	}
	return out, nil
}

// Leave deactivates a user for good and hands everything over that they hold, in one transaction: customers, contracts
// and service records to their successor or the pool of the department; due dates and raised alerts with them; what waits
// for their decision, the times they stand in for others, the departments they lead and the users who report to them. What
// they did stays theirs. Their sessions end at once (B6). Needs user:update reaching them and, since records change hands,
// everything that they may do. Somebody who is disabled already may still be handed over. Faults: those of
// Leaver.Validate; NOT_FOUND at id and successorId; VERSION_CONFLICT with the user as they are now; NOT_ALLOWED at id, and
// for the last active administrator.
func (s *Users) Leave(ctx context.Context, l Leaver) (*ent.User, error) {
	access, err := s.Policies.Require(ctx, policies.UserUpdate)
	if err != nil {
		return nil, err
	}
	if err := l.Validate(); err != nil {
		return nil, err
	}
	holds, err := s.Policies.Of(ctx, l.ID)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, access, UserTarget{l.ID, l.ExpectedVersion}, "leave", func(tx *ent.Tx, old *ent.User, m *ent.UserMutation) error {
		if err := commands(access, holds, old); err != nil {
			return err
		}
		if err := s.succeeds(ctx, tx, l.SuccessorID); err != nil {
			return err
		}
		if err := s.Sessions.RevokeAll(ctx, tx, old.ID, ReasonLeft); err != nil {
			return err
		}
		h := leaving.Handover{From: old.ID, To: l.SuccessorID, Home: old.DepartmentID}
		for _, e := range s.estates() {
			if err := e.HandOver(ctx, tx, h); err != nil {
				return err
			}
		}
		m.SetState(account.Disabled)
		return policies.Bump(ctx, tx)
	})
}

// succeeds wants an active user whom the caller may see, or nobody.
func (s *Users) succeeds(ctx context.Context, tx *ent.Tx, id *publicid.UserID) error {
	if id == nil {
		return nil
	}
	sight, err := s.Policies.Require(ctx, policies.UserRead)
	if err != nil {
		return err
	}
	// The row is locked, so that the successor cannot leave meanwhile.
	_, err = tx.User.Query().Where(user.ID(*id), user.StateEQ(account.Active), reach(sight)).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return fault.NoSuch("active user", "successorId")
	}
	return tenancy.Fault(err, "look up a successor")
}

// estates are the kinds in the order of leaving.Kinds: those of other packages, then this one's own.
func (s *Users) estates() []Estate {
	return append(append([]Estate(nil), s.Estates...),
		Estate{leaving.Departments, s.leads, s.handOverDepartments}, Estate{leaving.Reports, s.reports, s.handOverReports})
}

func (s *Users) leads(ctx context.Context, id publicid.UserID) (int, error) {
	n, err := s.Client.Department.Query().Where(department.HeadID(id)).Count(ctx)
	return n, tenancy.Fault(err, "count a user's departments")
}

// handOverDepartments makes the successor the head of what somebody led; without one it has no head.
func (s *Users) handOverDepartments(ctx context.Context, tx *ent.Tx, h leaving.Handover) error {
	rows, err := tx.Department.Query().Where(department.HeadID(h.From)).Order(department.ByID()).ForUpdate().All(ctx)
	if err != nil {
		return tenancy.Fault(err, "lock a user's departments")
	}
	for _, old := range rows {
		update := tx.Department.UpdateOne(old).AddVersion(1)
		if h.To != nil {
			update.SetHeadID(*h.To)
		} else {
			update.ClearHeadID()
		}
		now, err := update.Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "hand a department over")
		}
		if err := s.Audit.Record(ctx, tx, audit.Entry{Action: "hand_over", Object: "department", ID: old.ID.UUID(), Before: old, After: now}); err != nil {
			return err
		}
	}
	return nil
}
