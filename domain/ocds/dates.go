package ocds

import (
	"strings"
	"time"

	"heyue/platform/date"
)

// moment is a date as published: an instant, or only a day. The zero moment is none.
type moment struct {
	at      time.Time // in the zone it was written in
	zoned   bool      // the text names its zone
	dayOnly bool
}

// Years outside these bounds are placeholders for "unknown" or "for ever", not dates.
const (
	firstYear = 1900
	lastYear  = 2200
)

var layouts = [...]string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07"}

var zoneless = [...]string{"2006-01-02T15:04:05", "2006-01-02T15:04"}

// parseMoment reads a day (YYYY-MM-DD, YYYYMMDD) or an instant (RFC 3339 and its common relatives: a space
// for the T, no seconds, no zone, +0200). Anything that could mean two things, such as 03/04/2016 or 2016-06,
// is refused with a reason.
func parseMoment(s string) (moment, string) {
	m, ok := readMoment(s)
	switch {
	case !ok && looksLikeDay(s):
		return moment{}, "is no day of the calendar"
	case !ok:
		return moment{}, "is not a date in a form that has only one meaning"
	case m.at.Year() < firstYear || m.at.Year() > lastYear:
		return moment{}, "is a placeholder, not a date"
	}
	return m, ""
}

func readMoment(s string) (moment, bool) {
	switch len(s) {
	case len("2006-01-02"):
		t, err := time.Parse("2006-01-02", s)
		return moment{at: t, dayOnly: true}, err == nil
	case len("20060102"):
		t, err := time.Parse("20060102", s)
		return moment{at: t, dayOnly: true}, err == nil
	}
	if len(s) < len("2006-01-02T15:04") || len(s) > 40 {
		return moment{}, false
	}
	if c := s[10]; c == ' ' || c == 't' {
		s = s[:10] + "T" + strings.TrimSpace(s[11:])
	}
	if last := len(s) - 1; s[last] == 'z' {
		s = s[:last] + "Z"
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return moment{at: t, zoned: true}, true
		}
	}
	for _, l := range zoneless {
		if t, err := time.Parse(l, s); err == nil {
			return moment{at: t}, true
		}
	}
	return moment{}, false
}

func looksLikeDay(s string) bool {
	return len(s) >= 10 && s[4] == '-' && s[7] == '-' && strings.Trim(s[:4]+s[5:7]+s[8:10], "0123456789") == ""
}

// civil is the day m falls on: as written, or in zone when m is an instant that is not midnight UTC.
func (m moment) civil(zone *time.Location) date.Date {
	if zone == nil || !m.zoned {
		return date.In(m.at, m.at.Location())
	}
	if _, offset := m.at.Zone(); offset == 0 && m.at.Hour() == 0 && m.at.Minute() == 0 && m.at.Second() == 0 {
		return date.In(m.at, time.UTC)
	}
	return date.In(m.at, zone)
}
