package plan

import (
	"slices"

	"heyue/platform/fault"
	"heyue/platform/money"
)

// MaxLines is the most lines a settlement plan has.
const MaxLines = 200

// Shape checks a whole plan against its contract, all faults at once: the mode is one the contract may have
// (HR6), the number of lines fits the mode, every line is more than zero and in the contract's currency, and
// their total is the contract's value give or take tolerance. Faults have the paths mode, lines and lines.N.amount.
func Shape(mode Mode, vehicle bool, value money.Money, lines []money.Money, tolerance money.Money) error {
	var c fault.Check
	if !slices.Contains(Modes(vehicle), mode) {
		c.Add(fault.UnknownValue, "mode", "%q is not a payment mode of this contract; choose one of %v", string(mode), Modes(vehicle))
	}
	if lo, hi := lineBounds(mode); len(lines) < lo || len(lines) > hi {
		c.Add(fault.OutOfRange, "lines", "a plan with the mode %s has %d to %d lines, this one has %d", mode, lo, hi, len(lines))
	}
	sound := true
	for i, l := range lines {
		c.Index("lines", i, func(c *fault.Check) { sound = checkLine(c, value.Currency(), l) && sound })
	}
	if sound {
		checkTotal(&c, value, lines, tolerance)
	}
	return c.Err()
}

// lineBounds is how many lines a plan of each mode has: a loan is the lender's payment with or without a down
// payment before it.
func lineBounds(m Mode) (lo, hi int) {
	switch m {
	case Single:
		return 1, 1
	case DepositBalance:
		return 2, 2
	case Loan:
		return 1, 2
	default:
		return 1, MaxLines
	}
}

func checkLine(c *fault.Check, currency money.Currency, l money.Money) bool {
	if l.Currency() != currency {
		c.Add(fault.Inconsistent, "amount", "the line is in %s, the contract in %s", l.Currency(), currency)
		return false
	}
	c.That(l.Sign() > 0, fault.OutOfRange, "amount", "amount must be more than zero")
	return l.Sign() > 0
}

func checkTotal(c *fault.Check, value money.Money, lines []money.Money, tolerance money.Money) {
	total, err := money.Total(value.Currency(), lines...)
	if err != nil {
		c.Add(fault.OutOfRange, "lines", "%s", fault.All(err)[0].Message)
		return
	}
	gap, err := total.Sub(value)
	if err != nil || gap.Minor() < -tolerance.Minor() || gap.Minor() > tolerance.Minor() {
		c.Add(fault.Inconsistent, "lines", "the lines add up to %s, the contract's value is %s; they may differ by %s", total, value, tolerance)
	}
}
