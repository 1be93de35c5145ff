package work

import (
	"heyue/platform/fault"
	"heyue/platform/money"
)

// MaxWeight is how much one line can count against the others of its contract; the least is 1.
const MaxWeight = 10000

// Reached is the state of a line that is not cancelled, of which actual of planned is done.
func Reached(planned, actual money.Decimal) State {
	switch {
	case actual.Sign() <= 0:
		return Planned
	case actual.Cmp(planned) < 0:
		return Started
	}
	return Done
}

// Post adds quantity to what is done of a line. It fails with OUT_OF_RANGE at quantity when that is nothing or more than is
// left of the plan (HR13: never beyond 100 %).
func Post(planned, actual, quantity money.Decimal) (money.Decimal, error) {
	left := planned.Minus(actual)
	if quantity.Sign() <= 0 {
		return actual, fault.New(fault.Invalid, fault.OutOfRange, "quantity must be more than zero").At("quantity")
	}
	if quantity.Cmp(left) > 0 {
		return actual, fault.New(fault.Invalid, fault.OutOfRange, "only %s is left of the plan", left).At("quantity")
	}
	return actual.Plus(quantity), nil
}

// Replan checks a new planned quantity of a line. It fails with OUT_OF_RANGE at plannedQuantity when that is nothing or less
// than is done.
func Replan(planned, actual money.Decimal) error {
	if planned.Sign() <= 0 {
		return fault.New(fault.Invalid, fault.OutOfRange, "plannedQuantity must be more than zero").At("plannedQuantity")
	}
	if planned.Cmp(actual) < 0 {
		return fault.New(fault.Invalid, fault.OutOfRange, "%s is done already", actual).At("plannedQuantity")
	}
	return nil
}
