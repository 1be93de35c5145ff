package changes

import (
	"slices"

	"heyue/domain/changes/terms"
	"heyue/domain/templates/text"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// delta turns checked changes into what is kept of them. Rows that are put in get their ids here, so that they are the same
// rows whenever the change is applied. The sheet is what is in force on the change's first day. Faults: NOT_FOUND for a row
// that is not in it, INCONSISTENT for another currency, and NOT_ALLOWED or UNKNOWN_VALUE for a sum that cannot be.
func (ch Changes) delta(s terms.Sheet) (terms.Delta, error) {
	b := builder{sheet: s}
	b.d.Description = ch.Description
	given.Text(ch.Title, func(t string) { b.d.Title = &t })
	b.d.Renewal, b.d.RenewalMonths, b.d.NoticeDays = ch.Renewal, ch.RenewalMonths, ch.NoticeDays
	b.d.EffectiveOn, b.d.EndsOn = day(ch.EffectiveOn, ch.Remove, RemoveEffectiveOn), day(ch.EndsOn, ch.Remove, RemoveEndsOn)
	if ch.Amount != nil {
		sum := ch.Amount.Money(&b.check, "amount")
		b.check.That(sum.Currency() == s.Amount.Currency() || b.check.Err() != nil, fault.Inconsistent, "amount", "the contract is in %s", s.Amount.Currency())
		b.d.Amount = &sum
	}
	for i, p := range ch.Parties {
		b.check.Index("parties", i, func(c *fault.Check) { b.party(c, p) })
	}
	for i, l := range ch.Lines {
		b.check.Index("lines", i, func(c *fault.Check) { b.line(c, l) })
	}
	for i, p := range ch.PaymentPlan {
		b.check.Index("paymentPlan", i, func(c *fault.Check) { b.instalment(c, p) })
	}
	for _, f := range ch.Fill {
		if b.d.Slots == nil {
			b.d.Slots = text.Values{}
		}
		b.d.Slots[f.Slot] = f.Value
	}
	return b.d, b.check.Err()
}

type builder struct {
	sheet terms.Sheet
	check fault.Check
	d     terms.Delta
}

func day(given *date.Date, remove []Removable, as Removable) *terms.Maybe[date.Date] {
	switch {
	case given != nil:
		return &terms.Maybe[date.Date]{Value: given}
	case slices.Contains(remove, as):
		return &terms.Maybe[date.Date]{}
	}
	return nil
}

// named checks that a row which a change names is in the contract, and that it is named once.
func named[ID comparable](c *fault.Check, field string, id ID, there bool, noun string, seen ...ID) {
	c.That(there, fault.Missing, field, "the contract has no %s with the id %v", noun, id)
	c.That(!slices.Contains(seen, id), fault.Duplicate, field, "the %s %v is named twice", noun, id)
}

func (b *builder) party(c *fault.Check, p *Party) {
	if p.PartyID == nil {
		b.d.Parties.Add = append(b.d.Parties.Add, terms.Party{
			ID: publicid.NewContractPartyID(), Role: given.Or(p.Role), Name: given.Trimmed(p.Name), CreditCode: given.Or(p.CreditCode),
			Representative: given.Or(p.Representative), CustomerID: p.CustomerID,
		})
		return
	}
	seen := slices.Clone(b.d.Parties.Drop)
	for _, e := range b.d.Parties.Change {
		seen = append(seen, e.ID)
	}
	named(c, "partyId", *p.PartyID, slices.ContainsFunc(b.sheet.Parties, func(t terms.Party) bool { return t.ID == *p.PartyID }), "party", seen...)
	if given.Or(p.Drop) {
		b.d.Parties.Drop = append(b.d.Parties.Drop, *p.PartyID)
		return
	}
	e := terms.PartyEdit{ID: *p.PartyID, Role: p.Role, CreditCode: p.CreditCode, Representative: p.Representative}
	given.Text(p.Name, func(n string) { e.Name = &n })
	if p.CustomerID != nil {
		e.CustomerID = &terms.Maybe[publicid.CustomerID]{Value: p.CustomerID}
	}
	b.d.Parties.Change = append(b.d.Parties.Change, e)
}

func (b *builder) line(c *fault.Check, l *Line) {
	if l.ContractLineID == nil {
		sum, err := money.Times(*l.UnitPrice, *l.Quantity, b.sheet.Amount.Currency())
		if err != nil {
			c.Add(fault.OutOfRange, "unitPrice", "%s", fault.All(err)[0].Message)
		}
		b.d.Lines.Add = append(b.d.Lines.Add, terms.Line{
			ID: publicid.NewContractLineID(), Description: *l.Description, Model: given.Or(l.Model), Specification: given.Or(l.Specification), Unit: given.Or(l.Unit),
			Quantity: *l.Quantity, UnitPrice: *l.UnitPrice, AmountMinor: sum.Minor(), DeliveryOn: l.DeliveryOn,
		})
		return
	}
	seen := slices.Clone(b.d.Lines.Drop)
	for _, e := range b.d.Lines.Change {
		seen = append(seen, e.ID)
	}
	named(c, "contractLineId", *l.ContractLineID, slices.ContainsFunc(b.sheet.Lines, func(t terms.Line) bool { return t.ID == *l.ContractLineID }), "line", seen...)
	if given.Or(l.Drop) {
		b.d.Lines.Drop = append(b.d.Lines.Drop, *l.ContractLineID)
		return
	}
	e := terms.LineEdit{
		ID: *l.ContractLineID, Description: l.Description, Model: l.Model, Specification: l.Specification, Unit: l.Unit, Quantity: l.Quantity, UnitPrice: l.UnitPrice,
	}
	if l.DeliveryOn != nil {
		e.DeliveryOn = &terms.Maybe[date.Date]{Value: l.DeliveryOn}
	}
	b.d.Lines.Change = append(b.d.Lines.Change, e)
}

func (b *builder) instalment(c *fault.Check, p *Instalment) {
	var sum *int64
	if p.Amount != nil {
		m, err := money.FromDecimal(*p.Amount, b.sheet.Amount.Currency())
		if err != nil {
			c.Add(fault.All(err)[0].Code, "amount", "%s", fault.All(err)[0].Message)
		}
		minor := m.Minor()
		sum = &minor
	}
	if p.PlanLineID == nil {
		b.d.Plan.Add = append(b.d.Plan.Add, terms.Instalment{ID: publicid.NewPaymentPlanLineID(), DueOn: *p.DueOn, AmountMinor: *sum, Purpose: given.Or(p.Purpose)})
		return
	}
	seen := slices.Clone(b.d.Plan.Drop)
	for _, e := range b.d.Plan.Change {
		seen = append(seen, e.ID)
	}
	named(c, "planLineId", *p.PlanLineID, slices.ContainsFunc(b.sheet.Plan, func(t terms.Instalment) bool { return t.ID == *p.PlanLineID }), "instalment", seen...)
	if given.Or(p.Drop) {
		b.d.Plan.Drop = append(b.d.Plan.Drop, *p.PlanLineID)
		return
	}
	e := terms.InstalmentEdit{ID: *p.PlanLineID, DueOn: p.DueOn, AmountMinor: sum, Purpose: p.Purpose}
	if p.DueOn != nil {
		e.Waits = &terms.Waits{} // a day of its own instead of a milestone's
	}
	b.d.Plan.Change = append(b.d.Plan.Change, e)
}
