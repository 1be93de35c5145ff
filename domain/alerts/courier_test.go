package alerts_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/alerts"
	"heyue/domain/alerts/channel"
	"heyue/domain/alerts/due"
	"heyue/domain/tenants/settings"
	"heyue/ent"
	"heyue/platform/publicid"
)

// courier remembers what it is given.
type courier struct {
	sent      []alerts.Order
	cancelled []publicid.AlertID
}

func (c *courier) Send(_ context.Context, _ *ent.Tx, orders []alerts.Order) error {
	c.sent = append(c.sent, orders...)
	return nil
}

func (c *courier) Cancel(_ context.Context, _ *ent.Tx, ids []publicid.AlertID) error {
	c.cancelled = append(c.cancelled, ids...)
	return nil
}

// TestAlertsAreHandedToTheCourier: what the scanner raises and what somebody is told at once goes out by every channel of
// the tenant, and is given up when the date moves.
func TestAlertsAreHandedToTheCourier(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.Write(t, b.acme.Ctx, func(tx *ent.Tx) error {
		s := settings.Default()
		s.AlertChannels = []channel.Channel{channel.InApp, channel.Email}
		return tx.Tenant.Update().SetSettings(s).Exec(b.acme.Ctx)
	})
	var c courier
	b.owed.Courier = &c
	d := b.date(t, 7)
	b.set(t, d)
	s := b.scanner()
	s.Courier = &c
	if _, err := s.ScanOnce(t.Context(), b.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	b.Write(t, b.acme.Ctx, func(tx *ent.Tx) error {
		return b.owed.Tell(b.acme.Ctx, tx, due.PaymentDue, d.SubjectID, "asked", user(t, b.manager))
	})
	type order struct {
		by  channel.Channel
		to  publicid.UserID
		due publicid.ObligationID
	}
	subject := b.obligation(t, d).ID
	want := []order{
		{channel.InApp, user(t, b.seller), subject}, {channel.Email, user(t, b.seller), subject},
		{channel.InApp, user(t, b.manager), subject}, {channel.Email, user(t, b.manager), subject},
	}
	var got []order
	var ids []publicid.AlertID
	for i, o := range c.sent {
		got = append(got, order{o.Channel, *o.Recipient.User, o.Subject})
		if i%2 == 0 {
			ids = append(ids, o.Alert)
		}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(order{})); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
	d.DueOn = d.DueOn.AddDays(100)
	b.set(t, d)
	if diff := cmp.Diff(ids, c.cancelled); diff != "" {
		t.Errorf("cancelled (-want +got):\n%s", diff)
	}
}
