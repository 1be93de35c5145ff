package schedule

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/platform/date"
)

var zones = []string{
	"Asia/Shanghai", "America/New_York", "Pacific/Apia", "Africa/Casablanca", "Australia/Lord_Howe",
	"Asia/Kathmandu", "America/Havana", "Antarctica/Troll", "Pacific/Kiritimati", "UTC",
}

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	z, err := date.LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func shanghai(t *testing.T) Plan {
	t.Helper()
	return Plan{Ladder: Default(), Due: date.MustParse("2026-12-01"), Zone: zone(t, "Asia/Shanghai")}
}

func TestStepAtIsNineInTheMorningThere(t *testing.T) {
	t.Parallel()
	due := date.MustParse("2026-03-08") // the day New York's clocks go forward
	for _, c := range []struct {
		zone string
		at   LocalTime
		step Step
		want string
	}{
		{"Asia/Shanghai", LocalTime{9, 0}, Due, "2026-03-08T01:00:00Z"},
		{"America/New_York", LocalTime{9, 0}, Before(1), "2026-03-07T14:00:00Z"},
		{"America/New_York", LocalTime{9, 0}, Due, "2026-03-08T13:00:00Z"}, // 23 hours later
		{"America/New_York", LocalTime{2, 30}, Due, "2026-03-08T07:30:00Z"},
		{"America/New_York", LocalTime{1, 30}, Overdue(238), "2026-11-01T05:30:00Z"},
	} {
		p := Plan{Ladder: Ladder{At: c.at}, Due: due, Zone: zone(t, c.zone)}
		if got := p.StepAt(c.step).Format(time.RFC3339); got != c.want {
			t.Errorf("%s %s %s: %s, want %s", c.zone, c.at, c.step, got, c.want)
		}
	}
}

func steps(firings []Firing) []Step {
	var s []Step
	for _, f := range firings {
		s = append(s, f.Step)
	}
	return s
}

func TestCatchup(t *testing.T) {
	t.Parallel()
	type result struct {
		Fire    []Step
		Late    time.Duration
		Skipped []Step
		Done    Progress
		Next    []Step
	}
	for _, c := range []struct {
		name string
		done Progress
		now  string
		want result
	}{
		{"too early", None(), "2026-09-02T00:59:59Z", result{Done: None(), Next: []Step{-90}}},
		{"on time", None(), "2026-09-02T01:00:00Z", result{Fire: []Step{-90}, Done: After(-90), Next: []Step{-30}}},
		{"asked again", After(-90), "2026-09-02T01:00:01Z", result{Done: After(-90), Next: []Step{-30}}},
		{
			"down for two months", After(-90), "2026-11-25T01:00:00Z",
			result{Fire: []Step{-7}, Late: 24 * time.Hour, Skipped: []Step{-30}, Done: After(-7), Next: []Step{-1}},
		},
		{
			"down past the date", After(-30), "2026-12-03T01:00:00Z",
			result{Fire: []Step{0}, Late: 48 * time.Hour, Skipped: []Step{-7, -1}, Done: After(0), Next: []Step{7}},
		},
		{
			"down past everything, within grace", After(49), "2027-02-01T01:00:00Z",
			result{Fire: []Step{56}, Late: 6 * 24 * time.Hour, Done: After(56)},
		},
		{
			"down past everything, beyond grace", After(49), "2027-02-25T01:00:01Z",
			result{Skipped: []Step{56}, Done: After(56)},
		},
		{"finished", After(56), "2030-01-01T00:00:00Z", result{Done: After(56)}},
		{"handled a step the ladder lost", After(-29), "2026-11-24T01:00:00Z", result{Fire: []Step{-7}, Done: After(-7), Next: []Step{-1}}},
	} {
		out := shanghai(t).Catchup(c.done, instant(c.now))
		got := result{Skipped: steps(out.Skipped), Done: out.Done}
		if out.Fire != nil {
			got.Fire, got.Late = []Step{out.Fire.Step}, out.Fire.LateBy
		}
		if out.Next != nil {
			got.Next = []Step{out.Next.Step}
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

func TestGraceOfZeroIsNoLimit(t *testing.T) {
	t.Parallel()
	p := shanghai(t)
	p.Ladder.Grace = 0
	if out := p.Catchup(None(), instant("2036-01-01T00:00:00Z")); out.Fire == nil || out.Fire.Step != 56 || len(out.Skipped) != 12 {
		t.Errorf("after years: %+v", out)
	}
}

func TestBegin(t *testing.T) {
	t.Parallel()
	p := shanghai(t)
	now := instant("2026-11-10T00:00:00Z")
	if out := p.Catchup(p.Begin(now, true), now); out.Fire == nil || out.Fire.Step != -30 {
		t.Errorf("a date moved closer says so at once: %+v", out)
	}
	if got := p.Begin(now, false); got != After(-30) {
		t.Errorf("imported data begins after %+v", got)
	}
	if out := p.Catchup(p.Begin(now, false), now); out.Fire != nil || out.Skipped != nil || out.Next.Step != -7 {
		t.Errorf("imported data is silent about the past: %+v", out)
	}
	if got := p.Begin(instant("2026-01-01T00:00:00Z"), false); got != None() {
		t.Errorf("nothing has passed yet, but it begins after %+v", got)
	}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	p := shanghai(t)
	got := steps(p.Preview(After(-30), p.StepAt(-90), p.StepAt(7)))
	if d := cmp.Diff([]Step{-7, -1, 0}, got); d != "" {
		t.Error(d)
	}
}

func drawLadder(t *rapid.T) Ladder {
	l := Ladder{
		Before: rapid.SliceOfNDistinct(rapid.IntRange(0, 120), 0, 6, rapid.ID[int]).Draw(t, "before"),
		At:     LocalTime{rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute")},
		Grace:  rapid.SampledFrom([]int{0, 1, 30}).Draw(t, "grace"),
	}
	if rapid.Bool().Draw(t, "overdue") {
		l.OverdueEvery, l.OverdueMax = rapid.IntRange(1, 30).Draw(t, "every"), rapid.IntRange(1, 6).Draw(t, "max")
	}
	return l
}

// worker is a reminder engine reduced to what it stores: an obligation's date, version and progress, and the keys
// of what it has handled.
type worker struct {
	plan    Plan
	version int
	done    Progress
	next    time.Time
	keys    map[string]int
	fired   []Firing
}

func (w *worker) tick(t *rapid.T, now time.Time) {
	out := w.plan.Catchup(w.done, now)
	if d := cmp.Diff(out, w.plan.Catchup(w.done, now)); d != "" {
		t.Fatalf("asked twice, answered differently:\n%s", d)
	}
	if now.Before(w.next) && (out.Fire != nil || out.Skipped != nil) {
		t.Fatalf("something to do at %v although the next step was to be at %v", now, w.next)
	}
	handled := out.Skipped
	if out.Fire != nil {
		handled = append(handled[:len(handled):len(handled)], *out.Fire)
		w.fired = append(w.fired, *out.Fire)
	}
	for _, f := range handled {
		if f.At.After(now) || f.LateBy != now.Sub(f.At) {
			t.Fatalf("%s of %v handled at %v, late by %v", f.Step, f.At, now, f.LateBy)
		}
		w.keys[Key("obl", w.version, f.Step)]++
	}
	w.done, w.next = out.Done, now.AddDate(100, 0, 0)
	if out.Next != nil {
		if !out.Next.At.After(now) {
			t.Fatalf("next step %v is not after %v", out.Next.At, now)
		}
		w.next = out.Next.At
	}
}

func (w *worker) amend(due date.Date) {
	w.plan.Due, w.version, w.done, w.next = due, w.version+1, None(), time.Time{}
}

// checkVersion wants every step of the present version handled once if its instant has passed by now, not at all
// otherwise.
func (w *worker) checkVersion(t *rapid.T, now time.Time) {
	for _, s := range w.plan.Ladder.Steps() {
		want := 1
		if w.plan.StepAt(s).After(now) {
			want = 0
		}
		if got := w.keys[Key("obl", w.version, s)]; got != want {
			t.Fatalf("%s of version %d was handled %d times by %v, want %d", s, w.version, got, now, want)
		}
	}
}

// TestEachStepIsHandledExactlyOnce simulates more than a year of ticks at random distances, long outages among
// them, with dates amended on the way and in zones with odd clocks: each (obligation, version, step) is handled
// exactly once, never early, and never after its date was amended (J1, HR11).
func TestEachStepIsHandledExactlyOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(rapid.SampledFrom([]int{2011, 2026, 2027}).Draw(t, "year"), 1, 1, 0, 0, 0, 0, time.UTC)
		drawDue := func() date.Date {
			return date.In(start, time.UTC).AddDays(rapid.IntRange(0, 450).Draw(t, "due"))
		}
		w := worker{
			plan: Plan{Ladder: drawLadder(t), Due: drawDue(), Zone: zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))},
			keys: map[string]int{},
		}
		now := start
		for now.Before(start.AddDate(2, 0, 0)) {
			w.tick(t, now)
			w.checkVersion(t, now)
			if rapid.IntRange(0, 19).Draw(t, "amend") == 0 {
				w.amend(drawDue())
			}
			now = now.Add(pause(t, w.next.Sub(now)))
		}
		for key, n := range w.keys {
			if n != 1 {
				t.Fatalf("%s was handled %d times", key, n)
			}
		}
	})
}

// pause draws how long the worker sleeps: to the next step exactly, minutes, days or an outage of months.
func pause(t *rapid.T, untilNext time.Duration) time.Duration {
	switch rapid.IntRange(0, 3).Draw(t, "pause") {
	case 0:
		if untilNext > 0 && untilNext < 365*24*time.Hour {
			return untilNext
		}
		return 24 * time.Hour
	case 1:
		return time.Duration(rapid.IntRange(1, 72*60).Draw(t, "minutes")) * time.Minute
	case 2:
		return time.Duration(rapid.IntRange(1, 20).Draw(t, "days")) * 24 * time.Hour
	default:
		return time.Duration(rapid.IntRange(20, 200).Draw(t, "outage")) * 24 * time.Hour
	}
}

// TestAWorkerThatKeepsUpFiresEverything: without outages nothing is skipped, unless two steps share an instant.
func TestAWorkerThatKeepsUpFiresEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := Plan{
			Ladder: drawLadder(t), Due: date.Of(2026, 1, rapid.IntRange(1, 365).Draw(t, "day")),
			Zone: zone(t, rapid.SampledFrom(zones).Draw(t, "zone")),
		}
		w := worker{plan: p, keys: map[string]int{}}
		for f, ok := p.Next(None()); ok; f, ok = p.Next(w.done) {
			w.tick(t, f.At)
		}
		if d := cmp.Diff(p.Ladder.Steps(), append([]Step{}, steps(w.fired)...)); d != "" {
			t.Fatalf("steps of the ladder and steps fired differ (-want +got):\n%s", d)
		}
		for _, f := range w.fired {
			if l := f.At.In(p.Zone); f.LateBy != 0 || date.In(f.At, p.Zone) != p.Due.AddDays(int(f.Step)) && l.Hour() > 3 {
				t.Fatalf("%s fired at %v, late by %v", f.Step, l, f.LateBy)
			}
		}
	})
}
