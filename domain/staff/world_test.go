package staff_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"heyue/domain/staff"
	"heyue/ent"
	"heyue/ent/auditentry"
	"heyue/identity/password"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/tests/fixture"
)

// world is a tenant and the services under test.
type world struct {
	*fixture.World
	acme        *fixture.Tenant
	departments *staff.Departments
	users       *staff.Users
	revoked     *revocations
}

// revocations notes whose sessions were ended and why.
type revocations struct {
	mu  sync.Mutex
	all []string
}

func (r *revocations) RevokeAll(_ context.Context, _ *ent.Tx, user publicid.UserID, reason string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, user.String()+" "+reason)
	return nil
}

func (r *revocations) has(user publicid.UserID, reason string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all) > 0 && r.all[len(r.all)-1] == user.String()+" "+reason
}

// cheap makes hashes that no password of a person should have.
func cheap() *password.Hasher {
	return password.New(password.Cost{MemoryKiB: 8, Passes: 1, Lanes: 1}, 1)
}

func open(t *testing.T) world {
	t.Helper()
	w := fixture.New(t)
	sealer, err := page.NewSealer([64]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	revoked := &revocations{}
	return world{w, w.Tenant(t, "acme"),
		&staff.Departments{Client: w.Client, Policies: w.Policies, Audit: w.Audit, Clock: w.Clock, Limits: staff.DefaultDepartmentLimits()},
		&staff.Users{
			Client: w.Client, Policies: w.Policies, Audit: w.Audit,
			Lister: listing.Lister{Sealer: sealer, Limits: page.Limits{Default: 20, Max: 100}},
			Hasher: cheap(), PasswordPolicy: password.DefaultPolicy(), Sessions: revoked, Limit: staff.DefaultUserLimit,
			Roles: &policies.Administration{Client: w.Client, Engine: w.Policies, Audit: w.Audit, Limits: policies.DefaultRoleLimits()},
		}, revoked}
}

// admin is the next request of the administrator.
func (w world) admin(t *testing.T) context.Context { t.Helper(); return w.Next(t, w.acme.Admin) }

// role makes a role of the given permissions and its code usable with fixture.User.
func (w world) role(t *testing.T, code string, scopes map[policies.Permission]grant.Scope) publicid.RoleID {
	t.Helper()
	w.Write(t, w.acme.Ctx, func(tx *ent.Tx) error {
		r, err := tx.Role.Create().SetCode(code).SetName(code).Save(w.acme.Ctx)
		if err != nil {
			return err
		}
		w.acme.Roles[code] = r.ID
		for p, scope := range scopes {
			if err := tx.RoleGrant.Create().SetRoleID(r.ID).SetObject(p.Object).SetAction(p.Action).SetScope(scope).Exec(w.acme.Ctx); err != nil {
				return err
			}
		}
		return policies.Bump(w.acme.Ctx, tx)
	})
	return w.acme.Roles[code]
}

// version is that of the tenant's permissions.
func (w world) version(t *testing.T) int64 {
	t.Helper()
	return fixture.Caller(t, w.admin(t)).AuthzVersion
}

// audited counts the entries about an object with an action.
func (w world) audited(t *testing.T, id interface{ String() string }, action string) int {
	t.Helper()
	any, err := publicid.ParseAny(id.String())
	if err != nil {
		t.Fatal(err)
	}
	n, err := w.Client.AuditEntry.Query().Where(auditentry.ObjectID(any.UUID), auditentry.Action(action)).Count(w.acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func want(t *testing.T, name string, err error, code fault.Code, field string) {
	t.Helper()
	faults := fault.All(err)
	if len(faults) == 0 || faults[0].Code != code || strings.Join(faults[0].Field, ".") != field {
		t.Errorf("%s: %v, want %s at %q", name, err, code, field)
	}
}

func done[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ptr[T any](v T) *T { return &v }
