package terms

import (
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/settlement/plan"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
)

// Limits of a contract's lists, as everywhere else where contracts are written.
const (
	MaxParties     = 20
	MaxLines       = 500
	MaxInstalments = 120
)

// Check reports everything wrong with what a change has made of a sheet, looking only at what the change touched: a
// contract that came in with a plan that does not add up may have its end moved all the same. The tolerance of the plan is
// in basis points of the amount (H1). Faults: INCONSISTENT, OUT_OF_RANGE, REQUIRED, LIMIT_REACHED.
func Check(before, after Sheet, tolerance int) error {
	var c fault.Check
	size(&c, "parties", len(before.Parties), len(after.Parties), MaxParties)
	size(&c, "lines", len(before.Lines), len(after.Lines), MaxLines)
	size(&c, "paymentPlan", len(before.Plan), len(after.Plan), MaxInstalments)
	c.That(len(after.Parties) >= lifecycle.MinParties || len(after.Parties) >= len(before.Parties), fault.OutOfRange, "parties",
		"a contract needs at least %d parties, %d would be left", lifecycle.MinParties, len(after.Parties))
	c.That(after.Amount.Minor() >= 0, fault.OutOfRange, "amount", "the amount must not be negative")
	if span(before) != span(after) {
		span(after).Check(&c)
	}
	if before.Amount != after.Amount || !same(before.Plan, after.Plan) {
		addsUp(&c, after, tolerance)
	}
	return c.Err()
}

func size(c *fault.Check, field string, before, after, most int) {
	c.That(after <= most || after <= before, fault.LimitReached, field, "%s would have %d entries, at most %d are allowed", field, after, most)
}

func span(s Sheet) lifecycle.Term {
	t := lifecycle.Term{Renewal: s.Renewal, Months: s.RenewalMonths, NoticeDays: s.NoticeDays}
	if s.EffectiveOn != nil {
		t.Starts = *s.EffectiveOn
	}
	if s.EndsOn != nil {
		t.Ends = *s.EndsOn
	}
	return t
}

// addsUp wants the instalments that fall due to make up the amount, give or take the tolerance.
func addsUp(c *fault.Check, s Sheet, tolerance int) {
	if len(s.Plan) == 0 {
		return
	}
	total := money.Of(0, s.Amount.Currency())
	for i, p := range s.Plan {
		c.Index("paymentPlan", i, func(c *fault.Check) {
			c.That(p.AmountMinor > 0, fault.OutOfRange, "amount", "an instalment is more than zero")
			c.That(p.DueOn != date.Date{}, fault.Required, "dueOn", "an instalment needs a day")
		})
		if p.Cancelled {
			continue
		}
		sum, err := total.Add(money.Of(p.AmountMinor, s.Amount.Currency()))
		if err != nil {
			c.Add(fault.OutOfRange, "paymentPlan", "the payment plan adds up to too much")
			return
		}
		total = sum
	}
	allowed, err := plan.Tolerance(s.Amount, tolerance)
	if err != nil {
		c.Add(fault.OutOfRange, "paymentPlan", "%s", fault.All(err)[0].Message)
		return
	}
	gap := total.Minor() - s.Amount.Minor()
	c.That(gap <= allowed.Minor() && -gap <= allowed.Minor(), fault.Inconsistent, "paymentPlan",
		"the payment plan would add up to %s, the contract's amount is %s", total, s.Amount)
}
