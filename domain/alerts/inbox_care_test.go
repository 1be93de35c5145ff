package alerts_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/alerts"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

// TestASnoozedAlertComesBack, unread, at its time, once, and only to whoever put it off.
func TestASnoozedAlertComesBack(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	i := b.inbox(t)
	b.raise(t)
	a := first(t, i, b.seller)
	if _, err := i.Read(b.seller, []publicid.AlertID{a.ID}); err != nil {
		t.Fatal(err)
	}
	yes, no, until := true, false, b.Clock.Now().Add(time.Hour)
	for _, bad := range []time.Time{b.Clock.Now(), b.Clock.Now().Add(alerts.MaxSnooze + time.Second)} {
		_, err := i.Snooze(b.seller, alerts.Snooze{ID: a.ID, Until: &bad})
		fixture.Want(t, bad.String(), err, "until OUT_OF_RANGE")
	}
	_, err := i.Snooze(b.manager, alerts.Snooze{ID: a.ID, Until: &until})
	fixture.Want(t, "somebody else", err, "id NOT_FOUND")
	if _, err := i.Snooze(b.seller, alerts.Snooze{ID: a.ID, Until: &until}); err != nil {
		t.Fatal(err)
	}
	waker := &alerts.Waker{Client: b.Client, System: b.System, Outbox: b.Outbox, Clock: b.Clock, Log: slog.New(slog.DiscardHandler)}
	if n, err := waker.Once(t.Context()); n != 0 || err != nil {
		t.Fatalf("%d came back early, %v", n, err)
	}
	if got := titles(t, i, b.seller, &alerts.Filter{Snoozed: &no}); len(got) != 0 || unread(t, i, b.seller) != 0 {
		t.Errorf("still in sight: %v", got)
	}
	if got := titles(t, i, b.seller, &alerts.Filter{Snoozed: &yes}); len(got) != 1 {
		t.Errorf("put off: %v", got)
	}
	b.Clock.Advance(time.Hour)
	for _, want := range []int{1, 0} {
		if n, err := waker.Once(t.Context()); n != want || err != nil {
			t.Fatalf("%d came back, want %d, %v", n, want, err)
		}
	}
	if got := titles(t, i, b.seller, &alerts.Filter{Snoozed: &no, Unread: &yes}); len(got) != 1 || unread(t, i, b.seller) != 1 {
		t.Errorf("back: %v", got)
	}
	if d := cmp.Diff(map[string]int{"alert.raised": 1, "alert.read": 1, "alert.snoozed": 1, "alert.woken": 1}, b.events(t)); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
}

// TestAnAlertIsGivenAway to whoever may see what it is about, who may give it back; what it was before does not count.
func TestAnAlertIsGivenAway(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	i := b.inbox(t)
	var c courier
	i.Courier = &c
	b.raise(t)
	a := first(t, i, b.seller)
	other := b.User(t, b.acme, "sales", b.sales)
	_, err := i.Assign(b.seller, alerts.Assignment{ID: a.ID, UserID: user(t, other)})
	fixture.Want(t, "somebody who may not see it", err, "userId NOT_ALLOWED")
	_, err = i.Assign(b.seller, alerts.Assignment{ID: a.ID, UserID: publicid.NewUserID()})
	fixture.Want(t, "nobody", err, "userId NOT_FOUND")
	given, err := i.Assign(b.seller, alerts.Assignment{ID: a.ID, UserID: user(t, b.manager)})
	if err != nil {
		t.Fatal(err)
	}
	if mine := alerts.Mine(given); mine.AcknowledgedAt == nil || *alerts.Given(given).To != user(t, b.manager) {
		t.Errorf("%+v", mine)
	}
	if got := first(t, i, b.manager); got.ID != a.ID || *alerts.Given(got).By != user(t, b.seller) || unread(t, i, b.manager) != 1 {
		t.Errorf("%+v", got)
	}
	if len(c.sent) != 1 || *c.sent[0].Recipient.User != user(t, b.manager) {
		t.Errorf("the manager is told by %+v", c.sent)
	}
	if _, err := i.Assign(b.Next(t, b.manager), alerts.Assignment{ID: a.ID, UserID: user(t, b.seller)}); err != nil {
		t.Fatal(err)
	}
	back := first(t, i, b.seller)
	if mine := alerts.Mine(back); mine.AcknowledgedAt != nil || mine.ReadAt != nil || alerts.Given(back).To != nil || *alerts.Given(back).By != user(t, b.manager) {
		t.Errorf("%+v", mine)
	}
}
