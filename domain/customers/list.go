package customers

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/domain/customers/criteria"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/customer"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/policies"
	"heyue/tenancy"
)

// Filter selects customers; see package criteria.
type Filter = criteria.Filter

// Edge is a customer in a page.
type Edge = page.Edge[*ent.Customer]

// List is a page of customers.
type List = page.Connection[*ent.Customer]

var sortable = map[listing.Field]listing.Column[*ent.Customer]{
	"NAME":       {Name: customer.FieldName, Value: func(c *ent.Customer) any { return c.Name }},
	"CODE":       {Name: customer.FieldCode, Value: func(c *ent.Customer) any { return c.Code }},
	"SHORT_NAME": {Name: customer.FieldShortName, Value: func(c *ent.Customer) any { return c.ShortName }},
	"REGION":     {Name: customer.FieldRegion, Value: func(c *ent.Customer) any { return c.Region }},
	"GRADE":      {Name: customer.FieldGrade, Value: func(c *ent.Customer) any { return string(c.Grade) }},
	"CREATED_AT": {Name: customer.FieldCreatedAt, Value: func(c *ent.Customer) any { return c.CreatedAt }},
	"UPDATED_AT": {Name: customer.FieldUpdatedAt, Value: func(c *ent.Customer) any { return c.UpdatedAt }},
}

// List reads a page of the customers the caller may see, newest first unless sorted. Needs customer:read.
func (s *Service) List(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (*List, error) {
	req, err := s.request(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	list, err := listing.List(ctx, s.Lister, s.source(), req)
	return list, tenancy.Fault(err, "list customers")
}

func (s *Service) request(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (listing.Request, error) {
	access, err := s.Policies.Require(ctx, policies.CustomerRead)
	if err != nil {
		return listing.Request{}, err
	}
	me, err := caller(ctx)
	return listing.Request{
		Args: args, Sort: sort, Filter: filter, Tenant: me.TenantID, Custom: s.Fields.Defined(ctx),
		Scope: listing.HideArchived(access.Where, filter != nil && filter.Archived != nil),
	}, err
}

func (s *Service) source() listing.Source[*ent.Customer] {
	return listing.Source[*ent.Customer]{
		Noun: "customer", Columns: sortable,
		ID:         func(c *ent.Customer) uuid.UUID { return c.ID.UUID() },
		Default:    []*listing.Sort{{Field: "CREATED_AT", Direction: listing.Desc}},
		CustomNoun: custom.Customer, Custom: func(c *ent.Customer) custom.Set { return c.Custom },
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.Customer, error) {
			return s.Client.Customer.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			n, err := s.Client.Customer.Query().Where(where).Count(ctx)
			return n, tenancy.Fault(err, "count customers")
		},
	}
}
