package policies

import (
	_ "embed"
	"sync"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/google/uuid"

	"heyue/platform/date"
	"heyue/platform/publicid"
	"heyue/policies/grant"
)

//go:embed model.conf
var modelText string

// rules are a tenant's authorisation rows at one version, as they came from the database and the templates.
type rules struct {
	Version     int64
	Roles       []roleRules
	Members     map[publicid.UserID][]publicid.RoleID
	Departments map[publicid.DepartmentID]*publicid.DepartmentID // to the parent
	Homes       map[publicid.UserID]*publicid.DepartmentID       // a user's department
	Shares      map[uuid.UUID][]lent                             // by the user or department that they are with
	Today       func() date.Date                                 // in the tenant's zone; asked only where there are shares
}

type roleRules struct {
	ID    publicid.RoleID
	Lines []line
	Masks []FieldRule
}

type line struct {
	Permission Permission
	Scope      grant.Scope
	Effect     grant.Effect
}

// Snapshot is a tenant's permissions at one version. It is never changed once built: a change of roles makes a new
// one (tenancy.md D9), so readers need no lock and no cache inside casbin that could go stale.
type Snapshot struct {
	Version  int64
	enforcer *casbin.Enforcer
	rules    rules
	children map[publicid.DepartmentID][]publicid.DepartmentID
	masks    map[publicid.RoleID][]FieldRule // of the roles that have any
	users    sync.Map                        // publicid.UserID → *Grants, compiled on first use
	keys     sync.Map                        // publicid.APIKeyID → *Grants, narrowed on first use
}

// Grants is what one user may do: per permission the widest scope, or nothing.
type Grants struct {
	user       publicid.UserID
	department *publicid.DepartmentID
	subtree    []publicid.DepartmentID
	above      []publicid.DepartmentID // the department and everything over it
	scopes     map[Permission]grant.Scope
	masks      masks    // nil for nearly everybody
	shared     *portion // likewise
}

func newSnapshot(r rules) (*Snapshot, error) {
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, err
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, err
	}
	var policies, groups [][]string
	for _, role := range r.Roles {
		for _, l := range role.Lines {
			eft := "allow"
			if l.Effect == grant.Deny {
				eft = "deny"
			}
			policies = append(policies, []string{role.ID.String(), l.Permission.Object, l.Permission.Action, string(l.Scope), eft})
		}
	}
	for user, roles := range r.Members {
		for _, role := range roles {
			groups = append(groups, []string{user.String(), role.String()})
		}
	}
	if _, err := e.AddPoliciesEx(policies); err != nil {
		return nil, err
	}
	if _, err := e.AddGroupingPoliciesEx(groups); err != nil {
		return nil, err
	}
	s := &Snapshot{
		Version: r.Version, enforcer: e, rules: r,
		children: map[publicid.DepartmentID][]publicid.DepartmentID{}, masks: map[publicid.RoleID][]FieldRule{},
	}
	for _, role := range r.Roles {
		if len(role.Masks) > 0 {
			s.masks[role.ID] = role.Masks
		}
	}
	for id, parent := range r.Departments {
		if parent != nil {
			s.children[*parent] = append(s.children[*parent], id)
		}
	}
	return s, nil
}

// For returns the grants of a user, compiling them on first use, and anew when a share of theirs has ended. A user the
// snapshot does not know has none.
func (s *Snapshot) For(user publicid.UserID) (*Grants, error) {
	if kept, ok := s.users.Load(user); ok {
		g := kept.(*Grants)
		if !s.lapsed(g) {
			return g, nil
		}
		now := *g
		now.shared = s.shared(user, g.above)
		s.users.Store(user, &now)
		return &now, nil
	}
	g, err := s.compile(user)
	if err != nil {
		return nil, err
	}
	actual, _ := s.users.LoadOrStore(user, g)
	return actual.(*Grants), nil
}

func (s *Snapshot) compile(user publicid.UserID) (*Grants, error) {
	g := &Grants{user: user, department: s.rules.Homes[user], scopes: map[Permission]grant.Scope{}}
	if g.department != nil {
		g.subtree, g.above = s.below(*g.department), s.above(g.department)
	}
	g.shared = s.shared(user, g.above)
	for _, role := range s.rules.Members[user] {
		if rules := s.masks[role]; rules != nil {
			if g.masks == nil {
				g.masks = masks{}
			}
			g.masks.add(rules)
		}
	}
	lines, err := s.enforcer.GetImplicitPermissionsForUser(user.String())
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		p, scope := Permission{l[1], l[2]}, grant.Scope(l[3])
		allowed, err := s.enforcer.Enforce(user.String(), p.Object, p.Action)
		if err != nil {
			return nil, err
		}
		if allowed && l[4] == "allow" && scope.Rank() > g.scopes[p].Rank() {
			g.scopes[p] = scope
		}
	}
	return g, nil
}

// below lists a department and everything under it. A cycle, which the services refuse to make, ends it all the same.
func (s *Snapshot) below(root publicid.DepartmentID) []publicid.DepartmentID {
	out, seen := []publicid.DepartmentID{root}, map[publicid.DepartmentID]bool{root: true}
	for i := 0; i < len(out); i++ {
		for _, c := range s.children[out[i]] {
			if !seen[c] {
				seen[c] = true
				out = append(out, c)
			}
		}
	}
	return out
}

// Access returns how far the user's permission p reaches; ok is false when they lack it.
func (g *Grants) Access(p Permission) (Access, bool) {
	scope, ok := g.scopes[p]
	return Access{Scope: scope, grants: g, reads: p.Action == "read"}, ok
}

// Scopes returns a copy of everything the user may do.
func (g *Grants) Scopes() map[Permission]grant.Scope {
	out := make(map[Permission]grant.Scope, len(g.scopes))
	for p, s := range g.scopes {
		out[p] = s
	}
	return out
}
