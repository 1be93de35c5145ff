package custom_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/domain/fields/custom"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

func TestSettle(t *testing.T) {
	t.Parallel()
	user := publicid.Any{Prefix: publicid.PrefixUserID, UUID: publicid.NewUserID().UUID()}
	customer := publicid.Any{Prefix: publicid.PrefixCustomerID, UUID: publicid.NewCustomerID().UUID()}
	long := money.MustDecimal("123456789012345")
	note := &custom.Input{Key: "note", Text: ptr("x")}
	for name, c := range map[string]struct {
		in     []*custom.Input
		made   bool
		faults string
	}{
		"nothing":                 {nil, false, ""},
		"nothing of a new record": {nil, true, "custom REQUIRED"},
		"every type": {[]*custom.Input{
			note, {Key: "rate", Number: ptr(money.MustDecimal("12.5"))}, {Key: "deposit", Money: &money.Input{Amount: money.Whole(1), Currency: "CNY"}},
			{Key: "visited", Date: ptr(date.MustParse("2026-11-30"))}, {Key: "level", Choice: ptr("gold")}, {Key: "guide", Reference: &user},
		}, true, ""},
		"no such field":          {[]*custom.Input{note, {Key: "a.b", Text: ptr("x")}}, true, "custom.1.key UNKNOWN_VALUE"},
		"a field twice":          {[]*custom.Input{note, note}, true, "custom.1.key DUPLICATE"},
		"an archived field":      {[]*custom.Input{note, {Key: "gone", Text: ptr("x")}}, true, "custom.1.key NOT_ALLOWED"},
		"taken away":             {[]*custom.Input{{Key: "rate"}}, false, ""},
		"a required one":         {[]*custom.Input{{Key: "note"}}, false, "custom.0.text REQUIRED"},
		"a required one, new":    {[]*custom.Input{{Key: "note"}}, true, "custom.0.text REQUIRED"},
		"another type":           {[]*custom.Input{{Key: "note", Number: &long}}, true, "custom.0.text MALFORMED"},
		"two values":             {[]*custom.Input{{Key: "note", Text: ptr("x"), Choice: ptr("y")}}, true, "custom.0.text INCONSISTENT"},
		"too large a number":     {[]*custom.Input{note, {Key: "rate", Number: &long}}, true, "custom.1.number OUT_OF_RANGE"},
		"too exact a sum":        {[]*custom.Input{note, {Key: "deposit", Money: &money.Input{Amount: money.MustDecimal("0.001"), Currency: "CNY"}}}, true, "custom.1.money MALFORMED"},
		"an option that is none": {[]*custom.Input{note, {Key: "level", Choice: ptr("tin")}}, true, "custom.1.choice UNKNOWN_VALUE"},
		"a reference elsewhere":  {[]*custom.Input{note, {Key: "guide", Reference: &customer}}, true, "custom.1.reference MALFORMED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var check fault.Check
			custom.Settle(&check, fields(), nil, c.in, c.made)
			if f := faults(check); f != c.faults {
				t.Errorf("faults %q, want %q", f, c.faults)
			}
		})
	}
}

// TestTenThousandths: the column orders numbers as they are, and tells all of them apart.
func TestTenThousandths(t *testing.T) {
	t.Parallel()
	draw := rapid.StringMatching(`-?[0-9]{1,14}(\.[0-9]{1,4})?`)
	rapid.Check(t, func(r *rapid.T) {
		a, b := money.MustDecimal(draw.Draw(r, "a")), money.MustDecimal(draw.Draw(r, "b"))
		x, y := custom.TenThousandths(a), custom.TenThousandths(b)
		if diff := cmp.Diff(a.Cmp(b), cmpInts(x, y)); diff != "" {
			r.Fatalf("%s and %s are %d and %d", a, b, x, y)
		}
	})
	for text, want := range map[string]int64{"12.5": 125000, "-0.0001": -1, "99999999999999999999": 1<<63 - 1, "-99999999999999999999": -1 << 63} {
		if got := custom.TenThousandths(money.MustDecimal(text)); got != want {
			t.Errorf("%s is %d, want %d", text, got, want)
		}
	}
}

func cmpInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func ptr[T any](v T) *T { return &v }
