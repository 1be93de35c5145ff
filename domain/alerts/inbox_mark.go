package alerts

import (
	"context"
	"strconv"

	"heyue/ent"
	"heyue/ent/alert"
	"heyue/ent/alertrecipient"
	"heyue/outbox"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// MaxMarked is how many alerts one call may mark.
const MaxMarked = 100

// Targets are alerts that were read.
type Targets struct{ IDs []publicid.AlertID }

// Target is an alert that the caller takes note of.
type Target struct{ ID publicid.AlertID }

// Read marks alerts as read and returns them in the order asked for. What is read already stays as it is. One alert
// that the caller cannot see is NOT_FOUND, and nothing is marked.
func (i *Inbox) Read(ctx context.Context, ids []publicid.AlertID) ([]*ent.Alert, error) {
	return i.mark(ctx, ids, EventRead)
}

// Acknowledge records that the caller has taken note of an alert and will act; it marks it as read too. A second time
// changes nothing. An alert that the caller cannot see is NOT_FOUND.
func (i *Inbox) Acknowledge(ctx context.Context, id publicid.AlertID) (*ent.Alert, error) {
	marked, err := i.mark(ctx, []publicid.AlertID{id}, EventAcknowledged)
	if fault.KindOf(err) == fault.NotFound {
		return nil, fault.NoSuch("alert", "id")
	}
	if err != nil {
		return nil, err
	}
	return marked[0], nil
}

func (i *Inbox) mark(ctx context.Context, ids []publicid.AlertID, kind string) ([]*ent.Alert, error) {
	r, err := i.reader(ctx)
	if err != nil {
		return nil, err
	}
	var c fault.Check
	c.That(len(ids) > 0, fault.Required, "ids", "name at least one alert")
	c.That(len(ids) <= MaxMarked, fault.OutOfRange, "ids", "%d alerts are too many, at most %d at a time", len(ids), MaxMarked)
	if err := c.Err(); err != nil {
		return nil, err
	}
	var marked []*ent.Alert
	err = tenancy.Write(ctx, i.Client, func(tx *ent.Tx) error {
		found, err := tx.Alert.Query().Where(among(alert.FieldID, ids), r.visible(nil, nil, nil)).
			WithRecipients(func(q *ent.AlertRecipientQuery) {
				q.Where(alertrecipient.UserID(r.user)).Order(alertrecipient.ByID()).ForUpdate()
			}).All(ctx)
		if err != nil {
			return fault.Wrap(err, "read alerts")
		}
		if marked, err = inOrder(ids, found); err != nil {
			return err
		}
		return i.stamp(ctx, tx, r, marked, kind)
	})
	if err != nil {
		return nil, err
	}
	return marked, nil
}

// stamp writes what is new in the reader's inbox rows, which are locked, and tells the reader's other screens.
func (i *Inbox) stamp(ctx context.Context, tx *ent.Tx, r reader, marked []*ent.Alert, kind string) error {
	now := i.Clock.Now()
	var fresh, taken []publicid.AlertRecipientID
	var events []outbox.Event
	for _, a := range marked {
		mine := Mine(a)
		unread, open := mine.ReadAt == nil, mine.AcknowledgedAt == nil && kind == EventAcknowledged
		if unread {
			mine.ReadAt = &now
			fresh = append(fresh, mine.ID)
		}
		if open {
			mine.AcknowledgedAt = &now
			taken = append(taken, mine.ID)
		}
		if unread || open {
			events = append(events, event(kind, a.ID, r.user))
		}
	}
	if len(fresh) > 0 {
		if err := tx.AlertRecipient.Update().Where(among(alertrecipient.FieldID, fresh)).SetReadAt(now).SetUpdatedAt(now).Exec(ctx); err != nil {
			return fault.Wrap(err, "mark alerts as read")
		}
	}
	if len(taken) > 0 {
		if err := tx.AlertRecipient.Update().Where(among(alertrecipient.FieldID, taken)).SetAcknowledgedAt(now).SetUpdatedAt(now).Exec(ctx); err != nil {
			return fault.Wrap(err, "acknowledge alerts")
		}
	}
	return i.Outbox.Append(ctx, tx, events...)
}

// inOrder sorts what was found as it was asked for, each once.
func inOrder(ids []publicid.AlertID, found []*ent.Alert) ([]*ent.Alert, error) {
	byID := make(map[publicid.AlertID]*ent.Alert, len(found))
	for _, a := range found {
		if Mine(a) != nil {
			byID[a.ID] = a
		}
	}
	var out []*ent.Alert
	taken := map[publicid.AlertID]bool{}
	for n, id := range ids {
		a := byID[id]
		if a == nil {
			return nil, fault.NoSuch("alert", "ids", strconv.Itoa(n))
		}
		if !taken[id] {
			out = append(out, a)
		}
		taken[id] = true
	}
	return out, nil
}

// need is Engine.Require for grants that were read by other means.
func need(grants *policies.Grants, p policies.Permission) (policies.Access, error) {
	access, ok := grants.Access(p)
	if !ok {
		return access, fault.Forbidden(p.String())
	}
	return access, nil
}
