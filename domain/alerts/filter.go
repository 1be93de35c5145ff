package alerts

import (
	"slices"

	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/listing"
)

// matches is the filter's rule for one alert, the same as a list's.
func (f *Filter) matches(a *ent.Alert, mine *ent.AlertRecipient) bool {
	if f == nil {
		return true
	}
	return (f.Kind == nil || slices.Contains(f.Kind, a.Kind)) &&
		(f.State == nil || slices.Contains(f.State, a.State)) &&
		within(f.DueOn, a.DueOn) &&
		(f.Unread == nil || *f.Unread == (mine.ReadAt == nil)) &&
		(f.Unacknowledged == nil || *f.Unacknowledged == (mine.AcknowledgedAt == nil)) &&
		(f.Snoozed == nil || *f.Snoozed == (mine.SnoozedUntil != nil))
}

func within(d *listing.Dates, on date.Date) bool {
	if d == nil {
		return true
	}
	return (d.Eq == nil || on == *d.Eq) && (d.From == nil || !on.Before(*d.From)) && (d.To == nil || !on.After(*d.To)) &&
		(d.IsNull == nil || !*d.IsNull)
}
