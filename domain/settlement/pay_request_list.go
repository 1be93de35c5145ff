package settlement

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/domain/settlement/payout"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/paymentrequest"
	"heyue/identity"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// PayRequestFilter selects payment requests.
type PayRequestFilter struct {
	And []*PayRequestFilter
	Or  []*PayRequestFilter
	Not *PayRequestFilter

	ContractID    []publicid.ContractID `column:"contract_id"`
	State         []payout.State        `column:"state"`
	RequestedByID []publicid.UserID     `column:"requested_by_id"`
	DecidedByID   []publicid.UserID     `column:"decided_by_id"`
	CreatedAt     *listing.Times        `column:"created_at"`
}

// PayRequestEdge is a payment request in a page.
type PayRequestEdge = page.Edge[*ent.PaymentRequest]

// PayRequestList is a page of payment requests.
type PayRequestList = page.Connection[*ent.PaymentRequest]

var requestsSortable = map[listing.Field]listing.Column[*ent.PaymentRequest]{
	"CREATED_AT": {Name: paymentrequest.FieldCreatedAt, Value: func(r *ent.PaymentRequest) any { return r.CreatedAt }},
	"STATE":      {Name: paymentrequest.FieldState, Value: func(r *ent.PaymentRequest) any { return string(r.State) }},
}

// PayRequests reads a page of the payment requests of contracts that the caller may see, newest first unless sorted. Needs
// contract:read.
func (s *Service) PayRequests(ctx context.Context, args page.Args, filter *PayRequestFilter, sort []*listing.Sort) (*PayRequestList, error) {
	req, err := s.requestsWanted(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	list, err := listing.List(ctx, s.Lister, s.requests(), req)
	return list, tenancy.Fault(err, "list payment requests")
}

func (s *Service) requestsWanted(ctx context.Context, args page.Args, filter *PayRequestFilter, sort []*listing.Sort) (listing.Request, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return listing.Request{}, err
	}
	me, err := identity.From(ctx)
	return listing.Request{
		Args: args, Sort: sort, Filter: filter, Tenant: me.TenantID, Scope: access.Through(contract.Table, paymentrequest.FieldContractID, me.TenantID),
	}, err
}

func (s *Service) requests() listing.Source[*ent.PaymentRequest] {
	return listing.Source[*ent.PaymentRequest]{
		Noun: "payment request", Columns: requestsSortable,
		ID:      func(r *ent.PaymentRequest) uuid.UUID { return r.ID.UUID() },
		Default: []*listing.Sort{{Field: "CREATED_AT", Direction: listing.Desc}},
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.PaymentRequest, error) {
			return s.Client.PaymentRequest.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			n, err := s.Client.PaymentRequest.Query().Where(where).Count(ctx)
			return n, tenancy.Fault(err, "count payment requests")
		},
	}
}

// PayRequest returns a payment request of a contract that the caller may see; nil when there is none. Needs contract:read.
func (s *Service) PayRequest(ctx context.Context, id publicid.PaymentRequestID) (*ent.PaymentRequest, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return nil, err
	}
	r, err := s.Client.PaymentRequest.Query().Where(paymentrequest.ID(id), paymentrequest.HasContractWith(access.Where)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return r, tenancy.Fault(err, "look up a payment request")
}

// PayRequestsOf returns the payment requests of the given contracts, oldest first. Callers pass contracts they were given:
// whoever sees a contract sees its account.
func (s *Service) PayRequestsOf(ctx context.Context, ids []publicid.ContractID) ([]*ent.PaymentRequest, error) {
	rows, err := s.Client.PaymentRequest.Query().Where(listing.AnyOf(paymentrequest.FieldContractID, ids)).
		Order(firstMade).All(ctx)
	return rows, tenancy.Fault(err, "read payment requests")
}
