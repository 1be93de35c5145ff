package money

import (
	"encoding/json"
	"math"
	"strings"

	"heyue/platform/fault"
)

// Money is a sum in one currency. It is a value: it never changes, compares with ==, and one made by this
// package is always valid. The zero value is "no sum": no currency, nothing can be added to it.
// Bind it to the API's object type Money; its fields amount and currency are the methods Amount and Currency.
type Money struct {
	minor    int64
	currency Currency
}

// Of returns minor units (fen for CNY) of a currency, as the database stores them. Use it for values that were
// valid when they were stored; input goes through Parse or Input.
func Of(minor int64, c Currency) Money { return Money{minor, c} }

// Parse reads an amount such as "149597.00" exactly. It fails with UNKNOWN_VALUE for a currency not in ISO 4217,
// MALFORMED for text that is not a plain decimal or has more decimals than the currency (zeros at the end do not
// count), and OUT_OF_RANGE for a sum beyond 63 bits of minor units (92 quadrillion yuan).
func Parse(amount string, c Currency) (Money, error) {
	d, err := ParseDecimal(amount)
	if err != nil {
		return Money{}, err
	}
	return FromDecimal(d, c)
}

// FromDecimal turns an exact decimal into a sum, with the faults of Parse.
func FromDecimal(d Decimal, c Currency) (Money, error) {
	if !c.Valid() {
		return Money{}, unknownCurrency(string(c))
	}
	scaled := d.d.Shift(int32(c.Digits()))
	if !scaled.IsInteger() {
		return Money{}, fault.New(fault.Invalid, fault.Malformed,
			"%s has too many decimals: %s has %d", d, c, c.Digits())
	}
	n := scaled.BigInt()
	if !n.IsInt64() {
		return Money{}, outOfRange(c)
	}
	return Money{n.Int64(), c}, nil
}

// Minor returns the sum in minor units, as the database stores it.
func (m Money) Minor() int64 { return m.minor }

// Currency returns the currency, "" for no sum.
func (m Money) Currency() Currency { return m.currency }

// Amount returns the sum as an exact decimal with the currency's number of decimals: 149597.00 in CNY.
func (m Money) Amount() Decimal { return fromMinor(m.minor, m.currency.Digits()) }

// String returns the amount and the currency: "149597.00 CNY". It is for logs and messages; text for people is
// formatted by their locale.
func (m Money) String() string {
	return strings.TrimSpace(m.Amount().String() + " " + string(m.currency))
}

// IsZero reports whether the sum is nothing, in whatever currency.
func (m Money) IsZero() bool { return m.minor == 0 }

// Sign returns -1, 0 or 1.
func (m Money) Sign() int {
	switch {
	case m.minor < 0:
		return -1
	case m.minor > 0:
		return 1
	}
	return 0
}

// Equal reports whether both the sum and the currency are the same.
func (m Money) Equal(o Money) bool { return m == o }

// Add returns m + o. It fails with INCONSISTENT when the currencies differ and OUT_OF_RANGE when the sum does
// not fit.
func (m Money) Add(o Money) (Money, error) {
	if m.currency != o.currency {
		return Money{}, otherCurrency(m.currency, o.currency)
	}
	s := m.minor + o.minor
	if (s > m.minor) != (o.minor > 0) && o.minor != 0 {
		return Money{}, outOfRange(m.currency)
	}
	return Money{s, m.currency}, nil
}

// Sub returns m - o, with the faults of Add.
func (m Money) Sub(o Money) (Money, error) {
	if m.currency != o.currency {
		return Money{}, otherCurrency(m.currency, o.currency)
	}
	s := m.minor - o.minor
	if (s < m.minor) != (o.minor > 0) && o.minor != 0 {
		return Money{}, outOfRange(m.currency)
	}
	return Money{s, m.currency}, nil
}

// Neg returns -m. It fails with OUT_OF_RANGE for the one sum whose negative does not fit.
func (m Money) Neg() (Money, error) {
	if m.minor == math.MinInt64 {
		return Money{}, outOfRange(m.currency)
	}
	return Money{-m.minor, m.currency}, nil
}

// Cmp returns -1, 0 or 1 as m is less than, equal to or more than o. It fails with INCONSISTENT when the
// currencies differ.
func (m Money) Cmp(o Money) (int, error) {
	switch {
	case m.currency != o.currency:
		return 0, otherCurrency(m.currency, o.currency)
	case m.minor < o.minor:
		return -1, nil
	case m.minor > o.minor:
		return 1, nil
	}
	return 0, nil
}

// Total adds up sums of currency c; of none it is zero. It has the faults of Add.
func Total(c Currency, sums ...Money) (Money, error) {
	t := Of(0, c)
	for _, s := range sums {
		var err error
		if t, err = t.Add(s); err != nil {
			return Money{}, err
		}
	}
	return t, nil
}

type wire struct {
	Amount   string   `json:"amount"`
	Currency Currency `json:"currency"`
}

// MarshalJSON writes {"amount":"149597.00","currency":"CNY"}, the form events and exports carry.
func (m Money) MarshalJSON() ([]byte, error) {
	return json.Marshal(wire{m.Amount().String(), m.currency})
}

// UnmarshalJSON reads what MarshalJSON writes and nothing looser.
func (m *Money) UnmarshalJSON(b []byte) error {
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	parsed, err := Parse(w.Amount, w.Currency)
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

func outOfRange(c Currency) *fault.Fault {
	return fault.New(fault.Invalid, fault.OutOfRange, "the sum is too large; at most %s can be stored",
		Of(math.MaxInt64, c))
}
