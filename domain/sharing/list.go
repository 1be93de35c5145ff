package sharing

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/ent"
	"heyue/ent/recordshare"
	"heyue/identity"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies/share"
	"heyue/tenancy"
)

// Filter selects shares; all given conditions must hold.
type Filter struct {
	CustomerID   []publicid.CustomerID   `column:"customer_id"`
	ContractID   []publicid.ContractID   `column:"contract_id"`
	UserID       []publicid.UserID       `column:"user_id"`
	DepartmentID []publicid.DepartmentID `column:"department_id"`
	SharedByID   []publicid.UserID       `column:"shared_by_id"`
	Level        []share.Level           `column:"level"`
	EndsOn       *listing.Dates          `column:"ends_on"`
}

type (
	// Edge is a share in a page.
	Edge = page.Edge[*ent.RecordShare]
	// List is a page of shares.
	List = page.Connection[*ent.RecordShare]
)

// List reads a page of the shares in force that the caller sees, newest first: those of records that they may update, and
// those with themselves.
func (s *Service) List(ctx context.Context, args page.Args, filter *Filter) (*List, error) {
	v, err := s.sight(ctx)
	if err != nil {
		return nil, err
	}
	me, err := identity.From(ctx)
	if err != nil {
		return nil, err
	}
	list, err := listing.List(ctx, s.Lister, s.source(), listing.Request{Args: args, Filter: filter, Tenant: me.TenantID, Scope: v.where})
	return list, tenancy.Fault(err, "list shares")
}

func (s *Service) source() listing.Source[*ent.RecordShare] {
	return listing.Source[*ent.RecordShare]{
		Noun: "share",
		Columns: map[listing.Field]listing.Column[*ent.RecordShare]{
			"CREATED_AT": {Name: recordshare.FieldCreatedAt, Value: func(r *ent.RecordShare) any { return r.CreatedAt }},
		},
		ID:      func(r *ent.RecordShare) uuid.UUID { return r.ID.UUID() },
		Default: []*listing.Sort{{Field: "CREATED_AT", Direction: listing.Desc}},
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.RecordShare, error) {
			return s.Client.RecordShare.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			n, err := s.Client.RecordShare.Query().Where(where).Count(ctx)
			return n, tenancy.Fault(err, "count shares")
		},
	}
}

// Lookup returns a share that the caller sees; nil when there is none.
func (s *Service) Lookup(ctx context.Context, id publicid.RecordShareID) (*ent.RecordShare, error) {
	v, err := s.sight(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.Client.RecordShare.Query().Where(recordshare.ID(id), v.where).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return r, tenancy.Fault(err, "look up a share")
}

// OfCustomers returns the shares of the given customers that the caller sees, oldest first.
func (s *Service) OfCustomers(ctx context.Context, ids []publicid.CustomerID) ([]*ent.RecordShare, error) {
	return s.of(ctx, listing.AnyOf(recordshare.FieldCustomerID, ids))
}

// OfContracts returns the shares of the given contracts that the caller sees, oldest first.
func (s *Service) OfContracts(ctx context.Context, ids []publicid.ContractID) ([]*ent.RecordShare, error) {
	return s.of(ctx, listing.AnyOf(recordshare.FieldContractID, ids))
}

func (s *Service) of(ctx context.Context, those func(*sql.Selector)) ([]*ent.RecordShare, error) {
	v, err := s.sight(ctx)
	if kind := fault.KindOf(err); kind == fault.Denied || kind == fault.Unauthenticated {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rows, err := s.Client.RecordShare.Query().Where(those, v.where).Order(ent.Asc(recordshare.FieldCreatedAt, recordshare.FieldID)).All(ctx)
	return rows, tenancy.Fault(err, "read shares")
}
