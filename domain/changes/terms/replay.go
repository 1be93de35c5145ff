package terms

import (
	"fmt"
	"slices"
	"time"

	"heyue/platform/date"
	"heyue/platform/fault"
)

// Entry is a change on record: what it does, from which day to which, and when it was put on record. Both times count: a
// change holds on the days from On to Until for whoever asks what was known at Recorded or later.
type Entry struct {
	Number   int        // place in the contract's record; unique, and in the order of Recorded
	Recorded time.Time  // when it was approved or noticed
	On       date.Date  // the first day on which it holds
	Until    *date.Date // the last one; nil for a change that stays
	Fact     bool       // it has happened to the contract's rows anyway, and conflicts with nothing
	Delta    Delta
}

// Holds reports whether the entry holds on a day for whoever asks what was known at a moment.
func (e Entry) Holds(asOf date.Date, knownAt time.Time) bool {
	return !e.Recorded.After(knownAt) && !e.On.After(asOf) && (e.Until == nil || !asOf.After(*e.Until))
}

// Ends is the first day on which a temporary entry no longer holds.
func (e Entry) Ends() (date.Date, bool) {
	if e.Until == nil {
		return date.Date{}, false
	}
	return e.Until.AddDays(1), true
}

// Replay returns the terms in force on a day as they were known at a moment: the base with every entry that then holds,
// one after the other as they were recorded. Entries may come in any order. It fails as Apply does when an entry that is
// no fact meets a sheet that it does not fit; the fault names the entry.
func Replay(base Sheet, entries []Entry, asOf date.Date, knownAt time.Time) (Sheet, error) {
	now := base.clone()
	for _, e := range sorted(entries) {
		if !e.Holds(asOf, knownAt) {
			continue
		}
		if e.Fact {
			now = Follow(now, e.Delta)
			continue
		}
		next, err := Apply(now, e.Delta)
		if err != nil {
			return Sheet{}, clash(err, e, asOf)
		}
		now = next
	}
	return now, nil
}

// clash says of every conflict which entry meets it and on which day.
func clash(err error, e Entry, on date.Date) error {
	var list fault.List
	for _, f := range fault.All(err) {
		told := *f
		told.Message = fmt.Sprintf("%s (version %d, on %s)", f.Message, e.Number, on)
		list = append(list, &told)
	}
	return list
}

// Days are the days on which the terms can change by themselves, in order and each once: first days of entries, and first
// days without a temporary one.
func Days(entries []Entry) []date.Date {
	var days []date.Date
	for _, e := range entries {
		days = append(days, e.On)
		if end, ok := e.Ends(); ok {
			days = append(days, end)
		}
	}
	slices.SortFunc(days, date.Date.Compare)
	return slices.Compact(days)
}

// Next is the first day after one on which the terms change by themselves; nil when there is none to come.
func Next(entries []Entry, after date.Date) *date.Date {
	for _, d := range Days(entries) {
		if d.After(after) {
			return &d
		}
	}
	return nil
}

// Sound checks that an entry that is to be recorded last fits the contract on every day on which it holds, whatever else
// begins or ends meanwhile, and that what is recorded already still fits. check sees every sheet that comes out. The
// faults are those of the first day that does not.
func Sound(base Sheet, entries []Entry, check func(day date.Date, s Sheet) error) error {
	for _, day := range Days(entries) {
		s, err := Replay(base, entries, day, latest(entries))
		if err != nil {
			return err
		}
		if err := check(day, s); err != nil {
			return err
		}
	}
	return nil
}

func latest(entries []Entry) time.Time {
	var last time.Time
	for _, e := range entries {
		if e.Recorded.After(last) {
			last = e.Recorded
		}
	}
	return last
}

func sorted(entries []Entry) []Entry {
	out := slices.Clone(entries)
	slices.SortStableFunc(out, func(x, y Entry) int { return x.Number - y.Number })
	return out
}
