package decisions

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/ent"
	entdecision "heyue/ent/decision"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	words "heyue/policies/decision"
	"heyue/policies/grant"
	"heyue/tenancy"
)

// Service is the use cases of whoever looks into the log.
type Service struct {
	Client   *ent.Client
	Policies *policies.Engine
	Lister   listing.Lister
}

// Filter selects decisions; all given conditions must hold.
type Filter struct {
	OccurredAt *listing.Times    `column:"occurred_at"`
	Kind       []words.Kind      `column:"kind"`
	UserID     []publicid.UserID `column:"user_id"`
	AboutID    []publicid.UserID `column:"subject_id"`
	Object     []string          `column:"object"`
	Action     []string          `column:"action"`
	Operation  []string          `column:"operation"`
}

type (
	// Edge is a decision in a page.
	Edge = page.Edge[*ent.Decision]
	// List is a page of decisions.
	List = page.Connection[*ent.Decision]
)

// List reads a page of the log, the latest decision first. Needs audit:read; with a scope below TENANT the caller sees
// decisions on themselves.
func (s *Service) List(ctx context.Context, args page.Args, filter *Filter) (*List, error) {
	access, err := s.Policies.Require(ctx, policies.AuditRead)
	if err != nil {
		return nil, err
	}
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return nil, tenancy.Fault(tenancy.ErrNoTenant, "list decisions")
	}
	list, err := listing.List(ctx, s.Lister, listing.Source[*ent.Decision]{
		Noun: "decision",
		Columns: map[listing.Field]listing.Column[*ent.Decision]{
			"OCCURRED_AT": {Name: entdecision.FieldOccurredAt, Value: func(d *ent.Decision) any { return d.OccurredAt }},
		},
		ID:      func(d *ent.Decision) uuid.UUID { return d.ID.UUID() },
		Default: []*listing.Sort{{Field: "OCCURRED_AT", Direction: listing.Desc}},
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.Decision, error) {
			return s.Client.Decision.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			return s.Client.Decision.Query().Where(where).Count(ctx)
		},
	}, listing.Request{Args: args, Filter: filter, Tenant: tenant, Scope: reach(access)})
	return list, tenancy.Fault(err, "list decisions")
}

// Lookup returns a decision that the caller may see; nil when there is none. Needs audit:read.
func (s *Service) Lookup(ctx context.Context, id publicid.DecisionID) (*ent.Decision, error) {
	access, err := s.Policies.Require(ctx, policies.AuditRead)
	if err != nil {
		return nil, err
	}
	d, err := s.Client.Decision.Query().Where(entdecision.ID(id), reach(access)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return d, tenancy.Fault(err, "look up a decision")
}

func reach(a policies.Access) func(*sql.Selector) {
	return func(s *sql.Selector) {
		if a.Scope != grant.Tenant {
			entdecision.UserID(a.User())(s)
		}
	}
}

// About is the user that a decision was about, nil for none.
func About(d *ent.Decision) *publicid.UserID {
	if d.SubjectID == nil {
		return nil
	}
	id := publicid.UserID(*d.SubjectID)
	return &id
}

// Keep is for how long decisions are kept unless the installation says otherwise (HEYUE_DECISION_KEEP).
const Keep = 180 * 24 * time.Hour
