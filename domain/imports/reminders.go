package imports

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"heyue/domain/alerts/due"
	"heyue/domain/contracts/milestone"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	mil "heyue/ent/milestone"
	"heyue/ent/paymentplanline"
	"heyue/platform/money"
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

func (r *reminders) made(c *ent.Contract, milestones []*ent.Milestone) {
	if c.Status.OwesObligations() {
		r.dates = append(r.dates, DueDates(c, milestones, nil)...)
	}
}

// DueDates lists what of a contract falls due: its end, the instalments given and those of the milestones that are open.
func DueDates(c *ent.Contract, milestones []*ent.Milestone, instalments []*ent.PaymentPlanLine) []due.Date {
	var out []due.Date
	add := func(d due.Date) {
		d.ContractID, d.Owner, d.Department = &c.ID, c.OwnerID, c.DepartmentID
		out = append(out, d)
	}
	if c.EndsOn != nil {
		add(due.Date{Kind: due.ContractEnd, SubjectID: c.ID.UUID(), Title: c.Title, DueOn: *c.EndsOn})
	}
	for _, l := range instalments {
		left := money.Of(l.AmountMinor-l.SettledMinor, c.Currency)
		add(due.Date{Kind: due.PaymentDue, SubjectID: l.ID.UUID(), Title: c.Title, DueOn: l.DueOn, Amount: &left})
	}
	for _, m := range milestones {
		if m.State == milestone.Open && m.DueOn != nil {
			add(due.Date{Kind: due.MilestoneDue, SubjectID: m.ID.UUID(), Title: c.Title + " · " + m.Title, DueOn: *m.DueOn})
		}
	}
	return out
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
	for _, k := range []due.Kind{due.ContractEnd, due.MilestoneDue, due.PaymentDue} {
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
	open, err := w.tx.PaymentPlanLine.Query().Where(among(paymentplanline.FieldContractID, ids), paymentplanline.StateIn(plan.Planned, plan.PartlyPaid)).
		Order(paymentplanline.ByID()).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the payment plans")
	}
	milestones, instalments := map[publicid.ContractID][]*ent.Milestone{}, map[publicid.ContractID][]*ent.PaymentPlanLine{}
	for _, m := range all {
		milestones[m.ContractID] = append(milestones[m.ContractID], m)
	}
	for _, l := range open {
		instalments[l.ContractID] = append(instalments[l.ContractID], l)
	}
	ended := map[due.Kind][]uuid.UUID{}
	for _, c := range w.reminders.changed {
		w.reminders.dates = append(w.reminders.dates, w.reminders.change(c, milestones[c.ID], instalments[c.ID], ended)...)
	}
	if err := w.Obligations.Meet(ctx, w.tx, due.MilestoneDue, ended[met]...); err != nil {
		return err
	}
	for _, k := range []due.Kind{due.ContractEnd, due.MilestoneDue, due.PaymentDue} {
		if err := w.Obligations.Cancel(ctx, w.tx, k, ended[k]...); err != nil {
			return err
		}
	}
	return nil
}

// met is where change puts milestones that were reached; those put under a kind are due no more.
const met due.Kind = ""

func (r *reminders) change(c *ent.Contract, milestones []*ent.Milestone, instalments []*ent.PaymentPlanLine, ended map[due.Kind][]uuid.UUID) []due.Date {
	owes := c.Status.OwesObligations() && c.ArchivedAt == nil
	if !owes || c.EndsOn == nil {
		ended[due.ContractEnd] = append(ended[due.ContractEnd], c.ID.UUID())
	}
	for _, m := range milestones {
		switch {
		case m.State == milestone.Done:
			ended[met] = append(ended[met], m.ID.UUID())
		case !owes || m.State == milestone.Cancelled || m.DueOn == nil:
			ended[due.MilestoneDue] = append(ended[due.MilestoneDue], m.ID.UUID())
		}
	}
	if !owes {
		for _, l := range instalments {
			ended[due.PaymentDue] = append(ended[due.PaymentDue], l.ID.UUID())
		}
		return nil
	}
	return DueDates(c, milestones, instalments)
}
