package staff

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/user"
	"heyue/ent/userrole"
	"heyue/identity"
	"heyue/identity/account"
	"heyue/identity/password"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Sessions ends the sign-ins of a user.
type Sessions interface {
	// RevokeAll ends every session of the user as part of tx; reason is a word for the log, such as DISABLED.
	RevokeAll(ctx context.Context, tx *ent.Tx, user publicid.UserID, reason string) error
}

// Roles gives a new user their roles; policies.Administration does.
type Roles interface {
	AssignNew(ctx context.Context, tx *ent.Tx, u *ent.User, roles []publicid.RoleID) error
}

// Invitations lets new users choose their first password; recovery.Service does. Its faults are at id.
type Invitations interface {
	Invite(ctx context.Context, tx *ent.Tx, u *ent.User) error
	Uninvite(ctx context.Context, tx *ent.Tx, u *ent.User) error
}

// Factors keeps the second factors of users; factor.Service does.
type Factors interface {
	Enrolled(ctx context.Context, user publicid.UserID) (bool, error)
	Left(ctx context.Context, user publicid.UserID) (int, error)
	Clear(ctx context.Context, tx *ent.Tx, user publicid.UserID) (had bool, err error)
}

// DefaultUserLimit is how many users a tenant may have, disabled ones included (HEYUE_USERS).
const DefaultUserLimit = 10_000

// Users is the use cases of user administration (A2). It writes users; what they sign in with afterwards is package
// identity's. Data scopes count a user as the owner of their own row, in their own department.
type Users struct {
	Client         *ent.Client
	Policies       *policies.Engine
	Audit          audit.Recorder
	Lister         listing.Lister
	Hasher         *password.Hasher
	PasswordPolicy password.Policy
	Sessions       Sessions
	Roles          Roles
	Invitations    Invitations
	Factors        Factors
	Limit          int
	Estates        []Estate // what other packages hand over when somebody leaves, in the order of leaving.Kinds
}

// UserFilter selects users. Email is stored in lower case.
type UserFilter struct {
	And []*UserFilter
	Or  []*UserFilter
	Not *UserFilter

	Name         *listing.Text           `column:"name"`
	Email        *listing.Text           `column:"email"`
	DepartmentID []publicid.DepartmentID `column:"department_id"`
	State        []account.State         `column:"state"`
	Role         *RoleFilter             `relation:"user_roles,id,user_id"`
}

// RoleFilter selects users by a role that they have. It needs role:read.
type RoleFilter struct {
	RoleID []publicid.RoleID `column:"role_id"`
}

// UserEdge is a user in a page.
type UserEdge = page.Edge[*ent.User]

// UserList is a page of users.
type UserList = page.Connection[*ent.User]

// sortableUsers are the keys that users can be sorted by.
func sortableUsers() map[listing.Field]listing.Column[*ent.User] {
	return map[listing.Field]listing.Column[*ent.User]{
		"NAME":       {Name: user.FieldName, Value: func(u *ent.User) any { return u.Name }},
		"EMAIL":      {Name: user.FieldEmail, Value: func(u *ent.User) any { return u.Email }},
		"CREATED_AT": {Name: user.FieldCreatedAt, Value: func(u *ent.User) any { return u.CreatedAt }},
	}
}

// List reads a page of the users the caller may see, by name unless sorted. Needs user:read.
func (s *Users) List(ctx context.Context, args page.Args, filter *UserFilter, sort []*listing.Sort) (*UserList, error) {
	req, err := s.request(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	list, err := listing.List(ctx, s.Lister, s.source(), req)
	return list, tenancy.Fault(err, "list users")
}

func (s *Users) request(ctx context.Context, args page.Args, filter *UserFilter, sort []*listing.Sort) (listing.Request, error) {
	access, err := s.Policies.Require(ctx, policies.UserRead)
	if err != nil {
		return listing.Request{}, err
	}
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return listing.Request{}, tenancy.Fault(tenancy.ErrNoTenant, "list users")
	}
	related, err := s.related(ctx)
	return listing.Request{Args: args, Sort: sort, Filter: filter, Tenant: tenant, Scope: reach(access), Related: related}, err
}

func (s *Users) source() listing.Source[*ent.User] {
	return listing.Source[*ent.User]{
		Noun: "user", Columns: sortableUsers(),
		ID:      func(u *ent.User) uuid.UUID { return u.ID.UUID() },
		Default: []*listing.Sort{{Field: "NAME", Direction: listing.Asc}},
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.User, error) {
			return s.Client.User.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			return s.Client.User.Query().Where(where).Count(ctx)
		},
	}
}

// related lets filters look at who has which role; a caller who may not read roles cannot filter by them.
func (s *Users) related(ctx context.Context) (map[string]func(*sql.Selector), error) {
	if _, err := s.Policies.Require(ctx, policies.RoleRead); err != nil {
		return nil, unlessDenied(err)
	}
	return map[string]func(*sql.Selector){userrole.Table: nil}, nil
}

// Lookup returns a user the caller may see, disabled ones too. Another tenant's, one out of scope and one that does not
// exist are alike: nil. Needs user:read.
func (s *Users) Lookup(ctx context.Context, id publicid.UserID) (*ent.User, error) {
	access, err := s.Policies.Require(ctx, policies.UserRead)
	if err != nil {
		return nil, err
	}
	u, err := s.Client.User.Query().Where(user.ID(id), reach(access)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return u, tenancy.Fault(err, "look up a user")
}

// ByIDs returns those of the given users that the caller may see, in no order. It serves edges inside lists; a caller
// without user:read gets none, so that the edge is empty and the list survives.
func (s *Users) ByIDs(ctx context.Context, ids []publicid.UserID) ([]*ent.User, error) {
	access, err := s.Policies.Require(ctx, policies.UserRead)
	if err != nil {
		return nil, unlessDenied(err)
	}
	us, err := s.Client.User.Query().Where(user.IDIn(ids...), reach(access)).All(ctx)
	return us, tenancy.Fault(err, "look up users")
}

// LastLogins tells when each of the given users last signed in: nil for never, and for others than the caller whom
// their user:update does not reach. When colleagues come to work is not everybody's business.
func (s *Users) LastLogins(ctx context.Context, users []*ent.User) ([]*time.Time, error) {
	out := make([]*time.Time, len(users))
	me, err := identity.From(ctx)
	if err != nil {
		return out, unlessDenied(err)
	}
	access, denied := s.Policies.Require(ctx, policies.UserUpdate)
	if err := unlessDenied(denied); err != nil {
		return nil, err
	}
	for i, u := range users {
		if u.ID == me.UserID || denied == nil && access.Covers(&u.ID, u.DepartmentID) {
			out[i] = u.LastLoginAt
		}
	}
	return out, nil
}

// reach narrows a query of users to those whom a decision reaches.
func reach(a policies.Access) func(*sql.Selector) { return a.On(user.FieldID, user.FieldDepartmentID) }
