package settlement

import (
	"context"

	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/payment"
	"heyue/ent/paymentallocation"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Refund is money that goes back.
type Refund struct {
	ContractID publicid.ContractID
	// Allocations name the instalments it is taken off. Without them it is taken off what is on account first, and then
	// off the instalments from the last one that was settled.
	Allocations []*Allocation
	Amount      money.Input
	PaidOn      *date.Date // today unless given
	Method      plan.Method
	Reference   *string
	Note        *string
}

// Validate reports everything wrong with the refund at once.
func (r Refund) Validate() error {
	return Receipt{Amount: r.Amount, Method: r.Method, Reference: r.Reference, Note: r.Note, Allocations: r.Allocations}.Validate()
}

// Refund books money that goes back; what it leaves open is reminded of again. Needs payment:refund reaching the
// contract. Faults: those of Refund.Validate; NOT_FOUND; OUT_OF_RANGE beyond what was settled; INCONSISTENT; WRONG_STATE.
func (s *Service) Refund(ctx context.Context, r Refund) (*ent.Payment, error) {
	access, err := s.Policies.Require(ctx, policies.PaymentRefund)
	if err != nil {
		return nil, err
	}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return s.write(ctx, access, r.ContractID, func(tx *ent.Tx, a *account) (*ent.Payment, error) {
		sum, day, err := a.terms(r.Amount, r.PaidOn)
		if err != nil {
			return nil, err
		}
		shares, err := a.giveBack(r.Allocations, sum.Minor())
		if err != nil {
			return nil, err
		}
		return s.post(ctx, tx, a, entry{
			kind: plan.RefundEntry, amount: -sum.Minor(), paidOn: day, method: r.Method, reference: given.Or(r.Reference), note: given.Or(r.Note), shares: negated(shares),
		}, "refund")
	})
}

func (a *account) giveBack(list []*Allocation, amount int64) ([]int64, error) {
	if amount > a.contract.SettledMinor {
		return nil, amountFault("only %s was settled", a.money(a.contract.SettledMinor))
	}
	if list == nil {
		shares, _ := plan.NewestFirst(a.open(), a.onAccount(), amount)
		return shares, nil
	}
	shares, err := a.named(list, amount)
	if err != nil {
		return nil, err
	}
	left := amount
	for _, s := range shares {
		left -= s
	}
	if left > a.onAccount() {
		return nil, amountFault("only %s is on account; name the instalments that the rest is taken off", a.money(a.onAccount()))
	}
	return shares, nil
}

// Reversal takes an entry back that never should have been.
type Reversal struct {
	ID     publicid.PaymentID
	Reason string
}

// Reverse adds the opposite of an entry, which names it; an entry is reversed once, and a reversal never. Needs
// payment:reverse reaching the contract. Faults: REQUIRED, TOO_LONG; NOT_FOUND; WRONG_STATE; OUT_OF_RANGE when the totals
// would leave their bounds, such as when the money was given back meanwhile.
func (s *Service) Reverse(ctx context.Context, r Reversal) (back *ent.Payment, err error) {
	access, err := s.Policies.Require(ctx, policies.PaymentReverse)
	if err != nil {
		return nil, err
	}
	var c fault.Check
	c.Text("reason", r.Reason, 1, 1000)
	if err := c.Err(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		p, err := tx.Payment.Query().Where(payment.ID(r.ID), payment.HasContractWith(access.Where)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NoSuch("payment", "id")
		}
		if err != nil {
			return tenancy.Fault(err, "load an entry")
		}
		a, err := s.open(ctx, tx, access, p.ContractID, "id")
		if err != nil {
			return err
		}
		back, err = s.reverse(ctx, tx, a, p, r.Reason)
		return err
	})
	if err != nil {
		return nil, err
	}
	return back, nil
}

func (s *Service) reverse(ctx context.Context, tx *ent.Tx, a *account, p *ent.Payment, reason string) (*ent.Payment, error) {
	if p.Kind == plan.ReversalEntry {
		return nil, fault.New(fault.State, fault.WrongState, "a reversal cannot be reversed; record the entry anew")
	}
	twice, err := tx.Payment.Query().Where(payment.ReversalOfID(p.ID)).Exist(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "look for a reversal")
	}
	if twice {
		return nil, reversed()
	}
	old, err := tx.PaymentAllocation.Query().Where(paymentallocation.PaymentID(p.ID)).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read allocations")
	}
	shares := make([]int64, len(a.lines))
	for _, o := range old {
		i, ok := a.find(o.PlanLineID)
		if !ok {
			return nil, fault.New(fault.State, fault.WrongState, "an instalment that the entry settled is cancelled")
		}
		shares[i] = -o.AmountMinor
	}
	return s.post(ctx, tx, a, entry{
		kind: plan.ReversalEntry, amount: -p.AmountMinor, paidOn: a.today, method: p.Method, reference: p.Reference, note: reason, reversalOf: &p.ID, shares: shares,
	}, "reverse")
}

func negated(shares []int64) []int64 {
	out := make([]int64, len(shares))
	for i, s := range shares {
		out[i] = -s
	}
	return out
}
