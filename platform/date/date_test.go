package date

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseAndStringAreInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := Of(1, 1, 1).AddDays(rapid.IntRange(0, 3_652_058).Draw(t, "days"))
		got, err := Parse(d.String())
		if err != nil || got != d {
			t.Fatalf("%v -> %q -> %v, %v", d, d.String(), got, err)
		}
		n := rapid.IntRange(-400, 400).Draw(t, "n")
		if d.Year > 2 && d.Year < 9998 && d.AddDays(n).Since(d) != n {
			t.Fatalf("%v + %d days is %d days later", d, n, d.AddDays(n).Since(d))
		}
	})
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "2026-02-30", "2026-2-3", "2026-02-03T00:00:00Z", "0000-01-01", "20260203", "明天"} {
		if d, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %v", s, d)
		}
	}
}

func TestDayDependsOnTheZone(t *testing.T) {
	t.Parallel()
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 30, 16, 0, 0, 0, time.UTC)
	if got := In(at, shanghai); got != MustParse("2026-12-01") {
		t.Errorf("%v in Shanghai is %v", at, got)
	}
}

func TestScanTakesWhatTheDriverGives(t *testing.T) {
	t.Parallel()
	want := MustParse("2026-12-01")
	for _, src := range []any{time.Date(2026, 12, 1, 0, 0, 0, 0, time.FixedZone("", 0)), "2026-12-01", []byte("2026-12-01")} {
		var d Date
		if err := d.Scan(src); err != nil || d != want {
			t.Errorf("Scan(%T) = %v, %v", src, d, err)
		}
	}
	var d Date
	if err := d.Scan(nil); err != nil || !d.IsZero() {
		t.Errorf("Scan(nil) = %v, %v", d, err)
	}
	if v, _ := (Date{}).Value(); v != nil {
		t.Errorf("no date is stored as %v", v)
	}
}
