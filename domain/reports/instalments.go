package reports

import (
	"context"
	"encoding/json"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/domain/contracts/criteria"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/reports/cash"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/paymentplanline"
	"heyue/ent/predicate"
	"heyue/identity"
	"heyue/platform/date"
	"heyue/platform/listing"
	"heyue/platform/money"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Share names what one figure of a forecast adds up: the direction, the currency and the days of its period.
type Share struct {
	Direction *lifecycle.Direction
	Currency  *money.Currency
	From      *date.Date // nil: from the beginning
	To        *date.Date // nil: to the end
	WhatIf    []*Shift   // as in the forecast
}

// InstalmentEdge is an instalment in a page.
type InstalmentEdge = page.Edge[*ent.PaymentPlanLine]

// InstalmentList is a page of instalments.
type InstalmentList = page.Connection[*ent.PaymentPlanLine]

// Instalments is a page of the instalments that a figure of a forecast under the same filter adds up, by due date. Needs
// contract:read. Faults: those of the forecast and of lists.
func (s *Service) Instalments(ctx context.Context, filter *criteria.Filter, share Share, args page.Args) (*InstalmentList, error) {
	where, err := s.Contracts.Selected(ctx, filter)
	if err != nil {
		return nil, err
	}
	today, err := s.today(ctx)
	if err != nil {
		return nil, err
	}
	shifts, err := s.shifts(ctx, where, share.WhatIf, today)
	if err != nil {
		return nil, err
	}
	me, err := identity.From(ctx)
	if err != nil {
		return nil, err
	}
	within := []predicate.PaymentPlanLine{share.days(shifts, today)}
	if share.Currency != nil {
		within = append(within, paymentplanline.CurrencyEQ(*share.Currency))
	}
	if share.Direction != nil {
		within = append(within, paymentplanline.HasContractWith(contract.DirectionEQ(*share.Direction)))
	}
	all := append(open(where), within...)
	src := listing.Source[*ent.PaymentPlanLine]{
		Noun: "cash " + string(asked(filter, share, today)), // a cursor goes on in the same figure only
		Columns: map[listing.Field]listing.Column[*ent.PaymentPlanLine]{
			"DUE_ON": {Name: paymentplanline.FieldDueOn, Value: func(l *ent.PaymentPlanLine) any { return l.DueOn.String() }},
		},
		ID:      func(l *ent.PaymentPlanLine) uuid.UUID { return l.ID.UUID() },
		Default: []*listing.Sort{{Field: "DUE_ON"}},
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.PaymentPlanLine, error) {
			return s.Client.PaymentPlanLine.Query().Where(all...).Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			n, err := s.Client.PaymentPlanLine.Query().Where(all...).Where(where).Count(ctx)
			return n, tenancy.Fault(err, "count instalments")
		},
	}
	list, err := listing.List(ctx, s.Lister, src, listing.Request{Args: args, Tenant: me.TenantID})
	return list, tenancy.Fault(err, "list instalments")
}

func asked(filter *criteria.Filter, share Share, today date.Date) []byte {
	raw, _ := json.Marshal(struct { // plain data, which cannot fail to marshal
		Filter *criteria.Filter
		Share  Share
		Today  date.Date
	}{filter, share, today})
	return raw
}

// days selects the instalments that fall into the days, as supposed.
func (sh Share) days(shifts []*Shifted, today date.Date) predicate.PaymentPlanLine {
	inside := func(d date.Date) bool {
		return (sh.From == nil || !d.Before(*sh.From)) && (sh.To == nil || !d.After(*sh.To))
	}
	var moved, into []publicid.PaymentPlanLineID
	for _, m := range shifts {
		moved = append(moved, m.PlanLineID)
		if inside(m.NewOn) {
			into = append(into, m.PlanLineID)
		}
	}
	planned := predicate.PaymentPlanLine(func(s *sql.Selector) {
		if sh.From != nil {
			s.Where(sql.P(func(b *sql.Builder) { falls(b, s, today).WriteString(" >= ").Arg(*sh.From) }))
		}
		if sh.To != nil {
			s.Where(sql.P(func(b *sql.Builder) { falls(b, s, today).WriteString(" <= ").Arg(*sh.To) }))
		}
	})
	if len(shifts) == 0 {
		return planned
	}
	return paymentplanline.Or(paymentplanline.And(paymentplanline.Not(among(moved)), planned), among(into))
}

// contractCondition is which contracts a report is about.
type contractCondition = func(*sql.Selector)

// open selects the instalments that money is still to move on: of contracts whose dates stand.
func open(where contractCondition) []predicate.PaymentPlanLine {
	return []predicate.PaymentPlanLine{
		paymentplanline.StateIn(plan.Planned, plan.PartlyPaid),
		paymentplanline.HasContractWith(predicate.Contract(where), contract.StatusIn(criteria.Standing()...)),
	}
}

func among(ids []publicid.PaymentPlanLineID) predicate.PaymentPlanLine {
	return predicate.PaymentPlanLine(listing.AnyOf(paymentplanline.FieldID, ids))
}

// falls writes the day an instalment is counted on; see cash.Falls.
func falls(b *sql.Builder, s *sql.Selector, today date.Date) *sql.Builder {
	return b.WriteString("CASE WHEN ").Ident(s.C(paymentplanline.FieldAwaiting)).WriteString(" THEN greatest(").Ident(s.C(paymentplanline.FieldDueOn)).
		WriteString(", ").Arg(today).WriteString("::date) ELSE ").Ident(s.C(paymentplanline.FieldDueOn)).WriteString(" END")
}

// flowing is a sum of the forecast's statement.
type flowing struct {
	Currency  money.Currency      `sql:"currency"`
	Direction lifecycle.Direction `sql:"direction"`
	Day       date.Date           `sql:"day"`
	Left      minor               `sql:"left_minor"`
}

// flow is what the forecast's statement depends on.
type flow struct {
	tenant int64
	window cash.Window
}

// statement adds up by day; what is overdue stands on the day before today, so that there are no more rows than days. Which
// period a day is in is decided in one place, package cash. The direction is the contract's, which ent cannot group by; the
// join names its tenant as ent's guard would.
func (f flow) statement(s *sql.Selector) {
	c := sql.Dialect(s.Dialect()).Table(contract.Table)
	s.Join(c).On(s.C(paymentplanline.FieldContractID), c.C(contract.FieldID))
	s.Where(sql.EQ(c.C("tenant_id"), f.tenant))
	s.Where(sql.P(func(b *sql.Builder) { falls(b, s, f.window.Today).WriteString(" <= ").Arg(f.window.To) }))
	day := sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString("greatest(")
		falls(b, s, f.window.Today).WriteString(", ").Arg(f.window.Today.AddDays(-1)).WriteString("::date)")
	})
	left := sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString("sum(").Ident(s.C(paymentplanline.FieldAmountMinor)).WriteString(" - ").Ident(s.C(paymentplanline.FieldSettledMinor)).WriteString(")")
	})
	s.Select(s.C(paymentplanline.FieldCurrency), c.C(contract.FieldDirection)).AppendSelectExprAs(day, "day").AppendSelectExprAs(left, "left_minor")
	s.GroupBy(s.C(paymentplanline.FieldCurrency), c.C(contract.FieldDirection), "day")
}
