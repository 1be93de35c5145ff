package lifecycle

import (
	"slices"
	"time"

	"heyue/platform/date"
	"heyue/platform/enum"
	"heyue/platform/fault"
)

// Renewal is what the parties agreed for the end of the term (E8, HR14).
type Renewal string

// Kinds of renewal.
const (
	FixedTerm Renewal = "FIXED"     // it ends; going on needs an agreement and a successor
	Automatic Renewal = "AUTO"      // it goes on for another term unless somebody gives notice in time
	Evergreen Renewal = "EVERGREEN" // it goes on until somebody gives notice
)

// Renewals returns all kinds of renewal.
func Renewals() []Renewal { return []Renewal{FixedTerm, Automatic, Evergreen} }

// Values returns all kinds as text, for the entity schema.
func (Renewal) Values() []string { return enum.Texts(Renewals()) }

// Valid reports whether r is a known kind.
func (r Renewal) Valid() bool { return slices.Contains(Renewals(), r) }

// Limits of what can be agreed.
const (
	MaxRenewalMonths = 120
	MaxNoticeDays    = 730
)

// Term is the time a contract runs and how it goes on. Zero dates are not given: no Starts means effect on signing, no
// Ends a contract without a fixed term.
type Term struct {
	Starts, Ends date.Date
	Renewal      Renewal
	Months       int       // length of a further term, for AUTO
	NoticeDays   int       // how long before the end notice must come
	OptedOut     date.Date // the day notice was given that it shall not go on
	Until        date.Date // last day of a suspension; zero for one without an end
}

// Check reports what cannot be agreed like this, with the paths of an input's fields: an automatic renewal needs an end
// and the length of a further term; nothing else has one.
func (t Term) Check(c *fault.Check) {
	c.That(t.Renewal.Valid(), fault.UnknownValue, "renewal", "%.20q is not a kind of renewal", string(t.Renewal))
	c.That(t.Ends.IsZero() || !t.Ends.Before(t.Starts), fault.Inconsistent, "endsOn", "endsOn is before effectiveOn")
	c.That(t.NoticeDays >= 0 && t.NoticeDays <= MaxNoticeDays, fault.OutOfRange, "noticeDays", "noticeDays is 0 to %d, not %d", MaxNoticeDays, t.NoticeDays)
	if t.Renewal != Automatic {
		c.That(t.Months == 0, fault.Inconsistent, "renewalMonths", "only a contract that renews itself has renewalMonths")
		return
	}
	c.That(!t.Ends.IsZero(), fault.Required, "endsOn", "a contract that renews itself needs endsOn")
	c.That(t.Months >= 1 && t.Months <= MaxRenewalMonths, fault.OutOfRange, "renewalMonths",
		"renewalMonths is 1 to %d, not %d", MaxRenewalMonths, t.Months)
}

// NoticeBy returns the last day on which notice is in time, false when no notice is due: the term has no end, or notice
// was given. For a fixed term it is the last day to decide what comes after, for an automatic renewal the last day to
// opt out. An evergreen contract can be left at any time.
func (t Term) NoticeBy() (date.Date, bool) {
	if t.Ends.IsZero() || !t.OptedOut.IsZero() || t.Renewal == Evergreen || t.NoticeDays == 0 && t.Renewal == FixedTerm {
		return date.Date{}, false
	}
	return t.Ends.AddDays(-t.NoticeDays), true
}

// OptOut returns the last day of a contract when notice is given on day: the end of the running term, for an evergreen
// contract the end of the notice or of the least term, whichever is later. It fails with State WRONG_STATE for a fixed
// term, which ends by itself, and after earlier notice; with Invalid OUT_OF_RANGE on givenOn when notice to an automatic
// renewal comes too late for the running term.
func (t Term) OptOut(day date.Date) (date.Date, error) {
	switch {
	case t.Renewal == FixedTerm:
		return date.Date{}, fault.New(fault.State, fault.WrongState, "a contract of a fixed term ends by itself; there is nothing to opt out of")
	case !t.OptedOut.IsZero():
		return date.Date{}, fault.New(fault.State, fault.WrongState, "notice was given on %s already", t.OptedOut)
	case t.Renewal == Evergreen:
		ends := day.AddDays(t.NoticeDays)
		if ends.Before(t.Ends) {
			ends = t.Ends
		}
		return ends, nil
	}
	if by, _ := t.NoticeBy(); day.After(by) {
		f := fault.New(fault.Invalid, fault.OutOfRange, "notice was due by %s; given on %s it comes too late for the term that ends on %s", by, day, t.Ends)
		f.Field = []string{"givenOn"}
		return date.Date{}, f
	}
	return t.Ends, nil
}

// Next returns the last day of the further term that follows Ends: it begins the day after and is Months long. When the
// month it would end in has no such day, it ends with that month.
func (t Term) Next() date.Date {
	starts := t.Ends.AddDays(1)
	month := date.Of(starts.Year, starts.Month+time.Month(t.Months), 1)
	last := date.Of(month.Year, month.Month+1, 0)
	if starts.Day > last.Day {
		return last
	}
	return date.Of(month.Year, month.Month, starts.Day-1)
}
