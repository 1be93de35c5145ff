package incidents

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/domain/incidents/incident"
	"heyue/ent"
	"heyue/ent/contract"
	entincident "heyue/ent/incident"
	"heyue/ent/incidententry"
	"heyue/identity"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Filter selects incidents.
type Filter struct {
	And []*Filter
	Or  []*Filter
	Not *Filter

	ContractID []publicid.ContractID `column:"contract_id"`
	Kind       []incident.Kind       `column:"kind"`
	Side       []incident.Side       `column:"side"`
	State      []incident.State      `column:"state"`
	Title      *listing.Text         `column:"title"`
	HappenedOn *listing.Dates        `column:"happened_on"`
	NoticeBy   *listing.Dates        `column:"notice_by"`
	SettleBy   *listing.Dates        `column:"settle_by"`
}

// Edge is an incident in a page.
type Edge = page.Edge[*ent.Incident]

// List is a page of incidents.
type List = page.Connection[*ent.Incident]

var sortable = map[listing.Field]listing.Column[*ent.Incident]{
	"HAPPENED_ON": {Name: entincident.FieldHappenedOn, Value: func(i *ent.Incident) any { return i.HappenedOn }},
	"NOTICE_BY":   {Name: entincident.FieldNoticeBy, Nullable: true, Value: func(i *ent.Incident) any { return i.NoticeBy }},
	"SETTLE_BY":   {Name: entincident.FieldSettleBy, Nullable: true, Value: func(i *ent.Incident) any { return i.SettleBy }},
	"CREATED_AT":  {Name: entincident.FieldCreatedAt, Value: func(i *ent.Incident) any { return i.CreatedAt }},
}

// List reads a page of the incidents of contracts that the caller may see, the last one that happened first unless sorted.
// Needs contract:read.
func (s *Service) List(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (*List, error) {
	req, err := s.request(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	list, err := listing.List(ctx, s.Lister, s.source(), req)
	return list, tenancy.Fault(err, "list incidents")
}

func (s *Service) request(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (listing.Request, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return listing.Request{}, err
	}
	me, err := identity.From(ctx)
	return listing.Request{
		Args: args, Sort: sort, Filter: filter, Tenant: me.TenantID, Scope: access.Through(contract.Table, entincident.FieldContractID, me.TenantID),
	}, err
}

func (s *Service) source() listing.Source[*ent.Incident] {
	return listing.Source[*ent.Incident]{
		Noun: "incident", Columns: sortable,
		ID:      func(i *ent.Incident) uuid.UUID { return i.ID.UUID() },
		Default: []*listing.Sort{{Field: "HAPPENED_ON", Direction: listing.Desc}},
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.Incident, error) {
			return s.Client.Incident.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			n, err := s.Client.Incident.Query().Where(where).Count(ctx)
			return n, tenancy.Fault(err, "count incidents")
		},
	}
}

// Lookup returns an incident of a contract that the caller may see; nil when there is none. Needs contract:read.
func (s *Service) Lookup(ctx context.Context, id publicid.IncidentID) (*ent.Incident, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return nil, err
	}
	i, err := s.Client.Incident.Query().Where(entincident.ID(id), seen(access)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return i, tenancy.Fault(err, "look up an incident")
}

// Of returns the incidents of the given contracts, oldest first. Callers pass contracts they were given: whoever sees a
// contract sees its incidents.
func (s *Service) Of(ctx context.Context, ids []publicid.ContractID) ([]*ent.Incident, error) {
	found, err := s.Client.Incident.Query().Where(listing.AnyOf(entincident.FieldContractID, ids)).Order(oldest).All(ctx)
	return found, tenancy.Fault(err, "read incidents")
}

// EntriesOf returns the records of the given incidents, each in the order in which it was written, with their documents.
// Callers pass incidents they were given.
func (s *Service) EntriesOf(ctx context.Context, ids []publicid.IncidentID) ([]*ent.IncidentEntry, error) {
	found, err := s.Client.IncidentEntry.Query().Where(listing.AnyOf(incidententry.FieldIncidentID, ids)).WithDocument().
		Order(written).All(ctx)
	return found, tenancy.Fault(err, "read the records of incidents")
}
