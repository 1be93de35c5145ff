package contracts

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"heyue/ent"
	"heyue/ent/contractchange"
	"heyue/ent/contractparty"
	"heyue/ent/contractstep"
	"heyue/ent/documentreference"
	mil "heyue/ent/milestone"
	"heyue/ent/payment"
	entsignature "heyue/ent/signature"
	"heyue/platform/listing"
	"heyue/platform/money"
	"heyue/platform/page"
	"heyue/platform/reading"
	"heyue/policies"
)

// Reads declares how contracts and their parts are read in compiled queries: contracts by what Lookup, ByIDs and List read them by,
// parts in the order that their own readers give them in. Whoever sees a contract sees its parts.
func (s *Service) Reads() reading.Set {
	return reading.Set{
		Types: []reading.Type{{Name: "Contract", One: "contract", Page: "contracts", Reach: s.reach, List: reading.ListOf(s.statement)}},
		Edges: []reading.Edge{
			{Type: "Contract", Field: "parties", Order: byPosition},
			{Type: "Contract", Field: "lines", Order: byPosition},
			{Type: "Contract", Field: "paymentPlan", Order: byPosition},
			{Type: "Contract", Field: "payments", Order: paymentOrder},
			{Type: "Contract", Field: "milestones", Order: milestoneOrder},
			{Type: "Contract", Field: "documents", Order: byID},
			{Type: "Contract", Field: "changes", Order: changeOrder},
			{Type: "Contract", Field: "steps", Order: stepOrder},
			{Type: "ContractStep", Field: "document", Reach: everything},
			{Type: "Signature", Field: "document", Reach: everything},
		},
		Values: []reading.Value{
			reading.Sum("Contract", "amount", "amount_minor", "currency"),
			reading.Sum("Contract", "settled", "settled_minor", "currency"),
			onAccount(),
			reading.Sum("Payment", "amount", "amount_minor", "currency"),
			reading.Sum("PaymentPlanLine", "amount", "amount_minor", "currency"),
			reading.Sum("PaymentPlanLine", "settled", "settled_minor", "currency"),
		},
	}
}

func (s *Service) reach(ctx context.Context) (reading.Where, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	return access.Where, err
}

func (s *Service) statement(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (*listing.Statement, error) {
	req, err := s.request(ctx, args, filter, sort)
	if err != nil {
		return nil, err
	}
	return listing.Prepare(s.Lister, s.source(), req)
}

// everything is the reach of what a part of a contract points at: whoever sees the part sees it.
func everything(context.Context) (reading.Where, error) { return func(*sql.Selector) {}, nil }

// onAccount is what has been settled and is not allocated to any instalment.
func onAccount() reading.Value {
	return reading.Value{
		Type: "Contract", Field: "onAccount", Needs: []string{"settled_minor", "allocated_minor", "currency"},
		Make: func(context.Context) (func([][]byte) (any, error), error) {
			return func(held [][]byte) (any, error) {
				settled, err := reading.Whole(held[0])
				if err != nil {
					return nil, err
				}
				allocated, err := reading.Whole(held[1])
				sum := money.Of(settled-allocated, money.Currency(reading.Text(held[2])))
				return &sum, err
			}, nil
		},
	}
}

// The orders of parts. All of them stand in their contract's order or by when they were.

func byPosition(s *sql.Selector) { ent.Asc(contractparty.FieldPosition)(s) }

func byID(s *sql.Selector) { ent.Asc(documentreference.FieldID)(s) }

func paymentOrder(s *sql.Selector) { ent.Asc(payment.FieldPaidOn, payment.FieldID)(s) }

func milestoneOrder(s *sql.Selector) { ent.Asc(mil.FieldDueOn, mil.FieldID)(s) }

func changeOrder(s *sql.Selector) { ent.Asc(contractchange.FieldChangedOn, contractchange.FieldID)(s) }

func stepOrder(s *sql.Selector) { ent.Asc(contractstep.FieldOccurredAt, contractstep.FieldID)(s) }

func signatureOrder(s *sql.Selector) { ent.Asc(entsignature.FieldRecordedAt, entsignature.FieldID)(s) }
