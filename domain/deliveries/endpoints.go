package deliveries

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/endpoint"
	"heyue/identity"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/tenancy"
)

type (
	// EndpointEdge is an endpoint in a page.
	EndpointEdge = page.Edge[*ent.Endpoint]
	// EndpointList is a page of endpoints.
	EndpointList = page.Connection[*ent.Endpoint]
)

// Endpoints reads a page of the tenant's endpoints, newest first; archived ones are left out. Needs endpoint:read.
func (s *Service) Endpoints(ctx context.Context, args page.Args) (*EndpointList, error) {
	if _, err := s.Policies.Require(ctx, policies.EndpointRead); err != nil {
		return nil, err
	}
	tenant, err := tenantOf(ctx)
	if err != nil {
		return nil, err
	}
	list, err := listing.List(ctx, s.Lister, listing.Source[*ent.Endpoint]{
		Noun: "endpoint",
		Columns: map[listing.Field]listing.Column[*ent.Endpoint]{
			"CREATED_AT": {Name: endpoint.FieldCreatedAt, Value: func(e *ent.Endpoint) any { return e.CreatedAt }},
		},
		ID:      func(e *ent.Endpoint) uuid.UUID { return e.ID.UUID() },
		Default: []*listing.Sort{{Field: "CREATED_AT", Direction: listing.Desc}},
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.Endpoint, error) {
			return s.Client.Endpoint.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			n, err := s.Client.Endpoint.Query().Where(where).Count(ctx)
			return n, tenancy.Fault(err, "count endpoints")
		},
	}, listing.Request{Args: args, Tenant: tenant, Scope: func(q *sql.Selector) { q.Where(sql.IsNull(q.C(endpoint.FieldArchivedAt))) }})
	return list, tenancy.Fault(err, "list endpoints")
}

// Endpoint returns one of the tenant's endpoints, archived or not; nil when there is none. Needs endpoint:read.
func (s *Service) Endpoint(ctx context.Context, id publicid.EndpointID) (*ent.Endpoint, error) {
	rows, err := s.EndpointsByIDs(ctx, []publicid.EndpointID{id})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// EndpointsByIDs returns endpoints in no order. Needs endpoint:read.
func (s *Service) EndpointsByIDs(ctx context.Context, ids []publicid.EndpointID) ([]*ent.Endpoint, error) {
	if _, err := s.Policies.Require(ctx, policies.EndpointRead); err != nil {
		return nil, err
	}
	rows, err := s.Client.Endpoint.Query().Where(among(endpoint.FieldID, ids)).All(ctx)
	return rows, tenancy.Fault(err, "read endpoints")
}

// Seen is EndpointsByIDs for whoever may not read endpoints too: they see none.
func (s *Service) Seen(ctx context.Context, ids []publicid.EndpointID) ([]*ent.Endpoint, error) {
	rows, err := s.EndpointsByIDs(ctx, ids)
	if fault.KindOf(err) == fault.Denied {
		return nil, nil
	}
	return rows, err
}

// target is an endpoint at the version that the caller has seen.
type target struct {
	id       publicid.EndpointID
	expected int
}

// change locks an endpoint, lets edit write it, and records old and new in one transaction. On a version conflict the
// endpoint as it is comes beside the error.
func (s *Service) change(ctx context.Context, t target, action string, edit func(tx *ent.Tx, old *ent.Endpoint) (*ent.Endpoint, error)) (now *ent.Endpoint, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		old, err := tx.Endpoint.Query().Where(endpoint.ID(t.id)).ForUpdate().Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NoSuch("endpoint", "id")
		}
		if err != nil {
			return tenancy.Fault(err, "load an endpoint")
		}
		if old.Version != t.expected {
			now = old
			return fault.Stale("endpoint")
		}
		if old.ArchivedAt != nil {
			return fault.New(fault.State, fault.WrongState, "the endpoint is archived").At("id")
		}
		if now, err = edit(tx, old); err != nil {
			now = nil
			return err
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "endpoint", ID: t.id.UUID(), Before: old, After: now})
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

// sees wants the caller to hold what an endpoint would tell: all that its user may do, or without one the whole tenant's
// contracts and alerts; and no field that the caller is kept from.
func (s *Service) sees(ctx context.Context, access policies.Access, user *publicid.UserID, shown []string) error {
	grants := access.Grants()
	var c fault.Check
	for i, f := range shown {
		c.That(!grants.Hides(f), fault.NotAllowed, "shownFields."+itoa(i), "you are kept from %.80s yourself", f)
	}
	if err := c.Err(); err != nil {
		return err
	}
	me, err := identity.From(ctx)
	if err != nil {
		return err
	}
	if user != nil && *user == me.UserID {
		return nil
	}
	wants := map[policies.Permission]grant.Scope{policies.AlertRead: grant.Tenant, policies.ContractRead: grant.Tenant}
	home := access.Home()
	if user != nil {
		u, err := s.Client.User.Get(ctx, *user)
		if ent.IsNotFound(err) {
			return fault.NoSuch("user", "userId")
		}
		if err != nil {
			return tenancy.Fault(err, "load a user")
		}
		holds, err := s.Policies.Of(ctx, *user)
		if err != nil {
			return err
		}
		wants, home = holds.Scopes(), u.DepartmentID
	}
	if lacking := grants.Lacking(wants, home); len(lacking) > 0 {
		return fault.New(fault.Invalid, fault.NotAllowed, "the endpoint would be told what %s shows, which you do not hold as widely", lacking[0]).At("userId")
	}
	return nil
}
