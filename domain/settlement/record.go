package settlement

import (
	"context"

	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/paymentallocation"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// maxAllocations is how many instalments one entry may name.
const maxAllocations = plan.MaxLines

// Allocation is the part of an entry that settles one instalment, in the contract's currency.
type Allocation struct {
	PlanLineID publicid.PaymentPlanLineID
	Amount     money.Decimal
}

// Receipt is money that came in or went out under a contract.
type Receipt struct {
	ContractID publicid.ContractID
	// PlanLineID names the one instalment that takes all of it.
	PlanLineID *publicid.PaymentPlanLineID
	// Allocations name the instalments that take parts; what they leave is on account, and so is everything when the list
	// is empty. Without either the instalments take it in the order in which they fall due.
	Allocations []*Allocation
	Amount      money.Input
	PaidOn      *date.Date // today unless given
	Method      plan.Method
	Reference   *string
	Note        *string
}

// Validate reports everything wrong with the receipt at once.
func (r Receipt) Validate() error {
	var c fault.Check
	r.Amount.Positive(&c, "amount")
	c.That(r.Method.Valid(), fault.UnknownValue, "method", "%.20q is not a method of payment", string(r.Method))
	c.OptText("reference", r.Reference, 100)
	c.OptText("note", r.Note, 1000)
	c.That(r.PlanLineID == nil || r.Allocations == nil, fault.Inconsistent, "allocations", "name planLineId or allocations, not both")
	checkAllocations(&c, r.Allocations)
	return c.Err()
}

func checkAllocations(c *fault.Check, list []*Allocation) {
	c.That(len(list) <= maxAllocations, fault.LimitReached, "allocations", "at most %d instalments can be named", maxAllocations)
	seen := map[publicid.PaymentPlanLineID]bool{}
	for i, a := range list {
		c.Index("allocations", i, func(c *fault.Check) {
			c.That(!seen[a.PlanLineID], fault.Duplicate, "planLineId", "the instalment is named twice")
			c.That(a.Amount.Sign() > 0, fault.OutOfRange, "amount", "amount must be more than zero")
		})
		seen[a.PlanLineID] = true
	}
}

// Record books money on a contract and on the instalments that it settles, never beyond what was agreed plus the
// tenant's allowed excess. An instalment that is paid is no longer reminded of, from the same transaction on. Needs
// payment:record reaching the contract. Faults: those of Receipt.Validate; NOT_FOUND; OUT_OF_RANGE; INCONSISTENT for
// another currency; WRONG_STATE for a contract that does not bind, and for a payable one where the tenant wants payment
// requests.
func (s *Service) Record(ctx context.Context, r Receipt) (*ent.Payment, error) {
	access, err := s.Policies.Require(ctx, policies.PaymentRecord)
	if err != nil {
		return nil, err
	}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return s.write(ctx, access, r.ContractID, func(tx *ent.Tx, a *account) (*ent.Payment, error) {
		if a.asked {
			return nil, fault.New(fault.State, fault.WrongState, "money goes out under this contract only with a payment request that was agreed to")
		}
		sum, day, err := a.terms(r.Amount, r.PaidOn)
		if err != nil {
			return nil, err
		}
		shares, err := a.receive(r, sum.Minor())
		if err != nil {
			return nil, err
		}
		return s.post(ctx, tx, a, entry{
			kind: plan.PaymentEntry, amount: sum.Minor(), paidOn: day, method: r.Method, reference: given.Or(r.Reference), note: given.Or(r.Note), shares: shares,
		}, "record")
	})
}

// write opens an account in a transaction and adds to it.
func (s *Service) write(ctx context.Context, access policies.Access, id publicid.ContractID, add func(*ent.Tx, *account) (*ent.Payment, error)) (p *ent.Payment, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		a, err := s.open(ctx, tx, access, id, "contractId")
		if err != nil {
			return err
		}
		p, err = add(tx, a)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// terms reads an entry's sum and day.
func (a *account) terms(in money.Input, on *date.Date) (money.Money, date.Date, error) {
	sum, err := a.sum(in)
	if err != nil {
		return sum, date.Date{}, err
	}
	day, err := a.day(on)
	return sum, day, err
}

func (a *account) receive(r Receipt, amount int64) ([]int64, error) {
	switch {
	case r.PlanLineID != nil:
		i, ok := a.find(*r.PlanLineID)
		if !ok {
			return nil, fault.NoSuch("payment plan line", "planLineId")
		}
		shares := make([]int64, len(a.lines))
		shares[i] = amount
		return shares, nil
	case r.Allocations != nil:
		return a.named(r.Allocations, amount)
	}
	shares, _ := plan.OldestFirst(a.open(), amount)
	return shares, nil
}

// named reads the shares that a caller gives.
func (a *account) named(list []*Allocation, amount int64) ([]int64, error) {
	var c fault.Check
	shares, left := make([]int64, len(a.lines)), amount
	for n, in := range list {
		c.Index("allocations", n, func(c *fault.Check) {
			i, ok := a.find(in.PlanLineID)
			if !ok {
				c.Add(fault.Missing, "planLineId", "payment plan line not found")
				return
			}
			sum, err := money.FromDecimal(in.Amount, a.contract.Currency)
			if err != nil {
				c.Add(fault.All(err)[0].Code, "amount", "%s", fault.All(err)[0].Message)
				return
			}
			c.That(sum.Minor() <= left, fault.Inconsistent, "amount", "the allocations are more than the entry")
			shares[i], left = sum.Minor(), left-min(sum.Minor(), left)
		})
	}
	return shares, c.Err()
}

// AllocationsOf returns what the given entries settle, each with its entry. Callers pass entries they were given by the contracts: whoever sees
// a contract sees its account.
func (s *Service) AllocationsOf(ctx context.Context, ids []publicid.PaymentID) ([]*ent.PaymentAllocation, error) {
	rows, err := s.Client.PaymentAllocation.Query().Where(paymentallocation.PaymentIDIn(ids...)).Order(allocationOrder).WithPayment().All(ctx)
	return rows, tenancy.Fault(err, "read allocations")
}
