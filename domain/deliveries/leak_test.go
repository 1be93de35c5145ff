package deliveries_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries"
	"heyue/domain/deliveries/posting"
	"heyue/ent"
	"heyue/platform/metrics"
	"heyue/policies"
	"heyue/policies/mask"
	"heyue/tests/fixture"
)

// TestNothingLeaksByAnyChannel: two tenants with the same things, each told by every channel there is. Nothing that
// reaches one holds a mark of the other, nobody who is kept from sums is told one, and neither the log nor the metrics
// know any of it, nor whom it was for.
func TestNothingLeaksByAnyChannel(t *testing.T) {
	t.Parallel()
	h := open(t)
	measured := metrics.NewProduct()
	marks := map[string]*receiver{}
	for _, slug := range []string{"ourco", "theirs"} {
		mark := strings.ToUpper(slug) + "-MARK"
		r := newReceiver(t)
		marks[mark] = r
		tn := h.tenant(t, slug)
		h.channels(t, tn, channel.All()...)
		h.Write(t, tn.Ctx, func(tx *ent.Tx) error {
			if err := tx.Tenant.Update().SetName(mark).Exec(tn.Ctx); err != nil {
				return err
			}
			if err := tx.RoleFieldRule.Create().SetRoleID(tn.Roles["sales"]).SetObject("contract").SetField("payments").SetEffect(mask.Hide).Exec(tn.Ctx); err != nil {
				return err
			}
			return policies.Bump(tn.Ctx, tx)
		})
		seller := h.User(t, tn, "sales")
		h.Write(t, tn.Ctx, func(tx *ent.Tx) error {
			return tx.User.UpdateOneID(fixture.Caller(t, seller).UserID).SetName(mark).SetPhone("1380000" + slug).Exec(tn.Ctx)
		})
		h.everyEndpoint(t, tn, r, seller)
		h.raise(t, tn, seller, mark)
		if _, err := h.inbox.Acknowledge(seller, h.onlyAlert(t, tn).ID); err != nil {
			t.Fatal(err)
		}
	}
	h.number(t)
	h.mails.Answer("451 not now, OURCO-MARK") // a server that repeats what it was sent
	w := h.worker(t, func(o *deliveries.WorkerOptions) { o.Metrics = measured })
	for range 3 {
		if err := w.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(h.limits.WaitMost)
	}
	registry := metrics.NewRegistry("x")
	measured.Register(registry, metrics.Gauges{Snapshots: func() (uint64, uint64, int) { return 0, 0, 0 }})
	h.judge(t, marks, gathered(t, registry))
}

// judge looks for marks where they must not be.
func (h *house) judge(t *testing.T, marks map[string]*receiver, figures string) {
	t.Helper()
	for mark, r := range marks {
		said := fmt.Sprint(r.calls())
		contains(t, "what "+mark+" was sent", said, mark, "alert.raised", "alert.acknowledged", `"msgtype":"text"`, `"msg_type":"text"`, `"to":"1380000`)
		for _, m := range h.mails.Mails() {
			if strings.Contains(m.Raw+m.Text+m.HTML, mark) {
				said += m.Raw + m.Text + m.HTML + m.Subject
			}
		}
		for other := range marks {
			if other != mark {
				lacks(t, "what "+mark+" was sent", said, other)
			}
		}
		lacks(t, "what "+mark+" was sent", said, "1234", "1234.56", "123456")
		lacks(t, "the log", h.logged.String(), mark, "1234", "1380000", "@ourco", "@theirs", "127.0.0.1")
		lacks(t, "the metrics", figures, mark, "1380000", "ourco", "theirs")
	}
	if n := len(h.mails.Mails()); n != len(marks) {
		t.Errorf("%d mails", n)
	}
}

// everyEndpoint registers an endpoint of every channel that has some.
func (h *house) everyEndpoint(t *testing.T, tn *fixture.Tenant, r *receiver, seller context.Context) {
	t.Helper()
	eyes := fixture.Caller(t, seller).UserID
	for _, by := range channel.All() {
		if by == channel.InApp || by == channel.Email {
			continue
		}
		h.endpoint(t, tn, r.URL, func(d *deliveries.EndpointDraft) {
			d.Channel, d.Events = by, nil
			if by == channel.SMS {
				d.Secret = text("k")
			}
			if by == channel.Webhook { // granted the sum, with eyes that are kept from it
				d.Events, d.UserID, d.ShownFields = posting.Events(), &eyes, []string{"contract.amount", "contract.payments"}
			}
		})
	}
}

func (h *house) onlyAlert(t *testing.T, tn *fixture.Tenant) *ent.Alert {
	t.Helper()
	a, err := h.Client.Alert.Query().Only(tn.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// gathered is everything that is measured, as text.
func gathered(t *testing.T, r *prometheus.Registry) string {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range families {
		lines = append(lines, f.String())
	}
	text := strings.Join(lines, "\n")
	if !slices.ContainsFunc(lines, func(l string) bool {
		return strings.Contains(l, "heyue_delivery_seconds") && strings.Contains(l, "ACCEPTED")
	}) {
		t.Error("deliveries are not measured")
	}
	return text
}
