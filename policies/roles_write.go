package policies

import (
	"context"
	"strings"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/role"
	"heyue/ent/rolefieldrule"
	"heyue/ent/rolegrant"
	"heyue/ent/userrole"
	"heyue/platform/fault"
	"heyue/policies/grant"
	"heyue/tenancy"
)

// CreateRole makes a role. Needs role:update and everything that the template gives. Faults: those of
// RoleDraft.Validate, NOT_ALLOWED at template, DUPLICATE at code, LIMIT_REACHED.
func (a *Administration) CreateRole(ctx context.Context, d RoleDraft) (made *Role, err error) {
	access, err := a.Engine.Require(ctx, RoleUpdate)
	if err != nil {
		return nil, err
	}
	if err := d.Validate(); err != nil {
		return nil, err
	}
	template := ""
	if d.Template != nil {
		template = *d.Template
	}
	if err := mayGive(access, outcome(templateLines(template)), "template"); err != nil {
		return nil, err
	}
	if err := mayShow(access, templateLines(template), strongest(templateFields(template)), "template"); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, a.Client, func(tx *ent.Tx) error {
		if err := a.roomForRole(ctx, tx); err != nil {
			return err
		}
		r, err := tx.Role.Create().SetCode(d.Code).SetName(strings.TrimSpace(d.Name)).SetTemplate(template).Save(ctx)
		if _, taken := tenancy.UniqueViolation(err); taken {
			return fault.New(fault.Conflict, fault.Duplicate, "another role has this code").At("code")
		}
		if err != nil {
			return tenancy.Fault(err, "write a role")
		}
		made = present(r, nil, nil)
		return a.finish(ctx, tx, audit.Entry{Action: "create", Object: "role", ID: r.ID.UUID(), After: r})
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// roomForRole takes the tenant's lock, under which the number of its roles stands still.
func (a *Administration) roomForRole(ctx context.Context, tx *ent.Tx) error {
	if _, err := tenancy.Lock(ctx, tx); err != nil {
		return err
	}
	n, err := tx.Role.Query().Count(ctx)
	if err == nil && n >= a.Limits.Roles {
		return fault.New(fault.State, fault.LimitReached, "there are %d roles, which is as many as there may be", n)
	}
	return tenancy.Fault(err, "count roles")
}

// UpdateRole renames a role. Needs role:update. Faults: those of RoleChange.Validate, NOT_FOUND, VERSION_CONFLICT, then
// the role as it is now comes with the error.
func (a *Administration) UpdateRole(ctx context.Context, ch RoleChange) (*Role, error) {
	if _, err := a.Engine.Require(ctx, RoleUpdate); err != nil {
		return nil, err
	}
	if err := ch.Validate(); err != nil {
		return nil, err
	}
	return a.change(ctx, RoleTarget{ch.ID, ch.ExpectedVersion}, func(tx *ent.Tx, old *ent.Role, own []*ent.RoleGrant) (*Role, error) {
		update := tx.Role.UpdateOne(old).AddVersion(1)
		if ch.Name != nil {
			update.SetName(strings.TrimSpace(*ch.Name))
		}
		now, err := update.Save(ctx)
		if err != nil {
			return nil, tenancy.Fault(err, "write a role")
		}
		fields, err := fieldRules(ctx, tx.RoleFieldRule, old.ID)
		if err != nil {
			return nil, err
		}
		return present(now, own, fields[old.ID]), a.Audit.Record(ctx, tx, audit.Entry{Action: "update", Object: "role", ID: ch.ID.UUID(), Before: old, After: now})
	})
}

// SetGrants replaces what the tenant added to a role. Needs role:update, and whatever the change gives beyond what the
// role gave before: to widen a permission the caller must hold it as widely, to lift a denial they must hold the
// permission for the whole tenant. A role of the administrator's template gives everything and takes no lines. Faults:
// those of GrantsChange.Validate, NOT_FOUND, VERSION_CONFLICT with the role as it is now, NOT_ALLOWED at grants.
func (a *Administration) SetGrants(ctx context.Context, ch GrantsChange) (*Role, error) {
	access, err := a.Engine.Require(ctx, RoleUpdate)
	if err != nil {
		return nil, err
	}
	if err := ch.Validate(); err != nil {
		return nil, err
	}
	return a.change(ctx, RoleTarget{ch.ID, ch.ExpectedVersion}, func(tx *ent.Tx, old *ent.Role, own []*ent.RoleGrant) (*Role, error) {
		if old.Template == Admin {
			return nil, fault.New(fault.State, fault.NotAllowed, "an administrator's role gives everything; make another role for less").At("grants")
		}
		lines := templateLines(old.Template)
		for _, g := range ch.Grants {
			lines = append(lines, g.line())
		}
		more := widened(linesOf(old, own), lines)
		if err := mayGive(access, more, "grants"); err != nil {
			return nil, err
		}
		if len(more) > 0 {
			fields, err := fieldRules(ctx, tx.RoleFieldRule, old.ID)
			if err != nil {
				return nil, err
			}
			if err := mayShow(access, lines, shown(old, fields[old.ID]), "grants"); err != nil {
				return nil, err
			}
		}
		return a.replace(ctx, tx, old, own, ch.Grants)
	})
}

// widened is what lines give beyond what they gave before.
func widened(before, after []line) map[Permission]grant.Scope {
	out := map[Permission]grant.Scope{}
	had := outcome(before)
	for p, scope := range outcome(after) {
		if scope.Rank() > had[p].Rank() {
			out[p] = scope
		}
	}
	kept := denials(after)
	for p, scope := range denials(before) {
		if _, ok := kept[p]; !ok {
			out[p] = scope
		}
	}
	return out
}

// replace writes the tenant's lines of a role anew.
func (a *Administration) replace(ctx context.Context, tx *ent.Tx, old *ent.Role, own []*ent.RoleGrant, grants []*GrantInput) (*Role, error) {
	if _, err := tx.RoleGrant.Delete().Where(rolegrant.RoleID(old.ID)).Exec(ctx); err != nil {
		return nil, tenancy.Fault(err, "remove grants")
	}
	rows := make([]*ent.RoleGrantCreate, len(grants))
	for i, g := range grants {
		l := g.line()
		rows[i] = tx.RoleGrant.Create().SetRoleID(old.ID).SetObject(l.Permission.Object).SetAction(l.Permission.Action).
			SetScope(l.Scope).SetEffect(l.Effect)
	}
	made, err := tx.RoleGrant.CreateBulk(rows...).Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "write grants")
	}
	now, err := tx.Role.UpdateOne(old).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "write a role")
	}
	if err := KeepAdmin(ctx, tx); err != nil {
		return nil, err
	}
	fields, err := fieldRules(ctx, tx.RoleFieldRule, old.ID)
	if err != nil {
		return nil, err
	}
	return present(now, made, fields[old.ID]), a.finish(ctx, tx, audit.Entry{
		Action: "set_grants", Object: "role", ID: old.ID.UUID(), Before: recorded(own), After: recorded(made),
	})
}

// recorded is a role's own lines as the audit shows them.
func recorded(own []*ent.RoleGrant) map[string]string {
	out := map[string]string{}
	for _, g := range own {
		out[Permission{g.Object, g.Action}.String()] = string(g.Effect) + " " + string(g.Scope)
	}
	return out
}

// DeleteRole removes a role that nobody has, with its lines. Needs role:update. Faults: NOT_FOUND, VERSION_CONFLICT with
// the role as it is now, IN_USE. It returns the role as it was.
func (a *Administration) DeleteRole(ctx context.Context, t RoleTarget) (*Role, error) {
	if _, err := a.Engine.Require(ctx, RoleUpdate); err != nil {
		return nil, err
	}
	return a.change(ctx, t, func(tx *ent.Tx, old *ent.Role, own []*ent.RoleGrant) (*Role, error) {
		n, err := tx.UserRole.Query().Where(userrole.RoleID(t.ID)).Count(ctx)
		if err != nil {
			return nil, tenancy.Fault(err, "count a role's members")
		}
		if n > 0 {
			return nil, fault.New(fault.State, fault.InUse, "%d users have this role; take it from them first", n).At("id")
		}
		if _, err := tx.RoleGrant.Delete().Where(rolegrant.RoleID(t.ID)).Exec(ctx); err != nil {
			return nil, tenancy.Fault(err, "remove grants")
		}
		fields, err := fieldRules(ctx, tx.RoleFieldRule, old.ID)
		if err != nil {
			return nil, err
		}
		if _, err := tx.RoleFieldRule.Delete().Where(rolefieldrule.RoleID(t.ID)).Exec(ctx); err != nil {
			return nil, tenancy.Fault(err, "remove rules on fields")
		}
		if err := tx.Role.DeleteOne(old).Exec(ctx); err != nil {
			return nil, tenancy.Fault(err, "remove a role")
		}
		return present(old, own, fields[old.ID]), a.finish(ctx, tx, audit.Entry{Action: "delete", Object: "role", ID: t.ID.UUID(), Before: old})
	})
}

// change loads a role at the caller's version under the tenant's lock and lets edit alter it, in one transaction. On a
// version conflict it returns the role as it is beside the error.
func (a *Administration) change(ctx context.Context, t RoleTarget,
	edit func(tx *ent.Tx, old *ent.Role, own []*ent.RoleGrant) (*Role, error),
) (now *Role, err error) {
	err = tenancy.Write(ctx, a.Client, func(tx *ent.Tx) error {
		if _, err := tenancy.Lock(ctx, tx); err != nil {
			return err
		}
		old, own, err := loadRole(ctx, tx, role.ID(t.ID))
		if ent.IsNotFound(err) {
			return fault.NoSuch("role", "id")
		}
		if err != nil {
			return tenancy.Fault(err, "load a role")
		}
		if old.Version != t.ExpectedVersion {
			fields, err := fieldRules(ctx, tx.RoleFieldRule, old.ID)
			if err != nil {
				return err
			}
			now = present(old, own, fields[old.ID])
			return fault.Stale("role")
		}
		now, err = edit(tx, old, own)
		return err
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

// finish ends every change of what somebody may do: new decisions are made from the next request on.
func (a *Administration) finish(ctx context.Context, tx *ent.Tx, e audit.Entry) error {
	if err := a.Audit.Record(ctx, tx, e); err != nil {
		return err
	}
	return Bump(ctx, tx)
}

// mayGive refuses to give away what the caller does not hold (A3), with one NOT_ALLOWED fault at field for each
// permission.
func mayGive(access Access, wanted map[Permission]grant.Scope, field string) error {
	var c fault.Check
	for _, p := range access.Grants().Lacking(wanted, nil) {
		c.Add(fault.NotAllowed, field, "you cannot give %s within %s: you do not hold it as widely yourself", p, wanted[p])
	}
	return c.Err()
}
