// Package audits reads the record of who changed what (T2). Package audit writes it, together with each change;
// nothing here can alter it.
package audits

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/ent"
	"heyue/ent/auditentry"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/tenancy"
)

// Service is the use cases of whoever looks into the record.
type Service struct {
	Client   *ent.Client
	Policies *policies.Engine
	Lister   listing.Lister
}

// Filter selects entries.
type Filter struct {
	And []*Filter
	Or  []*Filter
	Not *Filter

	OccurredAt *listing.Times    `column:"occurred_at"`
	ActorID    []publicid.UserID `column:"actor_id"`
	Action     []string          `column:"action"`
	Object     []string          `column:"object"`
	ObjectID   []publicid.Any    `column:"object_id"`
}

// Edge is an entry in a page.
type Edge = page.Edge[*ent.AuditEntry]

// List is a page of entries.
type List = page.Connection[*ent.AuditEntry]

func sortable() map[listing.Field]listing.Column[*ent.AuditEntry] {
	return map[listing.Field]listing.Column[*ent.AuditEntry]{
		"OCCURRED_AT": {Name: auditentry.FieldOccurredAt, Value: func(e *ent.AuditEntry) any { return e.OccurredAt }},
	}
}

// List reads a page of the record, the latest entry first unless sorted. Needs audit:read. Entries have no owner and no
// department but somebody who acted: with a scope below TENANT the caller sees their own acts.
func (s *Service) List(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (*List, error) {
	req, err := s.request(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	list, err := listing.List(ctx, s.Lister, s.source(), req)
	return list, tenancy.Fault(err, "list audit entries")
}

func (s *Service) request(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (listing.Request, error) {
	access, err := s.Policies.Require(ctx, policies.AuditRead)
	if err != nil {
		return listing.Request{}, err
	}
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return listing.Request{}, tenancy.Fault(tenancy.ErrNoTenant, "list audit entries")
	}
	return listing.Request{Args: args, Sort: sort, Filter: filter, Tenant: tenant, Scope: reach(access)}, nil
}

func (s *Service) source() listing.Source[*ent.AuditEntry] {
	return listing.Source[*ent.AuditEntry]{
		Noun: "audit entry", Columns: sortable(),
		ID:      func(e *ent.AuditEntry) uuid.UUID { return e.ID.UUID() },
		Default: []*listing.Sort{{Field: "OCCURRED_AT", Direction: listing.Desc}},
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.AuditEntry, error) {
			return s.Client.AuditEntry.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			return s.Client.AuditEntry.Query().Where(where).Count(ctx)
		},
	}
}

// Lookup returns an entry that the caller may see; nil when there is none. Needs audit:read.
func (s *Service) Lookup(ctx context.Context, id publicid.AuditEntryID) (*ent.AuditEntry, error) {
	access, err := s.Policies.Require(ctx, policies.AuditRead)
	if err != nil {
		return nil, err
	}
	e, err := s.Client.AuditEntry.Query().Where(auditentry.ID(id), reach(access)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return e, tenancy.Fault(err, "look up an audit entry")
}

func reach(a policies.Access) func(*sql.Selector) {
	return func(s *sql.Selector) {
		if a.Scope != grant.Tenant {
			auditentry.ActorID(a.User())(s)
		}
	}
}
