package policies

import (
	"slices"
	"strings"

	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies/grant"
)

// Bounds of a role's texts, in characters.
const (
	maxRoleCode = 40
	maxRoleName = 100
)

// RoleDraft is a new role. Code is 1 to 40 of a–z, 0–9, - and _, unique, and never changes. With a Template the role
// gives what the template gives, in this release and the next; without one it gives nothing yet.
type RoleDraft struct {
	Code     string
	Name     string
	Template *string
}

// RoleChange renames a role that is still at ExpectedVersion.
type RoleChange struct {
	ID              publicid.RoleID
	ExpectedVersion int
	Name            *string
}

// RoleTarget is a role at the version that the caller has seen.
type RoleTarget struct {
	ID              publicid.RoleID
	ExpectedVersion int
}

// GrantsChange replaces what the tenant added to a role; the lines of its template stay.
type GrantsChange struct {
	ID              publicid.RoleID
	ExpectedVersion int
	Grants          []*GrantInput
}

// GrantInput is one line: allow the permission within Scope, or deny it altogether, wherever else it comes from. A
// denial has no width; its Scope is TENANT whatever is given. Effect is ALLOW when nil.
type GrantInput struct {
	Object string
	Action string
	Scope  *grant.Scope // needed to allow
	Effect *grant.Effect
}

// Membership is a user having a role.
type Membership struct {
	UserID publicid.UserID
	RoleID publicid.RoleID
}

// Validate reports everything wrong with the draft at once.
func (d RoleDraft) Validate() error {
	var c fault.Check
	c.Text("code", d.Code, 1, maxRoleCode)
	c.That(!strings.ContainsFunc(d.Code, notOfRoleCode), fault.Malformed, "code", "code is made of a to z, 0 to 9, - and _")
	c.Text("name", d.Name, 1, maxRoleName)
	if d.Template != nil && *d.Template != "" {
		_, ok := TemplateNamed(*d.Template)
		c.That(ok, fault.UnknownValue, "template", "%.40q is not a template of this product; choose one of %s",
			*d.Template, strings.Join(templateNames(), ", "))
	}
	return c.Err()
}

func notOfRoleCode(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

func templateNames() []string {
	var names []string
	for _, t := range Templates() {
		names = append(names, t.Name)
	}
	return names
}

// Validate reports everything wrong with the change at once.
func (ch RoleChange) Validate() error {
	var c fault.Check
	if ch.Name != nil {
		c.Text("name", *ch.Name, 1, maxRoleName)
	}
	return c.Err()
}

// Validate reports everything wrong with the lines at once, each at grants.N. A permission may be named once.
func (ch GrantsChange) Validate() error {
	var c fault.Check
	seen := map[Permission]bool{}
	if most := len(All()); len(ch.Grants) > most { // each permission once: more than that is not worth looking at
		c.Add(fault.TooLong, "grants", "there are %d lines, and only %d permissions", len(ch.Grants), most)
		return c.Err()
	}
	for i, g := range ch.Grants {
		c.Index("grants", i, func(c *fault.Check) {
			g.check(c)
			p := Permission{g.Object, g.Action}
			c.That(!seen[p], fault.Duplicate, "action", "%s is named twice", p)
			seen[p] = true
		})
	}
	return c.Err()
}

func (g *GrantInput) check(c *fault.Check) {
	if !slices.ContainsFunc(All(), func(p Permission) bool { return p.Object == g.Object }) {
		c.Add(fault.UnknownValue, "object", "%.40q is nothing that permissions are about", g.Object)
	} else if !Known(Permission{g.Object, g.Action}) {
		c.Add(fault.UnknownValue, "action", "%.40q is no action on %s", g.Action, g.Object)
	}
	effect := g.effect()
	c.That(effect == grant.Allow || effect == grant.Deny, fault.UnknownValue, "effect", "%.20q is neither ALLOW nor DENY", effect)
	switch {
	case g.Scope == nil:
		c.That(effect != grant.Allow, fault.Required, "scope", "scope is required to allow something")
	case g.Scope.Rank() == 0:
		c.Add(fault.UnknownValue, "scope", "%.20q is not a scope; choose one of %s", *g.Scope, strings.Join(grant.Scope("").Values(), ", "))
	}
}

func (g *GrantInput) effect() grant.Effect {
	if g.Effect == nil {
		return grant.Allow
	}
	return *g.Effect
}

// line is the grant as it is stored.
func (g *GrantInput) line() line {
	l := line{Permission{g.Object, g.Action}, grant.Tenant, g.effect()}
	if l.Effect == grant.Allow {
		l.Scope = *g.Scope
	}
	return l
}
