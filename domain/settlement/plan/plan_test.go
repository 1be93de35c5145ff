package plan

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/platform/date"
)

// TestVehicleContractsHaveExactlyThreeModes is HR6.
func TestVehicleContractsHaveExactlyThreeModes(t *testing.T) {
	t.Parallel()
	if d := cmp.Diff([]Mode{"DEPOSIT_BALANCE", "SINGLE", "LOAN"}, Modes(true)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]Mode{"DEPOSIT_BALANCE", "SINGLE", "LOAN", "INSTALMENTS"}, Modes(false)); d != "" {
		t.Error(d)
	}
}

func TestStoredTextsAreUpperSnakeAndDistinct(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[A-Z]+(_[A-Z]+)*$`)
	for name, values := range map[string][]string{
		"LineState": LineState("").Values(), "Mode": Mode("").Values(), "Method": Method("").Values(),
	} {
		seen := map[string]bool{}
		for _, v := range values {
			if !form.MatchString(v) || seen[v] {
				t.Errorf("%s %q is repeated or not upper snake case", name, v)
			}
			seen[v] = true
		}
	}
	if LineState("paid").Valid() || Mode("").Valid() || Method("BARTER").Valid() || !Paid.Valid() || !Loan.Valid() || !Cash.Valid() {
		t.Error("Valid does not follow the lists")
	}
}

func TestALineIsOverdueFromTheDayAfter(t *testing.T) {
	t.Parallel()
	due := date.MustParse("2026-12-01")
	for _, s := range LineStates() {
		if Overdue(s, due, due) || Overdue(s, due, due.AddDays(-1)) {
			t.Errorf("%s is overdue too early", s)
		}
		if got, want := Overdue(s, due, due.AddDays(1)), s == Planned || s == PartlyPaid; got != want {
			t.Errorf("%s on the day after: overdue %v, want %v", s, got, want)
		}
	}
}
