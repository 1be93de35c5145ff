package lifecycle

import "heyue/platform/date"

// ByDate tells which event the calendar brings to a contract in status s whose term runs from starts to ends,
// both days included, when it is today in the tenant's zone: a signed contract becomes active on its first day
// and a running one expires on the day after its last (E8, HR14). A zero starts means effect on signing, a zero
// ends a contract without a fixed term. It reports false when today brings nothing. After a pause of the
// service the caller asks again with the new status until it does.
func ByDate(s Status, starts, ends, today date.Date) (Event, bool) {
	switch {
	case s == Signed && !today.Before(starts):
		return Activate, true
	case s.IsRunning() && !ends.IsZero() && today.After(ends):
		return Expire, true
	default:
		return "", false
	}
}
