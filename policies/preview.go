package policies

import (
	"context"
	"maps"
	"slices"

	"heyue/ent"
	"heyue/ent/role"
	"heyue/ent/user"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies/grant"
	"heyue/policies/mask"
	"heyue/tenancy"
)

// Plan is a change of a role that is only thought of. What is nil stays as it is.
type Plan struct {
	ID       publicid.RoleID
	Grants   []*GrantInput     // in place of what the tenant added to it
	Fields   []*FieldInput     // in place of the tenant's rules on fields
	Assign   []publicid.UserID // who would get it
	Unassign []publicid.UserID // who would lose it
}

// Preview is what a plan would change, for users who would notice; Changed counts those that were left out, too.
type Preview struct {
	Role    *Role // as it is
	Members int   // who has the role, now or then
	Changed int
	Nodes   []*Difference
	Version int64 // of the tenant's permissions that it was compared with
}

// Difference is what one user would gain and lose.
type Difference struct {
	UserID publicid.UserID
	Access []*AccessChange
	Fields []*FieldChange
}

// AccessChange is a permission before and after; nil is not to have it.
type AccessChange struct {
	Permission    Permission
	Before, After *grant.Scope
}

// FieldChange is what happens to a field; nil is nothing.
type FieldChange struct {
	Field         mask.Field
	Before, After *mask.Effect
}

// Preview tells which users would gain and lose what by a change of a role, without making it (A3): at most MaxHolders of
// those whom user:read reaches, by name. It counts all roles that they have. Needs role:read. Faults: those of
// GrantsChange.Validate and FieldsChange.Validate; NOT_FOUND at id.
func (a *Administration) Preview(ctx context.Context, p Plan) (*Preview, error) {
	if _, err := a.Engine.Require(ctx, RoleRead); err != nil {
		return nil, err
	}
	sees, err := a.Engine.Require(ctx, UserRead)
	if err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	found, err := a.roles(ctx, role.ID(p.ID))
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fault.NoSuch("role", "id")
	}
	before, err := a.Engine.Current(ctx)
	if err != nil {
		return nil, err
	}
	next, members := before.rules.planned(p, found[0].Template)
	after := newSnapshot(next)
	users, err := a.Client.User.Query().Where(user.IDIn(members...), sees.On(user.FieldID, user.FieldDepartmentID)).
		Order(ent.Asc(user.FieldName, user.FieldID)).IDs(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "list a role's members")
	}
	out := &Preview{Role: found[0], Members: len(users), Version: before.Version, Nodes: []*Difference{}}
	return out, out.compare(before, after, users)
}

func (out *Preview) compare(before, after *Snapshot, users []publicid.UserID) error {
	for _, u := range users {
		was, err := before.For(u)
		if err != nil {
			return err
		}
		will, err := after.For(u)
		if err != nil {
			return err
		}
		d := &Difference{UserID: u, Access: accessChanges(was, will), Fields: fieldChanges(was, will)}
		if len(d.Access)+len(d.Fields) == 0 {
			continue
		}
		if out.Changed++; len(out.Nodes) < MaxHolders {
			out.Nodes = append(out.Nodes, d)
		}
	}
	return nil
}

// Validate reports everything wrong with the plan at once.
func (p Plan) Validate() error {
	all := append(fault.All(GrantsChange{Grants: p.Grants}.Validate()), fault.All(FieldsChange{Fields: p.Fields}.Validate())...)
	if len(all) == 0 {
		return nil
	}
	return all
}

// planned is the rules as they would be, and who has the role before or after. Nothing of r is changed.
func (r rules) planned(p Plan, template string) (rules, []publicid.UserID) {
	r.Roles = slices.Clone(r.Roles)
	for i, old := range r.Roles {
		if old.ID != p.ID {
			continue
		}
		if p.Grants != nil && template != Admin {
			old.Lines = templateLines(template)
			for _, g := range p.Grants {
				old.Lines = append(old.Lines, g.line())
			}
		}
		if p.Fields != nil && template != Admin {
			old.Masks = slices.Clone(templateFields(template))
			for _, f := range p.Fields {
				old.Masks = append(old.Masks, f.rule())
			}
		}
		r.Roles[i] = old
	}
	members := map[publicid.UserID]bool{}
	next := make(map[publicid.UserID][]publicid.RoleID, len(r.Members))
	for u, roles := range r.Members {
		members[u] = slices.Contains(roles, p.ID)
		if slices.Contains(p.Unassign, u) {
			roles = slices.DeleteFunc(slices.Clone(roles), func(id publicid.RoleID) bool { return id == p.ID })
		}
		next[u] = roles
	}
	for _, u := range p.Assign {
		if members[u] = true; !slices.Contains(next[u], p.ID) {
			next[u] = append(slices.Clone(next[u]), p.ID)
		}
	}
	r.Members = next
	maps.DeleteFunc(members, func(_ publicid.UserID, has bool) bool { return !has })
	return r, slices.Collect(maps.Keys(members))
}

// accessChanges compares two users' permissions, in the order of All.
func accessChanges(was, will *Grants) (out []*AccessChange) {
	for _, p := range All() {
		before, after := was.scopes[p], will.scopes[p]
		if before != after {
			out = append(out, &AccessChange{p, some(before), some(after)})
		}
	}
	return out
}

// fieldChanges compares what is kept from two users, by field.
func fieldChanges(was, will *Grants) (out []*FieldChange) {
	names := maps.Clone(was.masks)
	if names == nil {
		names = masks{}
	}
	maps.Copy(names, will.masks)
	for _, f := range (&Grants{masks: names}).Masks() {
		before, after := was.Mask(f.Field.String()), will.Mask(f.Field.String())
		if before != after {
			out = append(out, &FieldChange{f.Field, some(before), some(after)})
		}
	}
	return out
}

// some is nil for the word that stands for nothing.
func some[T ~string](v T) *T {
	if v == "" {
		return nil
	}
	return &v
}
