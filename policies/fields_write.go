package policies

import (
	"context"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/rolefieldrule"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies/mask"
	"heyue/tenancy"
)

// SetFields replaces the tenant's own rules on fields of a role; they hold from everybody's next request on. Needs
// role:update. Nobody frees a field that they are kept from themselves. A role of the administrator's template takes no
// rules. Faults: those of FieldsChange.Validate, NOT_FOUND, VERSION_CONFLICT with the role as it is now, NOT_ALLOWED at
// fields, also when nobody would be left who administers everything.
func (a *Administration) SetFields(ctx context.Context, ch FieldsChange) (*Role, error) {
	access, err := a.Engine.Require(ctx, RoleUpdate)
	if err != nil {
		return nil, err
	}
	if err := ch.Validate(); err != nil {
		return nil, err
	}
	return a.change(ctx, RoleTarget{ch.ID, ch.ExpectedVersion}, func(tx *ent.Tx, old *ent.Role, own []*ent.RoleGrant) (*Role, error) {
		if old.Template == Admin {
			return nil, fault.New(fault.State, fault.NotAllowed, "an administrator's role shows everything; make another role for less").At("fields")
		}
		had, err := fieldRules(ctx, tx.RoleFieldRule, old.ID)
		if err != nil {
			return nil, err
		}
		shipped := templateFields(old.Template)
		before, after := strongest(shipped), strongest(shipped)
		before.add(stored(had[old.ID]))
		for _, f := range ch.Fields {
			after.add([]FieldRule{f.rule()})
		}
		if err := mayUnmask(access, before, after, "fields"); err != nil {
			return nil, err
		}
		return a.replaceFields(ctx, tx, old, own, had[old.ID], ch.Fields)
	})
}

func (a *Administration) replaceFields(ctx context.Context, tx *ent.Tx, old *ent.Role, own []*ent.RoleGrant, had []*ent.RoleFieldRule, fields []*FieldInput) (*Role, error) {
	if _, err := tx.RoleFieldRule.Delete().Where(rolefieldrule.RoleID(old.ID)).Exec(ctx); err != nil {
		return nil, tenancy.Fault(err, "remove rules on fields")
	}
	rows := make([]*ent.RoleFieldRuleCreate, len(fields))
	for i, f := range fields {
		rows[i] = tx.RoleFieldRule.Create().SetRoleID(old.ID).SetObject(f.Object).SetField(f.Field).SetEffect(f.Effect)
	}
	made, err := tx.RoleFieldRule.CreateBulk(rows...).Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "write rules on fields")
	}
	now, err := tx.Role.UpdateOne(old).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "write a role")
	}
	if err := KeepAdmin(ctx, tx); err != nil {
		return nil, err
	}
	return present(now, own, made), a.finish(ctx, tx, audit.Entry{
		Action: "set_fields", Object: "role", ID: old.ID.UUID(), Before: recordedFields(had), After: recordedFields(made),
	})
}

// recordedFields is a role's own rules on fields as the audit shows them.
func recordedFields(own []*ent.RoleFieldRule) map[string]string {
	out := map[string]string{}
	for _, r := range own {
		out[r.Object+"."+r.Field] = string(r.Effect)
	}
	return out
}

// fieldRules reads the tenant's rules of some roles, by role, object and field.
func fieldRules(ctx context.Context, c *ent.RoleFieldRuleClient, roles ...publicid.RoleID) (map[publicid.RoleID][]*ent.RoleFieldRule, error) {
	rows, err := c.Query().Where(rolefieldrule.RoleIDIn(roles...)).Order(ent.Asc(rolefieldrule.FieldObject, rolefieldrule.FieldField)).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "list rules on fields")
	}
	out := map[publicid.RoleID][]*ent.RoleFieldRule{}
	for _, r := range rows {
		out[r.RoleID] = append(out[r.RoleID], r)
	}
	return out, nil
}

// stored turns rows into rules.
func stored(rows []*ent.RoleFieldRule) []FieldRule {
	out := make([]FieldRule, len(rows))
	for i, r := range rows {
		out[i] = FieldRule{mask.Field{Object: r.Object, Name: r.Field}, r.Effect}
	}
	return out
}

// shown is what a role does to fields, template and all.
func shown(r *ent.Role, own []*ent.RoleFieldRule) masks {
	m := strongest(templateFields(r.Template))
	m.add(stored(own))
	return m
}

// templateFields are the shipped rules of a template.
func templateFields(name string) []FieldRule {
	t, _ := TemplateNamed(name)
	return t.Fields
}

// MaskableFields lists every field that a role can be kept from, for whoever makes roles; the tenant's own come beside
// them as custom.KEY. Needs role:read.
func (a *Administration) MaskableFields(ctx context.Context) ([]*mask.Field, error) {
	if _, err := a.Engine.Require(ctx, RoleRead); err != nil {
		return nil, err
	}
	return pointers(mask.All()), nil
}
