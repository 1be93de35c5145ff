package service

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/domain/customers/criteria"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/customer"
	"heyue/ent/servicerecord"
	"heyue/identity"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Filter selects service records by every key of K6 and by what they are about. Without Archived, archived records are
// left out.
type Filter struct {
	And []*Filter
	Or  []*Filter
	Not *Filter

	CustomerID   []publicid.CustomerID   `column:"customer_id"`
	Customer     *criteria.Filter        `relation:"customers,customer_id,id"`
	ContactID    []publicid.ContactID    `column:"contact_id"`
	ContractID   []publicid.ContractID   `column:"contract_id"`
	ServiceType  []string                `column:"service_type"`
	ServedOn     *listing.Dates          `column:"served_on"`
	Content      *listing.Text           `column:"content"`
	Satisfaction *listing.Numbers        `column:"satisfaction"`
	Feedback     *listing.Text           `column:"feedback"`
	OwnerID      []publicid.UserID       `column:"owner_id"`
	DepartmentID []publicid.DepartmentID `column:"department_id"`
	Archived     *bool                   `filter:"archived"`
	Custom       []*listing.Custom       `custom:"SERVICE_RECORD"`
}

// Edge is a service record in a page.
type Edge = page.Edge[*ent.ServiceRecord]

// List is a page of service records.
type List = page.Connection[*ent.ServiceRecord]

var sortable = map[listing.Field]listing.Column[*ent.ServiceRecord]{
	"SERVED_ON":    {Name: servicerecord.FieldServedOn, Value: func(r *ent.ServiceRecord) any { return r.ServedOn }},
	"SERVICE_TYPE": {Name: servicerecord.FieldServiceType, Value: func(r *ent.ServiceRecord) any { return r.ServiceType }},
	"SATISFACTION": {Name: servicerecord.FieldSatisfaction, Nullable: true, Value: func(r *ent.ServiceRecord) any { return r.Satisfaction }},
	"CREATED_AT":   {Name: servicerecord.FieldCreatedAt, Value: func(r *ent.ServiceRecord) any { return r.CreatedAt }},
	"UPDATED_AT":   {Name: servicerecord.FieldUpdatedAt, Value: func(r *ent.ServiceRecord) any { return r.UpdatedAt }},
}

// List reads a page of the records the caller may see, the last served first unless sorted. Needs service_record:read,
// and customer:read for a filter by customer.
func (s *Service) List(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (*List, error) {
	req, err := s.request(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	list, err := listing.List(ctx, s.Lister, s.source(), req)
	return list, tenancy.Fault(err, "list service records")
}

// Of reads the same page of the records of each of the given customers, in their order. What the caller may not see is
// not in them. Needs service_record:read.
func (s *Service) Of(ctx context.Context, customers []publicid.CustomerID, args page.Args, filter *Filter, sort []*listing.Sort) ([]*List, error) {
	req, err := s.request(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	lists, err := listing.Each(ctx, s.Lister, s.source(), req, listing.Parents[*ent.ServiceRecord, publicid.CustomerID]{
		Column: servicerecord.FieldCustomerID, IDs: customers,
		Of: func(r *ent.ServiceRecord) publicid.CustomerID { return r.CustomerID },
		Count: func(ctx context.Context, where func(*sql.Selector)) (map[publicid.CustomerID]int, error) {
			var rows []struct {
				CustomerID publicid.CustomerID `sql:"customer_id"`
				Count      int
			}
			err := s.Client.ServiceRecord.Query().Where(where).GroupBy(servicerecord.FieldCustomerID).Aggregate(ent.Count()).Scan(ctx, &rows)
			totals := map[publicid.CustomerID]int{}
			for _, r := range rows {
				totals[r.CustomerID] = r.Count
			}
			return totals, tenancy.Fault(err, "count service records")
		},
	})
	return lists, tenancy.Fault(err, "list service records of customers")
}

func (s *Service) request(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (listing.Request, error) {
	access, err := s.Policies.Require(ctx, policies.ServiceRecordRead)
	if err != nil {
		return listing.Request{}, err
	}
	me, err := identity.From(ctx)
	if err != nil {
		return listing.Request{}, err
	}
	related := map[string]func(*sql.Selector){}
	sees, err := s.seen(ctx, policies.CustomerRead)
	if err != nil {
		return listing.Request{}, err
	}
	if sees != nil {
		related[customer.Table] = sees.Where
	}
	return listing.Request{
		Args: args, Sort: sort, Filter: filter, Tenant: me.TenantID, Custom: s.Fields.Defined(ctx), Related: related,
		Scope: listing.HideArchived(access.Where, filter != nil && filter.Archived != nil),
	}, nil
}

func (s *Service) source() listing.Source[*ent.ServiceRecord] {
	return listing.Source[*ent.ServiceRecord]{
		Noun: "service record", Columns: sortable,
		ID:         func(r *ent.ServiceRecord) uuid.UUID { return r.ID.UUID() },
		Default:    []*listing.Sort{{Field: "SERVED_ON", Direction: listing.Desc}},
		CustomNoun: custom.ServiceRecord, Custom: func(r *ent.ServiceRecord) custom.Set { return r.Custom },
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.ServiceRecord, error) {
			return s.Client.ServiceRecord.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			n, err := s.Client.ServiceRecord.Query().Where(where).Count(ctx)
			return n, tenancy.Fault(err, "count service records")
		},
	}
}
