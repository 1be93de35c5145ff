package letters_test

import (
	"testing"
	"time"

	"heyue/ent"
	"heyue/identity/account"
	"heyue/identity/letters"
	"heyue/tests/fixture"
)

// TestForget: mails go some time after they were sent or given up; those that wait stay, however old.
func TestForget(t *testing.T) {
	t.Parallel()
	const keep = 24 * time.Hour
	w := fixture.New(t)
	acme, globex := w.Tenant(t, "acme"), w.Tenant(t, "globex")
	for _, tn := range []*fixture.Tenant{acme, globex} {
		user := fixture.Caller(t, tn.Admin).UserID
		w.Write(t, tn.Ctx, func(tx *ent.Tx) error {
			for state, next := range map[account.MailState]*time.Time{account.MailSent: nil, account.MailDead: nil, account.MailWaiting: new(time.Time)} {
				if err := tx.Mail.Create().SetUserID(user).SetKind("k").SetState(state).SetNillableNextAt(next).SetUpdatedAt(w.Clock.Now()).Exec(tn.Ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	l := &letters.Letters{Client: w.Client, System: w.System, Clock: w.Clock}
	forget := func(batch int) int {
		n, err := l.Forget(t.Context(), w.Directory, keep, batch)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := forget(10); n != 0 {
		t.Errorf("%d mails were forgotten at once", n)
	}
	w.Clock.Advance(keep)
	if one, rest := forget(1), forget(10); one != 2 || rest != 2 {
		t.Errorf("%d, then %d mails were forgotten; want one of each tenant, then the others", one, rest)
	}
	if left := w.Client.Mail.Query().AllX(acme.Ctx); len(left) != 1 || left[0].State != account.MailWaiting {
		t.Errorf("left are %v", left)
	}
}
