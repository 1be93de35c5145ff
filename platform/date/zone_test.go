package date

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"heyue/platform/fault"
)

// oddZones leave out days, jump by half an hour, change their mind in Ramadan or keep to strange offsets.
var oddZones = []string{
	"Asia/Shanghai", "America/New_York", "Pacific/Apia", "Africa/Casablanca", "Europe/Berlin", "Europe/Dublin",
	"Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati", "Antarctica/Troll", "America/Sao_Paulo",
	"Asia/Gaza", "America/Havana", "Africa/Monrovia", "UTC",
}

func mustZone(t interface{ Fatal(...any) }, name string) *time.Location {
	z, err := LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, zone, day string
		hour, minute    int
		want            string
	}{
		{"ordinary", "Asia/Shanghai", "2026-12-01", 9, 0, "2026-12-01T01:00:00Z"},
		{"day begins", "Asia/Shanghai", "2026-12-02", 0, 0, "2026-12-01T16:00:00Z"},
		{"gap", "America/New_York", "2026-03-08", 2, 30, "2026-03-08T07:30:00Z"},
		{"just before the gap", "America/New_York", "2026-03-08", 1, 59, "2026-03-08T06:59:00Z"},
		{"just after the gap", "America/New_York", "2026-03-08", 3, 0, "2026-03-08T07:00:00Z"},
		{"fold", "America/New_York", "2026-11-01", 1, 30, "2026-11-01T05:30:00Z"},
		{"after the fold", "America/New_York", "2026-11-01", 2, 0, "2026-11-01T07:00:00Z"},
		{"half-hour gap", "Australia/Lord_Howe", "2026-10-04", 2, 15, "2026-10-03T15:45:00Z"},
		{"a day left out", "Pacific/Apia", "2011-12-30", 9, 0, "2011-12-30T19:00:00Z"},
		{"the day after it", "Pacific/Apia", "2011-12-31", 9, 0, "2011-12-30T19:00:00Z"},
		{"the day before it", "Pacific/Apia", "2011-12-29", 9, 0, "2011-12-29T19:00:00Z"},
		{"midnight in a gap", "America/Sao_Paulo", "2018-11-04", 0, 0, "2018-11-04T03:00:00Z"},
		{"midnight in a fold", "America/Havana", "2026-11-01", 0, 30, "2026-11-01T04:30:00Z"},
		{"quarter hour", "Asia/Kathmandu", "2026-12-01", 9, 0, "2026-12-01T03:15:00Z"},
	} {
		got := MustParse(c.day).At(c.hour, c.minute, mustZone(t, c.zone)).Format(time.RFC3339)
		if got != c.want {
			t.Errorf("%s: %s %02d:%02d in %s is %s, want %s", c.name, c.day, c.hour, c.minute, c.zone, got, c.want)
		}
	}
}

// TestAtKeepsToItsWord: the clock shows the asked time unless it was in a gap, no earlier instant shows it too,
// and days keep their order.
func TestAtKeepsToItsWord(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := mustZone(t, rapid.SampledFrom(oddZones).Draw(t, "zone"))
		d := Of(1950, 1, 1).AddDays(rapid.IntRange(0, 150*365).Draw(t, "day"))
		h, m := rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute")
		at := d.At(h, m, zone)
		shown := func(x time.Time) bool {
			l := x.In(zone)
			return In(x, zone) == d && l.Hour() == h && l.Minute() == m
		}
		if std := time.Date(d.Year, d.Month, d.Day, h, m, 0, 0, zone); shown(std) && (!shown(at) || at.After(std)) {
			t.Fatalf("%v %02d:%02d exists as %v but At gave %v", d, h, m, std, at.In(zone))
		}
		if !shown(at) && !In(at, zone).After(d) && at.In(zone).Hour()*60+at.In(zone).Minute() <= h*60+m {
			t.Fatalf("%v %02d:%02d is in a gap, but %v is not after it", d, h, m, at.In(zone))
		}
		for back := 30 * time.Minute; back <= 3*time.Hour; back += 30 * time.Minute {
			if shown(at.Add(-back)) {
				t.Fatalf("%v %02d:%02d was shown %v before %v", d, h, m, back, at.In(zone))
			}
		}
		if next := d.AddDays(1).At(h, m, zone); next.Before(at) {
			t.Fatalf("%v is before %v", next, at)
		}
	})
}

func TestLoadZoneRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "Local", "localtime", "right/Asia/Shanghai", "posix/Asia/Shanghai", "Asia/Peking", "../etc/passwd", "Asia", strings.Repeat("a", 65)} {
		if z, err := LoadZone(s); fault.KindOf(err) != fault.Invalid {
			t.Errorf("LoadZone(%q) = %v, %v", s, z, err)
		}
	}
}

func TestSinceSpansTheWholeCalendar(t *testing.T) {
	t.Parallel()
	if got := MustParse("9999-12-31").Since(MustParse("0001-01-01")); got != 3_652_058 {
		t.Errorf("the calendar has %d days", got)
	}
}
