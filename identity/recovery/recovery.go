// Package recovery gives people a password who have none: an invitation for a new user, a reset for one who forgot
// theirs. Both go by mail, as a link with a token that is good once and for a time; the database has only its digest.
package recovery

import (
	"context"
	"log/slog"
	"time"

	"heyue/domain/tenants/standing"
	"heyue/ent"
	"heyue/ent/onetimetoken"
	"heyue/identity/account"
	"heyue/identity/letters"
	"heyue/identity/opaque"
	"heyue/identity/password"
	"heyue/identity/throttle"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Defaults of Service (HEYUE_INVITATION_TTL, HEYUE_PASSWORD_RESET_TTL, HEYUE_PASSWORD_RESET_QUEUE).
const (
	DefaultInvitationTTL = 7 * 24 * time.Hour
	DefaultResetTTL      = time.Hour
	DefaultQueue         = 1000
)

// Journal records what somebody did about their own way to sign in, in the transaction that did it. It is the audit
// trail's Recorder.
type Journal interface {
	Account(ctx context.Context, tx *ent.Tx, event string, user publicid.UserID) error
}

// What happens, in the words of the journal.
const (
	Invited   = "invite"
	Uninvited = "revoke_invitation"
	Accepted  = "accept_invitation"
	Asked     = "request_password_reset"
	Changed   = "reset_password"
)

// ReasonReset is why the sessions of somebody end who has chosen a new password.
const ReasonReset = "PASSWORD_RESET"

// Sessions ends the sign-ins of a user; sessions.Service does.
type Sessions interface {
	RevokeAll(ctx context.Context, tx *ent.Tx, user publicid.UserID, reason string) error
}

// Service invites users and resets passwords. All fields but Attempts are needed; make it with New.
type Service struct {
	Client    *ent.Client
	Directory tenancy.Directory
	Passwords *password.Hasher
	Policy    password.Policy
	Sessions  Sessions
	Letters   *letters.Letters
	Journal   Journal
	Clock     clock.Clock
	Log       *slog.Logger

	Attempts      *throttle.Throttle // slows down who asks for many mails; nil lets everybody
	InvitationTTL time.Duration
	ResetTTL      time.Duration

	asked chan request
}

// New returns s with room for so many requests that wait for their turn.
func New(s Service, queue int) *Service {
	return &Service{
		Client: s.Client, Directory: s.Directory, Passwords: s.Passwords, Policy: s.Policy, Sessions: s.Sessions, Letters: s.Letters,
		Journal: s.Journal, Clock: s.Clock, Log: s.Log, Attempts: s.Attempts, InvitationTTL: s.InvitationTTL, ResetTTL: s.ResetTTL,
		asked: make(chan request, queue),
	}
}

// Invite sends a user who has no password a mail with which they choose their first one; an earlier invitation is no
// longer good. It is for the use case that has the permission checked and the user locked in tx. Faults: WRONG_STATE for
// somebody who has a password, is disabled, or when this installation sends no mail; RATE_LIMITED.
func (s *Service) Invite(ctx context.Context, tx *ent.Tx, u *ent.User) error {
	if err := s.Letters.Able(); err != nil {
		return err
	}
	if u.State != account.Active {
		return fault.New(fault.State, fault.WrongState, "the user is disabled").At("id")
	}
	if u.PasswordHash != "" {
		return fault.New(fault.State, fault.WrongState, "the user has a password already").At("id")
	}
	if s.Attempts != nil {
		if _, err := s.Attempts.Begin(ctx, "invite", u.ID.String()); err != nil {
			return err
		}
	}
	if _, err := s.revoke(ctx, tx, u.ID, account.Invitation); err != nil {
		return err
	}
	if err := s.issue(ctx, tx, u, account.Invitation); err != nil {
		return err
	}
	return s.Journal.Account(ctx, tx, Invited, u.ID)
}

// Uninvite takes a user's invitation back. Fault: WRONG_STATE when there is none that is still good.
func (s *Service) Uninvite(ctx context.Context, tx *ent.Tx, u *ent.User) error {
	n, err := s.revoke(ctx, tx, u.ID, account.Invitation)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.State, fault.WrongState, "the user has no open invitation").At("id")
	}
	return s.Journal.Account(ctx, tx, Uninvited, u.ID)
}

// ways are how each purpose is written, mailed and timed.
func (s *Service) way(p account.Purpose) (opaque.Kind, letters.Kind, time.Duration) {
	if p == account.Invitation {
		return opaque.Invitation, letters.Invitation, s.InvitationTTL
	}
	return opaque.Reset, letters.PasswordReset, s.ResetTTL
}

// issue makes a token and puts its mail.
func (s *Service) issue(ctx context.Context, tx *ent.Tx, u *ent.User, p account.Purpose) error {
	kind, letter, ttl := s.way(p)
	text, digest := kind.New(u.TenantID)
	until := s.Clock.Now().Add(ttl)
	err := tx.OneTimeToken.Create().SetUserID(u.ID).SetPurpose(p).SetTokenHash(digest.Hex()).SetExpiresAt(until).Exec(ctx)
	if err != nil {
		return tenancy.Fault(err, "keep a one-time token")
	}
	return s.Letters.Put(ctx, tx, letter, u.ID, text, until)
}

// revoke ends a user's open tokens of a purpose with the mails that carry them, and returns how many were still good.
func (s *Service) revoke(ctx context.Context, tx *ent.Tx, user publicid.UserID, p account.Purpose) (int, error) {
	now := s.Clock.Now()
	n, err := tx.OneTimeToken.Update().Where(onetimetoken.UserID(user), onetimetoken.PurposeEQ(p), onetimetoken.UsedAtIsNil(),
		onetimetoken.RevokedAtIsNil(), onetimetoken.ExpiresAtGT(now)).SetRevokedAt(now).Save(ctx)
	if err != nil {
		return 0, tenancy.Fault(err, "revoke one-time tokens")
	}
	_, letter, _ := s.way(p)
	return n, s.Letters.Withdraw(ctx, tx, letter, user)
}

// mayEnter reports whether the tenant and the user may sign in.
func mayEnter(t *ent.Tenant, u *ent.User) bool {
	return t.Standing == standing.Active && u.State == account.Active
}
