package recovery_test

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"heyue/ent"
	"heyue/ent/auditentry"
	entmail "heyue/ent/mail"
	"heyue/ent/session"
	"heyue/ent/user"
	"heyue/identity/account"
	"heyue/identity/letters"
	"heyue/identity/password"
	"heyue/identity/recovery"
	"heyue/identity/throttle"
	"heyue/platform/mail"
	"heyue/platform/mail/mailtest"
	"heyue/platform/pgtest"
	"heyue/platform/publicid"
	"heyue/platform/secret"
	"heyue/tests/fixture"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(pgtest.ServerGoroutine))
}

const (
	first  = "a lamp beside the door"
	second = "a chair below the window"
)

// office is a tenant with a user without a password, and a mail server.
type office struct {
	*fixture.World
	acme    *fixture.Tenant
	user    publicid.UserID
	caller  context.Context
	sink    *mailtest.Sink
	letters *letters.Letters
	service *recovery.Service
}

func open(t *testing.T) office {
	t.Helper()
	w, sink := fixture.New(t), mailtest.New(t)
	sender, err := mail.NewSMTP(sink.URL, "heyue <no-reply@heyue.example>", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	l := &letters.Letters{
		Client: w.Client, System: w.System, Box: secret.NewBox(make([]byte, 32)), Sender: sender, Clock: w.Clock,
		Log: slog.New(slog.DiscardHandler), Site: "https://contracts.example.com", Tries: 3,
	}
	acme := w.Tenant(t, "acme")
	caller := w.User(t, acme, "sales")
	return office{w, acme, fixture.Caller(t, caller).UserID, caller, sink, l, recovery.New(recovery.Service{
		Client: w.Client, Directory: w.Directory, Passwords: w.Passwords, Policy: password.DefaultPolicy(), Sessions: w.Sessions, Letters: l,
		Journal: w.Audit, Clock: w.Clock, Log: slog.New(slog.DiscardHandler), InvitationTTL: recovery.DefaultInvitationTTL, ResetTTL: recovery.DefaultResetTTL,
	}, 10)}
}

func (o office) invite(t *testing.T) {
	t.Helper()
	o.Write(t, o.acme.Admin, func(tx *ent.Tx) error {
		return o.service.Invite(o.acme.Admin, tx, tx.User.GetX(o.acme.Ctx, o.user))
	})
}

// send has everything that is due tried, and wants so many taken.
func (o office) send(t *testing.T, want int) {
	t.Helper()
	if n, err := o.letters.Once(t.Context()); err != nil || n != want {
		t.Fatalf("%d mails were taken, %v; want %d", n, err, want)
	}
}

var link = regexp.MustCompile(`https://contracts\.example\.com/(accept-invitation|reset-password)#(hy[ip]_\d+_[\w-]{43})`)

// token is what the newest mail's link ends in.
func (o office) token(t *testing.T) string {
	t.Helper()
	all := o.sink.Mails()
	found := link.FindStringSubmatch(all[len(all)-1].Text)
	if found == nil || !strings.Contains(all[len(all)-1].HTML, `href="`+found[0]+`"`) {
		t.Fatalf("no link in %+v", all[len(all)-1])
	}
	return found[2]
}

// ask has somebody forget their password and waits until that has been handled.
func (o office) ask(t *testing.T, email string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { o.service.Run(ctx) })
	if err := o.service.Ask(t.Context(), recovery.Request{Tenant: "acme", Email: email}); err != nil {
		t.Fatal(err)
	}
	before := o.Client.Mail.Query().CountX(o.acme.Ctx)
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit) && o.Client.Mail.Query().CountX(o.acme.Ctx) == before; {
	}
	cancel()
	done.Wait()
}

func (o office) address() string { return o.Client.User.GetX(o.acme.Ctx, o.user).Email }

func TestInvitation(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.invite(t)
	o.send(t, 1)
	stale := o.token(t)
	o.invite(t)
	o.send(t, 1)
	m := o.sink.Mails()[1]
	if m.To != o.address() || !strings.Contains(m.Subject, "邀请") || !strings.Contains(m.Text, "2026-06-22 09:00") {
		t.Errorf("the mail: %+v", m)
	}
	fixture.Want(t, "the one before", o.service.Accept(t.Context(), recovery.Choice{Token: stale, Password: first}), "token WRONG_CREDENTIALS")
	fixture.Want(t, "a weak password", o.service.Accept(t.Context(), recovery.Choice{Token: o.token(t), Password: "short"}), "password TOO_SHORT")
	if err := o.service.Accept(t.Context(), recovery.Choice{Token: o.token(t), Password: first}); err != nil {
		t.Fatal(err)
	}
	u := o.Client.User.GetX(o.acme.Ctx, o.user)
	if ok, err := o.Passwords.Verify(t.Context(), u.PasswordHash, first); err != nil || !ok {
		t.Errorf("the password does not fit: %v", err)
	}
	fixture.Want(t, "once more", o.service.Accept(t.Context(), recovery.Choice{Token: o.token(t), Password: second}), "token WRONG_CREDENTIALS")
	entry := o.Client.AuditEntry.Query().Where(auditentry.Action(recovery.Accepted)).OnlyX(o.acme.Ctx)
	if entry.ActorID == nil || *entry.ActorID != o.user {
		t.Errorf("the audit has %v", entry)
	}
}

// TestATokenIsGoodOnce of many who use it at the same moment, and not after its time.
func TestATokenIsGoodOnce(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.invite(t)
	o.send(t, 1)
	token := o.token(t)
	errs := make([]error, 8)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() { errs[i] = o.service.Accept(t.Context(), recovery.Choice{Token: token, Password: first}) })
	}
	group.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			fixture.Want(t, "one of the others", err, "token WRONG_CREDENTIALS")
		}
	}
	if won != 1 {
		t.Errorf("the token was good %d times", won)
	}
	late := open(t)
	late.invite(t)
	late.send(t, 1)
	late.Clock.Advance(recovery.DefaultInvitationTTL)
	fixture.Want(t, "after its time", late.service.Accept(t.Context(), recovery.Choice{Token: late.token(t), Password: first}), "token WRONG_CREDENTIALS")
	late.Clock.Advance(25 * time.Hour)
	if n, err := late.service.Forget(t.Context(), 10); err != nil || n != 1 {
		t.Errorf("%d tokens were forgotten, %v", n, err)
	}
}

// TestResetEndsEverySession, and says nothing about who exists.
func TestResetEndsEverySession(t *testing.T) {
	t.Parallel()
	o := open(t)
	who := o.SetPassword(t, o.acme, o.caller)
	o.ask(t, " "+strings.ToUpper(who.Email))
	o.send(t, 1)
	if err := o.service.Reset(t.Context(), recovery.Choice{Token: o.token(t), Password: second}); err != nil {
		t.Fatal(err)
	}
	if n := o.Client.Session.Query().Where(session.UserID(o.user), session.RevokedAtIsNil()).CountX(o.acme.Ctx); n != 0 {
		t.Errorf("%d sessions go on", n)
	}
	who.Password = second
	if _, err := o.Sessions.Login(t.Context(), who); err != nil {
		t.Errorf("the new password: %v", err)
	}
	for name, r := range map[string]recovery.Request{
		"nobody": {Tenant: "acme", Email: "nobody@acme.example"}, "nowhere": {Tenant: "nowhere", Email: who.Email}, "somebody": {Tenant: "acme", Email: who.Email},
	} {
		if err := o.service.Ask(t.Context(), r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAskingIsSlowedDownAlike for whoever exists and whoever does not.
func TestAskingIsSlowedDownAlike(t *testing.T) {
	t.Parallel()
	o := open(t)
	rule := throttle.Rule{Free: 2, Wait: time.Minute, Most: time.Hour, Leak: time.Hour}
	o.service.Attempts = &throttle.Throttle{System: o.System, Clock: o.Clock, Account: rule, Address: rule, Trust: time.Hour}
	for _, email := range []string{o.address(), "nobody@acme.example"} {
		r := recovery.Request{Tenant: "acme", Email: email}
		for range 3 {
			if err := o.service.Ask(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		fixture.Want(t, email, o.service.Ask(t.Context(), r), "RATE_LIMITED")
	}
}

// TestAMailIsTriedAgainAndGivenUp: the time between two tries grows, and what is sealed is forgotten with the last.
func TestAMailIsTriedAgainAndGivenUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		replies []string
		waits   []time.Duration
		state   account.MailState
	}{
		"at last":    {[]string{"451 later", "451 later"}, []time.Duration{letters.DefaultWait, 2 * letters.DefaultWait}, account.MailSent},
		"never":      {[]string{"451 later", "451 later", "451 later"}, []time.Duration{letters.DefaultWait, 2 * letters.DefaultWait}, account.MailDead},
		"for good":   {[]string{"550 nobody of that name"}, nil, account.MailDead},
		"straightly": {nil, nil, account.MailSent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			o.sink.Answer(c.replies...)
			o.invite(t)
			for i, wait := range append([]time.Duration{0}, c.waits...) {
				o.Clock.Advance(wait - time.Second)
				if i > 0 {
					o.send(t, 0)
				}
				o.Clock.Advance(time.Second)
				want := 0
				if i >= len(c.replies) {
					want = 1
				}
				o.send(t, want)
			}
			m := o.Client.Mail.Query().OnlyX(o.acme.Ctx)
			if m.State != c.state || m.Sealed != nil && len(*m.Sealed) > 0 || m.NextAt != nil || strings.Contains(m.Trouble, "@") || (m.State == account.MailSent) != (m.SentAt != nil) {
				t.Errorf("the mail ended as %+v", m)
			}
			o.Clock.Advance(24 * time.Hour)
			o.send(t, 0)
		})
	}
}

// TestWhatIsOvertakenIsNotSent: an invitation that was taken back, and one to somebody who is disabled meanwhile.
func TestWhatIsOvertakenIsNotSent(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.invite(t)
	o.Write(t, o.acme.Admin, func(tx *ent.Tx) error {
		return o.service.Uninvite(o.acme.Admin, tx, tx.User.GetX(o.acme.Ctx, o.user))
	})
	o.send(t, 0)
	o.invite(t)
	o.Write(t, o.acme.Ctx, func(tx *ent.Tx) error {
		return tx.User.Update().Where(user.ID(o.user)).SetState(account.Disabled).Exec(o.acme.Ctx)
	})
	o.send(t, 0)
	if n := o.Client.Mail.Query().Where(entmail.StateEQ(account.MailDead), entmail.SealedIsNil()).CountX(o.acme.Ctx); n != 2 || len(o.sink.Mails()) != 0 {
		t.Errorf("%d of two mails are dead, %d were sent", n, len(o.sink.Mails()))
	}
}

// TestTheDatabaseDoesNotHoldTheToken, neither in the row of the token nor in that of the mail.
func TestTheDatabaseDoesNotHoldTheToken(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.invite(t)
	m := o.Client.Mail.Query().OnlyX(o.acme.Ctx)
	row := o.Client.OneTimeToken.Query().OnlyX(o.acme.Ctx)
	sealed := *m.Sealed
	o.send(t, 1)
	token := o.token(t)
	if strings.Contains(string(sealed), token[6:]) || strings.Contains(row.TokenHash, token[6:]) {
		t.Error("the token can be read from the database")
	}
}
