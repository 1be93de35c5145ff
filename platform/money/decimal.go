package money

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"heyue/platform/fault"
)

// The bounds of a Decimal, which are also those of its column numeric(24,4).
const (
	MaxIntegerDigits = 20
	MaxDecimalDigits = 4
)

// Decimal is an exact decimal with at most 20 digits before the point and 4 after it: unit prices, quantities,
// percentages, and the amount of a Money. It is the API's Decimal, written as a string. The zero value is 0.
type Decimal struct{ d decimal.Decimal }

// ParseDecimal reads a plain decimal such as "-12.50": digits and at most one point, no exponent, no grouping, no
// leading plus. It fails with MALFORMED, or OUT_OF_RANGE when it has more digits than a Decimal holds.
func ParseDecimal(s string) (Decimal, error) {
	whole, frac, hasPoint := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if !digitsOnly(whole) || (hasPoint && !digitsOnly(frac)) {
		return Decimal{}, fault.New(fault.Invalid, fault.Malformed,
			"%q is not a decimal; write it as \"-12.50\", without exponent or grouping", clip(s))
	}
	whole, frac = strings.TrimLeft(whole, "0"), strings.TrimRight(frac, "0")
	if len(whole) > MaxIntegerDigits {
		return Decimal{}, fault.New(fault.Invalid, fault.OutOfRange,
			"%s has more than %d digits before the point", clip(s), MaxIntegerDigits)
	}
	if len(frac) > MaxDecimalDigits {
		return Decimal{}, fault.New(fault.Invalid, fault.OutOfRange,
			"%s has more than %d decimals", clip(s), MaxDecimalDigits)
	}
	n, _ := new(big.Int).SetString("0"+whole+frac, 10) // digits only, so it parses
	if s[0] == '-' {
		n.Neg(n)
	}
	return Decimal{decimal.NewFromBigInt(n, int32(-len(frac)))}, nil
}

// MustDecimal is ParseDecimal for constants and tests.
func MustDecimal(s string) Decimal {
	d, err := ParseDecimal(s)
	if err != nil {
		panic(err)
	}
	return d
}

// Whole returns n as a Decimal.
func Whole(n int64) Decimal { return Decimal{decimal.NewFromInt(n)} }

// String writes the decimal in full and in one way only, without zeros at the end: "12.5". The amount of a Money
// has all decimals of its currency: "12.50".
func (d Decimal) String() string {
	places := -d.d.Exponent()
	return d.d.StringFixed(max(places, 0))
}

// Cmp returns -1, 0 or 1 as d is less than, equal to or more than o.
func (d Decimal) Cmp(o Decimal) int { return d.d.Cmp(o.d) }

// Equal reports whether both are the same number; 1.5 equals 1.50.
func (d Decimal) Equal(o Decimal) bool { return d.d.Equal(o.d) }

// Plus returns the exact sum. It may have more digits than a Decimal is read with; a column refuses it then.
func (d Decimal) Plus(o Decimal) Decimal { return plain(d.d.Add(o.d)) }

// Minus returns the exact difference, likewise.
func (d Decimal) Minus(o Decimal) Decimal { return plain(d.d.Sub(o.d)) }

// Rat returns d as a fraction, for reckoning that divides.
func (d Decimal) Rat() *big.Rat { return d.d.Rat() }

// Truncate returns r with so many decimals, at most [MaxDecimalDigits], cut off and never rounded up: what is not quite
// reached is not shown as reached.
func Truncate(r *big.Rat, places int) Decimal {
	places = min(max(places, 0), MaxDecimalDigits)
	shift := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
	n := new(big.Int).Mul(r.Num(), shift)
	return plain(decimal.NewFromBigInt(n.Quo(n, r.Denom()), int32(-places)))
}

// plain writes a result without zeros at the end, as a Decimal that was read is.
func plain(d decimal.Decimal) Decimal {
	ten, n, places := big.NewInt(10), d.Coefficient(), d.Exponent()
	for places < 0 {
		q, rest := new(big.Int).QuoRem(n, ten, new(big.Int))
		if rest.Sign() != 0 {
			break
		}
		n, places = q, places+1
	}
	return Decimal{decimal.NewFromBigInt(n, places)}
}

// Sign returns -1, 0 or 1.
func (d Decimal) Sign() int { return d.d.Sign() }

// IsZero reports whether d is 0.
func (d Decimal) IsZero() bool { return d.d.IsZero() }

// Times returns price times quantity as a sum of currency c, rounded half away from zero to the currency's
// decimals (四舍五入): the total of one line of goods (M4). It fails with UNKNOWN_VALUE or OUT_OF_RANGE.
func Times(price, quantity Decimal, c Currency) (Money, error) {
	if !c.Valid() {
		return Money{}, unknownCurrency(string(c))
	}
	n := price.d.Mul(quantity.d).Shift(int32(c.Digits())).Round(0).BigInt()
	if !n.IsInt64() {
		return Money{}, outOfRange(c)
	}
	return Money{n.Int64(), c}, nil
}

// At returns m times rate divided by per as a sum of currency c, rounded half away from zero to the currency's decimals: a
// sum in another currency at an exchange rate. It fails with UNKNOWN_VALUE, or OUT_OF_RANGE, also for a per that is not
// positive.
func (m Money) At(rate, per Decimal, c Currency) (Money, error) {
	if !c.Valid() {
		return Money{}, unknownCurrency(string(c))
	}
	if per.Sign() <= 0 {
		return Money{}, outOfRange(c)
	}
	n := m.Amount().d.Mul(rate.d).Shift(int32(c.Digits())).DivRound(per.d, 0).BigInt()
	if !n.IsInt64() {
		return Money{}, outOfRange(c)
	}
	return Money{n.Int64(), c}, nil
}

// MarshalGQL writes the Decimal scalar: a string, so that no client reads it as a float.
func (d Decimal) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(d.String())) }

// UnmarshalGQL reads the Decimal scalar from a string or from a number written out exactly. A float literal is
// refused because its digits are already lost when it gets here.
func (d *Decimal) UnmarshalGQL(v any) error {
	var text string
	switch v := v.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	case int64:
		text = strconv.FormatInt(v, 10)
	case int:
		text = strconv.Itoa(v)
	default:
		return fault.New(fault.Invalid, fault.Malformed, "write a decimal as a string such as \"12.50\", not as %T", v)
	}
	parsed, err := ParseDecimal(text)
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// MarshalText writes the decimal in full.
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a plain decimal.
func (d *Decimal) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDecimal(string(b))
	return err
}

// Value implements driver.Valuer for a numeric(24,4) column.
func (d Decimal) Value() (driver.Value, error) { return d.String(), nil }

// Scan implements sql.Scanner for a numeric column. A NULL is refused: use a pointer where there may be one.
func (d *Decimal) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return d.UnmarshalText([]byte(v))
	case []byte:
		return d.UnmarshalText(v)
	case int64:
		*d = Whole(v)
		return nil
	}
	return fmt.Errorf("money: cannot scan %T into a Decimal", src)
}

func fromMinor(minor int64, digits int) Decimal { return Decimal{decimal.New(minor, int32(-digits))} }

func digitsOnly(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
