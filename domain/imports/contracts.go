package imports

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/uuid"

	"heyue/domain/contracts/lifecycle"
	"heyue/domain/ocds"
	"heyue/ent"
	"heyue/ent/contractchange"
	"heyue/ent/contractline"
	"heyue/ent/contractparty"
	"heyue/ent/documentreference"
	mil "heyue/ent/milestone"
	"heyue/ent/payment"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// contract makes a contract or brings it up to what the source has changed.
func (w *writer) contract(ctx context.Context, d *draft, c *contractDraft) error {
	source := name{objContract, c.source}
	before, again := w.known[source]
	there := w.contracts[publicid.ContractID(before.object)]
	if again && there != nil && before.hash == string(c.said) {
		return nil
	}
	if there == nil {
		there = w.makeContract(d, c)
	} else if err := w.changeContract(ctx, d, there, c, signature(before.hash)); err != nil {
		return err
	}
	w.remember(source, there.ID.UUID(), string(c.said))
	return nil
}

func (w *writer) makeContract(d *draft, c *contractDraft) *ent.Contract {
	row := c.row
	row.ID, row.OwnerID, row.DepartmentID = publicid.NewContractID(), w.Owner, w.Department
	row.CustomerID, row.Renewal = w.customerOf(c.customer), lifecycle.FixedTerm // as the table has it
	w.contracts[row.ID], w.fresh[row.ID.UUID()] = &row, true
	w.rows.Contracts = append(w.rows.Contracts, &row)
	w.done.Contracts.Created++
	w.partiesOf(c, row.ID, 0)
	w.linesOf(c, row.ID, 0)
	w.paymentsOf(d, c, &row, nil)
	milestones := w.milestonesOf(c, row.ID)
	w.documentsOf(c, row.ID)
	w.changesOf(c, row.ID)
	w.made(&row, milestones)
	return &row
}

func (w *writer) customerOf(key string) publicid.CustomerID {
	return publicid.CustomerID(w.known[name{objParty, key}].object)
}

// changeContract takes over the fields and lists that the source has changed since the last import, and no others: what
// people have edited here stays as long as the source says nothing new about it.
func (w *writer) changeContract(ctx context.Context, d *draft, there *ent.Contract, c *contractDraft, before signature) error {
	was := *there
	new := func(i int) bool { return c.said.changed(before, i) }
	adopt(new(saidTitle), &there.Title, c.row.Title)
	adopt(new(saidState), &there.Status, c.row.Status)
	adopt(new(saidAmount), &there.AmountMinor, c.row.AmountMinor)
	if new(saidAmount) && there.Currency != c.row.Currency {
		if there.SettledMinor != 0 {
			w.tell(d, fmt.Sprintf("contracts[%d].value.currency", c.index), ocds.Field, "cannot change any more: payments are booked")
			there.AmountMinor = was.AmountMinor
		} else {
			there.Currency = c.row.Currency
		}
	}
	adopt(new(saidSigned), &there.SignedOn, c.row.SignedOn)
	adopt(new(saidStarts), &there.EffectiveOn, c.row.EffectiveOn)
	adopt(new(saidEnds), &there.EndsOn, c.row.EndsOn)
	adopt(new(saidText), &there.Description, c.row.Description)
	adopt(new(saidCustomer), &there.CustomerID, w.customerOf(c.customer))
	if err := w.changeLists(ctx, d, there, c, new); err != nil {
		return err
	}
	allow(there)
	if !reflect.DeepEqual(contractOf(&was), contractOf(there)) {
		w.before[there.ID.UUID()] = &was
		w.rows.Contracts = append(w.rows.Contracts, there)
		w.done.Contracts.Changed++
	}
	w.reminders.changed = append(w.reminders.changed, there)
	if !was.Status.OwesObligations() && there.Status.OwesObligations() {
		w.reminders.revived = append(w.reminders.revived, there.ID)
	}
	return nil
}

func adopt[T any](changed bool, to *T, from T) {
	if changed {
		*to = from
	}
}

func (w *writer) changeLists(ctx context.Context, d *draft, there *ent.Contract, c *contractDraft, new func(int) bool) error {
	for _, list := range []struct {
		said int
		do   func(context.Context, *draft, *ent.Contract, *contractDraft) error
	}{
		{saidParties, w.changeParties}, {saidLines, w.changeLines}, {saidPayments, w.changePayments},
		{saidMilestones, w.changeMilestones}, {saidDocuments, w.changeDocuments}, {saidChanges, w.changeChanges},
	} {
		if new(list.said) {
			if err := list.do(ctx, d, there, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// takenOver notes that a list was edited here since it was imported, and so belongs to the tenant now.
func (w *writer) takenOver(d *draft, c *contractDraft, list string) {
	w.tell(d, fmt.Sprintf("contracts[%d].%s", c.index, list), ocds.Skipped, "has changed, but was edited here meanwhile and was left as it is")
}

func (w *writer) changeParties(ctx context.Context, d *draft, there *ent.Contract, c *contractDraft) error {
	old, err := w.tx.ContractParty.Query().Where(contractparty.ContractID(there.ID)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the parties")
	}
	next := 0
	for _, p := range old {
		if !imported(p.ID.UUID()) {
			w.takenOver(d, c, "parties")
			return nil
		}
		next = max(next, p.Position+1)
	}
	have := w.partiesOf(c, there.ID, next)
	return drop(ctx, w.tx, dropParties, gone(old, func(p *ent.ContractParty) uuid.UUID { return p.ID.UUID() }, have))
}

func (w *writer) changeLines(ctx context.Context, d *draft, there *ent.Contract, c *contractDraft) error {
	old, err := w.tx.ContractLine.Query().Where(contractline.ContractID(there.ID)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the lines")
	}
	next := 0
	for _, l := range old {
		if !imported(l.ID.UUID()) {
			w.takenOver(d, c, "items")
			return nil
		}
		next = max(next, l.Position+1)
	}
	have := w.linesOf(c, there.ID, next)
	return drop(ctx, w.tx, dropLines, gone(old, func(l *ent.ContractLine) uuid.UUID { return l.ID.UUID() }, have))
}

func (w *writer) changeMilestones(ctx context.Context, d *draft, there *ent.Contract, c *contractDraft) error {
	old, err := w.tx.Milestone.Query().Where(mil.ContractID(there.ID)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the milestones")
	}
	if slices.ContainsFunc(old, func(m *ent.Milestone) bool { return !imported(m.ID.UUID()) }) {
		w.takenOver(d, c, "milestones")
		return nil
	}
	have := idsOf(w.milestonesOf(c, there.ID), func(m *ent.Milestone) uuid.UUID { return m.ID.UUID() })
	stale := gone(old, func(m *ent.Milestone) uuid.UUID { return m.ID.UUID() }, have)
	for _, id := range stale {
		w.reminders.dropped = append(w.reminders.dropped, uuid.MustParse(id))
	}
	return drop(ctx, w.tx, dropMilestones, stale)
}

// Documents and changes are added here and there alike, so those made here stay beside the imported ones.
func (w *writer) changeDocuments(ctx context.Context, _ *draft, there *ent.Contract, c *contractDraft) error {
	old, err := w.tx.DocumentReference.Query().Where(documentreference.ContractID(there.ID)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the documents")
	}
	have := w.documentsOf(c, there.ID)
	return drop(ctx, w.tx, dropDocuments, gone(old, func(p *ent.DocumentReference) uuid.UUID { return p.ID.UUID() }, have))
}

func (w *writer) changeChanges(ctx context.Context, _ *draft, there *ent.Contract, c *contractDraft) error {
	old, err := w.tx.ContractChange.Query().Where(contractchange.ContractID(there.ID)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the changes")
	}
	have := w.changesOf(c, there.ID)
	return drop(ctx, w.tx, dropChanges, gone(old, func(p *ent.ContractChange) uuid.UUID { return p.ID.UUID() }, have))
}

// changePayments adds what is new and reverses what the source takes back: payments are never changed.
func (w *writer) changePayments(ctx context.Context, d *draft, there *ent.Contract, c *contractDraft) error {
	if len(c.payments) > 0 && there.Currency != c.row.Currency {
		w.tell(d, fmt.Sprintf("contracts[%d].implementation.transactions", c.index), ocds.Skipped, "are in another currency than the contract is kept in")
		return nil
	}
	old, err := w.tx.Payment.Query().Where(payment.ContractID(there.ID)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the payments")
	}
	w.paymentsOf(d, c, there, old)
	return nil
}

// gone lists the imported rows that the source has no more.
func gone[T any](old []T, id func(T) uuid.UUID, have []uuid.UUID) []string {
	var out []string
	for _, o := range old {
		if at := id(o); imported(at) && !slices.Contains(have, at) {
			out = append(out, at.String())
		}
	}
	return out
}

func idsOf[T any](rows []T, id func(T) uuid.UUID) []uuid.UUID {
	out := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		out[i] = id(r)
	}
	return out
}

func (w *writer) partiesOf(c *contractDraft, id publicid.ContractID, next int) (ids []uuid.UUID) {
	for i, p := range c.parties {
		row := p.row.ContractParty
		row.ID, row.ContractID, row.Position = publicid.ContractPartyID(derived(id.UUID(), "party", p.source)), id, next+i
		if p.row.customer != "" {
			customer := w.customerOf(p.row.customer)
			row.CustomerID = &customer
		}
		w.rows.Parties, ids = append(w.rows.Parties, &row), append(ids, row.ID.UUID())
	}
	return ids
}

func (w *writer) linesOf(c *contractDraft, id publicid.ContractID, next int) (ids []uuid.UUID) {
	for i, l := range c.lines {
		row := l.row
		row.ID, row.ContractID, row.Position = publicid.ContractLineID(derived(id.UUID(), "line", l.source)), id, next+i
		w.rows.Lines, ids = append(w.rows.Lines, &row), append(ids, row.ID.UUID())
	}
	return ids
}

func (w *writer) milestonesOf(c *contractDraft, id publicid.ContractID) (rows []*ent.Milestone) {
	for _, m := range c.milestones {
		row := m.row
		row.ID, row.ContractID = publicid.MilestoneID(derived(id.UUID(), "milestone", m.source)), id
		rows = append(rows, &row)
	}
	w.rows.Milestones = append(w.rows.Milestones, rows...)
	return rows
}

func (w *writer) documentsOf(c *contractDraft, id publicid.ContractID) (ids []uuid.UUID) {
	for _, doc := range c.documents {
		row := doc.row
		row.ID, row.ContractID = publicid.DocumentReferenceID(derived(id.UUID(), "document", doc.source)), id
		w.rows.Documents, ids = append(w.rows.Documents, &row), append(ids, row.ID.UUID())
	}
	return ids
}

func (w *writer) changesOf(c *contractDraft, id publicid.ContractID) (ids []uuid.UUID) {
	for _, ch := range c.changes {
		row := ch.row
		row.ID, row.ContractID = publicid.ContractChangeID(derived(id.UUID(), "change", ch.source)), id
		w.rows.Changes, ids = append(w.rows.Changes, &row), append(ids, row.ID.UUID())
	}
	return ids
}
