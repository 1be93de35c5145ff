package policies

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"heyue/ent"
	"heyue/ent/rolegrant"
	"heyue/ent/tenant"
	"heyue/identity"
	"heyue/platform/clock"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Engine answers permission questions from per-tenant snapshots.
type Engine struct {
	client    *ent.Client
	clock     clock.Clock
	snapshots *lru.Cache[int64, *Snapshot]
	shelf     *shelf // of the templates, which the snapshots of all tenants share
	flight    singleflight.Group
	asked     atomic.Uint64
	loaded    atomic.Uint64

	// Changed is told the tenants whose permissions this process has changed, after the commit. It must be set before that,
	// and must not wait. Nil: nobody is.
	Changed func(tenant int64)
}

// Stats is how well the snapshots serve: how often one was asked for, how often it had to be loaded, how many are kept.
type Stats struct {
	Asked, Loaded uint64
	Kept          int
}

// Stats tells how the snapshots have served since the process began.
func (e *Engine) Stats() Stats { return Stats{e.asked.Load(), e.loaded.Load(), e.snapshots.Len()} }

// NewEngine keeps the snapshots of at most capacity tenants (HEYUE_SNAPSHOT_CACHE), the least recently used go first. The
// clock tells when shares end.
func NewEngine(client *ent.Client, c clock.Clock, capacity int) (*Engine, error) {
	cache, err := lru.New[int64, *Snapshot](capacity)
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	e := &Engine{client: client, clock: c, snapshots: cache, shelf: newShelf()}
	client.Tenant.Use(e.tell)
	return e, nil
}

// Require returns how far the caller's permission p reaches. It fails with UNAUTHENTICATED without a caller and with
// FORBIDDEN when the caller lacks p.
func (e *Engine) Require(ctx context.Context, p Permission) (Access, error) {
	grants, err := e.Caller(ctx)
	if err != nil {
		return Access{}, err
	}
	access, ok := grants.Access(p)
	if !ok {
		return Access{}, fault.Forbidden(p.String())
	}
	return access, nil
}

// Caller returns everything the caller may do, at the version of the tenant's permissions that the caller's session
// was read with, or a newer one. So a revocation holds from the next request on, on every instance, whatever
// messages were lost. A caller of another tenant than the context's is refused before anything is read, so that no
// snapshot can be kept under a tenant that it is not of.
func (e *Engine) Caller(ctx context.Context) (*Grants, error) {
	c, err := identity.From(ctx)
	if err != nil {
		return nil, err
	}
	if id, ok := tenancy.From(ctx); !ok || id != c.TenantID {
		return nil, fault.Wrap(tenancy.ErrOtherTenant, "decide for a caller")
	}
	if g, ok := pinned(ctx, c); ok {
		return g, nil
	}
	s, err := e.at(ctx, c.TenantID, c.AuthzVersion)
	if err != nil {
		return nil, err
	}
	return s.caller(c)
}

// Of returns everything a user of the context's tenant may do now. It asks the database for the current version.
func (e *Engine) Of(ctx context.Context, user publicid.UserID) (*Grants, error) {
	s, err := e.Current(ctx)
	if err != nil {
		return nil, err
	}
	return s.For(user)
}

// Current returns the snapshot of the context's tenant at its present version.
func (e *Engine) Current(ctx context.Context) (*Snapshot, error) {
	id, ok := tenancy.From(ctx)
	if !ok {
		return nil, tenancy.ErrNoTenant
	}
	version, err := e.client.Tenant.Query().Select(tenant.FieldAuthzVersion).Int(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read the permissions' version")
	}
	return e.at(ctx, id, int64(version))
}

func (e *Engine) at(ctx context.Context, id, version int64) (*Snapshot, error) {
	e.asked.Add(1)
	if s, ok := e.snapshots.Get(id); ok && s.Version >= version {
		return s, nil
	}
	// The key holds the version: whoever needs a newer one must not join a flight that started before it existed.
	v, err, _ := e.flight.Do(fmt.Sprintf("%d:%d", id, version), func() (any, error) {
		e.loaded.Add(1)
		s, err := e.load(context.WithoutCancel(ctx)) // one impatient caller must not fail the others
		if err != nil {
			return nil, err
		}
		if old, ok := e.snapshots.Get(id); !ok || old.Version < s.Version {
			e.snapshots.Add(id, s)
		}
		return s, nil
	})
	if err != nil {
		return nil, tenancy.Fault(err, "load permissions")
	}
	return v.(*Snapshot), nil
}

// Bump raises the version of the tenant's permissions. Call it in the transaction of every change to roles, grants,
// memberships, departments, a user's department, shares or the tenant's time zone.
func Bump(ctx context.Context, tx *ent.Tx) error {
	return fault.Wrap(tx.Tenant.Update().AddAuthzVersion(1).Exec(ctx), "raise the permissions' version")
}

// load reads the tenant's rules in one transaction that sees one moment.
func (e *Engine) load(ctx context.Context) (_ *Snapshot, err error) {
	tx, err := e.client.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	of, err := tx.Tenant.Query().Only(ctx)
	if err != nil {
		return nil, err
	}
	zone, err := of.Settings.Zone()
	if err != nil {
		return nil, err
	}
	r := rules{
		Version:     of.AuthzVersion,
		Shelf:       e.shelf,
		Today:       func() date.Date { return date.In(e.clock.Now(), zone) },
		Members:     map[publicid.UserID][]publicid.RoleID{},
		Departments: map[publicid.DepartmentID]*publicid.DepartmentID{},
		Homes:       map[publicid.UserID]*publicid.DepartmentID{},
	}
	if r.Roles, err = e.loadRoles(ctx, tx); err != nil {
		return nil, err
	}
	members, err := tx.UserRole.Query().All(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		r.Members[m.UserID] = append(r.Members[m.UserID], m.RoleID)
	}
	departments, err := tx.Department.Query().Select("id", "parent_id").All(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range departments {
		r.Departments[d.ID] = d.ParentID
	}
	users, err := tx.User.Query().Select("id", "department_id").All(ctx)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		r.Homes[u.ID] = u.DepartmentID
	}
	if r.Shares, err = loadShares(ctx, tx, r.Today()); err != nil {
		return nil, err
	}
	return newSnapshot(r), nil
}

// loadRoles joins each role's template with the grants that the tenant added.
func (e *Engine) loadRoles(ctx context.Context, tx *ent.Tx) ([]roleRules, error) {
	rows, err := tx.Role.Query().All(ctx)
	if err != nil {
		return nil, err
	}
	own, err := tx.RoleGrant.Query().Order(ent.Asc(rolegrant.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	byRole := map[publicid.RoleID][]*ent.RoleGrant{}
	for _, g := range own {
		byRole[g.RoleID] = append(byRole[g.RoleID], g)
	}
	ids := make([]publicid.RoleID, len(rows))
	for i, role := range rows {
		ids[i] = role.ID
	}
	kept, err := fieldRules(ctx, tx.RoleFieldRule, ids...)
	if err != nil {
		return nil, err
	}
	out := make([]roleRules, len(rows))
	for i, role := range rows {
		lines := slices.Clip(e.shelf.lines[role.Template]) // what is added goes to a copy
		for _, g := range byRole[role.ID] {
			lines = append(lines, line{Permission{g.Object, g.Action}, g.Scope, g.Effect})
		}
		out[i] = roleRules{role.ID, lines, append(templateFields(role.Template), stored(kept[role.ID])...)}
	}
	return out, nil
}
