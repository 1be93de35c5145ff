package customers

import (
	"context"
	"errors"
	"time"

	"heyue/audit"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/platform/fault"
	"heyue/policies"
	"heyue/tenancy"
)

// Update changes a customer. Needs customer:update reaching the row as it is and as it will be. Faults: those of
// Change.Validate and Create; NOT_FOUND; VERSION_CONFLICT, then the customer as it is now comes with the error;
// WRONG_STATE for an archived customer.
func (s *Service) Update(ctx context.Context, ch Change) (*ent.Customer, error) {
	access, err := s.Policies.Require(ctx, policies.CustomerUpdate)
	if err != nil {
		return nil, err
	}
	if err := ch.Validate(); err != nil {
		return nil, err
	}
	var c fault.Check
	if err := errors.Join(s.checkCodes(ctx, &c, ch.Details, access, ch.ID), c.Err()); err != nil {
		return nil, err
	}
	return s.change(ctx, access, Target{ch.ID, ch.ExpectedVersion}, "update", func(tx *ent.Tx, old *ent.Customer, m *ent.CustomerMutation) error {
		if old.ArchivedAt != nil {
			return fault.New(fault.State, fault.WrongState, "the customer is archived; restore it first")
		}
		ch.apply(m)
		for _, c := range ch.Clear {
			switch c {
			case ClearOwner:
				m.ClearOwnerID()
			case ClearDepartment:
				m.ClearDepartmentID()
			}
		}
		if err := covered(access, old, m); err != nil {
			return err
		}
		keep, err := s.Fields.Settle(ctx, tx, custom.Customer, old.Custom, ch.Custom, false, m.SetCustom)
		if err != nil {
			return err
		}
		return keep(old.ID.UUID())
	})
}

// Archive puts a customer away: it stays readable and is left out of lists that do not ask for it. Archiving an
// archived customer is WRONG_STATE. Needs customer:archive.
func (s *Service) Archive(ctx context.Context, t Target) (*ent.Customer, error) {
	at := s.Clock.Now()
	return s.file(ctx, t, "archive", &at)
}

// Restore takes a customer out of the archive. Needs customer:archive.
func (s *Service) Restore(ctx context.Context, t Target) (*ent.Customer, error) {
	return s.file(ctx, t, "restore", nil)
}

func (s *Service) file(ctx context.Context, t Target, action string, at *time.Time) (*ent.Customer, error) {
	access, err := s.Policies.Require(ctx, policies.CustomerArchive)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, access, t, action, func(_ *ent.Tx, old *ent.Customer, m *ent.CustomerMutation) error {
		if (old.ArchivedAt == nil) == (at == nil) {
			return fault.New(fault.State, fault.WrongState, "cannot %s the customer: it is already so", action)
		}
		if at == nil {
			m.ClearArchivedAt()
		} else {
			m.SetArchivedAt(*at)
		}
		return nil
	})
}

// change loads and locks a customer, lets edit alter it, and writes it with its audit entry in one transaction. On a
// version conflict it returns the customer as it is beside the error.
func (s *Service) change(ctx context.Context, access policies.Access, t Target, action string,
	edit func(tx *ent.Tx, old *ent.Customer, m *ent.CustomerMutation) error,
) (now *ent.Customer, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		old, err := load(ctx, tx, access, t)
		if err != nil {
			now = old
			return err
		}
		update := tx.Customer.UpdateOne(old).AddVersion(1)
		if err := edit(tx, old, update.Mutation()); err != nil {
			return err
		}
		if now, err = update.Save(ctx); err != nil {
			now = nil
			return conflict(err)
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "customer", ID: t.ID.UUID(), Before: old, After: now})
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

// covered refuses a change that would move a customer out of the caller's own reach to somewhere it may not write, or that
// would give away one that is only shared with the caller.
func covered(access policies.Access, old *ent.Customer, m *ent.CustomerMutation) error {
	owner, department := old.OwnerID, old.DepartmentID
	if v, ok := m.OwnerID(); ok {
		owner = &v
	} else if m.OwnerIDCleared() {
		owner = nil
	}
	if v, ok := m.DepartmentID(); ok {
		department = &v
	} else if m.DepartmentIDCleared() {
		department = nil
	}
	if !access.MayMove(policies.Place{Owner: old.OwnerID, Department: old.DepartmentID}, policies.Place{Owner: owner, Department: department}) {
		return refuse(fault.Invalid, fault.NotAllowed, "ownerId", outOfReach)
	}
	return nil
}
