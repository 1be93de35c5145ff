package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/platform/fault"
	"heyue/platform/money"
)

func lines(minor ...int64) []money.Money {
	out := make([]money.Money, len(minor))
	for i, n := range minor {
		out[i] = cny(n)
	}
	return out
}

func TestShape(t *testing.T) {
	t.Parallel()
	tooMany, err := cny(2010).Split(MaxLines + 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		mode      Mode
		vehicle   bool
		value     int64
		lines     []money.Money
		tolerance int64
		want      []string
	}{
		{"deposit and balance", DepositBalance, true, 1000, lines(200, 800), 0, nil},
		{"single", Single, true, 1000, lines(1000), 0, nil},
		{"loan with down payment", Loan, true, 1000, lines(300, 700), 0, nil},
		{"loan alone", Loan, true, 1000, lines(1000), 0, nil},
		{"instalments", Instalments, false, 1000, lines(1, 2, 3, 994), 0, nil},
		{"no instalments for a vehicle", Instalments, true, 1000, lines(500, 500), 0, []string{"mode UNKNOWN_VALUE"}},
		{"deposit without balance", DepositBalance, true, 1000, lines(1000), 0, []string{"lines OUT_OF_RANGE"}},
		{"single in two", Single, false, 1000, lines(500, 500), 0, []string{"lines OUT_OF_RANGE"}},
		{"loan in three", Loan, false, 1000, lines(500, 300, 200), 0, []string{"lines OUT_OF_RANGE"}},
		{"no lines", Instalments, false, 1000, nil, 0, []string{"lines OUT_OF_RANGE", "lines INCONSISTENT"}},
		{"too many lines", Instalments, false, 2010, tooMany, 0, []string{"lines OUT_OF_RANGE"}},
		{"total too small", Instalments, false, 1000, lines(500, 499), 0, []string{"lines INCONSISTENT"}},
		{"total within tolerance", Instalments, false, 1000, lines(500, 499), 1, nil},
		{"total too large", Instalments, false, 1000, lines(500, 502), 1, []string{"lines INCONSISTENT"}},
		{"a zero line", Instalments, false, 1000, lines(1000, 0), 0, []string{"lines.1.amount OUT_OF_RANGE"}},
		{
			"everything at once", "BARTER", true, 1000, append(lines(-1), money.Of(1, "USD")), 0,
			[]string{"mode UNKNOWN_VALUE", "lines.0.amount OUT_OF_RANGE", "lines.1.amount INCONSISTENT"},
		},
		{"a total that does not fit", Instalments, false, 1000, lines(1<<62, 1<<62), 0, []string{"lines OUT_OF_RANGE"}},
	} {
		err := Shape(c.mode, c.vehicle, cny(c.value), c.lines, cny(c.tolerance))
		var got []string
		for _, f := range fault.All(err) {
			got = append(got, strings.Join(f.Field, ".")+" "+string(f.Code))
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}
