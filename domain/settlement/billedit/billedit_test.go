package billedit

import (
	"testing"

	"heyue/domain/settlement/plan"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

func cny(minor int64) money.Money { return money.Of(minor, money.CNY) }

func TestDiffersNamesWhatChanged(t *testing.T) {
	t.Parallel()
	old := Line{ID: publicid.NewPaymentPlanLineID(), DueOn: date.MustParse("2026-07-01"), Amount: cny(4000), Purpose: "定金"}
	for name, test := range map[string]struct {
		edit func(*Line)
		want string
	}{
		"nothing":    {func(*Line) {}, ""},
		"the day":    {func(l *Line) { l.DueOn = date.MustParse("2026-07-02") }, "due date was 2026-07-01 and is 2026-07-02"},
		"everything": {func(l *Line) { *l = Line{DueOn: date.MustParse("2026-07-02"), Amount: cny(1)} }, `due date was 2026-07-01 and is 2026-07-02, amount was 40.00 CNY and is 0.01 CNY, purpose was "定金" and is ""`},
	} {
		now := old
		test.edit(&now)
		if got := old.Differs(now); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestSumIsTheLargerSide(t *testing.T) {
	t.Parallel()
	lines := Content{Lines: []Line{{Amount: cny(40)}, {Amount: cny(60)}}}
	for name, test := range map[string]struct {
		before, after Content
		want          int64
	}{
		"lowered": {Content{Entry: &Entry{Amount: cny(50)}}, Content{Entry: &Entry{Amount: cny(30)}}, 50},
		"raised":  {Content{Entry: &Entry{Amount: cny(50)}}, Content{Entry: &Entry{Amount: cny(70)}}, 70},
		"lines":   {lines, lines, 100},
	} {
		if got, err := Sum(test.before, test.after); err != nil || got != cny(test.want) {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
}

func TestEntriesAndDigestsDifferInEveryField(t *testing.T) {
	t.Parallel()
	old := Entry{Kind: plan.PaymentEntry, Amount: cny(1), PaidOn: date.MustParse("2026-07-01"), Method: plan.Cash, Allocations: []Allocation{{Amount: cny(1)}}}
	first, err := Digest(Content{Entry: &old}, Content{Entry: &old})
	if err != nil || !old.Same(old) {
		t.Fatalf("an entry differs from itself, %v", err)
	}
	for name, edit := range map[string]func(*Entry){
		"kind": func(e *Entry) { e.Kind = plan.RefundEntry }, "amount": func(e *Entry) { e.Amount = cny(2) },
		"day": func(e *Entry) { e.PaidOn = date.MustParse("2026-07-02") }, "method": func(e *Entry) { e.Method = plan.Card },
		"reference": func(e *Entry) { e.Reference = "x" }, "note": func(e *Entry) { e.Note = "x" }, "shares": func(e *Entry) { e.Allocations = nil },
	} {
		now := old
		edit(&now)
		digest, err := Digest(Content{Entry: &old}, Content{Entry: &now})
		if err != nil || old.Same(now) || digest == first {
			t.Errorf("another %s is the same, %v", name, err)
		}
	}
}
