package policies

import (
	"context"
	"strings"

	"heyue/ent"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// SeedRoles makes a role for every shipped template in a tenant that is being made in tx, named in the language of
// locale (BCP 47; Chinese for zh, English for everything else), and returns their ids by the template's name; the
// administrator's is under [Admin]. Every error is a fault.
func SeedRoles(ctx context.Context, tx *ent.Tx, locale string) (map[string]publicid.RoleID, error) {
	ids := map[string]publicid.RoleID{}
	var rows []*ent.RoleCreate
	for _, t := range Templates() {
		name := t.NameEN
		if lang, _, _ := strings.Cut(locale, "-"); strings.EqualFold(lang, "zh") {
			name = t.NameZH
		}
		ids[t.Name] = publicid.NewRoleID()
		rows = append(rows, tx.Role.Create().SetID(ids[t.Name]).SetCode(t.Name).SetName(name).SetTemplate(t.Name))
	}
	if err := tx.Role.CreateBulk(rows...).Exec(ctx); err != nil {
		return nil, tenancy.Fault(err, "write the shipped roles")
	}
	return ids, nil
}

// SeedMember makes user a member of role in a tenant that is being made in tx, when nobody exists yet who could
// assign roles. Every other assignment goes through [Administration.Assign]. Every error is a fault.
func SeedMember(ctx context.Context, tx *ent.Tx, user publicid.UserID, role publicid.RoleID) error {
	if err := tx.UserRole.Create().SetUserID(user).SetRoleID(role).Exec(ctx); err != nil {
		return tenancy.Fault(err, "assign the first role")
	}
	return Bump(ctx, tx)
}
