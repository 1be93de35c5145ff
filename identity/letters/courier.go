package letters

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"heyue/ent"
	entmail "heyue/ent/mail"
	"heyue/identity/account"
	"heyue/platform/fault"
	"heyue/platform/mail"
	"heyue/platform/tracing"
	"heyue/tenancy"
)

// Run sends what waits until ctx ends. What fails is logged and tried again.
func (l *Letters) Run(ctx context.Context) {
	if l.Sender == nil {
		return
	}
	tick := time.NewTicker(cmp.Or(l.Poll, DefaultPoll))
	defer tick.Stop()
	for ctx.Err() == nil {
		if _, err := l.Once(ctx); err != nil && ctx.Err() == nil {
			l.Log.ErrorContext(ctx, "send mails", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// dueSQL finds the tenants with mails that are due.
const dueSQL = `SELECT tenant_id FROM mails WHERE next_at <= $1 GROUP BY tenant_id ORDER BY tenant_id`

// Once tries every mail that is due and returns how many the server has taken. A tenant that fails is logged and left for
// the next time.
func (l *Letters) Once(ctx context.Context) (sent int, err error) {
	ctx, span := tracing.Start(ctx, "send mails")
	defer func() { span.End(err) }()
	now := l.Clock.Now()
	rows, err := l.System.QueryContext(ctx, dueSQL, now)
	if err != nil {
		return 0, tenancy.Fault(err, "find mails to send")
	}
	defer func() { _ = rows.Close() }() // Err tells what matters
	var tenants []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return 0, fault.Wrap(err, "find mails to send")
		}
		tenants = append(tenants, id)
	}
	if err := rows.Err(); err != nil {
		return 0, tenancy.Fault(err, "find mails to send")
	}
	for _, tenant := range tenants {
		for more := true; more && ctx.Err() == nil; {
			var ok bool
			ok, more, err = l.next(tenancy.With(ctx, tenant), now)
			if err != nil {
				l.Log.ErrorContext(ctx, "send a mail", "tenant", tenant, "error", err)
				break
			}
			if ok {
				sent++
			}
		}
	}
	return sent, ctx.Err()
}

// next tries the mail of the context's tenant that has waited longest; more is false when there was none. It is claimed
// first, by putting its next try off, and sent outside of any transaction, which no mail server may hold up.
func (l *Letters) next(ctx context.Context, now time.Time) (sent, more bool, err error) {
	m, err := l.claim(ctx, now)
	if err != nil || m == nil {
		return false, false, err
	}
	msg, err := l.write(ctx, m)
	if err == nil {
		err = l.Sender.Send(ctx, msg)
	} else if fault.KindOf(err) == fault.Unavailable {
		return false, true, err
	}
	return err == nil, true, l.done(ctx, m, err)
}

// claim takes a mail that is due and that nobody else holds; nil when there is none.
func (l *Letters) claim(ctx context.Context, now time.Time) (m *ent.Mail, err error) {
	err = tenancy.Write(ctx, l.Client, func(tx *ent.Tx) error {
		m, err = tx.Mail.Query().Where(entmail.NextAtLTE(now)).Order(entmail.ByNextAt(), entmail.ByID()).Limit(1).
			ForUpdate(entsql.WithLockAction(entsql.SkipLocked)).Only(ctx)
		if ent.IsNotFound(err) {
			m = nil
			return nil
		}
		if err != nil {
			return tenancy.Fault(err, "claim a mail")
		}
		m, err = tx.Mail.UpdateOne(m).AddTries(1).SetNextAt(l.Clock.Now().Add(l.backoff(m.Tries))).Save(ctx)
		return tenancy.Fault(err, "claim a mail")
	})
	return m, err
}

// backoff is how long to wait after a try that so many others came before.
func (l *Letters) backoff(before int) time.Duration {
	wait := cmp.Or(l.Wait, DefaultWait)
	for range before {
		if wait >= cmp.Or(l.Most, DefaultMost)/2 {
			return cmp.Or(l.Most, DefaultMost)
		}
		wait *= 2
	}
	return wait
}

// errGone is a mail that need not be sent any more.
var errGone = errors.New("the user is disabled, or what the mail is for has run out")

// write makes the message of a mail as things are now.
func (l *Letters) write(ctx context.Context, m *ent.Mail) (mail.Message, error) {
	if m.Sealed == nil || len(*m.Sealed) == 0 {
		return mail.Message{}, errGone
	}
	plain, err := l.Box.Open(*m.Sealed, place(ctx, m.ID))
	if err != nil {
		return mail.Message{}, err
	}
	var c content
	if err := json.Unmarshal(plain, &c); err != nil {
		return mail.Message{}, err
	}
	u, err := l.Client.User.Get(ctx, m.UserID)
	if err != nil {
		return mail.Message{}, tenancy.Fault(err, "read whom a mail is for")
	}
	tenant, err := l.Client.Tenant.Query().Only(ctx)
	if err != nil {
		return mail.Message{}, tenancy.Fault(err, "read whom a mail is from")
	}
	if u.State != account.Active || !l.Clock.Now().Before(c.Until) {
		return mail.Message{}, errGone
	}
	zone, err := tenant.Settings.Zone()
	if err != nil {
		return mail.Message{}, err
	}
	link := c.Token
	if l.Site != "" {
		link = l.Site + Kind(m.Kind).page() + c.Token
	}
	msg, err := render(Kind(m.Kind), u.Locale, facts{
		Name: u.Name, Email: u.Email, Company: tenant.Name, Link: link, Until: c.Until.In(zone).Format("2006-01-02 15:04 (MST)"),
	})
	msg.ID, msg.To, msg.Name, msg.At = m.ID.String(), u.Email, oneLine(u.Name), m.CreatedAt
	return msg, err
}

// done notes what a try came to. Content is forgotten as soon as it is not needed.
func (l *Letters) done(ctx context.Context, m *ent.Mail, failed error) error {
	if errors.Is(failed, context.Canceled) && ctx.Err() != nil {
		return nil //nolint:nilerr // the process stops; the next try is set already
	}
	update := l.Client.Mail.Update().Where(entmail.ID(m.ID), entmail.StateEQ(account.MailWaiting))
	dead := failed != nil && (m.Tries >= cmp.Or(l.Tries, DefaultTries) || mail.Permanent(failed) || errors.Is(failed, errGone))
	switch {
	case failed == nil:
		update.SetState(account.MailSent).SetSentAt(l.Clock.Now()).ClearSealed().ClearNextAt().SetTrouble("")
	case dead:
		update.SetState(account.MailDead).ClearSealed().ClearNextAt().SetTrouble(trouble(failed))
	default:
		update.SetTrouble(trouble(failed))
	}
	if failed != nil {
		l.Log.LogAttrs(ctx, slog.LevelWarn, "a mail could not be sent", slog.String("mail", m.ID.String()),
			slog.Int("tries", m.Tries), slog.Bool("given_up", dead), slog.String("trouble", trouble(failed)))
	}
	return tenancy.Fault(update.Exec(ctx), "note what became of a mail")
}

// trouble says what went wrong without what a server may have repeated of the mail: addresses, names, content.
func trouble(err error) string {
	switch {
	case errors.Is(err, errGone):
		return errGone.Error()
	case mail.Permanent(err):
		return "the mail server refuses it" + reply(err)
	case errors.Is(err, context.DeadlineExceeded):
		return "the mail server did not answer in time"
	}
	return "the mail server could not take it" + reply(err)
}

// reply is the number of the server's answer.
func reply(err error) string {
	if code := mail.Reply(err); code > 0 {
		return fmt.Sprintf(" (%d)", code)
	}
	return ""
}
