package app

import (
	"context"

	"github.com/google/uuid"

	"heyue/domain/approvals/flow"
	"heyue/domain/contracts"
	"heyue/domain/contracts/content"
	"heyue/domain/settlement"
	"heyue/ent"
	"heyue/ent/paymentrequest"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// paymentRequestSubject shows requests for outgoing payments to the approval engine.
type paymentRequestSubject struct {
	settlement *settlement.Service
	contracts  *contracts.Service
	policies   *policies.Engine
}

// See implements approvals.Subject.
func (p paymentRequestSubject) See(ctx context.Context, tx *ent.Tx, id uuid.UUID) error {
	access, err := p.policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return err
	}
	ok, err := tx.PaymentRequest.Query().Where(paymentrequest.ID(publicid.PaymentRequestID(id)), paymentrequest.HasContractWith(access.Where)).Exist(ctx)
	if err == nil && !ok {
		return fault.NoSuch("payment request", "subjectId")
	}
	return tenancy.Fault(err, "look up a payment request")
}

// Matter implements approvals.Subject. The amount is what is asked for.
func (p paymentRequestSubject) Matter(ctx context.Context, tx *ent.Tx, id uuid.UUID) (flow.Matter, error) {
	c, r, err := p.settlement.LockPaymentRequest(ctx, tx, publicid.PaymentRequestID(id))
	if err != nil {
		return flow.Matter{}, err
	}
	facts, err := p.contracts.Facts(ctx, tx, c)
	if err != nil {
		return flow.Matter{}, err
	}
	facts.Amount = &r.Content.Amount
	digest, err := r.Content.Digest()
	return flow.Matter{
		Title: c.Title, ContractID: &c.ID, OwnerID: c.OwnerID, DepartmentID: c.DepartmentID, Facts: facts, Print: only(content.Plan, digest),
	}, fault.Wrap(err, "hash a payment request")
}

// Moved implements approvals.Subject.
func (p paymentRequestSubject) Moved(ctx context.Context, tx *ent.Tx, id uuid.UUID, to flow.State) error {
	key := publicid.PaymentRequestID(id)
	r, err := tx.PaymentRequest.Get(ctx, key)
	if err != nil {
		return tenancy.Fault(err, "read a payment request")
	}
	return settled(ctx, tx, flow.Payment, id, r.RequestedByID, to, func(approve bool, by publicid.UserID) error {
		return p.settlement.PaymentRequestDecided(ctx, tx, key, approve, by)
	}, func() error { return p.settlement.PaymentRequestTakenBack(ctx, tx, key) })
}
