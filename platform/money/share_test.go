package money

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/platform/fault"
)

func sums(minor ...int64) []Money {
	out := make([]Money, len(minor))
	for i, n := range minor {
		out[i] = Of(n, CNY)
	}
	return out
}

func TestShare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		minor   int64
		weights []int64
		want    []Money
	}{
		{10000, []int64{30, 60, 10}, sums(3000, 6000, 1000)},
		{100, []int64{1, 1, 1}, sums(34, 33, 33)},
		{-100, []int64{1, 1, 1}, sums(-34, -33, -33)},
		{5, []int64{1, 0, 1}, sums(3, 0, 2)},
		{101, []int64{30, 70}, sums(30, 71)},
		{0, []int64{1, 2}, sums(0, 0)},
		{7, []int64{9}, sums(7)},
	} {
		got, err := Of(c.minor, CNY).Share(c.weights)
		if d := cmp.Diff(c.want, got); d != "" || err != nil {
			t.Errorf("%d shared by %v: %v (-want +got):\n%s", c.minor, c.weights, err, d)
		}
	}
}

func TestNoUnitIsLostOrMade(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := Of(draw(t, "minor"), CNY)
		weights := rapid.SliceOfN(rapid.Int64Range(0, 1<<62), 1, 40).Draw(t, "weights")
		weights[0]++ // not all zero
		parts, err := m.Share(weights)
		if err != nil {
			t.Fatal(err)
		}
		if total, err := Total(CNY, parts...); err != nil || total != m {
			t.Fatalf("parts of %v add up to %v, %v", m, total, err)
		}
		for i, p := range parts {
			if p.Sign() == -m.Sign() && p.Sign() != 0 || weights[i] == 0 && !p.IsZero() {
				t.Fatalf("part %d of %v with weight %d is %v", i, m, weights[i], p)
			}
		}
	})
}

func TestSplitIsEven(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := Of(draw(t, "minor"), CNY)
		n := rapid.IntRange(1, MaxShares).Draw(t, "n")
		parts, err := m.Split(n)
		if err != nil || len(parts) != n {
			t.Fatalf("%d parts, %v", len(parts), err)
		}
		total, err := Total(CNY, parts...)
		if err != nil || total != m {
			t.Fatalf("parts of %v add up to %v, %v", m, total, err)
		}
		if d := parts[0].Minor() - parts[n-1].Minor(); d < -1 || d > 1 {
			t.Fatalf("the parts differ by %d", d)
		}
	})
}

func TestShareRefuses(t *testing.T) {
	t.Parallel()
	for name, weights := range map[string][]int64{
		"none": nil, "too many": make([]int64, MaxShares+1), "negative": {1, -1}, "all zero": {0, 0},
	} {
		if parts, err := Of(1, CNY).Share(weights); fault.KindOf(err) != fault.Invalid || parts != nil {
			t.Errorf("%s: %v, %v", name, parts, err)
		}
	}
	for _, n := range []int{0, -1, MaxShares + 1} {
		if _, err := Of(1, CNY).Split(n); fault.KindOf(err) != fault.Invalid {
			t.Errorf("Split(%d): %v", n, err)
		}
	}
}
