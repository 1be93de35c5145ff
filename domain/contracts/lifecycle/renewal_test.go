package lifecycle

import (
	"testing"

	"pgregory.net/rapid"

	"heyue/platform/date"
	"heyue/platform/fault"
)

func TestTheNextTermEndsWhereItShould(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ends   string
		months int
		want   string
	}{
		{"2026-12-31", 12, "2027-12-31"}, {"2027-02-28", 12, "2028-02-29"}, {"2028-02-29", 12, "2029-02-28"},
		{"2026-06-14", 1, "2026-07-14"}, {"2027-01-30", 1, "2027-02-28"}, {"2026-01-31", 1, "2026-02-28"},
		{"2026-02-28", 1, "2026-03-31"}, {"2026-11-30", 3, "2027-02-28"},
	} {
		got := Term{Ends: date.MustParse(c.ends), Months: c.months}.Next()
		if got.String() != c.want {
			t.Errorf("%s and %d months: %s, want %s", c.ends, c.months, got, c.want)
		}
	}
}

func TestFurtherTermsNeverOverlapNorStandStill(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		term := Term{
			Ends:   date.Of(2026, 1, rapid.IntRange(1, 1500).Draw(t, "day")),
			Months: rapid.IntRange(1, MaxRenewalMonths).Draw(t, "months"),
		}
		next := term.Next()
		if days := next.Since(term.Ends); days < 28*term.Months || days > 31*term.Months {
			t.Fatalf("%d months after %s is %s, %d days later", term.Months, term.Ends, next, days)
		}
	})
}

func TestTheTermsWayOnDecidesWhatItsEndBrings(t *testing.T) {
	t.Parallel()
	first, last := date.MustParse("2026-03-01"), date.MustParse("2027-02-28")
	given := date.MustParse("2026-12-01")
	for _, c := range []struct {
		name   string
		status Status
		term   Term
		want   Event
	}{
		{"fixed", Active, Term{Renewal: FixedTerm}, Expire},
		{"auto", Active, Term{Renewal: Automatic}, Extend},
		{"auto, suspended", Suspended, Term{Renewal: Automatic}, Extend},
		{"auto, notice given", Active, Term{Renewal: Automatic, OptedOut: given}, Expire},
		{"evergreen", Active, Term{Renewal: Evergreen}, ""},
		{"evergreen, notice given", Active, Term{Renewal: Evergreen, OptedOut: given}, Expire},
		{"a suspension that is over", Suspended, Term{Renewal: FixedTerm, Until: given}, Resume},
		{"a suspension on its last day", Suspended, Term{Renewal: Evergreen, Until: last.AddDays(1)}, ""},
	} {
		c.term.Starts, c.term.Ends = first, last
		if got, ok := c.term.ByDate(c.status, last.AddDays(1)); got != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q, %v; want %q", c.name, got, ok, c.want)
		}
		if got, ok := c.term.ByDate(c.status, given); ok {
			t.Errorf("%s: %q within the term", c.name, got)
		}
	}
}

func TestNotice(t *testing.T) {
	t.Parallel()
	ends := date.MustParse("2026-12-31")
	day := date.MustParse("2026-12-01")
	for _, c := range []struct {
		name     string
		term     Term
		by, last string
		kind     fault.Kind
	}{
		{"fixed without notice", Term{Ends: ends, Renewal: FixedTerm}, "", "", fault.State},
		{"fixed", Term{Ends: ends, Renewal: FixedTerm, NoticeDays: 60}, "2026-11-01", "", fault.State},
		{"auto in time", Term{Ends: ends, Renewal: Automatic, NoticeDays: 30}, "2026-12-01", "2026-12-31", 0},
		{"auto too late", Term{Ends: ends, Renewal: Automatic, NoticeDays: 31}, "2026-11-30", "", fault.Invalid},
		{"auto again", Term{Ends: ends, Renewal: Automatic, OptedOut: day}, "", "", fault.State},
		{"evergreen", Term{Renewal: Evergreen, NoticeDays: 90}, "", "2027-03-01", 0},
		{"evergreen with a least term", Term{Ends: ends, Renewal: Evergreen, NoticeDays: 7}, "", "2026-12-31", 0},
	} {
		by, ok := c.term.NoticeBy()
		if by.String() != c.by || ok != (c.by != "") {
			t.Errorf("%s: notice by %s, %v; want %s", c.name, by, ok, c.by)
		}
		got, err := c.term.OptOut(day)
		if got.String() != c.last || (err != nil) != (c.last == "") || err != nil && fault.KindOf(err) != c.kind {
			t.Errorf("%s: ends on %s, %v; want %s", c.name, got, err, c.last)
		}
	}
}

func TestWhatCanBeAgreed(t *testing.T) {
	t.Parallel()
	ends := date.MustParse("2026-12-31")
	for _, c := range []struct {
		term Term
		want int
	}{
		{Term{Renewal: FixedTerm}, 0}, {Term{Renewal: Automatic, Ends: ends, Months: 12, NoticeDays: 30}, 0}, {Term{Renewal: Evergreen}, 0},
		{Term{Renewal: "SOMETIMES"}, 1}, {Term{Renewal: Automatic}, 2}, {Term{Renewal: Automatic, Ends: ends, Months: MaxRenewalMonths + 1}, 1},
		{Term{Renewal: FixedTerm, Months: 1}, 1}, {Term{Renewal: FixedTerm, NoticeDays: MaxNoticeDays + 1}, 1}, {Term{Renewal: FixedTerm, NoticeDays: -1}, 1},
		{Term{Renewal: FixedTerm, Starts: ends, Ends: ends.AddDays(-1)}, 1},
	} {
		var check fault.Check
		c.term.Check(&check)
		if got := len(fault.All(check.Err())); got != c.want {
			t.Errorf("%+v: %d faults, want %d", c.term, got, c.want)
		}
	}
}
