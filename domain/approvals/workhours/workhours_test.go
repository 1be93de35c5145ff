package workhours

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"heyue/platform/date"
)

func shanghai(t interface{ Fatal(...any) }) *time.Location {
	zone, err := date.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestAfter(t *testing.T) {
	t.Parallel()
	zone := shanghai(t)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 6, day, hour, minute, 0, 0, zone) }
	c := Calendar{Zone: zone, Holidays: map[date.Date]bool{date.Of(2026, 6, 19): true}, Worked: map[date.Date]bool{date.Of(2026, 6, 21): true}}
	for name, tc := range map[string]struct {
		from  time.Time
		hours int
		want  time.Time
	}{
		"none":                     {at(15, 10, 30), 0, at(15, 10, 30)},
		"within the day":           {at(15, 10, 30), 3, at(15, 13, 30)},
		"to the end of the day":    {at(15, 9, 0), 9, at(15, 18, 0)},
		"into the next day":        {at(15, 17, 0), 2, at(16, 10, 0)},
		"from before work":         {at(15, 3, 0), 1, at(15, 10, 0)},
		"from after work":          {at(15, 22, 0), 1, at(16, 10, 0)},
		"over a holiday":           {at(18, 17, 0), 2, at(21, 10, 0)}, // the 19th is off, the 20th a Saturday, the 21st worked
		"over an ordinary weekend": {at(26, 17, 0), 2, at(29, 10, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.After(tc.from, tc.hours); !got.Equal(tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// TestHoursAddUp: working a hours and then b is working a+b, up to where one day's end is the next one's beginning.
func TestHoursAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := Calendar{Zone: shanghai(t)}
		from := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "from"), 0)
		a, b := rapid.IntRange(1, 100).Draw(t, "a"), rapid.IntRange(1, 100).Draw(t, "b")
		one, two := c.After(from, a+b), c.After(c.After(from, a), b)
		if !one.Equal(two) {
			t.Fatalf("%v at once, %v in two steps", one, two)
		}
		if day := date.In(one, c.Zone); !c.Works(day) || one.Before(from) {
			t.Fatalf("%v is no working time after %v", one, from)
		}
	})
}
