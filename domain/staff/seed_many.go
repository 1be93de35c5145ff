package staff

import (
	"context"

	"heyue/ent"
	"heyue/identity/account"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Unit is a department of a tenant that is being filled. A parent stands before its children; the empty one is the root.
type Unit struct{ Code, Name, Parent string }

// Member is a person of a tenant that is being filled.
type Member struct {
	Email, Name, Title, Phone, Locale string
	Unit                              string          // code of the department; empty: the root
	Role                              publicid.RoleID // every member has one
}

// SeedMany makes departments below the root, and users with one role each who log in with the password that
// passwordHash was made of, in a tenant that is being filled as part of tx. It returns their ids in the order given,
// departments by code, the root's under RootCode. It fails with INVALID for a parent or department that is not among
// units; every other error is INTERNAL or UNAVAILABLE.
func SeedMany(ctx context.Context, tx *ent.Tx, units []Unit, members []Member, passwordHash string) (map[string]publicid.DepartmentID, []publicid.UserID, error) {
	codes, err := seedUnits(ctx, tx, units)
	if err != nil {
		return nil, nil, err
	}
	rows, ids := make([]*ent.UserCreate, len(members)), make([]publicid.UserID, len(members))
	for i, m := range members {
		home, ok := codes[orRoot(m.Unit)]
		if !ok {
			return nil, nil, fault.New(fault.Invalid, fault.UnknownValue, "%s works in %q, which is no department", m.Email, m.Unit)
		}
		ids[i] = publicid.NewUserID()
		rows[i] = tx.User.Create().SetID(ids[i]).SetEmail(account.NormalEmail(m.Email)).SetName(tidy(m.Name)).SetTitle(m.Title).
			SetPhone(m.Phone).SetLocale(m.Locale).SetPasswordHash(passwordHash).SetDepartmentID(home)
	}
	if err := tx.User.CreateBulk(rows...).Exec(ctx); err != nil {
		return nil, nil, tenancy.Fault(err, "write users")
	}
	for i, m := range members {
		if err := policies.SeedMember(ctx, tx, ids[i], m.Role); err != nil {
			return nil, nil, err
		}
	}
	return codes, ids, nil
}

func seedUnits(ctx context.Context, tx *ent.Tx, units []Unit) (map[string]publicid.DepartmentID, error) {
	codes := map[string]publicid.DepartmentID{}
	there, err := tx.Department.Query().All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read the departments")
	}
	for _, d := range there {
		codes[d.Code] = d.ID
	}
	rows := make([]*ent.DepartmentCreate, len(units))
	for i, u := range units {
		parent, ok := codes[orRoot(u.Parent)]
		if !ok {
			return nil, fault.New(fault.Invalid, fault.UnknownValue, "%s is below %q, which is no department", u.Code, u.Parent)
		}
		codes[u.Code] = publicid.NewDepartmentID()
		rows[i] = tx.Department.Create().SetID(codes[u.Code]).SetCode(u.Code).SetName(u.Name).SetPosition((i + 1) * 10).SetParentID(parent)
	}
	return codes, tenancy.Fault(tx.Department.CreateBulk(rows...).Exec(ctx), "write departments")
}

func orRoot(code string) string {
	if code == "" {
		return RootCode
	}
	return code
}
