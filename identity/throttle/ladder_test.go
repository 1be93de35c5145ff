package throttle

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestLadder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule Rule
		want []time.Duration
	}{
		"doubling":      {Rule{Free: 2, Wait: time.Second, Most: 5 * time.Second}, []time.Duration{0, 0, time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second}},
		"at once":       {Rule{Free: 1, Wait: time.Minute, Most: time.Minute}, []time.Duration{0, time.Minute}},
		"never nothing": {Rule{Wait: time.Minute, Most: time.Second}, []time.Duration{0, time.Second}},
		"no first wait": {Rule{Free: 1, Most: time.Hour}, []time.Duration{0, time.Hour}},
	} {
		if d := cmp.Diff(c.want, c.rule.ladder()); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
	}
}

// TestLadderGrowsToItsBound whatever the numbers are.
func TestLadderGrowsToItsBound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := Rule{
			Free: rapid.IntRange(1, 100).Draw(t, "free"),
			Wait: time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "wait")),
			Most: time.Duration(rapid.Int64Range(1, int64(24*time.Hour)).Draw(t, "most")),
		}
		steps := r.ladder()
		for i, d := range steps {
			if i < r.Free && d != 0 || i >= r.Free && (d <= 0 || d > r.Most) || i > r.Free && d < steps[i-1] {
				t.Fatalf("step %d of %v", i, steps)
			}
		}
		if steps[len(steps)-1] != r.Most {
			t.Fatalf("%v does not end at %v", steps, r.Most)
		}
	})
}
