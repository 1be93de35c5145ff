package settlement

import (
	"context"
	"strings"

	"heyue/audit"
	"heyue/domain/settlement/billedit"
	"heyue/ent"
	entbilledit "heyue/ent/billedit"
	"heyue/ent/contract"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// BillDecision is what becomes of a bill edit.
type BillDecision struct {
	ID              publicid.BillEditID
	ExpectedVersion int
	Approve         bool
	Opinion         *string
}

// Validate reports everything wrong with the decision.
func (d BillDecision) Validate() error {
	var c fault.Check
	c.OptText("opinion", d.Opinion, MaxReason)
	silent := d.Opinion == nil || strings.TrimSpace(*d.Opinion) == ""
	c.That(d.Approve || !silent, fault.Required, "opinion", "say why")
	return c.Err()
}

// DecideBillEdit agrees to somebody else's bill edit, which takes effect at once, or refuses it (F8). Needs
// bill_edit:decide reaching the contract, and that no approval flow of the tenant's decides. Faults: REQUIRED opinion to
// refuse, TOO_LONG; NOT_FOUND; VERSION_CONFLICT, then the edit as it is now comes with the error; NOT_ALLOWED for one's own;
// WRONG_STATE for what is decided already, while a flow decides, and when what it changes has changed meanwhile.
func (s *Service) DecideBillEdit(ctx context.Context, d BillDecision) (*ent.BillEdit, error) {
	access, err := s.Policies.Require(ctx, policies.BillEditDecide)
	if err != nil {
		return nil, err
	}
	if err := d.Validate(); err != nil {
		return nil, err
	}
	return s.changeEdit(ctx, access, d.ID, d.ExpectedVersion, func(tx *ent.Tx, c *ent.Contract, old *ent.BillEdit) (*ent.BillEdit, error) {
		if old.State != billedit.Pending {
			return nil, fault.New(fault.State, fault.WrongState, "the bill edit is %s already", old.State)
		}
		if old.RequestedByID == access.User() {
			return nil, fault.New(fault.Invalid, fault.NotAllowed, "a bill edit needs a second person").At("id")
		}
		if s.Approvals != nil {
			if err := s.Approvals.Yield(ctx, tx, old.ID); err != nil {
				return nil, err
			}
		}
		return s.conclude(ctx, tx, c, old, d.Approve, access.User(), value(d.Opinion))
	})
}

// conclude writes a decision; an edit that was agreed to takes effect. The contract is locked.
func (s *Service) conclude(ctx context.Context, tx *ent.Tx, c *ent.Contract, e *ent.BillEdit, approve bool, by publicid.UserID, opinion string) (*ent.BillEdit, error) {
	to := billedit.Rejected
	if approve {
		to = billedit.Approved
		a, err := s.account(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		effect := s.rewrite
		if e.PaymentID != nil {
			effect = s.reenter
		}
		if err := effect(ctx, tx, a, e); err != nil {
			return nil, err
		}
	}
	now, err := tx.BillEdit.UpdateOne(e).SetState(to).SetDecidedByID(by).SetDecidedAt(s.Clock.Now()).SetOpinion(strings.TrimSpace(opinion)).AddVersion(1).Save(ctx)
	return now, tenancy.Fault(err, "decide on a bill edit")
}

// BillEditTarget is a bill edit at the version that the caller has seen.
type BillEditTarget struct {
	ID              publicid.BillEditID
	ExpectedVersion int
}

// WithdrawBillEdit takes one's own bill edit back before it is decided. Needs bill_edit:request reaching the contract.
// Faults: NOT_FOUND; VERSION_CONFLICT, then the edit as it is now comes with the error; NOT_ALLOWED for somebody else's;
// WRONG_STATE for what is decided already.
func (s *Service) WithdrawBillEdit(ctx context.Context, t BillEditTarget) (*ent.BillEdit, error) {
	access, err := s.Policies.Require(ctx, policies.BillEditRequest)
	if err != nil {
		return nil, err
	}
	return s.changeEdit(ctx, access, t.ID, t.ExpectedVersion, func(tx *ent.Tx, _ *ent.Contract, old *ent.BillEdit) (*ent.BillEdit, error) {
		if old.RequestedByID != access.User() {
			return nil, fault.New(fault.Invalid, fault.NotAllowed, "only who asked for a bill edit takes it back").At("id")
		}
		if old.State != billedit.Pending {
			return nil, fault.New(fault.State, fault.WrongState, "the bill edit is %s already", old.State)
		}
		if s.Approvals != nil {
			if err := s.Approvals.Cancel(ctx, tx, old.ID); err != nil {
				return nil, err
			}
		}
		now, err := tx.BillEdit.UpdateOne(old).SetState(billedit.Withdrawn).AddVersion(1).Save(ctx)
		return now, tenancy.Fault(err, "withdraw a bill edit")
	})
}

// changeEdit locks the contract of a bill edit and then the edit, lets decide write, and records old and new with the audit
// entry. On a version conflict the edit as it is comes beside the error.
func (s *Service) changeEdit(ctx context.Context, access policies.Access, id publicid.BillEditID, expected int,
	decide func(tx *ent.Tx, c *ent.Contract, old *ent.BillEdit) (*ent.BillEdit, error),
) (now *ent.BillEdit, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		seen, err := tx.BillEdit.Query().Where(entbilledit.ID(id), entbilledit.HasContractWith(access.Where)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NoSuch("bill edit", "id")
		}
		if err != nil {
			return tenancy.Fault(err, "find a bill edit")
		}
		c, old, err := s.LockBillEdit(ctx, tx, seen.ID)
		if err != nil {
			return err
		}
		if old.Version != expected {
			now = old
			return fault.Stale("bill edit")
		}
		if now, err = decide(tx, c, old); err != nil {
			now = nil
			return err
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: strings.ToLower(string(now.State)), Object: "bill_edit", ID: id.UUID(), Before: old, After: now})
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

// LockBillEdit locks a bill edit behind its contract, as everything of a contract is. It asks for no permission; it serves
// the approvals of edits. NOT_FOUND when there is none.
func (s *Service) LockBillEdit(ctx context.Context, tx *ent.Tx, id publicid.BillEditID) (*ent.Contract, *ent.BillEdit, error) {
	seen, err := tx.BillEdit.Query().Where(entbilledit.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil, fault.NoSuch("bill edit", "subjectId")
	}
	if err != nil {
		return nil, nil, tenancy.Fault(err, "find a bill edit")
	}
	c, err := tx.Contract.Query().Where(contract.ID(seen.ContractID)).ForUpdate().Only(ctx)
	if err != nil {
		return nil, nil, tenancy.Fault(err, "lock a contract")
	}
	e, err := tx.BillEdit.Query().Where(entbilledit.ID(id)).ForUpdate().Only(ctx)
	return c, e, tenancy.Fault(err, "lock a bill edit")
}

// BillEditDecided and BillEditTakenBack are what an approval flow does to a bill edit in the transaction of the last
// answer. They ask for no permission; the flow has. WRONG_STATE as of DecideBillEdit.

// BillEditDecided lets the edit take effect, or refuses it.
func (s *Service) BillEditDecided(ctx context.Context, tx *ent.Tx, id publicid.BillEditID, approve bool, by publicid.UserID) error {
	return s.byFlow(ctx, tx, id, func(c *ent.Contract, old *ent.BillEdit) (*ent.BillEdit, error) {
		return s.conclude(ctx, tx, c, old, approve, by, "")
	})
}

// BillEditTakenBack ends the edit, because its submitter took the approval back.
func (s *Service) BillEditTakenBack(ctx context.Context, tx *ent.Tx, id publicid.BillEditID) error {
	return s.byFlow(ctx, tx, id, func(_ *ent.Contract, old *ent.BillEdit) (*ent.BillEdit, error) {
		now, err := tx.BillEdit.UpdateOne(old).SetState(billedit.Withdrawn).AddVersion(1).Save(ctx)
		return now, tenancy.Fault(err, "withdraw a bill edit")
	})
}

func (s *Service) byFlow(ctx context.Context, tx *ent.Tx, id publicid.BillEditID, end func(*ent.Contract, *ent.BillEdit) (*ent.BillEdit, error)) error {
	c, old, err := s.LockBillEdit(ctx, tx, id)
	if err != nil {
		return err
	}
	if old.State != billedit.Pending {
		return fault.New(fault.State, fault.WrongState, "the bill edit is %s already", old.State)
	}
	now, err := end(c, old)
	if err != nil {
		return err
	}
	return s.Audit.Record(ctx, tx, audit.Entry{Action: strings.ToLower(string(now.State)), Object: "bill_edit", ID: id.UUID(), Before: old, After: now})
}
