// Package staff owns a tenant's departments and users (A2, A9): the organisation tree, who works in which part of it,
// and who may log in. What a user may do is decided by the roles of package policies; how a user proves who they are,
// by package identity.
package staff

import (
	"context"

	"heyue/ent"
	"heyue/identity/account"
	"heyue/identity/password"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// FirstUser is the administrator that a new tenant begins with.
type FirstUser struct {
	Email    string
	Name     string
	Password string // plain; checked by Validate and hashed by whoever calls SeedAdmin
	Locale   string // zh-CN or en

	DepartmentID *publicid.DepartmentID // where they work; nil for nowhere
}

// Validate reports everything that is wrong with the first user, at email, name, password and locale.
func (f FirstUser) Validate(p password.Policy) error {
	var c fault.Check
	account.CheckEmail(&c, "email", f.Email)
	c.Text("name", f.Name, 1, maxName)
	p.Check(&c, "password", f.Password, f.Email, f.Name)
	checkLocale(&c, f.Locale)
	return c.Err()
}

// RootCode is the code of the department that a tenant begins with. Like any other it may be renamed and recoded.
const RootCode = "ROOT"

// SeedRoot makes the root department of a tenant that is being made in tx, called as the tenant is. Every error is a
// fault.
func SeedRoot(ctx context.Context, tx *ent.Tx, name string) (publicid.DepartmentID, error) {
	d, err := tx.Department.Create().SetCode(RootCode).SetName(tidy(name)).Save(ctx)
	if err != nil {
		return publicid.DepartmentID{}, tenancy.Fault(err, "write the root department")
	}
	return d.ID, nil
}

// SeedAdmin makes the first user of a tenant that is being made in tx and a member of the administrator's role, which
// policies.SeedRoles has made under policies.Admin. passwordHash is what password.Hasher made of f.Password; it is
// made outside the transaction, since it takes some 20 ms. f must be valid. Every error is a fault.
func SeedAdmin(ctx context.Context, tx *ent.Tx, f FirstUser, passwordHash string, admin publicid.RoleID) (*ent.User, error) {
	u, err := tx.User.Create().SetEmail(account.NormalEmail(f.Email)).SetName(tidy(f.Name)).
		SetPasswordHash(passwordHash).SetLocale(f.Locale).SetNillableDepartmentID(f.DepartmentID).Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "write the first user")
	}
	return u, policies.SeedMember(ctx, tx, u.ID, admin)
}
