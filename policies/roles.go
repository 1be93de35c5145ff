package policies

import (
	"context"
	"slices"
	"strings"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/predicate"
	"heyue/ent/role"
	"heyue/ent/rolegrant"
	"heyue/ent/userrole"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies/grant"
	"heyue/policies/mask"
	"heyue/tenancy"
)

// Administration is the use cases of roles: what they give and who has them (A3). It is the only writer of roles,
// their grants and their members.
type Administration struct {
	Client *ent.Client
	Engine *Engine
	Audit  audit.Recorder
	Limits RoleLimits
}

// RoleLimits bound what a tenant may have.
type RoleLimits struct {
	Roles   int // of a tenant (HEYUE_ROLES)
	PerUser int // roles of one user (HEYUE_ROLES_PER_USER)

	TrialBytes int // of a test of permissions (HEYUE_POLICY_TEST)
}

// DefaultRoleLimits are 200 roles, 20 of them for one user, and tests of 64 KiB.
func DefaultRoleLimits() RoleLimits {
	return RoleLimits{Roles: 200, PerUser: 20, TrialBytes: DefaultTrialBytes}
}

// Origin says where a line of a role comes from.
type Origin string

// Origins.
const (
	FromTemplate Origin = "TEMPLATE" // shipped with the product; a release may improve it
	FromTenant   Origin = "TENANT"   // added by the tenant
)

// Role is a role with every line that makes it up.
type Role struct {
	*ent.Role
	Grants []RoleLine
	Fields []RoleField
}

// RoleField is one rule of a role on a field.
type RoleField struct {
	Object string
	Field  string
	Effect mask.Effect
	Origin Origin
}

// RoleLine is one permission that a role gives or takes away.
type RoleLine struct {
	Object string
	Action string
	Scope  grant.Scope
	Effect grant.Effect
	Origin Origin
	// InForce is false for an allowance that changes nothing: a denial of the same role takes it away, or a line
	// before it reaches as far.
	InForce bool
}

// Roles returns all roles of the tenant by code, each with its lines: those of its template first, then the tenant's
// own by object and action. Needs role:read.
func (a *Administration) Roles(ctx context.Context) ([]*Role, error) {
	if _, err := a.Engine.Require(ctx, RoleRead); err != nil {
		return nil, err
	}
	return a.roles(ctx)
}

// roles reads the roles that match all of which, by code, with their lines.
func (a *Administration) roles(ctx context.Context, which ...predicate.Role) ([]*Role, error) {
	rows, err := a.Client.Role.Query().Where(which...).Order(ent.Asc(role.FieldCode)).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "list roles")
	}
	ids := make([]publicid.RoleID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	own, err := a.Client.RoleGrant.Query().Where(rolegrant.RoleIDIn(ids...)).
		Order(ent.Asc(rolegrant.FieldObject, rolegrant.FieldAction)).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "list grants")
	}
	byRole := map[publicid.RoleID][]*ent.RoleGrant{}
	for _, g := range own {
		byRole[g.RoleID] = append(byRole[g.RoleID], g)
	}
	kept, err := fieldRules(ctx, a.Client.RoleFieldRule, ids...)
	if err != nil {
		return nil, err
	}
	out := make([]*Role, len(rows))
	for i, r := range rows {
		out[i] = present(r, byRole[r.ID], kept[r.ID])
	}
	return out, nil
}

// Lookup returns a role with its lines; nil when there is none. Needs role:read.
func (a *Administration) Lookup(ctx context.Context, id publicid.RoleID) (*Role, error) {
	if _, err := a.Engine.Require(ctx, RoleRead); err != nil {
		return nil, err
	}
	found, err := a.roles(ctx, role.ID(id))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// RolesOf returns the roles of each of the given users, by code. It serves edges inside lists; a caller without
// role:read gets none, nor does nobody.
func (a *Administration) RolesOf(ctx context.Context, users []publicid.UserID) (map[publicid.UserID][]*Role, error) {
	if _, err := a.Engine.Require(ctx, RoleRead); err != nil {
		switch fault.KindOf(err) {
		case fault.Denied, fault.Unauthenticated: // nobody is signed in yet when a login is answered
			return nil, nil
		}
		return nil, err
	}
	members, err := a.Client.UserRole.Query().Where(userrole.UserIDIn(users...)).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "list members")
	}
	ids := make([]publicid.RoleID, len(members))
	for i, m := range members {
		ids[i] = m.RoleID
	}
	rows, err := a.roles(ctx, role.IDIn(ids...))
	if err != nil {
		return nil, err
	}
	has := map[publicid.RoleID][]publicid.UserID{}
	for _, m := range members {
		has[m.RoleID] = append(has[m.RoleID], m.UserID)
	}
	out := map[publicid.UserID][]*Role{}
	for _, r := range rows {
		for _, u := range has[r.ID] {
			out[u] = append(out[u], r)
		}
	}
	return out, nil
}

// Permissions lists every permission of the product, for whoever makes roles. Needs role:read.
func (a *Administration) Permissions(ctx context.Context) ([]*Permission, error) {
	if _, err := a.Engine.Require(ctx, RoleRead); err != nil {
		return nil, err
	}
	return pointers(All()), nil
}

// Templates lists the shipped roles that a new role may follow. Needs role:read.
func (a *Administration) Templates(ctx context.Context) ([]*Template, error) {
	if _, err := a.Engine.Require(ctx, RoleRead); err != nil {
		return nil, err
	}
	return pointers(Templates()), nil
}

func pointers[T any](values []T) []*T {
	out := make([]*T, len(values))
	for i := range values {
		out[i] = &values[i]
	}
	return out
}

// present puts a role together from its row and the tenant's own lines.
func present(r *ent.Role, own []*ent.RoleGrant, fields []*ent.RoleFieldRule) *Role {
	lines := linesOf(r, own)
	shipped := len(lines) - len(own)
	denied := denials(lines)
	reached := map[Permission]grant.Scope{}
	out := &Role{Role: r, Grants: make([]RoleLine, len(lines))}
	for i, l := range lines {
		_, taken := denied[l.Permission]
		view := RoleLine{l.Permission.Object, l.Permission.Action, l.Scope, l.Effect, FromTenant, l.Effect == grant.Deny}
		if i < shipped {
			view.Origin = FromTemplate
		}
		if l.Effect == grant.Allow && !taken && l.Scope.Rank() > reached[l.Permission].Rank() {
			view.InForce, reached[l.Permission] = true, l.Scope
		}
		out.Grants[i] = view
	}
	for _, f := range templateFields(r.Template) {
		out.Fields = append(out.Fields, RoleField{f.Field.Object, f.Field.Name, f.Effect, FromTemplate})
	}
	shipped = len(out.Fields)
	for _, f := range fields {
		out.Fields = append(out.Fields, RoleField{f.Object, f.Field, f.Effect, FromTenant})
	}
	slices.SortFunc(out.Fields[shipped:], func(a, b RoleField) int { return strings.Compare(a.Object+"."+a.Field, b.Object+"."+b.Field) })
	return out
}

// linesOf joins the lines of a role's template with the tenant's own.
func linesOf(r *ent.Role, own []*ent.RoleGrant) []line {
	lines := templateLines(r.Template)
	for _, g := range own {
		lines = append(lines, line{Permission{g.Object, g.Action}, g.Scope, g.Effect})
	}
	return lines
}

// templateLines are the shipped lines of a template; none for "" and for one that this release does not know.
func templateLines(name string) []line {
	t, _ := TemplateNamed(name)
	lines := make([]line, 0, len(t.Rules))
	for _, rule := range t.Rules {
		lines = append(lines, line{rule.Permission, rule.Scope, grant.Allow})
	}
	return lines
}
