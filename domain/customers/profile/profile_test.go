package profile

import (
	"regexp"
	"testing"
)

func TestListsAreDistinctAndKnown(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[A-Z]+(_[A-Z]+)*$`)
	for name, c := range map[string]struct {
		values []string
		valid  func(string) bool
	}{
		"Kind":   {Kind("").Values(), func(s string) bool { return Kind(s).Valid() }},
		"Grade":  {Grade("").Values(), func(s string) bool { return Grade(s).Valid() }},
		"Stage":  {Stage("").Values(), func(s string) bool { return Stage(s).Valid() }},
		"Gender": {Gender("").Values(), func(s string) bool { return Gender(s).Valid() }},
	} {
		seen := map[string]bool{}
		for _, v := range c.values {
			if !form.MatchString(v) || seen[v] || !c.valid(v) {
				t.Errorf("%s %q is repeated, unknown or not upper snake case", name, v)
			}
			seen[v] = true
		}
		if len(seen) < 2 || c.valid("") || c.valid("company") {
			t.Errorf("%s accepts what is not on its list %v", name, c.values)
		}
	}
}
