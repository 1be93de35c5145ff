package settlement

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"heyue/ent"
	entbilledit "heyue/ent/billedit"
	"heyue/ent/payment"
	"heyue/ent/paymentallocation"
	"heyue/ent/paymentrequest"
	"heyue/platform/listing"
	"heyue/platform/money"
	"heyue/platform/page"
	"heyue/platform/reading"
)

// Reads declares how what belongs to a contract's account is read in compiled queries: bill edits and payment requests of contracts
// within reach, all of them for whoever was given the contract, and the allocations of payments.
func (s *Service) Reads() reading.Set {
	return reading.Set{
		Types: []reading.Type{
			{Name: "BillEdit", One: "billEdit", Page: "billEdits", Reach: s.editsSeen, List: reading.ListOf(s.editsStatement)},
			{Name: "PaymentRequest", One: "paymentRequest", Page: "paymentRequests", Reach: s.requestsSeen, List: reading.ListOf(s.requestsStatement)},
		},
		Edges: []reading.Edge{
			{Type: "Payment", Field: "allocations", Order: allocationOrder},
			{Type: "Contract", Field: "billEdits", Order: firstMade, Own: "id", Their: entbilledit.FieldContractID},
			{Type: "Contract", Field: "paymentRequests", Order: firstMade, Own: "id", Their: paymentrequest.FieldContractID},
		},
		Values: []reading.Value{{
			Type: "PaymentAllocation", Field: "amount", Needs: []string{paymentallocation.FieldAmountMinor, paymentallocation.FieldTenantID, paymentallocation.FieldPaymentID},
			Exprs: []func(*sql.Selector) string{currencyOfPayment},
			Make: func(context.Context) (func([][]byte) (any, error), error) {
				return func(held [][]byte) (any, error) {
					minor, err := reading.Whole(held[0])
					sum := money.Of(minor, money.Currency(reading.Text(held[3])))
					return &sum, err
				}, nil
			},
		}},
	}
}

func (s *Service) editsSeen(ctx context.Context) (reading.Where, error) {
	req, err := s.editsWanted(ctx, page.Args{}, nil, nil)
	return req.Scope, err
}

func (s *Service) editsStatement(ctx context.Context, args page.Args, filter *BillEditFilter, sort []*listing.Sort) (*listing.Statement, error) {
	req, err := s.editsWanted(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	return listing.Prepare(s.Lister, s.source(), req)
}

func (s *Service) requestsSeen(ctx context.Context) (reading.Where, error) {
	req, err := s.requestsWanted(ctx, page.Args{}, nil, nil)
	return req.Scope, err
}

func (s *Service) requestsStatement(ctx context.Context, args page.Args, filter *PayRequestFilter, sort []*listing.Sort) (*listing.Statement, error) {
	req, err := s.requestsWanted(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	return listing.Prepare(s.Lister, s.requests(), req)
}

// firstMade is the order of bill edits and of payment requests, whose columns are called alike.
func firstMade(s *sql.Selector) { ent.Asc(entbilledit.FieldCreatedAt, entbilledit.FieldID)(s) }

func allocationOrder(s *sql.Selector) { ent.Asc(paymentallocation.FieldID)(s) }

// currencyOfPayment is the currency of the payment that an allocation is part of.
func currencyOfPayment(s *sql.Selector) string {
	p := sql.Dialect(s.Dialect()).Table(payment.Table)
	q := sql.Dialect(s.Dialect()).Select(p.C(payment.FieldCurrency)).From(p).
		Where(sql.ColumnsEQ(p.C(payment.FieldTenantID), s.C(paymentallocation.FieldTenantID))).
		Where(sql.ColumnsEQ(p.C(payment.FieldID), s.C(paymentallocation.FieldPaymentID)))
	text, _ := q.Query() // it has no arguments
	return "(" + text + ")"
}
