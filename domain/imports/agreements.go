package imports

import (
	"fmt"

	"heyue/domain/contracts/lifecycle"
	"heyue/domain/ocds"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/money"
)

// The fields and lists of a contract that a signature tells apart, in its order.
const (
	saidTitle = iota
	saidState
	saidAmount
	saidSigned
	saidStarts
	saidEnds
	saidText
	saidCustomer
	saidParties
	saidLines
	saidPayments
	saidMilestones
	saidDocuments
	saidChanges
)

func (d *draft) contract(i int, parties map[string]*ocds.Party, here local) contractDraft {
	from := &d.source.Contracts[i]
	c := contractDraft{source: from.SourceID, index: i, state: from.Status}
	c.row = ent.Contract{
		Title: d.title(from), Description: d.text("contracts[].description", from.Description, 10000),
		Kind: lifecycle.Purchase, Direction: lifecycle.Payable,
		SignedOn: day(from.SignedOn), EffectiveOn: day(from.StartsOn), EndsOn: day(from.EndsOn),
		Status: status(from.Status, from.SignedOn, from.StartsOn, from.EndsOn, here.today),
	}
	if from.Direction == ocds.Receivable {
		c.row.Kind, c.row.Direction = lifecycle.Sales, lifecycle.Receivable
	}
	d.lost(len(from.Titles) > 0, "contracts[].title_*")
	d.amount(&c, from, here)
	d.counterparty(&c, from, parties, here)
	d.parties(&c, from, parties)
	d.lines(&c, from)
	d.payments(&c, from, parties)
	d.milestones(&c, from)
	d.documents(&c, from)
	d.changes(&c, from)
	c.said = sign(c.row.Title, whole([]any{from.Status, from.SignedOn, from.StartsOn, from.EndsOn}),
		whole([]any{c.row.AmountMinor, c.row.Currency}), from.SignedOn.String(), from.StartsOn.String(), from.EndsOn.String(),
		c.row.Description, c.customer,
		whole(plainParts(c.parties, func(p *partyDraft) any { return []any{partyOf(&p.ContractParty), p.customer} })),
		whole(plainParts(c.lines, lineOf)), whole(plainParts(c.payments, paymentOf)), whole(plainParts(c.milestones, milestoneOf)),
		whole(plainParts(c.documents, documentOf)), whole(plainParts(c.changes, changeOf)))
	return c
}

func plainParts[T, Plain any](parts []part[T], plain func(*T) Plain) []any {
	out := make([]any, 0, 2*len(parts))
	for i := range parts {
		out = append(out, parts[i].source, plain(&parts[i].row))
	}
	return out
}

// title finds what to call a contract whose publisher gave it no title.
func (d *draft) title(from *ocds.Contract) string {
	if from.Title != "" {
		return d.text("contracts[].title", from.Title, 300)
	}
	if d.source.Title != "" {
		d.count("contracts[].title", ocds.Altered, "is missing; the title of the process was taken")
		return d.text("tender.title", d.source.Title, 300)
	}
	d.count("contracts[].title", ocds.Altered, "is missing; the contract's id was taken")
	return d.text("contracts[].id", or(from.Number, from.SourceID), 300)
}

// status places a contract in its life. OCDS knows four states of a contract, and publishers often give none: then a
// signature or a term that is named tells a contract that binds, whose place is for the calendar to say. Terminated
// means ended for whatever reason: early when its end is still to come.
func status(s ocds.Status, signed, starts, ends, today date.Date) lifecycle.Status {
	switch {
	case s == ocds.Cancelled:
		return lifecycle.Withdrawn
	case s == ocds.Terminated && !ends.IsZero() && ends.After(today):
		return lifecycle.Terminated
	case s == ocds.Terminated:
		return lifecycle.Completed
	case s == ocds.Pending && signed.IsZero():
		return lifecycle.Draft
	case s == "" && signed.IsZero() && starts.IsZero() && ends.IsZero():
		return lifecycle.Draft
	}
	now := lifecycle.Signed
	for {
		event, ok := lifecycle.ByDate(now, starts, ends, today)
		if !ok {
			return now
		}
		next, err := lifecycle.Next(now, event)
		if err != nil {
			return now
		}
		now = next
	}
}

// amount takes over the value. A contract needs a currency even where its value is unknown: that of its parts, or the
// tenant's.
func (d *draft) amount(c *contractDraft, from *ocds.Contract, here local) {
	c.row.Currency = here.Currency
	for _, m := range monies(from) {
		if code, err := money.ParseCurrency(m.Currency); err == nil {
			c.row.Currency = code
			break
		}
	}
	if from.Value == nil {
		d.count("contracts[].value", ocds.Altered, "is unknown; the amount is 0")
		return
	}
	c.row.AmountMinor = d.minor("contracts[].value.amount", *from.Value)
	if c.row.AmountMinor < 0 {
		d.count("contracts[].value.amount", ocds.Field, "is negative; the amount is 0")
		c.row.AmountMinor = 0
	}
}

// monies lists what can tell a contract's currency, the best first.
func monies(from *ocds.Contract) []ocds.Money {
	var all []ocds.Money
	if from.Value != nil {
		return []ocds.Money{*from.Value}
	}
	for _, l := range from.Lines {
		if l.UnitPrice != nil {
			all = append(all, *l.UnitPrice)
		}
	}
	for _, p := range from.Payments {
		all = append(all, p.Value)
	}
	return all
}

// minor rounds to the currency's smallest unit and says so. A sum that no column holds becomes 0.
func (d *draft) minor(path string, m ocds.Money) int64 {
	units, exact, ok := m.Minor()
	switch {
	case !ok:
		d.count(path, ocds.Field, "is too large to be stored; 0 was taken")
		return 0
	case !exact:
		d.count(path, ocds.Altered, "has more decimals than its currency and was rounded")
	}
	return units
}

// counterparty finds the customer. Publishers of buyers' data may name no supplier; such contracts are kept under a
// customer that says so.
func (d *draft) counterparty(c *contractDraft, from *ocds.Contract, parties map[string]*ocds.Party, here local) {
	if len(from.Counterparties) > 0 {
		if p := parties[from.Counterparties[0]]; p != nil {
			c.customer = p.Key
			return
		}
	}
	stand := d.unknown(from.Direction, here)
	c.customer = stand.key
	known := false
	for _, o := range d.customers {
		known = known || o.key == stand.key
	}
	if !known {
		d.customers = append(d.customers, stand)
	}
	d.note(fmt.Sprintf("contracts[%d]", c.index), ocds.Altered, "names no counterparty; it was put under %q", stand.row.Name)
}

// parties lists who is bound, each once with all their roles.
func (d *draft) parties(c *contractDraft, from *ocds.Contract, parties map[string]*ocds.Party) {
	at := map[string]int{}
	for _, ref := range from.Parties {
		p := parties[ref.Party]
		if p == nil {
			continue
		}
		if i, ok := at[ref.Party]; ok {
			row := &c.parties[i].row
			row.Role = d.text("contracts[].parties", row.Role+", "+string(ref.Role), 100)
			continue
		}
		at[ref.Party] = len(c.parties)
		row := ent.ContractParty{Role: d.text("contracts[].parties", string(ref.Role), 100), Name: d.text("parties[].name", nameOf(p), 200)}
		if code := creditCode(p.Identifiers); code != nil {
			row.CreditCode = *code
		}
		key := ""
		for _, o := range d.customers {
			if o.key == p.Key {
				key = p.Key
			}
		}
		c.parties = append(c.parties, part[partyDraft]{ref.Party, partyDraft{row, key}})
	}
}
