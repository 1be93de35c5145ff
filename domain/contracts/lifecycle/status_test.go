package lifecycle

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatEachStatusAllows(t *testing.T) {
	t.Parallel()
	type row struct{ Edit, Amend, Binding, Running, Owes, Ended, Final, Archive bool }
	want := map[Status]row{
		Draft:        {Edit: true, Archive: true},
		InReview:     {},
		Approved:     {},
		Rejected:     {Archive: true},
		Withdrawn:    {Archive: true},
		PartlySigned: {},
		Signed:       {Amend: true, Binding: true, Owes: true},
		Active:       {Amend: true, Binding: true, Running: true, Owes: true},
		Suspended:    {Amend: true, Binding: true, Running: true},
		Completed:    {Ended: true, Archive: true},
		Expired:      {Amend: true, Owes: true, Ended: true, Archive: true},
		Terminated:   {Ended: true, Final: true, Archive: true},
		Renewed:      {Ended: true, Final: true, Archive: true},
	}
	got := map[Status]row{}
	for _, s := range Statuses() {
		got[s] = row{
			s.MayEdit(), s.MayAmend(), s.IsBinding(), s.IsRunning(),
			s.OwesObligations(), s.IsEnded(), s.IsFinal(), s.MayArchive(),
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("predicates differ (-want +got):\n%s", d)
	}
}

func TestStoredTextsAreUpperSnakeAndDistinct(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[A-Z]+(_[A-Z]+)*$`)
	for name, values := range map[string][]string{
		"Status": Status("").Values(), "Event": Event("").Values(), "Kind": Kind("").Values(), "Direction": Direction("").Values(),
	} {
		seen := map[string]bool{}
		for _, v := range values {
			if !form.MatchString(v) || len(v) > 32 || seen[v] {
				t.Errorf("%s %q is repeated, too long or not upper snake case", name, v)
			}
			seen[v] = true
		}
	}
}
