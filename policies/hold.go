package policies

import (
	"slices"

	"heyue/platform/publicid"
	"heyue/policies/grant"
)

// outcome is what lines amount to by the rule of the casbin model: per permission the widest scope that is allowed,
// and nothing where any line denies.
func outcome(lines []line) map[Permission]grant.Scope {
	out, denied := map[Permission]grant.Scope{}, map[Permission]bool{}
	for _, l := range lines {
		if l.Effect == grant.Deny {
			denied[l.Permission] = true
		} else if l.Scope.Rank() > out[l.Permission].Rank() {
			out[l.Permission] = l.Scope
		}
	}
	for p := range denied {
		delete(out, p)
	}
	return out
}

// denials lists the permissions that lines take away, as if they were held without limit: whoever lifts a denial may
// set free the widest grant of another role, so it takes all of it to do so.
func denials(lines []line) map[Permission]grant.Scope {
	out := map[Permission]grant.Scope{}
	for _, l := range lines {
		if l.Effect == grant.Deny {
			out[l.Permission] = grant.Tenant
		}
	}
	return out
}

// Lacking lists, in the order of All, those of wanted that the user does not hold as widely. It is how nobody gives
// away what they do not have (A3). Wanted scopes count from home, the department of whoever has or gets them; with
// home nil only their widths are compared.
func (g *Grants) Lacking(wanted map[Permission]grant.Scope, home *publicid.DepartmentID) []Permission {
	var out []Permission
	for _, p := range All() {
		if scope, ok := wanted[p]; ok && !g.spans(p, scope, home) {
			out = append(out, p)
		}
	}
	return out
}

func (g *Grants) spans(p Permission, scope grant.Scope, home *publicid.DepartmentID) bool {
	held := g.scopes[p]
	switch {
	case held.Rank() < scope.Rank():
		return false
	case held == grant.Tenant || scope == grant.Own || home == nil:
		return true
	case held == grant.Subtree:
		return slices.Contains(g.subtree, *home)
	}
	return g.department != nil && *g.department == *home
}

// Grants is everything else that the user of this decision may do.
func (a Access) Grants() *Grants { return a.grants }

// User is who may do all that.
func (g *Grants) User() publicid.UserID { return g.user }

// Above lists the user's department and everything over it: what is shared with one of them is shared with the user.
func (g *Grants) Above() []publicid.DepartmentID { return g.above }
