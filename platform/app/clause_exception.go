package app

import (
	"context"
	"crypto/sha256"
	"encoding/json"

	"github.com/google/uuid"

	"heyue/domain/approvals"
	"heyue/domain/approvals/flow"
	"heyue/domain/contracts"
	"heyue/domain/contracts/content"
	"heyue/domain/drafting"
	"heyue/ent"
	"heyue/ent/clauseexception"
	"heyue/identity"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// exceptionSubject shows clause exceptions to the approval engine.
type exceptionSubject struct {
	drafting  *drafting.Service
	contracts *contracts.Service
	policies  *policies.Engine
}

// See implements approvals.Subject.
func (e exceptionSubject) See(ctx context.Context, tx *ent.Tx, id uuid.UUID) error {
	access, err := e.policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return err
	}
	ok, err := tx.ClauseException.Query().Where(clauseexception.ID(publicid.ClauseExceptionID(id)), clauseexception.HasContractWith(access.Where)).Exist(ctx)
	if err == nil && !ok {
		return fault.NoSuch("clause exception", "subjectId")
	}
	return tenancy.Fault(err, "look up a clause exception")
}

// Matter implements approvals.Subject. The approval is bound to the old and the new words.
func (e exceptionSubject) Matter(ctx context.Context, tx *ent.Tx, id uuid.UUID) (flow.Matter, error) {
	c, x, err := e.drafting.LockException(ctx, tx, publicid.ClauseExceptionID(id))
	if err != nil {
		return flow.Matter{}, err
	}
	facts, err := e.contracts.Facts(ctx, tx, c)
	if err != nil {
		return flow.Matter{}, err
	}
	words, err := json.Marshal([]string{x.ClauseKey, x.OldText, x.NewText})
	return flow.Matter{
		Title: c.Title, ContractID: &c.ID, OwnerID: c.OwnerID, DepartmentID: c.DepartmentID, Facts: facts, Print: only(content.Text, sha256.Sum256(words)),
	}, fault.Wrap(err, "hash a clause exception")
}

// Moved implements approvals.Subject. Nobody decides on their own proposal, whatever a flow allows: one that nobody else
// agreed to goes on waiting, for somebody with clause_exception:decide.
func (e exceptionSubject) Moved(ctx context.Context, tx *ent.Tx, id uuid.UUID, to flow.State) error {
	key := publicid.ClauseExceptionID(id)
	x, err := tx.ClauseException.Get(ctx, key)
	if err != nil {
		return tenancy.Fault(err, "read a clause exception")
	}
	switch to {
	case flow.Approved:
		by, err := second(ctx, tx, flow.ClauseException, id, x.ProposedByID)
		if err != nil || by == nil {
			return err
		}
		return e.drafting.Decided(ctx, tx, key, drafting.Verdict{Accept: true, By: *by})
	case flow.Rejected, flow.Returned:
		me, err := identity.From(ctx)
		if err != nil {
			return err
		}
		if me.UserID == x.ProposedByID {
			return e.drafting.TakenBack(ctx, tx, key)
		}
		return e.drafting.Decided(ctx, tx, key, drafting.Verdict{By: me.UserID})
	case flow.Withdrawn:
		return e.drafting.TakenBack(ctx, tx, key)
	}
	return nil
}

// exceptionApprovals is the engine as the drafting package wants it.
type exceptionApprovals struct{ engine *approvals.Service }

// Begin implements drafting.Approvals. The shipped flow, which asks heads of departments, is not for wordings.
func (a exceptionApprovals) Begin(ctx context.Context, tx *ent.Tx, x *ent.ClauseException, chosen []*flow.Choice) error {
	applies, err := a.engine.Applies(ctx, tx, flow.ClauseException, x.ID.UUID())
	if err != nil || !applies {
		return err
	}
	_, err = a.engine.Submit(ctx, tx, flow.ClauseException, x.ID.UUID(), approvals.Submission{Choices: chosen, Note: x.Reason})
	return err
}

// Yield implements drafting.Approvals.
func (a exceptionApprovals) Yield(ctx context.Context, tx *ent.Tx, id publicid.ClauseExceptionID) error {
	return a.engine.Yield(ctx, tx, flow.ClauseException, id.UUID(), "decided by somebody with clause_exception:decide")
}

// Cancel implements drafting.Approvals.
func (a exceptionApprovals) Cancel(ctx context.Context, tx *ent.Tx, id publicid.ClauseExceptionID) error {
	return a.engine.Cancel(ctx, tx, flow.ClauseException, id.UUID(), "the exception was taken back")
}
