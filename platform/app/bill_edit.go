package app

import (
	"context"

	"github.com/google/uuid"

	"heyue/domain/approvals"
	"heyue/domain/approvals/flow"
	"heyue/domain/contracts"
	"heyue/domain/contracts/content"
	"heyue/domain/settlement"
	"heyue/domain/settlement/billedit"
	"heyue/ent"
	"heyue/ent/approval"
	"heyue/ent/approvaltask"
	entbilledit "heyue/ent/billedit"
	"heyue/identity"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// billEditSubject shows bill edits to the approval engine.
type billEditSubject struct {
	settlement *settlement.Service
	contracts  *contracts.Service
	policies   *policies.Engine
}

// See implements approvals.Subject.
func (b billEditSubject) See(ctx context.Context, tx *ent.Tx, id uuid.UUID) error {
	access, err := b.policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return err
	}
	ok, err := tx.BillEdit.Query().Where(entbilledit.ID(publicid.BillEditID(id)), entbilledit.HasContractWith(access.Where)).Exist(ctx)
	if err == nil && !ok {
		return fault.NoSuch("bill edit", "subjectId")
	}
	return tenancy.Fault(err, "look up a bill edit")
}

// Matter implements approvals.Subject. The amount is the larger of what stands and what shall stand.
func (b billEditSubject) Matter(ctx context.Context, tx *ent.Tx, id uuid.UUID) (flow.Matter, error) {
	c, e, err := b.settlement.LockBillEdit(ctx, tx, publicid.BillEditID(id))
	if err != nil {
		return flow.Matter{}, err
	}
	facts, err := b.contracts.Facts(ctx, tx, c)
	if err != nil {
		return flow.Matter{}, err
	}
	sum, err := billedit.Sum(e.Before, e.After)
	if err != nil {
		return flow.Matter{}, err
	}
	facts.Amount = &sum
	digest, err := billedit.Digest(e.Before, e.After)
	return flow.Matter{
		Title: c.Title, ContractID: &c.ID, OwnerID: c.OwnerID, DepartmentID: c.DepartmentID, Facts: facts, Print: only(content.Plan, digest),
	}, fault.Wrap(err, "hash a bill edit")
}

// only is the fingerprint of a subject that is one part of a contract.
func only(part content.Part, digest [32]byte) (print content.Print) {
	for i, p := range content.All() {
		if p == part {
			print[i] = digest
		}
	}
	return print
}

// Moved implements approvals.Subject.
func (b billEditSubject) Moved(ctx context.Context, tx *ent.Tx, id uuid.UUID, to flow.State) error {
	key := publicid.BillEditID(id)
	e, err := tx.BillEdit.Get(ctx, key)
	if err != nil {
		return tenancy.Fault(err, "read a bill edit")
	}
	return settled(ctx, tx, flow.BillEdit, id, e.RequestedByID, to, func(approve bool, by publicid.UserID) error {
		return b.settlement.BillEditDecided(ctx, tx, key, approve, by)
	}, func() error { return b.settlement.BillEditTakenBack(ctx, tx, key) })
}

// settled does what a flow decided to what somebody asked for. It needs a second person, whatever a flow allows: what nobody
// but its requester agreed to goes on waiting for somebody who may decide without a flow.
func settled(ctx context.Context, tx *ent.Tx, kind flow.Kind, id uuid.UUID, asked publicid.UserID, to flow.State,
	decided func(approve bool, by publicid.UserID) error, takenBack func() error,
) error {
	switch to {
	case flow.Approved:
		by, err := second(ctx, tx, kind, id, asked)
		if err != nil || by == nil {
			return err
		}
		return decided(true, *by)
	case flow.Rejected, flow.Returned:
		me, err := identity.From(ctx)
		if err != nil {
			return err
		}
		if me.UserID == asked {
			return takenBack()
		}
		return decided(false, me.UserID)
	case flow.Withdrawn:
		return takenBack()
	}
	return nil
}

// second is the last who agreed to a subject beside whoever asked for it; nil for nobody.
func second(ctx context.Context, tx *ent.Tx, kind flow.Kind, id uuid.UUID, asked publicid.UserID) (*publicid.UserID, error) {
	t, err := tx.ApprovalTask.Query().Where(approvaltask.StateEQ(flow.TaskApproved), approvaltask.UserIDNEQ(asked),
		approvaltask.HasApprovalWith(approval.KindEQ(kind), approval.SubjectID(id))).
		Order(ent.Desc(approvaltask.FieldDecidedAt), ent.Desc(approvaltask.FieldID)).First(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, tenancy.Fault(err, "read who approved")
	}
	return &t.UserID, nil
}

// settlementApprovals is the engine as the settlement package wants it.
type settlementApprovals struct{ engine *approvals.Service }

// Begin implements settlement.Approvals: there always is a flow, if only the shipped one.
func (a settlementApprovals) Begin(ctx context.Context, tx *ent.Tx, kind flow.Kind, id uuid.UUID, note string, chosen []*flow.Choice) error {
	_, err := a.engine.Submit(ctx, tx, kind, id, approvals.Submission{Choices: chosen, Note: note})
	return err
}

// Yield implements settlement.Approvals.
func (a settlementApprovals) Yield(ctx context.Context, tx *ent.Tx, kind flow.Kind, id uuid.UUID) error {
	return a.engine.Yield(ctx, tx, kind, id, "decided by somebody who may, without a flow")
}

// Cancel implements settlement.Approvals.
func (a settlementApprovals) Cancel(ctx context.Context, tx *ent.Tx, kind flow.Kind, id uuid.UUID) error {
	return a.engine.Cancel(ctx, tx, kind, id, "what was asked for was taken back")
}
