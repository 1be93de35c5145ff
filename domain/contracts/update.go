package contracts

import (
	"context"
	"errors"
	"strings"
	"time"

	"heyue/domain/alerts/due"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/obligation"
	"heyue/platform/fault"
	"heyue/policies"
	"heyue/tenancy"
)

// Update changes a contract and the lists that are given, and moves its reminders with its dates. A draft is edited
// freely; in a contract that binds the change needs a reason and is put on record (G3). Needs contract:update reaching
// the row as it is and as it will be. Faults: those of Change.Validate and Create; NOT_FOUND; VERSION_CONFLICT, then the
// contract as it is now comes with the error; WRONG_STATE; IN_USE for a plan that money was booked on.
func (s *Service) Update(ctx context.Context, ch Change) (*ent.Contract, error) {
	access, err := s.Policies.Require(ctx, policies.ContractUpdate)
	if err != nil {
		return nil, err
	}
	if err := ch.Validate(); err != nil {
		return nil, err
	}
	return s.change(ctx, access, Target{ch.ID, ch.ExpectedVersion}, "update", func(tx *ent.Tx, old *ent.Contract) (*ent.Contract, error) {
		if err := ch.allowed(old); err != nil {
			return nil, err
		}
		if err := s.mayUse(ctx, tx, Draft{Details: Details{CustomerID: ch.CustomerID}}); err != nil {
			return nil, err
		}
		return s.update(ctx, tx, access, old, ch)
	})
}

func (s *Service) update(ctx context.Context, tx *ent.Tx, access policies.Access, old *ent.Contract, ch Change) (*ent.Contract, error) {
	here, err := s.local(ctx, tx.Tenant)
	if err != nil {
		return nil, err
	}
	if err := s.keep(ctx, tx, old, nil); err != nil {
		return nil, err
	}
	update := tx.Contract.UpdateOne(old).AddVersion(1)
	ch.apply(update.Mutation())
	ch.clear(update.Mutation())
	keep, err := s.Fields.Settle(ctx, tx, custom.Contract, old.Custom, ch.Custom, false, update.Mutation().SetCustom)
	if err != nil {
		return nil, err
	}
	now, err := update.Save(ctx)
	if err != nil {
		return nil, conflict(err)
	}
	if err := errors.Join(keep(now.ID.UUID()), agreeable(now)); err != nil {
		return nil, err
	}
	if !access.MayMove(policies.Place{Owner: old.OwnerID, Department: old.DepartmentID}, policies.Place{Owner: now.OwnerID, Department: now.DepartmentID}) {
		return nil, at(fault.New(fault.Invalid, fault.NotAllowed, outOfReach), "ownerId")
	}
	if err := s.writeAll(ctx, tx, now, ch.Details, here); err != nil {
		return nil, err
	}
	if err := s.hand(ctx, tx, old, now); err != nil {
		return nil, err
	}
	if old.Status.MayEdit() {
		return now, nil
	}
	if err := s.asApproved(ctx, tx, now); err != nil {
		return nil, err
	}
	record, err := s.Register(ctx, tx, old, here.today, strings.TrimSpace(*ch.Reason), "")
	if err != nil {
		return nil, err
	}
	return now, s.keep(ctx, tx, now, &record)
}

// asApproved refuses an edit that would make a contract in force say something else than its approvers approved; such a
// change goes through approval itself (G1, G2). What was signed on paper is changed on paper too, and the reason says so.
func (s *Service) asApproved(ctx context.Context, tx *ent.Tx, c *ent.Contract) error {
	if c.Status.MayEdit() || c.ApprovedPrint == nil {
		return nil
	}
	_, err := s.approved(ctx, tx, c)
	if fault.KindOf(err) != fault.State {
		return err
	}
	now, err := s.Fingerprint(ctx, tx, c)
	if err != nil {
		return err
	}
	return fault.New(fault.State, fault.WrongState, "the contract was approved and signed as it is; a change of %v needs a change order",
		c.ApprovedPrint.Changed(now))
}

// allowed says whether the contract's status lets this change happen.
func (ch Change) allowed(old *ent.Contract) error {
	switch {
	case old.ArchivedAt != nil:
		return fault.New(fault.State, fault.WrongState, "the contract is archived; restore it first")
	case old.Status.MayEdit():
	case !old.Status.MayAmend():
		return fault.New(fault.State, fault.WrongState, "a contract that is %s cannot be changed", old.Status)
	case ch.Reason == nil || strings.TrimSpace(*ch.Reason) == "":
		return at(fault.New(fault.Invalid, fault.Required, "a contract that is %s is changed for a reason", old.Status), "reason")
	}
	if ch.Amount != nil && ch.Amount.Currency != old.Currency && old.SettledMinor != 0 {
		return at(fault.New(fault.State, fault.InUse, "payments are booked in %s; the currency cannot change", old.Currency), "amount")
	}
	return nil
}

func (ch Change) clear(m *ent.ContractMutation) {
	for _, f := range ch.Clear {
		switch f {
		case ClearOwner:
			m.ClearOwnerID()
		case ClearDepartment:
			m.ClearDepartmentID()
		case ClearSignedOn:
			m.ClearSignedOn()
		case ClearEffectiveOn:
			m.ClearEffectiveOn()
		case ClearEndsOn:
			m.ClearEndsOn()
		}
	}
}

// Archive puts a contract away that never bound anybody or has ended; what is still open of it is no longer reminded
// of. WRONG_STATE otherwise. Needs contract:archive.
func (s *Service) Archive(ctx context.Context, t Target) (*ent.Contract, error) {
	at := s.Clock.Now()
	return s.file(ctx, t, "archive", &at)
}

// Restore takes a contract out of the archive. Needs contract:archive.
func (s *Service) Restore(ctx context.Context, t Target) (*ent.Contract, error) {
	return s.file(ctx, t, "restore", nil)
}

func (s *Service) file(ctx context.Context, t Target, action string, at *time.Time) (*ent.Contract, error) {
	access, err := s.Policies.Require(ctx, policies.ContractArchive)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, access, t, action, func(tx *ent.Tx, old *ent.Contract) (*ent.Contract, error) {
		if (old.ArchivedAt == nil) == (at == nil) {
			return nil, fault.New(fault.State, fault.WrongState, "cannot %s the contract: it is already so", action)
		}
		if at == nil {
			now, err := tx.Contract.UpdateOne(old).AddVersion(1).ClearArchivedAt().Save(ctx)
			if err != nil {
				return nil, tenancy.Fault(err, "restore a contract")
			}
			return now, s.remind(ctx, tx, now)
		}
		if !old.Status.MayArchive() {
			return nil, fault.New(fault.State, fault.WrongState, "a contract that is %s cannot be archived", old.Status)
		}
		now, err := tx.Contract.UpdateOne(old).AddVersion(1).SetArchivedAt(*at).Save(ctx)
		if err != nil {
			return nil, tenancy.Fault(err, "archive a contract")
		}
		return now, s.forget(ctx, tx, now)
	})
}

// own are the kinds of obligations that end with the contract. An incident goes on until it is settled.
func own() []due.Kind {
	return append(due.OfContract(), due.PaymentDue, due.MilestoneDue, due.DeliveryDue, due.ServiceDue, due.AcceptanceDue)
}

// forget cancels everything that is still open of a contract.
func (s *Service) forget(ctx context.Context, tx *ent.Tx, c *ent.Contract) error {
	open, err := tx.Obligation.Query().Where(obligation.ContractID(c.ID), obligation.StateEQ(due.Open), obligation.KindIn(own()...)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the obligations")
	}
	for _, o := range open {
		if err := s.Obligations.Cancel(ctx, tx, o.Kind, o.SubjectID); err != nil {
			return err
		}
	}
	return nil
}
