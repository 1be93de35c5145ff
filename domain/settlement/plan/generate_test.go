package plan

import (
	"testing"

	"pgregory.net/rapid"

	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

func drawTerms(t *rapid.T) Terms {
	total := rapid.Int64Range(1, 1<<50).Draw(t, "total")
	first := date.MustParse("2024-01-01").AddDays(rapid.IntRange(0, 2000).Draw(t, "first"))
	terms := Terms{
		Rule: rapid.SampledFrom(Rules()).Draw(t, "rule"), Total: cny(total), Vehicle: rapid.Bool().Draw(t, "vehicle"),
		Deposit: cny(rapid.Int64Range(0, total).Draw(t, "deposit")), FirstOn: first, LastOn: first.AddDays(rapid.IntRange(-5, 3000).Draw(t, "length")),
		Count: rapid.IntRange(0, MaxLines+1).Draw(t, "count"), EveryMonths: rapid.IntRange(0, 14).Draw(t, "every"), DayOfMonth: rapid.IntRange(0, 32).Draw(t, "day"),
	}
	left := 100
	for left > 0 && len(terms.Stages) < 6 {
		p := rapid.IntRange(1, left).Draw(t, "percent")
		left -= p
		terms.Stages = append(terms.Stages, Stage{Milestone: publicid.NewMilestoneID(), On: first, Percent: p, Days: p})
	}
	return terms
}

// TestGeneratedPlansAddUp: whatever the terms, a plan is refused with a fault or adds up to the minor unit, fits its mode
// and is in order.
func TestGeneratedPlansAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		terms := drawTerms(t)
		lines, err := Generate(terms)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		sums := make([]money.Money, len(lines))
		for i, l := range lines {
			sums[i] = l.Amount
			if i > 0 && l.DueOn.Before(lines[i-1].DueOn) && terms.Rule != RuleMilestones {
				t.Fatalf("line %d falls due on %s, the one before on %s", i, l.DueOn, lines[i-1].DueOn)
			}
		}
		if err := Shape(terms.Rule.Mode(), terms.Vehicle, terms.Total, sums, cny(0)); err != nil {
			t.Fatal(err)
		}
	})
}

// TestInstalmentsDifferOnlyAtTheEnd: n equal parts, the remainder on the last.
func TestInstalmentsDifferOnlyAtTheEnd(t *testing.T) {
	t.Parallel()
	lines, err := Generate(Terms{Rule: RuleInstalments, Total: cny(1000), FirstOn: date.MustParse("2026-01-31"), Count: 3, EveryMonths: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		on    string
		minor int64
	}{{"2026-01-31", 333}, {"2026-02-28", 333}, {"2026-03-31", 334}} {
		if lines[i].DueOn.String() != want.on || lines[i].Amount != cny(want.minor) {
			t.Errorf("line %d: %v, want %v", i, lines[i], want)
		}
	}
}

func TestMonthlyKeepsToTheTermAndTheCalendar(t *testing.T) {
	t.Parallel()
	lines, err := Generate(Terms{
		Rule: RuleMonthly, Total: cny(300), FirstOn: date.MustParse("2028-01-31"), LastOn: date.MustParse("2028-03-30"), DayOfMonth: 31,
	})
	if err != nil || len(lines) != 2 || lines[0].DueOn.String() != "2028-01-31" || lines[1].DueOn.String() != "2028-02-29" {
		t.Errorf("%v, %v", lines, err)
	}
}

// TestAVehicleIsNeverPaidByInstalments is HR6.
func TestAVehicleIsNeverPaidByInstalments(t *testing.T) {
	t.Parallel()
	for _, r := range Rules() {
		_, err := Generate(Terms{
			Rule: r, Vehicle: true, Total: cny(1000), Deposit: cny(100), FirstOn: date.MustParse("2026-01-01"), LastOn: date.MustParse("2026-02-01"),
			Count: 2, EveryMonths: 1, DayOfMonth: 1, Stages: []Stage{{On: date.MustParse("2026-01-01"), Percent: 100}},
		})
		if allowed := r == RuleSingle || r == RuleDepositBalance || r == RuleLoan; (err == nil) != allowed {
			t.Errorf("%s: %v", r, err)
		}
	}
}
