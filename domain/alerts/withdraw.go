package alerts

import (
	"context"

	"heyue/domain/alerts/due"
	"heyue/ent"
	"heyue/ent/alert"
	"heyue/outbox"
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// withdraw takes back what obligations have raised and tells the recipients. The reminders must be locked before, so
// that no scanner adds another alert behind its back.
func (o Obligations) withdraw(ctx context.Context, tx *ent.Tx, obligations []publicid.ObligationID) error {
	if len(obligations) == 0 {
		return nil
	}
	raised, err := tx.Alert.Query().Where(among(alert.FieldObligationID, obligations), alert.StateEQ(due.Raised)).
		Order(alert.ByID()).WithRecipients().All(ctx)
	if err != nil || len(raised) == 0 {
		return fault.Wrap(err, "read raised alerts")
	}
	ids := make([]publicid.AlertID, len(raised))
	events := make([]outbox.Event, len(raised))
	for i, a := range raised {
		ids[i] = a.ID
		events[i] = event(EventWithdrawn, a.ID, recipientsOf(a)...)
	}
	now := o.Clock.Now()
	err = tx.Alert.Update().Where(among(alert.FieldID, ids)).SetState(due.Withdrawn).SetWithdrawnAt(now).SetUpdatedAt(now).Exec(ctx)
	if err != nil {
		return fault.Wrap(err, "withdraw alerts")
	}
	if o.Courier != nil {
		if err := o.Courier.Cancel(ctx, tx, ids); err != nil {
			return err
		}
	}
	return o.Outbox.Append(ctx, tx, events...)
}
