// Package cash is the arithmetic of a cash forecast (H2, H3): which bucket of days a sum falls into, and what stands in all
// buckets when some dates are moved. It is pure.
package cash

import (
	"slices"
	"time"

	"heyue/platform/date"
)

// Bucket is how long a period of a forecast is.
type Bucket string

// The buckets. Weeks begin on Monday (ISO 8601).
const (
	Day   Bucket = "DAY"
	Week  Bucket = "WEEK"
	Month Bucket = "MONTH"
)

// Buckets returns all buckets.
func Buckets() []Bucket { return []Bucket{Day, Week, Month} }

// Valid reports whether b is a known bucket.
func (b Bucket) Valid() bool { return slices.Contains(Buckets(), b) }

// next is the first day after the bucket that d is in.
func (b Bucket) next(d date.Date) date.Date {
	switch b {
	case Week:
		return d.AddDays(7 - (int(d.Weekday())-int(time.Monday)+7)%7)
	case Month:
		return date.Of(d.Year, d.Month+1, 1)
	case Day:
	}
	return d.AddDays(1)
}

// Kind is where a period lies.
type Kind string

// The kinds of periods.
const (
	Overdue Kind = "OVERDUE" // before today: it should have come
	Earlier Kind = "EARLIER" // from today to the day before the forecast begins
	Ahead   Kind = "PERIOD"  // within the forecast
)

// Period is some days, both ends inclusive. Overdue has no first day.
type Period struct {
	Kind Kind
	From *date.Date
	To   date.Date
}

// Window is the days a forecast looks at, as of today. From is today or later, To not before From.
type Window struct {
	Today, From, To date.Date
	Bucket          Bucket
}

// Periods are what the window is cut into: what is overdue, what falls due before its first day when that is not today, and
// its buckets, the first and last of which may be cut short. They leave no gap and do not overlap. When there would be more
// than most buckets, ok is false.
func (w Window) Periods(most int) (periods []Period, ok bool) {
	periods = append(periods, Period{Kind: Overdue, To: w.Today.AddDays(-1)})
	if w.From.After(w.Today) {
		periods = append(periods, Period{Kind: Earlier, From: &w.Today, To: w.From.AddDays(-1)})
	}
	for n, day := 0, w.From; !day.After(w.To); n++ {
		if n == most {
			return nil, false
		}
		first, after := day, w.Bucket.next(day)
		last := after.AddDays(-1)
		if last.After(w.To) {
			last = w.To
		}
		periods = append(periods, Period{Kind: Ahead, From: &first, To: last})
		day = after
	}
	return periods, true
}

// Find gives the place of the period that a day is in; ok is false for a day after the last one.
func Find(periods []Period, day date.Date) (at int, ok bool) {
	at, _ = slices.BinarySearchFunc(periods, day, func(p Period, d date.Date) int { return p.To.Compare(d) })
	return at, at < len(periods)
}

// Falls is the day a sum is counted on: one that waits for a milestone has only an expected day, so it is never overdue and
// comes today at the earliest.
func Falls(due date.Date, awaiting bool, today date.Date) date.Date {
	if awaiting && due.Before(today) {
		return today
	}
	return due
}
