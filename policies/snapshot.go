package policies

import (
	"bytes"
	_ "embed"
	"slices"
	"strings"
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
	Shelf       *shelf                                           // nil for none
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
	rules    rules
	children map[publicid.DepartmentID][]publicid.DepartmentID
	masks    map[publicid.RoleID][]FieldRule // of the roles that have any
	users    sync.Map                        // publicid.UserID → *Grants, compiled on first use
	sets     sync.Map                        // string → map[Permission]grant.Scope: what roles together give, decided on first use
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

func newSnapshot(r rules) *Snapshot {
	s := &Snapshot{
		Version: r.Version, rules: r,
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
	return s
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
	g := &Grants{user: user, department: s.rules.Homes[user]}
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
	var err error
	g.scopes, err = s.together(s.rules.Members[user])
	return g, err
}

// together is what a set of roles gives. Users with the same roles share it.
func (s *Snapshot) together(roles []publicid.RoleID) (map[Permission]grant.Scope, error) {
	if len(roles) == 0 {
		return nil, nil
	}
	if names, ok := s.shipped(roles); ok {
		return s.rules.Shelf.together(names)
	}
	key := &strings.Builder{}
	sorted := slices.SortedFunc(slices.Values(roles), func(a, b publicid.RoleID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range sorted {
		key.Write(id[:])
	}
	if known, ok := s.sets.Load(key.String()); ok {
		return known.(map[Permission]grant.Scope), nil
	}
	var those []roleRules
	for _, r := range s.rules.Roles {
		if slices.Contains(roles, r.ID) {
			those = append(those, r)
		}
	}
	scopes, err := decide(those)
	if err != nil {
		return nil, err
	}
	actual, _ := s.sets.LoadOrStore(key.String(), scopes)
	return actual.(map[Permission]grant.Scope), nil
}

// shipped names the templates of roles when none of them has a line of the tenant's own.
func (s *Snapshot) shipped(roles []publicid.RoleID) (names []string, ok bool) {
	if s.rules.Shelf == nil {
		return nil, false
	}
	for _, r := range s.rules.Roles {
		if slices.Contains(roles, r.ID) {
			name, ok := s.rules.Shelf.named(r.Lines)
			if !ok {
				return nil, false
			}
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), len(names) > 0
}

// member is who has the roles that are decided on.
const member = "member"

// decide asks casbin what somebody with all of roles may do: per permission the widest scope that is allowed, and nothing that
// it refuses. The enforcer goes when it has answered: it is forty times the size of what it says.
func decide(roles []roleRules) (map[Permission]grant.Scope, error) {
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, err
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, err
	}
	out := map[Permission]grant.Scope{}
	for _, r := range roles {
		if len(r.Lines) == 0 {
			continue
		}
		if _, err := e.AddPoliciesEx(r.policies()); err != nil {
			return nil, err
		}
		if _, err := e.AddGroupingPolicy(member, r.ID.String()); err != nil {
			return nil, err
		}
	}
	answers := map[Permission]bool{}
	for _, r := range roles {
		for _, l := range r.Lines {
			allowed, asked := answers[l.Permission]
			if !asked {
				if allowed, err = e.Enforce(member, l.Permission.Object, l.Permission.Action); err != nil {
					return nil, err
				}
				answers[l.Permission] = allowed
			}
			if allowed && l.Effect == grant.Allow && l.Scope.Rank() > out[l.Permission].Rank() {
				out[l.Permission] = l.Scope
			}
		}
	}
	return out, nil
}

// policies are a role's lines as casbin reads them.
func (r roleRules) policies() [][]string {
	out := make([][]string, len(r.Lines))
	for i, l := range r.Lines {
		eft := "allow"
		if l.Effect == grant.Deny {
			eft = "deny"
		}
		out[i] = []string{r.ID.String(), l.Permission.Object, l.Permission.Action, string(l.Scope), eft}
	}
	return out
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
