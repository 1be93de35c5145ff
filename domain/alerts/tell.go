package alerts

import (
	"context"

	"github.com/google/uuid"

	"heyue/domain/alerts/due"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/publicid"
)

// Tell raises an alert of an open obligation at once, for the given users and beside its ladder: somebody is asked to
// decide, or told how it went (F4, J5). Step names the telling; the same one of the same date tells nobody again. An
// obligation that is not open, or not there, tells nobody. Whoever may not read alerts, or not what it is about, does
// not see it.
func (o Obligations) Tell(ctx context.Context, tx *ent.Tx, kind due.Kind, subject uuid.UUID, step string, users ...publicid.UserID) error {
	open, err := lock(ctx, tx, named(kind, []uuid.UUID{subject}), isOpen)
	if err != nil || len(open) == 0 || len(users) == 0 {
		return err
	}
	plans, err := planning(ctx, tx.Tenant, o.Clock.Now())
	if err != nil {
		return err
	}
	ob, id := open[0], publicid.NewAlertID()
	left := ob.DueOn.Since(date.In(plans.now, plans.zone))
	made, err := returning(ctx, tx, "raise an alert", insertAlertsSQL, plans.now, []alertRow{
		{id.UUID(), ob.ID.UUID(), ob.Kind, ob.DateVersion, step, left, ob.Title, ob.DueOn, ob.AmountMinor, ob.Currency},
	})
	if err != nil || len(made) == 0 {
		return err
	}
	inbox := make([]recipientRow, len(users))
	for i, u := range users {
		inbox[i] = recipientRow{publicid.NewAlertRecipientID().UUID(), id.UUID(), u.UUID()}
	}
	if err := exec(ctx, tx, "fill inboxes", insertRecipientsSQL, plans.now, inbox); err != nil {
		return err
	}
	if err := dispatch(ctx, tx, o.Courier, plans.orders(ob, id, users)); err != nil {
		return err
	}
	return o.Outbox.Append(ctx, tx, event(EventRaised, id, users...))
}
