package reports

// The statement of the execution report. ent cannot join sums of other tables to a selection of contracts, so they are put
// beside it here; each names its tenant as ent's guard would, and the row policies hold as everywhere. Contracts are counted
// by status, and by whether something of them is overdue, so that one statement serves every measure.

import (
	"database/sql/driver"
	"fmt"
	"math/big"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/lib/pq"

	"heyue/domain/contracts/criteria"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/contracts/milestone"
	"heyue/domain/progress/work"
	"heyue/domain/settlement/plan"
	"heyue/ent/contract"
	mil "heyue/ent/milestone"
	"heyue/ent/paymentplanline"
	"heyue/ent/progressline"
	"heyue/platform/date"
	"heyue/platform/enum"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// counted is a row of the statement.
type counted struct {
	Department  *publicid.DepartmentID `sql:"department_id"`
	Owner       *publicid.UserID       `sql:"owner_id"`
	Kind        *lifecycle.Kind        `sql:"kind"`
	Month       *date.Date             `sql:"month"`
	Direction   lifecycle.Direction    `sql:"direction"`
	Currency    money.Currency         `sql:"currency"`
	Status      lifecycle.Status       `sql:"status"`
	Overdue     bool                   `sql:"overdue"`
	Count       int                    `sql:"contracts"`
	Amount      minor                  `sql:"amount"`
	Settled     minor                  `sql:"settled"`
	Outstanding minor                  `sql:"outstanding"`
	LateAmount  minor                  `sql:"late_amount"`
	LateLines   minor                  `sql:"late_lines"`
	Done        share                  `sql:"done"`
	Planned     int                    `sql:"planned"`
	Finished    int                    `sql:"finished"`
}

func (c counted) row() *Row {
	return &Row{
		Department: c.Department, Owner: c.Owner, Kind: c.Kind, Month: c.Month, Direction: c.Direction, Currency: c.Currency,
		OverdueAmount: money.Of(0, c.Currency), done: new(big.Rat),
	}
}

func (c counted) key() key { return c.row().key() }

// share is an exact numeric of the database; nothing is 0.
type share struct{ *big.Rat }

// Scan implements sql.Scanner.
func (s *share) Scan(src any) error {
	s.Rat = new(big.Rat)
	if src == nil {
		return nil
	}
	b, ok := src.([]byte)
	if !ok {
		return fmt.Errorf("reports: cannot scan %T", src)
	}
	if _, ok := s.SetString(string(b)); !ok {
		return fmt.Errorf("reports: %q is no number", b)
	}
	return nil
}

// Value implements driver.Valuer.
func (s share) Value() (driver.Value, error) { return s.FloatString(20), nil }

// count is what the statement depends on.
type count struct {
	tenant int64
	today  date.Date
	by     []Dimension
	limit  int
}

func (c count) statement(s *sql.Selector) {
	instalments, works, nodes := c.instalments().As("late"), c.works().As("work"), c.nodes().As("nodes")
	s.LeftJoin(instalments).On(s.C(contract.FieldID), instalments.C("contract_id"))
	s.LeftJoin(works).On(s.C(contract.FieldID), works.C("contract_id"))
	s.LeftJoin(nodes).On(s.C(contract.FieldID), nodes.C("contract_id"))
	groups := c.groups(s)
	s.SelectExpr()
	for _, g := range groups {
		s.AppendSelectExprAs(g.expr, g.name)
	}
	overdue := sql.ExprFunc(func(b *sql.Builder) {
		b.Ident(s.C(contract.FieldStatus)).WriteString(" = ANY(").Arg(pq.Array(enum.Texts(criteria.Standing()))).
			WriteString(`) AND ("late"."contract_id" IS NOT NULL OR coalesce("work"."late", 0) > 0 OR "nodes"."contract_id" IS NOT NULL)`)
	})
	s.AppendSelectExprAs(overdue, "overdue")
	for _, sum := range []struct{ name, text string }{
		{"contracts", `count(*)`},
		{"amount", `sum("contracts"."amount_minor")`},
		{"settled", `sum("contracts"."settled_minor")`},
		{"outstanding", `sum(greatest("contracts"."amount_minor" - "contracts"."settled_minor", 0))`},
		{"late_amount", `sum("late"."amount")`},
		{"late_lines", `sum("work"."late")`},
		{"done", `sum("work"."done")`},
		{"planned", `count("work"."contract_id")`},
		{"finished", `count(*) FILTER (WHERE "work"."finished")`},
	} {
		s.AppendSelectExprAs(sql.Expr(sum.text), sum.name)
	}
	names := make([]string, 0, len(groups)+1)
	for _, g := range groups {
		names = append(names, g.name)
	}
	s.GroupBy(append(names, "overdue")...).Limit(c.limit)
}

// group is a column that contracts are told apart by.
type group struct {
	name string
	expr sql.Querier
}

func (c count) groups(s *sql.Selector) []group {
	column := func(name string) group { return group{name, sql.ExprFunc(func(b *sql.Builder) { b.Ident(s.C(name)) })} }
	out := []group{column(contract.FieldDirection), column(contract.FieldCurrency), column(contract.FieldStatus)}
	for _, d := range c.by {
		switch d {
		case ByDepartment:
			out = append(out, column(contract.FieldDepartmentID))
		case ByOwner:
			out = append(out, column(contract.FieldOwnerID))
		case ByKind:
			out = append(out, column(contract.FieldKind))
		case ByMonth:
			out = append(out, group{"month", sql.ExprFunc(func(b *sql.Builder) {
				b.WriteString("date_trunc('month', ").Ident(s.C(contract.FieldSignedOn)).WriteString(")::date")
			})})
		}
	}
	return out
}

// instalments are contracts with instalments whose day has passed, and what is left of these.
func (c count) instalments() *sql.Selector {
	t := sql.Dialect(dialect.Postgres).Table(paymentplanline.Table)
	s := sql.Dialect(dialect.Postgres).Select(t.C("contract_id")).From(t)
	return s.AppendSelectExprAs(sql.Expr(`sum("amount_minor" - "settled_minor")`), "amount").
		Where(sql.And(sql.EQ(t.C("tenant_id"), c.tenant), sql.EQ(t.C("awaiting"), false), sql.LT(t.C("due_on"), c.today),
			sql.In(t.C("state"), string(plan.Planned), string(plan.PartlyPaid)))).
		GroupBy(t.C("contract_id"))
}

// works are contracts with progress lines: the share that is done, whether all is, and how many are late.
func (c count) works() *sql.Selector {
	t := sql.Dialect(dialect.Postgres).Table(progressline.Table)
	s := sql.Dialect(dialect.Postgres).Select(t.C("contract_id")).From(t)
	s.AppendSelectExprAs(sql.Expr(`sum("weight" * "actual_quantity" / "planned_quantity") / sum("weight")`), "done")
	s.AppendSelectExprAs(sql.ExprFunc(func(b *sql.Builder) { b.WriteString(`bool_and("state" = `).Arg(string(work.Done)).WriteString(")") }), "finished")
	s.AppendSelectExprAs(sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString(`count(*) FILTER (WHERE "state" <> `).Arg(string(work.Done)).WriteString(` AND "planned_on" < `).Arg(c.today).WriteString(")")
	}), "late")
	return s.Where(sql.And(sql.EQ(t.C("tenant_id"), c.tenant), sql.NEQ(t.C("state"), string(work.Cancelled)))).GroupBy(t.C("contract_id"))
}

// nodes are contracts with milestones whose day has passed.
func (c count) nodes() *sql.Selector {
	t := sql.Dialect(dialect.Postgres).Table(mil.Table)
	return sql.Dialect(dialect.Postgres).Select(t.C("contract_id")).From(t).Distinct().
		Where(sql.And(sql.EQ(t.C("tenant_id"), c.tenant), sql.EQ(t.C("state"), string(milestone.Open)), sql.LT(t.C("due_on"), c.today)))
}
