package reports_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"heyue/domain/contracts"
	"heyue/domain/contracts/criteria"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/contracts/milestone"
	"heyue/domain/progress/work"
	"heyue/domain/reports"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

// today is the fixture's.
const today = "2026-06-15"

type world struct {
	*fixture.Company
	service *reports.Service
	rows    []*ent.Contract // all of them, with their parts
	callers map[string]caller
}

// caller is somebody and what they may see, said anew.
type caller struct {
	ctx  context.Context
	sees func(*ent.Contract) bool
}

// many makes contracts of every status, sort and date, with parts that are early, late and done.
func many(t *testing.T, n int) *world {
	t.Helper()
	c := fixture.NewCompany(t)
	w := &world{Company: c}
	list := &contracts.Service{Client: c.Client, Policies: c.Policies, Fields: c.Fields, Lister: c.Lister, Clock: c.Clock}
	w.service = &reports.Service{Client: c.Client, Contracts: list, Lister: c.Lister, Clock: c.Clock, Limits: reports.DefaultLimits()}
	alice, bob := fixture.Caller(t, c.Alice).UserID, fixture.Caller(t, c.Bob).UserID
	w.callers = map[string]caller{
		"admin": {c.Admin, func(*ent.Contract) bool { return true }},
		"alice": {c.Alice, func(r *ent.Contract) bool { return r.OwnerID != nil && *r.OwnerID == alice }},
		"manager": {c.Manager, func(r *ent.Contract) bool {
			return r.DepartmentID != nil && (*r.DepartmentID == c.City || *r.DepartmentID == c.North)
		}},
	}
	dice := rand.New(rand.NewPCG(7, 11)) // the same world every time
	w.Write(t, c.Acme.Ctx, func(tx *ent.Tx) error {
		buyer, err := tx.Customer.Create().SetName("云汇").SetCode("C1").Save(c.Acme.Ctx)
		if err != nil {
			return err
		}
		for i := range n {
			maker := maker{ctx: c.Acme.Ctx, tx: tx, dice: dice, customer: buyer.ID}
			maker.owners = []*publicid.UserID{nil, &alice, &bob}
			maker.departments = []*publicid.DepartmentID{nil, &c.City, &c.North, &c.South}
			if err := maker.contract(i); err != nil {
				return err
			}
		}
		return nil
	})
	// Somebody else's contract is in no report.
	w.Write(t, c.Globex.Ctx, func(tx *ent.Tx) error {
		buyer, err := tx.Customer.Create().SetName("别家").SetCode("C1").Save(c.Globex.Ctx)
		if err != nil {
			return err
		}
		foreign := maker{ctx: c.Globex.Ctx, tx: tx, dice: dice, customer: buyer.ID, owners: []*publicid.UserID{nil}, departments: []*publicid.DepartmentID{nil}}
		for i := range 5 {
			if err := foreign.contract(i); err != nil {
				return err
			}
		}
		return nil
	})
	rows, err := c.Client.Contract.Query().WithPaymentPlan().WithMilestones().All(c.Acme.Ctx)
	fixture.Want(t, "the contracts", err)
	w.rows = rows
	return w
}

// maker makes contracts at random.
type maker struct {
	ctx         context.Context
	tx          *ent.Tx
	dice        *rand.Rand
	customer    publicid.CustomerID
	owners      []*publicid.UserID
	departments []*publicid.DepartmentID
}

func pick[T any](d *rand.Rand, of []T) T { return of[d.IntN(len(of))] }

func (m maker) day(from, to int) date.Date {
	return date.MustParse(today).AddDays(from + m.dice.IntN(to-from))
}

func (m maker) contract(i int) error {
	amount := int64(m.dice.IntN(5)) * 33333
	settled := int64(0)
	if amount > 0 {
		settled = m.dice.Int64N(amount + 1)
	}
	currency := pick(m.dice, []money.Currency{money.CNY, "USD", "JPY"})
	create := m.tx.Contract.Create().SetNumber(date.MustParse(today).AddDays(i).String()).SetTitle("合同").SetKind(pick(m.dice, []lifecycle.Kind{lifecycle.Sales, lifecycle.Service})).
		SetDirection(pick(m.dice, []lifecycle.Direction{lifecycle.Receivable, lifecycle.Payable})).SetStatus(pick(m.dice, lifecycle.Statuses())).
		SetCustomerID(m.customer).SetAmountMinor(amount).SetCurrency(currency).SetSettledMinor(settled).
		SetNillableOwnerID(pick(m.dice, m.owners)).SetNillableDepartmentID(pick(m.dice, m.departments))
	if m.dice.IntN(3) > 0 {
		create.SetSignedOn(m.day(-100, 0))
	}
	if m.dice.IntN(10) == 0 {
		create.SetArchivedAt(fixture.Start())
	}
	c, err := create.Save(m.ctx)
	if err != nil {
		return err
	}
	for p := range m.dice.IntN(4) {
		if err := m.instalment(c, p); err != nil {
			return err
		}
	}
	for range m.dice.IntN(4) {
		if err := m.line(c); err != nil {
			return err
		}
	}
	if m.dice.IntN(3) == 0 {
		done := m.dice.IntN(2) == 0
		node := m.tx.Milestone.Create().SetContractID(c.ID).SetTitle("节点").SetDueOn(m.day(-30, 90))
		if done {
			node.SetState(milestone.Done).SetDoneOn(date.MustParse(today))
		}
		return node.Exec(m.ctx)
	}
	return nil
}

func (m maker) instalment(c *ent.Contract, position int) error {
	sum := 1 + m.dice.Int64N(10000)
	l := m.tx.PaymentPlanLine.Create().SetContractID(c.ID).SetPosition(position).SetDueOn(m.day(-60, 120)).SetAmountMinor(sum).SetCurrency(c.Currency)
	switch m.dice.IntN(4) {
	case 0:
		l.SetSettledMinor(sum).SetState(plan.Paid)
	case 1:
		if sum > 1 {
			l.SetSettledMinor(1 + m.dice.Int64N(sum-1)).SetState(plan.PartlyPaid)
		}
	case 2:
		node, err := m.tx.Milestone.Create().SetContractID(c.ID).SetTitle("等待").Save(m.ctx)
		if err != nil {
			return err
		}
		l.SetMilestoneID(node.ID).SetAwaiting(true)
	}
	return l.Exec(m.ctx)
}

func (m maker) line(c *ent.Contract) error {
	planned, done := 1+m.dice.Int64N(7), int64(0)
	l := m.tx.ProgressLine.Create().SetContractID(c.ID).SetKind(work.Delivery).SetTitle("货").SetPlannedOn(m.day(-30, 60)).
		SetPlannedQuantity(money.Whole(planned)).SetWeight(1 + m.dice.IntN(9))
	switch m.dice.IntN(4) {
	case 0:
		l.SetState(work.Cancelled)
	case 1:
		done = planned
		l.SetDoneOn(date.MustParse(today))
	case 2:
		done = m.dice.Int64N(planned + 1)
		if done == planned {
			l.SetDoneOn(date.MustParse(today))
		}
	}
	if state := work.Reached(money.Whole(planned), money.Whole(done)); state != work.Planned {
		l.SetState(state).SetActualQuantity(money.Whole(done))
	}
	return l.Exec(m.ctx)
}

// selection is a filter and the same said anew.
type selection struct {
	filter *criteria.Filter
	holds  func(*ent.Contract) bool
}
