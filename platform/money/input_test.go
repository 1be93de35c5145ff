package money

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/platform/fault"
)

func TestInputReportsWhereAndWhat(t *testing.T) {
	t.Parallel()
	type read func(Input, *fault.Check, string) Money
	for _, c := range []struct {
		name             string
		amount, currency string
		read             read
		want             Money
		fault            string
	}{
		{"plain", "12.50", "CNY", Input.Money, Of(1250, CNY), ""},
		{"negative where allowed", "-1", "CNY", Input.Money, Of(-100, CNY), ""},
		{"unknown currency", "1", "CNH", Input.Money, Money{}, "value.currency UNKNOWN_VALUE"},
		{"too many decimals", "1.001", "CNY", Input.Money, Money{}, "value.amount MALFORMED"},
		{"too large", "99999999999999999999", "CNY", Input.Money, Money{}, "value.amount OUT_OF_RANGE"},
		{"zero is not negative", "0", "CNY", Input.NotNegative, Of(0, CNY), ""},
		{"negative", "-0.01", "CNY", Input.NotNegative, Money{}, "value.amount OUT_OF_RANGE"},
		{"positive", "0.01", "CNY", Input.Positive, Of(1, CNY), ""},
		{"zero is not positive", "0", "CNY", Input.Positive, Money{}, "value.amount OUT_OF_RANGE"},
		{"one fault only", "-1", "", Input.Positive, Money{}, "value.currency UNKNOWN_VALUE"},
	} {
		var check fault.Check
		in := Input{Amount: MustDecimal(c.amount), Currency: Currency(c.currency)}
		got := c.read(in, &check, "value")
		var faults []string
		for _, f := range fault.All(check.Err()) {
			faults = append(faults, strings.Join(f.Field, ".")+" "+string(f.Code))
		}
		if d := cmp.Diff(c.fault, strings.Join(faults, "; ")); d != "" || got != c.want {
			t.Errorf("%s: %v (-want +got):\n%s", c.name, got, d)
		}
	}
}

func TestCurrencyCodeScalar(t *testing.T) {
	t.Parallel()
	var c Currency
	if err := c.UnmarshalGQL("EUR"); err != nil || c != "EUR" || c.Digits() != 2 {
		t.Errorf("%q, %v", c, err)
	}
	for _, v := range []any{"eur", "RMB", "", "EURO", 978, nil, strings.Repeat("€", 1000)} {
		err := (&c).UnmarshalGQL(v)
		if err == nil || c != "EUR" && c != "" || len(err.Error()) > 250 {
			t.Errorf("%v was taken as %q, %v", v, c, err)
		}
	}
	var b strings.Builder
	CNY.MarshalGQL(&b)
	if b.String() != `"CNY"` {
		t.Errorf("written as %s", b.String())
	}
}
