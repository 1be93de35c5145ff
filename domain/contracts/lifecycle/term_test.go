package lifecycle

import (
	"testing"

	"pgregory.net/rapid"

	"heyue/platform/date"
)

func TestTheTermMovesAContract(t *testing.T) {
	t.Parallel()
	first, last := date.MustParse("2026-03-01"), date.MustParse("2027-02-28")
	for _, c := range []struct {
		name   string
		status Status
		today  date.Date
		want   Event
	}{
		{"signed, the day before", Signed, first.AddDays(-1), ""},
		{"signed, first day", Signed, first, Activate},
		{"signed, found after a pause", Signed, last.AddDays(9), Activate},
		{"active on its last day", Active, last, ""},
		{"active, the day after", Active, last.AddDays(1), Expire},
		{"suspended, the day after", Suspended, last.AddDays(1), Expire},
		{"draft never", Draft, last.AddDays(1), ""},
		{"partly signed never", PartlySigned, first, ""},
		{"completed stays", Completed, last.AddDays(1), ""},
	} {
		if got, ok := ByDate(c.status, first, last, c.today); got != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q, %v; want %q", c.name, got, ok, c.want)
		}
	}
	if got, ok := ByDate(Active, first, date.Date{}, date.MustParse("9999-12-31")); ok {
		t.Errorf("a contract without a fixed term got %s", got)
	}
	if got, _ := ByDate(Signed, date.Date{}, last, first); got != Activate {
		t.Errorf("a contract without a first day takes effect on signing, got %q", got)
	}
}

// TestTheCalendarNeverAsksForTheImpossible: whatever ByDate says, Next accepts, and asking again comes to rest.
func TestTheCalendarNeverAsksForTheImpossible(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(Statuses()).Draw(t, "status")
		day := func(name string) date.Date { return date.Of(2026, 1, rapid.IntRange(1, 60).Draw(t, name)) }
		starts, ends, today := day("starts"), day("ends"), day("today")
		for range 3 {
			e, ok := ByDate(s, starts, ends, today)
			if !ok {
				return
			}
			next, err := Next(s, e)
			if err != nil {
				t.Fatal(err)
			}
			s = next
		}
		t.Fatalf("still moving in %s", s)
	})
}
