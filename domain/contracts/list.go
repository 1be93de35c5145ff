package contracts

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/domain/contracts/criteria"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/customer"
	mil "heyue/ent/milestone"
	"heyue/ent/paymentplanline"
	"heyue/ent/progressline"
	"heyue/identity"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Filter selects contracts.
type Filter = criteria.Filter

// Edge is a contract in a page.
type Edge = page.Edge[*ent.Contract]

// List is a page of contracts.
type List = page.Connection[*ent.Contract]

var sortable = map[listing.Field]listing.Column[*ent.Contract]{
	"NUMBER":       {Name: contract.FieldNumber, Value: func(c *ent.Contract) any { return c.Number }},
	"TITLE":        {Name: contract.FieldTitle, Value: func(c *ent.Contract) any { return c.Title }},
	"STATUS":       {Name: contract.FieldStatus, Value: func(c *ent.Contract) any { return string(c.Status) }},
	"AMOUNT":       {Name: contract.FieldAmountMinor, Value: func(c *ent.Contract) any { return c.AmountMinor }},
	"SIGNED_ON":    {Name: contract.FieldSignedOn, Nullable: true, Value: func(c *ent.Contract) any { return day(c.SignedOn) }},
	"EFFECTIVE_ON": {Name: contract.FieldEffectiveOn, Nullable: true, Value: func(c *ent.Contract) any { return day(c.EffectiveOn) }},
	"ENDS_ON":      {Name: contract.FieldEndsOn, Nullable: true, Value: func(c *ent.Contract) any { return day(c.EndsOn) }},
	"CREATED_AT":   {Name: contract.FieldCreatedAt, Value: func(c *ent.Contract) any { return c.CreatedAt }},
	"UPDATED_AT":   {Name: contract.FieldUpdatedAt, Value: func(c *ent.Contract) any { return c.UpdatedAt }},
}

func day(d *date.Date) any {
	if d == nil {
		return nil
	}
	return d.String()
}

// List reads a page of the contracts the caller may see, newest first unless sorted. Needs contract:read; the filter on
// the customer needs customer:read and sees only customers within its reach.
func (s *Service) List(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (*List, error) {
	req, err := s.request(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	list, err := listing.List(ctx, s.Lister, s.source(), req)
	return list, tenancy.Fault(err, "list contracts")
}

// Of reads the same page of the contracts with each of the given customers, in their order. What the caller may not see
// is not in them. Needs contract:read.
func (s *Service) Of(ctx context.Context, customers []publicid.CustomerID, args page.Args, filter *Filter, sort []*listing.Sort) ([]*List, error) {
	req, err := s.request(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	lists, err := listing.Each(ctx, s.Lister, s.source(), req, listing.Parents[*ent.Contract, publicid.CustomerID]{
		Column: contract.FieldCustomerID, IDs: customers,
		Of: func(c *ent.Contract) publicid.CustomerID { return c.CustomerID },
		Count: func(ctx context.Context, where func(*sql.Selector)) (map[publicid.CustomerID]int, error) {
			var rows []struct {
				CustomerID publicid.CustomerID `sql:"customer_id"`
				Count      int
			}
			err := s.Client.Contract.Query().Where(where).GroupBy(contract.FieldCustomerID).Aggregate(ent.Count()).Scan(ctx, &rows)
			totals := map[publicid.CustomerID]int{}
			for _, r := range rows {
				totals[r.CustomerID] = r.Count
			}
			return totals, tenancy.Fault(err, "count contracts")
		},
	})
	return lists, tenancy.Fault(err, "list contracts of customers")
}

func (s *Service) request(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (listing.Request, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return listing.Request{}, err
	}
	me, err := identity.From(ctx)
	if err != nil {
		return listing.Request{}, err
	}
	related, err := s.related(ctx)
	return listing.Request{
		Args: args, Sort: sort, Filter: filter, Tenant: me.TenantID, Custom: s.Fields.Defined(ctx), Related: related,
		Scope: listing.HideArchived(access.Where, filter != nil && filter.Archived != nil),
	}, err
}

// Selected is the condition that List puts on contracts: within the caller's reach, not archived unless the filter says so,
// and as the filter wants. Reports count by it what List shows. Needs contract:read. Faults: those of List.
func (s *Service) Selected(ctx context.Context, filter *Filter) (func(*sql.Selector), error) {
	req, err := s.request(ctx, page.Args{}, filter, nil)
	if err != nil {
		return nil, err
	}
	return listing.Condition(req)
}

func (s *Service) source() listing.Source[*ent.Contract] {
	return listing.Source[*ent.Contract]{
		Noun: "contract", Columns: sortable,
		ID:         func(c *ent.Contract) uuid.UUID { return c.ID.UUID() },
		Default:    []*listing.Sort{{Field: "CREATED_AT", Direction: listing.Desc}},
		CustomNoun: custom.Contract, Custom: func(c *ent.Contract) custom.Set { return c.Custom },
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.Contract, error) {
			return s.Client.Contract.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			n, err := s.Client.Contract.Query().Where(where).Count(ctx)
			return n, tenancy.Fault(err, "count contracts")
		},
	}
}

// related gives the reach of the nouns that filters may look into: whoever sees a contract sees its parts; one who may not
// read customers cannot filter by them.
func (s *Service) related(ctx context.Context) (map[string]func(*sql.Selector), error) {
	reach := map[string]func(*sql.Selector){paymentplanline.Table: nil, progressline.Table: nil, mil.Table: nil}
	access, err := s.Policies.Require(ctx, policies.CustomerRead)
	if err != nil {
		if fault.KindOf(err) == fault.Denied {
			return reach, nil
		}
		return nil, err
	}
	reach[customer.Table] = access.Where
	return reach, nil
}
