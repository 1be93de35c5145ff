package lifecycle

import "heyue/platform/date"

// ByDate is Term.ByDate for a fixed term that runs from starts to ends.
func ByDate(s Status, starts, ends, today date.Date) (Event, bool) {
	return Term{Starts: starts, Ends: ends, Renewal: FixedTerm}.ByDate(s, today)
}

// ByDate tells which event the calendar brings to a contract in status s when it is today in the tenant's zone: a signed
// contract becomes active on its first day, a suspension ends on the day after its last, and a running contract ends on
// the day after its own last, or goes on when that was agreed and nobody gave notice (E8, HR14). It reports false when
// today brings nothing. After a pause of the service the caller asks again, with the new status and term, until it does.
func (t Term) ByDate(s Status, today date.Date) (Event, bool) {
	over := !t.Ends.IsZero() && today.After(t.Ends)
	goesOn := t.OptedOut.IsZero()
	switch {
	case s == Signed && !today.Before(t.Starts):
		return Activate, true
	case s == Suspended && !t.Until.IsZero() && today.After(t.Until):
		return Resume, true
	case !s.IsRunning() || !over || t.Renewal == Evergreen && goesOn:
		return "", false
	case t.Renewal == Automatic && goesOn:
		return Extend, true
	default:
		return Expire, true
	}
}
