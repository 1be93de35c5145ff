package settlement

import (
	"context"
	"strings"

	"heyue/domain/approvals/flow"
	"heyue/domain/settlement/billedit"
	"heyue/ent"
	entbilledit "heyue/ent/billedit"
	"heyue/ent/predicate"
	"heyue/platform/fault"
	"heyue/platform/given"
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
func (d BillDecision) Validate() error { return checkOpinion(d.Approve, d.Opinion) }

func billEdit(id publicid.BillEditID) petition[ent.BillEdit] {
	return petition[ent.BillEdit]{
		noun: "bill edit", object: "bill_edit", id: id.UUID(),
		contract: func(ctx context.Context, tx *ent.Tx, scope ...predicate.Contract) (of publicid.ContractID, err error) {
			e, err := tx.BillEdit.Query().Where(entbilledit.ID(id), entbilledit.HasContractWith(scope...)).Only(ctx)
			if err == nil {
				of = e.ContractID
			}
			return of, err
		},
		locked: func(ctx context.Context, tx *ent.Tx) (*ent.BillEdit, error) {
			return tx.BillEdit.Query().Where(entbilledit.ID(id)).ForUpdate().Only(ctx)
		},
		about: func(e *ent.BillEdit) (int, string, bool) {
			return e.Version, string(e.State), e.State == billedit.Pending
		},
	}
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
	edit := billEdit(d.ID)
	return edit.change(ctx, s, access, d.ExpectedVersion, func(tx *ent.Tx, c *ent.Contract, old *ent.BillEdit) (*ent.BillEdit, error) {
		if err := edit.pending(old); err != nil {
			return nil, err
		}
		if err := secondPerson(edit.noun, old.RequestedByID, access.User()); err != nil {
			return nil, err
		}
		if s.Approvals != nil {
			if err := s.Approvals.Yield(ctx, tx, flow.BillEdit, old.ID.UUID()); err != nil {
				return nil, err
			}
		}
		return s.conclude(ctx, tx, c, old, d.Approve, access.User(), given.Or(d.Opinion))
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
	edit := billEdit(t.ID)
	return edit.change(ctx, s, access, t.ExpectedVersion, func(tx *ent.Tx, _ *ent.Contract, old *ent.BillEdit) (*ent.BillEdit, error) {
		if old.RequestedByID != access.User() {
			return nil, fault.New(fault.Invalid, fault.NotAllowed, "only who asked for a bill edit takes it back").At("id")
		}
		if err := edit.pending(old); err != nil {
			return nil, err
		}
		if s.Approvals != nil {
			if err := s.Approvals.Cancel(ctx, tx, flow.BillEdit, old.ID.UUID()); err != nil {
				return nil, err
			}
		}
		return withdrawnEdit(ctx, tx, old)
	})
}

func withdrawnEdit(ctx context.Context, tx *ent.Tx, old *ent.BillEdit) (*ent.BillEdit, error) {
	now, err := tx.BillEdit.UpdateOne(old).SetState(billedit.Withdrawn).AddVersion(1).Save(ctx)
	return now, tenancy.Fault(err, "withdraw a bill edit")
}

// LockBillEdit locks a bill edit behind its contract. It asks for no permission; it serves the approvals of edits.
// NOT_FOUND when there is none.
func (s *Service) LockBillEdit(ctx context.Context, tx *ent.Tx, id publicid.BillEditID) (*ent.Contract, *ent.BillEdit, error) {
	return billEdit(id).lock(ctx, tx, "subjectId")
}

// BillEditDecided and BillEditTakenBack are what an approval flow does to a bill edit in the transaction of the last
// answer. They ask for no permission; the flow has. WRONG_STATE as of DecideBillEdit.

// BillEditDecided lets the edit take effect, or refuses it.
func (s *Service) BillEditDecided(ctx context.Context, tx *ent.Tx, id publicid.BillEditID, approve bool, by publicid.UserID) error {
	return billEdit(id).byFlow(ctx, s, tx, func(c *ent.Contract, old *ent.BillEdit) (*ent.BillEdit, error) {
		return s.conclude(ctx, tx, c, old, approve, by, "")
	})
}

// BillEditTakenBack ends the edit, because its submitter took the approval back.
func (s *Service) BillEditTakenBack(ctx context.Context, tx *ent.Tx, id publicid.BillEditID) error {
	return billEdit(id).byFlow(ctx, s, tx, func(_ *ent.Contract, old *ent.BillEdit) (*ent.BillEdit, error) {
		return withdrawnEdit(ctx, tx, old)
	})
}
