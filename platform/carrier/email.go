package carrier

import (
	"context"
	"errors"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
	"heyue/platform/mail"
)

// email is a mail to a person, by the installation's mail server.
func email() Spec {
	return Spec{Channel: channel.Email, Provider: posting.Plain, Person: true, make: func(d Deps) Carrier {
		if d.Mail == nil {
			return nil
		}
		return mailer{d.Mail}
	}}
}

type mailer struct{ sender mail.Sender }

// Carry implements Carrier. The message's id is the mail's Message-ID, by which mailboxes know a repetition.
func (c mailer) Carry(ctx context.Context, t Target, m Message) (Receipt, error) {
	err := c.sender.Send(ctx, mail.Message{ID: m.ID, To: t.Address, Name: t.Name, Subject: m.Subject, Text: m.Text, HTML: m.HTML, At: m.At})
	code := mail.Reply(err)
	switch {
	case err == nil:
		return Receipt{Status: 250, ID: m.ID}, nil //nolint:mnd // RFC 5321: the server has taken it
	case mail.Permanent(err):
		return Receipt{Status: code}, &Failure{Result: posting.Rejected, Trouble: "the mail server refuses it", cause: err}
	case errors.Is(err, context.DeadlineExceeded):
		return Receipt{}, &Failure{Result: posting.Later, Trouble: "the mail server did not answer in time", cause: err}
	}
	return Receipt{Status: code}, &Failure{Result: posting.Later, Trouble: "the mail server could not take it", cause: err}
}
