package alerts

import (
	"context"

	"heyue/domain/alerts/channel"
	"heyue/ent"
	"heyue/platform/publicid"
)

// Orders as the reminder engine gives them and the deliveries take them.
type (
	// Order asks for an alert to reach somebody by one channel.
	Order = channel.Order
	// Addressee is whom an order is for.
	Addressee = channel.Addressee
)

// Courier makes orders arrive. Both methods write in the caller's transaction and send nothing before it commits.
type Courier interface {
	// Send takes orders. The same (alert, channel, recipient) again changes nothing.
	Send(ctx context.Context, tx *ent.Tx, orders []Order) error
	// Cancel gives up what has not gone out yet of alerts that are moot.
	Cancel(ctx context.Context, tx *ent.Tx, alerts []publicid.AlertID) error
}

// orders asks for an alert of ob to reach users by each of the tenant's channels.
func (p planner) orders(ob *ent.Obligation, alert publicid.AlertID, users []publicid.UserID) []Order {
	var out []Order
	for _, c := range p.settings.AlertChannels {
		for _, u := range users {
			out = append(out, Order{Alert: alert, Recipient: Addressee{User: &u}, Channel: c, Subject: ob.ID})
		}
	}
	return out
}

// dispatch hands orders to c, if there is one.
func dispatch(ctx context.Context, tx *ent.Tx, c Courier, orders []Order) error {
	if c == nil || len(orders) == 0 {
		return nil
	}
	return c.Send(ctx, tx, orders)
}
