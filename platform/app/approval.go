package app

import (
	"context"

	"github.com/google/uuid"

	"heyue/domain/approvals"
	"heyue/domain/approvals/flow"
	"heyue/domain/contracts"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// approval joins the approval engine to what can be approved.
func (s *Services) approval() {
	f := s.foundation
	s.Approvals = &approvals.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Reminders: s.obligations, Lister: f.lister, Clock: f.clock,
		Limits: approvals.Limits{Flows: f.cfg.Tenant.ApprovalFlows, Tasks: f.cfg.Tenant.ApprovalTasks, Delegations: f.cfg.Tenant.Delegations},
	}
	s.Approvals.Subjects = map[flow.Kind]approvals.Subject{
		flow.Contract:        contractSubject{s.Contracts, f.policies},
		flow.BillEdit:        billEditSubject{s.Settlement, s.Contracts, f.policies},
		flow.Payment:         paymentRequestSubject{s.Settlement, s.Contracts, f.policies},
		flow.ClauseException: exceptionSubject{s.Drafting, s.Contracts, f.policies},
	}
	s.Contracts.Approvals = contractApprovals{s.Approvals}
	s.Settlement.Approvals = settlementApprovals{s.Approvals}
	s.Drafting.Approvals = exceptionApprovals{s.Approvals}
	s.escalator = &approvals.Escalator{
		Approvals: s.Approvals, System: f.system, Log: f.log, Poll: f.cfg.Worker.EscalationPoll, Batch: f.cfg.Worker.EscalationBatch,
	}
}

// contractSubject shows contracts to the engine.
type contractSubject struct {
	contracts *contracts.Service
	policies  *policies.Engine
}

// See implements approvals.Subject.
func (c contractSubject) See(ctx context.Context, tx *ent.Tx, id uuid.UUID) error {
	access, err := c.policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return err
	}
	ok, err := tx.Contract.Query().Where(contract.ID(publicid.ContractID(id)), access.Where).Exist(ctx)
	if err == nil && !ok {
		return fault.NoSuch("contract", "subjectId")
	}
	return tenancy.Fault(err, "look up a contract")
}

// Matter implements approvals.Subject.
func (c contractSubject) Matter(ctx context.Context, tx *ent.Tx, id uuid.UUID) (flow.Matter, error) {
	row, err := tx.Contract.Query().Where(contract.ID(publicid.ContractID(id))).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return flow.Matter{}, fault.NoSuch("contract", "subjectId")
	}
	if err != nil {
		return flow.Matter{}, tenancy.Fault(err, "load a contract")
	}
	print, err := c.contracts.Fingerprint(ctx, tx, row)
	if err != nil {
		return flow.Matter{}, err
	}
	facts, err := c.contracts.Facts(ctx, tx, row)
	return flow.Matter{
		Title: row.Title, ContractID: &row.ID, OwnerID: row.OwnerID, DepartmentID: row.DepartmentID, Facts: facts, Print: print,
	}, err
}

// Moved implements approvals.Subject. A contract is in review before its approval begins, and whoever takes it back
// finds it in draft again.
func (c contractSubject) Moved(ctx context.Context, tx *ent.Tx, id uuid.UUID, to flow.State) error {
	key := publicid.ContractID(id)
	switch to {
	case flow.Approved:
		return c.contracts.Approved(ctx, tx, key, "")
	case flow.Rejected:
		return c.contracts.Rejected(ctx, tx, key, "an approver refused")
	case flow.Returned:
		return c.contracts.SentBack(ctx, tx, key, "sent back by an approver")
	case flow.Withdrawn:
		return c.contracts.SentBack(ctx, tx, key, "taken back by its submitter")
	}
	return nil
}

// contractApprovals is the engine as the contracts' package wants it.
type contractApprovals struct{ engine *approvals.Service }

// Begin implements contracts.Approvals: there always is a flow, if only the shipped one.
func (a contractApprovals) Begin(ctx context.Context, tx *ent.Tx, c *ent.Contract, chosen []*flow.Choice) error {
	_, err := a.engine.Submit(ctx, tx, flow.Contract, c.ID.UUID(), approvals.Submission{Choices: chosen})
	return err
}

// Yield implements contracts.Approvals. What waits for the shipped flow may be decided by anybody with contract:approve
// too.
func (a contractApprovals) Yield(ctx context.Context, tx *ent.Tx, id publicid.ContractID) error {
	return a.engine.Yield(ctx, tx, flow.Contract, id.UUID(), "decided by somebody with contract:approve")
}

// Cancel implements contracts.Approvals.
func (a contractApprovals) Cancel(ctx context.Context, tx *ent.Tx, id publicid.ContractID) error {
	return a.engine.Cancel(ctx, tx, flow.Contract, id.UUID(), "the contract was withdrawn")
}
