package imports

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"heyue/domain/alerts/due"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/contracts/milestone"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/contractstep"
	mil "heyue/ent/milestone"
	"heyue/ent/paymentplanline"
	"heyue/ent/progressline"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// reminders is what an import means for the due dates. They follow the same rules as those of contracts that are
// entered by hand: only a contract whose status owes obligations is reminded of.
type reminders struct {
	dates   []due.Date      // of contracts that were made
	changed []*ent.Contract // were there before
	revived []publicid.ContractID
	dropped []uuid.UUID // milestones that are gone
}

func (w *writer) made(c *ent.Contract, milestones []*ent.Milestone) {
	w.reminders.dates = append(w.reminders.dates, w.Dates(c, false, milestones, nil, nil)...)
}

// remind runs after the rows were written.
func (w *writer) remind(ctx context.Context) error {
	if len(w.reminders.dropped) > 0 {
		if err := w.Obligations.Cancel(ctx, w.tx, due.MilestoneDue, w.reminders.dropped...); err != nil {
			return err
		}
	}
	if err := w.remindChanged(ctx); err != nil {
		return err
	}
	if len(w.reminders.dates) == 0 {
		return nil
	}
	if err := w.revive(ctx); err != nil {
		return err
	}
	return w.Obligations.Import(ctx, w.tx, w.reminders.dates...)
}

// revive opens what was cancelled when a contract stopped to owe anything, and is owed again now.
func (w *writer) revive(ctx context.Context) error {
	subjects := map[due.Kind][]uuid.UUID{}
	for _, d := range w.reminders.dates {
		if slices.Contains(w.reminders.revived, *d.ContractID) {
			subjects[d.Kind] = append(subjects[d.Kind], d.SubjectID)
		}
	}
	for _, k := range kinds() {
		if len(subjects[k]) > 0 {
			if err := w.Obligations.Reopen(ctx, w.tx, k, subjects[k]...); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *writer) remindChanged(ctx context.Context) error {
	if len(w.reminders.changed) == 0 {
		return nil
	}
	ids := make([]publicid.ContractID, len(w.reminders.changed))
	for i, c := range w.reminders.changed {
		ids[i] = c.ID
	}
	all, err := w.tx.Milestone.Query().Where(among(mil.FieldContractID, ids)).Order(mil.ByID()).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the milestones")
	}
	agreed, err := w.tx.ContractStep.Query().Where(among(contractstep.FieldContractID, ids), contractstep.EventEQ(lifecycle.AgreeRenewal)).
		Select(contractstep.FieldContractID).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read what was agreed")
	}
	open, err := w.tx.PaymentPlanLine.Query().Where(among(paymentplanline.FieldContractID, ids), paymentplanline.StateIn(plan.Planned, plan.PartlyPaid)).
		Order(paymentplanline.ByID()).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the payment plans")
	}
	lines, err := w.tx.ProgressLine.Query().Where(among(progressline.FieldContractID, ids)).Order(progressline.ByID()).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the progress lines")
	}
	milestones := by(all, func(m *ent.Milestone) publicid.ContractID { return m.ContractID })
	instalments := by(open, func(l *ent.PaymentPlanLine) publicid.ContractID { return l.ContractID })
	work := by(lines, func(l *ent.ProgressLine) publicid.ContractID { return l.ContractID })
	ended := map[due.Kind][]uuid.UUID{}
	for _, c := range w.reminders.changed {
		renewed := slices.ContainsFunc(agreed, func(st *ent.ContractStep) bool { return st.ContractID == c.ID })
		w.reminders.dates = append(w.reminders.dates, w.change(c, renewed, parts{milestones[c.ID], instalments[c.ID], work[c.ID]}, ended)...)
	}
	if err := w.Obligations.Meet(ctx, w.tx, due.MilestoneDue, ended[met]...); err != nil {
		return err
	}
	for _, k := range kinds() {
		if err := w.Obligations.Cancel(ctx, w.tx, k, ended[k]...); err != nil {
			return err
		}
	}
	return nil
}

// met is where change puts milestones that were reached; those put under a kind are due no more.
const met due.Kind = ""

// parts are what of a contract has days of its own.
type parts struct {
	milestones  []*ent.Milestone
	instalments []*ent.PaymentPlanLine
	work        []*ent.ProgressLine
}

func (w *writer) change(c *ent.Contract, agreed bool, p parts, ended map[due.Kind][]uuid.UUID) []due.Date {
	owes := c.Status.OwesObligations() && c.ArchivedAt == nil
	dates := w.Dates(c, agreed, p.milestones, p.instalments, p.work)
	for _, k := range due.OfContract() {
		if !slices.ContainsFunc(dates, func(d due.Date) bool { return d.Kind == k }) {
			ended[k] = append(ended[k], c.ID.UUID())
		}
	}
	for _, m := range p.milestones {
		switch {
		case m.State == milestone.Done:
			ended[met] = append(ended[met], m.ID.UUID())
		case !owes || m.State == milestone.Cancelled || m.DueOn == nil:
			ended[due.MilestoneDue] = append(ended[due.MilestoneDue], m.ID.UUID())
		}
	}
	if !owes {
		for _, l := range p.instalments {
			ended[due.PaymentDue] = append(ended[due.PaymentDue], l.ID.UUID())
		}
		for _, l := range p.work {
			ended[l.Kind.Due()] = append(ended[l.Kind.Due()], l.ID.UUID())
		}
	}
	return dates
}

// kinds are what an import may open and close.
func kinds() []due.Kind {
	return append(due.OfContract(), due.MilestoneDue, due.PaymentDue, due.DeliveryDue, due.ServiceDue, due.AcceptanceDue)
}

// by puts rows beside their contract.
func by[T any](rows []T, contract func(T) publicid.ContractID) map[publicid.ContractID][]T {
	out := map[publicid.ContractID][]T{}
	for _, r := range rows {
		out[contract(r)] = append(out[contract(r)], r)
	}
	return out
}
