package staff

import (
	"testing"

	"pgregory.net/rapid"

	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// TestMovesKeepATree: whatever moves are tried, what is let through leaves a tree of at most so many levels, and what
// is refused would not have.
func TestMovesKeepATree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(2, 5).Draw(t, "most")
		all, ids := tree{}, []publicid.DepartmentID{}
		for range rapid.IntRange(1, 10).Draw(t, "departments") {
			id := publicid.NewDepartmentID()
			all[id], ids = nil, append(ids, id)
		}
		for range rapid.IntRange(1, 30).Draw(t, "moves") {
			id := rapid.SampledFrom(ids).Draw(t, "id")
			var parent *publicid.DepartmentID
			if rapid.IntRange(0, 5).Draw(t, "top") > 0 {
				p := rapid.SampledFrom(ids).Draw(t, "parent")
				parent = &p
			}
			err := all.place(id, parent, most)
			was := all[id]
			all[id] = parent
			if sound := levels(all) <= most; sound != (err == nil) {
				t.Fatalf("moving %s below %v: %v, though the tree would be sound: %v", id, parent, err, sound)
			}
			if err != nil {
				all[id] = was
			}
		}
	})
}

// levels is the depth of the tree, and more than any limit where it has a cycle.
func levels(all tree) int {
	most := 0
	for id := range all {
		n := 1
		for at := all[id]; at != nil; at = all[*at] {
			if n++; n > len(all) {
				return 1000
			}
		}
		most = max(most, n)
	}
	return most
}

func TestPlaceSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	a, b, c, d := publicid.NewDepartmentID(), publicid.NewDepartmentID(), publicid.NewDepartmentID(), publicid.NewDepartmentID()
	all := tree{a: nil, b: &a, c: &b, d: nil}
	tests := map[string]struct {
		id     publicid.DepartmentID
		parent *publicid.DepartmentID
		want   fault.Code
	}{
		"to the top":            {c, nil, ""},
		"where it is":           {b, &a, ""},
		"beside":                {c, &d, ""},
		"with its own below it": {b, &d, ""},
		"below itself":          {a, &a, fault.Inconsistent},
		"below its grandchild":  {a, &c, fault.Inconsistent},
		"too deep":              {d, &c, fault.OutOfRange},
		"too deep with its own": {a, &d, fault.OutOfRange},
	}
	for name, tt := range tests {
		got := fault.Code("")
		if faults := fault.All(all.place(tt.id, tt.parent, 3)); len(faults) > 0 {
			got = faults[0].Code
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
