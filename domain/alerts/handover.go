package alerts

import (
	"context"

	"heyue/domain/alerts/due"
	"heyue/domain/staff/leaving"
	"heyue/ent"
	"heyue/ent/alert"
	"heyue/ent/obligation"
	"heyue/ent/predicate"
	"heyue/outbox"
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// Held counts the open due dates that a user answers for. Whoever asks has the permission checked.
func (i *Inbox) Held(ctx context.Context, user publicid.UserID) (int, error) {
	n, err := i.Client.Obligation.Query().Where(answeredBy(user), isOpen).Count(ctx)
	return n, fault.Wrap(err, "count a user's due dates")
}

// answeredBy matches what follows the owner of a record. What is asked of one person in an approval is the approvals'.
func answeredBy(user publicid.UserID) predicate.Obligation {
	return obligation.And(obligation.OwnerID(user), obligation.KindNotIn(due.ApprovalTask, due.ApprovalResult))
}

// HandOver gives the due dates of somebody who leaves to their successor, or to nobody, which makes the managers of the
// department answer (B6). Dates and reminders stay; whoever answers now finds raised alerts in their inbox too. It is for
// the use case that hands the records over, after them and in the same transaction.
func (o Obligations) HandOver(ctx context.Context, tx *ent.Tx, h leaving.Handover) error {
	held, err := lock(ctx, tx, answeredBy(h.From))
	if err != nil || len(held) == 0 {
		return err
	}
	for _, ob := range held {
		if h.To == nil && ob.DepartmentID == nil {
			ob.DepartmentID = h.Home
		}
		ob.OwnerID = h.To
	}
	if err := updateObligations(ctx, tx, o.Clock.Now(), held); err != nil {
		return err
	}
	return o.pass(ctx, tx, held)
}

// pass puts the raised alerts of obligations into the inboxes of whoever answers for them now.
func (o Obligations) pass(ctx context.Context, tx *ent.Tx, held []*ent.Obligation) error {
	byID := make(map[publicid.ObligationID]*ent.Obligation, len(held))
	for _, ob := range held {
		byID[ob.ID] = ob
	}
	raised, err := tx.Alert.Query().Where(among(alert.FieldObligationID, idsOf(held)), alert.StateEQ(due.Raised)).Order(alert.ByID()).All(ctx)
	if err != nil || len(raised) == 0 {
		return fault.Wrap(err, "read raised alerts")
	}
	candidates, err := Staff{}.Candidates(ctx, tx, held)
	if err != nil {
		return err
	}
	plans, err := planning(ctx, tx.Tenant, o.Clock.Now())
	if err != nil {
		return err
	}
	var inbox []recipientRow
	var orders []Order
	var events []outbox.Event
	for _, a := range raised {
		ob := byID[a.ObligationID]
		users := first(candidates(ob))
		orders = append(orders, plans.orders(ob, a.ID, users)...)
		for _, u := range users {
			inbox = append(inbox, recipientRow{publicid.NewAlertRecipientID().UUID(), a.ID.UUID(), u.UUID()})
		}
		if len(users) > 0 {
			events = append(events, event(EventRaised, a.ID, users...))
		}
	}
	if err := exec(ctx, tx, "fill inboxes", insertRecipientsSQL, plans.now, inbox); err != nil {
		return err
	}
	if err := dispatch(ctx, tx, o.Courier, orders); err != nil {
		return err
	}
	return o.Outbox.Append(ctx, tx, events...)
}

// first is the first group with somebody in it.
func first(groups [][]publicid.UserID) []publicid.UserID {
	for _, g := range groups {
		if len(g) > 0 {
			return g
		}
	}
	return nil
}
