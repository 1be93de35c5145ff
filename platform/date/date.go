// Package date holds the civil date: a day of the calendar without time or zone. Contract terms, due dates and
// service dates are dates (graphql.md 4.7): which instant one begins or ends at depends on the tenant's zone,
// and is worked out only where an instant is needed.
package date

import (
	"database/sql/driver"
	"fmt"
	"io"
	"strconv"
	"time"

	"heyue/platform/fault"
)

const layout = "2006-01-02"

// Date is a day from 0001-01-01 to 9999-12-31. The zero value is no date; dates compare with ==.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Of returns the given day, normalising overflow as time.Date does (Of(2026, 1, 32) is 1 February).
func Of(year int, month time.Month, day int) Date {
	return fromTime(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// In returns the day that t falls on in zone.
func In(t time.Time, zone *time.Location) Date { return fromTime(t.In(zone)) }

// Parse reads YYYY-MM-DD and nothing else.
func Parse(s string) (Date, error) {
	t, err := time.Parse(layout, s)
	if err != nil || t.Year() < 1 {
		return Date{}, fault.New(fault.Invalid, fault.Malformed, "%q is not a date of the form YYYY-MM-DD", clip(s))
	}
	return fromTime(t), nil
}

// MustParse is Parse for constants and tests.
func MustParse(s string) Date {
	d, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

// String returns YYYY-MM-DD, or "" for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.UTC().Format(layout)
}

// UTC returns midnight UTC of the day. It is a number for arithmetic, not the instant the day begins.
func (d Date) UTC() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// AddDays returns the day n days later, or earlier when n is negative.
func (d Date) AddDays(n int) Date { return Of(d.Year, d.Month, d.Day+n) }

// Since returns the days from other to d: negative when d is earlier.
func (d Date) Since(other Date) int {
	return int((d.UTC().Unix() - other.UTC().Unix()) / (24 * 60 * 60))
}

// Compare returns -1, 0 or 1 as d is before, the same as or after other.
func (d Date) Compare(other Date) int { return d.UTC().Compare(other.UTC()) }

// Before reports whether d is earlier than other.
func (d Date) Before(other Date) bool { return d.Compare(other) < 0 }

// After reports whether d is later than other.
func (d Date) After(other Date) bool { return d.Compare(other) > 0 }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.UTC().Weekday() }

// Value implements driver.Valuer; no date is NULL.
func (d Date) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil
	}
	return d.String(), nil
}

// Scan implements sql.Scanner for a date column.
func (d *Date) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d = Date{}
		return nil
	case time.Time:
		*d = fromTime(v)
		return nil
	case string:
		return d.UnmarshalText([]byte(v))
	case []byte:
		return d.UnmarshalText(v)
	}
	return fmt.Errorf("date: cannot scan %T", src)
}

// MarshalText writes YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD; empty text is no date.
func (d *Date) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	*d, err = Parse(string(b))
	return err
}

// MarshalGQL writes the Date scalar.
func (d Date) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(d.String())) }

// UnmarshalGQL reads the Date scalar.
func (d *Date) UnmarshalGQL(v any) (err error) {
	s, ok := v.(string)
	if !ok {
		return fault.New(fault.Invalid, fault.Malformed, "a date is a string of the form YYYY-MM-DD")
	}
	*d, err = Parse(s)
	return err
}

func fromTime(t time.Time) Date {
	y, m, day := t.Date()
	return Date{y, m, day}
}

// clip keeps a hostile value from filling the log.
func clip(s string) string {
	if len(s) > 32 {
		return s[:32] + "…"
	}
	return s
}
