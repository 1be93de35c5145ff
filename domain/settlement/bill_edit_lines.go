package settlement

import (
	"context"
	"strconv"
	"strings"

	"heyue/domain/settlement/billedit"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/tenancy"
)

// stands is an instalment as it is recorded.
func (a *account) stands(l *ent.PaymentPlanLine) billedit.Line {
	return billedit.Line{ID: l.ID, DueOn: l.DueOn, Amount: a.money(l.AmountMinor), Purpose: l.Purpose}
}

// wish gives the instalments that a request names, as they stand and as they shall stand.
func (a *account) wish(list []*Instalment) (before, after []billedit.Line, err error) {
	var c fault.Check
	changed := false
	for n, in := range list {
		c.Index("lines", n, func(c *fault.Check) {
			i, ok := a.find(in.PlanLineID)
			if !ok {
				c.Add(fault.Missing, "planLineId", "payment plan line not found")
				return
			}
			old := a.stands(a.lines[i])
			now := old
			if in.DueOn != nil {
				now.DueOn = *in.DueOn
			}
			if in.Amount != nil {
				sum, err := money.FromDecimal(*in.Amount, a.contract.Currency)
				if err != nil {
					c.Add(fault.All(err)[0].Code, "amount", "%s", fault.All(err)[0].Message)
					return
				}
				now.Amount = sum
			}
			if in.Purpose != nil {
				now.Purpose = strings.TrimSpace(*in.Purpose)
			}
			before, after, changed = append(before, old), append(after, now), changed || old != now
		})
	}
	if err := c.Err(); err != nil {
		return nil, nil, err
	}
	c.That(changed, fault.Inconsistent, "lines", "nothing would change")
	return before, after, c.Err()
}

// fits wants the plan to make up the contract's amount, give or take what the tenant allows, and no instalment to fall
// below what is settled on it. Faults: OUT_OF_RANGE at lines.N.amount, INCONSISTENT at lines.
func (a *account) fits(after []billedit.Line) error {
	var c fault.Check
	will := make([]money.Money, len(a.lines))
	for i, l := range a.lines {
		will[i] = a.money(l.AmountMinor)
	}
	for n, now := range after {
		i, ok := a.find(now.ID)
		if !ok {
			c.Add(fault.Missing, "lines."+strconv.Itoa(n)+".planLineId", "payment plan line not found")
			continue
		}
		l := a.lines[i]
		c.That(now.Amount.Minor() >= l.SettledMinor || now.Amount.Minor() == l.AmountMinor, fault.OutOfRange, "lines."+strconv.Itoa(n)+".amount",
			"%s is settled on the instalment; it cannot be less", a.money(l.SettledMinor))
		will[i] = now.Amount
	}
	if err := c.Err(); err != nil {
		return err
	}
	value := a.money(a.contract.AmountMinor)
	tolerance, err := plan.Tolerance(value, a.gap)
	if err != nil {
		return err
	}
	return plan.Shape(plan.Instalments, false, value, will, tolerance)
}

// same fails with WRONG_STATE unless the instalments stand as they did when the edit was asked for; it names what changed.
func (a *account) same(before []billedit.Line) error {
	for _, old := range before {
		i, ok := a.find(old.ID)
		if !ok {
			return fault.New(fault.State, fault.WrongState, "the instalment of %s due on %s is no longer in the plan", old.Amount, old.DueOn)
		}
		if what := old.Differs(a.stands(a.lines[i])); what != "" {
			return fault.New(fault.State, fault.WrongState, "instalment %d changed since the edit was asked for: %s", i+1, what)
		}
	}
	return nil
}

// rewrite gives the instalments what was agreed; the reminders follow.
func (s *Service) rewrite(ctx context.Context, tx *ent.Tx, a *account, e *ent.BillEdit) error {
	if err := a.same(e.Before.Lines); err != nil {
		return err
	}
	if err := a.fits(e.After.Lines); err != nil {
		return overtaken(err)
	}
	now, err := s.Plans.Rebill(ctx, tx, a.contract, e.Reason, func() error {
		for _, want := range e.After.Lines {
			i, _ := a.find(want.ID)
			l := a.lines[i]
			state, err := plan.State(want.Amount, a.money(l.SettledMinor))
			if err != nil {
				return err
			}
			a.lines[i], err = tx.PaymentPlanLine.UpdateOne(l).SetDueOn(want.DueOn).SetAmountMinor(want.Amount.Minor()).SetPurpose(want.Purpose).
				SetState(state).AddVersion(1).Save(ctx)
			if err != nil {
				return tenancy.Fault(err, "change an instalment")
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.contract = now
	moved := make([]*ent.PaymentPlanLine, len(e.After.Lines))
	for n, want := range e.After.Lines {
		i, _ := a.find(want.ID)
		moved[n] = a.lines[i]
	}
	return s.remind(ctx, tx, now, moved)
}

// overtaken says of what was fine when it was asked for that it no longer is.
func overtaken(err error) error {
	if fault.KindOf(err) != fault.Invalid {
		return err
	}
	return fault.New(fault.State, fault.WrongState, "the account has moved on since this was asked for: %s", fault.All(err)[0].Message)
}
