package deliveries

import (
	"context"
	"slices"
	"strconv"
	"unicode/utf8"

	"heyue/domain/alerts/channel"
	"heyue/domain/alerts/due"
	"heyue/domain/deliveries/posting"
	"heyue/domain/deliveries/wording"
	"heyue/ent"
	"heyue/ent/alert"
	"heyue/ent/delivery"
	"heyue/ent/messagetemplate"
	"heyue/identity/account"
	"heyue/platform/carrier"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// eventTest is the kind of a message that somebody wants to see arrive.
const eventTest = posting.EventTest

// letter is a message that is ready to go, and where to.
type letter struct {
	provider posting.Provider
	target   carrier.Target
	message  carrier.Message
}

// compose writes a message as things are now: what its recipient may not see any more, does not want, or has no need of,
// is left out of the parcel and settled; with nothing left the reason is returned.
func (w *Worker) compose(ctx context.Context, p *parcel) (letter, posting.Reason, error) {
	d, e := p.head(), p.endpoint()
	l := letter{provider: posting.Plain, target: carrier.Target{Address: d.Address, Name: d.Name}}
	l.message.ID, l.message.At = d.ID.String(), d.OccurredAt
	if e != nil {
		if !e.Enabled || e.ArchivedAt != nil {
			return l, posting.ByHand, nil
		}
		c, err := open(w.Box, e)
		if err != nil {
			return l, "", err
		}
		l.provider, l.target.URL, l.target.Secrets, l.target.Options = e.Provider, c.URL, c.secrets(e.PreviousUntil, w.Clock.Now()), e.Options
	}
	if d.Channel == channel.Webhook {
		body, reason, err := w.payload(ctx, d, e)
		l.message.ID, l.message.Body = eventID(d), body
		return l, reason, err
	}
	reason, err := w.words(ctx, p, &l)
	return l, reason, err
}

// view is somebody's point of view: the language, the company and what they are kept from.
type view struct {
	locale  string
	company string
	name    string
	hides   func(fields ...string) bool
}

// words writes what people read.
func (w *Worker) words(ctx context.Context, p *parcel, l *letter) (posting.Reason, error) {
	tenant, err := w.Client.Tenant.Query().Only(ctx)
	if err != nil {
		return "", tenancy.Fault(err, "read whom a message is from")
	}
	d := p.head()
	v := view{locale: wording.Locale(d.Locale, tenant.Settings.Locale), company: wording.OneLine(tenant.Name), name: wording.OneLine(d.Name), hides: w.hides(p.endpoint())}
	if d.UserID != nil {
		if reason, err := w.reader(ctx, d, tenant, &v, l); err != nil || reason != posting.NoReason {
			return reason, err
		}
	}
	if d.Kind == eventTest {
		l.message.Subject, l.message.Text = v.company, "OK · "+v.company
		l.message.Params = params(map[string]string{"title": v.company, "dueOn": "-", "when": "-"})
		return w.paper(&v, l, "")
	}
	shown, reason, err := w.shown(ctx, p, &v)
	if err != nil || reason != posting.NoReason {
		return reason, err
	}
	texts, err := w.texts(ctx, d.Channel, v.locale)
	if err != nil {
		return "", err
	}
	if p.joined() {
		return w.joint(ctx, p, &v, l, texts, shown)
	}
	values := v.values(shown[0], w.Site)
	texts.single(&l.message, values)
	return w.paper(&v, l, values["link"])
}

// joint writes one message of several alerts: as many as the channel takes in one, in their order. The others go out with
// the next.
func (w *Worker) joint(ctx context.Context, p *parcel, v *view, l *letter, texts texts, shown []*ent.Alert) (posting.Reason, error) {
	spec, _ := carrier.SpecOf(p.head().Channel, l.provider)
	fits := len(shown)
	texts.digest(&l.message, *v, shown)
	for spec.Most > 0 && fits > 1 && utf8.RuneCountInString(l.message.Text) > spec.Most {
		fits--
		texts.digest(&l.message, *v, shown[:fits])
	}
	if rest := p.rows[fits:]; len(rest) > 0 {
		if err := w.release(ctx, rest); err != nil {
			return "", err
		}
		p.rows = p.rows[:fits]
	}
	return w.paper(v, l, "")
}

// release gives claimed deliveries back untried.
func (w *Worker) release(ctx context.Context, rows []*ent.Delivery) error {
	now := w.Clock.Now()
	for _, d := range rows {
		err := w.Client.Delivery.Update().Where(delivery.ID(d.ID), delivery.Attempt(d.Attempt), delivery.StateEQ(posting.Waiting)).
			AddAttempt(-1).SetNextAt(now).ClearLeasedUntil().SetUpdatedAt(now).Exec(ctx)
		if err != nil {
			return tenancy.Fault(err, "give messages back")
		}
	}
	return nil
}

// paper makes the page of a mail beside its text.
func (w *Worker) paper(v *view, l *letter, link string) (posting.Reason, error) {
	var err error
	l.message.HTML, err = wording.HTML(v.locale, l.message.Subject, l.message.Text, link)
	return posting.NoReason, fault.Wrap(err, "write a mail's page")
}

// reader reads who a message is for, and refuses whoever has left or has no address.
func (w *Worker) reader(ctx context.Context, d *ent.Delivery, tenant *ent.Tenant, v *view, l *letter) (posting.Reason, error) {
	u, err := w.Client.User.Get(ctx, *d.UserID)
	if err != nil {
		return "", tenancy.Fault(err, "read whom a message is for")
	}
	if u.State != account.Active {
		return posting.NotAllowed, nil
	}
	l.target.Name, v.name = wording.OneLine(u.Name), wording.OneLine(u.Name)
	l.target.Address = u.Email
	if d.Channel == channel.SMS {
		l.target.Address = u.Phone
	}
	v.locale = wording.Locale(d.Locale, u.Locale, tenant.Settings.Locale)
	if l.target.Address == "" {
		return posting.NoWay, nil
	}
	return posting.NoReason, nil
}

// shown are the alerts of a parcel that may be shown. The others are cancelled, each with its own reason, unless all are
// for one.
func (w *Worker) shown(ctx context.Context, p *parcel, v *view) ([]*ent.Alert, posting.Reason, error) {
	var alerts []*ent.Alert
	var kept []*ent.Delivery
	out := map[posting.Reason][]*ent.Delivery{}
	last := posting.NotAllowed
	for _, d := range p.rows {
		a, reason, err := w.alert(ctx, d, p.endpoint(), v)
		if err != nil {
			return nil, "", err
		}
		if reason != posting.NoReason {
			out[reason], last = append(out[reason], d), reason
			continue
		}
		alerts, kept = append(alerts, a), append(kept, d)
	}
	if len(kept) == 0 && len(out) == 1 {
		return nil, last, nil
	}
	for reason, rows := range out {
		if err := w.settle(ctx, parcel{rows}, outcome{began: w.Clock.Now(), reason: reason}); err != nil {
			return nil, "", err
		}
	}
	if len(kept) == 0 {
		p.rows = nil
		return nil, last, nil
	}
	p.rows = kept
	return alerts, posting.NoReason, nil
}

// alert reads what a delivery is about, as whoever it is for may see it now.
func (w *Worker) alert(ctx context.Context, d *ent.Delivery, e *ent.Endpoint, v *view) (*ent.Alert, posting.Reason, error) {
	if d.AlertID == nil {
		return nil, posting.NoWay, nil // words are about alerts
	}
	var a *ent.Alert
	var err error
	switch {
	case d.UserID != nil:
		a, v.hides, err = w.owned(ctx, d)
	case e != nil && e.UserID != nil && d.Address == "":
		a, err = w.through(ctx, *e.UserID, *d.AlertID)
	default:
		a, err = w.Client.Alert.Query().Where(alert.ID(*d.AlertID)).Only(ctx)
		err = tenancy.Fault(err, "read an alert")
	}
	switch {
	case err != nil:
		return nil, "", err
	case a == nil:
		return nil, posting.NotAllowed, nil
	case a.State == due.Withdrawn && d.Kind == kindRaised:
		return nil, posting.Withdrawn, nil
	}
	if d.UserID != nil && w.Preferences != nil {
		wants, err := w.Preferences.Wants(ctx, *d.UserID, d.Channel, a)
		if err != nil || !wants {
			return nil, posting.NotWanted, err
		}
	}
	return a, posting.NoReason, nil
}

// owned is an alert of a user's inbox, and what they are kept from.
func (w *Worker) owned(ctx context.Context, d *ent.Delivery) (*ent.Alert, func(...string) bool, error) {
	a, grants, err := w.Alerts.Show(ctx, *d.UserID, *d.AlertID)
	if err != nil || a == nil {
		return nil, everything, err
	}
	return a, grants.Hides, nil
}

func everything(...string) bool { return true }

// hides is what an endpoint is not granted. Somebody outside of the tenant is told no sum at all.
func (w *Worker) hides(e *ent.Endpoint) func(fields ...string) bool {
	if e == nil || e.Channel == channel.SMS {
		return everything
	}
	return func(fields ...string) bool {
		return slices.ContainsFunc(fields, func(f string) bool { return !slices.Contains(e.ShownFields, f) })
	}
}

// sums are the fields that an alert's amount tells.
var sums = []string{"contract.amount", "contract.payments"}

// values fill the placeholders of one alert's message.
func (v view) values(a *ent.Alert, site string) map[string]string {
	values := map[string]string{
		"recipient": v.name, "company": v.company, "kind": wording.Kind(a.Kind, v.locale), "title": wording.OneLine(a.Title), "dueOn": a.DueOn.String(),
		"when": wording.When(a.DaysLeft, v.locale), "daysLeft": strconv.Itoa(a.DaysLeft), "amount": "", "link": "",
	}
	if a.AmountMinor != nil && !v.hides(sums...) {
		values["amount"] = money.Of(*a.AmountMinor, a.Currency).String()
	}
	if site != "" {
		values["link"] = site + "/alerts/" + publicid.AlertID(a.ID).String()
	}
	return values
}

// params are what a provider's own template of a text message is filled with, in this order.
func params(values map[string]string) []carrier.Param {
	out := make([]carrier.Param, 0, 3) //nolint:mnd // as many
	for _, name := range []string{"title", "dueOn", "when"} {
		out = append(out, carrier.Param{Name: name, Value: values[name]})
	}
	return out
}

// texts are a tenant's words for a channel and a language.
type texts struct {
	subject, body             wording.Text // of one alert
	digestSubject, digestBody wording.Text
	item                      wording.Text
}

func (t texts) single(m *carrier.Message, values map[string]string) {
	m.Subject, m.Text, m.Params = wording.OneLine(t.subject.Write(values)), t.body.Write(values), params(values)
}

func (t texts) digest(m *carrier.Message, v view, alerts []*ent.Alert) {
	var items string
	for i, a := range alerts {
		if i > 0 {
			items += "\n"
		}
		items += wording.OneLine(t.item.Write(v.values(a, "")))
	}
	count := strconv.Itoa(len(alerts))
	values := map[string]string{"recipient": v.name, "company": v.company, "count": count, "items": items}
	m.Subject, m.Text = wording.OneLine(t.digestSubject.Write(values)), t.digestBody.Write(values)
	m.Params = params(map[string]string{"title": count, "dueOn": alerts[0].DueOn.String(), "when": wording.When(alerts[0].DaysLeft, v.locale)})
}

// texts reads the tenant's words, and takes the shipped ones where it has none of its own.
func (w *Worker) texts(ctx context.Context, by channel.Channel, locale string) (texts, error) {
	own, err := w.Client.MessageTemplate.Query().Where(messagetemplate.ChannelEQ(by), messagetemplate.Locale(locale)).All(ctx)
	if err != nil {
		return texts{}, tenancy.Fault(err, "read message templates")
	}
	words := func(kind posting.MessageKind) (subject, body wording.Text, err error) {
		text := wording.Shipped(kind, by, locale)
		for _, t := range own {
			if t.Kind == kind {
				text = wording.Words{Subject: t.Subject, Body: t.Body}
			}
		}
		if subject, err = wording.Parse(text.Subject, kind); err == nil {
			body, err = wording.Parse(text.Body, kind)
		}
		return subject, body, fault.Wrap(err, "read a message template")
	}
	var t texts
	if t.subject, t.body, err = words(posting.AlertMessage); err != nil {
		return t, err
	}
	if t.digestSubject, t.digestBody, err = words(posting.DigestMessage); err != nil {
		return t, err
	}
	_, t.item, err = words(posting.DigestItem)
	return t, err
}
