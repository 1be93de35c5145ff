package policies

import (
	"runtime"
	"testing"

	"heyue/platform/publicid"
)

// tenantOf makes the rules of a tenant with the shipped roles, some departments and some users, each with a role.
func tenantOf(shelf *shelf, users, departments int) rules {
	r := rules{
		Version: 1, Shelf: shelf, Members: map[publicid.UserID][]publicid.RoleID{}, Departments: map[publicid.DepartmentID]*publicid.DepartmentID{},
		Homes: map[publicid.UserID]*publicid.DepartmentID{},
	}
	for _, t := range Templates() {
		r.Roles = append(r.Roles, roleRules{publicid.NewRoleID(), shelf.lines[t.Name], templateFields(t.Name)})
	}
	var homes []publicid.DepartmentID
	for i := range departments {
		d := publicid.NewDepartmentID()
		r.Departments[d] = nil
		if i > 0 {
			r.Departments[d] = &homes[(i-1)/2]
		}
		homes = append(homes, d)
	}
	for i := range users {
		u := publicid.NewUserID()
		r.Members[u] = []publicid.RoleID{r.Roles[i%len(r.Roles)].ID}
		r.Homes[u] = &homes[i%len(homes)]
	}
	return r
}

// TestASnapshotIsSmall: a tenant of twenty users with the shipped roles takes about 10 KB with everybody's grants compiled, half
// as much again allowed as slack; each further user takes half a kilobyte (tenancy.md 4.1). Not parallel: it measures the heap.
func TestASnapshotIsSmall(t *testing.T) { //nolint:paralleltest // it measures the heap
	const tenants, most = 200, 15_000
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	shipped := newShelf()
	kept := make([]*Snapshot, 0, tenants)
	before := heap()
	for range tenants {
		s := newSnapshot(tenantOf(shipped, 20, 6))
		for u := range s.rules.Homes {
			if _, err := s.For(u); err != nil {
				t.Fatal(err)
			}
		}
		kept = append(kept, s)
	}
	each := (heap() - before) / tenants
	runtime.KeepAlive(kept)
	t.Logf("a tenant takes %d bytes", each)
	if each > most {
		t.Errorf("a tenant takes %d bytes, want about 10 KB", each)
	}
}
