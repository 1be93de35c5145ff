package drafting

import (
	"context"

	"heyue/audit"
	"heyue/domain/approvals/flow"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/clauseexception"
	"heyue/ent/contract"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Approvals is the engine that routes clause exceptions where the tenant has a flow for them (F8, HR2). It calls Decided and
// TakenBack when the flow has ended. Its methods run in the exception's transaction, with the contract locked.
type Approvals interface {
	// Begin starts the tenant's flow that fits the exception; without one, people with clause_exception:decide decide.
	Begin(ctx context.Context, tx *ent.Tx, x *ent.ClauseException, chosen []*flow.Choice) error
	// Yield fails with WRONG_STATE while a flow decides.
	Yield(ctx context.Context, tx *ent.Tx, id publicid.ClauseExceptionID) error
	// Cancel ends the flow, if one is running, because the exception was taken back.
	Cancel(ctx context.Context, tx *ent.Tx, id publicid.ClauseExceptionID) error
}

// LockException locks a clause exception, which is to lock its contract, and returns both. It asks for no permission; it
// serves the approvals of exceptions. NOT_FOUND when there is none.
func (s *Service) LockException(ctx context.Context, tx *ent.Tx, id publicid.ClauseExceptionID) (*ent.Contract, *ent.ClauseException, error) {
	seen, err := tx.ClauseException.Query().Where(clauseexception.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil, fault.NoSuch("clause exception", "subjectId")
	}
	if err != nil {
		return nil, nil, tenancy.Fault(err, "find a clause exception")
	}
	held, err := tx.Contract.Query().Where(contract.ID(seen.ContractID)).ForUpdate().Only(ctx)
	if err != nil {
		return nil, nil, tenancy.Fault(err, "lock a contract")
	}
	x, err := tx.ClauseException.Query().Where(clauseexception.ID(id)).Only(ctx) // again, under the lock
	return held, x, tenancy.Fault(err, "load a clause exception")
}

// Decided is what an approval flow does to an exception in the transaction of its last answer. It asks for no permission;
// the flow has. WRONG_STATE as of Decide.
func (s *Service) Decided(ctx context.Context, tx *ent.Tx, id publicid.ClauseExceptionID, v Verdict) error {
	return s.byFlow(ctx, tx, id, func(held *ent.Contract, old *ent.ClauseException) (*ent.ClauseException, error) {
		return s.Settle(ctx, tx, held, old, v)
	})
}

// TakenBack withdraws an exception whose proposer took the approval back. WRONG_STATE for what is decided already.
func (s *Service) TakenBack(ctx context.Context, tx *ent.Tx, id publicid.ClauseExceptionID) error {
	return s.byFlow(ctx, tx, id, func(_ *ent.Contract, old *ent.ClauseException) (*ent.ClauseException, error) {
		return s.takeBack(ctx, tx, old)
	})
}

func (s *Service) byFlow(ctx context.Context, tx *ent.Tx, id publicid.ClauseExceptionID, end func(*ent.Contract, *ent.ClauseException) (*ent.ClauseException, error)) error {
	held, old, err := s.LockException(ctx, tx, id)
	if err != nil {
		return err
	}
	now, err := end(held, old)
	if err != nil {
		return err
	}
	return s.Audit.Record(ctx, tx, audit.Entry{Action: string(now.Status), Object: "clause_exception", ID: id.UUID(), Before: old, After: now})
}

// takeBack withdraws a proposal that nobody has decided on.
func (s *Service) takeBack(ctx context.Context, tx *ent.Tx, old *ent.ClauseException) (*ent.ClauseException, error) {
	if old.Status != text.Proposed {
		return nil, fault.New(fault.State, fault.WrongState, "the exception is %s already", old.Status)
	}
	now, err := tx.ClauseException.UpdateOne(old).SetStatus(text.Withdrawn).AddVersion(1).Save(ctx)
	return now, tenancy.Fault(err, "withdraw a clause exception")
}
