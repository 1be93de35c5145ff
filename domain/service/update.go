package service

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

// Update changes a record. Needs service_record:update reaching the row as it is and as it will be. Faults: those of
// Change.Validate and Create; NOT_FOUND; VERSION_CONFLICT, then the record as it is now comes with the error;
// WRONG_STATE for an archived record.
func (s *Service) Update(ctx context.Context, ch Change) (*ent.ServiceRecord, error) {
	access, err := s.Policies.Require(ctx, policies.ServiceRecordUpdate)
	if err != nil {
		return nil, err
	}
	_, today, err := tenancy.Local(ctx, s.Client.Tenant, s.Clock.Now())
	if err != nil {
		return nil, err
	}
	if err := ch.Validate(today); err != nil {
		return nil, err
	}
	var c fault.Check
	if err := errors.Join(s.checkType(ctx, &c, ch.ServiceType, access, ch.ID), c.Err()); err != nil {
		return nil, err
	}
	return s.change(ctx, access, Target{ch.ID, ch.ExpectedVersion}, "update", func(tx *ent.Tx, old *ent.ServiceRecord, m *ent.ServiceRecordMutation) error {
		if old.ArchivedAt != nil {
			return fault.New(fault.State, fault.WrongState, "the service record is archived; restore it first")
		}
		ch.apply(m)
		for _, clear := range ch.Clear {
			clear.apply(m)
		}
		now := after(old, m)
		if !access.Covers(now.OwnerID, now.DepartmentID) {
			f := fault.New(fault.Invalid, fault.NotAllowed, "%s", outOfReach)
			f.Field = []string{"ownerId"}
			return f
		}
		if err := s.check(ctx, tx, ch.Details, references{now.CustomerID, now.ContactID, now.ContractID}); err != nil {
			return err
		}
		keep, err := s.Fields.Settle(ctx, tx, custom.ServiceRecord, old.Custom, ch.Custom, false, m.SetCustom)
		if err != nil {
			return err
		}
		return keep(old.ID.UUID())
	})
}

// Archive puts a record away: it stays readable and is left out of lists that do not ask for it. Archiving an archived
// record is WRONG_STATE. Needs service_record:archive.
func (s *Service) Archive(ctx context.Context, t Target) (*ent.ServiceRecord, error) {
	at := s.Clock.Now()
	return s.file(ctx, t, "archive", &at)
}

// Restore takes a record out of the archive. Needs service_record:archive.
func (s *Service) Restore(ctx context.Context, t Target) (*ent.ServiceRecord, error) {
	return s.file(ctx, t, "restore", nil)
}

func (s *Service) file(ctx context.Context, t Target, action string, at *time.Time) (*ent.ServiceRecord, error) {
	access, err := s.Policies.Require(ctx, policies.ServiceRecordArchive)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, access, t, action, func(_ *ent.Tx, old *ent.ServiceRecord, m *ent.ServiceRecordMutation) error {
		if (old.ArchivedAt == nil) == (at == nil) {
			return fault.New(fault.State, fault.WrongState, "cannot %s the service record: it is already so", action)
		}
		if at == nil {
			m.ClearArchivedAt()
		} else {
			m.SetArchivedAt(*at)
		}
		return nil
	})
}

// change loads and locks a record, lets edit alter it, and writes it with its audit entry in one transaction. On a
// version conflict it returns the record as it is beside the error.
func (s *Service) change(ctx context.Context, access policies.Access, t Target, action string,
	edit func(tx *ent.Tx, old *ent.ServiceRecord, m *ent.ServiceRecordMutation) error,
) (now *ent.ServiceRecord, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		old, err := load(ctx, tx, access, t)
		if err != nil {
			now = old
			return err
		}
		update := tx.ServiceRecord.UpdateOne(old).AddVersion(1)
		if err := edit(tx, old, update.Mutation()); err != nil {
			return err
		}
		if now, err = update.Save(ctx); err != nil {
			now = nil
			return conflict(err)
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "service_record", ID: t.ID.UUID(), Before: old, After: now})
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

// after is the record as m will leave it, as far as its references go.
func after(old *ent.ServiceRecord, m *ent.ServiceRecordMutation) ent.ServiceRecord {
	now := ent.ServiceRecord{CustomerID: old.CustomerID}
	if v, ok := m.CustomerID(); ok {
		now.CustomerID = v
	}
	now.ContactID = pick(old.ContactID, m.ContactIDCleared(), m.ContactID)
	now.ContractID = pick(old.ContractID, m.ContractIDCleared(), m.ContractID)
	now.OwnerID = pick(old.OwnerID, m.OwnerIDCleared(), m.OwnerID)
	now.DepartmentID = pick(old.DepartmentID, m.DepartmentIDCleared(), m.DepartmentID)
	return now
}

func pick[T any](old *T, cleared bool, given func() (T, bool)) *T {
	if v, ok := given(); ok {
		return &v
	}
	if cleared {
		return nil
	}
	return old
}
