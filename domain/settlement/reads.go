package settlement

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"heyue/ent"
	"heyue/ent/payment"
	"heyue/ent/paymentallocation"
	"heyue/platform/money"
	"heyue/platform/reading"
)

// Reads declares how the allocations of payments are read in compiled queries: as AllocationsOf gives them.
func (s *Service) Reads() reading.Set {
	return reading.Set{
		Edges: []reading.Edge{{Type: "Payment", Field: "allocations", Order: allocationOrder}},
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
