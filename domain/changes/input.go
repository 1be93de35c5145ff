package changes

import (
	"heyue/domain/changes/terms"
	"heyue/domain/contracts/document"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/templates/text"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// Draft is a new change order of a contract.
type Draft struct {
	ContractID publicid.ContractID
	Reason     string
	Changes    Changes
	Said
}

// Edit changes a draft that is still at ExpectedVersion. What is nil stays; Changes takes the place of all that the draft
// said; evidence is only added.
type Edit struct {
	ID              publicid.ChangeOrderID
	ExpectedVersion int
	Reason          *string
	Changes         *Changes
	Clear           []Clearable
	Said
}

// Said is what a change order may have beside its reason and what it changes.
type Said struct {
	Impact      *string
	EffectiveOn *date.Date // the day of the approval unless given
	Until       *date.Date // the last day of a temporary change
	Evidence    []*document.Reference
}

// Clearable names a field of a change order that an edit may empty.
type Clearable string

// Fields that can be emptied.
const (
	ClearEffectiveOn Clearable = "EFFECTIVE_ON"
	ClearUntil       Clearable = "UNTIL"
)

// Removable names a term that a change may take out of the contract.
type Removable string

// Terms that can be taken out.
const (
	RemoveEffectiveOn Removable = "EFFECTIVE_ON"
	RemoveEndsOn      Removable = "ENDS_ON"
)

// Changes are what a change order does to the terms. What is nil stays as it is.
type Changes struct {
	Title         *string
	Description   *string
	Amount        *money.Input
	EffectiveOn   *date.Date
	EndsOn        *date.Date
	Remove        []Removable
	Renewal       *lifecycle.Renewal
	RenewalMonths *int
	NoticeDays    *int
	Parties       []*Party
	Lines         []*Line
	PaymentPlan   []*Instalment
	Fill          []*text.Fill
}

// Party puts a party in when none is named, leaves the named one out when Drop is set, and changes it otherwise.
type Party struct {
	PartyID        *publicid.ContractPartyID
	Drop           *bool
	Role           *string
	Name           *string
	CreditCode     *string
	Representative *string
	CustomerID     *publicid.CustomerID
}

// Line is to items of goods and services what Party is to parties.
type Line struct {
	ContractLineID *publicid.ContractLineID
	Drop           *bool
	Description    *string
	Model          *string
	Specification  *string
	Unit           *string
	Quantity       *money.Decimal
	UnitPrice      *money.Decimal
	DeliveryOn     *date.Date
}

// Instalment is to the payment plan what Party is to parties. A day given to one that waits for a milestone makes it due
// on that day instead.
type Instalment struct {
	PlanLineID *publicid.PaymentPlanLineID
	Drop       *bool
	DueOn      *date.Date
	Amount     *money.Decimal
	Purpose    *string
}

// Validate reports everything wrong with the draft at once.
func (d Draft) Validate(most Limits) error {
	var c fault.Check
	c.Text("reason", d.Reason, 1, 2000)
	d.Said.check(&c, most)
	list := fault.All(c.Err())
	return joined(list, d.Changes.Validate())
}

// Validate reports everything wrong with the edit at once.
func (e Edit) Validate(most Limits) error {
	var c fault.Check
	if e.Reason != nil {
		c.Text("reason", *e.Reason, 1, 2000)
	}
	e.Said.check(&c, most)
	for _, f := range e.Clear {
		given := map[Clearable]bool{ClearEffectiveOn: e.EffectiveOn != nil, ClearUntil: e.Until != nil}[f]
		c.That(!given, fault.Inconsistent, "clear", "%s cannot be set and cleared at once", f)
	}
	list := fault.All(c.Err())
	if e.Changes == nil {
		return joined(list, nil)
	}
	return joined(list, e.Changes.Validate())
}

func joined(list fault.List, below error) error {
	if list = append(list, fault.All(fault.Under("changes", below))...); len(list) == 0 {
		return nil
	}
	return list
}

func (s Said) check(c *fault.Check, most Limits) {
	c.OptText("impact", s.Impact, 4000)
	if s.EffectiveOn != nil && s.Until != nil {
		c.That(!s.Until.Before(*s.EffectiveOn), fault.Inconsistent, "until", "until is before effectiveOn")
	}
	c.That(len(s.Evidence) <= most.Evidence, fault.LimitReached, "evidence", "evidence has %d entries, at most %d are allowed", len(s.Evidence), most.Evidence)
	for i, e := range s.Evidence {
		c.Index("evidence", i, e.Check)
	}
}

// Validate reports everything wrong with the changes that can be told without the contract.
func (ch Changes) Validate() error {
	var c fault.Check
	if ch.Title != nil {
		c.Text("title", *ch.Title, 1, 300)
	}
	c.OptText("description", ch.Description, 10000)
	if ch.Amount != nil {
		ch.Amount.NotNegative(&c, "amount")
	}
	if ch.EffectiveOn != nil && ch.EndsOn != nil {
		c.That(!ch.EndsOn.Before(*ch.EffectiveOn), fault.Inconsistent, "endsOn", "endsOn is before effectiveOn")
	}
	for _, r := range ch.Remove {
		given := map[Removable]bool{RemoveEffectiveOn: ch.EffectiveOn != nil, RemoveEndsOn: ch.EndsOn != nil}[r]
		c.That(!given, fault.Inconsistent, "remove", "%s cannot be set and removed at once", r)
	}
	size(&c, "parties", len(ch.Parties), terms.MaxParties)
	size(&c, "lines", len(ch.Lines), terms.MaxLines)
	size(&c, "paymentPlan", len(ch.PaymentPlan), terms.MaxInstalments)
	for i, p := range ch.Parties {
		c.Index("parties", i, p.check)
	}
	for i, l := range ch.Lines {
		c.Index("lines", i, l.check)
	}
	for i, p := range ch.PaymentPlan {
		c.Index("paymentPlan", i, p.check)
	}
	return c.Err()
}

func size(c *fault.Check, field string, n, most int) {
	c.That(n <= most, fault.LimitReached, field, "%s has %d entries, at most %d are allowed", field, n, most)
}

// aims checks that an entry either names a row or puts in a new one, and reports which: whether it has what a row must
// have is only asked of a new one.
func aims(c *fault.Check, field string, named bool, drop *bool) (adds bool) {
	gone := drop != nil && *drop
	c.That(named || !gone, fault.Required, field, "what is left out is named by its id")
	return !named && !gone
}

func required(c *fault.Check, adds, given bool, field string) {
	c.That(!adds || given, fault.Required, field, "%s is required", field)
}

func (p *Party) check(c *fault.Check) {
	required(c, aims(c, "partyId", p.PartyID != nil, p.Drop), p.Name != nil, "name")
	if p.Name != nil {
		c.Text("name", *p.Name, 1, 200)
	}
	c.OptText("role", p.Role, 100)
	c.OptText("creditCode", p.CreditCode, 40)
	c.OptText("representative", p.Representative, 100)
}

func (l *Line) check(c *fault.Check) {
	adds := aims(c, "contractLineId", l.ContractLineID != nil, l.Drop)
	required(c, adds, l.Description != nil, "description")
	required(c, adds, l.Quantity != nil, "quantity")
	required(c, adds, l.UnitPrice != nil, "unitPrice")
	if l.Description != nil {
		c.Text("description", *l.Description, 1, 2000)
	}
	c.OptText("model", l.Model, 200)
	c.OptText("specification", l.Specification, 500)
	c.OptText("unit", l.Unit, 60)
	c.That(l.Quantity == nil || l.Quantity.Sign() > 0, fault.OutOfRange, "quantity", "quantity must be more than zero")
	c.That(l.UnitPrice == nil || l.UnitPrice.Sign() >= 0, fault.OutOfRange, "unitPrice", "unitPrice must not be negative")
}

func (p *Instalment) check(c *fault.Check) {
	adds := aims(c, "planLineId", p.PlanLineID != nil, p.Drop)
	required(c, adds, p.DueOn != nil, "dueOn")
	required(c, adds, p.Amount != nil, "amount")
	c.That(p.Amount == nil || p.Amount.Sign() > 0, fault.OutOfRange, "amount", "amount must be more than zero")
	c.OptText("purpose", p.Purpose, 200)
}
