// Package factor is the second factor of sign-ins: codes of an authenticator (TOTP, RFC 6238: SHA-1, 30 seconds, six
// digits), each good once, and recovery codes for the day when it is lost. The secret is encrypted in the database, and
// bound to its user; of recovery codes it has only MACs.
package factor

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"heyue/ent"
	"heyue/ent/authenticator"
	"heyue/ent/recoverycode"
	"heyue/identity"
	"heyue/identity/throttle"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/platform/secret"
	"heyue/tenancy"
)

// Numbers of RFC 6238 as every authenticator app knows them.
const (
	period      = 30 // seconds
	skew        = 1  // steps before and after the present one that are taken, for clocks that are off
	secretBytes = 20 // RFC 4226 section 4 R6 recommends 160 bits
)

// Recovery codes: ten of 80 bits each, enough that a MAC of them needs no slow hash.
const (
	codes     = 10
	codeBytes = 10
)

// MaxCode bounds what is looked at as a code.
const MaxCode = 64

// What happens, in the words of the journal.
const (
	Enrolled = "enrol_second_factor"
	Disabled = "disable_second_factor"
	Renewed  = "renew_recovery_codes"
	Used     = "use_recovery_code"
)

// Journal records what somebody did about their second factor, in the transaction that did it. It is the audit trail's
// Recorder.
type Journal interface {
	Account(ctx context.Context, tx *ent.Tx, event string, user publicid.UserID) error
}

// Sessions notes that a session has shown its second factor; sessions.Service does.
type Sessions interface {
	Vouch(ctx context.Context, tx *ent.Tx, id publicid.SessionID) error
}

// Service is the use cases of the second factor, and the only writer of authenticators and recovery codes. All fields but
// Attempts are needed.
type Service struct {
	Client   *ent.Client
	Box      secret.Box
	Secret   [32]byte // what recovery codes are MACed with
	Sessions Sessions
	Journal  Journal
	Clock    clock.Clock
	Attempts *throttle.Throttle // slows down who guesses codes; nil lets everybody try
}

// Enrolment is a secret for an authenticator.
type Enrolment struct {
	URL    string // otpauth://…, for a QR code
	Secret string // the same in base32, for people who type it
}

// Begin makes a secret for the caller's authenticator, in the place of one that was not confirmed. Faults: FORBIDDEN for an
// API key; WRONG_STATE when the caller has an authenticator.
func (s *Service) Begin(ctx context.Context) (*Enrolment, error) {
	me, err := identity.Enrolling(ctx)
	if err != nil {
		return nil, err
	}
	raw := make([]byte, secretBytes)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the process when the system has no randomness
	var account, company string
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		u, err := tx.User.Query().Where(user(me)).ForUpdate().Only(ctx)
		if err != nil {
			return tenancy.Fault(err, "lock who enrols")
		}
		t, err := tx.Tenant.Query().Only(ctx)
		if err != nil {
			return tenancy.Fault(err, "read the tenant of who enrols")
		}
		account, company = u.Email, t.Slug
		old, err := tx.Authenticator.Query().Where(authenticator.UserID(me.UserID)).Only(ctx)
		switch {
		case err == nil && old.ConfirmedAt != nil:
			return state("you have an authenticator already")
		case err == nil:
			err = tx.Authenticator.UpdateOne(old).SetSecret(s.seal(me, raw)).SetLastStep(0).Exec(ctx)
		case ent.IsNotFound(err):
			err = tx.Authenticator.Create().SetUserID(me.UserID).SetSecret(s.seal(me, raw)).Exec(ctx)
		}
		return tenancy.Fault(err, "keep an authenticator")
	})
	if err != nil {
		return nil, err
	}
	return enrolment(account, company, raw), nil
}

// Confirm takes the first code of the caller's new authenticator and returns their recovery codes; the session counts as
// one with a second factor from then on. Faults: FORBIDDEN for an API key; those of an empty or long code; WRONG_STATE when
// nothing was begun, or it is confirmed; WRONG_CREDENTIALS at code; RATE_LIMITED.
func (s *Service) Confirm(ctx context.Context, code string) ([]string, error) {
	me, err := identity.Enrolling(ctx)
	if err != nil {
		return nil, err
	}
	var fresh []string
	err = s.guarded(ctx, me, code, func(tx *ent.Tx) error {
		row, err := tx.Authenticator.Query().Where(authenticator.UserID(me.UserID), authenticator.ConfirmedAtIsNil()).ForUpdate().Only(ctx)
		if ent.IsNotFound(err) {
			return state("begin with secondFactorBegin; an authenticator that is confirmed stays")
		}
		if err != nil {
			return tenancy.Fault(err, "read an authenticator")
		}
		if err := s.spend(ctx, tx, row, code); err != nil {
			return err
		}
		if err := tx.Authenticator.UpdateOne(row).SetConfirmedAt(s.Clock.Now()).Exec(ctx); err != nil {
			return tenancy.Fault(err, "confirm an authenticator")
		}
		if err := s.Sessions.Vouch(ctx, tx, me.SessionID); err != nil {
			return err
		}
		if fresh, err = s.renew(ctx, tx, me.UserID); err != nil {
			return err
		}
		return s.Journal.Account(ctx, tx, Enrolled, me.UserID)
	})
	return fresh, err
}

// Renew makes new recovery codes, by a code of the authenticator. Faults as of Confirm.
func (s *Service) Renew(ctx context.Context, code string) ([]string, error) {
	me, err := identity.Person(ctx)
	if err != nil {
		return nil, err
	}
	var fresh []string
	err = s.guarded(ctx, me, code, func(tx *ent.Tx) error {
		row, err := s.confirmed(ctx, tx, me.UserID)
		if err != nil {
			return err
		}
		if err := s.spend(ctx, tx, row, code); err != nil {
			return err
		}
		if fresh, err = s.renew(ctx, tx, me.UserID); err != nil {
			return err
		}
		return s.Journal.Account(ctx, tx, Renewed, me.UserID)
	})
	return fresh, err
}

// Disable takes the caller's authenticator away, by one of its codes or a recovery code. Faults as of Confirm; WRONG_STATE
// also when the tenant requires one.
func (s *Service) Disable(ctx context.Context, code string) error {
	me, err := identity.Person(ctx)
	if err != nil {
		return err
	}
	return s.guarded(ctx, me, code, func(tx *ent.Tx) error {
		t, err := tx.Tenant.Query().Only(ctx)
		if err != nil {
			return tenancy.Fault(err, "read what the tenant requires")
		}
		if t.SecondFactorRequired {
			return state("your company requires a second factor")
		}
		if _, err := s.confirmed(ctx, tx, me.UserID); err != nil {
			return err
		}
		if err := s.Verify(ctx, tx, me.UserID, code); err != nil {
			return err
		}
		if _, err := s.Clear(ctx, tx, me.UserID); err != nil {
			return err
		}
		return s.Journal.Account(ctx, tx, Disabled, me.UserID)
	})
}

// Clear forgets a user's authenticator and recovery codes in tx and reports whether there was one that was confirmed. Who
// may do that is the caller's business, and the journal too.
func (s *Service) Clear(ctx context.Context, tx *ent.Tx, id publicid.UserID) (had bool, err error) {
	if _, err := tx.RecoveryCode.Delete().Where(recoverycode.UserID(id)).Exec(ctx); err != nil {
		return false, tenancy.Fault(err, "forget recovery codes")
	}
	had, err = tx.Authenticator.Query().Where(authenticator.UserID(id), authenticator.ConfirmedAtNotNil()).Exist(ctx)
	if err != nil {
		return false, tenancy.Fault(err, "read an authenticator")
	}
	_, err = tx.Authenticator.Delete().Where(authenticator.UserID(id)).Exec(ctx)
	return had, tenancy.Fault(err, "forget an authenticator")
}

// Enrolled reports whether a user of ctx's tenant signs in with a code.
func (s *Service) Enrolled(ctx context.Context, id publicid.UserID) (bool, error) {
	ok, err := s.Client.Authenticator.Query().Where(authenticator.UserID(id), authenticator.ConfirmedAtNotNil()).Exist(ctx)
	return ok, tenancy.Fault(err, "read an authenticator")
}

// Left is how many recovery codes a user has.
func (s *Service) Left(ctx context.Context, id publicid.UserID) (int, error) {
	n, err := s.Client.RecoveryCode.Query().Where(recoverycode.UserID(id), recoverycode.UsedAtIsNil()).Count(ctx)
	return n, tenancy.Fault(err, "count recovery codes")
}

// Verify uses a code of a user up in tx: one of their authenticator's, or a recovery code. Of any number at the same moment
// one succeeds. It fails with WRONG_CREDENTIALS at code.
func (s *Service) Verify(ctx context.Context, tx *ent.Tx, id publicid.UserID, code string) error {
	row, err := tx.Authenticator.Query().Where(authenticator.UserID(id), authenticator.ConfirmedAtNotNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return wrong()
	}
	if err != nil {
		return tenancy.Fault(err, "read an authenticator")
	}
	if isDigits(code) {
		return s.spend(ctx, tx, row, code)
	}
	n, err := tx.RecoveryCode.Update().Where(recoverycode.UserID(id), recoverycode.CodeHash(s.mac(ctx, id, code)), recoverycode.UsedAtIsNil()).
		SetUsedAt(s.Clock.Now()).Save(ctx)
	if err != nil {
		return tenancy.Fault(err, "use a recovery code")
	}
	if n == 0 {
		return wrong()
	}
	return s.Journal.Account(identity.With(ctx, identity.Caller{TenantID: row.TenantID, UserID: id}), tx, Used, id)
}

// spend uses a code of an authenticator up. The one statement is the guard: it moves last_step on, which it finds only
// while nobody has used this step or a later one.
func (s *Service) spend(ctx context.Context, tx *ent.Tx, row *ent.Authenticator, code string) error {
	raw, err := s.Box.Open(row.Secret, place(row.TenantID, row.UserID))
	if err != nil {
		return fault.Wrap(err, "open an authenticator's secret")
	}
	step, ok := match(raw, code, s.Clock.Now())
	if !ok {
		return wrong()
	}
	n, err := tx.Authenticator.Update().Where(authenticator.ID(row.ID), authenticator.LastStepLT(step)).SetLastStep(step).Save(ctx)
	if err != nil {
		return tenancy.Fault(err, "use a code")
	}
	if n == 0 {
		return wrong()
	}
	return nil
}

// match finds the step that a code is of. It compares with each, so that its time does not tell which.
func match(raw []byte, code string, now time.Time) (step int64, ok bool) {
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
	at := now.Unix() / period
	for candidate := at - skew; candidate <= at+skew; candidate++ {
		want, err := hotp.GenerateCodeCustom(text, uint64(candidate), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = candidate, true
		}
	}
	return step, ok
}

func (s *Service) confirmed(ctx context.Context, tx *ent.Tx, id publicid.UserID) (*ent.Authenticator, error) {
	row, err := tx.Authenticator.Query().Where(authenticator.UserID(id), authenticator.ConfirmedAtNotNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, state("you have no authenticator")
	}
	return row, tenancy.Fault(err, "read an authenticator")
}

// guarded counts a try before it is judged, and takes it back when it was right.
func (s *Service) guarded(ctx context.Context, me identity.Caller, code string, fn func(tx *ent.Tx) error) error {
	if err := CheckCode(code); err != nil {
		return err
	}
	var try *throttle.Try
	if s.Attempts != nil {
		var err error
		if try, err = s.Attempts.Begin(ctx, Kind, Account(me.TenantID, me.UserID)); err != nil {
			return err
		}
	}
	if err := tenancy.Write(ctx, s.Client, fn); err != nil {
		return err
	}
	if try == nil {
		return nil
	}
	return try.Proved(ctx)
}

// Kind and Account are what tries at codes are counted as, wherever they are made.
const Kind = "second factor"

// Account tells the accounts of tries apart.
func Account(tenant int64, id publicid.UserID) string { return fmt.Sprintf("%d %s", tenant, id) }

// CheckCode reports a code that is missing or too long to be looked at.
func CheckCode(code string) error {
	var c fault.Check
	c.That(code != "", fault.Required, "code", "code is required")
	c.That(len(code) <= MaxCode, fault.TooLong, "code", "code has more than %d bytes", MaxCode)
	return c.Err()
}

// renew replaces a user's recovery codes.
func (s *Service) renew(ctx context.Context, tx *ent.Tx, id publicid.UserID) ([]string, error) {
	if _, err := tx.RecoveryCode.Delete().Where(recoverycode.UserID(id)).Exec(ctx); err != nil {
		return nil, tenancy.Fault(err, "forget recovery codes")
	}
	fresh := make([]string, codes)
	for i := range fresh {
		raw := make([]byte, codeBytes)
		_, _ = rand.Read(raw)
		text := strings.ToLower(base32.StdEncoding.EncodeToString(raw)) // 16 characters, no padding
		fresh[i] = strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:]}, "-")
		if err := tx.RecoveryCode.Create().SetUserID(id).SetCodeHash(s.mac(ctx, id, fresh[i])).Exec(ctx); err != nil {
			return nil, tenancy.Fault(err, "keep a recovery code")
		}
	}
	return fresh, nil
}

// mac is what the database knows a recovery code by: however people write it, and of nobody else.
func (s *Service) mac(ctx context.Context, id publicid.UserID, code string) string {
	tenant, _ := tenancy.From(ctx)
	h := hmac.New(sha256.New, s.Secret[:])
	_, _ = fmt.Fprintf(h, "%d %s %s", tenant, id, strings.NewReplacer("-", "", " ", "").Replace(strings.ToLower(code))) // a hash takes everything
	return hex.EncodeToString(h.Sum(nil))
}

func (s *Service) seal(me identity.Caller, raw []byte) []byte {
	return s.Box.Seal(raw, place(me.TenantID, me.UserID))
}

// place is what a secret is sealed for.
func place(tenant int64, id publicid.UserID) string {
	return fmt.Sprintf("%d authenticators.secret %s", tenant, id)
}

func isDigits(code string) bool {
	return len(code) == 6 && strings.Trim(code, "0123456789") == ""
}

func wrong() error {
	return fault.New(fault.Invalid, fault.WrongCredentials, "the code is wrong, or was used already").At("code")
}

func state(text string) error { return fault.New(fault.State, fault.WrongState, "%s", text) }
