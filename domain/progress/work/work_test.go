package work

import (
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"heyue/domain/alerts/due"
	"heyue/platform/fault"
	"heyue/platform/money"
)

func TestWords(t *testing.T) {
	t.Parallel()
	seen := map[due.Kind]bool{}
	for _, k := range Kinds() {
		if !k.Valid() || !slices.Contains(due.Kind("").Values(), string(k.Due())) || seen[k.Due()] {
			t.Errorf("%s is due as %s", k, k.Due())
		}
		seen[k.Due()] = true
	}
	for _, s := range States() {
		if !s.Valid() || s.IsOpen() != (s == Planned || s == Started) {
			t.Errorf("%s is open: %v", s, s.IsOpen())
		}
	}
	if Kind("BARTER").Valid() || State("LOST").Valid() {
		t.Error("unknown words are valid")
	}
}

func quantity(t *rapid.T, name string) money.Decimal {
	return money.MustDecimal(rapid.StringMatching(`[1-9][0-9]{0,5}(\.[0-9]{1,4})?`).Draw(t, name))
}

// TestPostingsStayWithinThePlan posts anything; what is taken adds up, what is refused would have gone beyond the plan, and
// the state is what the tables hold it to.
func TestPostingsStayWithinThePlan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		planned, actual := quantity(t, "planned"), money.Whole(0)
		for range rapid.IntRange(1, 12).Draw(t, "postings") {
			q := quantity(t, "quantity").Minus(money.Whole(rapid.Int64Range(0, 3).Draw(t, "less")))
			after, err := Post(planned, actual, q)
			fits := q.Sign() > 0 && actual.Plus(q).Cmp(planned) <= 0
			if fits != (err == nil) {
				t.Fatalf("%s on %s of %s: %v", q, actual, planned, err)
			}
			if err != nil {
				if f := fault.All(err)[0]; f.Code != fault.OutOfRange || !after.Equal(actual) {
					t.Fatalf("%v moved %s to %s", err, actual, after)
				}
				continue
			}
			actual = after
			s := Reached(planned, actual)
			if (s == Done) != actual.Equal(planned) || (s == Planned) != actual.IsZero() || actual.Cmp(planned) > 0 {
				t.Fatalf("%s of %s is %s", actual, planned, s)
			}
		}
		if err := Replan(actual, actual); (err == nil) != (actual.Sign() > 0) {
			t.Fatalf("planning what is done (%s): %v", actual, err)
		}
		if err := Replan(actual.Minus(money.MustDecimal("0.0001")), actual); err == nil {
			t.Fatalf("less than %s can be planned", actual)
		}
	})
}

// TestCompletion holds for any lines: from 0 to 100, 100 exactly when all is done, never more than the exact share and never
// 0.01 less; a posting never takes it down, and cancelled lines do not count.
func TestCompletion(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var parts []Part
		exact, weights := new(big.Rat), int64(0)
		all := true
		for range rapid.IntRange(0, 8).Draw(t, "lines") {
			p := Part{Planned: quantity(t, "planned"), Weight: rapid.IntRange(1, MaxWeight).Draw(t, "weight")}
			switch rapid.IntRange(0, 3).Draw(t, "how") {
			case 0:
				p.Actual = p.Planned
			case 1:
				if q := quantity(t, "actual"); q.Cmp(p.Planned) < 0 {
					p.Actual = q
				}
			case 2:
				p.State = Cancelled
			}
			if p.State != Cancelled {
				p.State = Reached(p.Planned, p.Actual)
				all = all && p.State == Done
				weights += int64(p.Weight)
				share := new(big.Rat).Quo(p.Actual.Rat(), p.Planned.Rat())
				exact.Add(exact, share.Mul(share, big.NewRat(int64(p.Weight), 1)))
			}
			if one := p.Percent(); one.Equal(money.Whole(100)) != (p.Actual.Equal(p.Planned)) {
				t.Fatalf("%s of %s is %s %%", p.Actual, p.Planned, one)
			}
			parts = append(parts, p)
		}
		got, ok := Complete(parts)
		if ok != (weights > 0) {
			t.Fatalf("nothing to do: %v, %v", !ok, parts)
		}
		if !ok {
			return
		}
		if got.Sign() < 0 || got.Cmp(money.Whole(100)) > 0 || got.Equal(money.Whole(100)) != all {
			t.Fatalf("%s %% of %v", got, parts)
		}
		exact.Mul(exact, big.NewRat(100, weights))
		gap := new(big.Rat).Sub(exact, got.Rat())
		if gap.Sign() < 0 || gap.Cmp(big.NewRat(1, 100)) >= 0 {
			t.Fatalf("%s %%, exactly %s", got, exact.FloatString(6))
		}
		for i, p := range parts {
			if p.State == Planned || p.State == Started {
				more := slices.Clone(parts)
				more[i].Actual, more[i].State = p.Planned, Done
				if after, _ := Complete(more); after.Cmp(got) < 0 {
					t.Fatalf("finishing line %d took %s to %s", i, got, after)
				}
			}
		}
	})
}

func TestShare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		part, whole int64
		want        string
	}{{1, 3, "33.33"}, {0, 5, "0"}, {5, 5, "100"}, {6, 5, "100"}, {-1, 5, "0"}, {9999999, 10000000, "99.99"}} {
		if got, ok := Share(c.part, c.whole); !ok || !got.Equal(money.MustDecimal(c.want)) {
			t.Errorf("%d of %d is %s %%, %v", c.part, c.whole, got, ok)
		}
	}
	if _, ok := Share(1, 0); ok {
		t.Error("a share of nothing")
	}
}

func TestWeights(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		worth []int64
		want  []int
	}{
		{[]int64{100, 300}, []int{2500, 7500}}, {[]int64{0, 0}, []int{1, 1}}, {nil, []int{}}, {[]int64{1, 1 << 62, 1 << 62}, []int{1, 4999, 4999}},
		{[]int64{7}, []int{MaxWeight}},
	} {
		if got := Weights(c.worth); !slices.Equal(got, c.want) {
			t.Errorf("%v weigh %v, want %v", c.worth, got, c.want)
		}
	}
}
