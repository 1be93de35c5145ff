package schedule

import (
	"time"

	"heyue/platform/date"
)

// Plan is everything that decides when the reminders of one obligation fire. Build it from the obligation's due
// date, the tenant's zone and a ladder that passed Validate.
type Plan struct {
	Ladder Ladder
	Due    date.Date
	Zone   *time.Location
}

// Progress is the last step of an obligation that was handled, that is fired or skipped. The zero value is none.
type Progress struct {
	Step Step
	Some bool
}

// None is the progress of an obligation of which nothing was handled yet.
func None() Progress { return Progress{} }

// After is the progress once s was handled.
func After(s Step) Progress { return Progress{Step: s, Some: true} }

func (p Progress) covers(s Step) bool { return p.Some && s <= p.Step }

// Firing is a step with the instant it belongs to.
type Firing struct {
	Step   Step
	At     time.Time     // UTC
	LateBy time.Duration // how long after At it is handled; never negative
}

// StepAt returns the instant of a step: its day at the ladder's time in the plan's zone, by the rules of
// date.Date.At where clocks change. Later steps never have earlier instants.
func (p Plan) StepAt(s Step) time.Time {
	return p.Due.AddDays(int(s)).At(p.Ladder.At.Hour, p.Ladder.At.Minute, p.Zone)
}

// Next returns the first step after done and its instant, which may have passed. It reports false when the ladder
// has no further step.
func (p Plan) Next(done Progress) (Firing, bool) {
	for _, s := range p.Ladder.Steps() {
		if !done.covers(s) {
			return Firing{Step: s, At: p.StepAt(s)}, true
		}
	}
	return Firing{}, false
}

// Preview returns the steps after done whose instants lie in [from, to), in order: what will fire if nothing
// changes.
func (p Plan) Preview(done Progress, from, to time.Time) []Firing {
	var firings []Firing
	for _, s := range p.Ladder.Steps() {
		at := p.StepAt(s)
		if !done.covers(s) && !at.Before(from) && at.Before(to) {
			firings = append(firings, Firing{Step: s, At: at})
		}
	}
	return firings
}

// Begin returns the progress of an obligation that is new or newly dated at now. With catchUp it is None: the
// latest step already passed will go out at once, late, which is right for a date moved closer. Without, steps
// already passed count as handled and only the future is reminded of, which is right for imported data.
func (p Plan) Begin(now time.Time, catchUp bool) Progress {
	done := None()
	if catchUp {
		return done
	}
	for _, s := range p.Ladder.Steps() {
		if p.StepAt(s).After(now) {
			break
		}
		done = After(s)
	}
	return done
}

// Outcome is what there is to do for one obligation at one instant.
type Outcome struct {
	Fire    *Firing  // the step to alert about now, nil when nothing is due
	Skipped []Firing // steps passed over, oldest first: overtaken by Fire, or too late to matter
	Done    Progress // store this with the alert
	Next    *Firing  // when to look again, nil when the ladder is finished
}

// Catchup returns what to do at now for an obligation whose last handled step is done. However long the service
// was down, at most one alert comes of it: of the steps that have passed the latest fires, because it alone says
// how things stand; the others are reported as skipped. The latest is skipped too when it is late by more than
// the ladder's grace. Before Next.At has come there is nothing to do and Done is done.
func (p Plan) Catchup(done Progress, now time.Time) Outcome {
	out := Outcome{Done: done}
	for _, s := range p.Ladder.Steps() {
		if done.covers(s) {
			continue
		}
		f := Firing{Step: s, At: p.StepAt(s)}
		if f.At.After(now) {
			out.Next = &f
			break
		}
		f.LateBy = now.Sub(f.At)
		out.Skipped = append(out.Skipped, f)
		out.Done = After(s)
	}
	if last := len(out.Skipped) - 1; last >= 0 && !p.tooLate(out.Skipped[last]) {
		fire := out.Skipped[last]
		out.Fire, out.Skipped = &fire, out.Skipped[:last:last]
	}
	if len(out.Skipped) == 0 {
		out.Skipped = nil
	}
	return out
}

func (p Plan) tooLate(f Firing) bool {
	return p.Ladder.Grace > 0 && f.LateBy > time.Duration(p.Ladder.Grace)*24*time.Hour
}
