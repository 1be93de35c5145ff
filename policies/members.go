package policies

import (
	"context"
	"fmt"
	"slices"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/predicate"
	"heyue/ent/role"
	"heyue/ent/rolefieldrule"
	"heyue/ent/rolegrant"
	"heyue/ent/user"
	"heyue/ent/userrole"
	"heyue/identity/account"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies/grant"
	"heyue/tenancy"
)

// Assign gives a user a role. Needs role:update, user:read reaching the user, and everything that the role gives, seen
// from the user's department.
// Returns the user. Faults: NOT_FOUND at userId or roleId, NOT_ALLOWED at roleId, DUPLICATE when they have it,
// LIMIT_REACHED.
func (a *Administration) Assign(ctx context.Context, m Membership) (*ent.User, error) {
	return a.member(ctx, m, func(tx *ent.Tx, access Access, u *ent.User) error {
		return a.assign(ctx, tx, access, u, m.RoleID, "roleId")
	})
}

// AssignNew gives roles to a user who is being made in tx, by the rules of Assign, with faults at roleIds.N. The caller
// holds the tenant's lock and calls Bump.
func (a *Administration) AssignNew(ctx context.Context, tx *ent.Tx, u *ent.User, roles []publicid.RoleID) error {
	if len(roles) == 0 {
		return nil
	}
	access, err := a.Engine.Require(ctx, RoleUpdate)
	if err != nil {
		return err
	}
	for i, id := range roles {
		if err := a.assign(ctx, tx, access, u, id, "roleIds", fmt.Sprint(i)); err != nil {
			return err
		}
	}
	return nil
}

func (a *Administration) assign(ctx context.Context, tx *ent.Tx, access Access, u *ent.User, id publicid.RoleID, field ...string) error {
	r, own, err := loadRole(ctx, tx, role.ID(id))
	if ent.IsNotFound(err) {
		return fault.NoSuch("role", field...)
	}
	if err != nil {
		return tenancy.Fault(err, "load a role")
	}
	if lacking := access.Grants().Lacking(outcome(linesOf(r, own)), u.DepartmentID); len(lacking) > 0 {
		return fault.New(fault.Invalid, fault.NotAllowed,
			"you cannot give this role: it gives %s, which you do not hold as widely yourself", lacking[0]).At(field...)
	}
	fields, err := fieldRules(ctx, tx.RoleFieldRule, r.ID)
	if err != nil {
		return err
	}
	if mayShow(access, linesOf(r, own), shown(r, fields[r.ID]), "") != nil {
		return fault.New(fault.Invalid, fault.NotAllowed, "you cannot give this role: it shows fields that you are kept from yourself").At(field...)
	}
	n, err := tx.UserRole.Query().Where(userrole.UserID(u.ID)).Count(ctx)
	if err != nil {
		return tenancy.Fault(err, "count a user's roles")
	}
	if n >= a.Limits.PerUser {
		return fault.New(fault.State, fault.LimitReached, "the user has %d roles, which is as many as one may have", n).At(field...)
	}
	err = tx.UserRole.Create().SetUserID(u.ID).SetRoleID(id).Exec(ctx)
	if _, taken := tenancy.UniqueViolation(err); taken {
		return fault.New(fault.Conflict, fault.Duplicate, "the user has this role already").At(field...)
	}
	if err != nil {
		return tenancy.Fault(err, "assign a role")
	}
	return a.Audit.Record(ctx, tx, audit.Entry{
		Action: "assign_role", Object: "user", ID: u.ID.UUID(), After: map[string]publicid.RoleID{"role_id": id},
	})
}

// Unassign takes a role from a user. Needs role:update, user:read reaching the user, and where the role denies something also that permission for
// the whole tenant, because the user may get it back through another role. Returns the user. Faults: NOT_FOUND at
// userId or roleId, NOT_ALLOWED at roleId, and at userId when the tenant would be left without an administrator.
func (a *Administration) Unassign(ctx context.Context, m Membership) (*ent.User, error) {
	return a.member(ctx, m, func(tx *ent.Tx, access Access, u *ent.User) error {
		r, own, err := loadRole(ctx, tx, role.ID(m.RoleID))
		if ent.IsNotFound(err) {
			return fault.NoSuch("role", "roleId")
		}
		if err != nil {
			return tenancy.Fault(err, "load a role")
		}
		if err := mayGive(access, denials(linesOf(r, own)), "roleId"); err != nil {
			return err
		}
		fields, err := fieldRules(ctx, tx.RoleFieldRule, r.ID)
		if err != nil {
			return err
		}
		if err := mayUnmask(access, shown(r, fields[r.ID]), nil, "roleId"); err != nil {
			return err
		}
		n, err := tx.UserRole.Delete().Where(userrole.UserID(m.UserID), userrole.RoleID(m.RoleID)).Exec(ctx)
		if err != nil {
			return tenancy.Fault(err, "take a role away")
		}
		if n == 0 {
			return fault.NoSuch("role of this user", "roleId")
		}
		return a.Audit.Record(ctx, tx, audit.Entry{
			Action: "unassign_role", Object: "user", ID: u.ID.UUID(), Before: map[string]publicid.RoleID{"role_id": m.RoleID},
		})
	})
}

// member changes who has a role, under the tenant's lock.
func (a *Administration) member(ctx context.Context, m Membership, edit func(*ent.Tx, Access, *ent.User) error) (u *ent.User, err error) {
	access, err := a.Engine.Require(ctx, RoleUpdate)
	if err != nil {
		return nil, err
	}
	sight, err := a.Engine.Require(ctx, UserRead) // whom the caller cannot see is not found
	if err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, a.Client, func(tx *ent.Tx) error {
		if _, err := tenancy.Lock(ctx, tx); err != nil {
			return err
		}
		if u, err = tx.User.Query().Where(user.ID(m.UserID), sight.On(user.FieldID, user.FieldDepartmentID)).Only(ctx); err != nil {
			if ent.IsNotFound(err) {
				return fault.NoSuch("user", "userId")
			}
			return tenancy.Fault(err, "load a user")
		}
		if err := edit(tx, access, u); err != nil {
			return err
		}
		if err := KeepAdmin(ctx, tx); err != nil {
			return err
		}
		return Bump(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	return u, nil
}

func loadRole(ctx context.Context, tx *ent.Tx, which predicate.Role) (*ent.Role, []*ent.RoleGrant, error) {
	r, err := tx.Role.Query().Where(which).Only(ctx)
	if err != nil {
		return nil, nil, err
	}
	own, err := tx.RoleGrant.Query().Where(rolegrant.RoleID(r.ID)).Order(ent.Asc(rolegrant.FieldObject, rolegrant.FieldAction)).All(ctx)
	return r, own, err
}

// KeepAdmin refuses a transaction that would leave its tenant without an administrator: an active user with a role of
// the administrator's template and no role that denies anything or keeps a field from them. Call it after every change to roles, members or the
// state of users. It takes the tenant's lock, so that of two changes at once the second sees the first.
func KeepAdmin(ctx context.Context, tx *ent.Tx) error {
	if _, err := tenancy.Lock(ctx, tx); err != nil {
		return err
	}
	admins, err := membersOf(ctx, tx, func() ([]publicid.RoleID, error) { return tx.Role.Query().Where(role.Template(Admin)).IDs(ctx) })
	if err != nil {
		return tenancy.Fault(err, "list administrators")
	}
	limited, err := membersOf(ctx, tx, func() (ids []publicid.RoleID, err error) {
		if err = tx.RoleGrant.Query().Where(rolegrant.EffectEQ(grant.Deny)).Select(rolegrant.FieldRoleID).Scan(ctx, &ids); err != nil {
			return nil, err
		}
		var masked []publicid.RoleID
		err = tx.RoleFieldRule.Query().Select(rolefieldrule.FieldRoleID).Scan(ctx, &masked)
		return append(ids, masked...), err
	})
	if err != nil {
		return tenancy.Fault(err, "list denials")
	}
	full := slices.DeleteFunc(admins, func(u publicid.UserID) bool { return slices.Contains(limited, u) })
	ok, err := tx.User.Query().Where(user.IDIn(full...), user.StateEQ(account.Active)).Exist(ctx)
	if err == nil && !ok {
		return fault.New(fault.State, fault.NotAllowed, "this would leave nobody who administers everything; make somebody else an administrator first")
	}
	return tenancy.Fault(err, "look for an administrator")
}

func membersOf(ctx context.Context, tx *ent.Tx, roles func() ([]publicid.RoleID, error)) ([]publicid.UserID, error) {
	ids, err := roles()
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	members, err := tx.UserRole.Query().Where(userrole.RoleIDIn(ids...)).All(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]publicid.UserID, len(members))
	for i, m := range members {
		out[i] = m.UserID
	}
	return out, nil
}
