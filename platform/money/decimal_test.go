package money

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/platform/fault"
)

func TestDecimalHasOneSpelling(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "-0.000": "0", "007": "7", "1.50": "1.5", "-12.3400": "-12.34", "0.0001": "0.0001",
		"99999999999999999999.9999":    "99999999999999999999.9999",
		"-00099999999999999999999.999": "-99999999999999999999.999",
	} {
		d, err := ParseDecimal(in)
		if err != nil || d.String() != want {
			t.Errorf("%q is read as %q, %v; want %q", in, d, err, want)
		}
	}
	if (Decimal{}).String() != "0" || !(Decimal{}).IsZero() {
		t.Errorf("the zero value is %q", Decimal{})
	}
}

func TestDecimalBounds(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"100000000000000000000", "0.00001", "1.00009", "1" + strings.Repeat("0", 100000)} {
		_, err := ParseDecimal(s)
		if l := fault.All(err); len(l) != 1 || l[0].Code != fault.OutOfRange || len(l[0].Message) > 120 {
			t.Errorf("ParseDecimal(%.30q) gave %v", s, err)
		}
	}
}

func TestDecimalOnTheWire(t *testing.T) {
	t.Parallel()
	for _, v := range []any{"12.50", json.Number("12.5"), json.Number("12.500")} {
		var d Decimal
		if err := d.UnmarshalGQL(v); err != nil || !d.Equal(MustDecimal("12.5")) {
			t.Errorf("%T %v is read as %v, %v", v, v, d, err)
		}
	}
	for _, v := range []any{int64(12), int(12)} {
		var d Decimal
		if err := d.UnmarshalGQL(v); err != nil || d.Cmp(Whole(12)) != 0 {
			t.Errorf("%T is read as %v, %v", v, d, err)
		}
	}
	for _, v := range []any{12.5, json.Number("1e3"), "", "12,5", nil, true, []any{"1"}} {
		d := Whole(7)
		if err := d.UnmarshalGQL(v); err == nil || !d.Equal(Whole(7)) {
			t.Errorf("%T %v is read as %v, %v", v, v, d, err)
		}
	}
	var b strings.Builder
	MustDecimal("12.50").MarshalGQL(&b)
	b.WriteByte(' ')
	Of(1250, CNY).Amount().MarshalGQL(&b)
	if got, want := b.String(), `"12.5" "12.50"`; got != want {
		t.Errorf("written as %s, want %s", got, want)
	}
}

func TestDecimalInTheDatabase(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`-?[0-9]{1,20}(\.[0-9]{1,4})?`).Draw(t, "text")
		d := MustDecimal(s)
		v, err := d.Value()
		if err != nil {
			t.Fatal(err)
		}
		var fromText, fromBytes Decimal
		if err := fromText.Scan(v); err != nil {
			t.Fatal(err)
		}
		if err := fromBytes.Scan([]byte(v.(string))); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]Decimal{d, d}, []Decimal{fromText, fromBytes}); d != "" {
			t.Fatal(d)
		}
	})
	var d Decimal
	if err := d.Scan(nil); err == nil {
		t.Error("NULL was scanned")
	}
}

func TestTimesRoundsHalfAwayFromZero(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		price, quantity string
		currency        Currency
		want            string
	}{
		{"12.50", "3", "CNY", "37.50 CNY"},
		{"0.005", "1", "CNY", "0.01 CNY"},
		{"-0.005", "1", "CNY", "-0.01 CNY"},
		{"0.0049", "1", "CNY", "0.00 CNY"},
		{"33.3333", "3", "CNY", "100.00 CNY"},
		{"0.5", "1", "JPY", "1 JPY"},
		{"1.2345", "1000", "KWD", "1234.500 KWD"},
	} {
		got, err := Times(MustDecimal(c.price), MustDecimal(c.quantity), c.currency)
		if err != nil || got.String() != c.want {
			t.Errorf("%s × %s = %v, %v; want %s", c.price, c.quantity, got, err, c.want)
		}
	}
	if _, err := Times(MustDecimal("99999999999999999999"), Whole(2), CNY); fault.All(err)[0].Code != fault.OutOfRange {
		t.Errorf("a product that does not fit gave %v", err)
	}
	if _, err := Times(Whole(1), Whole(2), "XXX"); fault.All(err)[0].Code != fault.UnknownValue {
		t.Errorf("no currency gave %v", err)
	}
}

func TestDecimalReckonsExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.Custom(func(t *rapid.T) Decimal {
			return MustDecimal(rapid.StringMatching(`-?[0-9]{1,15}(\.[0-9]{1,4})?`).Draw(t, "text"))
		})
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		if !a.Plus(b).Minus(b).Equal(a) || a.Minus(b).Sign() != a.Cmp(b) {
			t.Fatalf("%s and %s do not add up", a, b)
		}
		if sum := a.Plus(b); sum.String() != MustDecimal(sum.String()).String() {
			t.Fatalf("%s has two spellings", sum)
		}
		if back := Truncate(a.Rat(), MaxDecimalDigits); !back.Equal(a) {
			t.Fatalf("%s came back as %s", a, back)
		}
	})
}

func TestTruncateNeverRoundsUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		num, denom int64
		places     int
		want       string
	}{{2, 3, 2, "0.66"}, {-2, 3, 2, "-0.66"}, {999999, 1000000, 2, "0.99"}, {1, 1, 2, "1"}, {7, 2, 0, "3"}, {1, 3, 9, "0.3333"}, {7, 2, -1, "3"}, {1, 2, 4, "0.5"}, {0, 1, 2, "0"}, {20, 1, 2, "20"}} {
		if got := Truncate(big.NewRat(c.num, c.denom), c.places); got.String() != c.want {
			t.Errorf("%d/%d at %d places is %s, want %s", c.num, c.denom, c.places, got, c.want)
		}
	}
}
