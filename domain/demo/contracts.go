package demo

import (
	"fmt"

	"heyue/domain/contracts/lifecycle"
	"heyue/domain/contracts/milestone"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// mix is how often each status occurs: every one there is, running contracts most.
func mix() []lifecycle.Status {
	s := lifecycle.Statuses()
	for range 8 {
		s = append(s, lifecycle.Active)
	}
	return append(s, lifecycle.Signed, lifecycle.Signed, lifecycle.Expired, lifecycle.Completed, lifecycle.Completed, lifecycle.Draft)
}

// near are the days from today on which things fall due: overdue, today, and so that some step of a ladder of 90, 30, 7,
// 1 and 0 days has just come, comes today or will come in the next days.
func near() []int {
	return []int{-21, 30, 3, 91, 7, -2, 10, 1, 33, 0, 95, 8, -9, 31, 5, 2, 90, 14, -1, 60, 7, 0, 120, 30, -5, 45, 1, 200}
}

func (m *maker) soon() int {
	m.steps++
	return near()[m.steps%len(near())]
}

func (m *maker) makeContracts() {
	statuses := mix()
	for i := range m.contracts {
		what := m.goods[0]
		if i%2 == 1 {
			what = m.goods[i/2%len(m.goods)]
		}
		customer := m.rows.Customers[i*7%len(m.rows.Customers)]
		c := m.contract(customer, what, statuses[i%len(statuses)])
		if c.Status == lifecycle.Renewed {
			next := m.contract(customer, what, lifecycle.Active)
			next.PredecessorID = &c.ID
		}
	}
}

// contract makes a contract with its parts, all of them as they stand in a contract of that status.
func (m *maker) contract(customer *ent.Customer, what goods, status lifecycle.Status) *ent.Contract {
	c := &ent.Contract{
		ID: publicid.NewContractID(), Kind: what.kind, Direction: what.kind.UsualDirection(), Status: status, Currency: money.CNY, Renewal: lifecycle.FixedTerm,
		CustomerID: customer.ID, OwnerID: customer.OwnerID, DepartmentID: customer.DepartmentID, Title: customer.Name + what.title,
	}
	m.term(c, what.term)
	m.rows.Contracts = append(m.rows.Contracts, c)
	m.lines(c, what)
	m.sides(c, customer)
	instalments := m.plan(c, what)
	milestones := m.stages(c, what)
	m.papers(c)
	m.dates = append(m.dates, m.due(c, false, milestones, instalments, nil)...)
	return c
}

// term places a contract in time, relative to today.
func (m *maker) term(c *ent.Contract, days int) {
	var starts, ends date.Date
	switch c.Status {
	case lifecycle.Signed:
		starts = m.today.AddDays(1 + m.rand.IntN(20))
		ends = starts.AddDays(days)
	case lifecycle.Active, lifecycle.Suspended:
		left := m.soon()
		ends = m.today.AddDays(max(left, -left))
		if m.rand.IntN(3) == 0 {
			ends = m.today.AddDays(days / 2)
		}
		starts = ends.AddDays(-days)
		if starts.After(m.today) {
			starts = m.today.AddDays(-1 - m.rand.IntN(20))
		}
	case lifecycle.Expired:
		ends = m.today.AddDays(-1 - m.rand.IntN(40))
		starts = ends.AddDays(-days)
	case lifecycle.Terminated:
		starts = m.today.AddDays(-days / 2)
		ends = starts.AddDays(days)
	case lifecycle.Completed, lifecycle.Renewed:
		ends = m.today.AddDays(-2 - m.rand.IntN(120))
		starts = ends.AddDays(-days)
	default: // nobody is bound yet
		starts = m.today.AddDays(5 + m.rand.IntN(40))
		ends = starts.AddDays(days)
	}
	c.EffectiveOn, c.EndsOn = &starts, &ends
	if c.Status.IsBinding() || c.Status.IsEnded() {
		signed := starts.AddDays(-1 - m.rand.IntN(10))
		if signed.After(m.today) {
			signed = m.today.AddDays(-m.rand.IntN(5))
		}
		c.SignedOn = &signed
	}
}

func (m *maker) lines(c *ent.Contract, what goods) {
	if len(what.items) == 0 {
		return
	}
	for position := range 1 + m.rand.IntN(2) {
		price := what.low + m.rand.Int64N((what.high-what.low)/what.step+1)*what.step
		if position > 0 {
			price = max(price/20, 100) // an extra
		}
		row := &ent.ContractLine{
			ID: publicid.NewContractLineID(), ContractID: c.ID, Position: position, Description: pick(m, what.items), Model: pick(m, what.model),
			Quantity: money.Whole(1), Unit: what.unit, UnitPrice: money.Whole(price), AmountMinor: price * 100, DeliveryOn: c.EffectiveOn,
		}
		if position > 0 {
			row.Description, row.Model = row.Description+"（附加）", "选配"
		}
		c.AmountMinor += row.AmountMinor
		m.rows.Lines = append(m.rows.Lines, row)
	}
}

func (m *maker) sides(c *ent.Contract, customer *ent.Customer) {
	theirs := &ent.ContractParty{ID: publicid.NewContractPartyID(), ContractID: c.ID, Role: "甲方", Name: customer.Name, CustomerID: &customer.ID}
	if customer.CreditCode != nil {
		theirs.CreditCode = *customer.CreditCode
	}
	ours := &ent.ContractParty{ID: publicid.NewContractPartyID(), ContractID: c.ID, Role: "乙方", Name: m.name, Position: 1}
	if c.Direction == lifecycle.Payable {
		theirs.Role, theirs.Position, ours.Role, ours.Position = "乙方", 1, "甲方", 0
	}
	m.rows.Parties = append(m.rows.Parties, theirs, ours)
}

// plan makes the instalments and what was paid on them, and returns those that are open.
func (m *maker) plan(c *ent.Contract, what goods) (open []*ent.PaymentPlanLine) {
	if len(what.modes) == 0 {
		return nil
	}
	parts := pick(m, what.modes)
	current := m.current(c.Status, len(parts))
	next, left := m.today.AddDays(m.soon()), c.AmountMinor
	for i, p := range parts {
		amount := c.AmountMinor * int64(p.percent) / 100
		if i == len(parts)-1 {
			amount = left
		}
		left -= amount
		l := &ent.PaymentPlanLine{
			ID: publicid.NewPaymentPlanLineID(), ContractID: c.ID, Position: i, AmountMinor: amount, Currency: c.Currency, State: plan.Planned,
			Purpose: p.purpose, DueOn: next.AddDays(30 * (i - current)),
		}
		switch {
		case !c.Status.IsBinding() && !c.Status.IsEnded():
			l.DueOn = c.EffectiveOn.AddDays(30 * i)
		case c.Status.IsEnded() && c.Status != lifecycle.Expired:
			l.DueOn = c.EffectiveOn.AddDays(i * what.term / (len(parts) + 1))
		}
		switch {
		case i < current:
			m.pay(c, l, amount)
		case i == current && m.rand.IntN(3) == 0 && c.Status.OwesObligations():
			m.pay(c, l, amount*4/10)
		case c.Status == lifecycle.Terminated:
			l.State = plan.Cancelled
		}
		if l.State.IsOpen() {
			open = append(open, l)
		}
		m.rows.Plan = append(m.rows.Plan, l)
	}
	return open
}

// current is the index of the first part that is still to be done or paid.
func (m *maker) current(s lifecycle.Status, parts int) int {
	switch {
	case s == lifecycle.Completed || s == lifecycle.Renewed:
		return parts
	case s == lifecycle.Expired:
		return parts - 1
	case s.IsRunning() || s == lifecycle.Terminated:
		return m.rand.IntN(parts)
	default:
		return 0
	}
}

// pay books money on an instalment, on the day it was due or today.
func (m *maker) pay(c *ent.Contract, l *ent.PaymentPlanLine, amount int64) {
	on := l.DueOn.AddDays(-m.rand.IntN(3))
	if on.After(m.today) {
		on = m.today
	}
	if c.SignedOn.After(on) {
		c.SignedOn = &on
	}
	l.SettledMinor, l.State = amount, plan.PartlyPaid
	if amount == l.AmountMinor {
		l.State = plan.Paid
	}
	c.SettledMinor, c.AllocatedMinor = c.SettledMinor+amount, c.AllocatedMinor+amount
	id := publicid.NewPaymentID()
	m.rows.Allocated = append(m.rows.Allocated, &ent.PaymentAllocation{
		ID: publicid.NewPaymentAllocationID(), ContractID: c.ID, PaymentID: id, PlanLineID: l.ID, AmountMinor: amount,
	})
	m.rows.Payments = append(m.rows.Payments, &ent.Payment{
		ID: id, ContractID: c.ID, AmountMinor: amount, Currency: c.Currency, PaidOn: on,
		Method:    pick(m, []plan.Method{plan.BankTransfer, plan.BankTransfer, plan.BankTransfer, plan.Card, plan.WeChatPay, plan.Alipay, plan.AcceptanceBill}),
		Reference: fmt.Sprintf("DEMO%08d", len(m.rows.Payments)+1),
	})
}

func (m *maker) stages(c *ent.Contract, what goods) (all []*ent.Milestone) {
	current := m.current(c.Status, max(len(what.milestones), 1))
	next := m.today.AddDays(m.soon())
	for i, s := range what.milestones {
		on := next.AddDays(20 * (i - current))
		if !c.Status.OwesObligations() {
			on = c.EffectiveOn.AddDays((i + 1) * what.term / (len(what.milestones) + 2))
		}
		row := &ent.Milestone{ID: publicid.NewMilestoneID(), ContractID: c.ID, Title: s.title, Kind: s.kind, State: milestone.Open, DueOn: &on}
		switch {
		case i < current:
			done := on
			if done.After(m.today) {
				done = m.today
			}
			row.State, row.DoneOn = milestone.Done, &done
		case c.Status == lifecycle.Terminated:
			row.State = milestone.Cancelled
		}
		all = append(all, row)
	}
	m.rows.Milestones = append(m.rows.Milestones, all...)
	return all
}

// papers gives a contract its text, a signed copy once it binds, and now and then a change on record.
func (m *maker) papers(c *ent.Contract) {
	add := func(title, kind string, on *date.Date) {
		id := publicid.NewDocumentReferenceID()
		m.rows.Documents = append(m.rows.Documents, &ent.DocumentReference{
			ID: id, ContractID: c.ID, Title: title, DocumentType: kind, Format: "application/pdf", Language: "zh-CN", PublishedOn: on,
			URL: fmt.Sprintf("https://files.%s/%s.pdf", m.domain(), id),
		})
	}
	add("合同正文", "ORIGINAL", nil)
	if c.SignedOn != nil {
		add("签署扫描件", "SIGNED_COPY", c.SignedOn)
	}
	if c.Status.IsRunning() && m.rand.IntN(6) == 0 {
		on := m.today.AddDays(-m.rand.IntN(30))
		m.rows.Changes = append(m.rows.Changes, &ent.ContractChange{
			ID: publicid.NewContractChangeID(), ContractID: c.ID, ChangedOn: &on,
			Reason: "客户调整需求，双方协商一致", Description: "变更交付时间，金额不变，补充依据见附件。",
		})
	}
}
