package schedule

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/platform/fault"
)

func TestDefaultLadder(t *testing.T) {
	t.Parallel()
	if err := Default().Validate(); err != nil {
		t.Fatal(err)
	}
	want := []Step{-90, -30, -7, -1, 0, 7, 14, 21, 28, 35, 42, 49, 56}
	if d := cmp.Diff(want, Default().Steps()); d != "" {
		t.Error(d)
	}
}

func TestStepsOfAnyLadder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ladder Ladder
		want   []Step
	}{
		"empty":        {Ladder{}, []Step{}},
		"unsorted":     {Ladder{Before: []int{0, 30, 7}}, []Step{-30, -7, 0}},
		"overdue only": {Ladder{OverdueEvery: 10, OverdueMax: 2}, []Step{10, 20}},
	} {
		if d := cmp.Diff(c.want, c.ladder.Steps()); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestEveryLimitOfALadder(t *testing.T) {
	t.Parallel()
	rungs := make([]int, MaxRungs+1)
	for i := range rungs {
		rungs[i] = i
	}
	for _, c := range []struct {
		name   string
		change func(*Ladder)
		want   string
	}{
		{"the most of everything", func(l *Ladder) {
			l.Before, l.OverdueEvery, l.OverdueMax = append([]int{MaxBefore}, rungs[1:MaxRungs]...), MaxOverdueEvery, MaxOverdueMax
			l.At, l.Grace = LocalTime{23, 59}, MaxGrace
		}, ""},
		{"nothing at all", func(l *Ladder) { *l = Ladder{} }, ""},
		{"too many rungs", func(l *Ladder) { l.Before = rungs }, "before OUT_OF_RANGE"},
		{"too early", func(l *Ladder) { l.Before = []int{1, MaxBefore + 1} }, "before.1 OUT_OF_RANGE"},
		{"negative", func(l *Ladder) { l.Before = []int{-1} }, "before.0 OUT_OF_RANGE"},
		{"twice", func(l *Ladder) { l.Before = []int{7, 1, 7} }, "before.2 DUPLICATE"},
		{"overdue too rare", func(l *Ladder) { l.OverdueEvery = MaxOverdueEvery + 1 }, "overdueEvery OUT_OF_RANGE"},
		{"overdue too often", func(l *Ladder) { l.OverdueMax = MaxOverdueMax + 1 }, "overdueMax OUT_OF_RANGE"},
		{"every without max", func(l *Ladder) { l.OverdueMax = 0 }, "overdueMax INCONSISTENT"},
		{"max without every", func(l *Ladder) { l.OverdueEvery = 0 }, "overdueMax INCONSISTENT"},
		{"hour", func(l *Ladder) { l.At = LocalTime{24, 0} }, "at OUT_OF_RANGE"},
		{"minute", func(l *Ladder) { l.At = LocalTime{9, -1} }, "at OUT_OF_RANGE"},
		{"grace", func(l *Ladder) { l.Grace = MaxGrace + 1 }, "grace OUT_OF_RANGE"},
		{"all at once", func(l *Ladder) {
			*l = Ladder{Before: []int{-1}, OverdueEvery: -1, OverdueMax: -1, At: LocalTime{-1, 0}, Grace: -1}
		}, "before.0 OUT_OF_RANGE, overdueEvery OUT_OF_RANGE, overdueMax OUT_OF_RANGE, at OUT_OF_RANGE, grace OUT_OF_RANGE"},
	} {
		l := Default()
		c.change(&l)
		var got []string
		for _, f := range fault.All(l.Validate()) {
			got = append(got, strings.Join(f.Field, ".")+" "+string(f.Code))
		}
		if d := cmp.Diff(c.want, strings.Join(got, ", ")); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

func TestLadderIsStoredAsJSON(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(Default())
	want := `{"before":[90,30,7,1,0],"overdueEvery":7,"overdueMax":8,"at":"09:00","grace":30}`
	if err != nil || string(b) != want {
		t.Fatalf("got %s, %v; want %s", b, err, want)
	}
	var l Ladder
	if err := json.Unmarshal(b, &l); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Default(), l); d != "" {
		t.Error(d)
	}
	for _, s := range []string{"", "9:00", "24:00", "09:60", "09:00:00", "nine", "９:00"} {
		if at, err := ParseLocalTime(s); fault.KindOf(err) != fault.Invalid {
			t.Errorf("ParseLocalTime(%q) = %v, %v", s, at, err)
		}
	}
}
