package deliveries_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries"
	"heyue/domain/deliveries/posting"
	"heyue/ent/delivery"
	"heyue/tests/fixture"
)

// TestReplay sends everything after a number again under the same ids, and what the endpoint has begun to listen to.
func TestReplay(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.channels(t, h.acme, channel.InApp)
	r := newReceiver(t)
	e, _ := h.endpoint(t, h.acme, r.URL)
	for _, title := range []string{"一", "二", "三"} {
		h.raise(t, h.acme, h.seller, title)
	}
	h.send(t)
	before := r.calls()
	if len(before) != 3 {
		t.Fatalf("%d calls", len(before))
	}
	for after, want := range map[string]string{"x": "after MALFORMED", "-1": "after MALFORMED", "99": "CURSOR_EXPIRED"} {
		_, err := h.service.ReplayEndpoint(h.acme.Admin, deliveries.EndpointReplay{ID: e.ID, After: after})
		fixture.Want(t, "after "+after, err, want)
	}
	if _, err := h.service.ReplayEndpoint(h.acme.Admin, deliveries.EndpointReplay{ID: e.ID, After: "1"}); err != nil {
		t.Fatal(err)
	}
	h.send(t)
	first := map[int64]string{}
	for _, c := range before {
		first[c.event(t).Sequence] = c.id
	}
	again := map[int64]string{}
	for _, c := range r.calls()[3:] {
		again[c.event(t).Sequence] = c.id
	}
	delete(first, 1)
	if diff := cmp.Diff(first, again); diff != "" || len(r.calls()) != 5 {
		t.Errorf("%d calls (-before +again):\n%s", len(r.calls()), diff)
	}
}

// TestRobotsAreNotHurried: what is more than a group's robot may be sent goes out as one message.
func TestRobotsAreNotHurried(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.channels(t, h.acme, channel.WeCom)
	r := newReceiver(t)
	h.endpoint(t, h.acme, r.URL+"/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa", func(d *deliveries.EndpointDraft) { d.Channel, d.Events = channel.WeCom, nil })
	for n := range 30 {
		h.raise(t, h.acme, h.seller, fmt.Sprintf("合同%d", n))
	}
	h.send(t)
	calls := r.calls()
	if len(calls) == 0 || len(calls) > 10 {
		t.Fatalf("%d messages at once", len(calls))
	}
	text := fmt.Sprint(calls)
	for n := range 30 {
		contains(t, "the group", text, fmt.Sprintf("合同%d", n))
	}
	lacks(t, "the group", text, "1234")
	if waiting, err := h.Client.Delivery.Query().Where(delivery.StateEQ(posting.Waiting)).Count(h.acme.Ctx); err != nil || waiting != 0 {
		t.Errorf("%d wait, %v", waiting, err)
	}
	minute := h.Clock.Now()
	for range 60 {
		h.Clock.Advance(time.Second)
		h.raise(t, h.acme, h.seller, "更多"+h.Clock.Now().String())
		h.send(t)
	}
	if n := len(r.calls()); n > 20 || h.Clock.Now().Sub(minute) != time.Minute {
		t.Errorf("%d messages in a minute", n)
	}
}

// TestLimitsHoldOverWorkers: a tenant has no more tries in a minute than it may, however many workers there are.
func TestLimitsHoldOverWorkers(t *testing.T) {
	t.Parallel()
	h := open(t, func(l *deliveries.Limits) { l.Rate = 5 })
	for n := range 12 {
		h.raise(t, h.acme, h.seller, fmt.Sprint(n))
	}
	for _, want := range []int{5, 5, 10, 10, 12} {
		h.send(t)
		h.send(t)
		if n := len(h.mails.Mails()); n != want {
			t.Fatalf("%d mails, want %d", n, want)
		}
		h.Clock.Advance(31 * time.Second)
	}
}
