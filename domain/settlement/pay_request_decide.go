package settlement

import (
	"context"
	"strings"

	"heyue/domain/approvals/flow"
	"heyue/domain/settlement/payout"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/paymentrequest"
	"heyue/ent/predicate"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

func payRequest(id publicid.PaymentRequestID) petition[ent.PaymentRequest] {
	return petition[ent.PaymentRequest]{
		noun: "payment request", object: "payment_request", id: id.UUID(),
		contract: func(ctx context.Context, tx *ent.Tx, scope ...predicate.Contract) (of publicid.ContractID, err error) {
			r, err := tx.PaymentRequest.Query().Where(paymentrequest.ID(id), paymentrequest.HasContractWith(scope...)).Only(ctx)
			if err == nil {
				of = r.ContractID
			}
			return of, err
		},
		locked: func(ctx context.Context, tx *ent.Tx) (*ent.PaymentRequest, error) {
			return tx.PaymentRequest.Query().Where(paymentrequest.ID(id)).ForUpdate().Only(ctx)
		},
		about: func(r *ent.PaymentRequest) (int, string, bool) {
			return r.Version, string(r.State), r.State == payout.Pending
		},
	}
}

// PayDecision is what becomes of a payment request.
type PayDecision struct {
	ID              publicid.PaymentRequestID
	ExpectedVersion int
	Approve         bool
	Opinion         *string
}

// Validate reports everything wrong with the decision.
func (d PayDecision) Validate() error { return checkOpinion(d.Approve, d.Opinion) }

// DecidePayment agrees to somebody else's payment request, which may then be paid, or refuses it. Needs
// payment_request:decide reaching the contract, and that no approval flow of the tenant's decides. Faults: REQUIRED opinion
// to refuse, TOO_LONG; NOT_FOUND; VERSION_CONFLICT, then the request as it is now comes with the error; NOT_ALLOWED for
// one's own; WRONG_STATE for what is decided already and while a flow decides.
func (s *Service) DecidePayment(ctx context.Context, d PayDecision) (*ent.PaymentRequest, error) {
	access, err := s.Policies.Require(ctx, policies.PaymentRequestDecide)
	if err != nil {
		return nil, err
	}
	if err := d.Validate(); err != nil {
		return nil, err
	}
	request := payRequest(d.ID)
	return request.change(ctx, s, access, d.ExpectedVersion, func(tx *ent.Tx, _ *ent.Contract, old *ent.PaymentRequest) (*ent.PaymentRequest, error) {
		if err := request.pending(old); err != nil {
			return nil, err
		}
		if err := secondPerson(request.noun, old.RequestedByID, access.User()); err != nil {
			return nil, err
		}
		if s.Approvals != nil {
			if err := s.Approvals.Yield(ctx, tx, flow.Payment, old.ID.UUID()); err != nil {
				return nil, err
			}
		}
		return s.settle(ctx, tx, old, d.Approve, access.User(), given.Or(d.Opinion))
	})
}

// settle writes a decision on a payment request.
func (s *Service) settle(ctx context.Context, tx *ent.Tx, r *ent.PaymentRequest, approve bool, by publicid.UserID, opinion string) (*ent.PaymentRequest, error) {
	to := payout.Rejected
	if approve {
		to = payout.Approved
	}
	now, err := tx.PaymentRequest.UpdateOne(r).SetState(to).SetDecidedByID(by).SetDecidedAt(s.Clock.Now()).SetOpinion(strings.TrimSpace(opinion)).AddVersion(1).Save(ctx)
	return now, tenancy.Fault(err, "decide on a payment request")
}

// PayRequestTarget is a payment request at the version that the caller has seen.
type PayRequestTarget struct {
	ID              publicid.PaymentRequestID
	ExpectedVersion int
}

// WithdrawPayment takes a payment request back before it is paid: one's own, or one that the caller might have decided
// on, so that money is not spoken for for ever when somebody has left. Needs payment_request:request or
// payment_request:decide reaching the contract. Faults: NOT_FOUND; VERSION_CONFLICT, then the request as it is now comes
// with the error; NOT_ALLOWED for somebody else's without payment_request:decide; WRONG_STATE for what is paid, refused or
// taken back.
func (s *Service) WithdrawPayment(ctx context.Context, t PayRequestTarget) (*ent.PaymentRequest, error) {
	access, decides, err := s.askedOrDecides(ctx)
	if err != nil {
		return nil, err
	}
	request := payRequest(t.ID)
	return request.change(ctx, s, access, t.ExpectedVersion, func(tx *ent.Tx, _ *ent.Contract, old *ent.PaymentRequest) (*ent.PaymentRequest, error) {
		if !decides && old.RequestedByID != access.User() {
			return nil, fault.New(fault.Invalid, fault.NotAllowed, "only who asked for a payment, or who may decide on it, takes the request back").At("id")
		}
		if !old.State.IsOpen() {
			return nil, fault.New(fault.State, fault.WrongState, "the payment request is %s already", old.State)
		}
		if s.Approvals != nil && old.State == payout.Pending {
			if err := s.Approvals.Cancel(ctx, tx, flow.Payment, old.ID.UUID()); err != nil {
				return nil, err
			}
		}
		return withdrawnRequest(ctx, tx, old)
	})
}

// askedOrDecides is the reach of whoever may decide on payment requests, or else of whoever may make them.
func (s *Service) askedOrDecides(ctx context.Context) (access policies.Access, decides bool, err error) {
	access, err = s.Policies.Require(ctx, policies.PaymentRequestDecide)
	if err == nil || fault.KindOf(err) != fault.Denied {
		return access, err == nil, err
	}
	access, err = s.Policies.Require(ctx, policies.PaymentRequestRequest)
	return access, false, err
}

func withdrawnRequest(ctx context.Context, tx *ent.Tx, old *ent.PaymentRequest) (*ent.PaymentRequest, error) {
	now, err := tx.PaymentRequest.UpdateOne(old).SetState(payout.Withdrawn).AddVersion(1).Save(ctx)
	return now, tenancy.Fault(err, "withdraw a payment request")
}

// Payout says that what was agreed to was paid. What is left out is as it was asked for.
type Payout struct {
	ID              publicid.PaymentRequestID
	ExpectedVersion int
	PaidOn          *date.Date // today unless given
	Reference       *string
	Note            *string
}

// Validate reports everything wrong with it at once.
func (p Payout) Validate() error {
	var c fault.Check
	c.OptText("reference", p.Reference, 100)
	c.OptText("note", p.Note, 1000)
	return c.Err()
}

// PayOut books the money of an approved payment request, once: the sum and the instalments are those that were agreed to.
// Needs payment:record reaching the contract. Faults: those of Payout.Validate; NOT_FOUND; VERSION_CONFLICT, then the
// request as it is now comes with the error; OUT_OF_RANGE at paidOn; WRONG_STATE for a request that is not approved, for a
// contract that no longer binds, and when the account no longer takes the sum.
func (s *Service) PayOut(ctx context.Context, in Payout) (*ent.PaymentRequest, error) {
	access, err := s.Policies.Require(ctx, policies.PaymentRecord)
	if err != nil {
		return nil, err
	}
	if err := in.Validate(); err != nil {
		return nil, err
	}
	return payRequest(in.ID).change(ctx, s, access, in.ExpectedVersion, func(tx *ent.Tx, c *ent.Contract, old *ent.PaymentRequest) (*ent.PaymentRequest, error) {
		if old.State != payout.Approved {
			return nil, fault.New(fault.State, fault.WrongState, "the payment request is %s; only an approved one is paid", old.State)
		}
		a, err := s.account(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		day, err := a.day(in.PaidOn)
		if err != nil {
			return nil, err
		}
		shares, err := a.agreed(old.Content)
		if err != nil {
			return nil, err
		}
		paid, err := s.post(ctx, tx, a, entry{
			kind: plan.PaymentEntry, amount: old.Content.Amount.Minor(), paidOn: day, method: old.Content.Method, reference: given.Or(in.Reference),
			note: given.Or(in.Note), shares: shares,
		}, "record")
		if err != nil {
			return nil, overtaken(err)
		}
		now, err := tx.PaymentRequest.UpdateOne(old).SetState(payout.Paid).SetPaymentID(paid.ID).AddVersion(1).Save(ctx)
		return now, tenancy.Fault(err, "write that a request was paid")
	})
}

// agreed reads the shares that were agreed to. WRONG_STATE when one of the instalments is gone, or the contract is in
// another currency now.
func (a *account) agreed(c payout.Content) ([]int64, error) {
	if c.Amount.Currency() != a.contract.Currency {
		return nil, fault.New(fault.State, fault.WrongState, "the contract is in %s now", a.contract.Currency)
	}
	shares := make([]int64, len(a.lines))
	for _, al := range c.Allocations {
		i, ok := a.find(al.LineID)
		if !ok {
			return nil, fault.New(fault.State, fault.WrongState, "an instalment that shall be paid is no longer in the plan")
		}
		shares[i] = al.Amount.Minor()
	}
	return shares, nil
}

// LockPaymentRequest locks a payment request behind its contract. It asks for no permission; it serves the approvals of
// requests. NOT_FOUND when there is none.
func (s *Service) LockPaymentRequest(ctx context.Context, tx *ent.Tx, id publicid.PaymentRequestID) (*ent.Contract, *ent.PaymentRequest, error) {
	return payRequest(id).lock(ctx, tx, "subjectId")
}

// PaymentRequestDecided and PaymentRequestTakenBack are what an approval flow does to a request in the transaction of the
// last answer. They ask for no permission; the flow has. WRONG_STATE as of DecidePayment.

// PaymentRequestDecided lets the request be paid, or refuses it.
func (s *Service) PaymentRequestDecided(ctx context.Context, tx *ent.Tx, id publicid.PaymentRequestID, approve bool, by publicid.UserID) error {
	return payRequest(id).byFlow(ctx, s, tx, func(_ *ent.Contract, old *ent.PaymentRequest) (*ent.PaymentRequest, error) {
		return s.settle(ctx, tx, old, approve, by, "")
	})
}

// PaymentRequestTakenBack ends the request, because its submitter took the approval back.
func (s *Service) PaymentRequestTakenBack(ctx context.Context, tx *ent.Tx, id publicid.PaymentRequestID) error {
	return payRequest(id).byFlow(ctx, s, tx, func(_ *ent.Contract, old *ent.PaymentRequest) (*ent.PaymentRequest, error) {
		return withdrawnRequest(ctx, tx, old)
	})
}
