// Package money holds sums of money, currencies and exact decimals. A sum is a whole number of the currency's
// minor units (fen, cents), because that is what the database stores and compares (architecture.md 5.7): nothing
// is ever rounded unless a function says so, and two currencies never mix by accident.
package money

import (
	"io"
	"strconv"

	"github.com/bojanz/currency"

	"heyue/platform/fault"
)

// Currency is an ISO 4217 code of three capital letters, such as CNY. It is the API's CurrencyCode.
type Currency string

// CNY is the renminbi, the currency tenants start with.
const CNY Currency = "CNY"

// ParseCurrency reads an ISO 4217 code in capital letters. It fails with Invalid UNKNOWN_VALUE on anything else.
func ParseCurrency(s string) (Currency, error) {
	if !Currency(s).Valid() {
		return "", unknownCurrency(s)
	}
	return Currency(s), nil
}

// Valid reports whether c is a currency of ISO 4217 in use today.
func (c Currency) Valid() bool { return currency.IsValid(string(c)) && c != "" }

// Digits returns how many decimals the currency has: 2 for CNY, 0 for JPY, 3 for KWD. It is 0 for a code that
// is not Valid.
func (c Currency) Digits() int {
	d, ok := currency.GetDigits(string(c))
	if !ok {
		return 0
	}
	return int(d)
}

// String returns the code.
func (c Currency) String() string { return string(c) }

// MarshalGQL writes the CurrencyCode scalar.
func (c Currency) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(string(c))) }

// UnmarshalGQL reads the CurrencyCode scalar and refuses codes that are not in ISO 4217.
func (c *Currency) UnmarshalGQL(v any) (err error) {
	s, ok := v.(string)
	if !ok {
		return fault.New(fault.Invalid, fault.Malformed, "a currency code is a string such as \"CNY\", not %T", v)
	}
	*c, err = ParseCurrency(s)
	return err
}

func unknownCurrency(s string) *fault.Fault {
	return fault.New(fault.Invalid, fault.UnknownValue,
		"%q is not a currency code; write the three capital letters of ISO 4217, such as CNY", clip(s))
}

func otherCurrency(a, b Currency) *fault.Fault {
	return fault.New(fault.Invalid, fault.Inconsistent, "%s and %s cannot be reckoned together", orNone(a), orNone(b))
}

func orNone(c Currency) string {
	if c == "" {
		return "a sum without a currency"
	}
	return string(c)
}

// clip keeps a hostile value from filling messages and logs.
func clip(s string) string {
	const most = 40
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most]) + "…"
}
