package plan

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"heyue/platform/fault"
	"heyue/platform/money"
)

func cny(minor int64) money.Money { return money.Of(minor, money.CNY) }

func TestBook(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                          string
		planned, paid, amount, excess money.Money
		want                          int64
		code                          fault.Code
	}{
		{"first part", cny(1000), cny(0), cny(400), cny(0), 400, ""},
		{"the rest", cny(1000), cny(400), cny(600), cny(0), 1000, ""},
		{"one fen too much", cny(1000), cny(400), cny(601), cny(0), 0, fault.OutOfRange},
		{"within the excess", cny(1000), cny(400), cny(610), cny(10), 1010, ""},
		{"beyond the excess", cny(1000), cny(400), cny(611), cny(10), 0, fault.OutOfRange},
		{"already beyond", cny(1000), cny(1010), cny(1), cny(0), 0, fault.OutOfRange},
		{"nothing", cny(1000), cny(0), cny(0), cny(0), 0, fault.OutOfRange},
		{"negative", cny(1000), cny(500), cny(-1), cny(0), 0, fault.OutOfRange},
		{"other currency", cny(1000), cny(0), money.Of(1, "USD"), cny(0), 0, fault.Inconsistent},
		{"no such sum", cny(1000), cny(500), cny(math.MaxInt64), cny(0), 0, fault.OutOfRange},
	} {
		got, err := Book(c.planned, c.paid, c.amount, c.excess)
		if c.code == "" && (err != nil || got != cny(c.want)) {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, cny(c.want))
		}
		if l := fault.All(err); c.code != "" && (len(l) != 1 || l[0].Code != c.code || strings.Join(l[0].Field, ".") != "amount") {
			t.Errorf("%s: %v, %v; want %s on amount", c.name, got, err, c.code)
		}
	}
}

func TestRefund(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		paid, amount, want int64
		ok                 bool
	}{{1000, 400, 600, true}, {1000, 1000, 0, true}, {1000, 1001, 0, false}, {1000, 0, 0, false}, {1000, -1, 0, false}, {0, 1, 0, false}} {
		got, err := Refund(cny(c.paid), cny(c.amount))
		if (err == nil) != c.ok || (c.ok && got != cny(c.want)) || (err != nil && fault.KindOf(err) != fault.Invalid) {
			t.Errorf("refund %d of %d: %v, %v", c.amount, c.paid, got, err)
		}
	}
}

// TestAnyOrderOfBookingsKeepsTheBounds: whatever is tried, 0 ≤ paid ≤ planned + excess, and the state follows.
func TestAnyOrderOfBookingsKeepsTheBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		planned := cny(rapid.Int64Range(1, 1_000_000).Draw(t, "planned"))
		excess, err := Tolerance(planned, rapid.IntRange(0, MaxTolerance).Draw(t, "bp"))
		if err != nil {
			t.Fatal(err)
		}
		paid := cny(0)
		for range rapid.IntRange(1, 30).Draw(t, "tries") {
			amount := cny(rapid.Int64Range(-10, 500_000).Draw(t, "amount"))
			next, err := Book(planned, paid, amount, excess)
			if rapid.Bool().Draw(t, "refund") {
				next, err = Refund(paid, amount)
			}
			if err != nil {
				continue
			}
			paid = next
			if paid.Sign() < 0 || paid.Minor() > planned.Minor()+excess.Minor() {
				t.Fatalf("%v paid of %v + %v", paid, planned, excess)
			}
			s, err := State(planned, paid)
			if err != nil || s.IsOpen() != (paid.Minor() < planned.Minor()) || (s == Planned) != paid.IsZero() {
				t.Fatalf("%v paid of %v is %s, %v", paid, planned, s, err)
			}
		}
	})
}

func TestTolerance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sum  int64
		bp   int
		want int64
	}{{10000, 0, 0}, {10000, 50, 50}, {199, 50, 0}, {200, 50, 1}, {-10000, 50, 50}, {math.MaxInt64, 1000, math.MaxInt64 / 10}} {
		if got, err := Tolerance(cny(c.sum), c.bp); err != nil || got != cny(c.want) {
			t.Errorf("%d basis points of %d: %v, %v; want %d", c.bp, c.sum, got, err, c.want)
		}
	}
	for _, bp := range []int{-1, MaxTolerance + 1} {
		if got, err := Tolerance(cny(1), bp); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%d basis points: %v, %v", bp, got, err)
		}
	}
}

func TestOnlyAnUnpaidLineCanBeCancelled(t *testing.T) {
	t.Parallel()
	for _, s := range LineStates() {
		err := MayCancel(s)
		if (err == nil) != (s == Planned) || (err != nil && fault.KindOf(err) != fault.State) {
			t.Errorf("%s: %v", s, err)
		}
	}
}
