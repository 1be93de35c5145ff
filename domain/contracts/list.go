package contracts

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/domain/contracts/lifecycle"
	"heyue/domain/customers/criteria"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/customer"
	"heyue/identity"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/money"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Filter selects contracts by every key of K1. Without Archived, archived contracts are left out.
type Filter struct {
	And []*Filter
	Or  []*Filter
	Not *Filter

	Number       *listing.Text           `column:"number"`
	Title        *listing.Text           `column:"title"`
	Customer     *criteria.Filter        `relation:"customers,customer_id,id"`
	CustomerID   []publicid.CustomerID   `column:"customer_id"`
	SignedOn     *listing.Dates          `column:"signed_on"`
	EffectiveOn  *listing.Dates          `column:"effective_on"`
	EndsOn       *listing.Dates          `column:"ends_on"`
	Kind         []lifecycle.Kind        `column:"kind"`
	Direction    []lifecycle.Direction   `column:"direction"`
	Status       []lifecycle.Status      `column:"status"`
	Currency     []money.Currency        `column:"currency"`
	OwnerID      []publicid.UserID       `column:"owner_id"`
	DepartmentID []publicid.DepartmentID `column:"department_id"`
	Archived     *bool                   `filter:"archived"`
}

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
		Args: args, Sort: sort, Filter: filter, Tenant: me.TenantID, Related: related,
		Scope: listing.HideArchived(access.Where, filter != nil && filter.Archived != nil),
	}, err
}

func (s *Service) source() listing.Source[*ent.Contract] {
	return listing.Source[*ent.Contract]{
		Noun: "contract", Columns: sortable,
		ID:      func(c *ent.Contract) uuid.UUID { return c.ID.UUID() },
		Default: []*listing.Sort{{Field: "CREATED_AT", Direction: listing.Desc}},
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.Contract, error) {
			return s.Client.Contract.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			n, err := s.Client.Contract.Query().Where(where).Count(ctx)
			return n, tenancy.Fault(err, "count contracts")
		},
	}
}

// related gives the reach of the nouns that filters may look into; a caller who may not read one cannot filter by it.
func (s *Service) related(ctx context.Context) (map[string]func(*sql.Selector), error) {
	access, err := s.Policies.Require(ctx, policies.CustomerRead)
	if err != nil {
		if fault.KindOf(err) == fault.Denied {
			return nil, nil
		}
		return nil, err
	}
	return map[string]func(*sql.Selector){customer.Table: access.Where}, nil
}
