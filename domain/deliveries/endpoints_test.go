package deliveries_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries"
	"heyue/domain/deliveries/posting"
	"heyue/ent"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/mask"
	"heyue/tests/fixture"
)

func text(s string) *string { return &s }

// TestEndpointsAreChecked: everything that is wrong at once, and nothing inside.
func TestEndpointsAreChecked(t *testing.T) {
	t.Parallel()
	h := open(t, func(l *deliveries.Limits) { l.Endpoints = 1; l.Allow = nil })
	_, err := h.service.CreateEndpoint(h.acme.Admin, deliveries.EndpointDraft{
		Channel: channel.Webhook, Provider: posting.Plain, URL: text("https://me:x@example.com/"), Secret: text("mine"), Options: []*deliveries.Option{{Name: "x", Value: "y"}},
		Events: []string{"alert.raised", "alert.raised", "moon.full"}, ShownFields: []string{"contract.moon"},
	})
	fixture.Want(t, "a program", err, "name REQUIRED", "url MALFORMED", "secret INCONSISTENT", "options.0.name UNKNOWN_VALUE", "events.1 DUPLICATE", "events.2 UNKNOWN_VALUE",
		"shownFields.0 UNKNOWN_VALUE")
	_, err = h.service.CreateEndpoint(h.acme.Admin, deliveries.EndpointDraft{Channel: channel.SMS, Provider: posting.Aliyun, Name: "短信", Options: []*deliveries.Option{{Name: "signName", Value: "合约"}}})
	fixture.Want(t, "a provider", err, "secret REQUIRED", "options REQUIRED", "options REQUIRED")
	_, err = h.service.CreateEndpoint(h.acme.Admin, deliveries.EndpointDraft{Channel: channel.Email, Provider: posting.Plain, Name: "x", URL: text("https://example.com")})
	fixture.Want(t, "a mailbox", err, "channel UNKNOWN_VALUE")
	for _, url := range []string{"http://example.com", "https://127.0.0.1/x", "https://[::1]", "https://169.254.169.254/latest", "https://10.1.2.3", "ftp://example.com"} {
		_, err := h.service.CreateEndpoint(h.acme.Admin, deliveries.EndpointDraft{Channel: channel.Webhook, Provider: posting.Plain, Name: "x", URL: &url})
		fixture.Want(t, url, err, "url NOT_ALLOWED")
	}
	draft := deliveries.EndpointDraft{Channel: channel.Webhook, Provider: posting.Plain, Name: "ERP", URL: text("https://erp.example/hook")}
	_, err = h.service.CreateEndpoint(h.seller, draft)
	fixture.Want(t, "a seller", err, "FORBIDDEN")
	if _, err := h.service.CreateEndpoint(h.acme.Admin, draft); err != nil {
		t.Fatal(err)
	}
	_, err = h.service.CreateEndpoint(h.acme.Admin, draft)
	fixture.Want(t, "one too many", err, "LIMIT_REACHED")
}

// TestSecretsAreSealedForTheirRow, robots' addresses too, and stand in no answer and no audit entry.
func TestSecretsAreSealedForTheirRow(t *testing.T) {
	t.Parallel()
	h := open(t)
	e, secret := h.endpoint(t, h.acme, "https://erp.example/hook")
	robot, none := h.endpoint(t, h.acme, "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef0123", func(d *deliveries.EndpointDraft) {
		d.Channel, d.Secret, d.Events = channel.DingTalk, text("SECrobot"), nil
	})
	feishu, _ := h.endpoint(t, h.acme, "https://open.feishu.cn/open-apis/bot/v2/hook/0f1e2d3c-aaaa-bbbb-cccc-0123456789ab", func(d *deliveries.EndpointDraft) { d.Channel, d.Events = channel.Feishu, nil })
	if !strings.HasPrefix(secret, "whsec_") || none != "" {
		t.Errorf("%q, %q", secret, none)
	}
	if robot.URL != "https://oapi.dingtalk.com/robot/send" || feishu.URL != "https://open.feishu.cn/open-apis/bot/v2/hook/…" || e.URL != "https://erp.example/hook" {
		t.Errorf("%s, %s, %s", robot.URL, feishu.URL, e.URL)
	}
	entries, err := h.Client.AuditEntry.Query().All(h.acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	said := fmt.Sprintf("%+v %s", entries, h.logged)
	for _, row := range []*ent.Endpoint{h.reread(t, e), h.reread(t, robot), h.reread(t, feishu)} {
		said += fmt.Sprintf("%+v %s", row, row.Credentials)
	}
	lacks(t, "what is stored and said", said, secret[6:], "SECrobot", "0123456789abcdef0123", "0f1e2d3c-aaaa")
}

// TestARotatedSecretSignsBesideTheOld, for the overlap.
func TestARotatedSecretSignsBesideTheOld(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.channels(t, h.acme, channel.InApp)
	r := newReceiver(t)
	e, old := h.endpoint(t, h.acme, r.URL)
	_, err := h.service.RotateEndpointSecret(h.acme.Admin, deliveries.EndpointRotation{ID: e.ID, ExpectedVersion: 1, OverlapSeconds: 1 << 30})
	fixture.Want(t, "too long", err, "overlapSeconds OUT_OF_RANGE")
	_, err = h.service.RotateEndpointSecret(h.acme.Admin, deliveries.EndpointRotation{ID: e.ID, ExpectedVersion: 1, Secret: text("mine")})
	fixture.Want(t, "one's own", err, "secret INCONSISTENT")
	now, err := h.service.RotateEndpointSecret(h.acme.Admin, deliveries.EndpointRotation{ID: e.ID, ExpectedVersion: 1, OverlapSeconds: 3600})
	if err != nil || now.Text == old || now.Endpoint.Version != 2 {
		t.Fatalf("%+v, %v", now, err)
	}
	stale, err := h.service.RotateEndpointSecret(h.acme.Admin, deliveries.EndpointRotation{ID: e.ID, ExpectedVersion: 1})
	fixture.Want(t, "a stale version", err, "expectedVersion VERSION_CONFLICT")
	if stale == nil || stale.Text != "" || stale.Endpoint.Version != 2 {
		t.Errorf("%+v", stale)
	}
	h.raise(t, h.acme, h.seller, "一")
	h.send(t)
	h.Clock.Advance(2 * time.Hour)
	h.raise(t, h.acme, h.seller, "二")
	h.send(t)
	calls := r.calls()
	if len(calls) != 2 || !calls[0].verifies(old) || !calls[0].verifies(now.Text) || calls[1].verifies(old) || !calls[1].verifies(now.Text) {
		t.Errorf("%d calls; signatures %+v", len(calls), calls)
	}
}

// TestNobodyListensToMoreThanTheySee: an endpoint tells what its maker, or whoever's eyes it has, may read.
func TestNobodyListensToMoreThanTheySee(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.channels(t, h.acme, channel.InApp)
	h.Write(t, h.acme.Ctx, func(tx *ent.Tx) error {
		for _, g := range [][3]string{{"endpoint", "update", "TENANT"}, {"alert", "read", "TENANT"}, {"contract", "read", "OWN"}} {
			if err := tx.RoleGrant.Create().SetRoleID(h.acme.Roles["service"]).SetObject(g[0]).SetAction(g[1]).SetScope("TENANT").Exec(h.acme.Ctx); err != nil {
				return err
			}
		}
		err := tx.RoleFieldRule.Create().SetRoleID(h.acme.Roles["service"]).SetObject("contract").SetField("amount").SetEffect(mask.Hide).Exec(h.acme.Ctx)
		if err != nil {
			return err
		}
		return policies.Bump(h.acme.Ctx, tx)
	})
	clerk := h.User(t, h.acme, "service", h.sales)
	d := deliveries.EndpointDraft{Channel: channel.Webhook, Provider: posting.Plain, Name: "x", URL: text("https://x.example"), ShownFields: []string{"contract.amount"}}
	_, err := h.service.CreateEndpoint(clerk, d)
	fixture.Want(t, "a field that they are kept from", err, "shownFields.0 NOT_ALLOWED")
	admin := fixture.Caller(t, h.acme.Admin).UserID
	d.ShownFields, d.UserID = nil, &admin
	_, err = h.service.CreateEndpoint(clerk, d)
	fixture.Want(t, "an administrator's eyes", err, "userId NOT_ALLOWED")
	nobody := publicid.NewUserID()
	d.UserID = &nobody
	_, err = h.service.CreateEndpoint(clerk, d)
	fixture.Want(t, "nobody's eyes", err, "userId NOT_FOUND")

	r, all := newReceiver(t), newReceiver(t)
	other := h.User(t, h.acme, "sales", h.sales)
	eyes := fixture.Caller(t, h.seller).UserID
	h.endpoint(t, h.acme, r.URL, func(d *deliveries.EndpointDraft) {
		d.UserID, d.ShownFields = &eyes, []string{"contract.amount", "contract.payments"}
	})
	h.endpoint(t, h.acme, all.URL)
	h.raise(t, h.acme, h.seller, "自己的")
	h.raise(t, h.acme, other, "别人的")
	h.send(t)
	if n := len(all.calls()); n != 2 {
		t.Errorf("%d calls of the tenant's own", n)
	}
	calls := r.calls()
	if len(calls) != 1 || calls[0].event(t).Data.Title != "自己的" || calls[0].event(t).Data.Amount == nil {
		t.Errorf("%+v", calls)
	}
}

// TestATestArrives, and shows in the log with what the endpoint answered.
func TestATestArrives(t *testing.T) {
	t.Parallel()
	h := open(t)
	r := newReceiver(t)
	e, secret := h.endpoint(t, h.acme, r.URL, func(d *deliveries.EndpointDraft) { d.Events = nil })
	made, err := h.service.TestEndpoint(h.acme.Admin, deliveries.EndpointTest{ID: e.ID})
	if err != nil {
		t.Fatal(err)
	}
	h.send(t)
	calls := r.calls()
	if len(calls) != 1 || !calls[0].verifies(secret) || calls[0].event(t).Type != "endpoint.test" {
		t.Fatalf("%+v", calls)
	}
	seen, err := h.service.Lookup(h.acme.Admin, made.ID)
	if err != nil || seen.State != posting.Delivered {
		t.Fatalf("%+v, %v", seen, err)
	}
	tries, err := h.service.Attempts(h.acme.Admin, []publicid.DeliveryID{made.ID})
	if err != nil || len(tries) != 1 || tries[0].Status != 200 || tries[0].ResponseHead != `{"errcode":0}` {
		t.Errorf("%+v, %v", tries, err)
	}
	if _, err := h.service.ArchiveEndpoint(h.acme.Admin, deliveries.EndpointTarget{ID: e.ID, ExpectedVersion: 1}); err != nil {
		t.Fatal(err)
	}
	_, err = h.service.TestEndpoint(h.acme.Admin, deliveries.EndpointTest{ID: e.ID})
	fixture.Want(t, "an archived one", err, "id WRONG_STATE")
	_, err = h.service.Replay(h.acme.Admin, made.ID)
	fixture.Want(t, "a replay to it", err, "id WRONG_STATE")
}

// TestTextMessages go by the tenant's gateway to the reader's telephone; without a gateway, or a number, they are dead.
func TestTextMessages(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.channels(t, h.acme, channel.SMS)
	h.raise(t, h.acme, h.seller, "一")
	r := newReceiver(t)
	h.endpoint(t, h.acme, r.URL, func(d *deliveries.EndpointDraft) { d.Channel, d.Secret, d.Events = channel.SMS, text("k"), nil })
	h.raise(t, h.acme, h.seller, "二")
	h.send(t)
	h.Write(t, h.acme.Ctx, func(tx *ent.Tx) error {
		return tx.User.UpdateOneID(fixture.Caller(t, h.seller).UserID).SetPhone("13800000000").Exec(h.acme.Ctx)
	})
	h.raise(t, h.acme, h.seller, "三")
	h.send(t)
	calls := r.calls()
	if len(calls) != 1 {
		t.Fatalf("%d messages", len(calls))
	}
	contains(t, "the message", calls[0].body, `"to":"13800000000"`, "【acme】款项到期：三，到期日 2026-06-22（还有 7 天）。")
	lacks(t, "the message", calls[0].body, "1234", "123456")
	want := "SMS DEAD NO_WAY 0|SMS DEAD NO_WAY 1|SMS DELIVERED NONE 1"
	if got := strings.Join(h.log(t), "|"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestOldDeliveriesAreForgotten, with their attempts, when they are over.
func TestOldDeliveriesAreForgotten(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.raise(t, h.acme, h.seller, "一")
	h.send(t)
	h.Clock.Advance(h.limits.Keep - time.Hour)
	h.raise(t, h.acme, h.seller, "二")
	w := h.worker(t)
	if n, err := w.Forget(t.Context()); n != 0 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	h.Clock.Advance(2 * time.Hour)
	if n, err := w.Forget(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	tries, err := h.Client.DeliveryAttempt.Query().Count(h.acme.Ctx)
	if got := strings.Join(h.log(t), "|"); err != nil || tries != 0 || strings.Contains(got, "DELIVERED") || !strings.Contains(got, "WAITING") {
		t.Errorf("%s, %d tries, %v", got, tries, err)
	}
}
