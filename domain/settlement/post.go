package settlement

import (
	"context"
	"math"

	"github.com/google/uuid"

	"heyue/audit"
	"heyue/domain/alerts/due"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// entry is what a posting adds to an account. The amount has the sign that the total moves by; shares belong to the
// account's lines and have the same sign.
type entry struct {
	kind       plan.EntryKind
	amount     int64
	paidOn     date.Date
	method     plan.Method
	reference  string
	note       string
	reversalOf *publicid.PaymentID
	shares     []int64
}

// post adds an entry: it checks the bounds of the contract and of every line, moves the totals, and brings the reminders
// in line. Faults: OUT_OF_RANGE at amount.
func (s *Service) post(ctx context.Context, tx *ent.Tx, a *account, e entry, action string) (*ent.Payment, error) {
	allowed, err := a.within(e)
	if err != nil {
		return nil, err
	}
	p, err := s.insert(ctx, tx, a, e)
	if err != nil {
		return nil, err
	}
	if err := s.shift(ctx, tx, a, e.amount, e.shares, allowed); err != nil {
		return nil, err
	}
	return p, s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "payment", ID: p.ID.UUID(), After: p})
}

// insert writes an entry with what it settles. The totals are the caller's to move.
func (s *Service) insert(ctx context.Context, tx *ent.Tx, a *account, e entry) (*ent.Payment, error) {
	p, err := tx.Payment.Create().SetContractID(a.contract.ID).SetKind(e.kind).SetAmountMinor(e.amount).SetCurrency(a.contract.Currency).
		SetPaidOn(e.paidOn).SetMethod(e.method).SetReference(e.reference).SetNote(e.note).SetNillableReversalOfID(e.reversalOf).Save(ctx)
	if _, twice := tenancy.UniqueViolation(err); twice {
		return nil, reversed()
	}
	if err != nil {
		return nil, tenancy.Fault(err, "write an entry")
	}
	var rows []*ent.PaymentAllocationCreate
	for i, share := range e.shares {
		if share != 0 {
			rows = append(rows, tx.PaymentAllocation.Create().SetContractID(a.contract.ID).SetPaymentID(p.ID).SetPlanLineID(a.lines[i].ID).SetAmountMinor(share))
		}
	}
	return p, tenancy.Fault(tx.PaymentAllocation.CreateBulk(rows...).Exec(ctx), "write allocations")
}

// shift moves the contract's total by an amount and the lines by their shares, and keeps the reminders right.
func (s *Service) shift(ctx context.Context, tx *ent.Tx, a *account, amount int64, shares []int64, allowed int64) (err error) {
	var moved []*ent.PaymentPlanLine
	var allocated int64
	for i, share := range shares {
		if share == 0 {
			continue
		}
		if a.lines[i], err = s.move(ctx, tx, a, a.lines[i], share); err != nil {
			return err
		}
		moved = append(moved, a.lines[i])
		allocated += share
	}
	a.contract, err = tx.Contract.UpdateOne(a.contract).AddSettledMinor(amount).AddAllocatedMinor(allocated).
		SetExcessMinor(max(a.contract.ExcessMinor, allowed)).AddVersion(1).Save(ctx)
	if err != nil {
		return tenancy.Fault(err, "move the contract's total")
	}
	return s.remind(ctx, tx, a.contract, moved)
}

// within checks that the contract's total stays between nothing and its amount with the allowed excess, which it
// returns. A contract without an amount takes any sum.
func (a *account) within(e entry) (allowed int64, err error) {
	c := a.contract
	after := c.SettledMinor + e.amount
	if e.amount > 0 && after < c.SettledMinor {
		return 0, amountFault("the sum is too large")
	}
	if after < 0 {
		return 0, amountFault("only %s was settled", a.money(c.SettledMinor))
	}
	if c.AmountMinor == 0 {
		return c.ExcessMinor, nil
	}
	tolerance, err := plan.Tolerance(a.money(c.AmountMinor), a.excess)
	if err != nil {
		return 0, err
	}
	most := c.AmountMinor + tolerance.Minor()
	if e.amount > 0 && after > most {
		return 0, amountFault("the contract still takes %s", a.money(max(most-c.SettledMinor, 0)))
	}
	return tolerance.Minor(), nil
}

// move changes what is settled of a line by a share.
func (s *Service) move(ctx context.Context, tx *ent.Tx, a *account, l *ent.PaymentPlanLine, share int64) (*ent.PaymentPlanLine, error) {
	after, allowed, err := a.booked(l, share)
	if err != nil {
		return nil, err
	}
	state, err := plan.State(a.money(l.AmountMinor), after)
	if err != nil {
		return nil, err
	}
	now, err := tx.PaymentPlanLine.UpdateOne(l).SetSettledMinor(after.Minor()).SetState(state).SetExcessMinor(max(l.ExcessMinor, allowed.Minor())).
		AddVersion(1).Save(ctx)
	return now, tenancy.Fault(err, "settle an instalment")
}

// booked is what will be settled of a line after a share, and how far beyond its sum that may go. OUT_OF_RANGE at amount.
func (a *account) booked(l *ent.PaymentPlanLine, share int64) (after, allowed money.Money, err error) {
	planned, before := a.money(l.AmountMinor), a.money(l.SettledMinor)
	if allowed, err = plan.Tolerance(planned, a.excess); err != nil {
		return before, allowed, err
	}
	switch {
	case share > 0:
		after, err = plan.Book(planned, before, a.money(share), allowed)
	case share == math.MinInt64:
		err = amountFault("the sum is too large")
	default:
		after, err = plan.Refund(before, a.money(-share))
	}
	return after, allowed, err
}

// remind brings the reminders of lines in line with what is left of them: a paid line is met, one that is open again is
// asked for again, and what is asked for is what is left (J4).
func (s *Service) remind(ctx context.Context, tx *ent.Tx, c *ent.Contract, lines []*ent.PaymentPlanLine) error {
	if !c.Status.OwesObligations() {
		return nil
	}
	var met, open []uuid.UUID
	var dates []due.Date
	for _, l := range lines {
		switch {
		case !l.State.IsOpen():
			met = append(met, l.ID.UUID())
		case !l.Awaiting:
			left := money.Of(l.AmountMinor-l.SettledMinor, c.Currency)
			open = append(open, l.ID.UUID())
			dates = append(dates, due.Date{
				Kind: due.PaymentDue, SubjectID: l.ID.UUID(), ContractID: &c.ID, Title: c.Title, DueOn: l.DueOn, Amount: &left,
				Owner: c.OwnerID, Department: c.DepartmentID,
			})
		}
	}
	if err := s.Obligations.Meet(ctx, tx, due.PaymentDue, met...); err != nil {
		return err
	}
	if err := s.Obligations.Set(ctx, tx, dates...); err != nil {
		return err
	}
	return s.Obligations.Reopen(ctx, tx, due.PaymentDue, open...)
}

func amountFault(format string, args ...any) error {
	return fault.New(fault.Invalid, fault.OutOfRange, format, args...).At("amount")
}

func reversed() error {
	return fault.New(fault.State, fault.WrongState, "the entry was reversed already")
}
