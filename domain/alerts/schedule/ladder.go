package schedule

import (
	"fmt"
	"slices"
	"time"

	"heyue/platform/fault"
)

// Limits of a ladder. Days are bounded so that a step stays within a few years of its date.
const (
	MaxBefore       = 1095 // days before the due date
	MaxRungs        = 20   // entries of Before
	MaxOverdueEvery = 90   // days between overdue reminders
	MaxOverdueMax   = 52   // overdue reminders: a year of weekly ones
	MaxGrace        = 366  // days
)

// Ladder says how long before a date, and how often after it, people are reminded. It is part of a tenant's
// settings; its JSON form is stored.
type Ladder struct {
	Before       []int     `json:"before"`       // days before the due date, 0 for the day itself, in any order
	OverdueEvery int       `json:"overdueEvery"` // days between reminders once overdue; 0 for none
	OverdueMax   int       `json:"overdueMax"`   // how many overdue reminders there are at most
	At           LocalTime `json:"at"`           // time of day in the tenant's zone
	Grace        int       `json:"grace"`        // days by which a missed reminder may still go out late; 0 for any
}

// Default is the shipped ladder: 90, 30, 7 and 1 days before, on the day, then weekly for eight weeks, at nine.
func Default() Ladder {
	return Ladder{Before: []int{90, 30, 7, 1, 0}, OverdueEvery: 7, OverdueMax: 8, At: LocalTime{9, 0}, Grace: 30}
}

// Check records every fault of the ladder in c, with paths below it such as before.2 and overdueEvery. An empty
// ladder is allowed: it reminds nobody.
func (l Ladder) Check(c *fault.Check) {
	c.That(len(l.Before) <= MaxRungs, fault.OutOfRange, "before", "a ladder has at most %d steps before the date, this one %d", MaxRungs, len(l.Before))
	for i, n := range l.Before[:min(len(l.Before), MaxRungs)] {
		field := fmt.Sprintf("before.%d", i)
		c.That(n >= 0 && n <= MaxBefore, fault.OutOfRange, field, "a reminder is 0 to %d days before the date, not %d", MaxBefore, n)
		c.That(!slices.Contains(l.Before[:i], n), fault.Duplicate, field, "%d days before the date appears twice", n)
	}
	inRange(c, "overdueEvery", l.OverdueEvery, MaxOverdueEvery)
	inRange(c, "overdueMax", l.OverdueMax, MaxOverdueMax)
	c.That((l.OverdueEvery == 0) == (l.OverdueMax == 0), fault.Inconsistent, "overdueMax",
		"overdueEvery and overdueMax are both zero (no overdue reminders) or both more than zero")
	c.That(l.At.Valid(), fault.OutOfRange, "at", "the time of day is 00:00 to 23:59")
	inRange(c, "grace", l.Grace, MaxGrace)
}

// Validate is Check on its own: all faults at once, or nil.
func (l Ladder) Validate() error {
	var c fault.Check
	l.Check(&c)
	return c.Err()
}

// Steps returns all steps in the order of time, each once.
func (l Ladder) Steps() []Step {
	steps := make([]Step, 0, len(l.Before)+l.OverdueMax)
	for _, n := range l.Before {
		steps = append(steps, Before(n))
	}
	for k := 1; k <= l.OverdueMax; k++ {
		steps = append(steps, Overdue(k*l.OverdueEvery))
	}
	slices.Sort(steps)
	return slices.Compact(steps)
}

func inRange(c *fault.Check, field string, n, most int) {
	c.That(n >= 0 && n <= most, fault.OutOfRange, field, "%s is 0 to %d, not %d", field, most, n)
}

// LocalTime is a time of day on a clock on the wall, to the minute. It is written "09:00".
type LocalTime struct{ Hour, Minute int }

// ParseLocalTime reads HH:MM on a 24-hour clock. It fails with Invalid MALFORMED.
func ParseLocalTime(s string) (LocalTime, error) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return LocalTime{}, fault.New(fault.Invalid, fault.Malformed, "%.20q is not a time of day such as 09:00", s)
	}
	return LocalTime{t.Hour(), t.Minute()}, nil
}

// Valid reports whether the clock ever shows t.
func (t LocalTime) Valid() bool {
	return t.Hour >= 0 && t.Hour <= 23 && t.Minute >= 0 && t.Minute <= 59
}

// String returns HH:MM.
func (t LocalTime) String() string { return fmt.Sprintf("%02d:%02d", t.Hour, t.Minute) }

// MarshalText writes HH:MM.
func (t LocalTime) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads HH:MM.
func (t *LocalTime) UnmarshalText(b []byte) (err error) {
	*t, err = ParseLocalTime(string(b))
	return err
}
