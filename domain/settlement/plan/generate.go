package plan

import (
	"slices"
	"time"

	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// Rule says how a plan is made from a contract (H1, H4).
type Rule string

// The rules.
const (
	RuleSingle         Rule = "SINGLE"          // everything on one day
	RuleDepositBalance Rule = "DEPOSIT_BALANCE" // a deposit, then the rest at pick-up
	RuleLoan           Rule = "LOAN"            // a lender pays, after a down payment or at once
	RuleInstalments    Rule = "INSTALMENTS"     // equal parts every so many months
	RuleMonthly        Rule = "MONTHLY"         // equal parts on a day of each month of the term
	RuleMilestones     Rule = "MILESTONE_BOUND" // parts that fall due when milestones are reached
)

// Rules returns all rules.
func Rules() []Rule {
	return []Rule{RuleSingle, RuleDepositBalance, RuleLoan, RuleInstalments, RuleMonthly, RuleMilestones}
}

// Valid reports whether r is a known rule.
func (r Rule) Valid() bool { return slices.Contains(Rules(), r) }

// Mode is the contract's payment mode under a rule.
func (r Rule) Mode() Mode {
	switch r {
	case RuleSingle:
		return Single
	case RuleDepositBalance:
		return DepositBalance
	case RuleLoan:
		return Loan
	default:
		return Instalments
	}
}

// Terms are what a rule is given. Each rule reads its own: DEPOSIT_BALANCE and LOAN the deposit, FirstOn (deposit) and
// LastOn (the rest); SINGLE FirstOn; INSTALMENTS Count, FirstOn and EveryMonths; MONTHLY FirstOn, LastOn and DayOfMonth;
// MILESTONE_BOUND the stages.
type Terms struct {
	Rule        Rule
	Total       money.Money
	Vehicle     bool
	Deposit     money.Money // zero for a loan without a down payment
	FirstOn     date.Date
	LastOn      date.Date
	Count       int
	EveryMonths int
	DayOfMonth  int
	Stages      []Stage
}

// Stage is a milestone that a part of the sum waits for.
type Stage struct {
	Milestone publicid.MilestoneID
	On        date.Date // when it was reached, or is expected to be
	Reached   bool
	Percent   int // of the total; the last stage takes the rest
	Days      int // from the milestone to the payment
}

// Part is a line of a plan that was made.
type Part struct {
	DueOn     date.Date
	Amount    money.Money
	Purpose   string
	Milestone *publicid.MilestoneID
	DueDays   int
	Awaiting  bool // DueOn is only expected
}

// Generate makes a plan: its lines add up to the total to the minor unit, every line is more than zero, and, but for
// MILESTONE_BOUND, dates are in order. A vehicle has exactly the three modes of HR6. It fails with Invalid faults on the
// fields of the terms: rule, deposit, firstOn, lastOn, count, everyMonths, dayOfMonth, stages.N.percent.
func Generate(t Terms) ([]Part, error) {
	var c fault.Check
	c.That(t.Rule.Valid(), fault.UnknownValue, "rule", "%.20q is not a rule of payment plans", string(t.Rule))
	c.That(!t.Rule.Valid() || slices.Contains(Modes(t.Vehicle), t.Rule.Mode()), fault.NotAllowed, "rule", "a vehicle is paid by %v", Modes(true))
	c.That(t.Total.Sign() > 0, fault.Inconsistent, "rule", "the contract has no amount to share out")
	if err := c.Err(); err != nil {
		return nil, err
	}
	var lines []Part
	switch t.Rule {
	case RuleSingle:
		needDate(&c, "firstOn", t.FirstOn)
		lines = []Part{{DueOn: t.FirstOn, Amount: t.Total}}
	case RuleDepositBalance, RuleLoan:
		lines = t.twoParts(&c)
	case RuleInstalments:
		lines = t.instalments(&c)
	case RuleMonthly:
		lines = t.monthly(&c)
	case RuleMilestones:
		lines = t.stages(&c)
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return lines, nil
}

func needDate(c *fault.Check, field string, d date.Date) {
	c.That(!d.IsZero(), fault.Required, field, "%s is required", field)
}

func (t Terms) twoParts(c *fault.Check) []Part {
	needDate(c, "lastOn", t.LastOn)
	rest := Part{DueOn: t.LastOn, Amount: t.Total}
	if t.Rule == RuleLoan && t.Deposit.IsZero() {
		return []Part{rest}
	}
	needDate(c, "firstOn", t.FirstOn)
	c.That(t.FirstOn.IsZero() || t.LastOn.IsZero() || !t.LastOn.Before(t.FirstOn), fault.Inconsistent, "lastOn", "lastOn is before firstOn")
	left, err := t.Total.Sub(t.Deposit)
	if err != nil || t.Deposit.Sign() <= 0 || left.Sign() <= 0 {
		c.Add(fault.OutOfRange, "deposit", "the deposit must be more than zero and less than %s", t.Total)
		return nil
	}
	rest.Amount = left
	return []Part{{DueOn: t.FirstOn, Amount: t.Deposit}, rest}
}

func (t Terms) instalments(c *fault.Check) []Part {
	needDate(c, "firstOn", t.FirstOn)
	c.That(t.Count >= 1 && t.Count <= MaxLines, fault.OutOfRange, "count", "count is 1 to %d", MaxLines)
	c.That(t.EveryMonths >= 1 && t.EveryMonths <= 120, fault.OutOfRange, "everyMonths", "everyMonths is 1 to 120")
	if c.Err() != nil {
		return nil
	}
	days := make([]date.Date, t.Count)
	for i := range days {
		days[i] = inMonth(t.FirstOn.Year, t.FirstOn.Month, i*t.EveryMonths, t.FirstOn.Day)
	}
	return t.equal(c, "count", days)
}

func (t Terms) monthly(c *fault.Check) []Part {
	needDate(c, "firstOn", t.FirstOn)
	needDate(c, "lastOn", t.LastOn)
	c.That(t.DayOfMonth >= 1 && t.DayOfMonth <= 31, fault.OutOfRange, "dayOfMonth", "dayOfMonth is 1 to 31")
	if c.Err() != nil {
		return nil
	}
	var days []date.Date
	for i := 0; len(days) <= MaxLines; i++ {
		on := inMonth(t.FirstOn.Year, t.FirstOn.Month, i, t.DayOfMonth)
		if on.After(t.LastOn) {
			break
		}
		if !on.Before(t.FirstOn) {
			days = append(days, on)
		}
	}
	c.That(len(days) > 0, fault.Inconsistent, "lastOn", "no month from firstOn to lastOn has such a day")
	c.That(len(days) <= MaxLines, fault.LimitReached, "lastOn", "the plan would have more than %d lines", MaxLines)
	if c.Err() != nil {
		return nil
	}
	return t.equal(c, "lastOn", days)
}

// equal gives each day the same sum; the last one takes what does not divide.
func (t Terms) equal(c *fault.Check, field string, days []date.Date) []Part {
	n := int64(len(days))
	part := t.Total.Minor() / n
	if part == 0 {
		c.Add(fault.OutOfRange, field, "%s cannot be shared out over %d lines", t.Total, n)
		return nil
	}
	lines := make([]Part, n)
	for i, on := range days {
		lines[i] = Part{DueOn: on, Amount: money.Of(part, t.Total.Currency())}
	}
	lines[n-1].Amount = money.Of(t.Total.Minor()-part*(n-1), t.Total.Currency())
	return lines
}

func (t Terms) stages(c *fault.Check) []Part {
	c.That(len(t.Stages) > 0 && len(t.Stages) <= MaxLines, fault.OutOfRange, "stages", "a plan has 1 to %d stages", MaxLines)
	whole, left := 0, t.Total.Minor()
	lines := make([]Part, len(t.Stages))
	for i, s := range t.Stages {
		c.Index("stages", i, func(c *fault.Check) {
			c.That(s.Percent >= 1 && s.Percent <= 100, fault.OutOfRange, "percent", "percent is 1 to 100")
			c.That(s.Days >= 0 && s.Days <= 3650, fault.OutOfRange, "days", "days is 0 to 3650")
			c.That(!s.On.IsZero(), fault.Required, "milestoneId", "the milestone has no date to expect the payment by")
		})
		whole += s.Percent
		part := t.Total.Minor()/100*int64(s.Percent) + t.Total.Minor()%100*int64(s.Percent)/100
		if i == len(t.Stages)-1 {
			part = left
		}
		left -= part
		c.That(part > 0, fault.OutOfRange, "stages", "%s cannot be shared out over these stages", t.Total)
		lines[i] = Part{
			DueOn: s.On.AddDays(s.Days), Amount: money.Of(part, t.Total.Currency()),
			Milestone: &t.Stages[i].Milestone, DueDays: s.Days, Awaiting: !s.Reached,
		}
	}
	c.That(whole == 100, fault.Inconsistent, "stages", "the stages make up %d percent", whole)
	return lines
}

// inMonth is the given day of the month that lies n months after the given one, or that month's last day when it is
// shorter.
func inMonth(year int, month time.Month, n, day int) date.Date {
	first := date.Of(year, month+time.Month(n), 1)
	last := date.Of(first.Year, first.Month+1, 0)
	return date.Of(first.Year, first.Month, min(day, last.Day))
}
