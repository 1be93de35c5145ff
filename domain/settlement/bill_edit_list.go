package settlement

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/domain/settlement/billedit"
	"heyue/ent"
	entbilledit "heyue/ent/billedit"
	"heyue/ent/contract"
	"heyue/identity"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// BillEditFilter selects bill edits.
type BillEditFilter struct {
	And []*BillEditFilter
	Or  []*BillEditFilter
	Not *BillEditFilter

	ContractID    []publicid.ContractID `column:"contract_id"`
	State         []billedit.State      `column:"state"`
	RequestedByID []publicid.UserID     `column:"requested_by_id"`
	DecidedByID   []publicid.UserID     `column:"decided_by_id"`
	CreatedAt     *listing.Times        `column:"created_at"`
}

// BillEditEdge is a bill edit in a page.
type BillEditEdge = page.Edge[*ent.BillEdit]

// BillEditList is a page of bill edits.
type BillEditList = page.Connection[*ent.BillEdit]

var sortable = map[listing.Field]listing.Column[*ent.BillEdit]{
	"CREATED_AT": {Name: entbilledit.FieldCreatedAt, Value: func(e *ent.BillEdit) any { return e.CreatedAt }},
	"STATE":      {Name: entbilledit.FieldState, Value: func(e *ent.BillEdit) any { return string(e.State) }},
}

// BillEdits reads a page of the bill edits of contracts that the caller may see, newest first unless sorted. Needs
// contract:read.
func (s *Service) BillEdits(ctx context.Context, args page.Args, filter *BillEditFilter, sort []*listing.Sort) (*BillEditList, error) {
	req, err := s.editsWanted(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	list, err := listing.List(ctx, s.Lister, s.source(), req)
	return list, tenancy.Fault(err, "list bill edits")
}

func (s *Service) editsWanted(ctx context.Context, args page.Args, filter *BillEditFilter, sort []*listing.Sort) (listing.Request, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return listing.Request{}, err
	}
	me, err := identity.From(ctx)
	return listing.Request{
		Args: args, Sort: sort, Filter: filter, Tenant: me.TenantID, Scope: access.Through(contract.Table, entbilledit.FieldContractID, me.TenantID),
	}, err
}

func (s *Service) source() listing.Source[*ent.BillEdit] {
	return listing.Source[*ent.BillEdit]{
		Noun: "bill edit", Columns: sortable,
		ID:      func(e *ent.BillEdit) uuid.UUID { return e.ID.UUID() },
		Default: []*listing.Sort{{Field: "CREATED_AT", Direction: listing.Desc}},
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.BillEdit, error) {
			return s.Client.BillEdit.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			n, err := s.Client.BillEdit.Query().Where(where).Count(ctx)
			return n, tenancy.Fault(err, "count bill edits")
		},
	}
}

// BillEdit returns a bill edit of a contract that the caller may see; nil when there is none. Needs contract:read.
func (s *Service) BillEdit(ctx context.Context, id publicid.BillEditID) (*ent.BillEdit, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return nil, err
	}
	e, err := s.Client.BillEdit.Query().Where(entbilledit.ID(id), entbilledit.HasContractWith(access.Where)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return e, tenancy.Fault(err, "look up a bill edit")
}

// BillEditsOf returns the bill edits of the given contracts, oldest first. Callers pass contracts they were given: whoever
// sees a contract sees its account.
func (s *Service) BillEditsOf(ctx context.Context, ids []publicid.ContractID) ([]*ent.BillEdit, error) {
	rows, err := s.Client.BillEdit.Query().Where(listing.AnyOf(entbilledit.FieldContractID, ids)).Order(firstMade).All(ctx)
	return rows, tenancy.Fault(err, "read bill edits")
}
