package staff

import (
	"context"

	"heyue/audit"
	"heyue/ent"
	"heyue/identity/account"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/policies"
	"heyue/tenancy"
)

// Create makes a user (A2). Needs user:create reaching the new user's department, and for roles role:update with
// everything that they give. Faults: those of UserDraft.Validate, DUPLICATE at email, NOT_FOUND and WRONG_STATE
// (archived) and NOT_ALLOWED (out of reach) at departmentId, those of policies.Administration.Assign at roleIds.N,
// LIMIT_REACHED.
func (s *Users) Create(ctx context.Context, d UserDraft) (made *ent.User, err error) {
	access, err := s.Policies.Require(ctx, policies.UserCreate)
	if err != nil {
		return nil, err
	}
	if err := d.Validate(s.PasswordPolicy); err != nil {
		return nil, err
	}
	if !access.Covers(nil, d.DepartmentID) {
		return nil, outOfReach()
	}
	hash := ""
	if d.Password != nil {
		if hash, err = s.Hasher.Hash(ctx, *d.Password); err != nil {
			return nil, err
		}
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		made, err = s.insert(ctx, tx, d, hash)
		if err != nil {
			return err
		}
		if err := s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "user", ID: made.ID.UUID(), After: made}); err != nil {
			return err
		}
		if err := s.Roles.AssignNew(ctx, tx, made, d.RoleIDs); err != nil {
			return err
		}
		return policies.Bump(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// insert writes a new user's row under the tenant's lock.
func (s *Users) insert(ctx context.Context, tx *ent.Tx, d UserDraft, hash string) (*ent.User, error) {
	tenant, err := tenancy.Lock(ctx, tx)
	if err != nil {
		return nil, err
	}
	n, err := tx.User.Query().Count(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "count users")
	}
	if n >= s.Limit {
		return nil, fault.New(fault.State, fault.LimitReached, "there are %d users, which is as many as there may be", n)
	}
	all, err := readTree(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := all.usable(d.DepartmentID, "departmentId"); err != nil {
		return nil, err
	}
	if err := works(ctx, tx, d.ManagerID, "managerId"); err != nil {
		return nil, err
	}
	create := tx.User.Create().SetEmail(account.NormalEmail(d.Email)).SetPasswordHash(hash).
		SetLocale(tenant.Settings.Locale).SetNillableDepartmentID(d.DepartmentID).SetNillableManagerID(d.ManagerID)
	d.apply(create.Mutation())
	u, err := create.Save(ctx)
	if _, taken := tenancy.UniqueViolation(err); taken {
		return nil, fault.New(fault.Conflict, fault.Duplicate, "another user has this email address").At("email")
	}
	return u, tenancy.Fault(err, "write a user")
}

// apply writes the texts that are given; departments have rules of their own.
func (d UserDetails) apply(m *ent.UserMutation) {
	given.Text(d.Name, m.SetName)
	given.Text(d.Phone, m.SetPhone)
	given.Text(d.Title, m.SetTitle)
	given.Text(d.Locale, m.SetLocale)
}

func outOfReach() error {
	return fault.New(fault.Invalid, fault.NotAllowed, "your permission does not reach users of that department").At("departmentId")
}
