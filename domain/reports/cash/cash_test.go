package cash

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"heyue/platform/date"
)

func window(t *rapid.T) Window {
	today := date.MustParse("2026-06-15")
	from := today.AddDays(rapid.IntRange(0, 40).Draw(t, "from"))
	return Window{today, from, from.AddDays(rapid.IntRange(0, 200).Draw(t, "to")), rapid.SampledFrom(Buckets()).Draw(t, "bucket")}
}

// TestPeriodsCutTheWindow: without a gap and without an overlap, each within one calendar bucket, and Find agrees with a walk
// over all of them.
func TestPeriodsCutTheWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := window(t)
		periods, ok := w.Periods(1000)
		if !ok {
			t.Fatal("too many")
		}
		if periods[0].Kind != Overdue || periods[0].To != w.Today.AddDays(-1) || periods[len(periods)-1].To != w.To {
			t.Fatalf("%v is cut into %v", w, periods)
		}
		for i := 1; i < len(periods); i++ {
			p := periods[i]
			if *p.From != periods[i-1].To.AddDays(1) || p.To.Before(*p.From) || (p.Kind == Ahead) == p.From.Before(w.From) {
				t.Fatalf("%v after %v in %v", p, periods[i-1], w)
			}
			_, a := p.From.UTC().ISOWeek()
			_, b := p.To.UTC().ISOWeek()
			if p.Kind == Ahead && (w.Bucket == Week && a != b || w.Bucket == Month && p.From.Month != p.To.Month || w.Bucket == Day && *p.From != p.To) {
				t.Fatalf("%v is no %s", p, w.Bucket)
			}
			if i+1 < len(periods) && p.Kind == Ahead && w.Bucket.next(p.To) != p.To.AddDays(1) {
				t.Fatalf("%v ends before its %s does", p, w.Bucket)
			}
		}
		day := w.Today.AddDays(rapid.IntRange(-50, 300).Draw(t, "day"))
		at, found := Find(periods, day)
		want, inside := 0, false
		for i, p := range periods {
			if (p.From == nil || !day.Before(*p.From)) && !day.After(p.To) {
				want, inside = i, true
			}
		}
		if found != inside || found && at != want {
			t.Fatalf("%s is in %d, %v; want %d, %v", day, at, found, want, inside)
		}
		buckets := len(periods) - 1
		if w.From.After(w.Today) {
			buckets--
		}
		if _, ok := w.Periods(buckets - 1); ok {
			t.Fatal("more buckets than allowed")
		}
		if _, ok := w.Periods(buckets); !ok {
			t.Fatal("as many buckets as allowed are refused")
		}
	})
}

// TestFlowsAddUp holds a flow with sums moved to one made anew of the moved sums, and the last cumulative to the total.
func TestFlowsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "periods")
		base, total := NewFlow(n), new(big.Int)
		type sum struct {
			at    int
			in    bool
			minor int64
		}
		place := rapid.IntRange(0, n-1)
		var sums []sum
		for range rapid.IntRange(0, 8).Draw(t, "sums") {
			s := sum{place.Draw(t, "at"), rapid.Bool().Draw(t, "in"), rapid.Int64Range(1, 1<<62).Draw(t, "minor")}
			sums = append(sums, s)
			base.Add(s.at, s.in, s.minor)
			if s.in {
				total.Add(total, big.NewInt(s.minor))
			} else {
				total.Sub(total, big.NewInt(s.minor))
			}
		}
		before := base.Figures()
		if before[n-1].Cumulative.Cmp(total) != 0 {
			t.Fatalf("all comes to %s, want %s", before[n-1].Cumulative, total)
		}
		moved, anew := base.Clone(), NewFlow(n)
		for _, s := range sums {
			to := place.Draw(t, "to")
			moved.Add(s.at, s.in, -s.minor)
			moved.Add(to, s.in, s.minor)
			anew.Add(to, s.in, s.minor)
		}
		for i, f := range moved.Figures() {
			g, d := anew.Figures()[i], f.Minus(before[i])
			if f.In.Cmp(g.In) != 0 || f.Out.Cmp(g.Out) != 0 || f.Cumulative.Cmp(g.Cumulative) != 0 {
				t.Fatalf("period %d: %v, made anew %v", i, f, g)
			}
			if new(big.Int).Add(before[i].Net, d.Net).Cmp(f.Net) != 0 || base.Figures()[i].In.Cmp(before[i].In) != 0 {
				t.Fatalf("period %d: the difference %v does not lead from %v to %v", i, d, before[i], f)
			}
		}
	})
}

func TestWhatWaitsIsNeverOverdue(t *testing.T) {
	t.Parallel()
	today := date.MustParse("2026-06-15")
	early, late := today.AddDays(-1), today.AddDays(1)
	if Falls(early, true, today) != today || Falls(early, false, today) != early || Falls(late, true, today) != late {
		t.Error("the day is wrong")
	}
	if Bucket("YEAR").Valid() {
		t.Error("a year is a bucket")
	}
}
