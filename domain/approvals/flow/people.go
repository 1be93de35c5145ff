package flow

import (
	"slices"

	"heyue/platform/publicid"
)

// Person is an active user of the tenant as routing sees one.
type Person struct {
	Manager    *publicid.UserID
	Department *publicid.DepartmentID
}

// Place is a department as routing sees one.
type Place struct {
	Parent *publicid.DepartmentID
	Head   *publicid.UserID
}

// People is the organisation at one moment. Only active users are in Users. Roles holds the members of the roles that
// are asked for, in a fixed order; Leaders and Admins whom the shipped flow and the last resort ask.
type People struct {
	Users       map[publicid.UserID]Person
	Departments map[publicid.DepartmentID]Place
	Roles       map[publicid.RoleID][]publicid.UserID
	Leaders     map[publicid.DepartmentID][]publicid.UserID // holders of the manager's template, by department
	Admins      []publicid.UserID
}

// maxUp bounds every walk upwards, so that a circle in the data ends.
const maxUp = 50

// Above returns the department and everything it hangs on, upwards.
func (p People) Above(d *publicid.DepartmentID) []publicid.DepartmentID {
	var out []publicid.DepartmentID
	for d != nil && len(out) < maxUp && !slices.Contains(out, *d) {
		out = append(out, *d)
		d = p.Departments[*d].Parent
	}
	return out
}

// active reports whether u is there to be asked.
func (p People) active(u publicid.UserID) bool {
	_, ok := p.Users[u]
	return ok
}

// headOf finds the head of d or of the nearest department above it who is active and is not one of except. A department
// without a head is answered for by its managers.
func (p People) headOf(d *publicid.DepartmentID, except ...publicid.UserID) (publicid.UserID, bool) {
	for _, at := range p.Above(d) {
		candidates := p.Leaders[at]
		if head := p.Departments[at].Head; head != nil {
			candidates = append([]publicid.UserID{*head}, candidates...)
		}
		for _, u := range candidates {
			if p.active(u) && !slices.Contains(except, u) {
				return u, true
			}
		}
	}
	return publicid.UserID{}, false
}

// Superior finds who is above u: the nearest manager up the line who is active, else the head of u's department or of
// one above it; never u, nor any of except.
func (p People) Superior(u publicid.UserID, except ...publicid.UserID) (publicid.UserID, bool) {
	except = append(slices.Clone(except), u)
	at, ok := p.Users[u]
	for range maxUp {
		if !ok || at.Manager == nil {
			break
		}
		m := *at.Manager
		if p.active(m) && !slices.Contains(except, m) {
			return m, true
		}
		at, ok = p.Users[m]
	}
	return p.headOf(p.Users[u].Department, except...)
}
