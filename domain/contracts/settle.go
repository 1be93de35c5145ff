package contracts

import (
	"context"

	"heyue/audit"
	"heyue/domain/alerts/due"
	"heyue/domain/contracts/milestone"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/contract"
	mil "heyue/ent/milestone"
	"heyue/ent/paymentplanline"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Receipt is money that came in or went out under a contract.
type Receipt struct {
	ContractID publicid.ContractID
	PlanLineID *publicid.PaymentPlanLineID // the instalment it settles; nil: none
	Amount     money.Input
	PaidOn     *date.Date // today unless given
	Method     plan.Method
	Reference  *string
	Note       *string
}

// Validate reports everything wrong with the receipt at once.
func (r Receipt) Validate() error {
	var c fault.Check
	r.Amount.Positive(&c, "amount")
	c.That(r.Method.Valid(), fault.UnknownValue, "method", "%.20q is not a method of payment", string(r.Method))
	c.OptText("reference", r.Reference, 100)
	c.OptText("note", r.Note, 1000)
	return c.Err()
}

// RecordPayment books money on a contract, and on an instalment when one is named: never beyond what was planned plus
// the tenant's allowed excess. An instalment that is paid is no longer reminded of, from the same transaction on. Needs
// payment:record reaching the contract. Faults: those of Receipt.Validate; NOT_FOUND; OUT_OF_RANGE; INCONSISTENT for
// another currency; WRONG_STATE for a contract that does not bind.
func (s *Service) RecordPayment(ctx context.Context, r Receipt) (paid *ent.Payment, err error) {
	access, err := s.Policies.Require(ctx, policies.PaymentRecord)
	if err != nil {
		return nil, err
	}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		c, err := tx.Contract.Query().Where(contract.ID(r.ContractID), access.Where).ForUpdate().Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NoSuch("contract", "contractId")
		}
		if err != nil {
			return tenancy.Fault(err, "load a contract")
		}
		paid, err = s.book(ctx, tx, c, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return paid, nil
}

func (s *Service) book(ctx context.Context, tx *ent.Tx, c *ent.Contract, r Receipt) (*ent.Payment, error) {
	here, err := s.local(ctx, tx.Tenant)
	if err != nil {
		return nil, err
	}
	if !c.Status.IsBinding() && !c.Status.IsEnded() || c.ArchivedAt != nil {
		return nil, fault.New(fault.State, fault.WrongState, "no payment can be booked on a contract that is %s", c.Status)
	}
	sum, err := money.FromDecimal(r.Amount.Amount, r.Amount.Currency)
	if err != nil {
		return nil, err
	}
	if sum.Currency() != c.Currency {
		return nil, at(fault.New(fault.Invalid, fault.Inconsistent, "the contract is in %s", c.Currency), "amount")
	}
	day := here.today
	if r.PaidOn != nil {
		day = *r.PaidOn
	}
	if day.After(here.today) {
		return nil, at(fault.New(fault.Invalid, fault.OutOfRange, "paidOn is in the future"), "paidOn")
	}
	if r.PlanLineID != nil {
		if err := s.settle(ctx, tx, c, *r.PlanLineID, sum, here.ReceiptExcess); err != nil {
			return nil, err
		}
	}
	p, err := tx.Payment.Create().SetContractID(c.ID).SetAmountMinor(sum.Minor()).SetCurrency(sum.Currency()).
		SetPaidOn(day).SetMethod(r.Method).SetNillableReference(r.Reference).SetNillableNote(r.Note).Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "write a payment")
	}
	update := tx.Contract.UpdateOne(c).AddSettledMinor(sum.Minor()).AddVersion(1)
	if c.AmountMinor > 0 {
		update.SetExcessMinor(max(c.ExcessMinor, c.SettledMinor+sum.Minor()-c.AmountMinor))
	}
	if r.PlanLineID != nil {
		update.AddAllocatedMinor(sum.Minor())
		err := tx.PaymentAllocation.Create().SetContractID(c.ID).SetPaymentID(p.ID).SetPlanLineID(*r.PlanLineID).SetAmountMinor(sum.Minor()).Exec(ctx)
		if err != nil {
			return nil, tenancy.Fault(err, "allocate a payment")
		}
	}
	if err := update.Exec(ctx); err != nil {
		return nil, tenancy.Fault(err, "add a payment up")
	}
	return p, s.Audit.Record(ctx, tx, audit.Entry{Action: "record", Object: "payment", ID: p.ID.UUID(), After: p})
}

// settle books a sum on an instalment and ends its reminders when it is paid; a part payment lowers what they ask for.
func (s *Service) settle(ctx context.Context, tx *ent.Tx, c *ent.Contract, id publicid.PaymentPlanLineID, sum money.Money, excess int) error {
	l, err := tx.PaymentPlanLine.Query().Where(paymentplanline.ID(id), paymentplanline.ContractID(c.ID)).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return fault.NoSuch("payment plan line", "planLineId")
	}
	if err != nil {
		return tenancy.Fault(err, "load an instalment")
	}
	if l.State == plan.Cancelled {
		return at(fault.New(fault.State, fault.WrongState, "the instalment is cancelled"), "planLineId")
	}
	planned, before := money.Of(l.AmountMinor, c.Currency), money.Of(l.SettledMinor, c.Currency)
	allowed, err := plan.Tolerance(planned, excess)
	if err != nil {
		return err
	}
	after, err := plan.Book(planned, before, sum, allowed)
	if err != nil {
		return err
	}
	state, err := plan.State(planned, after)
	if err != nil {
		return err
	}
	if err := tx.PaymentPlanLine.UpdateOne(l).SetSettledMinor(after.Minor()).SetExcessMinor(max(l.ExcessMinor, allowed.Minor())).SetState(state).AddVersion(1).Exec(ctx); err != nil {
		return tenancy.Fault(err, "write an instalment")
	}
	if state == plan.Paid {
		return s.Obligations.Meet(ctx, tx, due.PaymentDue, l.ID.UUID())
	}
	return s.remind(ctx, tx, c)
}

// MilestoneTarget is a milestone at the version that the caller has seen, and the day it was reached.
type MilestoneTarget struct {
	ID              publicid.MilestoneID
	ExpectedVersion int
	DoneOn          *date.Date // today unless given
}

// CompleteMilestone records that a milestone was reached; it is no longer reminded of. Needs milestone:complete
// reaching its contract. Faults: NOT_FOUND, VERSION_CONFLICT, WRONG_STATE, OUT_OF_RANGE for a day in the future.
func (s *Service) CompleteMilestone(ctx context.Context, t MilestoneTarget) (done *ent.Milestone, err error) {
	access, err := s.Policies.Require(ctx, policies.MilestoneComplete)
	if err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		done, err = s.complete(ctx, tx, access, t)
		return err
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return done, err
}

func (s *Service) complete(ctx context.Context, tx *ent.Tx, access policies.Access, t MilestoneTarget) (*ent.Milestone, error) {
	m, err := tx.Milestone.Query().Where(mil.ID(t.ID), mil.HasContractWith(access.Where)).ForUpdate().Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, fault.NoSuch("milestone", "id")
	case err != nil:
		return nil, tenancy.Fault(err, "load a milestone")
	case m.Version != t.ExpectedVersion:
		return m, fault.Stale("milestone")
	case m.State != milestone.Open:
		return nil, fault.New(fault.State, fault.WrongState, "the milestone is %s", m.State)
	}
	here, err := s.local(ctx, tx.Tenant)
	if err != nil {
		return nil, err
	}
	day := here.today
	if t.DoneOn != nil {
		day = *t.DoneOn
	}
	if day.After(here.today) {
		return nil, at(fault.New(fault.Invalid, fault.OutOfRange, "doneOn is in the future"), "doneOn")
	}
	now, err := tx.Milestone.UpdateOne(m).SetState(milestone.Done).SetDoneOn(day).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "write a milestone")
	}
	if err := s.Obligations.Meet(ctx, tx, due.MilestoneDue, m.ID.UUID()); err != nil {
		return nil, err
	}
	return now, s.Audit.Record(ctx, tx, audit.Entry{Action: "complete", Object: "milestone", ID: m.ID.UUID(), Before: m, After: now})
}
