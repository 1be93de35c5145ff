package staff

import (
	"context"
	"slices"
	"time"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/department"
	"heyue/ent/user"
	"heyue/identity/account"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/policies"
	"heyue/tenancy"
)

// gap is left behind the last sibling, so that another department fits between.
const gap = 10

// Create adds a department to the tree. Needs department:update. Faults: those of DepartmentDraft.Validate, DUPLICATE at
// code, NOT_FOUND, WRONG_STATE (archived) and OUT_OF_RANGE (too deep) at parentId, NOT_FOUND at headId, LIMIT_REACHED.
func (s *Departments) Create(ctx context.Context, d DepartmentDraft) (made *ent.Department, err error) {
	if _, err := s.Policies.Require(ctx, policies.DepartmentUpdate); err != nil {
		return nil, err
	}
	if err := d.Validate(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		position, err := s.room(ctx, tx, d)
		if err != nil {
			return err
		}
		if err := works(ctx, tx, d.HeadID, "headId"); err != nil {
			return err
		}
		made, err = tx.Department.Create().SetName(tidy(d.Name)).SetCode(tidy(d.Code)).SetNillableParentID(d.ParentID).
			SetNillableHeadID(d.HeadID).SetPosition(position).Save(ctx)
		if err != nil {
			return departmentConflict(err)
		}
		return s.finish(ctx, tx, audit.Entry{Action: "create", Object: "department", ID: made.ID.UUID(), After: made}, true)
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// room checks a new department's place and finds its position.
func (s *Departments) room(ctx context.Context, tx *ent.Tx, d DepartmentDraft) (int, error) {
	all, err := locked(ctx, tx)
	if err != nil {
		return 0, err
	}
	if len(all.tree) >= s.Limits.Count {
		return 0, fault.New(fault.State, fault.LimitReached, "there are %d departments, which is as many as there may be", len(all.tree))
	}
	if err := all.usable(d.ParentID, "parentId"); err != nil {
		return 0, err
	}
	if levels := all.tree.depth(d.ParentID) + 1; levels > s.Limits.Depth {
		var c fault.Check
		c.Add(fault.OutOfRange, "parentId", "departments would lie %d deep there, at most %d are allowed", levels, s.Limits.Depth)
		return 0, c.Err()
	}
	if d.Position != nil {
		return *d.Position, nil
	}
	return min(all.last[orTop(d.ParentID)]+gap, maxPosition), nil
}

// Update renames a department, moves it among its siblings or, with everything below it, under another parent. Needs
// department:update. Faults: those of DepartmentChange.Validate and Create, INCONSISTENT at parentId for a move below
// itself, NOT_FOUND, VERSION_CONFLICT, then the department as it is now comes with the error, WRONG_STATE for an
// archived one.
func (s *Departments) Update(ctx context.Context, ch DepartmentChange) (*ent.Department, error) {
	if err := s.may(ctx, ch.Validate); err != nil {
		return nil, err
	}
	return s.change(ctx, DepartmentTarget{ch.ID, ch.ExpectedVersion}, "update",
		func(tx *ent.Tx, old *ent.Department, all siblings, m *ent.DepartmentMutation) error {
			if old.ArchivedAt != nil {
				return fault.New(fault.State, fault.WrongState, "the department is archived; restore it first").At("id")
			}
			given.Text(ch.Name, m.SetName)
			given.Text(ch.Code, m.SetCode)
			if ch.Position != nil {
				m.SetPosition(*ch.Position)
			}
			if err := works(ctx, tx, ch.HeadID, "headId"); err != nil {
				return err
			}
			if ch.HeadID != nil {
				m.SetHeadID(*ch.HeadID)
			} else if slices.Contains(ch.Clear, ClearHead) {
				m.ClearHeadID()
			}
			parent := ch.parent(old.ParentID)
			if orTop(parent) == orTop(old.ParentID) {
				return nil
			}
			if err := all.usable(parent, "parentId"); err != nil {
				return err
			}
			if err := all.tree.place(ch.ID, parent, s.Limits.Depth); err != nil {
				return err
			}
			if parent == nil {
				m.ClearParentID()
			} else {
				m.SetParentID(*parent)
			}
			return nil
		})
}

// Archive puts away a department that nobody works in any more. Needs department:update. Faults: NOT_FOUND,
// VERSION_CONFLICT with the department as it is now, WRONG_STATE when it is archived already, IN_USE while it has
// active users or departments below it that are not archived.
func (s *Departments) Archive(ctx context.Context, t DepartmentTarget) (*ent.Department, error) {
	at := s.Clock.Now()
	return s.file(ctx, t, "archive", &at, func(tx *ent.Tx, all siblings) error {
		for id, parent := range all.tree {
			if parent != nil && *parent == t.ID && !all.archived[id] {
				return fault.New(fault.State, fault.InUse, "the department has others below it; archive or move them first").At("id")
			}
		}
		n, err := tx.User.Query().Where(user.DepartmentID(t.ID), user.StateEQ(account.Active)).Count(ctx)
		if err == nil && n > 0 {
			return fault.New(fault.State, fault.InUse, "%d active users are in the department; move them first", n).At("id")
		}
		return tenancy.Fault(err, "count the department's users")
	})
}

// Restore takes a department out of the archive. Needs department:update. Faults: NOT_FOUND, VERSION_CONFLICT with the
// department as it is now, WRONG_STATE when it is not archived or what it hangs on is.
func (s *Departments) Restore(ctx context.Context, t DepartmentTarget) (*ent.Department, error) {
	return s.file(ctx, t, "restore", nil, func(_ *ent.Tx, all siblings) error { return all.usable(all.tree[t.ID], "id") })
}

func (s *Departments) file(ctx context.Context, t DepartmentTarget, action string, at *time.Time,
	allowed func(*ent.Tx, siblings) error,
) (*ent.Department, error) {
	if err := s.may(ctx, nil); err != nil {
		return nil, err
	}
	return s.change(ctx, t, action, func(tx *ent.Tx, old *ent.Department, all siblings, m *ent.DepartmentMutation) error {
		if (old.ArchivedAt == nil) == (at == nil) {
			return fault.New(fault.State, fault.WrongState, "cannot %s the department: it is already so", action).At("id")
		}
		if at == nil {
			m.ClearArchivedAt()
		} else {
			m.SetArchivedAt(*at)
		}
		return allowed(tx, all)
	})
}

// may asks for department:update and then for a valid input.
func (s *Departments) may(ctx context.Context, validate func() error) error {
	if _, err := s.Policies.Require(ctx, policies.DepartmentUpdate); err != nil || validate == nil {
		return err
	}
	return validate()
}

// change loads a department under the tenant's lock, lets edit alter it, and writes it with its audit entry in one
// transaction. On a version conflict it returns the department as it is beside the error.
func (s *Departments) change(ctx context.Context, t DepartmentTarget, action string,
	edit func(*ent.Tx, *ent.Department, siblings, *ent.DepartmentMutation) error,
) (now *ent.Department, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		all, err := locked(ctx, tx)
		if err != nil {
			return err
		}
		old, err := tx.Department.Query().Where(department.ID(t.ID)).Only(ctx)
		switch {
		case ent.IsNotFound(err):
			return fault.NoSuch("department", "id")
		case err != nil:
			return tenancy.Fault(err, "load a department")
		case old.Version != t.ExpectedVersion:
			now = old
			return fault.Stale("department")
		}
		update := tx.Department.UpdateOne(old).AddVersion(1)
		if err := edit(tx, old, all, update.Mutation()); err != nil {
			return err
		}
		after, err := update.Save(ctx)
		if err != nil {
			return departmentConflict(err)
		}
		now = after
		moved := orTop(old.ParentID) != orTop(now.ParentID) || action != "update"
		return s.finish(ctx, tx, audit.Entry{Action: action, Object: "department", ID: t.ID.UUID(), Before: old, After: now}, moved)
	})
	return beside(now, err)
}

// finish writes the audit entry and, when the tree changed, has permissions decided anew.
func (s *Departments) finish(ctx context.Context, tx *ent.Tx, e audit.Entry, moved bool) error {
	if err := s.Audit.Record(ctx, tx, e); err != nil || !moved {
		return err
	}
	return policies.Bump(ctx, tx)
}

// locked reads the tree under the tenant's lock, so that two moves cannot make a cycle between them.
func locked(ctx context.Context, tx *ent.Tx) (siblings, error) {
	if _, err := tenancy.Lock(ctx, tx); err != nil {
		return siblings{}, err
	}
	return readTree(ctx, tx)
}

func departmentConflict(err error) error {
	if _, taken := tenancy.UniqueViolation(err); taken {
		return fault.New(fault.Conflict, fault.Duplicate, "another department has this code").At("code")
	}
	return tenancy.Fault(err, "write a department")
}
