package staff_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"heyue/domain/staff"
	"heyue/ent"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/tests/fixture"
)

func (w world) department(t *testing.T, code string, parent *publicid.DepartmentID) *ent.Department {
	t.Helper()
	return done[*ent.Department](t)(w.departments.Create(w.admin(t), staff.DepartmentDraft{Name: code, Code: code, ParentID: parent}))
}

func TestDepartmentCreate(t *testing.T) {
	t.Parallel()
	w := open(t)
	before := w.version(t)
	north := w.department(t, "NORTH", &w.acme.Root)
	south := w.department(t, "SOUTH", &w.acme.Root)
	if north.Position != 10 || south.Position != 20 {
		t.Errorf("siblings at %d and %d", north.Position, south.Position)
	}
	if w.version(t) != before+2 || w.audited(t, north.ID, "create") != 1 {
		t.Errorf("the version went from %d to %d, %d audit entries", before, w.version(t), w.audited(t, north.ID, "create"))
	}
	globex := w.Tenant(t, "globex")
	tests := map[string]struct {
		draft staff.DepartmentDraft
		code  fault.Code
		field string
	}{
		"no name":                 {staff.DepartmentDraft{Code: "X"}, fault.Required, "name"},
		"no code":                 {staff.DepartmentDraft{Name: "x"}, fault.Required, "code"},
		"a position out of range": {staff.DepartmentDraft{Name: "x", Code: "X", Position: ptr(-1)}, fault.OutOfRange, "position"},
		"a code that is taken":    {staff.DepartmentDraft{Name: "x", Code: "NORTH"}, fault.Duplicate, "code"},
		"below nothing":           {staff.DepartmentDraft{Name: "x", Code: "X", ParentID: ptr(publicid.NewDepartmentID())}, fault.Missing, "parentId"},
		"below another tenant's":  {staff.DepartmentDraft{Name: "x", Code: "X", ParentID: &globex.Root}, fault.Missing, "parentId"},
	}
	for name, tt := range tests {
		_, err := w.departments.Create(w.admin(t), tt.draft)
		want(t, name, err, tt.code, tt.field)
	}
	_, err := w.departments.Create(w.User(t, w.acme, "manager"), staff.DepartmentDraft{Name: "x", Code: "X"})
	want(t, "no permission", err, fault.CodeForbidden, "")
	w.departments.Limits = staff.DepartmentLimits{Count: 100, Depth: 2}
	_, err = w.departments.Create(w.admin(t), staff.DepartmentDraft{Name: "x", Code: "X", ParentID: &north.ID})
	want(t, "too deep", err, fault.OutOfRange, "parentId")
	w.departments.Limits.Count = 3
	_, err = w.departments.Create(w.admin(t), staff.DepartmentDraft{Name: "x", Code: "X"})
	want(t, "a department too many", err, fault.LimitReached, "")
}

func TestDepartmentUpdate(t *testing.T) {
	t.Parallel()
	w := open(t)
	north := w.department(t, "NORTH", &w.acme.Root)
	city := w.department(t, "CITY", &north.ID)
	south := w.department(t, "SOUTH", nil)
	acme := w.version(t)
	update := func(ch staff.DepartmentChange) (*ent.Department, error) { return w.departments.Update(w.admin(t), ch) }

	renamed := done[*ent.Department](t)(update(staff.DepartmentChange{ID: city.ID, ExpectedVersion: 1, Name: ptr(" City "), Position: ptr(5)}))
	if renamed.Name != "City" || renamed.Position != 5 || renamed.Code != "CITY" || *renamed.ParentID != north.ID || renamed.Version != 2 {
		t.Errorf("renamed to %+v", renamed)
	}
	if w.version(t) != acme {
		t.Error("a new name had all permissions decided anew")
	}
	moved := done[*ent.Department](t)(update(staff.DepartmentChange{ID: city.ID, ExpectedVersion: 2, ParentID: &south.ID}))
	if *moved.ParentID != south.ID || w.version(t) != acme+1 {
		t.Errorf("moved to %v at version %d", moved.ParentID, w.version(t))
	}
	top := done[*ent.Department](t)(update(staff.DepartmentChange{ID: city.ID, ExpectedVersion: 3, Clear: []staff.DepartmentClearable{staff.ClearParent}}))
	if top.ParentID != nil {
		t.Errorf("moved to the top, it is below %v", top.ParentID)
	}
	stale, err := update(staff.DepartmentChange{ID: city.ID, ExpectedVersion: 1, Name: ptr("x")})
	want(t, "an old version", err, fault.VersionConflict, "expectedVersion")
	if stale == nil || stale.Version != 4 {
		t.Errorf("the conflict shows %+v", stale)
	}
	done[*ent.Department](t)(update(staff.DepartmentChange{ID: city.ID, ExpectedVersion: 4, ParentID: &north.ID}))
	tests := map[string]struct {
		change staff.DepartmentChange
		code   fault.Code
		field  string
	}{
		"below its own child":     {staff.DepartmentChange{ID: north.ID, ExpectedVersion: 1, ParentID: &city.ID}, fault.Inconsistent, "parentId"},
		"below itself":            {staff.DepartmentChange{ID: north.ID, ExpectedVersion: 1, ParentID: &north.ID}, fault.Inconsistent, "parentId"},
		"moved and cleared":       {staff.DepartmentChange{ID: north.ID, ExpectedVersion: 1, ParentID: &south.ID, Clear: []staff.DepartmentClearable{staff.ClearParent}}, fault.Inconsistent, "clear"},
		"cleared what it has not": {staff.DepartmentChange{ID: north.ID, ExpectedVersion: 1, Clear: []staff.DepartmentClearable{"NAME"}}, fault.UnknownValue, "clear"},
		"a code that is taken":    {staff.DepartmentChange{ID: north.ID, ExpectedVersion: 1, Code: ptr("CITY")}, fault.Duplicate, "code"},
		"an empty name":           {staff.DepartmentChange{ID: north.ID, ExpectedVersion: 1, Name: ptr("")}, fault.Required, "name"},
		"below nothing":           {staff.DepartmentChange{ID: north.ID, ExpectedVersion: 1, ParentID: ptr(publicid.NewDepartmentID())}, fault.Missing, "parentId"},
		"no such department":      {staff.DepartmentChange{ID: publicid.NewDepartmentID(), ExpectedVersion: 1}, fault.Missing, "id"},
	}
	for name, tt := range tests {
		_, err := update(tt.change)
		want(t, name, err, tt.code, tt.field)
	}
	_, err = w.departments.Update(w.Tenant(t, "globex").Admin, staff.DepartmentChange{ID: north.ID, ExpectedVersion: 1, Name: ptr("x")})
	want(t, "another tenant's department", err, fault.Missing, "id")
	w.departments.Limits.Depth = 2
	_, err = update(staff.DepartmentChange{ID: south.ID, ExpectedVersion: 1, ParentID: &north.ID})
	want(t, "too deep", err, fault.OutOfRange, "parentId")
}

// TestAMoveShowsInTheNextRequest: who reaches a subtree reaches what was moved into it.
func TestAMoveShowsInTheNextRequest(t *testing.T) {
	t.Parallel()
	w := open(t)
	north, south := w.department(t, "NORTH", nil), w.department(t, "SOUTH", nil)
	manager := w.User(t, w.acme, "manager", north.ID)
	reaches := func() bool {
		return done[policies.Access](t)(w.Policies.Require(w.Next(t, manager), policies.CustomerRead)).Covers(nil, &south.ID)
	}
	if reaches() {
		t.Error("a department beside is within reach")
	}
	done[*ent.Department](t)(w.departments.Update(w.admin(t), staff.DepartmentChange{ID: south.ID, ExpectedVersion: 1, ParentID: &north.ID}))
	if !reaches() {
		t.Error("a department that was moved below is out of reach")
	}
}

// TestMovesAtOnceMakeNoCycle: each of a ring's moves is fine by itself, and not all of them can be.
func TestMovesAtOnceMakeNoCycle(t *testing.T) {
	t.Parallel()
	w := open(t)
	const n = 6
	var ring []*ent.Department
	for i := range n {
		ring = append(ring, w.department(t, fmt.Sprint("D", i), nil))
	}
	ctx := w.admin(t)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i, d := range ring {
		wg.Go(func() {
			_, errs[i] = w.departments.Update(ctx, staff.DepartmentChange{ID: d.ID, ExpectedVersion: 1, ParentID: &ring[(i+1)%n].ID})
		})
	}
	wg.Wait()
	refused := 0
	for _, err := range errs {
		if err != nil {
			refused++
			want(t, "the move that closes the ring", err, fault.Inconsistent, "parentId")
		}
	}
	if refused != 1 {
		t.Errorf("%d of %d moves were refused: %v", refused, n, errs)
	}
}

func TestDepartmentArchiveAndRestore(t *testing.T) {
	t.Parallel()
	w := open(t)
	north := w.department(t, "NORTH", nil)
	city := w.department(t, "CITY", &north.ID)
	worker := fixture.Caller(t, w.User(t, w.acme, "sales", city.ID)).UserID
	at := func(d *ent.Department, v int) staff.DepartmentTarget {
		return staff.DepartmentTarget{ID: d.ID, ExpectedVersion: v}
	}

	_, err := w.departments.Archive(w.admin(t), at(north, 1))
	want(t, "with a department below", err, fault.InUse, "id")
	_, err = w.departments.Archive(w.admin(t), at(city, 1))
	want(t, "with an active user", err, fault.InUse, "id")
	done[*ent.User](t)(w.users.Disable(w.admin(t), staff.UserTarget{ID: worker, ExpectedVersion: 1}))
	done[*ent.Department](t)(w.departments.Archive(w.admin(t), at(city, 1)))
	_, err = w.departments.Archive(w.admin(t), at(city, 2))
	want(t, "twice", err, fault.WrongState, "id")
	_, err = w.departments.Update(w.admin(t), staff.DepartmentChange{ID: city.ID, ExpectedVersion: 2, Name: ptr("x")})
	want(t, "changing an archived one", err, fault.WrongState, "id")
	_, err = w.users.Enable(w.admin(t), staff.UserTarget{ID: worker, ExpectedVersion: 2})
	want(t, "enabling a user of an archived one", err, fault.WrongState, "id")
	_, err = w.departments.Create(w.admin(t), staff.DepartmentDraft{Name: "x", Code: "X", ParentID: &city.ID})
	want(t, "a department below an archived one", err, fault.WrongState, "parentId")

	archived := done[*ent.Department](t)(w.departments.Archive(w.admin(t), at(north, 1)))
	if archived.ArchivedAt == nil || !archived.ArchivedAt.Equal(fixture.Start()) {
		t.Errorf("archived at %v", archived.ArchivedAt)
	}
	_, err = w.departments.Restore(w.admin(t), at(city, 2))
	want(t, "below an archived one", err, fault.WrongState, "id")
	done[*ent.Department](t)(w.departments.Restore(w.admin(t), at(north, 2)))
	done[*ent.Department](t)(w.departments.Restore(w.admin(t), at(city, 2)))
	_, err = w.departments.Restore(w.admin(t), at(city, 3))
	want(t, "restoring twice", err, fault.WrongState, "id")
	if w.audited(t, city.ID, "archive") != 1 || w.audited(t, city.ID, "restore") != 1 {
		t.Error("the audit lacks an entry")
	}
}

func TestDepartmentReads(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.department(t, "B", &w.acme.Root)
	a := done[*ent.Department](t)(w.departments.Create(w.admin(t), staff.DepartmentDraft{Name: "a", Code: "A", ParentID: &w.acme.Root, Position: ptr(1)}))
	done[*ent.Department](t)(w.departments.Archive(w.admin(t), staff.DepartmentTarget{ID: b.ID, ExpectedVersion: 1}))
	seller := w.User(t, w.acme, "sales")
	ids := func(rows []*ent.Department) (out []publicid.DepartmentID) {
		for _, d := range rows {
			out = append(out, d.ID)
		}
		return out
	}
	if got := ids(done[[]*ent.Department](t)(w.departments.List(seller, false))); !slices.Equal(got, []publicid.DepartmentID{w.acme.Root, a.ID}) {
		t.Errorf("listed %v", got)
	}
	if got := ids(done[[]*ent.Department](t)(w.departments.List(seller, true))); !slices.Equal(got, []publicid.DepartmentID{w.acme.Root, a.ID, b.ID}) {
		t.Errorf("listed with archived ones %v", got)
	}
	if d := done[*ent.Department](t)(w.departments.Lookup(seller, b.ID)); d == nil || d.ArchivedAt == nil {
		t.Errorf("an archived one: %v", d)
	}
	if got := ids(done[[]*ent.Department](t)(w.departments.ChildrenOf(seller, []publicid.DepartmentID{w.acme.Root, a.ID}))); !slices.Equal(got, []publicid.DepartmentID{a.ID}) {
		t.Errorf("children %v", got)
	}
	if got := ids(done[[]*ent.Department](t)(w.departments.ChildrenOf(w.User(t, w.acme, ""), []publicid.DepartmentID{w.acme.Root}))); len(got) != 0 {
		t.Errorf("children for somebody without the permission: %v", got)
	}
	foreign := w.Tenant(t, "globex").Root
	if got := ids(done[[]*ent.Department](t)(w.departments.ChildrenOf(seller, []publicid.DepartmentID{foreign}))); len(got) != 0 {
		t.Errorf("another tenant's children: %v", got)
	}
	if d := done[*ent.Department](t)(w.departments.Lookup(seller, foreign)); d != nil {
		t.Errorf("another tenant's: %v", d)
	}
	if got := done[[]*ent.Department](t)(w.departments.ByIDs(seller, []publicid.DepartmentID{a.ID, b.ID, foreign})); len(got) != 2 {
		t.Errorf("three ids, one of another tenant, give %d departments", len(got))
	}
	w.role(t, "blind", map[policies.Permission]grant.Scope{policies.CustomerRead: grant.Own})
	blind := w.User(t, w.acme, "blind")
	if got, err := w.departments.ByIDs(blind, []publicid.DepartmentID{a.ID}); err != nil || len(got) != 0 {
		t.Errorf("without the permission: %v, %v", got, err)
	}
	_, err := w.departments.List(blind, false)
	want(t, "the list without the permission", err, fault.CodeForbidden, "")
}
