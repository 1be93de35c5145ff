package date

import (
	"time"
	_ "time/tzdata" // zones must not depend on what the machine has installed

	"heyue/platform/fault"
)

// MaxZoneLength is the longest zone name accepted; the longest in use has 32 characters.
const MaxZoneLength = 64

// LoadZone returns the IANA time zone of that name, such as Asia/Shanghai. Unlike time.LoadLocation it knows
// neither "" nor "Local" nor names in small letters ("localtime", "right/…"): a tenant's zone never depends on
// what a server has installed. It fails with Invalid UNKNOWN_VALUE.
func LoadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" || len(name) > MaxZoneLength || name[0] < 'A' || name[0] > 'Z' {
		return nil, unknownZone(name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, unknownZone(name)
	}
	return zone, nil
}

func unknownZone(name string) error {
	return fault.New(fault.Invalid, fault.UnknownValue, "%q is not an IANA time zone such as Asia/Shanghai", clip(name))
}

// widest is more than any zone was ever away from UTC.
const widest = 16 * time.Hour

// At returns the instant at which the clocks of zone show hour:minute on day d.
//
// Where the clocks jump over that time (a gap) the instant is as much later as the clocks jumped, as if they had
// not: 02:30 becomes 03:30, and nine o'clock on the day that Samoa left out becomes nine o'clock on the next.
// Where they show it twice (a fold) it is the first. time.Date promises neither. In one zone and at one time of
// day, a later day never gives an earlier instant.
func (d Date) At(hour, minute int, zone *time.Location) time.Time {
	wall := time.Date(d.Year, d.Month, d.Day, hour, minute, 0, 0, time.UTC)
	period := wall.Add(-widest).In(zone)
	before := offset(period)
	for {
		starts, ends := period.ZoneBounds()
		t := wall.Add(-offset(period))
		switch {
		case !ends.IsZero() && !t.Before(ends):
			before = offset(period)
			period = ends.In(zone)
		case !starts.IsZero() && t.Before(starts):
			return wall.Add(-before).UTC()
		default:
			return t.UTC()
		}
	}
}

// Start returns the first instant of day d in zone. The day before ends there.
func (d Date) Start(zone *time.Location) time.Time { return d.At(0, 0, zone) }

func offset(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}
