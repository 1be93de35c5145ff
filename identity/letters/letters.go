// Package letters writes to users: mails with links that are good once. A mail is put into a table in the transaction of
// its cause, its content sealed, and sent after the commit by whichever worker finds it, at least once; what cannot be
// sent is tried again later and later, and given up in the end.
package letters

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"heyue/ent"
	entmail "heyue/ent/mail"
	"heyue/identity/account"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/mail"
	"heyue/platform/publicid"
	"heyue/platform/secret"
	"heyue/tenancy"
)

// Defaults of the courier (HEYUE_MAIL_…).
const (
	DefaultPoll  = time.Second
	DefaultTries = 12
	DefaultWait  = time.Minute
	DefaultMost  = 6 * time.Hour
)

// Letters keeps mails and sends them. It is safe for concurrent use.
type Letters struct {
	Client *ent.Client
	System *sql.DB // sees which tenants have mails to send, and nothing else of them
	Box    secret.Box
	Sender mail.Sender // nil when this installation sends no mail
	Clock  clock.Clock
	Log    *slog.Logger

	Site  string        // the public address that links begin with; "" puts the bare token into mails
	Poll  time.Duration // between two looks for mails
	Tries int           // after which a mail is given up
	Wait  time.Duration // before the second try; it doubles with each. Longer than one try may take, as nobody else tries meanwhile
	Most  time.Duration // the longest such wait
}

// Able fails with WRONG_STATE when this installation sends no mail.
func (l *Letters) Able() error {
	if l.Sender == nil {
		return fault.New(fault.State, fault.WrongState, "this installation sends no mail; set the password by hand")
	}
	return nil
}

// Put writes a mail of kind to a user in tx: token is the text of what it lets them do, until when it is good. It is sent
// when tx has committed.
func (l *Letters) Put(ctx context.Context, tx *ent.Tx, kind Kind, user publicid.UserID, token string, until time.Time) error {
	id := publicid.NewMailID()
	plain, err := json.Marshal(content{token, until})
	if err != nil {
		return fault.Wrap(err, "write a mail")
	}
	err = tx.Mail.Create().SetID(id).SetUserID(user).SetKind(string(kind)).SetSealed(l.Box.Seal(plain, place(ctx, id))).
		SetNextAt(l.Clock.Now()).Exec(ctx)
	return tenancy.Fault(err, "put a mail")
}

// Withdraw gives up what waits to be sent of a kind to a user: it has been overtaken. One that is being sent at this
// moment still arrives, with a link that is no longer good.
func (l *Letters) Withdraw(ctx context.Context, tx *ent.Tx, kind Kind, user publicid.UserID) error {
	err := tx.Mail.Update().Where(entmail.UserID(user), entmail.Kind(string(kind)), entmail.StateEQ(account.MailWaiting)).
		SetState(account.MailDead).ClearSealed().ClearNextAt().SetTrouble("overtaken").Exec(ctx)
	return tenancy.Fault(err, "withdraw a mail")
}

// place is what a mail's content is sealed for.
func place(ctx context.Context, id publicid.MailID) string {
	tenant, _ := tenancy.From(ctx)
	return fmt.Sprintf("%d mails.sealed %s", tenant, id)
}
