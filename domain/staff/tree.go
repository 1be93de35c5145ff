package staff

import (
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// tree is the shape of a tenant's departments: each one's parent, nil at the top.
type tree map[publicid.DepartmentID]*publicid.DepartmentID

// depth counts the departments from the top down to id, itself included; 0 for nil.
func (t tree) depth(id *publicid.DepartmentID) int {
	n := 0
	for ; id != nil && n <= len(t); id = t[*id] {
		n++
	}
	return n
}

// height counts the levels of the part of the tree that hangs on id, itself included; 1 for a department that has
// nothing below it and for one that does not exist yet.
func (t tree) height(id publicid.DepartmentID) int {
	base, most := t.depth(&id), 1
	for d := range t {
		if t.within(id, &d) {
			most = max(most, t.depth(&d)-base+1)
		}
	}
	return most
}

// within reports whether id is root or lies below it.
func (t tree) within(root publicid.DepartmentID, id *publicid.DepartmentID) bool {
	for n := 0; id != nil && n <= len(t); id, n = t[*id], n+1 {
		if *id == root {
			return true
		}
	}
	return false
}

// place says whether id, with all below it, may hang on parent (nil: at the top) in a tree of at most most levels.
// Faults, both at parentId: INCONSISTENT when parent lies below id, OUT_OF_RANGE when the tree would get too deep.
func (t tree) place(id publicid.DepartmentID, parent *publicid.DepartmentID, most int) error {
	var c fault.Check
	if t.within(id, parent) {
		c.Add(fault.Inconsistent, "parentId", "a department cannot lie below itself")
		return c.Err()
	}
	levels := t.depth(parent) + t.height(id)
	c.That(levels <= most, fault.OutOfRange, "parentId", "departments would lie %d deep there, at most %d are allowed", levels, most)
	return c.Err()
}
