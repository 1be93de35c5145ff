package staff

import (
	"slices"

	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// maxPosition bounds a department's place among its siblings.
const maxPosition = 1_000_000

// DepartmentDraft is a new department. Name has 1 to 100 characters; Code 1 to 40, unique within the tenant. Without a
// ParentID it is at the top, without a Position behind its siblings.
type DepartmentDraft struct {
	Name     string
	Code     string
	ParentID *publicid.DepartmentID
	HeadID   *publicid.UserID // who answers for it, and approves for it
	Position *int
}

// DepartmentChange alters a department that is still at ExpectedVersion. A nil field stays as it is; ClearParent moves
// the department to the top, ClearHead leaves it without a head.
type DepartmentChange struct {
	ID              publicid.DepartmentID
	ExpectedVersion int
	Clear           []DepartmentClearable
	Name            *string
	Code            *string
	ParentID        *publicid.DepartmentID
	HeadID          *publicid.UserID
	Position        *int
}

// DepartmentClearable names a reference of a department that a change may empty.
type DepartmentClearable string

// References of a department that can be emptied.
const (
	ClearParent DepartmentClearable = "PARENT" // moves it to the top
	ClearHead   DepartmentClearable = "HEAD"
)

// DepartmentTarget is a department at the version that the caller has seen.
type DepartmentTarget struct {
	ID              publicid.DepartmentID
	ExpectedVersion int
}

// Validate reports everything wrong with the draft at once.
func (d DepartmentDraft) Validate() error {
	var c fault.Check
	c.Text("name", d.Name, 1, maxName)
	c.Text("code", d.Code, 1, maxCode)
	checkPosition(&c, d.Position)
	return c.Err()
}

// Validate reports everything wrong with the change at once.
func (ch DepartmentChange) Validate() error {
	var c fault.Check
	for _, clear := range ch.Clear {
		c.That(clear == ClearParent || clear == ClearHead, fault.UnknownValue, "clear", "%.20q cannot be cleared", clear)
		c.That(clear != ClearParent || ch.ParentID == nil, fault.Inconsistent, "clear", "parentId cannot be set and cleared at once")
		c.That(clear != ClearHead || ch.HeadID == nil, fault.Inconsistent, "clear", "headId cannot be set and cleared at once")
	}
	if ch.Name != nil {
		c.Text("name", *ch.Name, 1, maxName)
	}
	if ch.Code != nil {
		c.Text("code", *ch.Code, 1, maxCode)
	}
	checkPosition(&c, ch.Position)
	return c.Err()
}

func checkPosition(c *fault.Check, p *int) {
	c.That(p == nil || *p >= 0 && *p <= maxPosition, fault.OutOfRange, "position", "position is from 0 to %d", maxPosition)
}

// parent is where the change wants the department to hang, given where it does.
func (ch DepartmentChange) parent(now *publicid.DepartmentID) *publicid.DepartmentID {
	switch {
	case slices.Contains(ch.Clear, ClearParent):
		return nil
	case ch.ParentID != nil:
		return ch.ParentID
	}
	return now
}
