package app

import (
	"context"
	"time"

	"heyue/domain/staff"
	"heyue/domain/tenants"
	"heyue/ent"
	"heyue/ent/department"
	"heyue/ent/role"
	"heyue/ent/user"
	"heyue/ent/userrole"
	"heyue/identity/account"
	"heyue/identity/sessions"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Operate is the services for a short command of whoever runs the installation. When this process runs the built-in
// PostgreSQL it also brings it to this version; a database that others serve from it only checks.
func (r *Resources) Operate(ctx context.Context) (*Services, error) {
	if err := r.MakeReady(ctx); err != nil {
		return nil, err
	}
	return r.Services(ctx, Roles{})
}

// NewTenant is a tenant to be with its administrator.
type NewTenant struct {
	Slug, Name                           string
	AdminEmail, AdminName, AdminPassword string
}

// CreateTenant opens a tenant. Faults as of tenants.Service.Create.
func (s *Services) CreateTenant(ctx context.Context, t NewTenant) error {
	_, err := s.Tenants.Create(ctx, tenants.Draft{
		Slug: t.Slug, Name: t.Name, Admin: tenants.Admin{Email: t.AdminEmail, Name: t.AdminName, Password: t.AdminPassword},
	})
	return err
}

// TenantLine is a tenant in a list.
type TenantLine struct {
	Slug, Standing string
	CreatedAt      time.Time
}

// ListTenants returns all tenants by slug.
func (s *Services) ListTenants(ctx context.Context) ([]TenantLine, error) {
	all, err := s.Tenants.List(ctx)
	lines := make([]TenantLine, len(all))
	for i, l := range all {
		lines[i] = TenantLine{l.Slug, string(l.Standing), l.CreatedAt}
	}
	return lines, err
}

// SuspendTenant shuts a tenant out, and ResumeTenant lets it in again. Faults as of tenants.Service.
func (s *Services) SuspendTenant(ctx context.Context, slug string) error {
	_, err := s.Tenants.Suspend(ctx, slug)
	return err
}

// ResumeTenant lets a suspended tenant in again.
func (s *Services) ResumeTenant(ctx context.Context, slug string) error {
	_, err := s.Tenants.Resume(ctx, slug)
	return err
}

// AccessToken signs a user in for ttl, without a password. Faults as of sessions.Service.Issue.
func (s *Services) AccessToken(ctx context.Context, slug, email string, ttl time.Duration) (string, error) {
	tokens, err := s.Sessions.Issue(ctx, slug, email, ttl)
	if err != nil {
		return "", err
	}
	return tokens.AccessToken, nil
}

// NewUser is a user to be. Roles and Department are codes; Department may be empty.
type NewUser struct {
	Tenant, Email, Name, Password, Department string
	Roles                                     []string
	As                                        string // the administrator to act for; "" for the tenant's first
}

// CreateUser makes a user in the name of an administrator, as a session of theirs would: the same rules hold, and the
// audit trail shows the session that was opened for it. Faults: NOT_FOUND at tenant, as, role and department, and those
// of staff.Users.Create.
func (s *Services) CreateUser(ctx context.Context, n NewUser) error {
	return s.actAs(ctx, n.Tenant, n.As, func(ctx context.Context) error {
		d := staff.UserDraft{Email: n.Email, Password: &n.Password, UserDetails: staff.UserDetails{Name: &n.Name}}
		for _, code := range n.Roles {
			id, err := s.client.Role.Query().Where(role.Code(code)).OnlyID(ctx)
			if err != nil {
				return named(err, "role", code)
			}
			d.RoleIDs = append(d.RoleIDs, id)
		}
		if n.Department != "" {
			id, err := s.client.Department.Query().Where(department.Code(n.Department)).OnlyID(ctx)
			if err != nil {
				return named(err, "department", n.Department)
			}
			d.DepartmentID = &id
		}
		_, err := s.Users.Create(ctx, d)
		return err
	})
}

// actAs runs do as a user of a tenant, in a session that ends with it.
func (s *Services) actAs(ctx context.Context, slug, email string, do func(context.Context) error) (err error) {
	if email == "" {
		if email, err = s.firstAdmin(ctx, slug); err != nil {
			return err
		}
	}
	tokens, err := s.Sessions.Issue(ctx, slug, email, sessions.MinIssue)
	if err != nil {
		return err
	}
	inside, err := s.Sessions.Authenticate(ctx, tokens.AccessToken)
	if err != nil {
		return err
	}
	defer func() {
		if ended := s.Sessions.Logout(inside); err == nil {
			err = ended
		}
	}()
	return do(inside)
}

// firstAdmin is the address of the tenant's oldest active administrator.
func (s *Services) firstAdmin(ctx context.Context, slug string) (string, error) {
	listed, err := s.directory.Find(ctx, slug)
	if err != nil {
		return "", err
	}
	ctx = tenancy.With(ctx, listed.TenantID)
	admins, err := s.client.Role.Query().Where(role.Template(policies.Admin)).IDs(ctx)
	if err != nil {
		return "", tenancy.Fault(err, "find the administrator's role")
	}
	members, err := s.client.UserRole.Query().Where(userrole.RoleIDIn(admins...)).All(ctx)
	if err != nil {
		return "", tenancy.Fault(err, "find administrators")
	}
	ids := make([]publicid.UserID, len(members))
	for i, m := range members {
		ids[i] = m.UserID
	}
	first, err := s.client.User.Query().Where(user.IDIn(ids...), user.StateEQ(account.Active)).Order(user.ByCreatedAt()).First(ctx)
	if ent.IsNotFound(err) {
		return "", fault.New(fault.State, fault.WrongState, "the tenant has no active administrator")
	}
	if err != nil {
		return "", tenancy.Fault(err, "find administrators")
	}
	return first.Email, nil
}

// named is the fault of something that is looked up by the code it was called by.
func named(err error, noun, code string) error {
	if ent.IsNotFound(err) {
		return fault.New(fault.NotFound, fault.Missing, "there is no %s %q", noun, code)
	}
	return tenancy.Fault(err, "look up a "+noun)
}
