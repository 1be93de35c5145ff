package schedule

import (
	"testing"

	"pgregory.net/rapid"

	"heyue/platform/fault"
)

func TestStepText(t *testing.T) {
	t.Parallel()
	for s, want := range map[Step]string{Before(90): "D-90", Before(0): "D", Due: "D", Overdue(7): "D+7"} {
		if got := s.String(); got != want {
			t.Errorf("%d is written %q, want %q", s, got, want)
		}
	}
	if s := Before(30); !s.IsBefore() || s.IsOverdue() || s.Days() != 30 {
		t.Errorf("%v is taken for something else", s)
	}
	if s := Overdue(7); s.IsBefore() || !s.IsOverdue() || s.Days() != 7 {
		t.Errorf("%v is taken for something else", s)
	}
	for _, text := range []string{"", "d", "D0", "D+0", "D-0", "D30", "D+07", "D+99999", "D-1x", "X-1"} {
		if s, err := ParseStep(text); fault.KindOf(err) != fault.Invalid {
			t.Errorf("ParseStep(%q) = %v, %v", text, s, err)
		}
	}
	if got, want := Key("obl_1", 3, Before(30)), "obl_1:v3:D-30"; got != want {
		t.Errorf("key %q, want %q", got, want)
	}
}

func TestStepTextRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := Step(rapid.Int16Range(-32767, 32767).Draw(t, "step"))
		if got, err := ParseStep(s.String()); err != nil || got != s {
			t.Fatalf("%d -> %q -> %d, %v", s, s, got, err)
		}
	})
}
