package alerts

import (
	"context"
	"errors"
	"time"

	"heyue/audit"
	"heyue/domain/alerts/due"
	"heyue/ent"
	"heyue/ent/alert"
	"heyue/ent/alertrecipient"
	"heyue/ent/user"
	"heyue/identity/account"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// MaxSnooze is how long an alert may be put off.
const MaxSnooze = 90 * 24 * time.Hour

// Snooze is an alert that the caller puts off; without Until it comes back at once.
type Snooze struct {
	ID    publicid.AlertID
	Until *time.Time
}

// Assignment is an alert that the caller gives to somebody else.
type Assignment struct {
	ID     publicid.AlertID
	UserID publicid.UserID
}

// Passing is between whom an alert went.
type Passing struct{ By, To *publicid.UserID }

// Given tells who gave an alert to the caller for whom it was read, and whom they gave it to.
func Given(a *ent.Alert) Passing {
	mine := Mine(a)
	if mine == nil {
		return Passing{}
	}
	return Passing{mine.AssignedByID, mine.AssignedToID}
}

// Snooze puts an alert of the caller's off until some time, when it comes back unread (J2). Others who have it are not
// concerned. Faults: NOT_FOUND; OUT_OF_RANGE at until; WRONG_STATE for an alert that was withdrawn.
func (i *Inbox) Snooze(ctx context.Context, s Snooze) (*ent.Alert, error) {
	r, err := i.reader(ctx)
	if err != nil {
		return nil, err
	}
	now := i.Clock.Now()
	var c fault.Check
	c.That(s.Until == nil || s.Until.After(now) && !s.Until.After(now.Add(MaxSnooze)), fault.OutOfRange, "until",
		"an alert is put off until a time within the next %.0f days", MaxSnooze.Hours()/24) //nolint:mnd // hours of a day
	if err := c.Err(); err != nil {
		return nil, err
	}
	return i.care(ctx, r, s.ID, func(tx *ent.Tx, a *ent.Alert, mine *ent.AlertRecipient) error {
		update := tx.AlertRecipient.UpdateOne(mine)
		if s.Until == nil {
			update.ClearSnoozedUntil()
		} else {
			update.SetSnoozedUntil(*s.Until)
		}
		kept, err := update.Save(ctx)
		if err != nil {
			return fault.Wrap(err, "put an alert off")
		}
		a.Edges.Recipients = []*ent.AlertRecipient{kept}
		return i.Outbox.Append(ctx, tx, event(EventSnoozed, a.ID, r.user))
	})
}

// Assign gives an alert of the caller's to another user, who is told by the tenant's channels; the caller's own counts as
// acknowledged (J2). Faults: NOT_FOUND; NOT_FOUND at userId for nobody, or somebody who has left; NOT_ALLOWED at userId for
// somebody who may not read alerts or what it is about; WRONG_STATE for an alert that was withdrawn.
func (i *Inbox) Assign(ctx context.Context, as Assignment) (*ent.Alert, error) {
	r, err := i.reader(ctx)
	if err != nil {
		return nil, err
	}
	grants, err := i.Policies.Of(ctx, as.UserID)
	if err != nil {
		return nil, err
	}
	return i.care(ctx, r, as.ID, func(tx *ent.Tx, a *ent.Alert, mine *ent.AlertRecipient) error {
		if err := i.assignable(ctx, tx, grants, a, as.UserID); err != nil {
			return err
		}
		now := i.Clock.Now()
		kept, err := tx.AlertRecipient.UpdateOne(mine).SetAssignedToID(as.UserID).SetReadAt(now).SetAcknowledgedAt(now).ClearSnoozedUntil().Save(ctx)
		if err != nil {
			return fault.Wrap(err, "give an alert away")
		}
		a.Edges.Recipients = []*ent.AlertRecipient{kept}
		if err := i.receive(ctx, tx, a, as.UserID, r.user, now); err != nil {
			return err
		}
		entry := audit.Entry{Action: "assign", Object: "alert", ID: a.ID.UUID(), Before: mine, After: kept}
		return errors.Join(i.Audit.Record(ctx, tx, entry), i.Outbox.Append(ctx, tx, event(EventAssigned, a.ID, r.user, as.UserID)))
	})
}

// assignable wants somebody who is there and may see the alert.
func (i *Inbox) assignable(ctx context.Context, tx *ent.Tx, grants *policies.Grants, a *ent.Alert, to publicid.UserID) error {
	there, err := tx.User.Query().Where(user.ID(to), user.StateEQ(account.Active)).Exist(ctx)
	if err != nil {
		return fault.Wrap(err, "look for a user")
	}
	if !there {
		return fault.NoSuch("user", "userId")
	}
	seer, err := readerWith(ctx, grants)
	if err == nil {
		var sees bool
		sees, err = tx.Alert.Query().Where(alert.ID(a.ID), seer.subject).Exist(ctx)
		if err == nil && sees {
			return nil
		}
	}
	if err != nil && fault.KindOf(err) != fault.Denied {
		return fault.Wrap(err, "ask what somebody may see")
	}
	return fault.New(fault.Invalid, fault.NotAllowed, "they may not read alerts, or not what it is about").At("userId")
}

// receive puts an alert into an inbox, unread, or brings it back there, and has its owner told by the tenant's channels.
func (i *Inbox) receive(ctx context.Context, tx *ent.Tx, a *ent.Alert, to, from publicid.UserID, now time.Time) error {
	row := []recipientRow{{publicid.NewAlertRecipientID().UUID(), a.ID.UUID(), to.UUID()}}
	if err := exec(ctx, tx, "fill an inbox", insertRecipientsSQL, now, row); err != nil {
		return err
	}
	err := tx.AlertRecipient.Update().Where(alertrecipient.AlertID(a.ID), alertrecipient.UserID(to)).
		SetAssignedByID(from).ClearReadAt().ClearAcknowledgedAt().ClearSnoozedUntil().ClearAssignedToID().Exec(ctx)
	if err != nil {
		return fault.Wrap(err, "give an alert")
	}
	tenant, err := tx.Tenant.Query().Only(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the tenant's settings")
	}
	var orders []Order
	for _, by := range tenant.Settings.AlertChannels {
		orders = append(orders, Order{Alert: a.ID, Recipient: Addressee{User: &to}, Channel: by, Subject: a.ObligationID})
	}
	return dispatch(ctx, tx, i.Courier, orders)
}

// care loads a raised alert of the reader's with their row of the inbox locked, and lets edit write it.
func (i *Inbox) care(ctx context.Context, r reader, id publicid.AlertID, edit func(tx *ent.Tx, a *ent.Alert, mine *ent.AlertRecipient) error) (found *ent.Alert, err error) {
	err = tenancy.Write(ctx, i.Client, func(tx *ent.Tx) error {
		found, err = tx.Alert.Query().Where(alert.ID(id), r.visible(nil, nil, nil)).
			WithRecipients(func(q *ent.AlertRecipientQuery) { q.Where(alertrecipient.UserID(r.user)).ForUpdate() }).Only(ctx)
		if ent.IsNotFound(err) || err == nil && Mine(found) == nil {
			return fault.NoSuch("alert", "id")
		}
		if err != nil {
			return tenancy.Fault(err, "load an alert")
		}
		if found.State != due.Raised {
			return fault.New(fault.State, fault.WrongState, "the alert was withdrawn").At("id")
		}
		return edit(tx, found, Mine(found))
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Show returns an alert of a user's inbox as they may see it now, and what they may do. The alert is nil when it is not
// theirs, or when they may not read alerts or what it is about. It is for what tells users of their alerts elsewhere.
func (i *Inbox) Show(ctx context.Context, user publicid.UserID, id publicid.AlertID) (*ent.Alert, *policies.Grants, error) {
	grants, err := i.Policies.Of(ctx, user)
	if err != nil {
		return nil, nil, err
	}
	r, err := readerWith(ctx, grants)
	if fault.KindOf(err) == fault.Denied {
		return nil, grants, nil
	}
	if err != nil {
		return nil, nil, err
	}
	a, err := i.Client.Alert.Query().Where(alert.ID(id), r.visible(nil, nil, nil)).WithObligation().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, grants, nil
	}
	return a, grants, tenancy.Fault(err, "read an alert")
}
