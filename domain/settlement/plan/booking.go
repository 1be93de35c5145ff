package plan

import (
	"math/big"

	"heyue/platform/fault"
	"heyue/platform/money"
)

// MaxTolerance is the widest tolerance that can be set, in basis points: a tenth of the sum.
const MaxTolerance = 1000

// basis is the number of basis points in a whole.
const basis = 10_000

// Tolerance returns the share of sum that bp basis points (hundredths of a percent) are, rounded down to the
// minor unit: how far receipts may go beyond the plan, or the plan's total away from the contract's value. It
// fails with Invalid OUT_OF_RANGE when bp is not in 0..MaxTolerance.
func Tolerance(sum money.Money, bp int) (money.Money, error) {
	if bp < 0 || bp > MaxTolerance {
		return money.Money{}, fault.New(fault.Invalid, fault.OutOfRange, "a tolerance is 0 to %d basis points, not %d", MaxTolerance, bp)
	}
	n := new(big.Int).Mul(new(big.Int).Abs(big.NewInt(sum.Minor())), big.NewInt(int64(bp)))
	return money.Of(n.Quo(n, big.NewInt(basis)).Int64(), sum.Currency()), nil
}

// State returns the state of a line that has paid of planned behind it and was not cancelled. Both sums are in
// one currency and not negative; a service that keeps to Book and Refund never has others. It fails with
// Invalid INCONSISTENT when the currencies differ.
func State(planned, paid money.Money) (LineState, error) {
	c, err := paid.Cmp(planned)
	switch {
	case err != nil:
		return "", err
	case c >= 0:
		return Paid, nil
	case paid.Sign() > 0:
		return PartlyPaid, nil
	default:
		return Planned, nil
	}
}

// Book returns the new paid sum after amount more was received or paid on a line: never beyond
// planned + excess (H1). It fails with Invalid OUT_OF_RANGE on the field amount when amount is not more than
// zero or goes beyond planned + excess, and Invalid INCONSISTENT when currencies differ.
func Book(planned, paid, amount, excess money.Money) (money.Money, error) {
	if amount.Sign() <= 0 {
		return money.Money{}, atAmount(fault.New(fault.Invalid, fault.OutOfRange, "amount must be more than zero"))
	}
	after, err := paid.Add(amount)
	if err != nil {
		return money.Money{}, atAmount(err)
	}
	most, err := planned.Add(excess)
	if err != nil {
		return money.Money{}, err
	}
	if c, err := after.Cmp(most); err != nil || c <= 0 {
		return after, err
	}
	left, err := most.Sub(paid)
	if err != nil {
		return money.Money{}, err
	}
	return money.Money{}, atAmount(fault.New(fault.Invalid, fault.OutOfRange,
		"%s is more than the plan line still takes; at most %s can be booked", amount, atLeastZero(left)))
}

// Refund returns the new paid sum after amount was given back (O4). It fails with Invalid OUT_OF_RANGE on the
// field amount when amount is not more than zero or more than was paid, and INCONSISTENT when currencies differ.
func Refund(paid, amount money.Money) (money.Money, error) {
	if amount.Sign() <= 0 {
		return money.Money{}, atAmount(fault.New(fault.Invalid, fault.OutOfRange, "amount must be more than zero"))
	}
	after, err := paid.Sub(amount)
	if err != nil {
		return money.Money{}, atAmount(err)
	}
	if after.Sign() < 0 {
		return money.Money{}, atAmount(fault.New(fault.Invalid, fault.OutOfRange,
			"%s is more than was paid; at most %s can be refunded", amount, paid))
	}
	return after, nil
}

// MayCancel decides whether a line can be cancelled: only while nothing is paid on it. It fails with State
// WRONG_STATE.
func MayCancel(s LineState) error {
	if s == Planned {
		return nil
	}
	return fault.New(fault.State, fault.WrongState, "a plan line that is %s cannot be cancelled; refund what was paid on it first", s)
}

func atLeastZero(m money.Money) money.Money {
	if m.Sign() < 0 {
		return money.Of(0, m.Currency())
	}
	return m
}

// atAmount names the field that a fault of the amount belongs to.
func atAmount(err error) error {
	for _, f := range fault.All(err) {
		return f.At("amount")
	}
	return err
}
