package deliveries_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/alerts/channel"
	"heyue/domain/alerts/due"
	"heyue/domain/deliveries"
	"heyue/domain/deliveries/posting"
	"heyue/ent"
	"heyue/ent/user"
	"heyue/identity/account"
	"heyue/platform/date"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/mask"
	"heyue/tests/fixture"
)

// TestAnAlertArrivesByMail, once, in the reader's language, with its sum and its link.
func TestAnAlertArrivesByMail(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.raise(t, h.acme, h.seller, "采购合同\n首付款")
	h.send(t)
	h.send(t)
	mails := h.mails.Mails()
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	m := mails[0]
	contains(t, "the mail", m.Subject, "款项到期：采购合同 首付款（还有 7 天）")
	contains(t, "the mail", m.Text, "金额：1234.56 CNY", "https://app.example/alerts/alt_", "2026-06-22")
	contains(t, "its page", m.HTML, `<a href="https://app.example/alerts/alt_`, "1234.56 CNY")
	if m.To != fixture.Caller(t, h.seller).UserID.String()+"@acme.example" || !strings.HasPrefix(m.ID, "<dlv_") {
		t.Errorf("to %s as %s", m.To, m.ID)
	}
	if diff := cmp.Diff([]string{"EMAIL DELIVERED NONE 1"}, h.log(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestMailServersSayNo: for now, and for good.
func TestMailServersSayNo(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.raise(t, h.acme, h.seller, "一")
	h.mails.Answer("451 later", "550 no such mailbox")
	h.send(t)
	if diff := cmp.Diff([]string{"EMAIL WAITING NONE 1"}, h.log(t)); diff != "" {
		t.Fatalf("after 451 (-want +got):\n%s", diff)
	}
	h.send(t) // it is not due yet
	h.Clock.Advance(10 * time.Second)
	h.send(t)
	if diff := cmp.Diff([]string{"EMAIL DEAD REFUSED 2"}, h.log(t)); diff != "" {
		t.Fatalf("after 550 (-want +got):\n%s", diff)
	}
	dead, err := h.service.List(h.acme.Admin, listArgs(), &deliveries.Filter{State: []posting.State{posting.Dead}}, nil)
	if err != nil || len(dead.Edges) != 1 {
		t.Fatalf("%+v, %v", dead, err)
	}
	tries, err := h.service.Attempts(h.acme.Admin, []publicid.DeliveryID{dead.Edges[0].Node.ID})
	if err != nil || len(tries) != 2 || tries[0].Status != 451 || tries[0].Result != posting.Later || tries[1].Status != 550 || tries[1].Result != posting.Rejected {
		t.Fatalf("%+v, %v", tries, err)
	}
	if _, err := h.service.Replay(h.acme.Admin, dead.Edges[0].Node.ID); err != nil {
		t.Fatal(err)
	}
	_, err = h.service.Replay(h.acme.Admin, dead.Edges[0].Node.ID)
	fixture.Want(t, "one that waits", err, "id WRONG_STATE")
	_, err = h.service.Replay(h.seller, dead.Edges[0].Node.ID)
	fixture.Want(t, "a seller", err, "FORBIDDEN")
	h.send(t)
	if n := len(h.mails.Mails()); n != 1 {
		t.Errorf("%d mails after the replay", n)
	}
}

// TestMailsGiveUpInTheEnd: after three days, with the waits growing and never twice the same.
func TestMailsGiveUpInTheEnd(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.raise(t, h.acme, h.seller, "一")
	began := h.Clock.Now()
	for range 100 {
		d, err := h.Client.Delivery.Query().Only(h.acme.Ctx)
		if err != nil {
			t.Fatal(err)
		}
		if d.NextAt == nil {
			break
		}
		h.Clock.Set(*d.NextAt)
		h.mails.Answer("451 later")
		h.send(t)
	}
	if took := h.Clock.Now().Sub(began); took < 60*time.Hour || took > 72*time.Hour {
		t.Errorf("given up after %s", took)
	}
	got := h.log(t)[0]
	if !strings.HasPrefix(got, "EMAIL DEAD EXPIRED ") || len(h.mails.Mails()) != 0 {
		t.Errorf("%s", got)
	}
}

// TestWhatIsMootIsNotSent: the date moves before the mail goes out, or its reader leaves, or loses the right.
func TestWhatIsMootIsNotSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before func(t *testing.T, h *house, d due.Date)
		want   string
	}{
		"the date moved": {func(t *testing.T, h *house, d due.Date) {
			d.DueOn = date.In(h.Clock.Now(), time.UTC).AddDays(500)
			h.Write(t, h.acme.Ctx, func(tx *ent.Tx) error { return h.owed.Set(h.acme.Ctx, tx, d) })
		}, "EMAIL CANCELLED WITHDRAWN 0"},
		"they have left": {func(t *testing.T, h *house, _ due.Date) {
			h.Write(t, h.acme.Ctx, func(tx *ent.Tx) error {
				return tx.User.Update().Where(user.ID(fixture.Caller(t, h.seller).UserID)).SetState(account.Disabled).Exec(h.acme.Ctx)
			})
		}, "EMAIL CANCELLED NOT_ALLOWED 1"},
		"they lost the role": {func(t *testing.T, h *house, _ due.Date) {
			h.Write(t, h.acme.Ctx, func(tx *ent.Tx) error {
				if _, err := tx.UserRole.Delete().Exec(h.acme.Ctx); err != nil {
					return err
				}
				return policies.Bump(h.acme.Ctx, tx)
			})
		}, "EMAIL CANCELLED NOT_ALLOWED 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			d := h.raise(t, h.acme, h.seller, "一")
			c.before(t, h, d)
			h.send(t)
			if diff := cmp.Diff([]string{c.want}, h.log(t)); diff != "" || len(h.mails.Mails()) != 0 {
				t.Errorf("%d mails (-want +got):\n%s", len(h.mails.Mails()), diff)
			}
		})
	}
}

// TestAMaskedSumIsInNoMail, in single ones and in digests.
func TestAMaskedSumIsInNoMail(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.Write(t, h.acme.Ctx, func(tx *ent.Tx) error {
		err := tx.RoleFieldRule.Create().SetRoleID(h.acme.Roles["sales"]).SetObject("contract").SetField("amount").SetEffect(mask.Hide).Exec(h.acme.Ctx)
		if err != nil {
			return err
		}
		return policies.Bump(h.acme.Ctx, tx)
	})
	h.raise(t, h.acme, h.seller, "一")
	h.digest(t, "二", "三")
	h.send(t)
	mails := h.mails.Mails()
	if len(mails) != 2 {
		t.Fatalf("%d mails", len(mails))
	}
	for _, m := range mails {
		lacks(t, "the mail", m.Raw+m.Text+m.HTML, "1234", "123456", "1234.56", "金额", "CNY")
	}
}

// digest raises alerts that go to the seller in one mail, tomorrow morning.
func (h *house) digest(t *testing.T, titles ...string) {
	t.Helper()
	h.channels(t, h.acme, channel.InApp)
	defer h.channels(t, h.acme, channel.InApp, channel.Email)
	for _, title := range titles {
		d := h.raise(t, h.acme, h.seller, title)
		a := h.alertOf(t, d)
		me := fixture.Caller(t, h.seller).UserID
		h.Write(t, h.acme.Ctx, func(tx *ent.Tx) error {
			return h.service.Send(h.acme.Ctx, tx, []channel.Order{{
				Alert: a.ID, Recipient: channel.Addressee{User: &me}, Channel: channel.Email, DigestKey: "daily", Subject: a.ObligationID, Locale: "en",
			}})
		})
	}
}

func (h *house) alertOf(t *testing.T, d due.Date) *ent.Alert {
	t.Helper()
	all, err := h.Client.Alert.Query().WithObligation().All(h.acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if a.Edges.Obligation.SubjectID == d.SubjectID {
			return a
		}
	}
	t.Fatalf("no alert of %s", d.Title)
	return nil
}

// TestADigestIsOneMail, in the language that was ordered, and each of its deliveries is settled by it.
func TestADigestIsOneMail(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.digest(t, "一", "二", "三")
	h.mails.Answer("451 later")
	h.send(t)
	h.Clock.Advance(time.Minute)
	h.send(t)
	mails := h.mails.Mails()
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	contains(t, "the digest", mails[0].Subject, "acme: 3 reminders")
	contains(t, "the digest", mails[0].Text, "- Payment due: 一, 2026-06-22 (in 7 days) 1234.56 CNY", "- Payment due: 三")
	if diff := cmp.Diff([]string{"EMAIL DELIVERED NONE 2", "EMAIL DELIVERED NONE 2", "EMAIL DELIVERED NONE 2"}, h.log(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestQuietHoursAndOutsiders: an order waits until its time, and somebody outside is told no sum.
func TestQuietHoursAndOutsiders(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.channels(t, h.acme, channel.InApp)
	a := h.alertOf(t, h.raise(t, h.acme, h.seller, "一"))
	order := channel.Order{
		Alert: a.ID, Recipient: channel.Addressee{Address: "Buyer@Globex.example", Name: "王"}, Channel: channel.Email, Subject: a.ObligationID,
		NotBefore: h.Clock.Now().Add(8 * time.Hour),
	}
	for range 2 {
		h.Write(t, h.acme.Ctx, func(tx *ent.Tx) error { return h.service.Send(h.acme.Ctx, tx, []channel.Order{order, order}) })
	}
	h.send(t)
	if n := len(h.mails.Mails()); n != 0 {
		t.Fatalf("%d mails at night", n)
	}
	h.Clock.Advance(8 * time.Hour)
	h.send(t)
	mails := h.mails.Mails()
	if len(mails) != 1 || mails[0].To != "Buyer@Globex.example" {
		t.Fatalf("%+v", mails)
	}
	contains(t, "the mail", mails[0].Text, "王：", "一")
	lacks(t, "the mail", mails[0].Raw+mails[0].Text, "1234", "金额")
}

// TestTheTenantsOwnWords are used, with nothing but what they name; with broken ones nothing is kept.
func TestTheTenantsOwnWords(t *testing.T) {
	t.Parallel()
	h := open(t)
	subject := "{title}!"
	put := deliveries.TemplateDraft{Kind: posting.AlertMessage, Channel: channel.Email, Locale: "zh-CN", Subject: &subject, Body: "请看 {title}，{{当}} {when}"}
	_, err := h.service.PutTemplate(h.seller, put)
	fixture.Want(t, "a seller", err, "FORBIDDEN")
	made, err := h.service.PutTemplate(h.acme.Admin, put)
	if err != nil || made.Version != 1 || !made.Own() {
		t.Fatalf("%+v, %v", made, err)
	}
	stale, err := h.service.PutTemplate(h.acme.Admin, put)
	fixture.Want(t, "a stale version", err, "expectedVersion VERSION_CONFLICT")
	if stale == nil || stale.Version != 1 {
		t.Errorf("%+v", stale)
	}
	bad := put
	bad.Body, bad.Locale, bad.Subject, bad.ExpectedVersion = "{secret}", "de", nil, 1
	_, err = h.service.PutTemplate(h.acme.Admin, bad)
	fixture.Want(t, "broken words", err, "body UNKNOWN_VALUE", "locale UNKNOWN_VALUE", "subject REQUIRED")
	h.raise(t, h.acme, h.seller, "{recipient}")
	h.send(t)
	if m := h.mails.Mails(); len(m) != 1 || m[0].Subject != "{recipient}!" || strings.TrimSpace(m[0].Text) != "请看 {recipient}，{当} 还有 7 天" {
		t.Fatalf("%+v", m)
	}
	back, err := h.service.ResetTemplate(h.acme.Admin, deliveries.TemplateTarget{Kind: put.Kind, Channel: put.Channel, Locale: put.Locale, ExpectedVersion: 1})
	if err != nil || back.Own() || !strings.Contains(back.Body, "{amount}") {
		t.Errorf("%+v, %v", back, err)
	}
}
