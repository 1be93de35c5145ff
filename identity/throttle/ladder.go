// Package throttle slows down whoever guesses: passwords, codes, links. It counts tries before they are judged, for the
// account they are about and for the address they come from, in PostgreSQL, so that nothing that is lost or restarted
// gives a guesser new tries, and any number of processes count together. What is counted is a MAC: the table names nobody.
package throttle

import "time"

// Rule says how many tries are free and how long one has to wait after the others.
type Rule struct {
	Free int           // tries after which nobody has to wait; at least 1
	Wait time.Duration // after the first try beyond those; it doubles with each
	Most time.Duration // the longest wait
	Leak time.Duration // the time, not counting waits, in which one try is forgotten
}

// maxSteps bounds a ladder: 2^40 times any wait is longer than every bound.
const maxSteps = 40

// ladder is how long to wait after the first try, the second …; after the last of the list and every later one it is
// the last.
func (r Rule) ladder() []time.Duration {
	steps := make([]time.Duration, max(r.Free, 1), r.Free+maxSteps)
	for wait := r.Wait; len(steps) < cap(steps); wait *= 2 {
		if wait >= r.Most || wait <= 0 {
			return append(steps, r.Most)
		}
		steps = append(steps, wait)
	}
	return append(steps, r.Most)
}

// micros is the ladder as PostgreSQL takes it.
func (r Rule) micros() []int64 {
	steps := r.ladder()
	out := make([]int64, len(steps))
	for i, d := range steps {
		out[i] = d.Microseconds()
	}
	return out
}
