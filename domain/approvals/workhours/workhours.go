// Package workhours counts working time (F4): Monday to Friday, nine to six, in one zone, without holidays and with the
// weekend days that are worked instead. It is pure: the caller brings the calendar.
package workhours

import (
	"time"

	"heyue/platform/date"
)

// The working day.
const (
	Opens  = 9
	Closes = 18
)

// Calendar is when a tenant works. Holidays are days without work; Worked are weekend days with it.
type Calendar struct {
	Zone     *time.Location
	Holidays map[date.Date]bool
	Worked   map[date.Date]bool
}

// Works reports whether anybody works on d.
func (c Calendar) Works(d date.Date) bool {
	if c.Holidays[d] {
		return false
	}
	weekday := d.Weekday()
	return c.Worked[d] || weekday != time.Saturday && weekday != time.Sunday
}

// maxDays ends the count in a calendar that never works.
const maxDays = 4000

// After returns the instant at which so many hours have been worked since from; from itself for none. In a calendar
// without a working day in ten years it gives up and returns the end of them.
func (c Calendar) After(from time.Time, hours int) time.Time {
	if hours <= 0 {
		return from
	}
	left := time.Duration(hours) * time.Hour
	day := date.In(from, c.Zone)
	for range maxDays {
		if c.Works(day) {
			opens, closes := c.at(day, Opens), c.at(day, Closes)
			begin := opens
			if from.After(begin) {
				begin = from
			}
			if room := closes.Sub(begin); room >= left {
				return begin.Add(left)
			} else if room > 0 {
				left -= room
			}
		}
		day = day.AddDays(1)
	}
	return c.at(day, Opens)
}

func (c Calendar) at(d date.Date, hour int) time.Time {
	return time.Date(d.Year, d.Month, d.Day, hour, 0, 0, 0, c.Zone)
}
