package contracts

import (
	"context"

	"heyue/domain/contracts/lifecycle"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Approve decides for a submitted contract that no approval flow is deciding on: it may be signed as it is. Needs
// contract:approve, and somebody other than the submitter (F1). Faults: TOO_LONG, NOT_FOUND, VERSION_CONFLICT,
// WRONG_STATE, NOT_ALLOWED.
func (s *Service) Approve(ctx context.Context, n Note) (*ent.Contract, error) {
	return s.decide(ctx, n, n.Validate(), lifecycle.Approve)
}

// Reject decides against a submitted contract, for a reason; otherwise it is like Approve. REQUIRED without a reason.
func (s *Service) Reject(ctx context.Context, n Note) (*ent.Contract, error) {
	return s.decide(ctx, n, n.reasoned(), lifecycle.Reject)
}

// SendBack returns a submitted contract to its drafter for changes, for a reason (F3); otherwise it is like Reject.
func (s *Service) SendBack(ctx context.Context, n Note) (*ent.Contract, error) {
	return s.decide(ctx, n, n.reasoned(), lifecycle.SendBack)
}

func (s *Service) decide(ctx context.Context, n Note, invalid error, event lifecycle.Event) (*ent.Contract, error) {
	access, err := s.Policies.Require(ctx, policies.ContractApprove)
	if err != nil {
		return nil, err
	}
	return s.act(ctx, policies.ContractApprove, n.target(), invalid, func(tx *ent.Tx, c *ent.Contract, here local) (*ent.Contract, error) {
		if _, err := lifecycle.Next(c.Status, event); err != nil {
			return nil, err
		}
		if s.Approvals != nil {
			if err := s.Approvals.Yield(ctx, tx, c.ID); err != nil {
				return nil, err
			}
		}
		asked, err := last(ctx, tx, c.ID, lifecycle.Submit)
		if err != nil {
			return nil, err
		}
		if asked != nil && asked.ActorID != nil && *asked.ActorID == access.User() {
			return nil, at(fault.New(fault.Invalid, fault.NotAllowed, "nobody decides on what they submitted"), "id")
		}
		return s.decided(ctx, tx, c, step{event: event, on: here.today, reason: n.Reason})
	})
}

// Approved, Rejected and SentBack are what an approval flow does to a contract in the transaction of the last decision.
// They ask for no permission; the flow has. WRONG_STATE unless the contract is in review.

// Approved lets the contract be signed as it is.
func (s *Service) Approved(ctx context.Context, tx *ent.Tx, id publicid.ContractID, note string) error {
	return s.byFlow(ctx, tx, id, lifecycle.Approve, note)
}

// Rejected refuses the contract.
func (s *Service) Rejected(ctx context.Context, tx *ent.Tx, id publicid.ContractID, note string) error {
	return s.byFlow(ctx, tx, id, lifecycle.Reject, note)
}

// SentBack returns the contract to its drafter.
func (s *Service) SentBack(ctx context.Context, tx *ent.Tx, id publicid.ContractID, note string) error {
	return s.byFlow(ctx, tx, id, lifecycle.SendBack, note)
}

func (s *Service) byFlow(ctx context.Context, tx *ent.Tx, id publicid.ContractID, event lifecycle.Event, note string) error {
	c, err := tx.Contract.Query().Where(contract.ID(id)).ForUpdate().Only(ctx)
	if err != nil {
		return tenancy.Fault(err, "load a contract")
	}
	here, err := s.local(ctx, tx.Tenant)
	if err != nil {
		return err
	}
	_, err = s.decided(ctx, tx, c, step{event: event, on: here.today, reason: &note})
	return err
}

// decided takes the step; an approval keeps the fingerprint of what was approved.
func (s *Service) decided(ctx context.Context, tx *ent.Tx, c *ent.Contract, st step) (*ent.Contract, error) {
	if st.event != lifecycle.Approve {
		return s.take(ctx, tx, c, st, nil)
	}
	print, err := s.Fingerprint(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	st.print = &print
	return s.take(ctx, tx, c, st, func(u *ent.ContractUpdateOne) { u.SetApprovedPrint(print) })
}
