package money

import (
	"encoding/json"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"heyue/platform/fault"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount   string
		currency Currency
		minor    int64
		text     string
	}{
		{"149597", "CNY", 14959700, "149597.00 CNY"},
		{"149597.00", "CNY", 14959700, "149597.00 CNY"},
		{"0.01", "CNY", 1, "0.01 CNY"},
		{"-0.01", "CNY", -1, "-0.01 CNY"},
		{"-0", "CNY", 0, "0.00 CNY"},
		{"0001.5000000000", "CNY", 150, "1.50 CNY"},
		{"1200", "JPY", 1200, "1200 JPY"},
		{"1200.00", "JPY", 1200, "1200 JPY"},
		{"1.234", "KWD", 1234, "1.234 KWD"},
		{"1.2345", "CLF", 12345, "1.2345 CLF"},
		{"92233720368547758.07", "CNY", math.MaxInt64, "92233720368547758.07 CNY"},
		{"-92233720368547758.08", "CNY", math.MinInt64, "-92233720368547758.08 CNY"},
	} {
		m, err := Parse(c.amount, c.currency)
		if err != nil || m.Minor() != c.minor || m.String() != c.text {
			t.Errorf("Parse(%q, %s) = %v (%d), %v; want %s (%d)", c.amount, c.currency, m, m.Minor(), err, c.text, c.minor)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount   string
		currency Currency
		want     fault.Code
	}{
		{"1", "RMB", fault.UnknownValue}, {"1", "cny", fault.UnknownValue}, {"1", "", fault.UnknownValue},
		{"1.005", "CNY", fault.Malformed}, {"0.5", "JPY", fault.Malformed},
		{"92233720368547758.08", "CNY", fault.OutOfRange}, {"-92233720368547758.09", "CNY", fault.OutOfRange},
		{"99999999999999999999", "JPY", fault.OutOfRange}, {"123456789012345678901", "JPY", fault.OutOfRange},
		{"1.23456", "CLF", fault.OutOfRange},
		{"", "CNY", fault.Malformed}, {"-", "CNY", fault.Malformed}, {".5", "CNY", fault.Malformed},
		{"5.", "CNY", fault.Malformed}, {"1e3", "CNY", fault.Malformed}, {"+1", "CNY", fault.Malformed},
		{"1,000", "CNY", fault.Malformed}, {" 1", "CNY", fault.Malformed}, {"１", "CNY", fault.Malformed},
		{"--1", "CNY", fault.Malformed}, {"1.2.3", "CNY", fault.Malformed}, {"NaN", "CNY", fault.Malformed},
	} {
		m, err := Parse(c.amount, c.currency)
		l := fault.All(err)
		if len(l) != 1 || l[0].Code != c.want || l[0].Kind != fault.Invalid || m != (Money{}) {
			t.Errorf("Parse(%q, %q) = %v, %v; want %s", c.amount, c.currency, m, err, c.want)
		}
	}
}

func draw(t *rapid.T, name string) int64 {
	return rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, -1, math.MaxInt64, math.MinInt64})).Draw(t, name)
}

func TestAmountRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom([]Currency{"CNY", "JPY", "KWD", "CLF", "USD"}).Draw(t, "currency")
		m := Of(draw(t, "minor"), c)
		got, err := Parse(m.Amount().String(), c)
		if err != nil || got != m {
			t.Fatalf("%v -> %q -> %v, %v", m, m.Amount(), got, err)
		}
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back Money
		if err := json.Unmarshal(text, &back); err != nil || !back.Equal(m) {
			t.Fatalf("%v -> %s -> %v, %v", m, text, back, err)
		}
	})
}

// TestArithmeticAgreesWithBigIntegers holds Add, Sub, Neg and Cmp against arithmetic that cannot overflow.
func TestArithmeticAgreesWithBigIntegers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "a"), draw(t, "b")
		x, y := big.NewInt(a), big.NewInt(b)
		m, n := Of(a, CNY), Of(b, CNY)
		check := func(op string, got Money, err error, want *big.Int) {
			if want.IsInt64() != (err == nil) || (err == nil && got != Of(want.Int64(), CNY)) {
				t.Fatalf("%d %s %d = %v, %v; want %v", a, op, b, got, err, want)
			}
			if err != nil && fault.All(err)[0].Code != fault.OutOfRange {
				t.Fatalf("%d %s %d: %v", a, op, b, err)
			}
		}
		sum, err := m.Add(n)
		check("+", sum, err, new(big.Int).Add(x, y))
		diff, err := m.Sub(n)
		check("-", diff, err, new(big.Int).Sub(x, y))
		neg, err := m.Neg()
		check("neg", neg, err, new(big.Int).Neg(x))
		if c, err := m.Cmp(n); err != nil || c != x.Cmp(y) || m.Sign() != x.Sign() || m.IsZero() != (a == 0) {
			t.Fatalf("comparing %d with %d: %d, %v", a, b, c, err)
		}
	})
}

func TestCurrenciesDoNotMix(t *testing.T) {
	t.Parallel()
	for _, other := range []Money{Of(1, "USD"), {}} {
		_, e1 := Of(1, CNY).Add(other)
		_, e2 := Of(1, CNY).Sub(other)
		_, e3 := Of(1, CNY).Cmp(other)
		_, e4 := Total(CNY, Of(1, CNY), other)
		for _, err := range []error{e1, e2, e3, e4} {
			if l := fault.All(err); len(l) != 1 || l[0].Code != fault.Inconsistent {
				t.Errorf("CNY with %v: %v", other, err)
			}
		}
	}
}

func TestTotal(t *testing.T) {
	t.Parallel()
	if got, err := Total(CNY); err != nil || got != Of(0, CNY) {
		t.Errorf("the total of nothing is %v, %v", got, err)
	}
	if got, err := Total(CNY, Of(30, CNY), Of(12, CNY), Of(-2, CNY)); err != nil || got != Of(40, CNY) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestJSONIsExact(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(Of(14959700, CNY))
	if want := `{"amount":"149597.00","currency":"CNY"}`; err != nil || string(b) != want {
		t.Errorf("got %s, %v; want %s", b, err, want)
	}
	for _, s := range []string{`{"amount":1.5,"currency":"CNY"}`, `{"amount":"1.5"}`, `{"amount":"1.555","currency":"CNY"}`, `"1"`} {
		var m Money
		if err := json.Unmarshal([]byte(s), &m); err == nil {
			t.Errorf("%s was read as %v", s, m)
		}
	}
}
