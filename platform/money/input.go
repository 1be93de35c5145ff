package money

import "heyue/platform/fault"

// Input is a sum as a caller writes it, not yet checked: the API's input type MoneyInput. Checking happens in the
// Validate of the input that holds it, so that the caller gets it together with all other faults.
type Input struct {
	Amount   Decimal
	Currency Currency
}

// Money checks in and returns the sum. A fault is recorded in c under field: field.amount or field.currency.
// After a fault the result is no sum.
func (in Input) Money(c *fault.Check, field string) Money {
	if !in.Currency.Valid() {
		c.Add(fault.UnknownValue, field+".currency", "%s", unknownCurrency(string(in.Currency)).Message)
		return Money{}
	}
	m, err := FromDecimal(in.Amount, in.Currency)
	if err != nil {
		f := fault.All(err)[0]
		c.Add(f.Code, field+".amount", "%s", f.Message)
		return Money{}
	}
	return m
}

// NotNegative is Money that also wants the sum to be zero or more.
func (in Input) NotNegative(c *fault.Check, field string) Money {
	m := in.Money(c, field)
	if m.Sign() < 0 {
		c.Add(fault.OutOfRange, field+".amount", "%s.amount must not be negative", field)
		return Money{}
	}
	return m
}

// Positive is Money that also wants the sum to be more than zero.
func (in Input) Positive(c *fault.Check, field string) Money {
	m := in.Money(c, field)
	if m.Currency() != "" && m.Sign() <= 0 {
		c.Add(fault.OutOfRange, field+".amount", "%s.amount must be more than zero", field)
		return Money{}
	}
	return m
}
