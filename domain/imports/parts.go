package imports

import (
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"heyue/domain/contracts/milestone"
	"heyue/domain/ocds"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/money"
)

func (d *draft) lines(c *contractDraft, from *ocds.Contract) {
	for i, l := range from.Lines {
		row := ent.ContractLine{Quantity: money.Whole(1)}
		row.Description = d.text("contracts[].items[].description", or(l.Description, l.Classification.Description, l.Number, strconv.Itoa(i+1)), 2000)
		row.Specification = d.text("contracts[].items[].classification", classification(l), 500)
		row.Unit = d.text("contracts[].items[].unit", or(l.Unit.Name, l.Unit.ID), 60)
		if l.Quantity.Valid {
			row.Quantity = d.decimal("contracts[].items[].quantity", l.Quantity.Decimal)
		} else {
			d.count("contracts[].items[].quantity", ocds.Altered, "is unknown; 1 was taken")
		}
		d.price(&row, c, l.UnitPrice)
		d.lost(len(l.Descriptions) > 0, "contracts[].items[].description_*")
		c.lines = append(c.lines, part[ent.ContractLine]{l.SourceID, row})
	}
}

// price fills in unit price and amount. A price in another currency than the contract's cannot be added up with it.
func (d *draft) price(row *ent.ContractLine, c *contractDraft, price *ocds.Money) {
	const at = "contracts[].items[].unit.value"
	if price == nil {
		return
	}
	if price.Currency != string(c.row.Currency) {
		d.count(at, ocds.Field, "is in another currency than the contract and was left out")
		return
	}
	row.UnitPrice = d.decimal(at, price.Amount)
	amount, err := money.Times(row.UnitPrice, row.Quantity, c.row.Currency)
	switch {
	case err != nil:
		d.count(at, ocds.Field, "makes a sum too large to be stored; 0 was taken")
	case amount.Sign() < 0:
		d.count(at, ocds.Field, "makes a negative sum; 0 was taken")
	default:
		row.AmountMinor = amount.Minor()
	}
}

// decimal brings a number to what a column holds.
func (d *draft) decimal(path string, n decimal.Decimal) money.Decimal {
	rounded := n.Round(money.MaxDecimalDigits)
	out, err := money.ParseDecimal(rounded.String())
	switch {
	case err != nil:
		d.count(path, ocds.Field, "is too large to be stored; 0 was taken")
		return money.Whole(0)
	case !rounded.Equal(n):
		d.count(path, ocds.Altered, "has more than "+strconv.Itoa(money.MaxDecimalDigits)+" decimals and was rounded")
	}
	return out
}

func classification(l ocds.Line) string {
	all := []string{one(l.Classification)}
	for _, a := range l.Also {
		all = append(all, one(a))
	}
	return joined("; ", all...)
}

func one(c ocds.Classification) string {
	return joined(" ", joined(":", c.Scheme, c.ID), c.Description)
}

func (d *draft) payments(c *contractDraft, from *ocds.Contract, parties map[string]*ocds.Party) {
	const at = "contracts[].implementation.transactions[]"
	for _, p := range from.Payments {
		if p.Value.Currency != string(c.row.Currency) {
			d.count(at, ocds.Skipped, "is in another currency than the contract and was left out")
			continue
		}
		on := p.PaidOn
		if on.IsZero() {
			if on = d.source.PublishedOn; on.IsZero() {
				d.count(at, ocds.Skipped, "has no date and was left out")
				continue
			}
			d.count(at+".date", ocds.Altered, "is missing; the date of the release was taken")
		}
		units := d.minor(at+".value.amount", p.Value)
		if units == 0 {
			d.count(at, ocds.Skipped, "comes to nothing in the currency's smallest unit and was left out")
			continue
		}
		row := ent.Payment{AmountMinor: units, PaidOn: on, Method: plan.OtherMethod, Reference: d.text(at+".id", p.Number, 100)}
		row.Note = d.text(at, joined("\n", between(parties[p.Payer], parties[p.Payee]), p.URL), 1000)
		c.payments = append(c.payments, part[ent.Payment]{p.SourceID, row})
	}
}

func between(payer, payee *ocds.Party) string {
	var from, to string
	if payer != nil {
		from = nameOf(payer)
	}
	if payee != nil {
		to = nameOf(payee)
	}
	return joined(" → ", from, to)
}

// milestones are met when the source says so or tells the day; everything else is still open, missed ones too.
func (d *draft) milestones(c *contractDraft, from *ocds.Contract) {
	const at = "contracts[].milestones[]"
	for i, m := range from.Milestones {
		row := ent.Milestone{State: milestone.Open, Kind: milestoneKind(m.Type), DueOn: day(m.DueOn), DoneOn: day(m.MetOn)}
		row.Title = d.text(at+".title", or(m.Title, m.Code, firstLine(m.Description), m.Type, m.Number, strconv.Itoa(i+1)), 300)
		row.Description = d.text(at+".description", m.Description, 4000)
		if m.Status == ocds.Met || !m.MetOn.IsZero() {
			row.State = milestone.Done
		}
		if m.Status == ocds.Met && m.MetOn.IsZero() {
			d.count(at+".dateMet", ocds.Altered, "is missing on a milestone that was met; the due date was taken")
			row.DoneOn = row.DueOn
		}
		if m.Status == ocds.NotMet || m.Status == ocds.PartiallyMet {
			d.count(at+".status", ocds.Altered, "tells a milestone that was missed or met in part; it is open here")
		}
		c.milestones = append(c.milestones, part[ent.Milestone]{m.SourceID, row})
	}
}

// milestoneKind follows the milestone types of OCDS 1.1 as far as they are ours.
func milestoneKind(t string) milestone.Kind {
	switch strings.ToLower(t) {
	case "delivery":
		return milestone.Delivery
	case "approval", "assessment":
		return milestone.Acceptance
	}
	return milestone.Other
}

func firstLine(s string) string {
	head, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	if r := []rune(head); len(r) > 300 {
		return string(r[:300])
	}
	return head
}

func (d *draft) documents(c *contractDraft, from *ocds.Contract) {
	const at = "contracts[].documents[]"
	for _, doc := range from.Documents {
		if len([]rune(doc.URL)) > 2000 || strings.IndexByte(doc.URL, 0) >= 0 {
			d.count(at+".url", ocds.Skipped, "is longer than 2000 characters; the document was left out")
			continue
		}
		row := ent.DocumentReference{URL: doc.URL, PublishedOn: day(or2(doc.PublishedOn, doc.ModifiedOn))}
		row.Title = d.text(at+".title", or(doc.Title, firstLine(doc.Description), doc.Type, fileName(doc.URL), doc.URL), 300)
		row.DocumentType = d.text(at+".documentType", doc.Type, 100)
		row.Format = d.text(at+".format", doc.Format, 100)
		row.Language = d.text(at+".language", doc.Language, 40)
		d.lost(doc.Description != "" && doc.Title != "" && doc.Description != doc.Title, at+".description")
		d.lost(!doc.ModifiedOn.IsZero() && !doc.PublishedOn.IsZero() && doc.ModifiedOn != doc.PublishedOn, at+".dateModified")
		c.documents = append(c.documents, part[ent.DocumentReference]{doc.SourceID, row})
	}
}

func or2(a, b date.Date) date.Date {
	if a.IsZero() {
		return b
	}
	return a
}

func fileName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.Trim(path.Base(u.Path), "./")
}

func (d *draft) changes(c *contractDraft, from *ocds.Contract) {
	const at = "contracts[].amendments[]"
	for _, ch := range from.Changes {
		row := ent.ContractChange{ChangedOn: day(ch.On)}
		row.Reason = d.text(at+".rationale", or(ch.Rationale, ch.Description, ch.Number), 10000)
		lines := []string{ch.Number, ch.Description, joined(" → ", ch.AmendsReleaseID, ch.ReleaseID)}
		for _, f := range ch.Fields {
			lines = append(lines, f.Property+": "+f.Former)
		}
		row.Description = d.text(at+".description", joined("\n", lines...), 10000)
		c.changes = append(c.changes, part[ent.ContractChange]{ch.SourceID, row})
	}
}
