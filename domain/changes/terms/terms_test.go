package terms_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"heyue/domain/changes/terms"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/templates/text"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// A small world of ids, so that changes meet each other.
func id(kind, n int) uuid.UUID { return uuid.UUID{byte(kind), 15: byte(n + 1)} }

func party(n int) publicid.ContractPartyID  { return publicid.ContractPartyID(id(1, n)) }
func line(n int) publicid.ContractLineID    { return publicid.ContractLineID(id(2, n)) }
func part(n int) publicid.PaymentPlanLineID { return publicid.PaymentPlanLineID(id(3, n)) }
func cny(minor int64) money.Money           { return money.Of(minor, money.CNY) }
func day(n int) date.Date                   { return date.MustParse("2026-01-01").AddDays(n) }
func moment(n int) time.Time                { return time.Date(2026, 1, 1, 0, n, 0, 0, time.UTC) }
func some[T any](v T) *T                    { return &v }
func word() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"", "甲", "B", "合同", "x y"})
}
func days() *rapid.Generator[date.Date] { return rapid.Map(rapid.IntRange(0, 40), day) }
func decimals() *rapid.Generator[money.Decimal] {
	return rapid.Map(rapid.Int64Range(0, 50), money.Whole)
}

func maybe[T any](g *rapid.Generator[T]) *rapid.Generator[*T] { return rapid.Ptr(g, true) }

func parties() *rapid.Generator[terms.Party] {
	return rapid.Custom(func(t *rapid.T) terms.Party {
		return terms.Party{ID: party(rapid.IntRange(0, 5).Draw(t, "party")), Name: word().Draw(t, "name"), Role: word().Draw(t, "role"),
			CustomerID: maybe(rapid.Just(publicid.CustomerID(id(9, 1)))).Draw(t, "customer")}
	})
}

func lines() *rapid.Generator[terms.Line] {
	return rapid.Custom(func(t *rapid.T) terms.Line {
		return terms.Line{ID: line(rapid.IntRange(0, 5).Draw(t, "line")), Description: word().Draw(t, "description"), Quantity: decimals().Draw(t, "quantity"),
			UnitPrice: decimals().Draw(t, "price"), AmountMinor: rapid.Int64Range(0, 5000).Draw(t, "amount"), DeliveryOn: maybe(days()).Draw(t, "delivery")}
	})
}

func plans() *rapid.Generator[terms.Instalment] {
	return rapid.Custom(func(t *rapid.T) terms.Instalment {
		return terms.Instalment{ID: part(rapid.IntRange(0, 5).Draw(t, "part")), DueOn: days().Draw(t, "due"), AmountMinor: rapid.Int64Range(1, 900).Draw(t, "sum"),
			Purpose: word().Draw(t, "purpose"), Cancelled: rapid.Bool().Draw(t, "cancelled"),
			Waits: terms.Waits{MilestoneID: maybe(rapid.Just(publicid.MilestoneID(id(8, 1)))).Draw(t, "milestone"), Days: rapid.IntRange(0, 2).Draw(t, "days")}}
	})
}

func sheets() *rapid.Generator[terms.Sheet] {
	return rapid.Custom(func(t *rapid.T) terms.Sheet {
		return terms.Sheet{
			Title: word().Draw(t, "title"), Description: word().Draw(t, "description"), Amount: cny(rapid.Int64Range(0, 9999).Draw(t, "amount")),
			EffectiveOn: maybe(days()).Draw(t, "effective"), EndsOn: maybe(days()).Draw(t, "ends"),
			Renewal: rapid.SampledFrom(lifecycle.Renewals()).Draw(t, "renewal"), RenewalMonths: rapid.IntRange(0, 12).Draw(t, "months"),
			NoticeDays: rapid.IntRange(0, 30).Draw(t, "notice"),
			Parties:    rapid.SliceOfNDistinct(parties(), 0, 6, func(p terms.Party) publicid.ContractPartyID { return p.ID }).Draw(t, "parties"),
			Lines:      rapid.SliceOfNDistinct(lines(), 0, 6, func(l terms.Line) publicid.ContractLineID { return l.ID }).Draw(t, "lines"),
			Plan:       rapid.SliceOfNDistinct(plans(), 0, 6, func(i terms.Instalment) publicid.PaymentPlanLineID { return i.ID }).Draw(t, "plan"),
			Slots: rapid.MapOfN(rapid.SampledFrom([]string{"fee", "place", "term"}), rapid.Map(word(), func(s string) *text.Value { return &text.Value{Text: &s} }),
				0, 3).Draw(t, "slots"),
		}
	})
}

// deltas are differences between two sheets that have nothing to do with the one they meet, so that they conflict often.
func deltas() *rapid.Generator[terms.Delta] {
	return rapid.Custom(func(t *rapid.T) terms.Delta { return terms.Diff(sheets().Draw(t, "a"), sheets().Draw(t, "b")) })
}

func entries() *rapid.Generator[[]terms.Entry] {
	return rapid.Custom(func(t *rapid.T) []terms.Entry {
		out := make([]terms.Entry, rapid.IntRange(0, 6).Draw(t, "n"))
		for i := range out {
			on := rapid.IntRange(0, 30).Draw(t, "on")
			out[i] = terms.Entry{Number: i + 2, Recorded: moment(10 * (i + 1)), On: day(on), Fact: rapid.Bool().Draw(t, "fact"), Delta: deltas().Draw(t, "delta")}
			if rapid.Bool().Draw(t, "temporary") {
				out[i].Until = some(day(on + rapid.IntRange(0, 9).Draw(t, "lasts")))
			}
		}
		return out
	})
}

func same(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, what string, want, got terms.Sheet) {
	t.Helper()
	if !want.Equal(got) {
		t.Fatalf("%s: want %+v, got %+v", what, want, got)
	}
}

// TestDiffLeadsThere: whatever the two sheets are, the difference leads from one to the other, and there is none between
// equals.
func TestDiffLeadsThere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := sheets().Draw(t, "a"), sheets().Draw(t, "b")
		if d := terms.Diff(a, a); !d.IsZero() {
			t.Fatalf("Diff(a, a) = %+v", d)
		}
		d := terms.Diff(a, b)
		got, err := terms.Apply(a, d)
		if err != nil {
			t.Fatalf("the difference does not fit its own sheet: %v", err)
		}
		same(t, "Apply", b, got)
		same(t, "Follow", b, terms.Follow(a, d))
		if a.Equal(b) != d.IsZero() || a.Equal(b) != (a.Digest() == b.Digest()) {
			t.Fatalf("equal is %v, but the difference is %+v and the digests are %s and %s", a.Equal(b), d, a.Digest(), b.Digest())
		}
	})
}

// TestReplayIsStepByStep is the rule of G2 and HR8: replaying any set of changes equals applying those that hold one by
// one as they were recorded, and fails exactly when one of these steps does.
func TestReplayIsStepByStep(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		base, all := sheets().Draw(t, "base"), entries().Draw(t, "entries")
		asOf, knownAt := day(rapid.IntRange(0, 45).Draw(t, "asOf")), moment(rapid.IntRange(0, 80).Draw(t, "knownAt"))
		want, failed := base, false
		for _, e := range all {
			if failed || e.Recorded.After(knownAt) || e.On.After(asOf) || e.Until != nil && asOf.After(*e.Until) {
				continue
			}
			if e.Fact {
				want = terms.Follow(want, e.Delta)
				continue
			}
			next, err := terms.Apply(want, e.Delta)
			failed = err != nil
			want = next
		}
		shuffled := rapid.Permutation(all).Draw(t, "shuffled")
		got, err := terms.Replay(base, shuffled, asOf, knownAt)
		if (err != nil) != failed {
			t.Fatalf("step by step failed: %v; the replay: %v", failed, err)
		}
		if !failed {
			same(t, "replay", want, got)
		}
	})
}

// TestATemporaryChangeLeavesNoTrace: on days on which it does not hold, and for whoever asks what was known before, the
// terms are as if it had never been.
func TestATemporaryChangeLeavesNoTrace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		base, others := sheets().Draw(t, "base"), entries().Draw(t, "entries")
		on, lasts := rapid.IntRange(0, 30).Draw(t, "on"), rapid.IntRange(0, 9).Draw(t, "lasts")
		visit := terms.Entry{Number: 99, Recorded: moment(75), On: day(on), Until: some(day(on + lasts)), Delta: deltas().Draw(t, "delta")}
		asOf, knownAt := day(rapid.IntRange(0, 45).Draw(t, "asOf")), moment(rapid.IntRange(0, 80).Draw(t, "knownAt"))
		if visit.Holds(asOf, knownAt) {
			return
		}
		without, errWithout := terms.Replay(base, others, asOf, knownAt)
		with, errWith := terms.Replay(base, append(others, visit), asOf, knownAt)
		if (errWithout == nil) != (errWith == nil) {
			t.Fatalf("without it: %v; with it: %v", errWithout, errWith)
		}
		if errWith == nil {
			same(t, "outside its days", without, with)
		}
	})
}

// TestTermsStandStillBetweenTheirDays: nothing changes by itself on any other day than those that Days tells, and nothing
// that was known changes by what is recorded later.
func TestTermsStandStillBetweenTheirDays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		base, all := sheets().Draw(t, "base"), entries().Draw(t, "entries")
		n, knownAt := rapid.IntRange(0, 45).Draw(t, "asOf"), moment(rapid.IntRange(0, 80).Draw(t, "knownAt"))
		next := terms.Next(all, day(n))
		now, err := terms.Replay(base, all, day(n), knownAt)
		if next == nil || next.After(day(n+1)) {
			tomorrow, errTomorrow := terms.Replay(base, all, day(n+1), knownAt)
			if (err == nil) != (errTomorrow == nil) {
				t.Fatalf("today %v, tomorrow %v", err, errTomorrow)
			}
			if err == nil {
				same(t, "the day after", now, tomorrow)
			}
		}
		later := terms.Entry{Number: 99, Recorded: knownAt.Add(time.Second), On: day(0), Delta: deltas().Draw(t, "delta")}
		again, errAgain := terms.Replay(base, append(all, later), day(n), knownAt)
		if (err == nil) != (errAgain == nil) || err == nil && !now.Equal(again) {
			t.Fatalf("what was known changed with what was recorded later")
		}
	})
}

// TestNothingIsChangedInPlace: a replay leaves its base as it was.
func TestNothingIsChangedInPlace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		base, all := sheets().Draw(t, "base"), entries().Draw(t, "entries")
		before := base.Digest()
		_, _ = terms.Replay(base, all, day(20), moment(80)) // what comes out is not asked for here
		if base.Digest() != before {
			t.Fatal("the base has changed")
		}
	})
}

func TestEveryConflictIsNamed(t *testing.T) {
	t.Parallel()
	s := terms.Sheet{Amount: cny(100), Parties: []terms.Party{{ID: party(0)}}, Plan: []terms.Instalment{{ID: part(0)}}}
	var d terms.Delta
	d.Amount = some(money.Of(1, money.Currency("USD")))
	d.Parties.Drop = []publicid.ContractPartyID{party(1)}
	d.Lines.Change = []terms.LineEdit{{ID: line(0)}}
	d.Plan.Add = []terms.Instalment{{ID: part(0)}}
	_, err := terms.Apply(s, d)
	var got []string
	for _, f := range fault.All(err) {
		got = append(got, fmt.Sprintf("%s %v", f.Code, f.Field))
	}
	want := []string{"INCONSISTENT [amount]", "WRONG_STATE [parties drop 0]", "WRONG_STATE [lines change 0]", "WRONG_STATE [paymentPlan add 0]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCheckLooksAtWhatWasTouched(t *testing.T) {
	t.Parallel()
	two := []terms.Party{{ID: party(0)}, {ID: party(1)}}
	good := terms.Sheet{Amount: cny(1000), Renewal: lifecycle.FixedTerm, Parties: two, EndsOn: some(day(30)),
		Plan: []terms.Instalment{{ID: part(0), DueOn: day(1), AmountMinor: 400}, {ID: part(1), DueOn: day(2), AmountMinor: 600}}}
	odd := good
	odd.Plan = good.Plan[:1]
	for name, c := range map[string]struct {
		before terms.Sheet
		change func(*terms.Sheet)
		want   string
	}{
		"nothing":                        {good, func(*terms.Sheet) {}, ""},
		"an odd plan that stays":         {odd, func(s *terms.Sheet) { s.EndsOn = some(day(60)) }, ""},
		"an amount that the plan is not": {good, func(s *terms.Sheet) { s.Amount = cny(1200) }, "paymentPlan INCONSISTENT"},
		"within the tolerance":           {good, func(s *terms.Sheet) { s.Amount = cny(1010) }, ""},
		"a plan that is left out":        {good, func(s *terms.Sheet) { s.Plan, s.Amount = nil, cny(5) }, ""},
		"an end before the start":        {good, func(s *terms.Sheet) { s.EffectiveOn = some(day(31)) }, "endsOn INCONSISTENT"},
		"one party":                      {good, func(s *terms.Sheet) { s.Parties = two[:1] }, "parties OUT_OF_RANGE"},
		"a renewal without months":       {good, func(s *terms.Sheet) { s.Renewal = lifecycle.Automatic }, "renewalMonths OUT_OF_RANGE"},
		"too many lines":                 {good, func(s *terms.Sheet) { s.Lines = make([]terms.Line, terms.MaxLines+1) }, "lines LIMIT_REACHED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after := c.before
			c.change(&after)
			got := ""
			if err := terms.Check(c.before, after, 100); err != nil {
				f := fault.All(err)[0]
				got = fmt.Sprintf("%s %s", f.Field[0], f.Code)
			}
			if got != c.want {
				t.Errorf("want %q, got %q", c.want, got)
			}
		})
	}
}

func TestSoundLooksAtEveryDay(t *testing.T) {
	t.Parallel()
	base := terms.Sheet{Title: "a", Amount: cny(0)}
	var adds, changes terms.Delta
	adds.Lines.Add = []terms.Line{{ID: line(0), Quantity: money.Whole(1), UnitPrice: money.Whole(1)}}
	changes.Lines.Change = []terms.LineEdit{{ID: line(0), Description: some("b")}}
	visit := terms.Entry{Number: 2, Recorded: moment(1), On: day(5), Until: some(day(9)), Delta: adds}
	within := terms.Entry{Number: 3, Recorded: moment(2), On: day(6), Until: some(day(8)), Delta: changes}
	beyond := terms.Entry{Number: 3, Recorded: moment(2), On: day(6), Delta: changes}
	any := func(date.Date, terms.Sheet) error { return nil }
	if err := terms.Sound(base, []terms.Entry{visit, within}, any); err != nil {
		t.Errorf("a change within the days of another: %v", err)
	}
	err := terms.Sound(base, []terms.Entry{visit, beyond}, any)
	if fault.KindOf(err) != fault.State {
		t.Fatalf("a change that outlives the line it is about: %v", err)
	}
	if msg := fault.All(err)[0].Message; msg != fmt.Sprintf("the line %s is not in the contract any more (version 3, on %s)", line(0), day(10)) {
		t.Error(msg)
	}
	beyond.Fact = true
	if err := terms.Sound(base, []terms.Entry{visit, beyond}, any); err != nil {
		t.Errorf("a fact conflicts with nothing: %v", err)
	}
}

func TestCompareTellsWhatDiffers(t *testing.T) {
	t.Parallel()
	a := terms.Sheet{
		Title: "服务合同", Amount: cny(100_000), Renewal: lifecycle.FixedTerm, EndsOn: some(day(30)),
		Parties: []terms.Party{{ID: party(0), Role: "甲方", Name: "乙公司"}},
		Lines:   []terms.Line{{ID: line(0), Description: "巡检", Quantity: money.Whole(4), UnitPrice: money.Whole(250), AmountMinor: 100_000, Unit: "次"}},
		Plan:    []terms.Instalment{{ID: part(0), DueOn: day(5), AmountMinor: 100_000, Purpose: "全款"}},
		Slots:   text.Values{"place": {Text: some("北京")}},
	}
	b := a
	b.Amount, b.EndsOn = cny(120_000), some(day(60))
	b.Plan = []terms.Instalment{{ID: part(0), DueOn: day(7), AmountMinor: 100_000, Purpose: "全款"}, {ID: part(1), DueOn: day(20), AmountMinor: 20_000, Purpose: "增补"}}
	b.Slots = text.Values{"place": {Text: some("上海")}}
	got := terms.Compare(a, b, func(slot string, v *text.Value) (string, string) { return "地点", *v.Text })
	want := terms.Comparison{
		Text: []*terms.WordsDiffer{{terms.OfSlot, "place", "地点", some("北京"), some("上海")}},
		Money: []*terms.SumsDiffer{
			{terms.OfAmount, "", "", some(cny(100_000)), some(cny(120_000))}, {terms.OfInstalment, part(1).String(), "增补", nil, some(cny(20_000))},
		},
		Schedule: []*terms.DaysDiffer{
			{terms.OfEnd, "", "", some(day(30)), some(day(60))}, {terms.OfInstalment, part(0).String(), "全款", some(day(5)), some(day(7))},
			{terms.OfInstalment, part(1).String(), "增补", nil, some(day(20))},
		},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(x, y money.Money) bool { return x == y })); diff != "" {
		t.Error(diff)
	}
	if more := got.Money[0].Difference(); *more != cny(20_000) || *got.Schedule[0].Days() != 30 || got.Schedule[2].Days() != nil {
		t.Errorf("%s more, %v days later", more, got.Schedule[0].Days())
	}
}

// TestCompareFindsADifferenceWhereThereIsOne: two sheets that differ in what people see are told apart.
func TestCompareFindsADifferenceWhereThereIsOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := sheets().Draw(t, "a")
		say := func(string, *text.Value) (string, string) { return "", "" }
		if c := terms.Compare(a, a, say); len(c.Text)+len(c.Money)+len(c.Schedule) != 0 {
			t.Fatalf("a sheet differs from itself: %+v", c)
		}
		b := a
		b.Amount = cny(a.Amount.Minor() + 1)
		if c := terms.Compare(a, b, say); len(c.Money) != 1 || c.Money[0].Subject != terms.OfAmount {
			t.Fatalf("another amount is not told: %+v", c)
		}
	})
}
