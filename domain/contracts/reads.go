package contracts

import (
	"context"
	"encoding/hex"
	"strings"

	"entgo.io/ent/dialect/sql"

	"heyue/domain/contracts/content"
	"heyue/ent"
	"heyue/ent/contractchange"
	"heyue/ent/contractparty"
	"heyue/ent/contractstep"
	"heyue/ent/documentreference"
	mil "heyue/ent/milestone"
	"heyue/ent/payment"
	entsignature "heyue/ent/signature"
	"heyue/ent/signaturevoid"
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
			{Type: "Contract", Field: "signatures", Order: signatureOrder},
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
			{Type: "Signature", Field: "digest", Needs: []string{entsignature.FieldPrint}, Make: digest},
			{Type: "Signature", Field: "voidReason", Needs: []string{entsignature.FieldTenantID, entsignature.FieldID}, Exprs: []func(*sql.Selector) string{whyVoid}, Make: reason},
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

// digest is the print that a signature stands under, as people compare it.
func digest(context.Context) (func([][]byte) (any, error), error) {
	return func(held [][]byte) (any, error) {
		raw, err := hex.DecodeString(strings.TrimPrefix(reading.Text(held[0]), `\x`))
		if err != nil {
			return nil, err
		}
		var print content.Print
		if err := print.Scan(raw); err != nil {
			return nil, err
		}
		text := print.String()
		return &text, nil
	}, nil
}

// whyVoid is the reason of the first record that makes a signature void.
func whyVoid(s *sql.Selector) string {
	v := sql.Dialect(s.Dialect()).Table(signaturevoid.Table)
	q := sql.Dialect(s.Dialect()).Select(v.C(signaturevoid.FieldReason)).From(v).
		Where(sql.ColumnsEQ(v.C(signaturevoid.FieldTenantID), s.C(entsignature.FieldTenantID))).
		Where(sql.ColumnsEQ(v.C(signaturevoid.FieldSignatureID), s.C(entsignature.FieldID))).
		OrderBy(v.C(signaturevoid.FieldID)).Limit(1)
	text, _ := q.Query() // it has no arguments
	return "(" + text + ")"
}

func reason(context.Context) (func([][]byte) (any, error), error) {
	return func(held [][]byte) (any, error) {
		if string(held[2]) == "null" {
			return nil, nil
		}
		text := reading.Text(held[2])
		return &text, nil
	}, nil
}

// The orders of parts. All of them stand in their contract's order or by when they were.

func byPosition(s *sql.Selector) { ent.Asc(contractparty.FieldPosition)(s) }

func byID(s *sql.Selector) { ent.Asc(documentreference.FieldID)(s) }

func paymentOrder(s *sql.Selector) { ent.Asc(payment.FieldPaidOn, payment.FieldID)(s) }

func milestoneOrder(s *sql.Selector) { ent.Asc(mil.FieldDueOn, mil.FieldID)(s) }

func changeOrder(s *sql.Selector) { ent.Asc(contractchange.FieldChangedOn, contractchange.FieldID)(s) }

func stepOrder(s *sql.Selector) { ent.Asc(contractstep.FieldOccurredAt, contractstep.FieldID)(s) }

func signatureOrder(s *sql.Selector) { ent.Asc(entsignature.FieldRecordedAt, entsignature.FieldID)(s) }
