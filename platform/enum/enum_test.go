package enum_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/platform/enum"
)

type colour string

func TestTextsKeepTheOrder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values []colour
		want   []string
	}{
		"some": {[]colour{"RED", "BLUE", "RED"}, []string{"RED", "BLUE", "RED"}},
		"none": {nil, []string{}},
	} {
		if diff := cmp.Diff(c.want, enum.Texts(c.values)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
